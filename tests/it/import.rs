//! `import`, `new` and `export`, as they are typed and as they answer.

use std::fs;
use std::path::{Path, PathBuf};

use claimwatch::cli::output::Answer;
use claimwatch::cli::{Command, CommandLine, Exit, check, export, import, new};
use clap::Parser;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::{Answer as Served, Server};

const MOON: &str = "The moon is made of green cheese and NASA hides it";

/// A folder with a configuration that may ask this machine, and no rules.
fn desk() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("rules")).unwrap();
    let text = format!(
        "[rules]\npaths = [{:?}]\n[fetch]\ncontact = \"a@example.org\"\nallow_private = [\"127.0.0.1/32\"]\ngap = \"1ms\"\n",
        folder.path().join("rules")
    );
    fs::write(folder.path().join("claimwatch.toml"), text).unwrap();
    folder
}

fn file(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

async fn say(folder: &TempDir, arguments: &[&str]) -> Answer {
    let config = path(folder, "claimwatch.toml");
    let line = CommandLine::try_parse_from([&["claimwatch"], arguments, &["--config", &config]].concat()).unwrap();
    match line.command {
        Command::Import(arguments) => import::import(&arguments).await,
        Command::New(arguments) => new::new(&arguments).await,
        Command::Export(arguments) => export::export(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        _ => panic!("not here"),
    }
}

async fn counts(folder: &TempDir, arguments: &[&str]) -> Value {
    let answer = say(folder, &[&["import", "--format", "json"], arguments].concat()).await;
    serde_json::from_str(&answer.text).unwrap_or_else(|_| panic!("{answer:?}"))
}

fn review(claim: &str, url: &str, publisher: &str) -> Value {
    json!({
        "@context": "https://schema.org", "@type": "ClaimReview", "claimReviewed": claim, "url": url, "datePublished": "2026-03-01",
        "author": { "@type": "Organization", "name": publisher }, "inLanguage": "en",
        "reviewRating": { "@type": "Rating", "alternateName": "Incorrect", "ratingValue": "2", "bestRating": "2", "worstRating": "2" },
        "itemReviewed": { "@type": "Claim", "appearance": [{ "url": "https://twitter.com/a/status/77?s=20" }] },
    })
}

fn page(data: &Value) -> String {
    format!("<html lang=en><head><title>A fact-check of the moon</title><script type=\"application/ld+json\">{data}</script>")
}

fn lines(path: &str) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn drafts_are_sound_never_active_and_written_once() {
    let desk = desk();
    let data = file(
        &desk,
        "data.json",
        json!([review(MOON, "https://a.example/1", "A"), review(MOON, "https://b.example/2", "B")]).to_string(),
    );
    let to = path(&desk, "rules/imported.toml");
    let first = counts(&desk, &[&data, "--to", &to]).await;
    assert_eq!((&first["taken"], &first["grouped"]), (&json!(1), &json!(1)), "{first}");
    let text = fs::read_to_string(&to).unwrap();
    assert_eq!(text.matches("[[claim.factcheck]]").count(), 2);
    assert_eq!(text.matches("= \"draft\"").count(), 1);
    assert_eq!(text.matches("https://twitter.com/a/status/77").count(), 1, "the same place is one place: {text}");
    assert_eq!(say(&desk, &["check"]).await.exit, Exit::Fine);
    // An editor puts it into better words; the published sentence stays among the wordings.
    fs::write(&to, text.replacen("\"The moon is made", "\"The earth's moon is made", 1)).unwrap();
    let again = counts(&desk, &[&data, "--to", &to]).await;
    assert_eq!((&again["taken"], &again["already_there"]), (&json!(0), &json!(2)), "{again}");
    let third = file(&desk, "third.json", review(MOON, "https://c.example/3", "C").to_string());
    let beside = counts(&desk, &[&third, "--to", &to]).await;
    assert_eq!(beside["beside_rules"]["count"], 1, "a rule that is there belongs to its editor: {beside}");
    assert!(beside["beside_rules"]["first"][0].as_str().unwrap().ends_with(": https://c.example/3"));
}

#[tokio::test]
async fn bulk_claims_are_merged_with_what_is_there() {
    let desk = desk();
    let to = file(
        &desk,
        "claims.jsonl",
        format!("{{\"id\":\"mine\",\"claim\":\"{MOON}\",\"url\":\"https://a.example/1\",\"kept\":7}}\r\nnot a line of ours\r\n"),
    );
    let data = json!([
        review(MOON, "http://www.a.example/1/?utm_source=x", "A"),
        review(MOON, "https://b.example/2", "B"),
        review("The sun is made of yellow butter, experts say", "https://b.example/3", "B"),
        review("The sun is made of yellow butter, experts say", "https://c.example/4", "C"),
    ]);
    let data = file(&desk, "data.json", data.to_string());
    let first = counts(&desk, &[&data, "--to", &to]).await;
    assert_eq!((&first["taken"], &first["grouped"], &first["already_there"]), (&json!(1), &json!(2), &json!(1)), "{first}");
    let text = fs::read_to_string(&to).unwrap();
    let written: Vec<&str> = text.lines().collect();
    assert_eq!((written.len(), written[1]), (3, "not a line of ours"));
    let mine: Value = serde_json::from_str(written[0]).unwrap();
    assert_eq!((&mine["id"], &mine["kept"], &mine["also"][0]["publisher"]), (&json!("mine"), &json!(7), &json!("B")));
    let sun: Value = serde_json::from_str(written[2]).unwrap();
    assert_eq!((&sun["rating"], &sun["also"][0]["url"]), (&json!("Incorrect"), &json!("https://c.example/4")));
    assert_eq!(sun["urls"], json!(["https://twitter.com/a/status/77"]));
    let again = counts(&desk, &[&data, "--to", &to]).await;
    assert_eq!((&again["taken"], &again["already_there"]), (&json!(0), &json!(4)));
    assert_eq!(fs::read_to_string(&to).unwrap(), text);
    let left: Vec<PathBuf> = fs::read_dir(desk.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!left.iter().any(|path| path.to_str().unwrap().contains(".new")), "{left:?}");
}

#[tokio::test]
async fn filters_leave_out_and_say_so() {
    let desk = desk();
    let mut old = review(MOON, "https://a.example/1", "A");
    old["datePublished"] = json!("2019-01-01");
    let mut spanish = review("La luna es de queso verde y la NASA lo sabe", "https://a.example/2", "A");
    spanish["inLanguage"] = json!("es-MX");
    let data = json!([old, spanish, review(MOON, "https://www.snopes.com/3", "S"), review(MOON, "https://a.example/4", "A")]);
    let data = file(&desk, "data.json", data.to_string());
    let found = counts(&desk, &[&data, "--only-lang", "en", "--since", "2026-01-01", "--publisher", "snopes.com"]).await;
    assert_eq!(found["taken"], 1);
    let skipped = |name: &str| found["skipped"][name]["count"].as_u64();
    assert_eq!((skipped("other_language"), skipped("other_publisher")), (Some(1), Some(2)), "{found}");
    let answer = say(&desk, &["import", &data, "--since", "2026-01-01"]).await;
    assert_eq!(answer.exit, Exit::Fine);
    assert!(
        answer.text.contains("1  older than --since\n                          ") && answer.text.contains("Nothing was written"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn every_fault_is_told_and_nothing_stops_the_rest() {
    let desk = desk();
    let wide: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(review(MOON, "https://w.example/1", "W").to_string().encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let wide = file(&desk, "wide.json", wide);
    let latin =
        file(&desk, "latin.csv", b"claim;url\r\nle caf\xe9 est ferm\xe9 depuis hier soir;a.example/9\r\n;b.example/1\r\n");
    let broken =
        file(&desk, "broken.html", "<script type=application/ld+json>{\"@type\":\"ClaimReview\",\"claimReviewed\": }</script>");
    let nothing = file(&desk, "nothing.txt", "hello\n");
    let cut = file(
        &desk,
        "cut.json",
        format!(
            "[{}, {{\"@type\":\"ClaimReview\",\"claimRev",
            review("A claim that is whole and sound", "https://c.example/1", "C")
        ),
    );
    let same: String =
        (0..2000).map(|n| format!("{{\"id\":\"one\",\"claim\":\"claim number {n} of very many claims\"}}\n")).collect();
    let same = file(&desk, "same.jsonl", same);
    let to = path(&desk, "claims.jsonl");
    let found = counts(&desk, &[&wide, &latin, &broken, &nothing, &cut, &same, "--to", &to]).await;
    assert_eq!(found["taken"], 2003, "{found}");
    let skipped = |name: &str| found["skipped"][name]["first"].to_string();
    assert!(skipped("not_json").contains("broken.html block 1"));
    assert!(skipped("cut_short").contains("cut.json item 2"));
    assert!(skipped("no_claim").contains("latin.csv:3"));
    assert!(found["notes"].to_string().contains("nothing.txt was not read: it is neither JSON"), "{found}");
    let ids: std::collections::HashSet<String> = lines(&to).iter().map(|line| line["id"].to_string()).collect();
    assert_eq!(ids.len(), 2003, "each has an id of its own");
}

#[tokio::test]
async fn what_is_exported_is_known_when_it_is_imported() {
    let desk = desk();
    let data = json!([
        review(MOON, "https://a.example/1", "A"),
        review(MOON, "https://b.example/2", "B"),
        review("Bricks \"float\" in the sea", "https://b.example/3", "B")
    ]);
    let data = file(&desk, "data.json", data.to_string());
    let to = path(&desk, "rules/imported.toml");
    say(&desk, &["import", &data, "--to", &to]).await;
    fs::write(&to, fs::read_to_string(&to).unwrap().replace("\"draft\"", "\"active\"")).unwrap();
    let exported = path(&desk, "exported.json");
    let answer = say(&desk, &["export", "--to", &exported]).await;
    assert!(answer.text.starts_with("3 fact-checks of 2 rules"), "{answer:?}");
    let known = counts(&desk, &[&exported, "--to", &to]).await;
    assert_eq!((&known["taken"], &known["grouped"], &known["already_there"]), (&json!(0), &json!(0), &json!(3)), "{known}");
    // Elsewhere it makes the same claims again.
    let other = self::desk();
    let there = path(&other, "rules/x.toml");
    say(&other, &["import", &exported, "--to", &there]).await;
    fs::write(&there, fs::read_to_string(&there).unwrap().replace("\"draft\"", "\"active\"")).unwrap();
    assert_eq!(say(&other, &["export"]).await.text, fs::read_to_string(&exported).unwrap());
    let one = say(&desk, &["export", "bricks-float-sea"]).await;
    let one: Value = serde_json::from_str(&one.text).unwrap();
    let review = &one["@graph"][0];
    assert_eq!(
        (&review["claimReviewed"], &review["reviewRating"]["alternateName"]),
        (&json!("Bricks \"float\" in the sea"), &json!("Incorrect"))
    );
    assert_eq!(review["itemReviewed"]["appearance"][0]["url"], "https://twitter.com/a/status/77");
    assert_eq!(say(&desk, &["export", "brick-float-sea"]).await.exit, Exit::Usage);
}

#[tokio::test]
async fn the_shipped_rules_come_back_from_their_export() {
    let folder = TempDir::new().unwrap();
    let exported = path(&folder, "all.json");
    let config = Path::new("config/claimwatch.toml").to_str().unwrap();
    let line = CommandLine::try_parse_from(["claimwatch", "export", "--config", config, "--to", &exported]).unwrap();
    let Command::Export(arguments) = line.command else { panic!("export") };
    assert_eq!(export::export(&arguments).exit, Exit::Fine);
    let to = path(&folder, "x.toml");
    let line =
        CommandLine::try_parse_from(["claimwatch", "import", &exported, "--to", &to, "--config", config, "--format", "json"])
            .unwrap();
    let Command::Import(arguments) = line.command else { panic!("import") };
    let answer: Value = serde_json::from_str(&import::import(&arguments).await.text).unwrap();
    assert_eq!((&answer["taken"], answer["already_there"].as_u64() > Some(0)), (&json!(0), true), "{answer}");
}

#[tokio::test]
async fn a_page_becomes_one_draft_and_what_is_missing_is_said() {
    let desk = desk();
    let html = page(&json!([review(MOON, "/moon", "Facts"), review("Bricks float in the open sea", "/bricks", "Facts")]));
    let server = Server::always(Served::ok(html).header("Content-Type", "text/html")).await;
    let url = server.url("/moon?utm_source=x").to_string();
    let to = path(&desk, "rules/topic.toml");
    let answer = say(&desk, &["new", "--from", &url, "--to", &to]).await;
    assert_eq!(answer.exit, Exit::Fine, "{answer:?}");
    assert!(answer.text.starts_with("moon-made-green-cheese-nasa-hides is drafted in "), "{}", answer.text);
    assert!(answer.text.contains("The page checks 2 claims; this is number 1."));
    assert!(answer.text.contains("Not found: who said it, when it was said.") && answer.text.contains("claimwatch test moon-"));
    let draft = fs::read_to_string(&to).unwrap();
    assert!(draft.contains(&format!("url       = \"http://127.0.0.1:{}/moon\"", server.port())), "{draft}");
    assert!(draft.contains("rating    = \"Incorrect\"") && draft.contains("verdict   = \"false\""));
    assert_eq!(say(&desk, &["check"]).await.exit, Exit::Fine);
    let asked = server.requests().len();
    let again = say(&desk, &["new", "--from", &url, "--to", &to]).await;
    assert_eq!((again.exit, server.requests().len()), (Exit::Faults, asked), "known before anything is asked");
    assert!(again.trouble.contains("has this fact-check already (") && fs::read_to_string(&to).unwrap() == draft);
    let second = say(&desk, &["new", "--from", server.url("/bricks").as_str(), "--claim", "2"]).await;
    assert!(
        second.trouble.contains("moon-made-green-cheese-nasa-hides")
            && second.trouble.contains("Add it as a second fact-check to"),
        "{second:?}"
    );
    assert!(second.trouble.contains("[[claim.factcheck]]\npublisher = \"Facts\""), "{}", second.trouble);
    // A page that the first claim's rule has already: the second needs no word of force, the first does.
    let other = |claim: &str, url: &str, place: &str| {
        let mut review = review(claim, url, "Facts");
        review["itemReviewed"]["appearance"] = json!([{ "url": place }]);
        review
    };
    let post = "https://social.example/p/9";
    let html = page(&json!([other(MOON, "/moon", post), other("Bricks float in the open sea", "/moon", post)]));
    let twin = Server::always(Served::ok(html).header("Content-Type", "text/html")).await;
    let first = twin.url("/moon").to_string();
    let twins = path(&desk, "rules/twins.toml");
    assert_eq!(say(&desk, &["new", "--from", &first, "--to", &twins]).await.exit, Exit::Fine);
    let second = say(&desk, &["new", "--from", &first, "--to", &twins, "--claim", "2"]).await;
    assert!(second.text.starts_with("bricks-float-open-sea is drafted in "), "{second:?}");
    for claim in ["1", "2"] {
        let again = say(&desk, &["new", "--from", &first, "--to", &twins, "--claim", claim]).await;
        assert!(again.exit == Exit::Faults && again.trouble.contains("has this fact-check already"), "{claim}: {again:?}");
    }
    fs::remove_file(&twins).unwrap();
    let forced = say(&desk, &["new", "--from", server.url("/bricks").as_str(), "--claim", "2", "--anyway"]).await;
    assert!(forced.text.starts_with("[[claim]]\nid     = \"bricks-float-open-sea\""), "{forced:?}");
}

#[tokio::test]
async fn a_page_without_claim_review_is_drafted_from_its_headline() {
    let desk = desk();
    let html = "<html lang=\"de-DE\"><meta property=\"og:title\" content=\"Nein, der Mond ist nicht aus Käse\"><meta property=\"og:site_name\" content=\"Faktenhaus\">";
    let server = Server::always(Served::ok(html)).await;
    let answer = say(&desk, &["new", "--from", server.url("/mond").as_str()]).await;
    assert_eq!(answer.exit, Exit::Fine, "{answer:?}");
    assert!(
        answer.text.contains("# TODO: this is the headline of the fact-check")
            && answer.text.contains("publisher = \"Faktenhaus\"")
    );
    assert!(answer.text.contains("{ lang = \"de\", text = \"Nein, der Mond ist nicht aus Käse\" }"), "{}", answer.text);
    assert!(answer.trouble.contains("The page has no ClaimReview") && answer.trouble.contains("a rating"), "{}", answer.trouble);
    let empty = Server::always(Served::ok("<p>nothing")).await;
    assert_eq!(say(&desk, &["new", "--from", empty.url("/").as_str()]).await.exit, Exit::Faults);
}

#[tokio::test]
async fn a_page_that_leads_into_a_private_network_is_refused() {
    let desk = desk();
    for inside in ["http://10.0.0.7/secret", "http://169.254.169.254/latest/meta-data", "http://[::1]/x"] {
        let server = Server::always(Served::to(inside)).await;
        let answer = say(&desk, &["new", "--from", server.url("/page").as_str()]).await;
        assert_eq!(answer.exit, Exit::World);
        assert!(
            answer.trouble.contains("127.0.0.1 sent us on to another place.") && answer.trouble.contains("is not public"),
            "{}",
            answer.trouble
        );
    }
    let config = fs::read_to_string(desk.path().join("claimwatch.toml")).unwrap();
    fs::write(desk.path().join("claimwatch.toml"), config.replace("\"127.0.0.1/32\"", "")).unwrap();
    let server = Server::always(Served::ok("x")).await;
    let answer = say(&desk, &["new", "--from", server.url("/page").as_str()]).await;
    assert!(answer.exit == Exit::World && answer.trouble.contains("not public") && server.requests().is_empty());
}

fn key(desk: &TempDir) -> String {
    use std::os::unix::fs::PermissionsExt;
    let key = file(desk, "google.key", "s3cret\n");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    key
}

#[tokio::test]
async fn google_is_asked_page_by_page_with_the_same_parameters() {
    let desk = desk();
    let key = key(&desk);
    let server = Server::start(|request| {
        let claim = |n: usize| json!({ "text": format!("Claim number {n} about the moon"), "claimReview": [{ "publisher": { "site": "a.example" }, "url": format!("https://a.example/{n}"), "textualRating": "False", "reviewDate": "2026-05-01T00:00:00Z", "languageCode": "en" }] });
        Served::ok(match request.number {
            1 => json!({ "claims": [claim(1), claim(2)], "nextPageToken": "t2" }).to_string(),
            2 => json!({ "claims": [claim(3)], "nextPageToken": "t3" }).to_string(),
            _ => "{}".to_owned(),
        })
    })
    .await;
    let to = path(&desk, "claims.jsonl");
    let at = server.url("/").to_string();
    let google = [
        "--google",
        "the moon",
        "--key-file",
        &key,
        "--google-server",
        &at,
        "--only-lang",
        "en",
        "--since",
        "2026-01-01",
        "--publisher",
        "a.example",
        "--to",
        &to,
    ];
    let found = counts(&desk, &google).await;
    assert_eq!((&found["taken"], &found["stopped"]), (&json!(3), &Value::Null), "{found}");
    let asked: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(asked.len(), 3);
    assert!(
        asked[0].starts_with("/v1alpha1/claims:search?query=the+moon&pageSize=100&languageCode=en&maxAgeDays="),
        "{}",
        asked[0]
    );
    assert!(asked[0].contains("&reviewPublisherSiteFilter=a.example&key=s3cret") && !asked[0].contains("pageToken"));
    assert_eq!(asked[1].replace("&pageToken=t2", ""), asked[0]);
    assert_eq!(asked[2].replace("&pageToken=t3", ""), asked[0]);
    assert_eq!(counts(&desk, &google).await["stopped"], Value::Null);
}

#[tokio::test]
async fn a_bad_key_is_an_error_and_what_came_before_is_kept() {
    let desk = desk();
    let key = key(&desk);
    for (status, words) in [
        (400, "refuses the question (HTTP 400)"),
        (403, "does not accept the key (HTTP 403)"),
        (429, "quota is used up (HTTP 429)"),
    ] {
        let server = Server::always(Served::status(status)).await;
        let answer =
            say(&desk, &["import", "--google", "moon", "--key-file", &key, "--google-server", server.url("/").as_str()]).await;
        assert_eq!(answer.exit, Exit::World);
        assert!(answer.trouble.contains(words) && !answer.trouble.contains("s3cret"), "{}", answer.trouble);
    }
    let server = Server::start(|request| match request.number {
        1 => Served::ok(json!({ "claims": [{ "text": MOON, "claimReview": [{ "url": "https://a.example/1", "languageCode": "en" }] }], "nextPageToken": "t" }).to_string()),
        _ => Served::status(403),
    })
    .await;
    let to = path(&desk, "claims.jsonl");
    let answer =
        say(&desk, &["import", "--google", "moon", "--key-file", &key, "--google-server", server.url("/").as_str(), "--to", &to])
            .await;
    assert!(
        answer.exit == Exit::World
            && answer.trouble.contains("Page 2 was not had")
            && answer.trouble.contains("What came before is kept")
    );
    assert_eq!(lines(&to).len(), 1);
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let answer = say(&desk, &["import", "--google", "moon", "--key-file", &key]).await;
    assert!(answer.exit == Exit::Usage && answer.trouble.contains("chmod 600"), "{answer:?}");
}

#[tokio::test]
async fn wrong_usage_is_said_before_anything_is_read() {
    let desk = desk();
    let data = file(&desk, "data.json", review(MOON, "https://a.example/1", "A").to_string());
    for (arguments, words) in [
        (vec!["--to", "claims.txt"], "a rule file (.toml) or an archive (.jsonl)"),
        (vec!["--to", "no/such/folder/x.toml"], "There is no folder no/such/folder"),
        (vec!["--columns", "claims=x"], "there is no field `claims`"),
        (vec!["--only-lang", "english"], "language codes"),
    ] {
        let answer = say(&desk, &[&["import", data.as_str()], arguments.as_slice()].concat()).await;
        assert_eq!(answer.exit, Exit::Usage, "{answer:?}");
        assert!(answer.trouble.contains(words), "{}", answer.trouble);
    }
    let answer = say(&desk, &["import", &path(&desk, "missing.json")]).await;
    assert!(answer.exit == Exit::Unreadable && answer.trouble.contains("missing.json cannot be read"));
    let faulty = file(&desk, "rules/faulty.toml", "format = 1\n[[claim]]\nid = \"x\"\n");
    let answer = say(&desk, &["import", &data, "--to", &faulty]).await;
    assert!(answer.exit == Exit::Unreadable && answer.trouble.contains("mend"), "{answer:?}");
}
