//! What cues say in five languages, and what they must not say.

use super::*;
use crate::model::post::Part;
use crate::rules::cues;
use jiff::Timestamp;
use proptest::prelude::*;

/// How `text` stands to the matched words between ⟦ ⟧, and the words that show it.
fn read(lang: &str, text: &str) -> (Stance, String) {
    read_with(lang, text, |_| {})
}

fn read_with(lang: &str, text: &str, change: impl Fn(&mut Post)) -> (Stance, String) {
    let (mut plain, mut spans, mut start) = (String::new(), Vec::new(), 0);
    for c in text.chars() {
        match c {
            '⟦' => start = plain.len(),
            '⟧' => spans.push(Span { part: 0, start, end: plain.len() }),
            c => plain.push(c),
        }
    }
    let mut post = Post::of_text(&plain, Timestamp::UNIX_EPOCH);
    change(&mut post);
    let matched = Matched {
        wording: "the moon is made of cheese",
        own: spans.clone(),
        spans: &spans,
        claimant: Some("Ada Miller"),
        fact_checks: &["checks.example/moon".to_owned()],
        tongues: [Some(Tongue::of(lang)), None],
    };
    let (stance, cue) = stance(&post, &Reading::of_words(&post), &cues::embedded(), &Addresses::of(&post), &matched);
    (stance, cue.map(|cue| cue.words).unwrap_or_default())
}

fn all(lang: &str, wanted: &[(&str, Stance, &str)]) {
    for (text, stance, cue) in wanted {
        assert_eq!(read(lang, text), (*stance, (*cue).to_owned()), "{text}");
    }
}

#[test]
fn english_cues_are_read() {
    all(
        "en",
        &[
            ("Wake up: ⟦the moon is made of cheese⟧!", Stance::Assertion, ""),
            ("\"⟦The moon is made of cheese⟧\", Ada Miller told the club.", Stance::Quoted, "told"),
            ("The mayor claims ⟦the moon is made of cheese⟧.", Stance::Report, "claims"),
            ("⟦The moon is made of cheese⟧, according to the mayor.", Stance::Report, "according to"),
            ("⟦Is the moon made of cheese⟧, as they teach", Stance::Question, "Is"),
            ("So ⟦the moon is made of cheese⟧?", Stance::Question, "?"),
            ("The mayor falsely claims ⟦the moon is made of cheese⟧.", Stance::Denial, "falsely"),
            ("⟦The moon is made of cheese⟧. There is no evidence for it.", Stance::Denial, "no evidence"),
        ],
    );
}

#[test]
fn french_cues_are_read() {
    all(
        "fr",
        &[
            ("Selon le maire, ⟦la lune est en fromage⟧.", Stance::Report, "Selon"),
            ("« ⟦La lune est en fromage⟧ », a dit Mme Miller.", Stance::Quoted, "a dit"),
            ("Est-ce que ⟦la lune est en fromage⟧", Stance::Question, "Est-ce que"),
            ("⟦La lune est en fromage⟧ ? Nous avons regardé.", Stance::Question, "?"),
            ("Non, ce n'est pas vrai : ⟦la lune est en fromage⟧.", Stance::Denial, "pas vrai"),
        ],
    );
}

#[test]
fn spanish_cues_are_read() {
    all(
        "es",
        &[
            ("Según el alcalde, ⟦la luna es de queso⟧.", Stance::Report, "Según"),
            ("«⟦La luna es de queso⟧», dijo Miller.", Stance::Quoted, "dijo"),
            ("¿⟦La luna es de queso⟧?", Stance::Question, "?"),
            ("Es un bulo que ⟦la luna es de queso⟧.", Stance::Denial, "bulo"),
            ("⟦La luna es de queso⟧. No hay pruebas de ello.", Stance::Denial, "No hay pruebas"),
        ],
    );
}

#[test]
fn german_cues_are_read() {
    all(
        "de",
        &[
            ("Laut Bürgermeister ⟦ist der Mond aus Käse⟧.", Stance::Report, "Laut"),
            ("„⟦Der Mond ist aus Käse⟧“, sagte Ada Miller.", Stance::Quoted, "sagte"),
            ("Stimmt es, dass ⟦der Mond aus Käse ist⟧", Stance::Question, "Stimmt es"),
            ("⟦Der Mond ist aus Käse⟧ – das stimmt nicht.", Stance::Denial, "stimmt nicht"),
            ("⟦Der Mond ist aus Käse⟧. Dafür gibt es keine Belege.", Stance::Denial, "keine Belege"),
        ],
    );
}

#[test]
fn portuguese_cues_are_read() {
    all(
        "pt",
        &[
            ("Segundo o prefeito, ⟦a lua é de queijo⟧.", Stance::Report, "Segundo"),
            ("“⟦A lua é de queijo⟧”, disse Miller.", Stance::Quoted, "disse"),
            ("Será que ⟦a lua é de queijo⟧", Stance::Question, "Será que"),
            ("Não é verdade que ⟦a lua é de queijo⟧.", Stance::Denial, "Não é verdade"),
        ],
    );
}

#[test]
fn words_inside_the_matched_ones_are_no_cues() {
    all(
        "en",
        &[
            ("⟦The hoax is no longer a hoax, he said⟧", Stance::Assertion, ""),
            ("⟦No longer⟧, ⟦not true any more⟧", Stance::Assertion, ""),
        ],
    );
}

#[test]
fn a_cue_two_sentences_away_does_not_count() {
    all(
        "en",
        &[
            ("⟦The moon is made of cheese⟧. I went there. The rest is false.", Stance::Assertion, ""),
            ("That other tale is false. ⟦The moon is made of cheese⟧.", Stance::Assertion, ""),
        ],
    );
}

#[test]
fn what_is_taken_back_or_harmless_does_not_count() {
    all(
        "en",
        &[
            ("This is not a hoax: ⟦the moon is made of cheese⟧", Stance::Assertion, ""),
            ("The fake news media hide that ⟦the moon is made of cheese⟧", Stance::Assertion, ""),
            ("I said it first, ⟦the moon is made of cheese⟧", Stance::Assertion, ""),
            ("⟦No more moon⟧ - false!", Stance::Denial, "false"),
        ],
    );
}

#[test]
fn a_question_mark_inside_an_address_asks_nothing() {
    all("en", &[("⟦The moon is made of cheese⟧ https://moon.example/?id=1", Stance::Assertion, "")]);
}

#[test]
fn only_addresses_make_a_fact_check() {
    let link = |address: &'static str| move |post: &mut Post| post.links.push(address.to_owned());
    let text = "Fact check: what of ⟦the moon is made of cheese⟧";
    assert_eq!(read("en", text).0, Stance::Question);
    assert_eq!(read_with("en", text, link("https://www.snopes.com/a")), (Stance::Factcheck, "snopes.com".to_owned()));
    let own = read_with("en", text, link("https://checks.example/moon/?utm_source=x"));
    assert_eq!(own, (Stance::Factcheck, "checks.example/moon".to_owned()));
    assert_eq!(read_with("en", text, link("https://football.example/fact-check")).0, Stance::Question);
}

#[test]
fn a_headline_is_denied_by_the_first_sentence_below_it() {
    let below = |text: &'static str| {
        move |post: &mut Post| {
            post.parts[0].kind = PartKind::Title;
            post.parts.push(Part { kind: PartKind::Text, text: text.to_owned() });
        }
    };
    let title = "⟦The moon is made of cheese⟧";
    assert_eq!(read_with("en", title, below("That is false.")), (Stance::Denial, "false".to_owned()));
    assert_eq!(read_with("en", title, below("A long story. That is false.")).0, Stance::Assertion);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_cues_lie_on_boundaries(
        text in "(\\PC|[?!.«»“”\"' \n]|false |said |not |Miller |Is |no evidence |faux |é ){0,60}",
        (a, b) in (0usize..200, 0usize..200),
    ) {
        let post = Post::of_text(&text, Timestamp::UNIX_EPOCH);
        let (start, end) = (text.floor_char_boundary(a.min(b)), text.floor_char_boundary(a.max(b)));
        let spans = [Span { part: 0, start, end }];
        let matched = Matched {
            wording: "", own: spans.to_vec(), spans: &spans, claimant: Some("Ada Miller"), fact_checks: &[],
            tongues: [Some(Tongue::English), Some(Tongue::French)],
        };
        let (stance, cue) = stance(&post, &Reading::of_words(&post), &cues::embedded(), &Addresses::of(&post), &matched);
        prop_assert_eq!(stance == Stance::Assertion, cue.is_none());
        if let Some(Cue { words, span: Some(span) }) = cue {
            prop_assert_eq!(text.get(span.start..span.end), Some(words.as_str()));
            // A span without a word, between the words of a cue, hides none of them.
            let holds_words = text[start..end].contains(char::is_alphanumeric);
            prop_assert!(!holds_words || span.end <= start || span.start >= end || stance == Stance::Question);
        }
    }
}
