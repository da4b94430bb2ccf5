//! A relay that misbehaves on order: in this process, on a loopback port of its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the client has just done.
#[derive(Debug, Clone)]
pub struct Heard {
    /// `CONNECT`, the first word of a command in capitals, or `.` for a whole letter.
    pub what: String,
    /// The line, or all lines of a letter.
    pub line: String,
    /// Letters of all connections so far, this one included.
    pub letters: usize,
}

/// What the relay does about it.
#[derive(Debug, Clone)]
pub enum Act {
    /// Says this.
    Say(String),
    /// Says this after a while.
    Late(Duration, String),
    /// Says this and closes.
    SayAndClose(String),
    /// Says nothing, ever.
    Hang,
    /// Closes without a word.
    Close,
}

pub fn say(line: &str) -> Act {
    Act::Say(format!("{line}\r\n"))
}

/// What a relay in good order would do.
pub fn usual(heard: &Heard) -> Act {
    match heard.what.as_str() {
        "CONNECT" => say("220 fake ESMTP"),
        "EHLO" => Act::Say("250-fake\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN XOAUTH2\r\n250 PIPELINING\r\n".into()),
        "AUTH" => say("235 2.7.0 welcome"),
        "MAIL" | "RCPT" => say("250 2.1.0 ok"),
        "DATA" => say("354 go ahead"),
        "." => say("250 2.0.0 queued"),
        "QUIT" => Act::SayAndClose("221 bye\r\n".into()),
        _ => say("500 5.5.2 what?"),
    }
}

/// A running relay; it ends with the test.
#[derive(Debug)]
pub struct FakeRelay {
    pub port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    task: tokio::task::JoinHandle<()>,
}

impl FakeRelay {
    /// Starts a relay that does what `act` says.
    pub async fn start(act: impl Fn(&Heard) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (act, log) = (Arc::new(act), heard.clone());
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                tokio::spawn(converse(stream, log.clone(), act.clone()));
            }
        });
        Self { port, heard, task }
    }

    /// Everything heard so far with this word.
    pub fn heard(&self, what: &str) -> Vec<Heard> {
        self.heard.lock().unwrap().iter().filter(|heard| heard.what == what).cloned().collect()
    }
}

impl Drop for FakeRelay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse<A>(stream: TcpStream, log: Arc<Mutex<Vec<Heard>>>, act: Arc<A>)
where
    A: Fn(&Heard) -> Act + Send + Sync + 'static,
{
    let mut stream = BufReader::new(stream);
    let mut next = ("CONNECT".to_owned(), String::new());
    loop {
        let (what, line) = next;
        let heard = {
            let mut log = log.lock().unwrap();
            let letters = log.iter().filter(|heard| heard.what == ".").count() + usize::from(what == ".");
            log.push(Heard { what, line, letters });
            log.last().unwrap().clone()
        };
        let answer = match act(&heard) {
            Act::Say(answer) => answer,
            Act::Late(wait, answer) => {
                tokio::time::sleep(wait).await;
                answer
            }
            Act::SayAndClose(answer) => {
                let _ = stream.write_all(answer.as_bytes()).await;
                return;
            }
            Act::Hang => std::future::pending().await,
            Act::Close => return,
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        let a_letter_follows = heard.what == "DATA" && answer.starts_with("354");
        let Some(line) = (if a_letter_follows { read_letter(&mut stream).await } else { read_line(&mut stream).await }) else {
            return;
        };
        let what = if a_letter_follows { ".".to_owned() } else { line.split([' ', '\r']).next().unwrap().to_uppercase() };
        next = (what, line);
    }
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then_some(line)
}

async fn read_letter(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut letter = String::new();
    loop {
        let line = read_line(stream).await?;
        if line == ".\r\n" {
            return Some(letter);
        }
        letter.push_str(&line);
    }
}
