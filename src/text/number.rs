//! Numbers in the one way to write them: `1,200,000`, `1.2m`, `1 200 000` and `1.2 million` are `1200000`.

/// A number read from a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// Digits, with a point before the fraction if there is one.
    pub form: String,
    /// One past its last byte in the text.
    pub end: usize,
    /// Where a per cent sign or word after it ends.
    pub percent_end: Option<usize>,
}

/// Longest number that is worked out; longer ones are kept as they stand.
const MOST_DIGITS: usize = 30;

/// Reads the number that begins at byte `start` of `text` with an ASCII digit; gives nothing for names such as `5g` and `20th`.
///
/// `after_currency`: a currency sign stands before it, so that `b` may mean thousand millions.
pub fn read(text: &str, start: usize, after_currency: bool) -> Option<Number> {
    let whole = digits(&text[start..]);
    let mut end = start + whole.len();
    let (mut whole, mut fraction) = (whole.to_owned(), String::new());
    if !goes_on_from_a_number(text, start) && whole.len() <= MOST_DIGITS {
        while let Some((group, bytes)) = thousands(&text[end..], &whole, &text[start..end]) {
            whole.push_str(group);
            end += bytes;
        }
        if let Some(digits) = decimals(&text[end..]) {
            fraction.push_str(digits);
            end += 1 + digits.len();
        }
    }
    let letters = text[end..].chars().take_while(|c| c.is_alphanumeric() && !super::fold::is_written_without_blanks(*c));
    let attached = &text[end..end + letters.map(char::len_utf8).sum::<usize>()];
    let magnitude = if attached.is_empty() { spelt(&text[end..]) } else { abbreviated(attached, after_currency) };
    match magnitude {
        Some((zeros, bytes)) => {
            shift(&mut whole, &mut fraction, zeros);
            end += bytes;
        }
        // `1.5km` is a number and a unit; `5g` and `20th` are names.
        None if !attached.is_empty() && text[start..end].bytes().all(|b| b.is_ascii_digit()) => return None,
        None => {}
    }
    let form = if fraction.is_empty() { whole } else { format!("{whole}.{fraction}") };
    let percent_end = percent(&text[end..]).map(|bytes| end + bytes);
    Some(Number { form, end, percent_end })
}

fn digits(text: &str) -> &str {
    &text[..text.bytes().take_while(u8::is_ascii_digit).count()]
}

/// The second half of a date, a score or an address is no number of its own with a fraction.
fn goes_on_from_a_number(text: &str, start: usize) -> bool {
    let mut before = text[..start].bytes().rev();
    before.next().is_some_and(|b| matches!(b, b'.' | b',' | b':' | b'/')) && before.next().is_some_and(|b| b.is_ascii_digit())
}

/// The next group of three digits and its length with the separator; `so_far` is what the text shows of the number.
fn thousands<'t>(rest: &'t str, whole: &str, so_far: &str) -> Option<(&'t str, usize)> {
    let separator =
        rest.chars().next().filter(|c| matches!(c, ',' | '.' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'))?;
    let earlier = so_far.chars().find(|c| !c.is_ascii_digit());
    let fits = if earlier.is_none() { whole.len() <= 3 && !whole.starts_with('0') } else { earlier == Some(separator) };
    let after = &rest[separator.len_utf8()..];
    let group = digits(after);
    // "in 2018 200 people": a blank parts groups only where two of them follow.
    let blank_is_meant = separator != ' '
        || earlier.is_some()
        || after[group.len()..].strip_prefix(' ').is_some_and(|next| digits(next).len() == 3);
    (fits && group.len() == 3 && blank_is_meant && whole.len() < MOST_DIGITS).then_some((group, separator.len_utf8() + 3))
}

/// Digits after a point or comma, unless more of the kind follows (12.06.2018).
fn decimals(rest: &str) -> Option<&str> {
    let after = rest.strip_prefix(['.', ','])?;
    let found = digits(after);
    let more = after[found.len()..].strip_prefix(['.', ',']).is_some_and(|next| !digits(next).is_empty());
    (!found.is_empty() && found.len() <= MOST_DIGITS && !more).then_some(found)
}

fn abbreviated(attached: &str, after_currency: bool) -> Option<(usize, usize)> {
    let zeros = match attached.to_ascii_lowercase().as_str() {
        "k" => 3,
        "m" | "mn" | "mio" | "mln" => 6,
        "bn" | "mrd" | "mld" => 9,
        "b" if after_currency => 9,
        "tn" | "trn" => 12,
        _ => return None,
    };
    Some((zeros, attached.len()))
}

/// A magnitude written out after a blank.
fn spelt(rest: &str) -> Option<(usize, usize)> {
    let after = rest.strip_prefix([' ', '\u{a0}', '\u{202f}', '-'])?;
    let blank = rest.len() - after.len();
    let word = &after[..after.chars().take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum::<usize>()];
    let zeros = match super::fold::folded(word.get(..word.len().min(12)).unwrap_or_default()).as_str() {
        "thousand" | "mille" | "mil" | "tausend" => 3,
        "m" | "mn" | "mio" | "mln" | "million" | "millions" | "millionen" | "millon" | "millones" | "milhao" | "milhoes" => 6,
        "bn" | "mrd" | "mld" | "billion" | "billions" | "milliard" | "milliards" | "milliarde" | "milliarden" | "bilhao"
        | "bilhoes" => 9,
        "tn" | "trillion" | "trillions" | "billionen" | "billones" | "trilhao" | "trilhoes" => 12,
        _ => return None,
    };
    Some((zeros, blank + word.len()))
}

fn shift(whole: &mut String, fraction: &mut String, zeros: usize) {
    let moved = fraction.len().min(zeros);
    whole.push_str(&fraction[..moved]);
    whole.extend(std::iter::repeat_n('0', zeros - moved));
    fraction.drain(..moved);
    let kept = fraction.trim_end_matches('0').len();
    fraction.truncate(kept);
    let leading = whole.len() - whole.trim_start_matches('0').len();
    whole.drain(..leading.min(whole.len() - 1));
}

/// Length of a per cent sign or word, blanks before it included.
fn percent(rest: &str) -> Option<usize> {
    const WORDS: [&str; 8] = ["percent", "per cent", "pour cent", "pourcent", "prozent", "por ciento", "por cento", "pct"];
    let after = rest.trim_start_matches([' ', '\u{a0}', '\u{202f}', '-']);
    let blank = rest.len() - after.len();
    if blank > 4 {
        return None;
    }
    if let Some(sign) = after.chars().next().filter(|c| matches!(c, '%' | '％' | '٪')) {
        return Some(blank + sign.len_utf8());
    }
    let word = WORDS.iter().find(|word| after.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word)))?;
    let ends = !after[word.len()..].starts_with(char::is_alphanumeric);
    ends.then_some(blank + word.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(text: &str) -> String {
        read(text, 0, false).map_or_else(|| "-".to_owned(), |number| number.form)
    }

    #[test]
    fn one_number_has_one_form() {
        for text in [
            "1,200,000",
            "1.200.000",
            "1 200 000",
            "1\u{202f}200\u{202f}000",
            "1'200'000",
            "1.2m",
            "1,2 Mio",
            "1.2 million",
            "1,2 Millionen",
            "1200k",
            "1200000",
        ] {
            assert_eq!(form(text), "1200000", "{text}");
        }
    }

    #[test]
    fn fractions_are_kept_and_magnitudes_use_them_up() {
        let read = ["3.14", "3,14", "0.5", "1.2345k", "1,200.50", "1.50 million", "0.5 million"].map(form);
        assert_eq!(read, ["3.14", "3.14", "0.5", "1234.5", "1200.50", "1500000", "500000"]);
    }

    #[test]
    fn names_that_begin_with_digits_are_no_numbers() {
        assert_eq!(["5g", "20th", "3D", "4chan", "100km"].map(form), ["-"; 5]);
        assert_eq!(form("1.5km"), "1.5");
    }

    #[test]
    fn years_dates_and_scores_stay_apart() {
        assert_eq!(
            ["2018 200 people", "12.06.2018", "10:30", "2018,2019", "3. May", "24/7"].map(form),
            ["2018", "12", "10", "2018.2019", "3", "24"]
        );
        assert_eq!(read("12.06.2018", 3, false).map(|n| n.form), Some("06".to_owned()));
    }

    #[test]
    fn per_cent_is_noticed_in_every_dress() {
        for text in ["70%", "70 %", "70 per cent", "70 Percent", "70 Prozent", "70 por ciento of", "70-percent"] {
            assert!(read(text, 0, false).is_some_and(|n| n.form == "70" && n.percent_end.is_some()), "{text}");
        }
        assert!(read("70 percentages", 0, false).is_some_and(|n| n.percent_end.is_none()));
    }

    #[test]
    fn a_currency_makes_b_a_billion() {
        assert_eq!(read("7b", 0, true).map(|n| n.form), Some("7000000000".to_owned()));
        assert_eq!(read("7b", 0, false), None);
    }

    proptest! {
        #[test]
        fn the_end_lies_on_a_boundary(text in "[0-9][0-9 .,'%kmé\u{202f}]{0,12}( million| per cent|%)?\\PC{0,3}") {
            if let Some(number) = read(&text, 0, false) {
                prop_assert!(text.is_char_boundary(number.end) && number.percent_end.is_none_or(|end| text.is_char_boundary(end) && end >= number.end));
            }
        }
    }
}
