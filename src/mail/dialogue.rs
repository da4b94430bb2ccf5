//! Command and answer on one stream, each under its deadline, and never out of step.
//!
//! Whoever speaks SMTP over a stream that still holds an unread answer takes that answer for the next command's: a
//! refusal for one letter becomes "accepted" for another. So every command insists on an empty stream before it is
//! sent, a reply is read whole or the stream is given up, and a caller that stops waiting loses the stream with it.

use std::fmt::Display;
use std::io;
use std::time::Duration;

use futures_util::FutureExt;
use lettre::transport::smtp::response::Response;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::time::timeout;

use super::fault::{Cause, Fault, Step};
use super::settings::Deadlines;

/// Longest answer that is read, in bytes; Postfix gives no more either (`smtp_response_limit`).
const LONGEST_ANSWER: usize = 100_000;

/// How long a relay may take to answer our goodbye.
const PARTING: Duration = Duration::from_secs(2);

/// A stream on which commands are answered.
#[derive(Debug)]
pub struct Dialogue<S> {
    stream: BufReader<S>,
    deadlines: Deadlines,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Dialogue<S> {
    /// Begins to speak.
    pub fn new(stream: S, deadlines: Deadlines) -> Self {
        Self { stream: BufReader::new(stream), deadlines }
    }

    /// Reads what the relay says first, and sends nothing.
    pub async fn listen(&mut self, step: Step) -> Result<Response, Fault> {
        self.within(step, &[]).await
    }

    /// Sends a command and reads its answer.
    pub async fn command(&mut self, step: Step, command: impl Display) -> Result<Response, Fault> {
        self.say(step, command.to_string().as_bytes()).await
    }

    /// Sends bytes as they are and reads the answer.
    pub async fn say(&mut self, step: Step, bytes: &[u8]) -> Result<Response, Fault> {
        if !self.stream.buffer().is_empty() {
            return Err(Fault::new(step, Cause::Garbled("it spoke before it was asked")));
        }
        self.within(step, bytes).await
    }

    /// Gives the bare stream, which must hold nothing unread: what came before TLS may come from anybody.
    pub fn into_stream(self, step: Step) -> Result<S, Fault> {
        if self.stream.buffer().is_empty() {
            Ok(self.stream.into_inner())
        } else {
            Err(Fault::new(
                step,
                Cause::Unwilling("it sent more than its answer to STARTTLS, as an attacker in between would".to_owned()),
            ))
        }
    }

    /// Whether the stream still stands and the relay has said nothing since its last answer (such as "421 goodbye").
    pub fn is_quiet(&mut self) -> bool {
        // Either outcome of a read means that the relay has spoken, closed, or broken the stream.
        self.stream.fill_buf().now_or_never().is_none()
    }

    /// Closes the stream without waiting for anything more.
    pub async fn close(mut self, step: Step) {
        let _ = timeout(limit(&self.deadlines, step), self.stream.shutdown()).await;
    }

    async fn within(&mut self, step: Step, bytes: &[u8]) -> Result<Response, Fault> {
        let limit = limit(&self.deadlines, step);
        match timeout(limit, self.exchange(bytes)).await {
            Ok(answer) => answer.map_err(|cause| Fault::new(step, cause)),
            Err(_) => Err(Fault::new(step, Cause::Late(limit))),
        }
    }

    async fn exchange(&mut self, bytes: &[u8]) -> Result<Response, Cause> {
        if !bytes.is_empty() {
            self.stream.write_all(bytes).await.map_err(Cause::Broken)?;
            self.stream.flush().await.map_err(Cause::Broken)?;
        }
        let mut answer = String::new();
        loop {
            let line = self.line(LONGEST_ANSWER.saturating_sub(answer.len())).await?;
            answer.push_str(line.trim_end_matches(['\r', '\n']));
            // "250" alone is allowed (RFC 5321 §4.2.1), the parser wants the space.
            let (is_bare, has_more) = (line.trim_end().len() == 3, line.as_bytes().get(3) == Some(&b'-'));
            answer.push_str(if is_bare { " \r\n" } else { "\r\n" });
            if !has_more {
                return answer.parse().map_err(|_| Cause::Garbled("its answer is not SMTP"));
            }
        }
    }

    async fn line(&mut self, most: usize) -> Result<String, Cause> {
        let mut line = Vec::new();
        let limit = u64::try_from(most).unwrap_or(u64::MAX);
        (&mut self.stream).take(limit).read_until(b'\n', &mut line).await.map_err(Cause::Broken)?;
        match line.last() {
            Some(b'\n') => Ok(String::from_utf8_lossy(&line).into_owned()),
            _ if line.len() >= most => Err(Cause::Garbled("its answer does not end")),
            _ => Err(Cause::Broken(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed"))),
        }
    }
}

/// How long `step` may take.
pub fn limit(deadlines: &Deadlines, step: Step) -> Duration {
    match step {
        Step::Dot => deadlines.dot,
        Step::Quit => deadlines.step.min(PARTING),
        _ => deadlines.step,
    }
}
