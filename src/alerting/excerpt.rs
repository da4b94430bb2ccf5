//! A post as a letter quotes it: the words around what matched, cut between graphemes, the matching words marked.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::safe;

/// Graphemes shown on each side of a match in a long text.
const AROUND: usize = 90;

/// A cut moves at most this many bytes to fall between words.
const NEAR: usize = 40;

/// A stretch of quoted text, marked or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// The words, safe to show.
    pub text: String,
    /// Whether they are what matched.
    pub marked: bool,
}

/// Quotes at most some `budget` graphemes of `text`, preferring what stands around `marks` (bytes of `text`).
///
/// Marks that do not lie on character boundaries of `text` are left out; they cannot come from the engine.
pub(super) fn quote(text: &str, marks: &[Range<usize>], budget: usize) -> Vec<Run> {
    let marks = merged(text, marks);
    let mut runs = Vec::new();
    let windows = windows(text, &marks, budget);
    for (index, window) in windows.iter().enumerate() {
        if window.start > 0 {
            runs.push(Run { text: if index == 0 { "… " } else { " … " }.to_owned(), marked: false });
        }
        let inside: Vec<Range<usize>> = marks
            .iter()
            .filter(|m| m.start < window.end && m.end > window.start)
            .map(|m| m.start.max(window.start) - window.start..m.end.min(window.end) - window.start)
            .collect();
        runs.extend(runs_of(text.get(window.clone()).unwrap_or_default(), &inside));
    }
    if windows.last().is_some_and(|window| window.end < text.trim_end().len()) {
        runs.push(Run { text: " …".to_owned(), marked: false });
    }
    runs
}

/// Sorts the marks, drops those that do not fit `text`, and joins those that touch.
fn merged(text: &str, marks: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut fitting: Vec<Range<usize>> =
        marks.iter().filter(|m| m.start < m.end && text.get((*m).clone()).is_some()).cloned().collect();
    fitting.sort_by_key(|m| (m.start, m.end));
    let mut joined: Vec<Range<usize>> = Vec::new();
    for mark in fitting {
        match joined.last_mut() {
            // Words of one wording stand apart by a space only: one mark reads better than five.
            Some(last) if text.get(last.end.min(mark.start)..mark.start).is_some_and(|gap| gap.trim().is_empty()) => {
                last.end = last.end.max(mark.end);
            }
            _ => joined.push(mark),
        }
    }
    joined
}

/// The stretches of `text` to show: all of a short one, else the surroundings of the marks, else its beginning.
fn windows(text: &str, marks: &[Range<usize>], budget: usize) -> Vec<Range<usize>> {
    let mut bounds: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
    bounds.push(text.len());
    let count = bounds.len() - 1;
    if count <= budget {
        return std::iter::once(0..text.len()).collect();
    }
    let at = |grapheme: usize| bounds.get(grapheme.min(count)).copied().unwrap_or(text.len());
    if marks.is_empty() {
        return std::iter::once(on_words(text, 0..at(budget), marks)).collect();
    }
    let mut chosen: Vec<(usize, usize)> = Vec::new();
    let mut used = 0;
    for mark in marks {
        let first = bounds.partition_point(|&b| b <= mark.start).saturating_sub(1).saturating_sub(AROUND);
        let last = (bounds.partition_point(|&b| b < mark.end) + AROUND).min(count);
        match chosen.last_mut() {
            Some((_, end)) if first <= *end => {
                let end_now = last.min(end.saturating_add(budget.saturating_sub(used)));
                used += end_now.saturating_sub(*end);
                *end = end_now.max(*end);
            }
            _ => {
                let last = last.min(first.saturating_add(budget.saturating_sub(used)));
                used += last.saturating_sub(first);
                if last > first {
                    chosen.push((first, last));
                }
            }
        }
    }
    chosen.into_iter().map(|(first, last)| on_words(text, at(first)..at(last), marks)).collect()
}

/// Moves the ends of a window inwards to the next space, if one is near and no mark is lost.
fn on_words(text: &str, window: Range<usize>, marks: &[Range<usize>]) -> Range<usize> {
    let inside = || marks.iter().filter(|m| m.start < window.end && m.end > window.start);
    let first = inside().map(|m| m.start).min().unwrap_or(window.end);
    let last = inside().map(|m| m.end).max().unwrap_or(window.start);
    let head = text.get(window.start..first.max(window.start)).unwrap_or_default();
    let tail = text.get(last.min(window.end)..window.end).unwrap_or_default();
    let start = match head.find(char::is_whitespace) {
        Some(space) if window.start > 0 && space < NEAR => window.start + space,
        _ => window.start,
    };
    let end = match tail.rfind(char::is_whitespace) {
        Some(space) if window.end < text.len() && tail.len() - space < NEAR => window.end - (tail.len() - space),
        _ => window.end,
    };
    start..end
}

fn runs_of(text: &str, marks: &[Range<usize>]) -> Vec<Run> {
    let (text, marks) = safe::visible(text, marks);
    // Found in the whole text: a mark in the middle of an address must not bring it back to life.
    let edits = safe::edits(&text);
    let mut runs = Vec::new();
    let mut push = |range: Range<usize>, marked: bool| {
        if !range.is_empty() {
            runs.push(Run { text: safe::with_edits(&text, range, &edits), marked });
        }
    };
    let mut at = 0;
    for mark in marks {
        push(at..mark.start, false);
        push(mark.clone(), true);
        at = mark.end;
    }
    push(at..text.len(), false);
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, words: &[&str], budget: usize) -> String {
        let marks: Vec<_> = words.iter().map(|w| text.find(w).map(|at| at..at + w.len()).unwrap()).collect();
        quote(text, &marks, budget).iter().map(|r| if r.marked { format!("⟦{}⟧", r.text) } else { r.text.clone() }).collect()
    }

    #[test]
    fn a_short_post_is_quoted_whole_with_its_matching_words_marked() {
        assert_eq!(shown("The moon is made of cheese.", &["made of", "cheese"], 100), "The moon is ⟦made of cheese⟧.");
    }

    #[test]
    fn a_long_post_is_cut_around_what_matched() {
        let long = format!("{} the moon is cheese {}", "one ".repeat(9000), "two ".repeat(9000));
        let seen = shown(&long, &["moon"], 300);
        assert!(seen.starts_with("… ") && seen.ends_with(" …") && seen.contains("the ⟦moon⟧ is cheese"), "{seen}");
        assert!(seen.chars().count() < 300, "{}", seen.len());
    }

    #[test]
    fn a_long_post_without_marks_shows_its_beginning() {
        let seen = shown(&"word ".repeat(1000), &[], 50);
        assert_eq!(seen, format!("{} …", "word ".repeat(10).trim_end()));
    }

    #[test]
    fn an_address_with_a_mark_inside_stays_dead() {
        assert_eq!(shown("go to https://evil.example/x", &["ttps://evil."], 100), "go to h⟦xxps://evil[.]⟧example/x");
    }

    #[test]
    fn marks_that_do_not_fit_the_text_are_left_out() {
        let text = "é moon";
        let runs = quote(text, &[1..3, 4..900, 5..5, 3..7], 100);
        assert_eq!(runs.iter().filter(|r| r.marked).map(|r| r.text.as_str()).collect::<Vec<_>>(), ["moon"]);
    }

    #[test]
    fn brackets_of_the_post_cannot_forge_a_mark() {
        assert_eq!(shown("⟦fake⟧ moon", &["moon"], 100), "[fake] ⟦moon⟧");
    }
}
