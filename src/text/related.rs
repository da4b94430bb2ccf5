//! How alike English words are used: "tomatoes" and "pumpkin" stand in the same sentences, "tomatoes" and "senate" do not.
//!
//! A table of 16,000 words, each with up to 64 others that are used most like it, and with its direction in a space of 48. It was reckoned from which words stand near each other in
//! ordinary text (GloVe, Pennington, Socher and Manning 2014). The table lies in `related/` with its licence and the script that made it.
//! Other languages have none yet: their words are alike only if they are the same.

const WORDS: &str = include_str!("related/words.txt");

const RELATIONS: &[u8] = include_bytes!("related/relations.bin");

const DIRECTIONS_OF_WORDS: &[u8] = include_bytes!("related/directions.bin");

/// Numbers of a direction.
pub const DIRECTIONS: usize = 48;

/// Words that one word can be like.
pub const MOST: usize = 64;

/// How alike two words are, for each of the four steps in which the table tells it: the middle of the step's cosines, of which .35 is
/// nothing and 1 is the same.
pub const ALIKE: [f32; 4] = [0.08, 0.23, 0.42, 0.65];

/// Number of a row of the table.
pub type Row = u16;

/// Gives the words of the table, row by row, the commonest first: of words with the same stem the commonest stands for all.
pub fn words() -> impl Iterator<Item = &'static str> {
    WORDS.lines()
}

/// Gives the rows used most like the word of a row, likest first, and how alike: a step of [`ALIKE`].
pub fn related(row: Row) -> impl Iterator<Item = (Row, u8)> {
    let from = usize::from(row) * MOST * 2;
    let numbers = RELATIONS.get(from..from + MOST * 2).unwrap_or_default().chunks_exact(2);
    let read = numbers.map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    read.map(|number| (number & 0x3fff, (number >> 14) as u8)).take_while(move |(other, _)| *other != row)
}

/// Gives the direction of the word of a row in a space in which words used alike lie in the same direction, whatever its length.
pub fn direction(row: Row) -> impl Iterator<Item = i8> {
    let from = usize::from(row) * DIRECTIONS;
    DIRECTIONS_OF_WORDS.get(from..from + DIRECTIONS).unwrap_or_default().iter().map(|byte| byte.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(word: &str) -> Row {
        words().position(|known| known == word).unwrap() as Row
    }

    fn alike(word: &str, other: &str) -> f32 {
        let other = row(other);
        related(row(word)).find(|(row, _)| *row == other).map_or(0.0, |(_, step)| ALIKE[usize::from(step)])
    }

    #[test]
    fn every_word_has_its_relations_and_every_relation_is_a_word() {
        let count = words().count();
        assert_eq!(count * MOST * 2, RELATIONS.len());
        assert_eq!(count * DIRECTIONS, DIRECTIONS_OF_WORDS.len());
        assert!((0..count as Row).flat_map(related).all(|(row, _)| usize::from(row) < count));
    }

    #[test]
    fn words_used_alike_are_alike() {
        assert!(alike("pumpkin", "tomatoes") > 0.2);
        assert_eq!(alike("pumpkin", "senate"), 0.0);
        assert!(alike("vaccine", "measles") > alike("vaccine", "hurricane"));
    }

    #[test]
    fn the_likest_come_first() {
        assert!(related(row("vaccine")).map(|(_, alike)| alike).is_sorted_by(|a, b| a >= b));
    }
}
