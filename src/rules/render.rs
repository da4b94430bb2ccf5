//! A mistake drawn for people: the line itself, its words underlined, what is wrong and how to mend it.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level as Heading, Renderer, Snippet};

use super::diagnostic::{Diagnostic, Level, file_of};
use super::{Place, RuleText};

/// Draws one mistake; `files` are the texts that were read, `colour` asks for terminal colours.
pub fn render(one: &Diagnostic, files: &[RuleText], colour: bool) -> String {
    let heading = match one.level {
        Level::Warning => Heading::WARNING,
        Level::Error => Heading::ERROR,
    };
    let first = Line::of(&one.place, files);
    let second = one.also.as_ref().map(|(place, words)| (Line::of(place, files), place, words));
    let mut group = heading.primary_title(one.message.as_str()).id(one.code).element(first.snippet(
        &one.place,
        AnnotationKind::Primary,
        None,
    ));
    if let Some((line, place, words)) = &second {
        group = add(group, line, place, words);
    }
    if let Some(help) = &one.help {
        group = group.element(Heading::HELP.message(help.as_str()));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    // Colons after a path are what editors make a link of.
    renderer.term_width(120).render(&[group])
}

fn add<'a>(group: Group<'a>, line: &'a Line, place: &'a Place, words: &'a str) -> Group<'a> {
    group.element(line.snippet(place, AnnotationKind::Context, Some(words)))
}

/// The line of a place, decoded, and the words in it.
struct Line {
    text: String,
    words: std::ops::Range<usize>,
    number: usize,
}

impl Line {
    fn of(place: &Place, files: &[RuleText]) -> Self {
        let bytes = file_of(place, files).map(|file| file.bytes.as_slice()).unwrap_or_default();
        let start = place.bytes.start.min(bytes.len());
        let end = place.bytes.end.clamp(start, bytes.len());
        let (before, rest) = bytes.split_at(start);
        let begin = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let close = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(bytes.len(), |at| start + at);
        // Zero bytes are UTF-16 read as what it is not: without them the line can be recognised.
        let decode = |from: usize, to: usize| String::from_utf8_lossy(bytes.get(from..to).unwrap_or_default()).replace('\0', "");
        let mut text = decode(begin, start);
        if begin == 0 {
            text = text.trim_start_matches(['\u{feff}', '\u{fffd}']).to_owned();
        }
        let words = text.len();
        text.push_str(&decode(start, end));
        let words = words..text.len();
        text.push_str(&decode(end, close));
        Self { text, words, number: place.line }
    }

    fn snippet<'a>(&'a self, place: &'a Place, kind: AnnotationKind, label: Option<&'a str>) -> Snippet<'a, Annotation<'a>> {
        Snippet::source(self.text.as_str())
            .line_start(self.number)
            .path(place.file.as_str())
            .annotation(kind.span(self.words.clone()).label(label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, words: &str, also: Option<&str>) -> String {
        let file = RuleText { name: "rules/x.toml".to_owned(), bytes: text.as_bytes().to_vec() };
        let place = |words: &str| {
            let start = text.find(words).unwrap();
            let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
            Place {
                file: file.name.clone(),
                line: text[..start].matches('\n').count() + 1,
                column: text[line_start..start].chars().count() + 1,
                bytes: start..start + words.len(),
            }
        };
        let one = Diagnostic {
            level: Level::Error,
            code: "E012",
            message: "unknown key `severty`".to_owned(),
            place: place(words),
            help: Some("did you mean `severity`?".to_owned()),
            also: also.map(|words| (place(words), "first used here".to_owned())),
        };
        render(&one, &[file], false)
    }

    #[test]
    fn the_words_are_underlined_and_the_second_place_shown() {
        assert_eq!(
            at("id = 1\nseverty = 2\n", "severty", Some("id")),
            "error[E012]: unknown key `severty`\n --> rules/x.toml:2:1\n  |\n2 | severty = 2\n  | ^^^^^^^\n  |\n ::: rules/x.toml:1:1\n  |\n1 | id = 1\n  | -- first used here\n  |\n  = help: did you mean `severity`?"
        );
    }

    #[test]
    fn wide_characters_tabs_and_emoji_do_not_shift_the_underline() {
        let drawn = at("a\n\tp = [\"北朝鮮の核\", \"😴\", bad]\n", "bad", None);
        let lines: Vec<&str> = drawn.lines().collect();
        // Tab becomes four columns, each Japanese sign and the emoji take two.
        let columns = "4 + p = [\" + 10 + \", \" + 2 + \", ";
        let width = 4 + "p = [\"".len() + 10 + "\", \"".len() + 2 + "\", ".len();
        assert_eq!(lines[4].find('^').map(|at| at - "  | ".len()), Some(width), "{columns}\n{drawn}");
        assert!(drawn.contains("rules/x.toml:2:21"), "the column counts characters: {drawn}");
    }

    #[test]
    fn a_place_in_an_unknown_file_is_still_told() {
        let place = Place { file: "gone.toml".to_owned(), line: 3, column: 1, bytes: 10..12 };
        let one = Diagnostic { level: Level::Warning, code: "L119", message: "m".to_owned(), place, help: None, also: None };
        assert!(render(&one, &[], false).contains("gone.toml:3:1"));
    }
}
