//! Where a term stands in a claim, in eight bits: bit n for field n, if it stands there by itself; and what else is to be known of it.

use super::reading::flag;

/// Stands among the first terms of the claim field; where that is a whole article, they say what it is about.
pub const LEAD: u8 = 16;

/// Is a name where it stands in claim or summary.
pub const NAME: u8 = 32;

/// Is written as a number in the claim field.
pub const NUMBER: u8 = 64;

/// The bits of all fields.
pub const FIELDS: u8 = 0b1111;

/// The bits of claim and title.
pub const CORE: u8 = 0b0011;

const CLAIM: usize = 0;
const SUMMARY: usize = 2;

/// So many terms of a claim lead it.
const LEADING: usize = 18;

/// Gives the marks of a token of a field with these flags before which so many terms stand; those of all its tokens make up a term's.
pub(super) fn of(field: usize, flags: u8, before: usize) -> u8 {
    if flags & flag::JOINED != 0 {
        return 0;
    }
    let mut marks = 1 << field;
    if field == CLAIM && flags & flag::AGAIN == 0 {
        marks |= if before < LEADING { LEAD } else { 0 };
        marks |= if flags & flag::NUMBER != 0 { NUMBER } else { 0 };
    }
    if (field == CLAIM || field == SUMMARY) && flags & flag::NAME != 0 {
        marks |= NAME;
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_reading_stands_nowhere() {
        assert_eq!(of(CLAIM, flag::JOINED | flag::NAME, 0), 0);
    }

    #[test]
    fn only_the_claim_has_a_lead_and_numbers() {
        assert_eq!(of(CLAIM, flag::NUMBER | flag::NAME, 17), 0b0001 | LEAD | NAME | NUMBER);
        assert_eq!(of(CLAIM, flag::NUMBER, 18), 0b0001 | NUMBER);
        assert_eq!(of(1, flag::NUMBER | flag::NAME, 0), 0b0010);
        assert_eq!(of(SUMMARY, flag::NUMBER | flag::NAME, 0), 0b0100 | NAME);
    }
}
