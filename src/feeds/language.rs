//! The language of a post: what the publisher declares, else what the words look like.

use crate::model::post::Lang;

/// Letters below which a text says too little about its language.
const FEWEST_LETTERS: usize = 24;

/// Text looked at; more makes nothing surer.
const ENOUGH_BYTES: usize = 2048;

/// How sure recognition must be.
const FLOOR: f64 = 0.9;

/// whatlang's three-letter codes and the two-letter ones that publishers and rules use.
const CODES: [(&str, &str); 66] = [
    ("eng", "en"),
    ("rus", "ru"),
    ("cmn", "zh"),
    ("spa", "es"),
    ("por", "pt"),
    ("ita", "it"),
    ("ben", "bn"),
    ("fra", "fr"),
    ("deu", "de"),
    ("ukr", "uk"),
    ("kat", "ka"),
    ("ara", "ar"),
    ("hin", "hi"),
    ("jpn", "ja"),
    ("heb", "he"),
    ("yid", "yi"),
    ("pol", "pl"),
    ("amh", "am"),
    ("jav", "jv"),
    ("kor", "ko"),
    ("nob", "nb"),
    ("dan", "da"),
    ("swe", "sv"),
    ("fin", "fi"),
    ("tur", "tr"),
    ("nld", "nl"),
    ("hun", "hu"),
    ("ces", "cs"),
    ("ell", "el"),
    ("bul", "bg"),
    ("bel", "be"),
    ("mar", "mr"),
    ("kan", "kn"),
    ("ron", "ro"),
    ("slv", "sl"),
    ("hrv", "hr"),
    ("srp", "sr"),
    ("mkd", "mk"),
    ("lit", "lt"),
    ("lav", "lv"),
    ("est", "et"),
    ("tam", "ta"),
    ("vie", "vi"),
    ("urd", "ur"),
    ("tha", "th"),
    ("guj", "gu"),
    ("uzb", "uz"),
    ("pan", "pa"),
    ("aze", "az"),
    ("ind", "id"),
    ("tel", "te"),
    ("pes", "fa"),
    ("mal", "ml"),
    ("ori", "or"),
    ("mya", "my"),
    ("nep", "ne"),
    ("sin", "si"),
    ("khm", "km"),
    ("tuk", "tk"),
    ("zul", "zu"),
    ("afr", "af"),
    ("slk", "sk"),
    ("cat", "ca"),
    ("tgl", "tl"),
    ("hye", "hy"),
    ("cym", "cy"),
];

/// Gives the primary subtag of a language tag, in lower case ("en-GB" → "en"); `None` for tags that name no language.
pub fn declared(tag: &str) -> Option<Lang> {
    let primary = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
    let is_code = (2..=3).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_lowercase());
    let says_nothing = matches!(primary.as_str(), "und" | "mul" | "zxx" | "mis");
    (is_code && !says_nothing).then(|| two_letters(primary))
}

fn two_letters(code: String) -> Lang {
    let short = CODES.iter().find(|(three, _)| *three == code).map(|(_, two)| (*two).to_owned());
    Lang(short.unwrap_or(code))
}

/// Recognises the language of a text; `None` rather than a guess.
pub fn recognised(text: &str) -> Option<Lang> {
    let text = text.get(..text.floor_char_boundary(ENOUGH_BYTES))?;
    text.chars().filter(|c| c.is_alphabetic()).nth(FEWEST_LETTERS - 1)?;
    let found = whatlang::detect(text).filter(|found| found.confidence() >= FLOOR)?;
    Some(two_letters(found.lang().code().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lang(code: &str) -> Option<Lang> {
        Some(Lang(code.to_owned()))
    }

    #[test]
    fn a_tag_gives_its_primary_subtag_in_lower_case() {
        assert_eq!(declared("en-us"), lang("en"));
        assert_eq!(declared(" FR_ca "), lang("fr"));
        assert_eq!(declared("deu"), lang("de"));
        for nothing in ["", "und", "english", "x-klingon", "12"] {
            assert_eq!(declared(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_language_is_recognised_only_when_it_is_clear() {
        assert_eq!(recognised("Le président a déclaré hier que le problème était définitivement réglé."), lang("fr"));
        assert_eq!(recognised("The council voted last night to close the swimming pool for the whole winter."), lang("en"));
        assert_eq!(
            recognised(
                "Президент заявил вчера, что проблема решена окончательно и больше никогда не вернётся, но эксперты с этим не согласны."
            ),
            lang("ru")
        );
        assert_eq!(recognised("OK, no problem"), None);
    }
}
