//! Which terms a claim has, as a set of 256 bits: enough to tell how much of two claims is the same.

/// Words of a machine in a signature.
const WORDS: usize = 4;

/// A set of terms; each term is one of 256 bits, so different terms may share one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signature {
    words: [u64; WORDS],
    count: u32,
}

impl Signature {
    /// Gives the bit of a term: the same for the same name in every collection.
    pub fn bit(name: &str) -> u8 {
        let hash =
            name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        ((hash ^ (hash >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8
    }

    /// Adds a bit.
    pub fn set(&mut self, bit: u8) {
        let (word, bit) = (&mut self.words[usize::from(bit >> 6)], 1 << (bit & 63));
        self.count += u32::from(*word & bit == 0);
        *word |= bit;
    }

    /// Gives how many bits are set.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Gives how many bits are set in both.
    pub fn in_common(&self, other: &Self) -> u32 {
        self.words.iter().zip(&other.words).map(|(a, b)| (a & b).count_ones()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_in_common_are_counted() {
        let of = |names: &[&str]| {
            let mut signature = Signature::default();
            names.iter().for_each(|name| signature.set(Signature::bit(name)));
            signature
        };
        let (a, b) = (of(&["moon", "land", "studio"]), of(&["moon", "studio", "cheese", "moon"]));
        assert_eq!((a.count(), b.count(), a.in_common(&b)), (3, 3, 2));
        assert_eq!(Signature::default().in_common(&a), 0);
    }
}
