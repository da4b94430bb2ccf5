//! The memory: one transaction a visit, nothing twice, nothing lost in a crash, a clear word when it cannot be opened.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use claimwatch::model::alert::{AlertId, LetterId, NextLetter, Step, Waits};
use claimwatch::model::delivery::Outcome;
use claimwatch::model::digest::Reason;
use claimwatch::model::letter::Occasion;
use claimwatch::model::post::PostKey;
use claimwatch::model::source::{Condition, Health, SourceName, SourceState, Validators};
use claimwatch::store::Store;
use claimwatch::store::error::StoreError;
use claimwatch::store::records::{Closing, DeliveryState, Settlement};
use jiff::{SignedDuration, Timestamp};

use crate::samples::{NOON, claim, desk, letter, open_store, record, store_settings, visit};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Closes every letter due by `now` with a few words, for `recipients`.
async fn close_all(store: &Store, now: Timestamp, recipients: &[&str]) -> usize {
    let mut made = 0;
    for due in store.due_letters(now, false).await.unwrap() {
        let recipients = recipients.iter().map(|r| (*r).to_owned()).collect();
        made += store
            .close_letter(due.id, now, "desk.test", None, |d, _| Closing::Send {
                letter: letter(&format!("{} posts", d.posts)),
                recipients,
            })
            .await
            .unwrap()
            .deliveries;
    }
    made
}

async fn settle(store: &Store, delivery: claimwatch::model::delivery::DeliveryId, outcome: Outcome, again: Option<Timestamp>) {
    store.settle(NOON, &[Settlement { delivery, outcome, again_at: again }]).await.unwrap();
}

/// A letter that is due at once.
fn soon() -> NextLetter {
    NextLetter { due_at: NOON, waits: Waits::Gathering, occasion: Occasion::News }
}

fn sent() -> Outcome {
    Outcome::Sent { reply: "250 ok".into() }
}

#[tokio::test]
async fn a_visit_is_remembered_with_its_source_state_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let state = SourceState {
        health: Health::Degraded,
        validators: Validators { etag: Some("\"a\"".into()), last_modified: Some("Mon".into()) },
        next_due: Some(NOON + MINUTE),
        last_success: Some(NOON),
        failures: 3,
        last_error: Some("it was late".into()),
        unchanged: 7,
        cursor: Some("113".into()),
        condition: Condition { key_policy: Some("v1 guid".into()), gone_since: Some(NOON), ..Condition::default() },
    };
    {
        let store = open_store(folder.path()).await;
        let mut visit = visit("bbc", &["a", "b"], &claim("cheese"), NOON);
        visit.state = state.clone();
        assert_eq!(record(&store, &visit, &[desk("politics")]).await.posts, 2);
        store.close().await;
    }
    let store = open_store(folder.path()).await;
    let source = SourceName("bbc".into());
    assert_eq!(store.source_states().await.unwrap().get(&source), Some(&state));
    let asked = ["a", "b", "c"].map(|key| PostKey(key.into()));
    assert_eq!(store.known(&source, &asked).await.unwrap(), asked[..2].iter().cloned().collect());
    assert!(store.known(&SourceName("other".into()), &asked).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_post_found_by_two_visits_alerts_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let visit = visit("bbc", &["a"], &claim("cheese"), NOON);
    let first = record(&store, &visit, &[desk("politics")]).await;
    let second = record(&store, &visit, &[desk("politics")]).await;
    assert_eq!((first.posts, first.sightings, first.opened), (1, 1, 1));
    assert_eq!((second.posts, second.sightings, second.opened, second.letters), (0, 0, 0, 0));
}

#[tokio::test]
async fn visits_at_the_same_time_open_one_alert() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let visits: Vec<_> = (0..8).map(|n| visit(&format!("source-{n}"), &["a", "b"], &claim("cheese"), NOON)).collect();
    let desks = [desk("politics")];
    let all = visits.iter().map(|visit| record(&store, visit, &desks));
    let recorded = futures_util::future::join_all(all).await;
    assert_eq!(recorded.iter().map(|r| r.opened).sum::<usize>(), 1);
    assert_eq!(close_all(&store, NOON, &["one@desk.test"]).await, 1);
    let claimed = store.claim_deliveries(NOON, 10).await.unwrap();
    assert_eq!(claimed.first().unwrap().letter.text, "16 posts");
}

#[tokio::test]
async fn a_second_alert_of_one_episode_is_refused_and_the_visit_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    record(&store, &visit("bbc", &["a"], &claim("cheese"), NOON), &[desk("politics")]).await;
    let second = visit("bbc", &["b"], &claim("cheese"), NOON);
    let topic = claimwatch::model::alert::Topic { claim: claim("cheese").id, desk: desk("politics").name };
    let blind = vec![Step::Open { topic, episode: 1, letter: soon(), sightings: vec![0] }];
    let error = store.record(&second, |_| blind).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    assert!(store.known(&second.source, &[PostKey("b".into())]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_second_letter_of_one_number_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    record(&store, &visit("bbc", &["a"], &claim("cheese"), NOON), &[desk("politics")]).await;
    close_all(&store, NOON, &["one@desk.test"]).await;
    let twice = vec![Step::Continue { alert: AlertId(1), instalment: 1, letter: soon(), sightings: vec![0] }];
    assert!(store.record(&visit("bbc", &["b"], &claim("cheese"), NOON), |_| twice).await.is_err());
}

#[tokio::test]
async fn sightings_join_the_gathering_letter_until_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let desks = [desk("politics")];
    for (n, key) in ["a", "b", "c"].into_iter().enumerate() {
        let recorded = record(&store, &visit("bbc", &[key], &claim("cheese"), NOON), &desks).await;
        assert_eq!(recorded.letters, usize::from(n == 0));
    }
    assert_eq!(close_all(&store, NOON, &["one@desk.test"]).await, 1);
    let recorded = record(&store, &visit("bbc", &["d"], &claim("cheese"), NOON + MINUTE), &desks).await;
    assert_eq!((recorded.opened, recorded.letters), (0, 1));
    assert_eq!(store.next_letter_due().await.unwrap(), Some(NOON + MINUTE * 60));
}

#[tokio::test]
async fn a_letter_is_closed_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    record(&store, &visit("bbc", &["a"], &claim("cheese"), NOON), &[desk("politics")]).await;
    let due = store.due_letters(NOON, false).await.unwrap();
    assert_eq!(close_all(&store, NOON, &["one@desk.test", "two@desk.test"]).await, 2);
    let again = store.close_letter(due[0].id, NOON, "desk.test", None, |_, _| panic!("it is closed")).await.unwrap();
    assert_eq!(again.deliveries, 0);
    assert!(store.close_letter(LetterId(999), NOON, "desk.test", None, |_, _| panic!("there is none")).await.is_ok());
}

#[tokio::test]
async fn a_dossier_says_how_much_was_told_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let desks = [desk("politics")];
    record(&store, &visit("bbc", &["a", "b"], &claim("cheese"), NOON), &desks).await;
    close_all(&store, NOON, &["one@desk.test"]).await;
    record(&store, &visit("bbc", &["c"], &claim("cheese"), NOON + MINUTE), &desks).await;
    let later = NOON + MINUTE * 60;
    let due = store.due_letters(later, false).await.unwrap();
    let mut seen = None;
    let hold = |d: &_, _| {
        seen = Some(Clone::clone(d));
        Closing::Hold { because: Reason::Cap }
    };
    store.close_letter(due[0].id, later, "desk.test", None, hold).await.unwrap();
    let dossier: claimwatch::model::letter::Dossier = seen.unwrap();
    assert_eq!((dossier.instalment, dossier.episode, dossier.posts, dossier.told), (2, 1, 1, 2));
    assert_eq!((dossier.sightings[0].post.key.clone(), dossier.sightings[0].number.0), (PostKey("c".into()), 3));
    let hours: Vec<_> = dossier.trend.iter().map(|hour| hour.sightings).collect();
    assert_eq!(hours, [3], "all within one hour");
    assert!(dossier.trend[0].from <= NOON && NOON < dossier.trend[0].from + MINUTE * 60);
}

#[tokio::test]
async fn a_crash_between_claim_and_settlement_sends_again_with_the_same_message_id() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    record(&store, &visit("bbc", &["a"], &claim("cheese"), NOON), &[desk("politics")]).await;
    close_all(&store, NOON, &["one@desk.test", "two@desk.test"]).await;
    let before = store.claim_deliveries(NOON, 10).await.unwrap();
    assert_eq!((before.len(), store.claim_deliveries(NOON, 10).await.unwrap().len()), (2, 0));
    settle(&store, before[0].id, sent(), None).await;
    store.close().await;
    drop(store);

    let store = open_store(folder.path()).await;
    assert_eq!(store.requeue_ambiguous().await.unwrap(), 1);
    let after = store.claim_deliveries(NOON, 10).await.unwrap();
    assert_eq!(after.len(), 1);
    assert_eq!((&after[0].message_id, after[0].attempts, after[0].written_at), (&before[1].message_id, 2, NOON));
}

#[tokio::test]
async fn message_ids_differ_by_recipient_and_by_store() {
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(folder.path()).await;
        record(&store, &visit("bbc", &["a"], &claim("cheese"), NOON), &[desk("politics")]).await;
        close_all(&store, NOON, &["one@desk.test", "two@desk.test"]).await;
        ids.extend(store.claim_deliveries(NOON, 10).await.unwrap().into_iter().map(|d| d.message_id));
    }
    assert_eq!(ids.len(), 4);
    assert!(ids.iter().all(|id| id.0.ends_with("@desk.test") && id.0.is_ascii()));
}

#[tokio::test]
async fn a_later_letter_waits_for_the_earlier_one_to_the_same_recipient() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let desks = [desk("politics")];
    record(&store, &visit("bbc", &["a"], &claim("cheese"), NOON), &desks).await;
    close_all(&store, NOON, &["one@desk.test", "two@desk.test"]).await;
    let first = store.claim_deliveries(NOON, 10).await.unwrap();
    settle(&store, first[0].id, sent(), None).await;
    settle(&store, first[1].id, Outcome::Later { reason: "451".into() }, Some(NOON + MINUTE * 90)).await;

    let hour = NOON + MINUTE * 60;
    record(&store, &visit("bbc", &["b"], &claim("cheese"), NOON + MINUTE), &desks).await;
    close_all(&store, hour, &["one@desk.test", "two@desk.test"]).await;
    let second = store.claim_deliveries(hour, 10).await.unwrap();
    assert_eq!(second.iter().map(|d| d.recipient.as_str()).collect::<Vec<_>>(), ["one@desk.test"]);
    assert_eq!(second[0].references.last(), Some(&first[0].message_id));
    assert_eq!(store.next_delivery_due().await.unwrap(), Some(NOON + MINUTE * 90));

    let late = NOON + MINUTE * 90;
    let retried = store.claim_deliveries(late, 10).await.unwrap();
    assert_eq!(retried.iter().map(|d| d.id).collect::<Vec<_>>(), [first[1].id]);
    settle(&store, retried[0].id, Outcome::Refused { reason: "550".into() }, None).await;
    assert_eq!(store.claim_deliveries(late, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn being_turned_away_counts_no_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    record(&store, &visit("bbc", &["a"], &claim("cheese"), NOON), &[desk("politics")]).await;
    close_all(&store, NOON, &["one@desk.test"]).await;
    for outcome in [Outcome::Barred { reason: "535".into() }, Outcome::Away { reason: "refused".into() }] {
        let claimed = store.claim_deliveries(NOON, 1).await.unwrap();
        assert_eq!((claimed[0].attempts, claimed[0].queued_at), (1, NOON));
        settle(&store, claimed[0].id, outcome, None).await;
    }
    let late = NOON + MINUTE * 60 * 24 * 30;
    let claimed = store.claim_deliveries(late, 1).await.unwrap();
    assert_eq!((claimed[0].attempts, claimed[0].queued_at), (1, late));
    store.release(&[claimed[0].id]).await.unwrap();
    assert_eq!(store.queue(10).await.unwrap()[0].attempts, 0);
}

#[tokio::test]
async fn an_operator_can_list_retry_and_drop() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    record(&store, &visit("bbc", &["a"], &claim("cheese"), NOON), &[desk("politics")]).await;
    close_all(&store, NOON, &["one@desk.test"]).await;
    let id = store.claim_deliveries(NOON, 1).await.unwrap()[0].id;
    assert!(store.retry(id, NOON).await.is_err(), "it is being sent");
    settle(&store, id, Outcome::Refused { reason: "550 no such user".into() }, None).await;
    let beside = Store::beside(&store_settings(folder.path())).await.unwrap();
    let listed = beside.queue(10).await.unwrap();
    assert_eq!((listed[0].state, listed[0].reply.as_deref()), (DeliveryState::Dead, Some("550 no such user")));
    beside.retry(id, NOON).await.unwrap();
    assert_eq!(store.claim_deliveries(NOON, 1).await.unwrap()[0].attempts, 1);
    store.release(&[id]).await.unwrap();
    beside.drop_delivery(id, NOON).await.unwrap();
    assert!(store.claim_deliveries(NOON, 1).await.unwrap().is_empty() && store.queue(10).await.unwrap().is_empty());
    assert_eq!(beside.queued(id).await.unwrap().0.state, DeliveryState::Dropped);
}

#[tokio::test]
async fn what_an_operator_dropped_stays_dropped_when_the_attempt_ends() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    record(&store, &visit("bbc", &["a"], &claim("cheese"), NOON), &[desk("politics")]).await;
    close_all(&store, NOON, &["one@desk.test"]).await;
    let id = store.claim_deliveries(NOON, 1).await.unwrap()[0].id;
    store.release(&[id]).await.unwrap();
    store.drop_delivery(id, NOON).await.unwrap();
    settle(&store, id, Outcome::Later { reason: "451".into() }, Some(NOON)).await;
    assert_eq!(store.queued(id).await.unwrap().0.state, DeliveryState::Dropped);
}

#[tokio::test]
async fn a_second_claimwatch_is_told_who_holds_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let error = Store::open(&store_settings(folder.path())).await.unwrap_err();
    assert!(matches!(error, StoreError::Held { pid: Some(pid), .. } if pid == std::process::id()), "{error}");
    store.close().await;
    drop(store);
    assert!(Store::open(&store_settings(folder.path())).await.is_ok());
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    open_store(folder.path()).await.close().await;
    let path = store_settings(folder.path()).path;
    let url = format!("sqlite:{}", path.display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'x', 1, x'', 0)",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool.close().await;
    for refused in [Store::open(&store_settings(folder.path())).await, Store::beside(&store_settings(folder.path())).await] {
        let error = refused.unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 99, .. }) && error.needs_a_person(), "{error}");
    }
}

/// A memory as an older version left it: the newest note of changes to the tables is taken away.
async fn an_older_memory(folder: &std::path::Path) -> i64 {
    open_store(folder).await.close().await;
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", store_settings(folder).path.display())).await.unwrap();
    let newest = "DELETE FROM _sqlx_migrations WHERE version = (SELECT MAX(version) FROM _sqlx_migrations) RETURNING version";
    let newest: i64 = sqlx::query_scalar(newest).fetch_one(&pool).await.unwrap();
    pool.close().await;
    newest
}

#[tokio::test]
async fn commands_beside_a_daemon_that_has_yet_to_upgrade_the_memory_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let newest = an_older_memory(folder.path()).await;
    let error = Store::beside(&store_settings(folder.path())).await.unwrap_err();
    assert!(matches!(error, StoreError::Older { known, .. } if known == newest), "{error}");
    assert!(error.to_string().contains("store backup"), "{error}");
}

#[tokio::test]
async fn on_the_day_of_an_upgrade_the_old_memory_can_be_copied_and_checked_first() {
    let folder = tempfile::tempdir().unwrap();
    an_older_memory(folder.path()).await;
    let store = Store::as_it_is(&store_settings(folder.path())).await.unwrap();
    assert!(store.check().await.unwrap().is_empty());
    let copy = folder.path().join("copy.db");
    store.backup(&copy).await.unwrap();
    store.close().await;
    let copied = claimwatch::store::settings::Settings { path: copy, ..store_settings(folder.path()) };
    let error = Store::beside(&copied).await.unwrap_err();
    assert!(matches!(error, StoreError::Older { .. }), "the copy is of the version of the original: {error}");
}

#[tokio::test]
async fn a_damaged_database_is_refused_with_the_way_to_restore_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    record(&store, &visit("bbc", &["a", "b", "c"], &claim("cheese"), NOON), &[desk("politics")]).await;
    store.close().await;
    drop(store);
    let path = store_settings(folder.path()).path;
    let mut bytes = fs::read(&path).unwrap();
    for byte in bytes.iter_mut().skip(4096).step_by(3) {
        *byte ^= 0x5a;
    }
    fs::write(&path, bytes).unwrap();
    let error = Store::open(&store_settings(folder.path())).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("cp YOUR-BACKUP"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_settings(folder.path()).path;
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "a shopping list, long enough to be looked at as a header of a database ".repeat(20)).unwrap();
    let before = fs::read(&path).unwrap();
    let error = Store::open(&store_settings(folder.path())).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn nobody_else_can_read_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    let _store = open_store(folder.path()).await;
    let path = store_settings(folder.path()).path;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
}

#[tokio::test]
async fn a_command_beside_a_daemon_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let error = Store::beside(&store_settings(folder.path())).await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { is_relative: false, .. }), "{error}");
    assert!(!store_settings(folder.path()).path.exists());
}

#[tokio::test]
async fn a_backup_is_sound_and_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    record(&store, &visit("bbc", &["a"], &claim("cheese"), NOON), &[desk("politics")]).await;
    let copy = folder.path().join("copy.db");
    store.backup(&copy).await.unwrap();
    assert!(store.backup(&copy).await.is_err());
    assert!(store.check().await.unwrap().is_empty());
    let restored = Store::open(&claimwatch::store::settings::Settings { path: copy, ..Default::default() }).await.unwrap();
    assert_eq!(restored.numbers(NOON).await.unwrap().posts, 1);
}

#[tokio::test]
async fn texts_are_forgotten_before_keys_and_never_under_a_gathering_letter() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = store_settings(folder.path());
    settings.keep_posts = std::time::Duration::from_secs(86_400);
    let store = Store::open(&settings).await.unwrap();
    let mut quiet = visit("bbc", &["a", "b"], &claim("cheese"), NOON);
    quiet.sightings.truncate(1);
    record(&store, &quiet, &[desk("politics")]).await;
    let day = MINUTE * (60 * 24);

    let forgotten = store.forget(NOON + day * 2).await.unwrap();
    assert_eq!((forgotten.texts, forgotten.posts), (1, 0), "post a is in a letter that gathers");
    close_all(&store, NOON, &["one@desk.test"]).await;
    let forgotten = store.forget(NOON + day * 2).await.unwrap();
    assert!(forgotten.texts == 1 && forgotten.anchors > 0, "with the text go the marks by which its copies were found");
    assert_eq!(store.forget(NOON + day * 2).await.unwrap().anchors, 0);
    let keys = ["a", "b"].map(|key| PostKey(key.into()));
    assert_eq!(store.known(&quiet.source, &keys).await.unwrap().len(), 2);
    assert_eq!(store.forget(NOON + day * 91).await.unwrap().posts, 1, "post a still has its sighting");
    assert_eq!(store.forget(NOON + day * 400).await.unwrap().reasons, 1);
}

#[tokio::test]
async fn numbers_count_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    record(&store, &visit("bbc", &["a", "b"], &claim("cheese"), NOON), &[desk("politics")]).await;
    let before = store.numbers(NOON + MINUTE).await.unwrap();
    assert_eq!((before.posts_last_hour, before.sightings_last_hour, before.gathering, before.waiting), (2, 2, 1, 0));
    close_all(&store, NOON, &["one@desk.test"]).await;
    let after = store.numbers(NOON + MINUTE * 120).await.unwrap();
    assert_eq!((after.posts_last_hour, after.gathering, after.waiting, after.oldest_waiting), (0, 0, 1, Some(NOON)));
    assert!(after.size_bytes > 0 && store.free_bytes().unwrap() > 0);
}

/// A disk of its own that holds next to nothing; needs root.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = ["-t", "tmpfs", "-o", "size=2m", "claimwatch-test"];
        let done = std::process::Command::new("mount").args(mount).arg(folder.path()).output();
        if !done.is_ok_and(|done| done.status.success()) {
            eprintln!("SKIPPED: a full disk needs leave to mount one");
            return None;
        }
        Some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_stops_writing_and_nothing_else_and_is_over_without_a_restart() {
    let Some(disk) = SmallDisk::mount() else { return };
    let store = open_store(disk.0.path()).await;
    let desks = [desk("politics")];
    record(&store, &visit("bbc", &["before"], &claim("cheese"), NOON), &desks).await;
    let ballast = disk.0.path().join("ballast");
    fs::write(&ballast, vec![0; usize::try_from(store.free_bytes().unwrap()).unwrap() - 100_000]).unwrap();

    let mut failed = 0;
    for n in 0..200 {
        let full = visit("bbc", &[&format!("during-{n}")], &claim("cheese"), NOON);
        let recorded = store.record(&full, |_| Vec::new()).await;
        failed += usize::from(recorded.is_err_and(|error| error.is_full()));
        if failed > 5 {
            break;
        }
    }
    assert!(failed > 5, "the disk was never full");
    assert_eq!(store.known(&SourceName("bbc".into()), &[PostKey("before".into())]).await.unwrap().len(), 1);
    fs::remove_file(ballast).unwrap();
    record(&store, &visit("bbc", &["after"], &claim("cheese"), NOON), &desks).await;
    assert_eq!(close_all(&store, NOON, &["one@desk.test"]).await, 1);
    assert!(store.check().await.unwrap().is_empty());
}
