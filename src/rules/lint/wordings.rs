//! Judgements about wordings: too short, said twice, in another language, or with letters that are not what they seem.

use std::collections::HashMap;

use super::{Look, brief, warning};
use crate::model::claim::Status;
use crate::model::sighting::WordingKind;
use crate::rules::diagnostic::Diagnostic;
use crate::rules::{Rule, Wording, codes};
use crate::text::frequency::{Tongue, weight, zipf_tenths};
use crate::text::stem::Endings;
use crate::text::words::words;

/// Words that weigh less say little about what a sentence is about (hundredths of a nat).
const CONTENT: u32 = 300;

/// Fewer words than this say nothing about a language.
const FEWEST_FOR_LANGUAGE: usize = 5;

/// A wording of more words than this is a paragraph: nobody repeats one.
const MOST_WORDS: usize = 60;

pub(super) fn judge(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    for wording in &look.rule.wordings {
        found.extend(too_short(look.rule, wording));
        found.extend(too_long(wording));
        found.extend(other_language(wording));
        found.extend(mixed_scripts(wording));
    }
}

fn tag(wording: &Wording) -> &str {
    wording.lang.as_ref().map_or("en", |lang| lang.0.as_str())
}

/// `all_of` makes a short wording safe; without it three words of sense are the least for a variant, two for a phrase.
fn too_short(rule: &Rule, wording: &Wording) -> Option<Diagnostic> {
    if !rule.all_of.is_empty() {
        return None;
    }
    let tongue = Tongue::of(tag(wording));
    let sense = words(&wording.text).plain().filter(|word| weight(word.form, tongue) >= CONTENT).count();
    let (least, kind) = if wording.kind == WordingKind::Phrase { (2, "phrase") } else { (3, "variant") };
    (sense < least).then(|| {
        let message = format!("too short to match safely: \"{}\" has {sense} word{} of its own", brief(&wording.text), s(sense));
        let help = format!("give this {kind} {least} such words or more, or add `all_of` with the names a post must hold");
        warning(codes::TOO_SHORT, wording.place.clone(), message, help)
    })
}

/// A phrase asks for all its words, a variant for most of them close together.
fn too_long(wording: &Wording) -> Option<Diagnostic> {
    let count = words(&wording.text).plain().count();
    (count > MOST_WORDS).then(|| {
        let (kind, asks) = match wording.kind {
            WordingKind::Phrase => ("phrase", "all of them, one after the other"),
            _ => ("variant", "most of them, close together"),
        };
        let message = format!("too long to match: this {kind} has {count} words, and only a post with {asks}, repeats it");
        let help = "write the one sentence that people repeat; several sentences are several wordings";
        warning(codes::TOO_LONG, wording.place.clone(), message, help)
    })
}

fn s(number: usize) -> &'static str {
    if number == 1 { "" } else { "s" }
}

/// The same words in the same language: for a phrase in the same order, for a variant in any.
pub(super) fn repeated(rules: &[Rule], found: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<(bool, &str, Vec<String>), (&Rule, &Wording)> = HashMap::new();
    for rule in rules.iter().filter(|rule| matches!(rule.claim.status, Status::Active | Status::Test)) {
        for wording in &rule.wordings {
            let endings = Endings::of(tag(wording));
            let mut row: Vec<String> = words(&wording.text)
                .plain()
                .map(|word| endings.map_or_else(|| word.form.to_owned(), |endings| endings.off(word.form).into_owned()))
                .collect();
            let is_phrase = wording.kind == WordingKind::Phrase;
            if !is_phrase {
                row.sort();
            }
            match seen.get(&(is_phrase, tag(wording), row.clone())) {
                None => {
                    seen.insert((is_phrase, tag(wording), row), (rule, wording));
                }
                Some((first_rule, first)) => {
                    let own = first_rule.claim.id == rule.claim.id;
                    let message = format!("\"{}\" repeats another wording", brief(&wording.text));
                    let help = if own {
                        "delete one of the two: capitals, accents, endings and small typos are allowed for already".to_owned()
                    } else {
                        format!(
                            "both claims will alert on the same post; keep it in one, or let one take the other's place with replaces = [\"{}\"]",
                            first_rule.claim.id
                        )
                    };
                    let mut one = warning(codes::SAID_TWICE, wording.place.clone(), message, help);
                    one.also = Some((first.place.clone(), format!("first written here, in `{}`", first_rule.claim.id)));
                    found.push(one);
                }
            }
        }
    }
}

/// Languages with a script of their own that the others do not use.
fn script_of(text: &str) -> Option<&'static str> {
    // A strange letter or a name in a Latin sentence is not its language.
    let letters = text.chars().filter(|c| c.is_alphabetic());
    let (latin, others): (Vec<char>, Vec<char>) = letters.partition(|c| *c < '\u{0370}');
    if latin.len() > others.len() {
        return None;
    }
    let has = |range: std::ops::RangeInclusive<char>| text.chars().any(|c| range.contains(&c));
    if has('\u{3041}'..='\u{30ff}') {
        return Some("ja");
    }
    if has('\u{ac00}'..='\u{d7a3}') {
        return Some("ko");
    }
    if has('\u{4e00}'..='\u{9fff}') {
        return Some("zh");
    }
    if has('\u{0400}'..='\u{052f}') {
        return Some("ru");
    }
    has('\u{0600}'..='\u{06ff}').then_some("ar")
}

fn share(script: &str, tag: &str) -> bool {
    match script {
        // Japanese headlines are often in Chinese characters alone.
        "zh" => matches!(tag, "zh" | "ja" | "ko" | "yue"),
        "ru" => matches!(tag, "ru" | "uk" | "be" | "bg" | "sr" | "mk" | "kk" | "ky" | "mn" | "tg"),
        "ar" => matches!(tag, "ar" | "fa" | "ur" | "ps" | "ku" | "ckb" | "ug" | "sd"),
        other => other == tag,
    }
}

fn other_language(wording: &Wording) -> Option<Diagnostic> {
    let tag = tag(wording);
    let is = script_of(&wording.text).filter(|script| !share(script, tag)).or_else(|| likely(&wording.text, tag))?;
    let declared = match &wording.lang {
        Some(_) => format!("says lang = \"{tag}\""),
        None => "names no language, which means English".to_owned(),
    };
    Some(warning(
        codes::OTHER_LANGUAGE,
        wording.place.clone(),
        format!("this wording {declared}, and looks like \"{is}\""),
        format!(
            "write {{ lang = \"{is}\", text = \"{}\" }}: endings and common words depend on the language",
            brief(&wording.text)
        ),
    ))
}

/// Compares how many words are ordinary in each of the languages whose words we know.
fn likely(text: &str, tag: &str) -> Option<&'static str> {
    const KNOWN: [(&str, Tongue); 5] = [
        ("en", Tongue::English),
        ("fr", Tongue::French),
        ("es", Tongue::Spanish),
        ("de", Tongue::German),
        ("pt", Tongue::Portuguese),
    ];
    let own = KNOWN.iter().find(|(known, _)| *known == tag)?;
    let found = words(text);
    let forms: Vec<&str> = found.plain().map(|word| word.form).filter(|form| form.chars().all(char::is_alphabetic)).collect();
    if forms.len() < FEWEST_FOR_LANGUAGE {
        return None;
    }
    let ordinary = |tongue: Tongue| -> u32 { forms.iter().filter_map(|form| zipf_tenths(form, tongue)).map(u32::from).sum() };
    let here = ordinary(own.1);
    let (there, is) = KNOWN.iter().filter(|known| known.0 != tag).map(|(is, tongue)| (ordinary(*tongue), *is)).max()?;
    (there > here.saturating_mul(3) / 2 && there as usize > 20 * forms.len()).then_some(is)
}

fn mixed_scripts(wording: &Wording) -> Option<Diagnostic> {
    let word = wording.text.split(|c: char| !c.is_alphanumeric()).find(|word| {
        let has = |is: fn(char) -> bool| word.chars().any(is);
        has(|c| c.is_ascii_alphabetic()) && has(|c| matches!(c, '\u{0370}'..='\u{052f}'))
    })?;
    let strange = word.chars().find(|c| matches!(c, '\u{0370}'..='\u{052f}'))?;
    Some(warning(
        codes::MIXED_SCRIPTS,
        wording.place.clone(),
        format!("in \"{word}\" the letter \"{strange}\" (U+{:04X}) is not a Latin one", u32::from(strange)),
        "type the word anew; posts written with such letters are understood without it",
    ))
}
