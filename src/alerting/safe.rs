//! Words from outside made safe to show: nothing invisible, nothing that turns the text round, no address that can be clicked.

use std::collections::BTreeMap;
use std::ops::Range;

use super::words::Direction;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// Marks stacked on one letter; more is decoration that runs over the lines above.
const MOST_MARKS: usize = 4;

/// Gives one line of visible text: white space as single spaces, control and invisible characters gone, addresses defanged.
pub(super) fn line(text: &str) -> String {
    let (seen, _) = visible(text, &[]);
    with_edits(&seen, 0..seen.len(), &edits(&seen))
}

/// Gives `line(text)`, cut after `graphemes` with an ellipsis.
pub(super) fn short(text: &str, graphemes: usize) -> String {
    cut(&line(text), graphemes)
}

/// Cuts after `graphemes` user-perceived characters, the ellipsis included.
pub(super) fn cut(text: &str, graphemes: usize) -> String {
    let mut bounds = text.grapheme_indices(true).skip(graphemes.saturating_sub(1));
    let Some((end, _)) = bounds.next() else { return text.to_owned() };
    if bounds.next().is_none() {
        return text.to_owned();
    }
    let head = text.get(..end).unwrap_or(text).trim_end();
    format!("{head}…")
}

/// Keeps foreign words from turning the words around them: isolated (UAX #9 §2.4.2) where one of the two runs the other way.
///
/// The words must be visible already; isolates are always closed.
pub(super) fn apart(text: &str, around: Direction) -> String {
    let turns = match around {
        Direction::Ltr => text.chars().any(runs_right_to_left),
        Direction::Rtl => text.chars().any(|c| c.is_alphabetic() && !runs_right_to_left(c)),
    };
    if turns { format!("\u{2068}{text}\u{2069}") } else { text.to_owned() }
}

/// Letters of scripts written from right to left: Hebrew, Arabic, Syriac, Thaana, N'Ko and their neighbours.
fn runs_right_to_left(c: char) -> bool {
    matches!(c, '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}' | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

/// Takes away what a mail program could read as an encoded word (RFC 2047): a title may hold a forged one.
pub(super) fn without_encoded_words(text: &str) -> String {
    let mut text = text.to_owned();
    // Taking one away may put the next together ("==??"), so once is not enough; each round makes the text shorter.
    while text.contains("=?") {
        text = text.replace("=?", "");
    }
    text
}

/// Writes an address so that no program makes a link of it: `hxxps://bad[.]example/page[.]html`.
pub(super) fn address(address: &str) -> String {
    let (seen, _) = visible(address, &[]);
    with_edits(&seen, 0..seen.len(), &schemes(&seen)).replace(['.', '。', '．', '｡'], "[.]")
}

/// Takes away what cannot be seen and keeps `marks` (sorted, apart, on character boundaries) on the words they were on.
pub(super) fn visible(text: &str, marks: &[Range<usize>]) -> (String, Vec<Range<usize>>) {
    let mut out = String::with_capacity(text.len());
    let mut moved: Vec<Range<usize>> = marks.iter().map(|_| 0..0).collect();
    let mut mark = 0;
    let mut stacked = 0;
    for (at, c) in text.char_indices() {
        while marks.get(mark).is_some_and(|m| m.end <= at) {
            mark += 1;
        }
        let before = out.len();
        push_visible(&mut out, c, &mut stacked);
        let inside = marks.get(mark).is_some_and(|m| m.start <= at);
        if inside
            && out.len() > before
            && let Some(to) = moved.get_mut(mark)
        {
            if to.start == to.end {
                to.start = before;
            }
            to.end = out.len();
        }
    }
    let end = out.trim_end().len();
    out.truncate(end);
    for range in &mut moved {
        range.start = range.start.min(end);
        range.end = range.end.min(end);
    }
    moved.retain(|range| range.start < range.end);
    (out, moved)
}

fn push_visible(out: &mut String, c: char, stacked: &mut usize) {
    if c.is_whitespace() || matches!(c, '\u{2028}' | '\u{2029}') {
        *stacked = 0;
        if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
        return;
    }
    if is_hidden(c) {
        return;
    }
    if is_combining_mark(c) {
        *stacked += 1;
        if *stacked > MOST_MARKS {
            return;
        }
    } else {
        *stacked = 0;
    }
    out.push(match c {
        '⟦' => '[',
        '⟧' => ']',
        other => other,
    });
}

/// Control characters, turners of direction and characters without a shape. The two joiners stay: Persian and emoji need them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{200E}'
            | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}' | '\u{E000}'..='\u{F8FF}')
}

/// What is written in place of the character at a byte, so that no address in a text can be clicked.
pub(super) type Edits = BTreeMap<usize, &'static str>;

/// Finds what has to change in visible text; the rest stays as it is ("3.5", "U.S.", "end. Next").
pub(super) fn edits(text: &str) -> Edits {
    let mut edits = schemes(text);
    edits.extend(text.match_indices('.').filter(|(at, _)| joins_a_name(text, *at)).map(|(at, _)| (at, "[.]")));
    edits
}

/// Gives `range` of `text` with the edits that fall into it.
pub(super) fn with_edits(text: &str, range: Range<usize>, edits: &Edits) -> String {
    let mut out = String::with_capacity(range.len() + 8);
    for (at, c) in text.get(range.clone()).unwrap_or_default().char_indices() {
        match edits.get(&(range.start + at)) {
            Some(instead) => out.push_str(instead),
            None => out.push(c),
        }
    }
    out
}

/// Whether the dot at `at` stands inside something that looks like a host name: a letter or digit before it, two of them
/// behind it that are not both digits.
fn joins_a_name(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|head| head.chars().next_back());
    let mut behind = text.get(at + 1..).unwrap_or_default().chars();
    let (Some(before), Some(first), Some(second)) = (before, behind.next(), behind.next()) else { return false };
    before.is_alphanumeric()
        && first.is_alphanumeric()
        && (second.is_alphanumeric() || second == '-')
        && !(first.is_ascii_digit() && second.is_ascii_digit())
}

/// `http` becomes `hxxp`; the colon of any other scheme gets brackets.
fn schemes(text: &str) -> Edits {
    let mut edits = Edits::new();
    for (colon, _) in text.match_indices("://") {
        let head = text.get(..colon).unwrap_or_default().as_bytes();
        let name = if head.last().is_some_and(|c| c.eq_ignore_ascii_case(&b's')) { head.len() - 1 } else { head.len() };
        let is_http = name >= 4 && head.get(name - 4..name).is_some_and(|word| word.eq_ignore_ascii_case(b"http"));
        if is_http {
            edits.insert(name - 3, "x");
            edits.insert(name - 2, "x");
        } else {
            edits.insert(colon, "[:]");
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_be_clicked() {
        assert_eq!(address("https://bad.example/a.html?u=http://x.y"), "hxxps://bad[.]example/a[.]html?u=hxxp://x[.]y");
        assert_eq!(address("HTTP://BAD.example"), "HxxP://BAD[.]example");
        assert_eq!(address("gopher://bad.example"), "gopher[:]//bad[.]example");
    }

    #[test]
    fn addresses_inside_a_text_are_defanged_and_sentences_are_not() {
        assert_eq!(line("see www.bad.example/x now."), "see www[.]bad[.]example/x now.");
        assert_eq!(line("It costs 3.5 m in the U.S. Next day 14.00."), "It costs 3.5 m in the U.S. Next day 14.00.");
        assert_eq!(line("ht\u{200b}tp\u{200b}://bad.ex\u{ad}ample"), "hxxp://bad[.]example");
    }

    #[test]
    fn nothing_invisible_or_turning_stays() {
        assert_eq!(line("a\u{202e}b\u{2066}c\u{0}d\r\ne\u{2028}f\u{85}g\u{9b}h\u{e0041}"), "abcd e f gh");
        assert_eq!(line("  many \t\n  spaces  "), "many spaces");
    }

    #[test]
    fn stacked_marks_are_cut_down() {
        let zalgo = format!("a{}b", "\u{301}".repeat(5000));
        assert_eq!(line(&zalgo), format!("a{}b", "\u{301}".repeat(MOST_MARKS)));
    }

    #[test]
    fn marks_stay_on_their_words() {
        let text = "a \u{202e}b  bad\u{200b}ly c";
        let start = text.find("bad").unwrap();
        let end = text.find(" c").unwrap();
        let (seen, marks) = visible(text, std::slice::from_ref(&(start..end)));
        assert_eq!(seen, "a b badly c");
        assert_eq!(&seen[marks[0].clone()], "badly");
    }

    #[test]
    fn a_cut_falls_between_graphemes() {
        let family = "👨‍👩‍👧";
        assert_eq!(cut(&family.repeat(5), 3), format!("{}…", family.repeat(2)));
        assert_eq!(cut("abc", 3), "abc");
    }

    #[test]
    fn words_that_run_the_other_way_are_kept_apart() {
        assert_eq!(apart("محمد", Direction::Ltr), "\u{2068}محمد\u{2069}");
        assert_eq!(apart("J. Doe", Direction::Rtl), "\u{2068}J. Doe\u{2069}");
        assert_eq!(
            (apart("J. Doe", Direction::Ltr), apart("محمد 12", Direction::Rtl)),
            ("J. Doe".to_owned(), "محمد 12".to_owned())
        );
    }

    #[test]
    fn forged_encoded_words_are_taken_apart() {
        assert_eq!(without_encoded_words("a ==??utf-8?q?=0d=0a?= b"), "a utf-8?q?=0d=0a?= b");
    }
}
