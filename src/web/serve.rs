//! The loop that answers connections: so many at once, and none for longer than an honest client needs.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Connections at once; others wait in the system's queue. Each is an open file, and the daemon needs some itself: systemd gives
/// it 1024.
const CONNECTIONS: usize = 256;
/// The head of a request must be here by then, counted also while a connection idles between two.
const HEAD: Duration = Duration::from_secs(10);
/// A connection ends by then whatever it does: who reads an answer byte by byte holds nothing for ever. Scrapers connect again.
const LIFE: Duration = Duration::from_secs(120);
/// Largest head of a request, and what is read ahead of a body.
const BUFFER_BYTES: usize = 64 << 10;
/// A pause when the system has no connection to give: no open files left, mostly.
const BREATH: Duration = Duration::from_secs(1);

/// Answers until `stop`; answers in hand are finished.
pub(super) async fn serve(listener: TcpListener, pages: Router, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let in_hand = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(BUFFER_BYTES);
    loop {
        let (stream, place) = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            next = next(&listener, &places) => match next {
                Ok(next) => next,
                Err(error) => {
                    warn!("no connection can be taken just now: {error}");
                    sleep(BREATH).await;
                    continue;
                }
            },
        };
        let pages = TowerToHyperService::new(pages.clone());
        let answering = in_hand.watch(http.serve_connection(TokioIo::new(stream), pages));
        tokio::spawn(async move {
            // Whatever ends it, the other side went away or was too slow: nothing of ours.
            let _ = timeout(LIFE, answering).await;
            drop(place);
        });
    }
    drop(listener);
    in_hand.shutdown().await;
}

async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return Ok((stream, place)),
            // The other side went away before it was its turn.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::time::Instant;

    async fn served() -> (std::net::SocketAddr, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let pages = Router::new().route("/", get(async || "here"));
        tokio::spawn(serve(listener, pages, stop.clone()));
        (address, stop)
    }

    async fn answer(connection: &mut TcpStream) -> String {
        let mut answer = Vec::new();
        // A reset is an end as well.
        let _ = connection.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// With the clock stopped, time passes only while everybody waits.
    #[tokio::test(start_paused = true)]
    async fn a_head_that_never_ends_is_hung_up_on() {
        let (address, _stop) = served().await;
        let began = Instant::now();
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ").await.unwrap();
        assert!(!answer(&mut slow).await.contains("200"));
        assert!((HEAD..LIFE).contains(&began.elapsed()), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_says_nothing_more_is_closed_and_the_next_one_served() {
        let (address, _stop) = served().await;
        let mut kept = TcpStream::connect(address).await.unwrap();
        kept.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        assert!(answer(&mut kept).await.ends_with("here"));
        let mut next = TcpStream::connect(address).await.unwrap();
        next.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        assert!(answer(&mut next).await.ends_with("here"));
    }

    #[tokio::test(start_paused = true)]
    async fn more_connections_than_there_are_places_wait_and_are_then_served() {
        let (address, _stop) = served().await;
        let mut idle = Vec::new();
        for _ in 0..CONNECTIONS {
            idle.push(TcpStream::connect(address).await.unwrap());
        }
        let mut last = TcpStream::connect(address).await.unwrap();
        last.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        assert!(answer(&mut last).await.ends_with("here"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_does_not_wait_for_idle_connections() {
        let (address, stop) = served().await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let mut head = [0; 15];
        idle.read_exact(&mut head).await.unwrap();
        let began = Instant::now();
        stop.cancel();
        answer(&mut idle).await;
        assert!(began.elapsed() < HEAD, "{:?}", began.elapsed());
    }
}
