//! Lines of the text part.

use unicode_segmentation::UnicodeSegmentation;

/// Columns of the text part.
pub(super) const COLUMNS: usize = 72;

/// Breaks a line at spaces so that it keeps within `columns` where its words allow.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut width = 0;
    // A space that must not break (French, numbers) is no space here.
    for word in text.split([' ', '\t', '\n']).filter(|word| !word.is_empty()) {
        let wide = word.graphemes(true).count();
        if width > 0 && width + 1 + wide > columns {
            lines.push(std::mem::take(&mut line));
            width = 0;
        }
        if width > 0 {
            line.push(' ');
            width += 1;
        }
        line.push_str(word);
        width += wide;
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_never_inside_a_number() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("soit 93\u{a0}% ici", 8), ["soit", "93\u{a0}% ici"]);
        assert_eq!(wrapped("", 7), [""; 0]);
    }
}
