//! From claims to the index: read every field, weigh every term, then write the postings.

use std::sync::atomic::{AtomicU64, Ordering};

use super::addresses::Addresses;
use super::direction::Direction;
use super::marks;
use super::postings::Postings;
use super::profile::{Profile, print_of};
use super::reading::{flag, tokens, words_of_address};
use super::related::Relations;
use super::signature::Signature;
use super::vocabulary::{Term, Vocabulary};
use super::{BulkIndex, FIELDS, IMPACT_UNIT, LEAST_WEIGHT, weight};
use crate::rules::bulk::BulkClaim;
use crate::text::words::Words;

/// Words of a field after these are not indexed.
const MOST_WORDS: usize = 512;

/// How much a word in the claim, the title, the summary, the address counts.
const FIELD_WEIGHTS: [f32; FIELDS] = [1.0, 2.0, 0.8, 1.0];

/// How strongly a field's length counts (BM25's b).
const LENGTH_MATTERS: f32 = 0.6;

/// How slowly repetition saturates (BM25's k1).
const SATURATION: f32 = 2.0;

/// Rare words count more than BM25 has it.
const RARITY: f32 = 1.4;

/// Words that tell less have too many kin.
const LEAST_WEIGHT_OF_KIN: f32 = 3.0;

/// Words misspelt in posts are looked for among terms of this many claims or more, in collections of more than a few thousand.
const OFTEN: u32 = 2;

/// Indexes built so far: what was learnt of one must not be used with another.
static EDITIONS: AtomicU64 = AtomicU64::new(1);

pub(super) fn build(mut claims: Vec<BulkClaim>) -> BulkIndex {
    claims.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    let edition = EDITIONS.fetch_add(1, Ordering::Relaxed);
    let mut index = BulkIndex { edition, claims, ..BulkIndex::default() };
    let lengths = read(&mut index);
    let claims_with = count(&index);
    let claims = index.claims.len() as f64;
    let frequencies = index.vocabulary.frequencies().iter();
    index.weights = claims_with.iter().zip(frequencies).map(|(with, f)| weight(f64::from(*with), claims, *f)).collect();
    index.vocabulary.learn_typos(&claims_with, if index.claims.len() > 5_000 { OFTEN } else { 1 });
    index.beginnings = index.vocabulary.beginnings();
    let weights = index.weights.iter().zip(&mut index.beginnings);
    weights.filter(|(weight, _)| **weight < LEAST_WEIGHT_OF_KIN).for_each(|(_, beginning)| *beginning = 0);
    drop_stop_words(&mut index);
    let told = |term: &Term| index.weights.get(*term as usize).is_some_and(|weight| *weight >= LEAST_WEIGHT);
    index.relations = Relations::of(index.vocabulary.terms().filter(|(_, term)| told(term)));
    weigh(&mut index, &claims_with, &lengths);
    index.postings = Postings::of(index.vocabulary.len(), index.len(), |claim| index.held(claim));
    index.addresses = Addresses::of(&index.claims);
    index
}

/// Reads every field of every claim; gives their lengths in words.
fn read(index: &mut BulkIndex) -> Vec<[u16; FIELDS]> {
    let bytes: usize = index
        .claims
        .iter()
        .map(|c| c.claim.len() + [&c.title, &c.summary].map(|t| t.as_ref().map_or(0, String::len)).iter().sum::<usize>())
        .sum();
    index.tokens.reserve(bytes / 5);
    index.ends.reserve(index.claims.len() * FIELDS);
    let mut words = Words::default();
    let (vocabulary, row, ends): (&mut Vocabulary, &mut Vec<u32>, &mut Vec<u32>) =
        (&mut index.vocabulary, &mut index.tokens, &mut index.ends);
    let mut lengths = Vec::with_capacity(index.claims.len());
    for claim in &index.claims {
        let address = claim.url.as_deref().map(words_of_address);
        let texts = [Some(claim.claim.as_str()), claim.title.as_deref(), claim.summary.as_deref(), address.as_deref()];
        lengths.push(texts.map(|text| {
            let mut length = 0;
            if let Some(text) = text {
                words.read(text);
                tokens(text, &words, |token| {
                    length += usize::from(token.flags & flag::JOINED == 0);
                    if length <= MOST_WORDS
                        && let Some(term) = vocabulary.enter(token.form)
                    {
                        row.push(term << 8 | u32::from(token.flags));
                    }
                });
            }
            ends.push(row.len() as u32);
            length.min(MOST_WORDS) as u16
        }));
    }
    lengths
}

/// In how many claims each term stands.
fn count(index: &BulkIndex) -> Vec<u32> {
    let mut claims_with = vec![0; index.vocabulary.len()];
    let mut last_in = vec![u32::MAX; index.vocabulary.len()];
    for number in 0..index.claims.len() as u32 {
        for token in index.fields(number).into_iter().flatten() {
            let term = (token >> 8) as usize;
            if let (Some(last), Some(count)) = (last_in.get_mut(term), claims_with.get_mut(term))
                && *last != number
            {
                *last = number;
                *count += 1;
            }
        }
    }
    claims_with
}

/// Keeps only tokens that tell something, and marks those whose term stood in the field before.
fn drop_stop_words(index: &mut BulkIndex) {
    let (mut kept, mut begin) = (0, 0);
    let mut last_in = vec![u32::MAX; index.weights.len()];
    for row in 0..index.ends.len() {
        let end = index.ends[row] as usize;
        for at in begin..end {
            let mut token = index.tokens[at];
            let term = (token >> 8) as usize;
            if index.weights[term] < LEAST_WEIGHT {
                continue;
            }
            if last_in[term] == row as u32 {
                token |= u32::from(flag::AGAIN);
            } else if token & u32::from(flag::JOINED) == 0 {
                last_in[term] = row as u32;
            }
            index.tokens[kept] = token;
            kept += 1;
        }
        index.ends[row] = kept as u32;
        begin = end;
    }
    index.tokens.truncate(kept);
    index.tokens.shrink_to_fit();
}

/// Weighs the terms of every claim, and writes its profile.
fn weigh(index: &mut BulkIndex, claims_with: &[u32], lengths: &[[u16; FIELDS]]) {
    let told = claims_with.iter().zip(&index.weights).filter(|(_, weight)| **weight >= LEAST_WEIGHT);
    let sum: usize = told.map(|(with, _)| *with as usize).sum();
    let (mut held, mut impacts) = (Vec::with_capacity(sum), Vec::with_capacity(sum));
    let mut held_to = Vec::with_capacity(lengths.len());
    let rarity: Vec<f32> = index.weights.iter().map(|weight| weight.powf(RARITY)).collect();
    let usual = usual_lengths(lengths);
    let mut profiles = Vec::with_capacity(lengths.len());
    let (rows, bits) = (index.relations.rows(index.weights.len()), bits(index));
    let mut terms: Vec<Gathered> = Vec::new();
    for (number, lengths) in lengths.iter().enumerate() {
        // A claim without a title is not worth less: the fields it has stand for those it lacks.
        let present = FIELD_WEIGHTS.iter().zip(lengths).filter(|(_, length)| **length > 0).map(|(weight, _)| weight);
        let whole = FIELD_WEIGHTS.iter().sum::<f32>() / present.sum::<f32>().max(0.1);
        let weights: [f32; FIELDS] = std::array::from_fn(|field| {
            whole * FIELD_WEIGHTS[field] / (1.0 - LENGTH_MATTERS + LENGTH_MATTERS * f32::from(lengths[field]) / usual[field])
        });
        let (mut profile, mut signature) = (Profile::default(), Signature::default());
        let fields = index.fields(number as u32);
        gather(fields, &mut terms);
        for Gathered { term, times, marks } in &terms {
            let at = *term as usize;
            let weighed: f32 = times.iter().zip(weights).map(|(times, weight)| f32::from(*times) * weight).sum();
            let impact = rarity[at] * (SATURATION + 1.0) * weighed / (SATURATION + weighed);
            let impact = (impact * IMPACT_UNIT).round().clamp(1.0, f32::from(u16::MAX)) as u16;
            held.push(term << 8 | u32::from(*marks));
            impacts.push(impact);
            profile.totals.impact += f32::from(impact) / IMPACT_UNIT;
            signature.set(bits[at]);
            if times.iter().filter(|times| **times > 0).count() >= 2 {
                profile.totals.gist += index.weights[at];
            }
        }
        held_to.push(held.len() as u32);
        let once = |token: &&u32| **token & u32::from(flag::JOINED | flag::AGAIN) == 0;
        for (sum, tokens) in profile.totals.fields.iter_mut().zip(fields) {
            *sum = tokens.iter().filter(once).map(|token| index.weights[(token >> 8) as usize]).sum();
        }
        let told = fields[0].iter().filter(once).map(|token| (token >> 8) as usize);
        profile.direction = Direction::of(told.filter_map(|term| Some((rows[term]?, index.weights[term]))));
        profile.length = fields[0].iter().filter(|token| **token & u32::from(flag::JOINED) == 0).count() as u16;
        profile.signature = signature;
        profile.print = print_of(&index.claims[number].claim);
        profiles.push(profile);
    }
    (index.held_to, index.held, index.held_impacts, index.profiles) = (held_to, held, impacts, profiles);
}

/// The bit of each term in signatures.
fn bits(index: &BulkIndex) -> Vec<u8> {
    let mut bits = vec![0; index.weights.len()];
    index.vocabulary.terms().for_each(|(name, term)| bits[term as usize] = Signature::bit(name));
    bits
}

/// The impact that a term approaches the oftener a claim repeats it.
pub(super) fn most_impact(weight: f32) -> f32 {
    weight.powf(RARITY) * (SATURATION + 1.0)
}

/// A term of one claim.
struct Gathered {
    term: Term,
    /// How often it stands in each field.
    times: [u16; FIELDS],
    /// See [`marks`].
    marks: u8,
}

/// Gathers the terms of one claim, in order.
fn gather(fields: [&[u32]; FIELDS], terms: &mut Vec<Gathered>) {
    terms.clear();
    for (field, tokens) in fields.into_iter().enumerate() {
        let mut before = 0;
        terms.extend(tokens.iter().map(|token| {
            let mut times = [0; FIELDS];
            times[field] = 1;
            let marks = marks::of(field, *token as u8, before);
            before += usize::from(*token as u8 & flag::JOINED == 0);
            Gathered { term: token >> 8, times, marks }
        }));
    }
    terms.sort_unstable_by_key(|gathered| gathered.term);
    terms.dedup_by(|next, kept| {
        let same = next.term == kept.term;
        if same {
            kept.times.iter_mut().zip(next.times).for_each(|(sum, times)| *sum += times);
            kept.marks |= next.marks;
        }
        same
    });
}

/// Mean length of each field, over the claims that have it.
fn usual_lengths(lengths: &[[u16; FIELDS]]) -> [f32; FIELDS] {
    std::array::from_fn(|field| {
        let present = lengths.iter().map(|l| u64::from(l[field])).filter(|l| *l > 0);
        let (sum, count) = present.fold((0, 0), |(sum, count), l| (sum + l, count + 1));
        (sum as f32 / u64::max(count, 1) as f32).max(1.0)
    })
}
