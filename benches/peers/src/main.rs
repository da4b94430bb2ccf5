//! claimwatch beside what people use: strsim, rapidfuzz and tantivy on the same claims and posts in one run, on one core.
//!
//! `cargo run --release [CLAIMS]` in this folder (10,000 claims if no number is given). strsim and rapidfuzz compare a post with the claim
//! field of every claim and keep the best, as scripts do; tantivy searches all four fields for its ten best by BM25, stop words left out;
//! claimwatch takes full decisions on four fields. Everything is warm; they take turns of the same length, so that what else the machine
//! does meets all of them alike.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on should stop")]

#[path = "../../data/mod.rs"]
mod data;

use std::hint::black_box;
use std::time::{Duration, Instant};

use claimwatch::matching::ranked::{Scratch, Wanted, rank};
use claimwatch::rules::index::BulkIndex;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{Language, LowerCaser, SimpleTokenizer, StopWordFilter, TextAnalyzer};
use tantivy::{Index, Term, doc};

/// How long a turn is, at least.
const TURN: Duration = Duration::from_millis(500);

/// Turns each of them has.
const TURNS: usize = 10;

/// One of those measured: what it is called, what it does with the post of a number, and what it has done so far.
struct Runner<'r> {
    name: &'static str,
    one: Box<dyn FnMut(usize) + 'r>,
    posts: usize,
    took: Duration,
}

impl<'r> Runner<'r> {
    fn new(name: &'static str, one: impl FnMut(usize) + 'r) -> Self {
        Self { name, one: Box::new(one), posts: 0, took: Duration::ZERO }
    }

    fn take_a_turn(&mut self) {
        let begun = Instant::now();
        while begun.elapsed() < TURN {
            for _ in 0..16 {
                (self.one)(self.posts % data::POSTS);
                self.posts += 1;
            }
        }
        self.took += begun.elapsed();
    }

    fn posts_a_second(&self) -> f64 {
        self.posts as f64 / self.took.as_secs_f64()
    }
}

fn main() {
    let count: usize = std::env::args().nth(1).map_or(10_000, |count| count.parse().unwrap());
    let texts = data::claim_texts(count);
    let post_texts = data::post_texts(&texts, data::POSTS);
    let claims = data::bulk_claims(&texts);

    let posts = data::posts(&post_texts);
    let mut tantivy = tantivy(&claims);
    let index = BulkIndex::build(claims);
    let (mut scratch, wanted) = (Scratch::default(), Wanted { top: 10, at_least: 0.5 });
    posts.iter().for_each(|post| drop(rank(post, &index, &mut scratch, wanted)));
    let mut runners = [
        Runner::new("claimwatch, full decisions", |post| drop(black_box(rank(&posts[post], &index, &mut scratch, wanted)))),
        Runner::new("strsim sorensen_dice, all claims", |post| {
            black_box(texts.iter().map(|claim| strsim::sorensen_dice(&post_texts[post], claim)).fold(0.0, f64::max));
        }),
        Runner::new("rapidfuzz ratio, all claims", |post| {
            let scorer = rapidfuzz::fuzz::RatioBatchComparator::new(post_texts[post].chars());
            black_box(texts.iter().map(|claim| scorer.similarity(claim.chars())).fold(0.0, f64::max));
        }),
        Runner::new("tantivy top 10, no stop words", |post| tantivy(&post_texts[post])),
    ];
    for _ in 0..TURNS {
        runners.iter_mut().for_each(Runner::take_a_turn);
    }
    println!("{count} claims, posts a second on one core:");
    let ours = runners[0].posts_a_second();
    for runner in &runners {
        let theirs = runner.posts_a_second();
        println!("  {:<32} {theirs:>12.1}   claimwatch is {:.1} times as fast", runner.name, ours / theirs);
    }
}

/// Gives what asks tantivy for its ten best claims.
fn tantivy(claims: &[claimwatch::rules::bulk::BulkClaim]) -> impl FnMut(&str) + use<> {
    let analyzer = || {
        TextAnalyzer::builder(SimpleTokenizer::default())
            .filter(LowerCaser)
            .filter(StopWordFilter::new(Language::English).unwrap())
            .build()
    };
    let indexing = TextFieldIndexing::default().set_tokenizer("words").set_index_option(IndexRecordOption::WithFreqs);
    let mut schema = Schema::builder();
    let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
    let index = Index::create_in_ram(schema.build());
    index.tokenizers().register("words", analyzer());
    let mut writer = index.writer_with_num_threads(1, 200_000_000).unwrap();
    for claim in claims {
        let fields = [Some(&claim.claim), claim.title.as_ref(), claim.summary.as_ref(), claim.url.as_ref()];
        let all = fields.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
        writer.add_document(doc!(text => all)).unwrap();
    }
    writer.commit().unwrap();
    let searcher = index.reader().unwrap().searcher();
    let mut analyzer = analyzer();
    move |post| {
        let mut terms: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        analyzer.token_stream(post).process(&mut |token| {
            let term = TermQuery::new(Term::from_field_text(text, &token.text), IndexRecordOption::WithFreqs);
            terms.push((Occur::Should, Box::new(term)));
        });
        black_box(searcher.search(&BooleanQuery::new(terms), &TopDocs::with_limit(10)).unwrap());
    }
}
