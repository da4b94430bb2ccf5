//! Files of every kind, and what can be wrong with them.

use super::*;
use crate::rules::import::Record;

fn read_as(name: &str, bytes: &[u8]) -> (Vec<(Part, Outcome)>, io::Result<Seen>) {
    let mut found = Vec::new();
    let seen = read(name, bytes, &[], None, &mut |part, outcome| {
        found.push((part, outcome));
        Ok(())
    });
    (found, seen)
}

fn claims_in(name: &str, bytes: &[u8]) -> Vec<Result<String, Skip>> {
    read_as(name, bytes).0.into_iter().map(|(_, outcome)| outcome.map(|record: Record| record.claim)).collect()
}

fn review(claim: &str) -> String {
    format!("{{\"@type\":\"ClaimReview\",\"claimReviewed\":\"{claim}\",\"url\":\"https://facts.example/{}\"}}", claim.len())
}

#[test]
fn a_feed_gives_its_claims_and_tells_its_nulls() {
    let one = review("one");
    let feed = format!(
        "{{\"@type\":\"DataFeed\",\"dataFeedElement\":[{{\"item\":[{one},null]}},null,{{\"item\":null}},{{\"item\":[]}},{{\"name\":\"x\"}}]}}"
    );
    let found = claims_in("data.json", feed.as_bytes());
    let expected = [
        Err(Skip::Nothing),
        Ok("one".to_owned()),
        Err(Skip::Nothing),
        Err(Skip::Nothing),
        Err(Skip::Nothing),
        Err(Skip::NoReview),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_feed_larger_than_is_held_is_read_as_it_flows() {
    let element = format!("{{\"item\":[{}],\"pad\":\"{}\"}}", review("one claim of many"), "x".repeat(1 << 20));
    let feed = format!("{{\"@type\":\"DataFeed\",\"dataFeedElement\":[{}]}}", [element.as_str(); 12].join(",\n"));
    let (found, _) = read_as("data.json", feed.as_bytes());
    assert_eq!(found.len(), 12);
    assert!(found.iter().all(|(_, outcome)| outcome.is_ok()));
    assert_eq!(found[11].0, Part::Item(12));
    let (found, _) = read_as("data.json", &feed.as_bytes()[..feed.len() - 100]);
    assert_eq!(found.last().unwrap().1, Err(Skip::CutShort));
    assert_eq!(found.len(), 12);
}

#[test]
fn pages_of_answers_may_follow_each_other() {
    let page = |text: &str| {
        format!(
            "{{\"claims\":[{{\"text\":\"{text}\",\"claimReview\":[{{\"url\":\"https://a.example/{text}\"}}]}}],\"nextPageToken\":\"x\"}}\n"
        )
    };
    assert_eq!(
        claims_in("answers.json", format!("{}{}{{}}", page("one"), page("two")).as_bytes()),
        [Ok("one".to_owned()), Ok("two".to_owned()), Err(Skip::Nothing)]
    );
}

#[test]
fn faulty_json_is_mended_or_told() {
    let raw = "{\"@type\":\"ClaimReview\",\"claimReviewed\":\"broken\u{1}\nline\",}";
    let (found, _) = read_as("a.json", raw.as_bytes());
    let record = found[0].1.as_ref().unwrap();
    assert!(record.claim == "broken line" && record.remarks.contains(&Remark::Mended));
    assert_eq!(claims_in("a.json", b"[{\"claimReviewed\": oops oops}, 1]"), [Err(Skip::NotJson), Err(Skip::Nothing)]);
    assert_eq!(
        claims_in("a.json", b"{\"@type\":\"ClaimReview\",\"claimReviewed\":{{claim}} }").first(),
        Some(&Err(Skip::Template))
    );
    assert_eq!(claims_in("a.json", b"{\"a\":1}"), [Err(Skip::NoReview)]);
}

#[test]
fn lines_are_read_one_by_one() {
    let text = format!("{{\"id\":\"a\",\"claim\":\"one\"}}\r\n\r\n{}\nnot json\n", review("two"));
    let (found, _) = read_as("claims.jsonl", text.as_bytes());
    assert_eq!(found.iter().map(|(part, _)| *part).collect::<Vec<_>>(), [Part::Line(1), Part::Line(3), Part::Line(4)]);
    assert_eq!(found[2].1, Err(Skip::NotJson));
}

#[test]
fn other_encodings_are_read() {
    let text = review("le caf\u{e9} est ferm\u{e9}");
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(claims_in("a.json", &wide), [Ok("le café est fermé".to_owned())]);
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let (found, _) = read_as("a.json", &latin);
    let record = found[0].1.as_ref().unwrap();
    assert!(record.claim == "le café est fermé" && record.remarks.contains(&Remark::NotUtf8));
    assert_eq!(claims_in("a.json", format!("\u{feff}{text}\r\n").as_bytes()), [Ok("le café est fermé".to_owned())]);
}

#[test]
fn pages_without_claim_review_are_told_to_be_articles() {
    let (found, seen) = read_as("a.html", b"<html><title>No, the moon is not cheese</title>");
    assert_eq!(found, [(Part::Whole, Err(Skip::NoReview))]);
    assert!(seen.unwrap().is_article);
}

#[test]
fn what_nobody_can_read_gets_a_sentence() {
    let why = |name, bytes: &[u8]| read_as(name, bytes).1.unwrap_err().to_string();
    assert_eq!(why("a.txt", b" \n"), "it is empty");
    assert!(why("a.txt", b"hello\n").starts_with("it is neither JSON"));
    assert!(why("a.txt", b"hello, world\n").contains("no column is recognised"));
}
