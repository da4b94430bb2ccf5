//! How alike English words are used: "tomatoes" and "pumpkin" stand in the same sentences, "tomatoes" and "senate" do not.
//!
//! A table of 16,000 words with a place for each in a space of 64 axes; words used alike lie in the same direction. It was counted from
//! which words stand near each other in ordinary text (GloVe, Pennington, Socher and Manning 2014). The table lies in `related/` with its
//! licence and the script that made it. Other languages have none yet: their words are alike only if they are the same.

const WORDS: &str = include_str!("related/words.txt");

const PLACES: &[u8] = include_bytes!("related/places.bin");

/// Axes of the space.
const AXES: usize = 64;

/// A cosine of 1 in the products of two rows.
const ONE: f32 = 254.0 * 254.0;

/// Number of a row of the table.
pub type Row = u16;

/// Gives the words of the table, row by row, the commonest first: of words with the same stem the commonest stands for all.
pub fn words() -> impl Iterator<Item = &'static str> {
    WORDS.lines()
}

fn place(row: Row) -> &'static [u8] {
    let from = usize::from(row) * AXES;
    PLACES.get(from..from + AXES).unwrap_or_default()
}

/// Gives how alike two words are used, as the cosine of the angle between their places: 1 the same, around 0 nothing in common.
pub fn likeness(a: Row, b: Row) -> f32 {
    let products = place(a).iter().zip(place(b)).map(|(a, b)| i32::from(i16::from(*a as i8) * i16::from(*b as i8)));
    products.sum::<i32>() as f32 / ONE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(word: &str) -> Row {
        words().position(|known| known == word).unwrap() as Row
    }

    #[test]
    fn every_word_has_a_place() {
        assert_eq!(words().count() * AXES, PLACES.len());
        assert!(words().count() < usize::from(Row::MAX));
    }

    #[test]
    fn words_used_alike_are_alike() {
        assert!(likeness(row("pumpkin"), row("pumpkin")) > 0.98);
        assert!(likeness(row("pumpkin"), row("tomatoes")) > 0.5);
        assert!(likeness(row("pumpkin"), row("senate")) < 0.3);
        assert!(likeness(row("vaccine"), row("measles")) > likeness(row("vaccine"), row("hurricane")));
    }
}
