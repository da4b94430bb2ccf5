//! What editors type day by day, on the shipped sample: list, show, stats, feedback.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with the shipped configuration, rules and feed.
pub struct Newsroom {
    pub folder: TempDir,
}

/// What a command answered.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub trouble: String,
}

impl Newsroom {
    pub fn new() -> Self {
        let room = Self { folder: TempDir::new().unwrap() };
        for part in ["config", "rules"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(part);
            fs::create_dir(room.path(part)).unwrap();
            for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
                fs::copy(&entry, room.path(part).join(entry.file_name().unwrap())).unwrap();
            }
        }
        room
    }

    /// One that has read the sample feed.
    pub fn with_a_past() -> Self {
        let room = Self::new();
        let first = room.says(&["run", "--once"]);
        assert_eq!(first.code, 0, "{}", first.trouble);
        room
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn says(&self, arguments: &[&str]) -> Said {
        self.says_with(arguments, &[])
    }

    pub fn says_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_claimwatch"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.envs(environment.iter().copied());
        command.env_remove("CLAIMWATCH_CONFIG").env_remove("CLAIMWATCH_LOG").env_remove("NOTIFY_SOCKET");
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: status.code().unwrap(), out: text(stdout), trouble: text(stderr) }
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        let said = self.says(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {} {}", said.out, said.trouble))
    }
}

#[test]
fn what_is_said_of_a_sighting_is_shown_wherever_the_rule_is() {
    let room = Newsroom::with_a_past();
    let unjudged = room.json(&["feedback"]);
    let number = unjudged["unjudged"][0]["id"].to_string();
    let claim = unjudged["unjudged"][0]["claim"].as_str().unwrap().to_owned();
    let said = room.says(&["feedback", &format!("#{number}"), "dismiss", "--by", "Ana", "--why", "only quotes"]);
    assert_eq!(said.code, 0, "{}", said.trouble);
    assert!(said.out.starts_with(&format!("Sighting {number} is dismissed for {claim}.")), "{}", said.out);
    let changed = room.says(&["feedback", &number, "confirm"]);
    assert!(changed.out.contains("Until now it was dismissed by Ana on "), "{}", changed.out);
    let shown = room.says(&["show", &claim]);
    assert!(shown.out.contains("1 confirmed, 0 dismissed, precision 1.00 (0.21–1.00)"), "{}", shown.out);
    let stats = room.json(&["stats", &claim]);
    assert_eq!((&stats["rules"][0]["confirmed"], &stats["rules"][0]["precision"]["low"]), (&1.into(), &0.207.into()));
    assert_eq!(room.json(&["feedback"])["unjudged"].as_array().unwrap().iter().filter(|one| one["id"] == number).count(), 0);
}

#[test]
fn feedback_about_nothing_says_how_to_find_sightings() {
    let room = Newsroom::with_a_past();
    let said = room.says(&["feedback", "4711", "confirm"]);
    assert_eq!((said.code, said.trouble.as_str()), (2, "There is no sighting 4711. `claimwatch feedback` lists the newest.\n"));
    assert_eq!(room.says(&["feedback", "x", "confirm"]).code, 2);
    assert_eq!(room.says(&["feedback", "1"]).code, 2, "a number alone says nothing");
}

#[test]
fn without_a_memory_rules_are_still_listed_and_shown() {
    let room = Newsroom::new();
    let listed = room.says(&["list", "--topic", "north-korea"]);
    assert!(listed.code == 0 && listed.out.ends_with("7 rules.\n"), "{}", listed.out);
    let shown = room.says(&["show", "nk-problem-solved"]);
    assert!(shown.out.contains("told      politics (severity high)"), "{}", shown.out);
    assert!(shown.out.contains("Nothing is known of its past: there is no database"), "{}", shown.out);
    assert_eq!(room.says(&["stats"]).code, 4);
    let unknown = room.says(&["show", "nk-problem-solve"]);
    assert_eq!(
        (unknown.code, unknown.trouble.as_str()),
        (2, "There is no rule nk-problem-solve. Did you mean nk-problem-solved?\n")
    );
}

#[test]
fn explain_asks_the_silences_in_force_and_says_when_it_cannot() {
    const POST: &str = "North Korea is no problem. No longer - sleep well tonight!";
    let room = Newsroom::new();
    let before = room.says(&["explain", POST]).out;
    assert!(before.contains("politics: gets a letter at once\n"), "{before}");
    assert!(before.ends_with("silences, letters already sent and what people dismissed are not looked at.\n"), "{before}");
    let room = Newsroom::with_a_past();
    let after = room.says(&["explain", POST]).out;
    assert!(after.contains("politics: gets a letter in about ") && after.contains("number 2 of its thread"), "{after}");
    assert!(!after.contains("not looked at"), "{after}");
    let laid = ["silence", "add", "--topic", "north-korea", "--for", "2d", "--comment", "known", "--by", "Ana"];
    assert_eq!(room.says(&laid).code, 0);
    let held = room.json(&["explain", POST]);
    let way = &held["judgements"][0]["ways"][0];
    assert_eq!((&way["desk"], &way["held_by"], &way["letter"]), (&"politics".into(), &"silenced".into(), &false.into()));
    assert!(room.says(&["explain", POST]).out.starts_with("HELD   nk-sleep-well-tonight"));
    let alone = room.says(&["explain", "--config", "no/such.toml", "--rules", "rules", POST]).out;
    assert!(alone.contains("No configuration can be read at no/such.toml: desks, quiet hours"), "{alone}");
}
