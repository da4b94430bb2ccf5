//! One figure at a time, for callgrind and for memory: `instructions WHAT CLAIMS POSTS`.
//!
//! WHAT is `words` (the text front end alone), `rules` (editors' rules) or `bulk` (bulk claims of four fields, full decisions). Everything is
//! read once before it is measured, so that memories are warm. `benches/README.md` has the command and a table of the figures.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

mod data;

use std::hint::black_box;
use std::time::Instant;

use claimwatch::matching::examine_with;
use claimwatch::matching::ranked::{Scratch, Wanted, rank};
use claimwatch::model::post::Post;
use claimwatch::rules::compile::compile;
use claimwatch::rules::index::BulkIndex;
use claimwatch::text::words::Words;

/// Callgrind counts what happens in here: `--toggle-collect='*measured*'`.
#[inline(never)]
fn measured(posts: &[Post], one: &mut dyn FnMut(&Post) -> usize) -> usize {
    posts.iter().map(one).sum()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [what, claims, posts] = arguments.as_slice() else {
        println!("cargo bench --bench instructions -- words|rules|bulk CLAIMS POSTS");
        return;
    };
    let (claims, count): (usize, usize) = (claims.parse().unwrap(), posts.parse().unwrap());
    let texts = data::claim_texts(claims);
    let posts = data::posts(&data::post_texts(&texts, count));
    let begun = Instant::now();
    match what.as_str() {
        "words" => {
            let mut words = Words::default();
            let mut read = |post: &Post| {
                let count = |part: &claimwatch::model::post::Part| {
                    words.read(&part.text);
                    words.iter().count()
                };
                post.parts.iter().map(count).sum()
            };
            report(begun, &posts, &mut read);
        }
        "rules" => {
            let rules = data::rules(&texts);
            let begun = Instant::now();
            let set = compile(rules);
            let mut scratch = Scratch::default();
            report(begun, &posts, &mut |post| examine_with(post, &set, &mut scratch).len());
        }
        _ => {
            let claims = data::bulk_claims(&texts);
            drop(texts);
            let begun = Instant::now();
            let index = BulkIndex::build(claims);
            let mut scratch = Scratch::default();
            let wanted = Wanted { top: 5, at_least: 0.5 };
            report(begun, &posts, &mut |post| rank(post, &index, &mut scratch, wanted).len());
        }
    }
}

fn report(begun: Instant, posts: &[Post], one: &mut dyn FnMut(&Post) -> usize) {
    let built = begun.elapsed();
    posts.iter().for_each(|post| {
        black_box(one(post));
    });
    let begun = Instant::now();
    let found = measured(posts, one);
    let (took, count) = (begun.elapsed(), posts.len());
    println!("made ready in {:.2} s", built.as_secs_f64());
    println!("{count} posts, {found} found, {:.0} posts/s", count as f64 / took.as_secs_f64());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
}
