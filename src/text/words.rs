//! Words that know where they stood in the original text.

/// A folded word and the bytes of the original text it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Folded form.
    pub form: String,
    /// First byte in the original text.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

/// Splits a text into folded words.
pub fn words(text: &str) -> Vec<Word> {
    let _ = text;
    todo!()
}
