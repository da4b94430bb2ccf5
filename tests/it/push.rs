//! Posts pushed in: `claimwatch ingest` with and without a daemon, and `POST /ingest`.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

use claimwatch::config;
use claimwatch::daemon::clock::Clock;
use claimwatch::daemon::round::{Tally, Visited};
use claimwatch::daemon::{self, News, Orders, reload};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};

const CLAIM: &str =
    r#"{"id": "a", "text": "Look: the moon is made of green cheese!", "author": "Ann <3", "published": "2020-01-01T00:00:00Z"}"#;
const OTHER: &str = r#"{"id": 7, "text": "Nothing of the kind", "title": "A tip"}"#;

fn desk(more: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let rules = "format = 1\n[[claim]]\nid = \"cheese\"\nclaim = \"The moon is made of green cheese.\"\ntopic = \"moon\"\n\
                 [claim.match]\nphrases = [\"the moon is made of green cheese\"]\n";
    let config = format!(
        "[store]\nurl = \"sqlite:{}\"\n[rules]\npaths = [\"{}\"]\n\
         [[desk]]\nname = \"desk\"\nto = [\"desk@example.org\"]\ntopics = [\"moon\"]\ngather = \"0s\"\n\
         [mail]\nvia = \"folder\"\nfolder = \"{}\"\n{more}",
        path("db/claimwatch.db"),
        path("rules.toml"),
        path("mail")
    );
    fs::write(path("rules.toml"), rules).unwrap();
    fs::write(path("claimwatch.toml"), config).unwrap();
    fs::write(path("token"), "sesame\n").unwrap();
    fs::set_permissions(path("token"), fs::Permissions::from_mode(0o600)).unwrap();
    folder
}

fn ingest(folder: &TempDir, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claimwatch"));
    command.arg("ingest").args(arguments).current_dir(folder.path()).env("CLAIMWATCH_CONFIG", "claimwatch.toml");
    command.env_remove("CLAIMWATCH_LOG").env_remove("NOTIFY_SOCKET");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that does not read its input closes it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn letters(folder: &TempDir) -> usize {
    fs::read_dir(folder.path().join("mail/new")).map_or(0, Iterator::count)
}

#[test]
fn good_lines_are_taken_bad_ones_are_told_and_a_second_time_alerts_nobody() {
    let folder = desk("");
    let lines = format!("{CLAIM}\n{{\"id\": \"b\"\n\n{OTHER}");
    fs::write(folder.path().join("tips.jsonl"), lines).unwrap();
    let first = ingest(&folder, &["tips.jsonl"], "");
    assert_eq!(first.status.code(), Some(1), "{}", text(&first));
    for words in
        ["2 posts were taken, 2 of them new; 1 repeats", "1 letter begun", "tips.jsonl:2: not a post", "1 line could not"]
    {
        assert!(text(&first).contains(words), "{words} is missing in\n{}", text(&first));
    }
    assert_eq!(letters(&folder), 1);
    let second = ingest(&folder, &["-", "--format", "json"], &format!("{CLAIM}\n"));
    assert_eq!(second.status.code(), Some(0), "{}", text(&second));
    let answer: Value = serde_json::from_slice(&second.stdout).unwrap();
    assert_eq!((&answer["taken"], &answer["new"], &answer["sightings"]), (&1.into(), &0.into(), &0.into()), "{answer}");
    assert_eq!(letters(&folder), 1);
}

#[test]
fn a_source_that_cannot_be_pushed_into_is_named() {
    let folder = desk("[[source]]\nname = \"tips\"\nkind = \"push\"\n");
    let output = ingest(&folder, &["-", "--source", "wire"], CLAIM);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("there is tips"), "{}", text(&output));
    let output = ingest(&folder, &["-"], CLAIM);
    assert!(text(&output).contains("tips: 1 post was taken"), "{}", text(&output));
}

/// A daemon in this process, what it says of visits, and a way to stop it.
struct Running {
    web: SocketAddr,
    visits: mpsc::UnboundedReceiver<Tally>,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

async fn running(folder: &TempDir) -> Running {
    let path = folder.path().join("claimwatch.toml");
    let loaded = config::load(&path).unwrap_or_else(|report| panic!("{report:?}"));
    let rules = reload::in_force(loaded.rules, reload::today(Clock::Machine));
    let orders = Orders { config: loaded.config, config_path: path, rules, once: false, clock: Clock::Machine };
    let (stop, stopped) = oneshot::channel::<()>();
    let (told, visits) = mpsc::unbounded_channel();
    let (started, web) = oneshot::channel();
    let task = tokio::spawn(async move {
        let mut started = Some(started);
        let tell = move |news| match news {
            News::Started { web, .. } => drop(started.take().unwrap().send(web.unwrap())),
            News::Visited { how: Visited::Read(tally), .. } => drop(told.send(tally)),
            _ => {}
        };
        daemon::run(orders, async move { drop(stopped.await) }, tell).await.unwrap();
    });
    Running { web: web.await.unwrap(), visits, stop, task }
}

async fn post(web: SocketAddr, path: &str, token: Option<&str>, body: &str) -> (u16, String) {
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let request =
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{token}Content-Length: {}\r\n\r\n{body}", body.len());
    let mut stream = TcpStream::connect(web).await.unwrap();
    // A server that refuses closes before it has read all.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_pushed_in_over_http_are_matched_and_alerted_by_the_running_daemon() {
    let folder = desk("[web]\nlisten = \"127.0.0.1:0\"\ningest_token_file = \"token\"\n");
    let mut daemon = running(&folder).await;
    let (status, answer) = post(daemon.web, "/ingest", Some("sesame"), &format!("{CLAIM}\nnonsense\n{OTHER}\n")).await;
    assert_eq!(status, 202, "{answer}");
    assert!(answer.contains("\"taken\":2") && answer.contains("\"line\":2"), "{answer}");
    let tally = daemon.visits.recv().await.unwrap();
    assert_eq!((tally.new, tally.sightings, tally.letters), (2, 1, 1));
    // Beside the daemon, by hand; the same post is the same post.
    let by_hand =
        tokio::task::block_in_place(|| ingest(&folder, &["-"], &format!("{CLAIM}\n{{\"id\": \"c\", \"text\": \"more\"}}\n")));
    assert!(text(&by_hand).contains("the running claimwatch reads them"), "{}", text(&by_hand));
    let tally = daemon.visits.recv().await.unwrap();
    assert_eq!((tally.posts, tally.new, tally.letters), (2, 1, 0));
    daemon.stop.send(()).unwrap();
    daemon.task.await.unwrap();
}

#[tokio::test]
async fn who_does_not_know_the_token_or_sends_too_much_is_refused_in_a_sentence() {
    let folder = desk("[web]\nlisten = \"127.0.0.1:0\"\ningest_token_file = \"token\"\n");
    let daemon = running(&folder).await;
    for (path, token, body, status, words) in [
        ("/ingest", None, CLAIM, 401, "Authorization: Bearer TOKEN"),
        ("/ingest", Some("sesam"), CLAIM, 401, "Authorization: Bearer TOKEN"),
        ("/ingest?source=wire", Some("sesame"), CLAIM, 404, "there are: ingest"),
        ("/ingest", Some("sesame"), "nonsense", 400, "no post could be read"),
        ("/ingest", Some("sesame"), &"x".repeat((4 << 20) + 1), 413, "send it in pieces"),
        ("/ingest", Some("sesame"), &"{}\n".repeat(5001), 413, "send them in pieces"),
    ] {
        let (found, answer) = post(daemon.web, path, token, body).await;
        assert_eq!(found, status, "{answer}");
        assert!(answer.contains(words), "{words} is missing in\n{answer}");
    }
    for _ in 0..8 {
        post(daemon.web, "/ingest", Some("guess"), CLAIM).await;
    }
    assert_eq!(post(daemon.web, "/ingest", Some("guess"), CLAIM).await.0, 429);
    daemon.stop.send(()).unwrap();
    daemon.task.await.unwrap();
}

#[tokio::test]
async fn without_a_token_nobody_can_push_anything_in() {
    let folder = desk("[web]\nlisten = \"127.0.0.1:0\"\n");
    let daemon = running(&folder).await;
    assert_eq!(post(daemon.web, "/ingest", Some(""), CLAIM).await.0, 404);
    daemon.stop.send(()).unwrap();
    daemon.task.await.unwrap();
}
