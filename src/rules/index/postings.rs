//! The claims of every term: in levels of falling impact, in each level by blocks of claims.

use super::vocabulary::Term;

/// Claims of a block: their numbers inside it fit in 16 bits.
pub const BLOCK: usize = 1 << 16;

/// Impacts are posted in so many parts of their term's greatest, rounded up.
pub const PARTS: u32 = 255;

/// Levels of a term: equal steps from its greatest impact down.
const LEVELS: usize = 4;

/// Terms of fewer claims have one level: there is nothing to pass over.
const WORTH_LEVELS: u32 = 1_024;

/// The postings of every term of an index.
#[derive(Debug, Default)]
pub struct Postings {
    blocks: usize,
    /// Where the levels of each term begin, and the end.
    levels_from: Vec<u32>,
    /// The greatest impact of each level.
    peaks: Vec<u16>,
    /// Where the postings of each block of each level end.
    ends: Vec<u32>,
    claims: Vec<u16>,
    parts: Vec<u8>,
}

/// A level of a term's postings: the claims on which its impact lies between two bounds, so that a search can take the few on which it
/// is great, and of the many others know that it is small.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    /// Its number.
    pub number: u32,
    /// The greatest impact.
    pub peak: u16,
    /// How many postings it has.
    pub count: u32,
}

/// Postings of one level and one block.
#[derive(Debug, Clone, Copy)]
pub struct Run<'p> {
    /// Numbers of claims inside the block, in order.
    pub claims: &'p [u16],
    /// The impact on each, in parts ([`PARTS`]) of the greatest of the term.
    pub parts: &'p [u8],
}

/// What is known of a term before its levels are made.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    claims: u32,
    peak: u16,
}

impl Known {
    fn level(self, impact: u16) -> usize {
        let below = usize::from(self.peak.saturating_sub(impact));
        if self.claims < WORTH_LEVELS { 0 } else { below * LEVELS / (usize::from(self.peak) + 1) }
    }

    fn parts(self, impact: u16) -> u8 {
        (u32::from(impact) * PARTS).div_ceil(u32::from(self.peak.max(1))) as u8
    }
}

impl Postings {
    /// Posts the terms, fewer than `terms`, that each of `claims` claims holds.
    pub(super) fn of<H: Iterator<Item = (Term, u16)>>(terms: usize, claims: usize, held: impl Fn(u32) -> H) -> Self {
        let all = || (0..claims as u32).flat_map(|claim| held(claim).map(move |(term, impact)| (claim, term as usize, impact)));
        let mut known = vec![Known::default(); terms];
        for (_, term, impact) in all() {
            let known = &mut known[term];
            (known.claims, known.peak) = (known.claims + 1, known.peak.max(impact));
        }
        // The levels that each term has, if all of them hold something.
        let mut peaks = vec![0_u16; terms * LEVELS];
        for (_, term, impact) in all() {
            let peak = &mut peaks[term * LEVELS + known[term].level(impact)];
            *peak = (*peak).max(impact);
        }
        let mut levels_from = Vec::with_capacity(terms + 1);
        let mut number = vec![0_u32; peaks.len()];
        let mut kept = Vec::new();
        for (row, peak) in peaks.iter().enumerate() {
            if row % LEVELS == 0 {
                levels_from.push(kept.len() as u32);
            }
            number[row] = kept.len() as u32;
            if *peak > 0 {
                kept.push(*peak);
            }
        }
        levels_from.push(kept.len() as u32);
        kept.shrink_to_fit();
        // How many postings each block of each level has; then where the next one goes; at last where they end.
        let blocks = claims.div_ceil(BLOCK);
        let place = |claim: u32, term: usize, impact| {
            number[term * LEVELS + known[term].level(impact)] as usize * blocks + claim as usize / BLOCK
        };
        let mut ends = vec![0_u32; kept.len() * blocks];
        all().for_each(|(claim, term, impact)| ends[place(claim, term, impact)] += 1);
        let mut sum = 0;
        ends.iter_mut().for_each(|count| sum += std::mem::replace(count, sum));
        let (mut posted, mut parts) = (vec![0; sum as usize], vec![0; sum as usize]);
        for (claim, term, impact) in all() {
            let next = &mut ends[place(claim, term, impact)];
            (posted[*next as usize], parts[*next as usize]) = ((claim as usize % BLOCK) as u16, known[term].parts(impact));
            *next += 1;
        }
        Self { blocks, levels_from, peaks: kept, ends, claims: posted, parts }
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        self.blocks
    }

    /// Gives the levels of a term, the greatest impacts first; none for stop words.
    pub fn levels(&self, term: Term) -> impl Iterator<Item = Level> {
        let bound = |term: usize| self.levels_from.get(term).copied().unwrap_or_default();
        let (first, end) = (bound(term as usize), bound(term as usize + 1));
        let peaks = self.peaks.get(first as usize..end as usize).unwrap_or_default();
        (first..).zip(peaks).map(|(number, peak)| {
            let from = number as usize * self.blocks;
            Level { number, peak: *peak, count: self.end(from + self.blocks) - self.end(from) }
        })
    }

    /// Gives the postings of a level in one block.
    pub fn run(&self, level: u32, block: usize) -> Run<'_> {
        let row = level as usize * self.blocks + block;
        let range = self.end(row) as usize..self.end(row + 1) as usize;
        Run { claims: self.claims.get(range.clone()).unwrap_or_default(), parts: self.parts.get(range).unwrap_or_default() }
    }

    /// Where the postings before a row of `ends` end.
    fn end(&self, row: usize) -> u32 {
        row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default()
    }
}
