//! `claimwatch.toml` as operators write it, and the rule files it names.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use claimwatch::config::{self, Config, Loaded, Report};
use claimwatch::mail::settings::{Mechanism, Tls, Via};
use claimwatch::model::source::{Backfill, SourceKind};
use claimwatch::rules::diagnostic::Level;
use claimwatch::rules::render::render;
use secrecy::ExposeSecret;
use tempfile::TempDir;

struct House {
    folder: TempDir,
}

impl House {
    /// A folder with `claimwatch.toml` and one rule file.
    fn with(config: &str) -> Self {
        let house = Self { folder: TempDir::new().unwrap() };
        house.write("rules/a.toml", RULE);
        house.write("claimwatch.toml", &format!("[rules]\npaths = [{:?}]\n{config}", house.path("rules")));
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn load(&self) -> Result<Loaded, Report> {
        config::load(&self.path("claimwatch.toml"))
    }

    fn config(&self) -> Config {
        self.load().unwrap_or_else(|report| panic!("{}", drawn(&report))).config
    }

    fn told(&self) -> Vec<(&'static str, String)> {
        self.load().unwrap_err().found.into_iter().map(|one| (one.code, one.message)).collect()
    }

    fn codes(&self) -> Vec<&'static str> {
        self.told().into_iter().map(|(code, _)| code).collect()
    }
}

const RULE: &str = "format = 1\n[[claim]]\nid = \"nk-sleep-well\"\nclaim = \"c\"\ntopic = \"north-korea\"\n[claim.match]\nphrases = [\"sleep well tonight\"]\n";
const DESK: &str = "[[desk]]\nname = \"politics\"\nto = [\"politics@example.org\"]\ntopics = [\"north-korea\"]\n";
const SOURCE: &str = "[[source]]\nname = \"bbc\"\nkind = \"feed\"\nurl = \"https://example.org/feed.xml\"\n";
const RELAY: &str = "[mail]\nvia = \"smtp\"\nhost = \"smtp.example.org\"\nuser = \"me\"\npassword_file = \"secret\"\n";

fn drawn(report: &Report) -> String {
    report.found.iter().map(|one| render(one, &report.texts, false) + "\n").collect()
}

#[test]
fn the_shipped_configuration_is_sound() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/claimwatch.toml");
    let reading = config::read(&path, Level::Error);
    let config = reading.config.unwrap();
    let SourceKind::File { path } = &config.sources[0].kind else { panic!("the sample is a file") };
    assert_eq!((path.as_path(), config.sources[0].backfill), (Path::new("config/sample-feed.xml"), Backfill::Everything));
    assert_eq!(
        (config.desks[0].gather, config.desks[0].topics.as_slice()),
        (Duration::ZERO, ["north-korea".to_owned()].as_slice())
    );
    assert!(matches!(config.mail.via, Via::Folder { folder } if folder == Path::new("var/mail")));
    assert_eq!((config.store.path.as_path(), config.web), (Path::new("var/claimwatch.db"), None));
}

/// What is commented out in the shipped file must work once the signs are taken away.
#[test]
fn the_commented_examples_are_sound_too() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/claimwatch.toml")).unwrap();
    let house = House::with("");
    for secret in text.lines().filter_map(|line| line.split_once("_file")?.1.split('"').nth(1)) {
        let content = if secret.ends_with(".url") { "https://hooks.example.org/hunter2\n" } else { "hunter2\n" };
        let secret = house.write(secret, content);
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let mut kept: Vec<String> = Vec::new();
    let mut in_folder_mail = false;
    for line in text.lines() {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let is_toml = bare.starts_with('[') || bare.split_once(" = ").is_some_and(|(key, _)| !key.trim().contains(' '));
        in_folder_mail = if line.starts_with('[') { line == "[mail]" } else { in_folder_mail && !line.starts_with("# [") };
        if is_toml && !in_folder_mail {
            kept.push(bare.to_owned());
        }
    }
    let text = kept.join("\n").replace("paths = [\"rules\"]", &format!("paths = [{:?}]", house.path("rules")));
    house.write("claimwatch.toml", &text);
    let config = house.config();
    assert!(config.sources.len() >= 4, "{text}");
    assert_eq!(config.desks[0].hooks.len(), 3, "{text}");
    assert!(matches!(config.mail.via, Via::Smtp(_)) && config.web.is_some(), "{text}");
}

/// Of a line of the shipped file what stands behind its sign, if that is TOML and not a sentence.
fn behind_the_sign(line: &str) -> Option<&str> {
    let bare = line.strip_prefix("# ")?;
    let is_key = |key: &str| key.trim_end().bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    (bare.starts_with('[') || bare.split_once(" = ").is_some_and(|(key, _)| is_key(key))).then_some(bare)
}

/// An operator takes away one sign at a time, not all of them.
#[test]
fn each_commented_part_of_the_shipped_configuration_is_accepted_alone_or_says_what_it_wants() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/claimwatch.toml")).unwrap();
    let house = House::with("");
    let lines: Vec<String> =
        text.replace("paths = [\"rules\"]", &format!("paths = [{:?}]", house.path("rules"))).lines().map(str::to_owned).collect();
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let mut in_table = false;
    for (at, line) in lines.iter().enumerate() {
        match behind_the_sign(line) {
            None => in_table &= line.len() > 1,
            Some(bare) if bare.starts_with('[') => {
                in_table = true;
                parts.push(vec![at]);
            }
            Some(_) if in_table => parts.last_mut().unwrap().push(at),
            // A key of the table above it, which is in force.
            Some(_) => parts.push(vec![at]),
        }
    }
    assert!(parts.len() > 25, "{parts:?}");
    for part in parts {
        let mut opened = lines.clone();
        for at in &part {
            opened[*at] = lines[*at][2..].to_owned();
        }
        let first = opened[part[0]].clone();
        if first == "[mail]" {
            opened.truncate(lines.iter().position(|line| line == "[mail]").unwrap());
            opened.extend(part.iter().map(|at| lines[*at][2..].to_owned()));
        }
        house.write("claimwatch.toml", &opened.join("\n"));
        let report = match house.load() {
            Ok(_) => continue,
            Err(report) => drawn(&report),
        };
        // Secrets are files of the operator's, whoever asks social networks must say who they are, and a source that is named
        // must be there.
        let wants = [("_file", "secret"), ("[[source]]", "contact"), ("sources ", "there is no source \"bbc-world\"")];
        let has = |words: &str| part.iter().any(|at| lines[*at].contains(words));
        let says = wants.iter().any(|(key, sentence)| has(key) && report.contains(sentence));
        assert!(says, "{first} (line {}) is not accepted and asks for nothing:\n{report}", part[0] + 1);
    }
}

#[test]
fn defaults_are_those_of_the_design() {
    let config = House::with(&format!("{DESK}{SOURCE}")).config();
    let bbc = &config.sources[0];
    assert_eq!((bbc.every, bbc.backfill), (Duration::from_secs(15 * 60), Backfill::Nothing));
    assert_eq!((config.desks[0].gather, config.desks[0].time_zone.as_str()), (Duration::from_secs(60), "UTC"));
    assert_eq!((config.mail.workers, config.fetch.limits.redirects, config.fetch.limits.decoded_bytes), (2, 5, 10 << 20));
}

#[test]
fn everything_wrong_is_told_at_once_in_configuration_and_rules() {
    let house = House::with(
        r#"
[stor]
url = "sqlite:x.db"
[fetch]
contact = "Zoë"
allow_private = ["10.0.0.0/8", "intranet"]
[fetch.limits]
decoded = "10"
total = "45"
wire = "much"
[[source]]
name = "bbc world"
kind = "fed"
url = "https://example.org/"
[[source]]
name = "a"
kind = "feed"
url = "example.org/feed"
every = "1m"
backfill = "some"
path = "x.xml"
[[source]]
name = "a"
kind = "file"
[[desk]]
name = "politics"
to = ["politics@exam\u200Bple.org", "Ana <ana@example.org>", "a@example.org", "A@example.org"]
time_zone = "Paris"
language = "English"
gather = 60
[mail]
via = "folder"
host = "smtp.example.org"
[web]
listen = "localhost:9187"
"#,
    );
    house.write("rules/a.toml", &RULE.replace("topic =", "topc ="));
    assert_eq!(
        house.codes(),
        [
            "E012", "E019", "E019", "E018", "E018", "E020", "E015", "E019", "E018", "E015", "E027", "E014", "E021", "E019",
            "E019", "E021", "E031", "E015", "E013", "E027", "E019", "E012"
        ],
        "{}",
        drawn(&house.load().unwrap_err())
    );
    let told = house.told();
    assert!(told.iter().any(|(_, words)| words.contains("zero-width space (U+200B)")), "{told:#?}");
    let helps: Vec<String> = house.load().unwrap_err().found.into_iter().filter_map(|one| one.help).collect();
    assert!(helps.iter().any(|help| help.contains("Europe/Paris")), "{helps:#?}");
}

#[test]
fn a_rule_that_names_an_unknown_desk_is_an_error_at_its_place() {
    let house = House::with(&format!("{DESK}{SOURCE}"));
    house.write("rules/a.toml", &RULE.replace("[claim.match]", "desks = [\"politics\", \"politcs\"]\n[claim.match]"));
    let report = house.load().unwrap_err();
    let one = &report.found[0];
    assert_eq!((one.code, one.place.line, one.place.column), ("E030", 6, 22));
    assert_eq!(one.help.as_deref(), Some("did you mean \"politics\"?"));
}

#[test]
fn a_rule_that_reaches_nobody_and_a_desk_that_nobody_writes_to_are_warnings() {
    let loaded = House::with(&format!("{}{SOURCE}", DESK.replace("north-korea", "health"))).load().unwrap();
    assert_eq!(
        loaded.report.found.iter().map(|one| (one.level, one.code)).collect::<Vec<_>>(),
        [(Level::Warning, "L130"), (Level::Warning, "L119")]
    );
}

#[test]
fn a_secret_that_others_can_read_is_refused_with_the_remedy() {
    let house = House::with(&format!("{DESK}{SOURCE}{RELAY}"));
    let secret = house.write("secret", "hunter2\n");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).unwrap();
    let report = house.load().unwrap_err();
    let one = &report.found[0];
    assert_eq!(one.code, "E032");
    assert!(one.help.as_ref().unwrap().contains(&format!("chmod 600 {}", secret.display())), "{one:?}");
    assert!(!drawn(&report).contains("hunter2"));
}

#[test]
fn a_secret_is_read_without_its_line_end_and_never_printed() {
    let house = House::with(&format!("{DESK}{SOURCE}{RELAY}auth = \"xoauth2\"\ntls = \"starttls\"\n"));
    let secret = house.write("secret", "hunter2 \r\n");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let config = house.config();
    assert!(!format!("{config:?}").contains("hunter2"), "Debug must not show it");
    let Via::Smtp(relay) = config.mail.via else { panic!("a relay") };
    let login = relay.login.unwrap();
    assert_eq!((login.password.expose_secret(), login.user.as_str(), login.mechanism), ("hunter2 ", "me", Mechanism::Xoauth2));
    assert_eq!((relay.tls, relay.port), (Tls::StartTls, 587));
}

#[test]
fn a_missing_secret_stops_the_daemon_but_not_the_editor() {
    let house = House::with(&format!("{DESK}{SOURCE}{RELAY}"));
    assert_eq!(house.codes(), ["E033"]);
    let reading = config::read(&house.path("claimwatch.toml"), Level::Warning);
    assert_eq!(reading.report.count(Level::Error), 0);
    assert_eq!(reading.rules.len(), 1);
}

#[test]
fn a_password_in_the_configuration_is_refused() {
    let house = House::with(&format!("{DESK}{SOURCE}[mail]\nvia = \"smtp\"\nhost = \"h.example.org\"\npassword = \"hunter2\"\n"));
    assert_eq!(house.codes(), ["E032"]);
}

#[test]
fn letters_travel_unencrypted_only_inside_this_machine() {
    let relay = |host: &str| House::with(&format!("{DESK}{SOURCE}[mail]\nvia = \"smtp\"\nhost = \"{host}\"\ntls = \"none\"\n"));
    assert_eq!(relay("smtp.example.org").codes(), ["E034"]);
    assert_eq!(relay("192.0.2.1").codes(), ["E034"]);
    for host in ["localhost", "127.0.0.1", "::1", "[::1]"] {
        assert!(matches!(relay(host).config().mail.via, Via::Smtp(smtp) if smtp.port == 25), "{host}");
    }
}

#[test]
fn backfill_is_a_word_a_time_or_a_number() {
    let backfill = |value: &str| House::with(&format!("{DESK}{SOURCE}backfill = {value}\n")).config().sources[0].backfill;
    assert_eq!(backfill("\"none\""), Backfill::Nothing);
    assert_eq!(backfill("\"all\""), Backfill::Everything);
    assert_eq!(backfill("\"24h\""), Backfill::Within(Duration::from_secs(24 * 3600)));
    assert_eq!(backfill("10"), Backfill::Newest(10));
}

#[test]
fn folders_are_read_in_order_with_everything_in_them_but_hidden_files() {
    let house = House::with(&format!("{DESK}{SOURCE}"));
    house.write("rules/b/c.toml", &RULE.replace("nk-sleep-well", "nk-two"));
    house.write("rules/.#a.toml", "not toml");
    house.write("rules/README.md", "not toml");
    let loaded = house.load().unwrap();
    assert_eq!(loaded.claims.rules.iter().map(|rule| rule.claim.id.0.as_str()).collect::<Vec<_>>(), ["nk-sleep-well", "nk-two"]);
}

#[test]
fn a_missing_configuration_is_one_clear_sentence() {
    let report = config::load(Path::new("no/such.toml")).unwrap_err();
    assert_eq!(report.found.len(), 1);
    assert_eq!((report.found[0].code, report.found[0].message.as_str()), ("E001", "there is no such file"));
}

#[test]
fn rule_files_can_be_checked_alone_with_the_lists_of_the_house() {
    let house = House::with(&format!("{DESK}{SOURCE}"));
    house.write("rules/lists.toml", "format = 1\n[lists]\nnorth-korea = [\"DPRK\"]\n");
    let mine = house.write("mine.toml", &format!("{RULE}any_of = [\"@north-korea\"]\n"));
    let reading = config::read_rules(&[mine], Some(&house.path("claimwatch.toml")));
    assert_eq!(reading.report.found, [], "the same id in the house is no fault of this file alone");
    assert_eq!(reading.rules.len(), 1);
}

#[test]
fn a_desk_says_what_it_wants_to_know_and_when() {
    let more = "tags = [\"asia\"]\nlanguages = [\"en\", \"ko\"]\nseverities = [\"high\", \"normal\"]\nsources = [\"bbc\"]\nimmediate = false\n\
                digest = [\"17:00\", \"8:00\", \"08:00\"]\nquiet_hours = \"22:00-07:00\"\ncap = 5\n";
    let operator = "[operator]\nto = [\"op@example.org\"]\ntime_zone = \"Europe/Paris\"\n";
    let config = House::with(&format!("{DESK}{more}{SOURCE}{operator}")).config();
    let desk = &config.desks[0];
    let times: Vec<String> = desk.digest.iter().map(ToString::to_string).collect();
    assert_eq!(times, ["08:00:00", "17:00:00"]);
    assert_eq!((desk.languages.len(), desk.severities.len(), desk.sources.len()), (2, 2, 1));
    assert_eq!((desk.immediate, desk.heartbeat, desk.cap, desk.quiet_hours.is_some()), (false, true, 5, true));
    let operator = config.desks.last().unwrap();
    assert!(operator.is_operator() && operator.heartbeat && operator.to == ["op@example.org"]);
}

#[test]
fn a_desk_that_says_nothing_has_a_digest_at_eight_that_comes_only_with_news() {
    let config = House::with(&format!("{DESK}{SOURCE}")).config();
    let desk = &config.desks[0];
    assert_eq!((desk.digest.len(), desk.heartbeat, desk.immediate, desk.cap), (1, false, true, 20));
    assert_eq!(desk.digest[0].to_string(), "08:00:00");
}

#[test]
fn what_a_desk_cannot_mean_is_said_with_the_remedy() {
    for (line, code, words) in [
        ("digest = \"25:00\"", "E018", "not a time of day"),
        ("digest = []", "E016", "without a digest time"),
        ("quiet_hours = \"22:00\"", "E018", "not a stretch of the day"),
        ("quiet_hours = \"07:00-07:00\"", "E018", "begin and end at the same time"),
        ("severities = [\"hihg\"]", "E015", "cannot be \"hihg\""),
        ("sources = [\"bcc\"]", "E040", "there is no source \"bcc\""),
        ("cap = 0", "E018", "lies between"),
        ("time_zone = \"Europe/Pariss\"", "E031", "there is no time zone"),
    ] {
        let told = House::with(&format!("{SOURCE}{DESK}{line}\n")).told();
        assert!(told.iter().any(|(found, message)| *found == code && message.contains(words)), "{line}: {told:?}");
    }
    let named = DESK.replace("politics\"\n", "Operator\"\n");
    assert!(House::with(&format!("{named}{SOURCE}")).codes().contains(&"E020"));
    let unseen = DESK.replace("politics@", "poli\u{200b}tics@");
    assert!(House::with(&format!("{unseen}{SOURCE}")).told()[0].1.contains("invisible"));
}

#[test]
fn a_digest_in_quiet_hours_is_a_warning() {
    let quiet = format!("{DESK}digest = \"06:00\"\nquiet_hours = \"22:00-07:00\"\n{SOURCE}");
    let loaded = House::with(&quiet).load().unwrap();
    assert_eq!(loaded.report.found.iter().map(|one| one.code).collect::<Vec<_>>(), ["L131"]);
}

/// Every kind on a network, as an operator writes it.
const NETWORKS: &str = "\
[[source]]\nname = \"tag\"\nkind = \"mastodon\"\nserver = \"https://social.example\"\ntag = \"#moon\"\nstream = true\n\
[[source]]\nname = \"author\"\nkind = \"bluesky\"\nauthor = \"@ann.example\"\n\
[[source]]\nname = \"network\"\nkind = \"jetstream\"\nlanguages = [\"EN\", \"fr\"]\naccounts = [\"did:plc:z72i7hdynmk6r22z27h6tvur\"]\n\
[[source]]\nname = \"second\"\nkind = \"jetstream\"\nversion = 2\nhosts = [\"wss://stream.example\"]\n\
[[source]]\nname = \"channel\"\nkind = \"telegram\"\nchannel = \"https://t.me/s/Moon_News\"\n\
[[source]]\nname = \"subreddit\"\nkind = \"reddit\"\nsubreddit = \"/r/moon\"\n";

#[test]
fn networks_are_read_as_people_write_them() {
    let sources = House::with(&format!("[fetch]\ncontact = \"desk@example.org\"\n{DESK}{NETWORKS}")).config().sources;
    let places: Vec<String> = sources.iter().map(|source| source.kind.place()).collect();
    assert_eq!(
        places,
        [
            "#moon at social.example",
            "@ann.example on Bluesky",
            "1 account on Bluesky in en, fr",
            "all of Bluesky",
            "@Moon_News on Telegram",
            "r/moon on Reddit"
        ]
    );
    let SourceKind::Jetstream { hosts, app_view, reposts, .. } = &sources[2].kind else { panic!("a stream") };
    assert_eq!((app_view.as_ref().map(|url| url.as_str()), *reposts), (Some("https://public.api.bsky.app/"), true));
    assert_eq!(hosts.len(), 4, "one fails, the next is asked");
    let SourceKind::Jetstream { hosts, .. } = &sources[3].kind else { panic!("a stream") };
    assert_eq!(hosts[0].as_str(), "https://stream.example/");
}

#[test]
fn networks_must_be_able_to_reach_us() {
    let report = House::with(&format!("{DESK}{NETWORKS}")).load().unwrap_err();
    let missing = report.found.iter().filter(|one| one.message.contains("must be able to reach you")).count();
    assert_eq!(missing, 6, "{}", drawn(&report));
    assert!(drawn(&report).contains("contact = \"desk@example.org\""));
}

#[test]
fn mistakes_in_networks_are_told_with_the_remedy() {
    let text = "[fetch]\ncontact = \"desk@example.org\"\n\
                [[source]]\nname = \"a\"\nkind = \"jetstream\"\nlanguages = [\"English\"]\naccounts = [\"ann.example\"]\nversion = 3\n\
                [[source]]\nname = \"b\"\nkind = \"telegram\"\nchannel = \"+AbCdEf\"\n\
                [[source]]\nname = \"c\"\nkind = \"reddit\"\nsubreddit = \"moon\"\nclient_id_file = \"id\"\n\
                [[source]]\nname = \"d\"\nkind = \"mastodon\"\nserver = \"https://social.example\"\naccount = \"ann\"\nstream = true\n\
                [[source]]\nname = \"e\"\nkind = \"push\"\nurl = \"https://example.org/\"\n";
    let told = drawn(&House::with(&format!("{text}{DESK}")).load().unwrap_err());
    for words in [
        "not the tag of a language",
        "not the DID of an account",
        "private channels have no preview",
        "come in pairs",
        "no stream of a single account",
        "a source of kind \"push\" has no `url`",
    ] {
        assert!(told.contains(words), "{words} is missing in\n{told}");
    }
}

#[test]
fn ways_out_beside_mail_need_a_name_an_address_and_a_secret() {
    let write = |house: &House, name: &str, text: &str| {
        let file = house.write(name, text);
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    };
    let house = House::with(&format!(
        "{DESK}[[desk.webhook]]\nname = \"cms\"\nurl = \"https://cms.test/in\"\nsecret_file = \"key\"\n\
         [[desk.webhook]]\nname = \"chat\"\nkind = \"slack\"\nurl_file = \"url\"\n\
         [[desk.matrix]]\nname = \"cms\"\nserver = \"https://m.test\"\nroom = \"!r:m.test\"\ntoken_file = \"key\"\n"
    ));
    write(&house, "key", "k\n");
    write(&house, "url", "https://hooks.test/secret\n");
    let config = house.config();
    assert_eq!(config.desks[0].recipients(), ["politics@example.org", "webhook:cms", "webhook:chat", "matrix:cms"]);
    let unsigned = House::with(&format!("{DESK}[[desk.webhook]]\nname = \"cms\"\nurl = \"ftp://cms.test\"\nsecrets = 1\n"));
    assert_eq!(unsigned.codes().len(), 3, "{:?}", unsigned.told());
    let alias = "server = \"https://m.test\"\nroom = \"#r:m.test\"\n";
    let lost = House::with(&format!("{DESK}[[desk.matrix]]\nname = \"a\"\n{alias}token_file = \"none\"\n"));
    assert_eq!(lost.codes().len(), 2, "{:?}", lost.told());
}
