//! How many posts a second one core compares with editors' rules and with bulk claims, and how long both take to be made ready.
//!
//! `cargo bench --bench matching`; add a word to run only what has it in its name (`bulk`, `rules`, `words`). Full decisions, default
//! settings, warm memories. `benches/README.md` has the figures.

mod data;

use claimwatch::matching::examine;
use claimwatch::matching::ranked::{Scratch, Wanted, rank};
use claimwatch::rules::compile::compile;
use claimwatch::rules::index::BulkIndex;
use claimwatch::text::words::Words;
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

#[divan::bench(args = data::SIZES, sample_count = 3, sample_size = 1)]
fn bulk_claims(bencher: Bencher<'_, '_>, count: usize) {
    let texts = data::claim_texts(count);
    let posts = data::posts(&data::post_texts(&texts, data::POSTS));
    let index = BulkIndex::build(data::bulk_claims(&texts));
    let mut scratch = Scratch::default();
    let mut all =
        || posts.iter().map(|post| rank(post, &index, &mut scratch, Wanted { top: 5, at_least: 0.5 }).len()).sum::<usize>();
    all();
    bencher.counter(ItemsCount::new(posts.len())).bench_local(all);
}

#[divan::bench(args = [50, 1_000, 10_000, 100_000], sample_count = 3, sample_size = 1)]
fn rules(bencher: Bencher<'_, '_>, count: usize) {
    let texts = data::claim_texts(count);
    let posts = data::posts(&data::post_texts(&texts, data::POSTS));
    let set = compile(data::rules(&texts));
    let all = || posts.iter().map(|post| examine(post, &set).len()).sum::<usize>();
    all();
    bencher.counter(ItemsCount::new(posts.len())).bench_local(all);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn words_only(bencher: Bencher<'_, '_>) {
    let posts = data::posts(&data::post_texts(&data::claim_texts(10_000), data::POSTS));
    let mut words = Words::default();
    let mut read = |text: &str| {
        words.read(text);
        words.iter().count()
    };
    let all = || posts.iter().flat_map(|post| &post.parts).map(|part| read(&part.text)).sum::<usize>();
    bencher.counter(ItemsCount::new(posts.len())).bench_local(all);
}

#[divan::bench(args = [10_000, 300_000], sample_count = 2, sample_size = 1)]
fn made_ready_bulk(bencher: Bencher<'_, '_>, count: usize) {
    let texts = data::claim_texts(count);
    bencher.counter(ItemsCount::new(count)).with_inputs(|| data::bulk_claims(&texts)).bench_values(BulkIndex::build);
}

#[divan::bench(args = [10_000, 100_000], sample_count = 2, sample_size = 1)]
fn made_ready_rules(bencher: Bencher<'_, '_>, count: usize) {
    let texts = data::claim_texts(count);
    bencher.counter(ItemsCount::new(count)).with_inputs(|| data::rules(&texts)).bench_values(compile);
}
