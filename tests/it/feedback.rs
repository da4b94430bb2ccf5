//! What people say about sightings: written beside the daemon, obeyed by it, and only as long as the rule keeps its wording.

use claimwatch::model::claim::{ClaimId, Revision};
use claimwatch::model::feedback::Opinion;
use claimwatch::model::post::PostKey;
use claimwatch::model::sighting::{Decision, SightingId};
use claimwatch::store::Store;
use claimwatch::store::editors::Wanted;
use claimwatch::store::error::StoreError;
use claimwatch::store::records::Visit;
use jiff::SignedDuration;

use crate::samples::{NOON, claim, desk, open_store, record, sighting, store_settings, visit};

/// A visit that found one post with these words.
fn says(source: &str, key: &str, words: &str, revision: &str) -> Visit {
    let mut claim = claim("cheese");
    claim.revision = Revision(revision.to_owned());
    let mut visit = visit(source, &[key], &claim, NOON);
    visit.new[0].parts[0].text = words.to_owned();
    visit.sightings = vec![(sighting(&claim, &visit.new[0], "cheese"), claim)];
    visit
}

const WORDS: &str = "Is the moon made of green cheese, asks a child, and who would have put it up there for us all?";

async fn say(store: &Store, id: i64, opinion: Opinion) -> claimwatch::store::editors::Said {
    store.say(SightingId(id), opinion, Some("Ana"), Some("a child asks"), NOON).await.unwrap()
}

#[tokio::test]
async fn a_dismissed_post_and_its_copies_tell_nobody_while_the_rule_keeps_its_wording() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let desks = [desk("politics")];
    assert_eq!(record(&store, &says("bbc", "a", WORDS, "one"), &desks).await.letters, 1);
    let beside = Store::beside(&store_settings(folder.path())).await.unwrap();
    say(&beside, 1, Opinion::Dismissed).await;

    let copy = record(&store, &says("wire", "b", &format!("RT: {WORDS}"), "one"), &desks).await;
    assert_eq!((copy.posts, copy.sightings, copy.left_out, copy.letters), (1, 0, 1, 0));
    let kept = store.sighted(SightingId(2)).await.unwrap();
    assert_eq!((kept.decision, kept.dismissed_like), (Decision::Below, Some(SightingId(1))));

    let turned = record(&store, &says("wire", "c", &WORDS.replace("Is the", "Is not the"), "one"), &desks).await;
    assert_eq!((turned.sightings, turned.left_out), (1, 0), "a negation makes it another post");
    let other_wording = record(&store, &says("wire", "d", WORDS, "two"), &desks).await;
    assert_eq!((other_wording.sightings, other_wording.left_out), (1, 0), "a changed rule is asked anew");

    say(&beside, 1, Opinion::Confirmed).await;
    let again = record(&store, &says("wire", "e", WORDS, "one"), &desks).await;
    assert_eq!((again.sightings, again.left_out), (1, 0), "who has erred says the other word");
}

#[tokio::test]
async fn a_dismissed_post_is_taken_out_of_a_letter_that_has_not_left() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let desks = [desk("politics")];
    record(&store, &says("bbc", "a", WORDS, "one"), &desks).await;
    record(&store, &says("bbc", "b", "They say it is all made of green cheese.", "one"), &desks).await;
    assert_eq!(say(&store, 1, Opinion::Dismissed).await.letters_spared, 1);
    let due = store.due_letters(NOON, false).await.unwrap();
    let mut posts = Vec::new();
    let hold = |dossier: &claimwatch::model::letter::Dossier, _| {
        posts = dossier.sightings.iter().map(|seen| seen.post.key.clone()).collect();
        claimwatch::store::records::Closing::Hold { because: claimwatch::model::digest::Reason::Cap }
    };
    store.close_letter(due[0].id, NOON, "desk.test", None, hold).await.unwrap();
    assert_eq!(posts, [PostKey("b".into())]);
}

#[tokio::test]
async fn a_letter_that_holds_nothing_else_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    record(&store, &says("bbc", "a", WORDS, "one"), &[desk("politics")]).await;
    assert_eq!(say(&store, 1, Opinion::Dismissed).await.letters_spared, 1);
    assert!(store.due_letters(NOON + SignedDuration::from_hours(2), true).await.unwrap().is_empty());
    assert!(store.check().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_newest_word_counts_and_numbers_follow_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    record(&store, &says("bbc", "a", WORDS, "one"), &[desk("politics")]).await;
    assert_eq!(say(&store, 1, Opinion::Dismissed).await.before, None);
    assert_eq!(say(&store, 1, Opinion::Confirmed).await.before.map(|said| said.opinion), Some(Opinion::Dismissed));
    let hour = SignedDuration::from_hours(1);
    let doing = store.doing(NOON - hour, NOON + hour).await.unwrap().remove(&ClaimId("cheese".into())).unwrap();
    assert_eq!((doing.sightings, doing.confirmed, doing.dismissed, doing.last_seen), (1, 1, 0, Some(NOON)));
    assert_eq!((doing.trend.iter().sum::<u64>(), doing.judged.values().sum::<u64>()), (1, 1));
    let opinions = store.opinions().await.unwrap();
    assert_eq!((opinions.len(), opinions[0].feedback.by.as_deref()), (1, Some("Ana")));
    let unjudged = Wanted { unjudged: true, most: 10, ..Wanted::default() };
    assert!(store.sightings(&unjudged).await.unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_said_about_what_does_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let error = store.say(SightingId(7), Opinion::Confirmed, None, None, NOON).await.unwrap_err();
    assert!(matches!(error, StoreError::Unknown { .. }), "{error}");
    assert!(store.opinions().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_past_is_read_in_pieces_with_what_was_decided() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let mut history = visit("bbc", &["old"], &claim("cheese"), NOON);
    history.history = [PostKey("old".into())].into();
    history.sightings.clear();
    record(&store, &history, &[]).await;
    record(&store, &visit("bbc", &["a", "b"], &claim("cheese"), NOON), &[desk("politics")]).await;
    assert_eq!(store.count_posts(NOON).await.unwrap(), 3);
    let first = store.posts_after(0, NOON, 2).await.unwrap();
    assert_eq!((first.len(), &first[0].decided), (2, &None), "history was not weighed");
    assert_eq!(first[1].decided.as_ref().unwrap()[0].decision, Decision::Alert);
    let rest = store.posts_after(first[1].row, NOON, 2).await.unwrap();
    assert_eq!((rest.len(), &rest[0].post.key), (1, &PostKey("b".into())));
    assert!(store.posts_after(0, NOON + SignedDuration::from_secs(1), 9).await.unwrap().is_empty());
}
