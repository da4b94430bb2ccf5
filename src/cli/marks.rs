//! A post's text with the words that decided marked: ⟦wording⟧ and «gate» in plain text, colours on a terminal.

use anstyle::{AnsiColor, Style};

use super::output::Paint;
use crate::model::post::Post;
use crate::model::sighting::{Cue, Span};

/// So much text is shown on either side of the marked words.
const AROUND: usize = 90;

/// Gives the text of the parts that hold marks, shortened around them.
pub fn marked(post: &Post, wording: &[Span], gates: &[Span], paint: Paint) -> String {
    let mut pieces = Vec::new();
    for (index, part) in post.parts.iter().enumerate() {
        let of_part = |spans: &[Span]| spans.iter().filter(|s| s.part == index).map(|s| (s.start, s.end)).collect::<Vec<_>>();
        let wording = joined(&part.text, of_part(wording), |between| !between.contains(char::is_alphanumeric));
        // Two gates side by side are two reasons; only where they overlap are they one mark.
        let gates = joined(&part.text, of_part(gates), |_| false);
        pieces.push(one(&part.text, &wording, &gates, paint));
    }
    pieces.join(" | ")
}

/// Spans that overlap, or that only `glue` separates, are shown as one.
fn joined(text: &str, mut spans: Vec<(usize, usize)>, glue: fn(&str) -> bool) -> Vec<(usize, usize)> {
    spans.retain(|(start, end)| start < end && text.get(*start..*end).is_some());
    spans.sort_unstable();
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for (start, end) in spans {
        match joined.last_mut() {
            Some(last) if start < last.1 || text.get(last.1..start).is_some_and(glue) => {
                last.1 = last.1.max(end);
            }
            _ => joined.push((start, end)),
        }
    }
    joined
}

fn one(text: &str, wording: &[(usize, usize)], gates: &[(usize, usize)], paint: Paint) -> String {
    let mut edges: Vec<usize> = wording.iter().chain(gates).flat_map(|(start, end)| [*start, *end]).collect();
    edges.sort_unstable();
    edges.dedup();
    let (Some(first), Some(last)) = (edges.first().copied(), edges.last().copied()) else {
        return shortened(text, 0, text.len().min(2 * AROUND));
    };
    let (from, to) = (first.saturating_sub(AROUND), last.saturating_add(AROUND).min(text.len()));
    let mut shown = String::new();
    let mut at = floor(text, from);
    if at > 0 {
        shown.push('…');
    }
    if to > last {
        edges.push(to);
    }
    for edge in edges {
        let edge = floor(text, edge);
        let piece = text.get(at..edge).unwrap_or_default();
        let inside = |spans: &[(usize, usize)]| spans.iter().any(|(start, end)| *start <= at && at < *end);
        let (in_wording, in_gate) = (inside(wording), inside(gates));
        let piece = if in_wording || in_gate { one_line(piece) } else { without_middle(piece) };
        shown.push_str(&paint.with(style(in_wording, in_gate), &piece));
        if !paint.colour {
            shown.push_str(&brackets(wording, gates, edge));
        }
        at = edge;
    }
    if at < text.len() {
        shown.push('…');
    }
    shown
}

/// A long stretch without marks is shown by its two ends.
fn without_middle(piece: &str) -> String {
    if piece.len() <= 3 * AROUND {
        return one_line(piece);
    }
    let (head, tail) = (floor(piece, AROUND), floor(piece, piece.len() - AROUND));
    one_line(&format!("{} … {}", piece.get(..head).unwrap_or_default(), piece.get(tail..).unwrap_or_default()))
}

/// Closing signs first, gates innermost.
fn brackets(wording: &[(usize, usize)], gates: &[(usize, usize)], at: usize) -> String {
    let mut signs = String::new();
    let mut put = |spans: &[(usize, usize)], end: bool, sign: char| {
        if spans.iter().any(|span| if end { span.1 == at } else { span.0 == at }) {
            signs.push(sign);
        }
    };
    put(gates, true, '»');
    put(wording, true, '⟧');
    put(wording, false, '⟦');
    put(gates, false, '«');
    signs
}

fn style(wording: bool, gate: bool) -> Style {
    let style = if wording { AnsiColor::Yellow.on_default().bold() } else { Style::new() };
    match (wording, gate) {
        (_, false) => style,
        (true, true) => style.underline(),
        (false, true) => AnsiColor::Cyan.on_default().underline(),
    }
}

/// Up to `length` bytes from `from`, on one line.
pub fn shortened(text: &str, from: usize, length: usize) -> String {
    let start = floor(text, from);
    let end = floor(text, start.saturating_add(length));
    let more = if end < text.len() { "…" } else { "" };
    format!("{}{more}", one_line(text.get(start..end).unwrap_or_default()))
}

/// Control characters would let a post write on the reader's terminal.
/// The words or the address that show the stance, as `denial ("falsely")` has them.
pub(super) fn cue_words(cue: Option<&Cue>) -> String {
    match cue {
        Some(Cue { words, span: Some(_) }) => format!(" (\"{}\")", shortened(words, 0, 60)),
        Some(Cue { words, span: None }) => format!(" (links to {})", shortened(words, 0, 100)),
        None => String::new(),
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn plain(text: &str, wording: &[&str], gates: &[&str]) -> String {
        let post = Post::of_text(text, Timestamp::UNIX_EPOCH);
        let spans = |words: &[&str]| {
            words
                .iter()
                .map(|w| text.find(w).map(|start| Span { part: 0, start, end: start + w.len() }).unwrap())
                .collect::<Vec<_>>()
        };
        marked(&post, &spans(wording), &spans(gates), Paint { colour: false })
    }

    #[test]
    fn words_that_follow_each_other_are_marked_as_one() {
        assert_eq!(
            plain("No longer - sleep well tonight!", &["sleep", "well", "tonight"], &[]),
            "No longer - ⟦sleep well tonight⟧!"
        );
    }

    #[test]
    fn a_gate_may_lie_inside_a_wording_or_begin_with_it() {
        assert_eq!(
            plain("the North Korea threat is over", &["North Korea threat is over"], &["North Korea"]),
            "the ⟦«North Korea» threat is over⟧"
        );
        assert_eq!(plain("北朝鮮の核", &["北朝鮮の核"], &["北朝鮮"]), "⟦«北朝鮮»の核⟧");
    }

    #[test]
    fn long_texts_are_shown_around_their_marks() {
        let text = format!("{} sleep well {}", "word ".repeat(100), "word ".repeat(100));
        let shown = plain(&text, &["sleep well"], &[]);
        assert!(shown.starts_with('…') && shown.ends_with('…') && shown.len() < 250, "{shown}");
    }

    #[test]
    fn a_post_cannot_write_on_the_terminal() {
        assert!(!plain("\u{1b}[2J sleep", &["sleep"], &[]).contains('\u{1b}'));
    }
}
