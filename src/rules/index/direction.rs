//! What a text is about, as a direction: the mean of the directions of its words, the telling ones counting more.

use crate::text::related::{DIRECTIONS, Row, direction};

/// A direction is kept in parts of this.
const WHOLE: f32 = 127.0;

/// A direction of length 1; none where no word has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Direction([i8; DIRECTIONS]);

impl Default for Direction {
    fn default() -> Self {
        Self([0; DIRECTIONS])
    }
}

impl Direction {
    /// Gives the mean direction of words, each with its row in the table of related words and its weight.
    pub fn of(words: impl Iterator<Item = (Row, f32)>) -> Self {
        let mut sum = [0.0_f32; DIRECTIONS];
        for (row, weight) in words {
            sum.iter_mut().zip(direction(row)).for_each(|(sum, part)| *sum += weight * f32::from(part));
        }
        let length = sum.iter().map(|part| part * part).sum::<f32>().sqrt();
        Self(sum.map(|part| if length > 0.0 { (part / length * WHOLE).round() as i8 } else { 0 }))
    }

    /// Gives the cosine of the angle between two: 1 for the same, 0 where one of them is none.
    pub fn cosine(&self, other: &Self) -> f32 {
        let products = self.0.iter().zip(&other.0).map(|(a, b)| i32::from(*a) * i32::from(*b));
        products.sum::<i32>() as f32 / (WHOLE * WHOLE)
    }
}

#[cfg(test)]
mod tests {
    use super::super::related::row_of;
    use super::*;

    fn about(words: &[&str]) -> Direction {
        Direction::of(words.iter().filter_map(|word| Some((row_of(word)?, 5.0))))
    }

    #[test]
    fn texts_about_the_same_point_the_same_way() {
        let vaccines = about(&["vaccin", "measl", "children"]);
        assert!((vaccines.cosine(&vaccines) - 1.0).abs() < 0.02);
        assert!(vaccines.cosine(&about(&["smallpox", "infant"])) > vaccines.cosine(&about(&["senat", "elect"])) + 0.3);
    }

    #[test]
    fn a_text_of_unknown_words_points_nowhere() {
        assert_eq!(about(&["zzqx"]).cosine(&about(&["vaccin"])), 0.0);
    }
}
