//! What a desk gets and does not get, through the real store and the real post office, in simulated time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use claimwatch::alerting::subscription::{Desk, QuietHours};
use claimwatch::daemon::clock::Clock;
use claimwatch::daemon::letters::PostOffice;
use claimwatch::fetch::Fetcher;
use claimwatch::mail::settings::Settings;
use claimwatch::model::alert::DeskName;
use claimwatch::model::claim::{Claim, Severity, Status};
use claimwatch::model::digest::{Content, DueDigest};
use claimwatch::model::hook::{Form, Hook};
use claimwatch::model::sighting::{Decision, Stance, When};
use claimwatch::model::silence::Matchers;
use claimwatch::model::source::SourceName;
use claimwatch::rules::compile::{RuleSet, compile};
use claimwatch::store::Store;
use claimwatch::store::records::Visit;
use claimwatch::telemetry::metrics::Metrics;
use jiff::Timestamp;
use jiff::civil::Time;
use tempfile::TempDir;
use tokio::sync::{Notify, watch};

use crate::matching::build::rule;
use crate::samples::{claim, desk, folder_settings, letter, open_store, record, smtp_settings, store_settings, visit};
use crate::smtp_server::{Act, Security, Server};

/// 1 September 2026, 10:00 in Paris.
const MORNING: Timestamp = Timestamp::constant(1_788_249_600, 0);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// A store, desks, a clock that a test turns, and a Maildir.
struct House {
    folder: TempDir,
    store: Store,
    desks: Vec<Desk>,
    clock: Clock,
    rules: watch::Sender<Arc<RuleSet>>,
    use_rules: bool,
    metrics: Arc<Metrics>,
    mail: Settings,
    fetcher: Option<Fetcher>,
}

/// A letter as it lies in the Maildir.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Arrived {
    to: String,
    subject: String,
    text: String,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(folder.path()).await;
        let mail = folder_settings(&folder.path().join("mail"));
        let desks = vec![Desk { cap: 20, ..desk("politics") }];
        let (rules, _) = watch::channel(Arc::new(compile(Vec::new())));
        let metrics = Arc::new(Metrics::new("test"));
        Self { folder, store, desks, clock: Clock::from(MORNING), rules, use_rules: false, metrics, mail, fetcher: None }
    }

    fn change(mut self, change: impl FnOnce(&mut Desk)) -> Self {
        change(&mut self.desks[0]);
        self
    }

    fn with_operator(mut self) -> Self {
        self.desks.push(Desk { time_zone: "Europe/Paris".into(), ..Desk::operator(vec!["operator@desk.test".into()]) });
        self
    }

    fn with_rules(mut self, claims: &[Claim]) -> Self {
        self.use_rules = true;
        self.set_rules(claims);
        self
    }

    fn set_rules(&self, claims: &[Claim]) {
        let rules = claims.iter().map(|claim| claimwatch::rules::Rule { claim: claim.clone(), ..rule(&claim.id.0) });
        self.rules.send_replace(Arc::new(compile(rules.collect())));
    }

    fn office(&self) -> PostOffice {
        let (store, desks) = (self.store.clone(), self.desks.clone().into());
        let office = PostOffice::new(store, &self.mail, desks, Arc::new(Notify::new()), Arc::clone(&self.metrics)).unwrap();
        let office = office.with_clock(self.clock).with_sources([SourceName("wire".into())].into());
        let office = match &self.fetcher {
            Some(fetcher) => office.with_fetcher(fetcher.clone()),
            None => office,
        };
        if self.use_rules { office.with_rules(self.rules.subscribe()) } else { office }
    }

    /// Closes, writes and sends all that is due.
    async fn work(&self) {
        self.office().once().await.unwrap();
    }

    async fn sees(&self, claim: &Claim, keys: &[&str]) {
        self.sees_so(claim, keys, |_| ()).await;
    }

    async fn sees_so(&self, claim: &Claim, keys: &[&str], change: impl Fn(&mut Visit)) {
        let mut visit = visit("wire", keys, claim, self.clock.now());
        change(&mut visit);
        record(&self.store, &visit, &self.desks).await;
    }

    /// Turns the clock forward, at most an hour at a time, and works each time.
    async fn pass(&self, time: Duration) {
        let mut left = time;
        while !left.is_zero() {
            let step = left.min(HOUR);
            tokio::time::pause();
            tokio::time::advance(step).await;
            tokio::time::resume();
            self.work().await;
            left -= step;
        }
    }

    fn arrived(&self) -> Vec<Arrived> {
        let mut arrived = Vec::new();
        for entry in std::fs::read_dir(self.folder.path().join("mail/new")).into_iter().flatten() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            let message = mail_parser::MessageParser::default().parse(&bytes).unwrap();
            let to = message.to().and_then(|to| to.first()).and_then(|to| to.address()).unwrap().to_owned();
            let text = in_one_line(&message.body_text(0).unwrap());
            arrived.push(Arrived { to, subject: message.subject().unwrap().to_owned(), text });
        }
        arrived.sort();
        arrived
    }

    fn subjects(&self) -> Vec<String> {
        self.arrived().into_iter().map(|letter| letter.subject).collect()
    }

    /// How many letters have a subject that holds these words.
    fn about(&self, words: &str) -> usize {
        let words = words.to_lowercase();
        self.subjects().iter().filter(|subject| subject.to_lowercase().contains(&words)).count()
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let url = format!("sqlite:{}", store_settings(self.folder.path()).path.display());
        let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
        let count = sqlx::query_scalar(sql).fetch_one(&pool).await.unwrap();
        pool.close().await;
        count
    }

    /// Sightings that nobody was told of and nobody will be.
    async fn lost(&self) -> i64 {
        self.count(
            "SELECT COUNT(*) FROM sightings s WHERE NOT EXISTS (SELECT 1 FROM routes r WHERE r.sighting = s.id AND (r.held IS NOT NULL \
             OR EXISTS (SELECT 1 FROM letter_sightings j JOIN letters l ON l.id = j.letter \
             WHERE j.sighting = s.id AND (l.letter IS NOT NULL OR l.closed_at IS NULL))))",
        )
        .await
    }
}

/// Text without the line breaks of its layout.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text of a message as a mail program shows it.
fn text_of(message: &str) -> String {
    in_one_line(&mail_parser::MessageParser::default().parse(message.as_bytes()).unwrap().body_text(0).unwrap())
}

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_day_of_ten_thousand_posts_of_one_claim_makes_a_handful_of_letters_and_loses_none() {
    let program = crate::server::Server::always(crate::server::Answer::status(200)).await;
    let mut house = House::new().await.change(|desk| {
        desk.feed = true;
        let (url, allow_private) = (program.url("/in"), vec!["127.0.0.0/8".parse().unwrap()]);
        desk.hooks = vec![Hook { name: "cms".into(), form: Form::Slack, url, secret: None, allow_private }];
    });
    house.fetcher = Some(Fetcher::new(&Default::default()));
    let claim = claim("cheese");
    let mut posts = 0;
    for quarter in 0..96 {
        let keys: Vec<String> = (0..105).map(|n| format!("{quarter}-{n}")).collect();
        house.sees(&claim, &keys.iter().map(String::as_str).collect::<Vec<_>>()).await;
        posts += keys.len();
        house.pass(15 * MINUTE).await;
    }
    assert_eq!((posts, house.count("SELECT COUNT(*) FROM routes").await), (10_080, 10_080));
    let subjects = house.subjects();
    assert!((4..=6).contains(&subjects.len()), "{subjects:?}");
    assert_eq!(house.about("spreading fast"), 1, "{subjects:?}");
    assert_eq!(house.lost().await, 0);
    house.pass(17 * HOUR).await;
    let told =
        house.count("SELECT COUNT(*) FROM letter_sightings j JOIN letters l ON l.id = j.letter WHERE l.letter IS NOT NULL").await;
    assert_eq!(told, 10_080, "every post is in one letter");
    // Programs and readers of the feed see what the mailbox sees.
    let feed = house.store.shelf(&house.desks[0].name, "desk.test", 50).await.unwrap().entries;
    assert_eq!(feed.iter().map(|entry| entry.letter.facts.posts).sum::<u64>(), 10_080);
    let mut subjects: Vec<String> = feed.into_iter().map(|entry| entry.letter.subject).collect();
    subjects.sort();
    assert_eq!(subjects, house.subjects());
    assert_eq!(program.requests().len(), house.arrived().len());
}

#[tokio::test]
async fn beyond_the_hourly_limit_letters_become_one_digest_that_says_so() {
    let house = House::new().await.change(|desk| desk.cap = 3);
    for n in 0..10 {
        house.sees(&claim(&format!("claim-{n}")), &[&format!("post-{n}")]).await;
    }
    house.work().await;
    assert_eq!(house.arrived().len(), 3);
    assert!(house.metrics.encode().contains("claimwatch_alerts_suppressed_total{reason=\"cap\"} 7"));
    house.pass(59 * MINUTE).await;
    assert_eq!(house.arrived().len(), 3);
    house.pass(MINUTE).await;
    let digest = house.arrived().into_iter().find(|one| one.subject.contains("Over the hourly limit: 7 posts")).unwrap();
    assert!(digest.text.matches("made of green cheese").count() >= 7, "{}", digest.text);
    house.pass(23 * HOUR).await;
    assert_eq!(house.arrived().len(), 4, "nothing is told twice");
    assert_eq!(house.lost().await, 0);
}

#[tokio::test]
async fn in_quiet_hours_letters_wait_and_only_severity_high_is_sent() {
    let quiet = QuietHours { from: time("09:00"), to: time("13:00") };
    let house = House::new().await.change(|desk| desk.quiet_hours = Some(quiet));
    house.sees(&claim("calm"), &["a"]).await;
    house.sees(&Claim { severity: Severity::High, ..claim("urgent") }, &["b"]).await;
    house.work().await;
    assert_eq!(house.arrived().len(), 1);
    house.sees(&claim("calm"), &["c"]).await;
    house.pass(3 * HOUR - MINUTE).await;
    assert_eq!(house.arrived().len(), 1);
    house.pass(MINUTE).await;
    assert_eq!(house.about("2 posts"), 1, "{:?}", house.subjects());
    assert!(house.metrics.encode().contains("suppressed_total{reason=\"quiet_hours\"}"));
}

#[tokio::test]
async fn a_desk_that_reads_digests_gets_one_a_day_and_one_letter_at_once_when_a_claim_is_back() {
    let house = House::new().await.change(|desk| desk.immediate = false);
    house.sees(&claim("cheese"), &["a", "b"]).await;
    house.pass(21 * HOUR).await;
    assert_eq!(house.subjects(), Vec::<String>::new());
    house.pass(HOUR).await;
    assert_eq!((house.arrived().len(), house.about("digest of 2 September 2026: 2 posts")), (1, 1), "{:?}", house.subjects());
    house.pass(8 * 24 * HOUR).await;
    assert_eq!(house.arrived().len(), 1, "nothing to tell, nothing said");
    house.sees(&claim("cheese"), &["c"]).await;
    house.work().await;
    assert_eq!(house.about("back again"), 1, "{:?}", house.subjects());
}

#[tokio::test]
async fn near_misses_and_stances_wait_for_the_digest_each_under_its_heading() {
    let house = House::new().await;
    house.sees_so(&claim("cheese"), &["a"], |visit| visit.sightings[0].0.decision = Decision::Possible).await;
    let denies = |visit: &mut Visit| (visit.sightings[0].0.stance, visit.sightings[0].0.when) = (Stance::Denial, When::Digest);
    house.sees_so(&claim("cheese"), &["b"], denies).await;
    house.work().await;
    assert!(house.arrived().is_empty());
    house.pass(22 * HOUR).await;
    let [digest] = &house.arrived()[..] else { panic!("{:?}", house.subjects()) };
    for heading in ["PERHAPS: NEARLY THE CLAIM'S WORDS (1)", "SAY THAT IT IS WRONG (1)"] {
        assert!(digest.text.to_uppercase().contains(heading), "{}", digest.text);
    }
}

#[tokio::test]
async fn a_silence_laid_beside_the_daemon_holds_what_gathers_and_is_told_when_it_ends() {
    let house = House::new().await.change(|desk| desk.gather = 10 * MINUTE);
    house.sees(&claim("cheese"), &["a", "b"]).await;
    let beside = Store::beside(&store_settings(house.folder.path())).await.unwrap();
    let matchers = Matchers { topics: vec!["moon".into()], desks: vec!["Politics".into()], ..Matchers::default() };
    let now = house.clock.now();
    let id = beside.lay_silence(&matchers, "Ann", "we know", now, now + 72 * HOUR).await.unwrap();
    house.pass(30 * HOUR).await;
    house.sees(&claim("cheese"), &["c"]).await;
    house.pass(HOUR).await;
    assert_eq!(house.subjects(), Vec::<String>::new(), "not even the digest");
    assert_eq!(beside.silences(house.clock.now()).await.unwrap()[0].held, 3);
    beside.end_silence(id, house.clock.now()).await.unwrap();
    assert!(beside.end_silence(id, house.clock.now()).await.is_err());
    house.work().await;
    let [told] = &house.arrived()[..] else { panic!("{:?}", house.subjects()) };
    assert!(told.subject.contains("Silence 1 has ended") && told.subject.contains("3 posts"), "{}", told.subject);
    assert!(told.text.contains("topic=moon desk=Politics") && told.text.contains("we know"), "{}", told.text);
    house.pass(48 * HOUR).await;
    assert_eq!(house.arrived().len(), 1, "told once");
    assert_eq!(house.lost().await, 0);
}

#[tokio::test]
async fn a_near_miss_under_a_silence_keeps_no_thread_awake() {
    let house = House::new().await;
    house.sees(&claim("cheese"), &["a"]).await;
    house.work().await;
    let matchers = Matchers { topics: vec!["moon".into()], ..Matchers::default() };
    let now = house.clock.now();
    house.store.lay_silence(&matchers, "Ann", "we know", now + 6 * 24 * HOUR, now + 7 * 24 * HOUR).await.unwrap();
    house.pass((6 * 24 + 1) * HOUR).await;
    house.sees_so(&claim("cheese"), &["b"], |visit| visit.sightings[0].0.decision = Decision::Possible).await;
    house.pass(25 * HOUR).await;
    house.sees(&claim("cheese"), &["c"]).await;
    house.work().await;
    assert_eq!(house.about("back again"), 1, "{:?}", house.subjects());
}

#[tokio::test]
async fn copies_through_several_sources_are_one_item_with_their_number() {
    let house = House::new().await.change(|desk| desk.gather = 10 * MINUTE);
    let keys: Vec<String> = (0..300).map(|n| format!("post-{n}")).collect();
    house.sees(&claim("cheese"), &keys.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let again = visit("tag", &["x", "y"], &claim("cheese"), house.clock.now());
    record(&house.store, &again, &house.desks).await;
    house.pass(10 * MINUTE).await;
    let [letter] = &house.arrived()[..] else { panic!("{:?}", house.subjects()) };
    assert!(letter.subject.contains("302 posts (tag, wire)"), "{}", letter.subject);
    assert!(letter.text.contains("301 more posts say nearly the same (tag × 2, wire × 299)"), "{}", letter.text);
    assert!(!letter.text.contains("not shown here"), "{}", letter.text);
}

#[tokio::test]
async fn the_trend_counts_what_letters_count() {
    let house = House::new().await;
    house.sees(&claim("cheese"), &["a", "b"]).await;
    let denies = |visit: &mut Visit| (visit.sightings[0].0.stance, visit.sightings[0].0.when) = (Stance::Denial, When::Digest);
    house.sees_so(&claim("cheese"), &["c"], denies).await;
    house.work().await;
    let [letter] = &house.arrived()[..] else { panic!("{:?}", house.subjects()) };
    assert!(letter.subject.contains("2 posts") && letter.text.contains("2 posts in the last 24 hours"), "{}", letter.text);
}

#[tokio::test]
async fn a_silence_of_one_author_leaves_the_others_their_letter() {
    let house = House::new().await;
    house.sees_so(&claim("cheese"), &["a"], |visit| visit.new[0].author = Some("Spam Bot".into())).await;
    house.sees(&claim("cheese"), &["b"]).await;
    let matchers = Matchers { authors: vec!["spam bot".into()], ..Matchers::default() };
    let now = house.clock.now();
    house.store.lay_silence(&matchers, "Ann", "spam", now, now + HOUR).await.unwrap();
    house.work().await;
    assert_eq!(house.about("1 post (wire) repeats"), 1, "{:?}", house.subjects());
    assert_eq!(house.count("SELECT COUNT(*) FROM routes WHERE held = 'silenced'").await, 1);
}

#[tokio::test]
async fn a_changed_verdict_is_told_in_the_thread_and_what_waits_is_written_anew() {
    let server = Server::start(Security::Plain, |m| {
        (m.verb == "RCPT" && m.line.contains("late") && m.connection < 3).then(|| Act::Say("451 4.3.0 later".into()))
    })
    .await;
    let before = claim("cheese");
    let mut house = House::new().await.with_rules(std::slice::from_ref(&before));
    house.desks[0].to = vec!["early@desk.test".into(), "late@desk.test".into()];
    house.mail = Settings { workers: 1, ..smtp_settings(crate::samples::relay_settings(server.port)) };
    house.sees(&before, &["a"]).await;
    house.work().await;
    assert_eq!(server.diary().letters.len(), 1);
    let mut after = before.clone();
    after.fact_checks[0].rating = Some("True after all".into());
    house.set_rules(std::slice::from_ref(&after));
    house.work().await;
    house.pass(2 * HOUR).await;
    let letters = server.diary().letters;
    let to = |who: &str| letters.iter().filter(|letter| letter.message.contains(&format!("To: {who}"))).collect::<Vec<_>>();
    let (early, late) = (to("early@desk.test"), to("late@desk.test"));
    assert_eq!((early.len(), late.len()), (2, 1), "{letters:?}");
    assert!(early[1].message.contains("References:"), "in the thread");
    assert_eq!(house.count("SELECT COUNT(*) FROM deliveries WHERE state = 'dropped' AND reply LIKE 'withdrawn%'").await, 1);
    house.work().await;
    assert_eq!(server.diary().letters.len(), 3, "told once");
    let late = text_of(&late[0].message);
    assert!(late.contains("True after all") && !late.contains("Half-baked"), "the old verdict never leaves: {late}");
    let corrected = text_of(&early[1].message);
    assert!(corrected.contains("True after all") && corrected.contains("Half-baked"), "both are named: {corrected}");
}

#[tokio::test]
async fn a_retired_rule_is_told_to_those_who_relied_on_it_and_its_open_letter_goes_to_the_digest() {
    let one = claim("cheese");
    let house = House::new().await.with_rules(std::slice::from_ref(&one));
    house.sees(&one, &["a"]).await;
    house.work().await;
    house.sees(&one, &["b"]).await;
    house.set_rules(&[Claim { status: Status::Test, ..one.clone() }]);
    house.work().await;
    assert_eq!(house.about("withdrawn: the rule"), 1, "{:?}", house.subjects());
    house.pass(22 * HOUR).await;
    assert_eq!((house.about("withdrawn: the rule"), house.about("digest of")), (1, 1), "{:?}", house.subjects());
    assert_eq!(house.count("SELECT COUNT(*) FROM routes WHERE held = 'retired'").await, 1);
}

#[tokio::test]
async fn what_only_a_digest_told_is_corrected_by_the_next_digest() {
    let possible = |visit: &mut Visit| visit.sightings[0].0.decision = Decision::Possible;
    let (changed, gone) = (claim("changed"), claim("gone"));
    let house = House::new().await.with_rules(&[changed.clone(), gone.clone()]);
    house.sees_so(&changed, &["a"], possible).await;
    house.sees_so(&gone, &["b"], possible).await;
    house.pass(24 * HOUR).await;
    assert_eq!(house.about("digest of"), 1, "{:?}", house.subjects());
    let mut now = changed.clone();
    now.fact_checks[0].rating = Some("Utterly wrong".into());
    house.set_rules(&[now]);
    house.pass(24 * HOUR).await;
    assert_eq!(house.about("correction (2)"), 1, "{:?}", house.subjects());
    let told = house.arrived().into_iter().find(|letter| letter.subject.contains("Correction")).unwrap().text;
    for words in [
        "Half-baked (The Lunar Review) → Utterly wrong (The Lunar Review)",
        "Withdrawn: the rule about “The moon is made of green cheese.” was taken out of use",
    ] {
        assert!(told.contains(words), "{words} is missing from\n{told}");
    }
    house.pass(48 * HOUR).await;
    assert_eq!(house.arrived().len(), 2, "told once: {:?}", house.subjects());
}

#[tokio::test]
async fn a_digest_says_what_holds_today_and_what_is_put_right_again_needs_no_word() {
    let house = House::new().await.with_rules(&[claim("cheese")]);
    house.sees_so(&claim("cheese"), &["a"], |visit| visit.sightings[0].0.decision = Decision::Possible).await;
    let mut now = claim("cheese");
    now.fact_checks[0].rating = Some("Utterly wrong".into());
    house.set_rules(std::slice::from_ref(&now));
    house.pass(24 * HOUR).await;
    assert!(house.arrived()[0].text.contains("Utterly wrong"), "{:?}", house.arrived());
    house.set_rules(&[claim("cheese")]);
    house.pass(HOUR).await;
    house.set_rules(&[now]);
    house.pass(24 * HOUR).await;
    assert_eq!(house.arrived().len(), 1, "{:?}", house.subjects());
}

#[tokio::test]
async fn a_desk_with_a_heartbeat_hears_every_day_even_of_nothing() {
    let house = House::new().await.change(|desk| desk.heartbeat = true);
    house.work().await;
    house.pass(3 * 24 * HOUR).await;
    let subjects = house.subjects();
    assert_eq!((subjects.len(), house.about("nothing to report; 0 of 1 sources well, posts read: 0")), (3, 3), "{subjects:?}");
}

#[tokio::test]
async fn what_reaches_no_desk_and_what_waited_for_a_desk_that_is_gone_is_told_to_the_operator() {
    let mut house = House::new().await.with_operator();
    house.sees(&Claim { topic: None, ..claim("nobody-asked") }, &["a"]).await;
    house.desks.insert(1, Desk { immediate: false, topics: vec!["sun".into()], ..desk("science") });
    house.sees(&Claim { topic: Some("sun".into()), ..claim("sunny") }, &["b"]).await;
    house.desks.remove(1);
    house.work().await;
    house.pass(22 * HOUR).await;
    let [digest] = &house.arrived()[..] else { panic!("{:?}", house.subjects()) };
    assert_eq!(digest.to, "operator@desk.test");
    assert!(digest.text.to_uppercase().contains("REACHED NO DESK (2)"), "{}", digest.text);
}

#[tokio::test]
async fn a_recipient_that_refuses_three_letters_is_paused_and_the_operator_is_told_by_mail() {
    let server = Server::start(Security::Plain, |m| {
        (m.verb == "RCPT" && m.line.contains("gone@")).then(|| Act::Say("550 5.1.1 no such user".into()))
    })
    .await;
    let mut house = House::new().await.with_operator();
    house.desks[0].to = vec!["one@desk.test".into(), "gone@desk.test".into(), "two@desk.test".into()];
    house.mail = smtp_settings(crate::samples::relay_settings(server.port));
    for n in 0..5 {
        house.sees(&claim(&format!("claim-{n}")), &[&format!("post-{n}")]).await;
        house.work().await;
    }
    assert_eq!(house.count("SELECT COUNT(*) FROM deliveries WHERE state = 'dead'").await, 3, "no fourth and fifth is tried");
    assert_eq!(house.count("SELECT COUNT(*) FROM deliveries WHERE state = 'sent'").await, 11);
    let told = || -> Vec<String> {
        let letters = server.diary().letters.into_iter().filter(|letter| letter.message.contains("To: operator@"));
        letters.map(|letter| text_of(&letter.message)).collect()
    };
    assert!(told().len() == 1 && told()[0].contains("was given up"), "in the run in which it happened: {:?}", told());
    house.pass(61 * MINUTE).await;
    assert!(told().len() == 2 && told()[1].contains("gone@desk[.]test refused three letters"), "{:?}", told());
    let refusing = house.store.refusing().await.unwrap();
    assert_eq!((refusing.len(), refusing[0].refusals, refusing[0].paused_at.is_some()), (1, 3, true));
    house.store.write_again_to("gone@desk.test").await.unwrap();
    house.sees(&claim("claim-9"), &["post-9"]).await;
    house.work().await;
    assert_eq!(house.count("SELECT COUNT(*) FROM deliveries WHERE state = 'dead'").await, 4, "it is tried again");
}

#[tokio::test]
async fn what_waits_for_a_recipient_that_is_paused_is_given_up_untried() {
    let server = Server::start(Security::Plain, |m| (m.verb == "RCPT").then(|| Act::Say("550 5.1.1 no such user".into()))).await;
    let mut house = House::new().await;
    house.mail = smtp_settings(crate::samples::relay_settings(server.port));
    house.mail.workers = 1;
    for n in 0..12 {
        house.sees(&claim(&format!("claim-{n}")), &[&format!("post-{n}")]).await;
    }
    house.work().await;
    let tried = "SELECT COUNT(*) FROM deliveries WHERE state = 'dead' AND reply LIKE '%550%'";
    assert!((3..=9).contains(&house.count(tried).await), "those in a worker's hand at most");
    assert_eq!(house.count("SELECT COUNT(*) FROM deliveries WHERE state = 'dead'").await, 12);
    assert_eq!(
        house.count("SELECT COUNT(*) FROM deliveries WHERE reply LIKE 'not tried:%'").await + house.count(tried).await,
        12
    );
}

#[tokio::test]
async fn a_clock_that_jumps_a_day_and_back_sends_nothing_twice_and_loses_nothing() {
    let mut house = House::new().await.change(|desk| desk.immediate = false);
    house.sees(&claim("cheese"), &["a"]).await;
    let right = house.clock;
    house.clock = Clock::from(MORNING + 24 * HOUR);
    house.sees(&claim("cheese"), &["b"]).await;
    house.work().await;
    assert_eq!(house.about("digest of"), 1, "{:?}", house.subjects());
    house.clock = right;
    house.sees(&claim("cheese"), &["c"]).await;
    house.work().await;
    house.pass(4 * 24 * HOUR).await;
    assert_eq!(house.about("digest of"), 2, "{:?}", house.subjects());
    assert_eq!(house.count("SELECT COUNT(*) FROM routes WHERE told_in IS NULL").await, 0);
}

#[tokio::test]
async fn a_digest_broken_off_anywhere_is_written_whole_or_not_at_all() {
    let house = House::new().await.change(|desk| desk.immediate = false);
    for n in 0..4 {
        house.sees(&claim(&format!("claim-{n}")), &[&format!("post-{n}")]).await;
    }
    let desk = DeskName("politics".into());
    let due = DueDigest { slot: "2026-09-01 08:00".into(), day: 20_260_901, content: Content::All };
    let sources = [SourceName("wire".into())];
    let mut polls = 0;
    let mut written = 0;
    while written == 0 {
        polls += 1;
        let write = |_: &mut claimwatch::model::digest::Digest| (letter("a digest"), vec!["one@desk.test".to_owned()]);
        let writing = house.store.write_digest(&desk, &due, &sources, MORNING, "desk.test", write);
        let mut writing = Box::pin(writing);
        for _ in 0..polls {
            // Each step waits for the driver's thread once; then the future is dropped where it stands.
            if let Ok(done) = tokio::time::timeout(Duration::from_micros(polls * 40), &mut writing).await {
                written = done.unwrap().map_or(1, |made| made);
                break;
            }
        }
        drop(writing);
        let rows = house.count("SELECT (SELECT COUNT(*) FROM digests) * 100 + (SELECT COUNT(*) FROM deliveries) * 10 + (SELECT COUNT(*) FROM routes WHERE told_in IS NOT NULL)").await;
        assert!(rows == 0 || rows == 114, "half a digest: {rows}");
    }
    let again = |_: &mut claimwatch::model::digest::Digest| -> (claimwatch::model::letter::Letter, Vec<String>) {
        panic!("it is written")
    };
    assert_eq!(house.store.write_digest(&desk, &due, &sources, MORNING, "desk.test", again).await.unwrap(), None);
}

#[tokio::test]
async fn explain_finds_the_way_of_every_sighting() {
    let house = House::new().await.change(|desk| desk.cap = 1);
    house.sees(&claim("first"), &["a"]).await;
    house.sees(&claim("second"), &["b"]).await;
    house.work().await;
    house.pass(HOUR).await;
    let mut words = BTreeMap::new();
    for id in 1..=2 {
        let ways = house.store.ways(claimwatch::model::sighting::SightingId(id)).await.unwrap();
        let [way] = &ways[..] else { panic!("{ways:?}") };
        let digests = way.letters.iter().filter(|letter| letter.digest.is_some()).count();
        words.insert(id, (way.reason.map(|reason| reason.word()), way.letters.len(), digests));
        assert!(way.letters.last().unwrap().deliveries.iter().all(|one| one.settled_at.is_some()), "{way:?}");
    }
    assert_eq!(words[&1], (None, 1, 0));
    assert_eq!(words[&2], (Some("cap"), 2, 1));
}
