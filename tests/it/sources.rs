//! `claimwatch source`, as an operator types it.

use std::fs;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::server::{Answer, Server};

const FEED: &str = "<rss version=\"2.0\"><channel><title>Wire &amp; more</title><item><guid>1</guid><title>Fish & chips</title>\
                    <link>https://example.org/1</link><pubDate>Sun, 08 Nov 2026 12:00:00 GMT</pubDate>\
                    <description>&lt;p&gt;They are &lt;b&gt;good&lt;/b&gt;&lt;/p&gt;</description></item></channel></rss>";

/// A folder with a configuration, one rule and a feed.
fn desk() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("feed.xml", FEED);
    write(
        "rules.toml",
        "format = 1\n[[claim]]\nid = \"fish\"\nclaim = \"Fish is good.\"\ntopic = \"fish\"\n[claim.match]\nphrases = [\"fish is very good indeed\"]\n",
    );
    write(
        "claimwatch.toml",
        "# ours\n[store]\nurl = \"sqlite:db/claimwatch.db\"\n[rules]\npaths = [\"rules.toml\"]\n[[source]]\nname = \"wire\"\nkind = \"file\"\n\
         path = \"feed.xml\"\n[[desk]]\nname = \"desk\"\nto = [\"desk@example.org\"]\ntopics = [\"fish\"]\n[mail]\nvia = \"folder\"\nfolder = \"mail\"\n",
    );
    folder
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claimwatch"));
    command.args(arguments).current_dir(folder.path()).stdin(Stdio::null()).env("CLAIMWATCH_CONFIG", "claimwatch.toml");
    command.env_remove("CLAIMWATCH_LOG").env_remove("NOTIFY_SOCKET").output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON: {}", text(output)))
}

#[test]
fn a_probe_shows_title_repairs_and_posts_and_remembers_nothing() {
    let folder = desk();
    let told = run(&folder, &["source", "probe", "feed.xml"]);
    assert_eq!(told.status.code(), Some(0), "{}", text(&told));
    for word in ["Wire & more", "Repaired", "Fish & chips", "They are good", "https://example.org/1"] {
        assert!(text(&told).contains(word), "{word} is missing in\n{}", text(&told));
    }
    let answer = json(&run(&folder, &["source", "probe", "feed.xml", "--format", "json"]));
    assert_eq!(answer["title"], "Wire & more");
    let item = &answer["items"][0];
    assert_eq!((&item["title"], &item["text"]), (&"Fish & chips".into(), &"They are good".into()));
    assert_eq!((&item["url"], &item["date"]), (&"https://example.org/1".into(), &"2026-11-08T12:00:00Z".into()));
    assert!(!item["key"].as_str().unwrap().is_empty());
    assert!(!folder.path().join("db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_makes_one_request_and_says_what_is_wrong() {
    let folder = desk();
    let server = Server::start(|request| match request.path.as_str() {
        "/feed" => Answer::ok(FEED).header("ETag", "\"1\""),
        "/page" => Answer::ok("<html><head><link rel=alternate type=application/rss+xml href=/feed></head></html>"),
        _ => Answer::status(404),
    })
    .await;
    let ask = async |path: &str| {
        let (place, folder) = (server.url(path).to_string(), &folder);
        let output = tokio::task::block_in_place(|| run(folder, &["source", "probe", &place]));
        (output.status.code(), text(&output))
    };
    let (code, said) = ask("/feed").await;
    assert_eq!((code, server.requests().len()), (Some(0), 1), "{said}");
    assert!(said.contains("304"), "{said}");
    let (code, said) = ask("/page").await;
    assert!(code == Some(1) && said.contains("web page") && said.contains("/feed"), "{code:?} {said}");
    let (code, said) = ask("/gone").await;
    assert!(code == Some(4) && said.contains("404"), "{code:?} {said}");
}

#[test]
fn a_paused_source_rests_until_it_is_resumed() {
    let folder = desk();
    let health = || json(&run(&folder, &["source", "list", "--format", "json"]))[0]["health"].as_str().unwrap().to_owned();
    assert_eq!(health(), "new");
    let paused = run(&folder, &["source", "pause", "wire"]);
    assert_eq!(paused.status.code(), Some(0), "{}", text(&paused));
    assert_eq!(health(), "disabled");
    let once = run(&folder, &["run", "--once"]);
    assert!(once.status.success() && health() == "disabled", "{}", text(&once));
    let refused = run(&folder, &["source", "visit", "wire"]);
    assert!(refused.status.code() == Some(1) && text(&refused).contains("resume"), "{}", text(&refused));
    run(&folder, &["source", "resume", "wire"]);
    let visited = run(&folder, &["source", "visit", "wire"]);
    assert!(text(&visited).contains("wire: 1 post, 1 of them new"), "{}", text(&visited));
    assert_eq!(health(), "degraded", "a repaired feed is read, and told apart");
    let list = run(&folder, &["source", "list"]);
    assert!(text(&list).contains("wire") && text(&list).contains("ago"), "{}", text(&list));
    assert_eq!(run(&folder, &["source", "pause", "wyre"]).status.code(), Some(2));
}

#[test]
fn a_running_daemon_is_told_to_rest_and_to_visit() {
    let folder = desk();
    let config = fs::read_to_string(folder.path().join("claimwatch.toml")).unwrap();
    fs::write(
        folder.path().join("claimwatch.toml"),
        config.replace("path = \"feed.xml\"", "path = \"feed.xml\"\nevery = \"24h\""),
    )
    .unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_claimwatch"));
    command.args(["run"]).current_dir(folder.path()).env("CLAIMWATCH_CONFIG", "claimwatch.toml").env_remove("NOTIFY_SOCKET");
    let mut daemon = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let wait_for = |what: &dyn Fn(&Value) -> bool| {
        let began = std::time::Instant::now();
        loop {
            let list = run(&folder, &["source", "list", "--format", "json"]);
            if serde_json::from_slice(&list.stdout).is_ok_and(|list: Value| what(&list[0])) {
                return true;
            }
            if began.elapsed().as_secs() > 30 {
                return false;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    };
    let first = wait_for(&|source| source["last_success"].is_string());
    fs::write(folder.path().join("feed.xml"), "no feed").unwrap();
    let asked = run(&folder, &["source", "visit", "wire"]);
    let visited = wait_for(&|source| source["failures"] == 1);
    run(&folder, &["source", "pause", "wire"]);
    let paused = wait_for(&|source| source["health"] == "disabled");
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert!(first && visited && paused, "{first} {visited} {paused} {}", text(&asked));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_added_after_it_was_read_and_nothing_else_changes() {
    let folder = desk();
    let before = fs::read_to_string(folder.path().join("claimwatch.toml")).unwrap();
    let server = Server::start(|request| if request.path == "/news" { Answer::ok(FEED) } else { Answer::ok("<html>") }).await;
    let add = async |arguments: &[&str]| {
        let arguments: Vec<&str> = ["source", "add"].iter().chain(arguments).copied().collect();
        tokio::task::block_in_place(|| run(&folder, &arguments))
    };
    let page = add(&[server.url("/page").as_str()]).await;
    assert_eq!(page.status.code(), Some(1), "{}", text(&page));
    let added = add(&[server.url("/news").as_str(), "--name", "news", "--every", "10m"]).await;
    assert_eq!(added.status.code(), Some(0), "{}", text(&added));
    let after = fs::read_to_string(folder.path().join("claimwatch.toml")).unwrap();
    assert!(after.starts_with(&before) && after.contains("name = \"news\"") && after.contains("every = \"10m\""), "{after}");
    assert_eq!(add(&[server.url("/news").as_str(), "--name", "news"]).await.status.code(), Some(2));
    let bad = add(&[server.url("/news").as_str(), "--name", "other", "--every", "1s"]).await;
    assert_eq!(bad.status.code(), Some(2), "{}", text(&bad));
    assert_eq!(fs::read_to_string(folder.path().join("claimwatch.toml")).unwrap(), after);
    let once = tokio::task::block_in_place(|| run(&folder, &["run", "--once"]));
    assert!(text(&once).contains("2 sources"), "{}", text(&once));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_behind_a_page_is_found_by_its_announcement_or_where_feeds_usually_lie() {
    let folder = desk();
    let page = "<html><head><link rel=alternate type=application/rss+xml href=/comments/feed><link rel=alternate \
                type=application/atom+xml href=/news.atom></head></html>";
    let server = Server::start(move |request| match request.path.as_str() {
        "/news.atom" | "/feed.xml" => Answer::ok(FEED),
        "/announced" => Answer::ok(page),
        "/plain" => Answer::ok("<html><body>Welcome</body></html>"),
        _ => Answer::status(404),
    })
    .await;
    let add = async |path: &str, name: &str| {
        let place = server.url(path).to_string();
        tokio::task::block_in_place(|| run(&folder, &["source", "add", &place, "--name", name]))
    };
    let told = add("/announced", "one").await;
    assert!(
        told.status.success() && text(&told).contains("/news.atom") && text(&told).contains("/comments/feed"),
        "{}",
        text(&told)
    );
    let told = add("/plain", "two").await;
    assert!(told.status.success() && text(&told).contains("/feed.xml"), "{}", text(&told));
    let config = fs::read_to_string(folder.path().join("claimwatch.toml")).unwrap();
    assert!(config.contains("/news.atom\"") && config.contains("/feed.xml\"") && !config.contains("/plain"), "{config}");
    let before = server.requests().len();
    assert!(add("/news.atom", "three").await.status.success());
    assert_eq!(server.requests().len(), before + 1, "a feed that is one costs one request");
}

#[test]
fn short_names_become_sources_without_asking_when_so_told() {
    let folder = desk();
    let told = run(&folder, &["source", "add", "@desk@social.example"]);
    assert!(!told.status.success() && text(&told).contains("contact"), "networks want to know who asks: {}", text(&told));
    let path = folder.path().join("claimwatch.toml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{config}\n[fetch]\ncontact = \"desk@example.org\"\n")).unwrap();
    let told = run(&folder, &["source", "add", "r/science", "--unseen"]);
    assert!(told.status.success() && text(&told).contains("one request a minute"), "{}", text(&told));
    for place in ["@desk@social.example", "#Wahl@social.example", "https://bsky.app/profile/desk.example.org"] {
        let told = run(&folder, &["source", "add", place]);
        assert!(told.status.success(), "{place}: {}", text(&told));
    }
    let list = json(&run(&folder, &["source", "list", "--format", "json"]));
    let kinds: Vec<&str> = list.as_array().unwrap().iter().map(|source| source["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["file", "reddit", "mastodon", "mastodon", "bluesky"]);
    assert!(!run(&folder, &["source", "add", "no such thing"]).status.success());
}

#[test]
fn lists_of_other_readers_are_taken_in_once_and_given_out() {
    let folder = desk();
    let list = "<?xml version=\"1.0\"?><opml version=\"1.0\"><body><outline text=\"News\"><outline text=\"The Wire &amp; more\" \
                xmlUrl=\"https://example.org/feed?a=1&amp;b=2\"/><outline text=\"The Wire &amp; more\" xmlUrl=\"https://example.org/2\"/>\
                <outline text=\"odd\" xmlUrl=\"feed:x\"/></outline></body></opml>";
    fs::write(folder.path().join("feeds.opml"), list).unwrap();
    let told = run(&folder, &["source", "import", "feeds.opml"]);
    assert!(told.status.success(), "{}", text(&told));
    assert!(text(&told).contains("2 sources added, 0 there already; no web address: odd"), "{}", text(&told));
    let config = fs::read_to_string(folder.path().join("claimwatch.toml")).unwrap();
    assert!(config.starts_with("# ours\n") && config.contains("name = \"The-Wire-more-2\""), "{config}");
    let again = run(&folder, &["source", "import", "feeds.opml"]);
    assert!(text(&again).contains("0 sources added, 2 there already"), "{}", text(&again));
    let out = run(&folder, &["source", "export"]);
    let out = String::from_utf8(out.stdout).unwrap();
    assert!(out.contains("xmlUrl=\"https://example.org/feed?a=1&amp;b=2\"") && out.contains("The-Wire-more"), "{out}");
    assert_eq!(run(&folder, &["source", "import", "feed.xml"]).status.code(), Some(1));
}

#[test]
fn a_fault_that_a_bridge_puts_into_its_feed_is_a_fault() {
    let folder = desk();
    fs::write(folder.path().join("feed.xml"), FEED.replace("Fish & chips", "Bridge returned error 500! (20001)")).unwrap();
    let told = run(&folder, &["source", "probe", "feed.xml"]);
    assert!(told.status.code() == Some(1) && text(&told).contains("bridge"), "{}", text(&told));
}
