//! A rule file in its one layout: keys in the usual order and aligned, comments where they were, slips mended that have one remedy.

mod arrange;
mod slips;

use toml_edit::DocumentMut;

use super::RuleText;

/// Why a file is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Its bytes are no text, or its TOML is broken in a way that has more than one remedy: `check` says where.
    Broken,
    /// The new layout would not say the same. Nobody should ever see this.
    Unsafe,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Broken => "it has mistakes that only you can mend; `claimwatch check` shows them",
            Self::Unsafe => "a new layout would change what it says; please report this",
        })
    }
}

/// Gives the file in its one layout. Laying out twice changes nothing more.
///
/// Mended on the way: a byte order mark, UTF-16, Windows line ends, curly quotes around texts, blanks that are none, missing commas.
///
/// # Errors
/// When a person must decide what was meant.
pub fn laid_out(file: &RuleText) -> Result<String, Refusal> {
    let text = slips::text_of(&file.bytes).ok_or(Refusal::Broken)?;
    let text = slips::mended(&text).ok_or(Refusal::Broken)?;
    let mut document: DocumentMut = text.parse().map_err(|_| Refusal::Broken)?;
    arrange::document(&mut document);
    let mut new = document.to_string();
    new.truncate(new.trim_end().len());
    new.push('\n');
    // Editors trust us with their files: what is read from the new text must be what was read from the old.
    let (before, after) = (text.parse::<toml::Table>(), new.parse::<toml::Table>());
    match (before, after) {
        (Ok(before), Ok(after)) if before == after => Ok(new),
        _ => Err(Refusal::Unsafe),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid(text: &str) -> String {
        let new = laid_out(&RuleText { name: "x.toml".to_owned(), bytes: text.as_bytes().to_vec() }).unwrap();
        let again = laid_out(&RuleText { name: "x.toml".to_owned(), bytes: new.as_bytes().to_vec() }).unwrap();
        assert_eq!(new, again, "laying out twice changes nothing more");
        new
    }

    #[test]
    fn keys_get_their_order_and_their_column_and_comments_stay() {
        let text = "format=1\n[[claim]]\n# the sentence\nclaim=\"c\"   # said twice\nid =   \"nk-x\"\n\n\n\n\nnotes = \"n\"\n";
        assert_eq!(
            laid(text),
            "format = 1\n\n[[claim]]\nid = \"nk-x\"\n# the sentence\nclaim = \"c\"   # said twice\n\nnotes = \"n\"\n"
        );
    }

    #[test]
    fn keys_below_each_other_are_aligned() {
        assert_eq!(
            laid("[[claim]]\nid = \"a\"\nclaimant = \"b\"\ntags = [\n\"x\",\n    # why\n  \"y\"]\n"),
            "[[claim]]\nid       = \"a\"\nclaimant = \"b\"\ntags = [\n  \"x\",\n  # why\n  \"y\",\n]\n"
        );
    }

    #[test]
    fn curly_quotes_commas_and_windows_line_ends_are_mended() {
        let text = "\u{feff}format = 1\r\n[claim.match]\r\nphrases = [\r\n  “sleep \\ tight”,\r\n  \"a\"\r\n  \"b\",\r\n]\r\nx\u{a0}= „y“\r\n";
        assert_eq!(
            laid(text),
            "format = 1\n\n[claim.match]\nphrases = [\n  \"sleep \\\\ tight\",\n  \"a\",\n  \"b\",\n]\nx = \"y\"\n"
        );
    }

    #[test]
    fn quotes_inside_texts_stay_as_they_are() {
        let text = "a = \"He said “no” to us\"\nb = '''\n“x”\n'''\n";
        assert_eq!(laid(text), text);
    }

    #[test]
    fn utf_16_is_made_utf_8() {
        let bytes = [0xFF, 0xFE].into_iter().chain("a = \"é\"\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(laid_out(&RuleText { name: String::new(), bytes }).unwrap(), "a = \"é\"\n");
    }

    #[test]
    fn what_only_a_person_can_mend_is_left_alone() {
        for text in ["a = [\n", "neither this nor that\n", "a = 1\na = 2\n", "a = \"x\n"] {
            let file = RuleText { name: String::new(), bytes: text.as_bytes().to_vec() };
            assert_eq!(laid_out(&file), Err(Refusal::Broken), "{text}");
        }
    }
}
