//! claimwatch beside what people use: strsim, rapidfuzz and tantivy on the same claims and posts in one run, on one core.
//!
//! `cargo run --release [CLAIMS]` in this folder (10,000 claims if no number is given). strsim and rapidfuzz compare a post with the claim
//! field of every claim and keep the best, as scripts do; tantivy searches all four fields for its ten best by BM25, stop words left out;
//! claimwatch takes full decisions on four fields. Everything is warm; each gets about as much time.
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

/// How long each is measured, at least.
const TIME: Duration = Duration::from_secs(4);

/// Posts a second: whole rounds over `posts` or as many of them as the time allows.
fn posts_a_second<P>(posts: &[P], mut one: impl FnMut(&P)) -> f64 {
    let (begun, mut count) = (Instant::now(), 0);
    loop {
        for post in posts {
            one(post);
            count += 1_u32;
            if count % 16 == 0 && begun.elapsed() > TIME {
                return f64::from(count) / begun.elapsed().as_secs_f64();
            }
        }
    }
}

fn main() {
    let count: usize = std::env::args().nth(1).map_or(10_000, |count| count.parse().unwrap());
    let texts = data::claim_texts(count);
    let post_texts = data::post_texts(&texts, data::POSTS);
    let claims = data::bulk_claims(&texts);

    let sorensen_dice = posts_a_second(&post_texts, |post| {
        black_box(texts.iter().map(|claim| strsim::sorensen_dice(post, claim)).fold(0.0, f64::max));
    });
    let ratio = posts_a_second(&post_texts, |post| {
        let scorer = rapidfuzz::fuzz::RatioBatchComparator::new(post.chars());
        black_box(texts.iter().map(|claim| scorer.similarity(claim.chars())).fold(0.0, f64::max));
    });
    let tantivy = tantivy(&claims, &post_texts);
    let posts = data::posts(&post_texts);
    let index = BulkIndex::build(claims);
    let (mut scratch, wanted) = (Scratch::default(), Wanted { top: 10, at_least: 0.5 });
    posts.iter().for_each(|post| drop(rank(post, &index, &mut scratch, wanted)));
    let ours = posts_a_second(&posts, |post| drop(black_box(rank(post, &index, &mut scratch, wanted))));

    println!("{count} claims, posts a second on one core:");
    println!("  claimwatch, full decisions       {ours:>12.1}");
    for (name, theirs) in [
        ("strsim sorensen_dice, all claims", sorensen_dice),
        ("rapidfuzz ratio, all claims", ratio),
        ("tantivy top 10, no stop words", tantivy),
    ] {
        println!("  {name:<32} {theirs:>12.1}   claimwatch is {:.1} times as fast", ours / theirs);
    }
}

fn tantivy(claims: &[claimwatch::rules::bulk::BulkClaim], posts: &[String]) -> f64 {
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
    posts_a_second(posts, |post| {
        let mut terms: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        analyzer.token_stream(post).process(&mut |token| {
            let term = TermQuery::new(Term::from_field_text(text, &token.text), IndexRecordOption::WithFreqs);
            terms.push((Occur::Should, Box::new(term)));
        });
        black_box(searcher.search(&BooleanQuery::new(terms), &TopDocs::with_limit(10)).unwrap());
    })
}
