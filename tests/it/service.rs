//! The real binary, as an operator meets it: started, stopped, killed, misconfigured.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// A folder with a configuration, rules and a feed, and the binary to run in it.
pub struct Desk {
    pub folder: TempDir,
}

impl Desk {
    /// The sample that ships with the program.
    fn sample() -> Self {
        let desk = Self { folder: TempDir::new().unwrap() };
        for part in ["config", "rules"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(part);
            fs::create_dir(desk.path(part)).unwrap();
            for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
                fs::copy(&entry, desk.path(part).join(entry.file_name().unwrap())).unwrap();
            }
        }
        desk
    }

    /// One claim for each number below `claims`, each in words of its own, and an empty feed.
    fn with_claims(claims: usize) -> Self {
        let desk = Self { folder: TempDir::new().unwrap() };
        let mut rules = "format = 1\n".to_owned();
        for n in 0..claims {
            let (a, b) = words(n);
            rules += &format!(
                "[[claim]]\nid = \"claim-{n:04}\"\nclaim = \"The {a} of {b} is made of cheese.\"\ntopic = \"cheese\"\n\
                 [claim.match]\nphrases = [\"the {a} of {b} is made of cheese\"]\n"
            );
        }
        fs::create_dir(desk.path("rules")).unwrap();
        fs::write(desk.path("rules/cheese.toml"), rules).unwrap();
        desk.write_feed(0);
        desk.configure("via = \"folder\"\nfolder = \"mail\"");
        desk
    }

    fn configure(&self, mail: &str) {
        let text = format!(
            "[store]\nurl = \"sqlite:db/claimwatch.db\"\n[rules]\npaths = [\"rules\"]\n\
             [[source]]\nname = \"wire\"\nkind = \"file\"\npath = \"feed.xml\"\nevery = \"1s\"\nbackfill = \"all\"\n\
             [[desk]]\nname = \"desk\"\nto = [\"desk@example.org\"]\ntopics = [\"cheese\"]\ngather = \"0s\"\ncap = 10000\n[mail]\n{mail}\n"
        );
        fs::create_dir_all(self.path("config")).unwrap();
        fs::write(self.path("config/claimwatch.toml"), text).unwrap();
    }

    /// Writes a feed of posts 0..`posts`, each repeating the claim of its number; whole or not at all, as a web server would.
    fn write_feed(&self, posts: usize) {
        let item = |n: usize| {
            let (a, b) = words(n);
            format!("<item><guid>{n}</guid><title>Look: the {a} of {b} is made of cheese</title></item>")
        };
        let items: String = (0..posts).map(item).collect();
        let text = format!("<rss version=\"2.0\"><channel><title>Wire</title>{items}</channel></rss>");
        fs::write(self.path("feed.new"), text).unwrap();
        fs::rename(self.path("feed.new"), self.path("feed.xml")).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_claimwatch"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_remove("CLAIMWATCH_CONFIG").env_remove("CLAIMWATCH_LOG").env_remove("NOTIFY_SOCKET");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Subjects of all letters; no two may have one Message-ID.
    fn subjects(&self, folder: &str) -> Vec<String> {
        let mut ids = std::collections::BTreeSet::new();
        let mut subjects = Vec::new();
        for entry in fs::read_dir(self.path(folder).join("new")).into_iter().flatten() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            let parsed = mail_parser::MessageParser::default().parse(&bytes).expect("a letter that parses");
            assert!(ids.insert(parsed.message_id().expect("a Message-ID").to_owned()), "one letter twice");
            subjects.push(parsed.subject().expect("a subject").to_owned());
        }
        subjects
    }

    fn letters(&self, folder: &str) -> BTreeMap<String, String> {
        let mut letters = BTreeMap::new();
        for entry in fs::read_dir(self.path(folder).join("new")).into_iter().flatten() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let parsed = mail_parser::MessageParser::default().parse(text.as_bytes()).expect("a letter that parses");
            let id = parsed.message_id().expect("a Message-ID").to_owned();
            let claim = parsed.header_raw("X-Claimwatch-Claim").expect("the claim").trim().to_owned();
            assert!(letters.insert(id.clone(), claim).is_none(), "two letters with the Message-ID {id}");
        }
        letters
    }
}

/// Two made-up words for a number, unlike those of any other number.
fn words(n: usize) -> (String, String) {
    let syllables = ["ba", "ke", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo", "wu", "ha"];
    let word = |mut n: usize, end: &str| {
        let mut word = String::new();
        for _ in 0..4 {
            word += syllables[n % 16];
            n /= 16;
        }
        word + end
    };
    // Multiplying by odd numbers permutes 0..65536, so neighbours look nothing alike.
    (word(n * 40_503 % 65_536, "rix"), word(n * 25_717 % 65_536, "tal"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn the_sample_writes_its_letters_and_a_second_start_finds_nothing_new() {
    let desk = Desk::sample();
    let first = desk.run(&["run", "--once"]);
    assert!(first.status.success(), "{}", said(&first));
    assert!(said(&first).contains("var/mail"), "{}", said(&first));
    let letters = desk.letters("var/mail");
    assert_eq!(letters.values().collect::<std::collections::BTreeSet<_>>().len(), 7, "{letters:?}");
    let second = desk.run(&["run", "--once"]);
    assert!(said(&second).contains("Nothing new"), "{}", said(&second));
    assert_eq!(desk.letters("var/mail"), letters);
}

#[test]
fn the_letter_in_readme_is_the_one_that_the_sample_makes() {
    let desk = Desk::sample();
    desk.run(&["run", "--once"]);
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, shown) = readme.split_once("```text\nSubject: ").unwrap();
    let (shown, _) = shown.split_once("\n```").unwrap();
    let mut letters = fs::read_dir(desk.path("var/mail/new")).unwrap().filter_map(|entry| {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let parsed = mail_parser::MessageParser::default().parse(&bytes)?;
        (parsed.header_raw("X-Claimwatch-Claim")?.trim() == "nk-sleep-well-tonight")
            .then(|| format!("{}\n\n{}", parsed.subject().unwrap(), parsed.body_text(0).unwrap().replace("\r\n", "\n")))
    });
    let letter = letters.next().expect("a letter about the claim of README");
    // Any change of the rule changes its revision.
    let is_revision =
        |word: &str| word.len() == 14 && word.ends_with(").") && word.bytes().take(12).all(|b| b.is_ascii_hexdigit());
    let revision = letter.split_whitespace().find(|word| is_revision(word)).expect("a revision").to_owned();
    assert_eq!(letter.trim_end().replace(&revision, "…)."), shown);
}

#[test]
fn mistakes_in_rules_and_configuration_are_all_told_at_once() {
    let desk = Desk::with_claims(1);
    fs::write(desk.path("rules/broken.toml"), "format = 1\n[[claim]]\nid = \"UPPER\"\nsevrity = \"high\"\n").unwrap();
    let config = fs::read_to_string(desk.path("config/claimwatch.toml")).unwrap();
    fs::write(desk.path("config/claimwatch.toml"), config.replace("every = ", "evry = ")).unwrap();
    let output = desk.run(&["run", "--once"]);
    assert_eq!(output.status.code(), Some(78), "{}", said(&output));
    for word in ["evry", "UPPER", "sevrity"] {
        assert!(said(&output).contains(word), "{word} is not mentioned:\n{}", said(&output));
    }
}

#[test]
fn a_second_daemon_on_one_database_leaves_with_75() {
    let desk = Desk::with_claims(1);
    let mut first = desk.command(&["run"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    wait_for_line(&mut first, "Watching");
    let second = desk.run(&["run"]);
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(second.status.code(), Some(75), "{}", said(&second));
    assert!(said(&second).contains(&first.id().to_string()), "{}", said(&second));
}

/// A web server that tells what it was sent, head and body, and answers all but the first `silent` requests.
fn listener(mut silent: usize) -> (std::net::SocketAddr, std::sync::mpsc::Receiver<(String, String)>) {
    use std::io::{Read, Write};
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let (told, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in socket.incoming() {
            let mut stream = stream.unwrap();
            let (mut all, mut part) = (Vec::new(), [0; 4096]);
            let (head, body) = loop {
                let read = stream.read(&mut part).unwrap();
                all.extend_from_slice(&part[..read]);
                let text = String::from_utf8_lossy(&all).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                if read == 0 || body.len() >= length.unwrap_or(0) {
                    break (head.to_owned(), body.to_owned());
                }
            };
            if silent > 0 {
                silent -= 1;
                // Never answered, and never closed.
                std::mem::forget(stream);
            } else {
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
            }
            if told.send((head, body)).is_err() {
                return;
            }
        }
    });
    (address, heard)
}

#[test]
fn a_hangup_brings_new_hooks_and_new_secrets_without_a_restart() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::with_claims(3);
    let ((first, at_first), (second, at_second)) = (listener(0), listener(0));
    let plain = fs::read_to_string(desk.path("config/claimwatch.toml")).unwrap();
    let write = |port: u16, secret: &str| {
        let hook = format!(
            "[[desk.webhook]]\nname = \"cms\"\nurl = \"http://127.0.0.1:{port}/in\"\nsecret_file = \"cms.secret\"\n\
             allow_private = [\"127.0.0.0/8\"]\n[mail]"
        );
        fs::write(desk.path("config/claimwatch.toml"), plain.replace("[mail]", &hook)).unwrap();
        fs::write(desk.path("config/cms.secret"), secret).unwrap();
        fs::set_permissions(desk.path("config/cms.secret"), fs::Permissions::from_mode(0o600)).unwrap();
    };
    let signed_by = |secret: &str, (head, body): &(String, String)| {
        use hmac::{Hmac, KeyInit, Mac};
        let signature = head.lines().find_map(|line| line.strip_prefix("x-claimwatch-signature: t=")).unwrap();
        let (time, hex) = signature.split_once(",v1=").unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{time}.{body}").as_bytes());
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>() == hex
    };
    let patience = std::time::Duration::from_secs(60);
    write(first.port(), "old");
    desk.write_feed(1);
    let mut child = desk.command(&["run"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(signed_by("old", &at_first.recv_timeout(patience).unwrap()));
    write(second.port(), "new");
    let hangup = Command::new("kill").args(["-HUP", &child.id().to_string()]).status().unwrap();
    assert!(hangup.success() && log.any(|line| line.unwrap().contains("read rules and desks again")));
    std::thread::spawn(move || log.for_each(drop));
    desk.write_feed(2);
    let request = at_second.recv_timeout(patience).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(signed_by("new", &request) && !signed_by("old", &request));
    assert!(at_first.try_recv().is_err(), "the old address gets nothing more");
}

#[test]
fn a_hook_in_flight_when_the_daemon_is_killed_gets_the_same_letter_once_more() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::with_claims(1);
    let (address, heard) = listener(1);
    let hook = format!(
        "[[desk.webhook]]\nname = \"cms\"\nurl = \"http://{address}/in\"\nsecret_file = \"cms.secret\"\n\
         allow_private = [\"127.0.0.0/8\"]\n[mail]"
    );
    let plain = fs::read_to_string(desk.path("config/claimwatch.toml")).unwrap();
    fs::write(desk.path("config/claimwatch.toml"), plain.replace("[mail]", &hook)).unwrap();
    fs::write(desk.path("config/cms.secret"), "key").unwrap();
    fs::set_permissions(desk.path("config/cms.secret"), fs::Permissions::from_mode(0o600)).unwrap();
    desk.write_feed(1);
    let mut child = desk.command(&["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let first = heard.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said(&desk.run(&["mail", "queue", "list"])).contains("webhook:cms"), "not sent, as far as we know");
    for _ in 0..3 {
        assert!(desk.run(&["run", "--once"]).status.success());
    }
    let second = heard.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
    let id = |(head, _): &(String, String)| {
        head.lines().find_map(|line| line.strip_prefix("idempotency-key: ")).map(str::to_owned).expect("a key")
    };
    assert_eq!((id(&first), &first.1), (id(&second), &second.1), "the same letter under the same key");
    assert!(heard.try_recv().is_err(), "once more and not again");
    assert!(said(&desk.run(&["mail", "queue", "list"])).contains("No letter waits"));
}

#[test]
fn mail_test_asks_every_way_out_and_tells_what_it_answered() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::with_claims(1);
    let (address, heard) = listener(0);
    let hook = format!(
        "[[desk.webhook]]\nname = \"cms\"\nurl = \"http://{address}/in\"\nsecret_file = \"cms.secret\"\n\
         allow_private = [\"127.0.0.0/8\"]\n[[desk.webhook]]\nname = \"far\"\nkind = \"slack\"\nurl = \"http://{address}/in\"\n[mail]"
    );
    let plain = fs::read_to_string(desk.path("config/claimwatch.toml")).unwrap();
    fs::write(desk.path("config/claimwatch.toml"), plain.replace("[mail]", &hook)).unwrap();
    fs::write(desk.path("config/cms.secret"), "key").unwrap();
    fs::set_permissions(desk.path("config/cms.secret"), fs::Permissions::from_mode(0o600)).unwrap();
    let output = desk.run(&["mail", "test", "--desk", "desk"]);
    let told = said(&output);
    assert_eq!(output.status.code(), Some(4), "{told}");
    for words in [
        "desk@example.org: sent",
        "webhook:cms: sent: 127.0.0.1 answered with HTTP 204",
        "webhook:far: not sent (refuses us)",
        "2 of 3",
    ] {
        assert!(told.contains(words), "{words} is missing from\n{told}");
    }
    assert!(heard.recv().unwrap().1.contains("This is a test letter"));
    let preview = desk.run(&["mail", "preview", "--claim", "claim-0000", "--text", "cheese"]);
    assert!(
        said(&preview).contains("webhook-cms.json") && desk.path("var/preview/webhook-far.json").exists(),
        "{}",
        said(&preview)
    );
}

#[test]
fn a_hostile_source_fails_alone() {
    let desk = Desk::with_claims(3);
    desk.write_feed(3);
    let mut config = fs::read_to_string(desk.path("config/claimwatch.toml")).unwrap();
    let hostile: [(&str, &[u8]); 5] = [
        ("html", b"<!doctype html><html><body>Hello</body></html>"),
        ("empty", b""),
        ("cut", b"<rss version=\"2.0\"><channel><item><title>cut"),
        ("panic", b"<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>a</title><?xml version=\"1.0\" encoding=\"utf-16\"?></channel></rss>"),
        ("noise", &[0xfe, 0xff, 0, 0, 0xd8, 0xd8, 1, 2, 3]),
    ];
    for (name, bytes) in hostile {
        fs::write(desk.path(name), bytes).unwrap();
        config += &format!("[[source]]\nname = \"{name}\"\nkind = \"file\"\npath = \"{name}\"\nbackfill = \"all\"\n");
    }
    fs::write(desk.path("config/claimwatch.toml"), config).unwrap();
    let output = desk.run(&["run", "--once"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(desk.letters("mail").len(), 3, "{}", said(&output));
    assert!(said(&output).contains("html"), "{}", said(&output));
}

/// Kills the daemon again and again while posts keep coming; afterwards every claim has its one letter.
fn kill_loop(kills: usize) {
    let per_life = 2;
    let desk = Desk::with_claims(kills * per_life);
    let mut dice = 7_u64;
    for life in 0..kills {
        desk.write_feed((life + 1) * per_life);
        let mut child = desk.command(&["run"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        // A different moment in each life, from the first instants of starting to well after the letters are out.
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pause = std::time::Duration::from_micros((dice >> 33) % 60_000);
        if life % 3 == 0 {
            wait_for_line(&mut child, "claimwatch");
        }
        std::thread::sleep(pause);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let last = desk.run(&["run", "--once"]);
    assert!(last.status.success(), "{}", said(&last));
    let letters = desk.letters("mail");
    let claims: BTreeMap<&String, usize> = letters.values().fold(BTreeMap::new(), |mut count, claim| {
        *count.entry(claim).or_default() += 1;
        count
    });
    assert_eq!(claims.len(), kills * per_life, "claims without a letter");
    assert!(claims.values().all(|&n| n == 1), "claims with two letters: {claims:?}");
    let check = desk.run(&["store", "check"]);
    assert!(check.status.success(), "{}", said(&check));
}

#[test]
fn kill_minus_nine_at_any_moment_loses_nothing_and_writes_nothing_twice() {
    kill_loop(300);
}

#[test]
fn explain_and_status_tell_why_a_desk_was_not_written_to() {
    let desk = Desk::with_claims(2);
    desk.run(&["run", "--once"]);
    let nothing = desk.run(&["silence", "add", "--for", "2h", "--comment", "x"]);
    assert_eq!(nothing.status.code(), Some(2), "{}", said(&nothing));
    let unknown = desk.run(&["silence", "add", "--desk", "dsk", "--for", "2h", "--comment", "x"]);
    assert!(said(&unknown).contains("There is no desk \"dsk\""), "{}", said(&unknown));
    let laid = desk.run(&["silence", "add", "--claim", "claim-0001", "--for", "2h", "--comment", "we know", "--by", "Ann"]);
    assert!(said(&laid).contains("Silence 1 holds"), "{}", said(&laid));
    desk.write_feed(2);
    desk.run(&["run", "--once"]);

    let list = said(&desk.run(&["silence", "list"]));
    for words in ["claim=claim-0001", "1 post held back", "by Ann", "we know"] {
        assert!(list.contains(words), "{words} is missing from\n{list}");
    }
    let told = said(&desk.run(&["explain", "--sighting", "1"]));
    for words in ["desk desk", "letter 1 was written", "delivery 1 to desk@example.org was accepted", "strength 1.00"] {
        assert!(told.contains(words), "{words} is missing from\n{told}");
    }
    let held = said(&desk.run(&["explain", "--sighting", "2"]));
    for words in ["a silence covers it (silenced", "silence 1: claim=claim-0001", "waits for the desk's next digest"] {
        assert!(held.contains(words), "{words} is missing from\n{held}");
    }
    assert_eq!(desk.run(&["explain", "--sighting", "3"]).status.code(), Some(2));
    let status = said(&desk.run(&["status"]));
    assert!(status.contains("1 within a day (silenced 1)") && status.contains("1 silence in force"), "{status}");
    let recipients = said(&desk.run(&["mail", "recipients", "list"]));
    assert!(recipients.contains("No recipient refuses letters."), "{recipients}");
}

/// Kills the daemon while silences hold, and while it writes the digests that tell what they held; each post is told once.
#[test]
fn kill_minus_nine_amid_digests_tells_every_post_once() {
    const ROUNDS: usize = 5;
    let desk = Desk::with_claims(ROUNDS * 2);
    desk.run(&["run", "--once"]);
    let mut dice = 11_u64;
    let mut run_and_kill = || {
        let mut child = desk.command(&["run"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if dice >> 62 != 0 {
            wait_for_line(&mut child, "claimwatch");
        }
        std::thread::sleep(std::time::Duration::from_micros((dice >> 33) % 40_000));
        child.kill().unwrap();
        child.wait().unwrap();
    };
    for round in 1..=ROUNDS {
        let laid = desk.run(&["silence", "add", "--topic", "cheese", "--for", "2h", "--comment", "a test"]);
        assert!(laid.status.success(), "{}", said(&laid));
        desk.write_feed(round * 2);
        run_and_kill();
        desk.run(&["run", "--once"]);
        let ended = desk.run(&["silence", "expire", &round.to_string()]);
        assert!(ended.status.success(), "{}", said(&ended));
        for _ in 0..4 {
            run_and_kill();
        }
    }
    desk.run(&["run", "--once"]);
    let subjects = desk.subjects("mail");
    assert_eq!(subjects.len(), ROUNDS, "{subjects:?}");
    for round in 1..=ROUNDS {
        let told = format!("Silence {round} has ended");
        let its: Vec<&String> = subjects.iter().filter(|subject| subject.contains(&told)).collect();
        assert!(its.len() == 1 && its[0].contains("2 posts"), "{round}: {its:?}");
    }
    let check = desk.run(&["store", "check"]);
    assert!(check.status.success(), "{}", said(&check));
}

#[test]
#[ignore = "takes minutes; run with `cargo test -- --ignored kill`"]
fn a_thousand_kills_lose_nothing() {
    kill_loop(1000);
}

fn wait_for_line(child: &mut Child, word: &str) {
    let out = child.stdout.take().unwrap();
    let mut lines = BufReader::new(out).lines();
    while let Some(Ok(line)) = lines.next() {
        if line.contains(word) {
            // Keep the pipe open, else the daemon's next sentence has nowhere to go.
            std::thread::spawn(move || lines.for_each(drop));
            return;
        }
    }
    panic!("the daemon ended without saying {word}");
}

/// What a daemon under a supervisor says to it, as systemd would hear it.
struct Supervisor {
    socket: std::os::unix::net::UnixDatagram,
    path: PathBuf,
}

impl Supervisor {
    fn listen(desk: &Desk) -> Self {
        let path = desk.path("notify");
        let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        Self { socket, path }
    }

    /// Waits for a message with `word` in it; gives it.
    fn hears(&self, word: &str) -> String {
        let mut bytes = [0; 4096];
        let mut heard = Vec::new();
        while let Ok(length) = self.socket.recv(&mut bytes) {
            let message = String::from_utf8_lossy(&bytes[..length]).into_owned();
            if message.contains(word) {
                return message;
            }
            heard.push(message);
        }
        panic!("{word} was never said, only {heard:?}");
    }
}

fn signal(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn rules_are_swapped_when_they_are_good_and_kept_when_they_are_not() {
    let desk = Desk::with_claims(2);
    let supervisor = Supervisor::listen(&desk);
    let mut child = desk
        .command(&["run"])
        .env("NOTIFY_SOCKET", &supervisor.path)
        .env("WATCHDOG_USEC", "600000")
        .env_remove("WATCHDOG_PID")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    supervisor.hears("READY=1");
    supervisor.hears("WATCHDOG=1");

    // Broken rules: the old ones stay in force, and the place of the mistake is told.
    let good = fs::read_to_string(desk.path("rules/cheese.toml")).unwrap();
    fs::write(desk.path("rules/cheese.toml"), good.replacen("topic", "topik", 1)).unwrap();
    assert!(supervisor.hears("RELOADING=1").contains("MONOTONIC_USEC="));
    assert!(supervisor.hears("READY=1").contains("reload failed: rules/cheese.toml:5"));
    desk.write_feed(1);
    wait_for(|| desk.letters("mail").len() == 1);

    // Good rules with a claim more: the next post that repeats it alerts, without a restart.
    let (a, b) = words(2);
    let third = format!(
        "[[claim]]\nid = \"claim-0002\"\nclaim = \"c\"\ntopic = \"cheese\"\n[claim.match]\nphrases = [\"the {a} of {b} is made of cheese\"]\n"
    );
    fs::write(desk.path("rules/cheese.toml"), good + &third).unwrap();
    signal(&child, "-HUP");
    supervisor.hears("RELOADING=1");
    let ready = supervisor.hears("READY=1");
    assert!(!ready.contains("failed"), "{ready}");
    desk.write_feed(3);
    wait_for(|| desk.letters("mail").len() == 3);

    signal(&child, "-TERM");
    supervisor.hears("STOPPING=1");
    let output = child.wait().unwrap();
    assert_eq!(output.code(), Some(0));
    let mut log = String::new();
    std::io::Read::read_to_string(child.stderr.as_mut().unwrap(), &mut log).unwrap();
    for sentence in [
        "E0",
        "the old ones stay in force",
        "3 claims and 1 desk from here on",
        "no new visits",
        "the post office is closed",
        "stopped",
    ] {
        assert!(log.contains(sentence), "the log does not say {sentence:?}:\n{log}");
    }
    assert!(!log.contains("desk@example.org"), "an address in the log:\n{log}");
    assert!(!log.contains("made of cheese"), "a post's text in the log:\n{log}");
}

/// Looks until it is so, some seconds at the most.
fn wait_for(mut is_so: impl FnMut() -> bool) {
    for _ in 0..400 {
        if is_so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("it never came to be");
}
