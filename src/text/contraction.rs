//! Words run together with an apostrophe: `isn't` is "is not", `Trump's` is "Trump", `l'homme` is "le homme".

use std::borrow::Cow;

use super::scan::atom_end;

/// What a word with an apostrophe stands for.
#[derive(Debug, PartialEq, Eq)]
pub struct Contraction<'t> {
    /// The word itself.
    pub first: Cow<'t, str>,
    /// The word after it, if the apostrophe stands for one.
    pub second: Option<&'static str>,
    /// Where the first ends in the text.
    pub first_end: usize,
    /// Where both end. `d'accord` ends before "accord", which is read by itself.
    pub end: usize,
}

/// French and Italian words that lose their last letter before a vowel.
const ELIDED: [(&str, &str); 18] = [
    ("l", "le"),
    ("d", "de"),
    ("n", "ne"),
    ("qu", "que"),
    ("s", "se"),
    ("c", "ce"),
    ("j", "je"),
    ("m", "me"),
    ("t", "te"),
    ("jusqu", "jusque"),
    ("lorsqu", "lorsque"),
    ("puisqu", "puisque"),
    ("quoiqu", "quoique"),
    ("dell", "della"),
    ("all", "alla"),
    ("nell", "nella"),
    ("dall", "dalla"),
    ("un", "una"),
];

const NOT: [(&str, &str); 20] = [
    ("dont", "do"),
    ("doesnt", "does"),
    ("didnt", "did"),
    ("isnt", "is"),
    ("arent", "are"),
    ("wasnt", "was"),
    ("werent", "were"),
    ("hasnt", "has"),
    ("havent", "have"),
    ("hadnt", "had"),
    ("wouldnt", "would"),
    ("couldnt", "could"),
    ("shouldnt", "should"),
    ("mustnt", "must"),
    ("neednt", "need"),
    ("aint", "is"),
    ("wont", "will"),
    ("cant", "can"),
    ("shant", "shall"),
    ("cannot", "can"),
];

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | 'ʹ' | '′' | '`' | '´' | '＇')
}

/// Reads the word at `start..end` together with an apostrophe and letters after it, if they are there.
pub fn read(text: &str, start: usize, end: usize) -> Option<Contraction<'_>> {
    let apostrophe = text[end..].chars().next().filter(|c| is_apostrophe(*c))?;
    let second_start = end + apostrophe.len_utf8();
    if !text[second_start..].starts_with(char::is_alphabetic) {
        return None;
    }
    let second_end = atom_end(text, second_start);
    let (left, right) = (&text[start..end], text[second_start..second_end].to_lowercase());
    let both = |first: Cow<'static, str>, second| Some(Contraction { first, second, first_end: end, end: second_end });
    let simple = |second| Some(Contraction { first: Cow::Borrowed(left), second, first_end: end, end: second_end });
    match right.as_str() {
        "s" => return simple(None),
        "re" => return simple(Some("are")),
        "ve" => return simple(Some("have")),
        "ll" => return simple(Some("will")),
        "d" => return simple(Some("would")),
        "m" => return simple(Some("am")),
        "t" => {
            let negated = left.to_lowercase() + "t";
            if let Some((_, base)) = NOT.iter().find(|(whole, _)| *whole == negated) {
                return both(Cow::Borrowed(base), Some("not"));
            }
        }
        _ => {}
    }
    let left = left.to_lowercase();
    if let Some((_, full)) = ELIDED.iter().find(|(short, _)| *short == left)
        && right.len() > 1
    {
        return Some(Contraction { first: Cow::Borrowed(full), second: None, first_end: end, end: second_start });
    }
    // O'Brien, aujourd'hui: one word.
    Some(Contraction { first: Cow::Owned(left + &right), second: None, first_end: second_end, end: second_end })
}

/// The verb in `dont`, `isnt`, `cannot`, which are verb and "not".
pub fn without_apostrophe(form: &str) -> Option<&'static str> {
    if !form.ends_with("nt") && form != "cannot" {
        return None;
    }
    NOT.iter().find(|(whole, _)| *whole == form).map(|(_, base)| *base)
}

#[cfg(test)]
mod tests {
    use super::super::words::words;

    fn plain(text: &str) -> String {
        words(text).plain().map(|word| word.form.to_owned()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_negation_is_heard_however_it_is_written() {
        for text in ["It is not so", "It isn't so", "It isn’t so", "It isnt so"] {
            assert_eq!(plain(text), "it is not so");
        }
        assert_eq!(plain("can't won't cannot didn't"), "can not will not can not did not");
        assert_eq!(plain("cant wont, aint shant! WONT"), "can not will not is not shall not will not");
    }

    #[test]
    fn possession_and_elision_leave_the_word() {
        assert_eq!(plain("Trump's and North Korea’s"), "trump and north korea");
        assert_eq!(plain("L'homme n'est plus d’accord qu'il"), "le homme ne est plus de accord que il");
    }

    #[test]
    fn names_with_apostrophes_are_one_word() {
        assert_eq!(plain("O'Brien aujourd'hui rock'n'roll Qur'an"), "obrien aujourdhui rockn roll quran");
    }

    #[test]
    fn quotation_marks_are_no_apostrophes() {
        assert_eq!(plain("'no longer' and the Trumps' house"), "no longer and the trumps house");
    }
}
