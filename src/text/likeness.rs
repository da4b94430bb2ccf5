//! How alike two texts are, told from sketches of a few hundred bytes (MinHash; Broder, "On the resemblance and
//! containment of documents", 1997): what is copied with a word more or less is found again among millions.

use super::words::words;

/// Numbers in a sketch; the likeness told from them is right within about six hundredths.
const HASHES: usize = 64;
/// Numbers that must agree for two sketches to be compared at all, and how many such groups there are.
const ROWS: usize = 4;
/// Groups in a sketch.
pub const BANDS: usize = HASHES / ROWS;
/// Words below which a text is too short to be anybody's copy.
const FEWEST_WORDS: usize = 6;
/// Most words looked at.
const MOST_WORDS: usize = 4000;

/// A sketch of a text's words in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch([u32; HASHES]);

impl Sketch {
    /// Sketches a text by its pairs of neighbouring words; `None` for texts of fewer than six words.
    pub fn of(text: &str) -> Option<Self> {
        let words = words(text);
        let forms: Vec<&str> = words.iter().filter(|word| !word.alternative).take(MOST_WORDS).map(|word| word.form).collect();
        if forms.len() < FEWEST_WORDS {
            return None;
        }
        let mut least = [u32::MAX; HASHES];
        for pair in forms.windows(2) {
            let pair = pair.iter().fold(FNV, |hash, form| fnv(fnv_bytes(hash, form), b' '));
            for (place, least) in least.iter_mut().enumerate() {
                *least = (*least).min(mixed(pair ^ mixed_wide(place as u64 + 1)));
            }
        }
        Some(Self(least))
    }

    /// Gives how many of the pairs in either text both have, 0..=1.
    pub fn likeness(&self, other: &Self) -> f32 {
        let same = self.0.iter().zip(&other.0).filter(|(a, b)| a == b).count();
        same as f32 / HASHES as f32
    }

    /// Gives a number for each group: texts that are much alike share at least one, in the same place.
    pub fn bands(&self) -> [i64; BANDS] {
        let mut bands = [0; BANDS];
        for ((place, band), rows) in bands.iter_mut().enumerate().zip(self.0.chunks(ROWS)) {
            let hash = rows.iter().fold(FNV ^ place as u64, |hash, row| row.to_le_bytes().into_iter().fold(hash, fnv));
            *band = i64::from_le_bytes(hash.to_le_bytes());
        }
        bands
    }

    /// Gives the sketch as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    /// Reads a stored sketch; `None` when it is none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (fours, rest) = bytes.as_chunks::<4>();
        let numbers: Vec<u32> = fours.iter().map(|four| u32::from_le_bytes(*four)).collect();
        numbers.try_into().ok().filter(|_| rest.is_empty()).map(Self)
    }
}

// Written out here rather than taken from a library: sketches are stored, and must mean the same for years.
const FNV: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

fn fnv_bytes(hash: u64, text: &str) -> u64 {
    text.bytes().fold(hash, fnv)
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
fn mixed_wide(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn mixed(number: u64) -> u32 {
    u32::try_from(mixed_wide(number) >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Officials confirmed on Tuesday that the new bridge over the river will stay closed to lorries for \
                        another winter, because the council has not found the money for its repair.";

    fn likeness(a: &str, b: &str) -> f32 {
        Sketch::of(a).unwrap().likeness(&Sketch::of(b).unwrap())
    }

    #[test]
    fn a_copy_with_a_few_words_more_is_much_alike_and_shares_a_band() {
        let copy = format!("BREAKING! {} #bridge", TEXT.to_uppercase());
        assert!(likeness(TEXT, &copy) > 0.8, "{}", likeness(TEXT, &copy));
        let (a, b) = (Sketch::of(TEXT).unwrap().bands(), Sketch::of(&copy).unwrap().bands());
        assert!(a.iter().zip(b).any(|(a, b)| *a == b));
    }

    #[test]
    fn another_text_about_the_same_matter_is_not_alike() {
        let other =
            "Lorries must go round the river this winter too: there is no money to repair the bridge, which the council closed.";
        assert!(likeness(TEXT, other) < 0.3, "{}", likeness(TEXT, other));
    }

    #[test]
    fn a_sketch_is_stored_and_read_again() {
        let sketch = Sketch::of(TEXT).unwrap();
        assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Some(sketch));
        assert_eq!(Sketch::from_bytes(b"short"), None);
        assert_eq!(Sketch::of("Too few words"), None);
    }
}
