//! Words one typing mistake away: found by what is left when a letter is left out (the deletion neighbourhood of SymSpell).

use super::vocabulary::Term;

/// Shorter words have too many neighbours, longer ones are no words.
const LETTERS: std::ops::RangeInclusive<usize> = 5..=16;

/// So many neighbours of one word are looked at: hostile collections could have thousands.
const MOST_LOOKED_AT: usize = 64;

/// Word forms of a collection, found by any of their spellings that lack a letter.
#[derive(Debug, Default)]
pub struct Typos {
    /// Hash of a word with a letter left out, and which word; sorted.
    holes: Vec<(u32, u32)>,
    /// Where the holes with each value of their highest bits begin.
    begins: Vec<u32>,
    shift: u32,
    letters: String,
    words: Vec<Known>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    start: u32,
    len: u8,
    term: Term,
    claims: u32,
}

impl Typos {
    /// Gets ready to find any of `forms`.
    pub fn of<'f>(forms: impl Iterator<Item = (&'f str, Term)>, claims_with: &[u32]) -> Self {
        let mut forms: Vec<(&str, Term)> = forms.filter(|(form, _)| is_fit(form)).collect();
        // The order of a hash table is not that of the next run.
        forms.sort_unstable();
        let mut typos = Self::default();
        for (number, (form, term)) in forms.iter().enumerate() {
            let claims = claims_with.get(*term as usize).copied().unwrap_or(0);
            typos.words.push(Known { start: typos.letters.len() as u32, len: form.len() as u8, term: *term, claims });
            typos.letters.push_str(form);
            typos.holes.extend(holes(form).map(|hash| (hash, number as u32)));
        }
        typos.holes.sort_unstable();
        typos.holes.dedup();
        typos.holes.shrink_to_fit();
        let bits = usize::BITS - (typos.holes.len() / 4).leading_zeros();
        typos.shift = 32 - bits.clamp(1, 20);
        let buckets = 1usize << (32 - typos.shift);
        typos.begins = (0..=buckets)
            .map(|b| typos.holes.partition_point(|(hash, _)| ((*hash >> typos.shift) as usize) < b) as u32)
            .collect();
        typos
    }

    /// Gives the term of the likeliest word that `form` is a misspelling of: one letter wrong, missing, too many or two swapped.
    pub fn meant(&self, form: &str) -> Option<Term> {
        if !is_fit(form) {
            return None;
        }
        let neighbours = holes(form).flat_map(|hash| self.with_hole(hash)).take(MOST_LOOKED_AT);
        let known = neighbours.filter_map(|number| self.words.get(number as usize));
        let close = known.filter(|known| {
            self.letters
                .get(known.start as usize..known.start as usize + known.len as usize)
                .is_some_and(|word| word.as_bytes().first() == form.as_bytes().first() && strsim::osa_distance(word, form) == 1)
        });
        close.max_by_key(|known| (known.claims, std::cmp::Reverse(known.start))).map(|known| known.term)
    }

    fn with_hole(&self, hash: u32) -> impl Iterator<Item = u32> + '_ {
        let bucket = (hash >> self.shift) as usize;
        let range = match (self.begins.get(bucket), self.begins.get(bucket + 1)) {
            (Some(begin), Some(end)) => *begin as usize..*end as usize,
            _ => 0..0,
        };
        let candidates = self.holes.get(range).unwrap_or_default();
        candidates.iter().filter(move |(other, _)| *other == hash).map(|(_, number)| *number)
    }
}

fn is_fit(form: &str) -> bool {
    LETTERS.contains(&form.len()) && form.bytes().all(|b| b.is_ascii_lowercase())
}

/// Hashes of the whole word and of the word without each of its letters.
fn holes(form: &str) -> impl Iterator<Item = u32> + '_ {
    (0..=form.len()).map(move |left_out| {
        let letters = form.bytes().enumerate().filter(|(i, _)| *i != left_out);
        // FNV-1a, mixed once more: the order of the numbers must be the same on every machine.
        let hash = letters.fold(0xcbf2_9ce4_8422_2325_u64, |hash, (_, b)| (hash ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        ((hash ^ (hash >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typos(words: &[&str]) -> Typos {
        let claims_with: Vec<u32> = (1..=words.len() as u32).collect();
        Typos::of(words.iter().enumerate().map(|(i, word)| (*word, i as u32)), &claims_with)
    }

    #[test]
    fn one_mistake_is_forgiven() {
        let typos = typos(&["vaccine", "hospital"]);
        for written in ["vacine", "vaccinee", "vaccime", "vacicne"] {
            assert_eq!(typos.meant(written), Some(0), "{written}");
        }
        assert_eq!(typos.meant("hopsital"), Some(1));
        assert_eq!(typos.meant("vacin"), None);
        assert_eq!(typos.meant("maccine"), None);
    }

    #[test]
    fn of_two_neighbours_the_commoner_is_meant() {
        assert_eq!(typos(&["marten", "martin"]).meant("martyn"), Some(1));
    }

    #[test]
    fn nothing_is_known_to_an_empty_collection() {
        assert_eq!(Typos::default().meant("vaccine"), None);
        assert_eq!(typos(&[]).meant("vaccine"), None);
    }
}
