//! Near-misses told to an editor and to a program.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Arguments, Miss, Misses};
use crate::cli::backtest::whence;
use crate::cli::marks::marked;
use crate::cli::output::{Paint, counted, json as as_json};
use crate::cli::progress::grouped;
use crate::model::claim::ClaimId;

/// So many bulk claims are shown.
const SHOWN_BULK: usize = 20;

pub(super) fn in_text(
    all: &BTreeMap<ClaimId, Misses>,
    posts: u64,
    more_bulk: u64,
    arguments: &Arguments,
    paint: Paint,
) -> String {
    let whence_all = match &arguments.posts {
        Some(path) => path.display().to_string(),
        None => arguments.since.to_string(),
    };
    let mut text = String::new();
    let mut rules: Vec<(&ClaimId, &Misses)> = all.iter().filter(|(_, misses)| misses.number > 0).collect();
    rules.sort_by_key(|(id, misses)| (misses.is_bulk, std::cmp::Reverse(misses.number), *id));
    let of_archives = rules.iter().filter(|(_, misses)| misses.is_bulk).count();
    let left_out = of_archives.saturating_sub(SHOWN_BULK);
    rules.truncate(rules.len() - left_out);
    for (id, misses) in &rules {
        let kind = if misses.is_bulk { paint.dim("   bulk claim") } else { String::new() };
        text.push_str(&format!("{}  {}{kind}\n", paint.strong(&id.0), near_misses_in_words(misses.number)));
        for (failure, number) in &misses.gates {
            text.push_str(&format!("  {number:>4} ×  {failure}\n"));
        }
        if misses.short > 0 && !misses.is_bulk {
            text.push_str(&format!("  {:>4} ×  gates passed, not strong enough\n", misses.short));
        }
        let common = misses.common_names();
        if !common.is_empty() {
            let list: Vec<String> = common.iter().map(|(name, number)| format!("\"{name}\" ({number} posts)")).collect();
            text.push_str(&format!("  {} {}\n", paint.odd("words that those without a hit share:"), list.join(", ")));
        }
        text.push('\n');
        let mut shown: Vec<&Miss> = misses.shown.iter().collect();
        shown.sort_by(|a, b| b.strength.total_cmp(&a.strength));
        for miss in shown.iter().take(arguments.show) {
            text.push_str(&one(miss, paint));
        }
        let more = misses.number.saturating_sub(arguments.show as u64);
        if more > 0 {
            text.push_str(&paint.dim(&format!("  … and {} more\n\n", grouped(more))));
        }
    }
    if left_out > 0 {
        let kept = if more_bulk > 0 { " or more" } else { "" };
        text.push_str(
            &paint
                .dim(&format!("… and {}{kept} with near-misses; --format json lists them\n\n", counted(left_out, "bulk claim"))),
        );
    }
    let dismissed: u64 = all.values().map(|misses| misses.dismissed).sum();
    let number: u64 = all.values().map(|misses| misses.number).sum::<u64>() + more_bulk;
    text.push_str(&format!("{} in {} posts ({whence_all})", near_misses_in_words(number), grouped(posts)));
    if dismissed > 0 && !arguments.dismissed {
        text.push_str(&format!("; {} that people have dismissed are not shown (--dismissed)", grouped(dismissed)));
    }
    text.push_str(".\n");
    text
}

fn near_misses_in_words(number: u64) -> String {
    if number == 1 { "1 near-miss".to_owned() } else { format!("{} near-misses", grouped(number)) }
}

fn one(miss: &Miss, paint: Paint) -> String {
    let marked = marked(&miss.post, &miss.wording, &miss.gates, paint);
    let sign = if miss.strength >= miss.threshold { "≥" } else { "<" };
    let mut text = format!(
        "  {:.2} {sign} {:.2}  {}\n      \"{marked}\"\n      closest: {}\n",
        miss.strength,
        miss.threshold,
        whence(&miss.post),
        miss.closest
    );
    for (_, failure) in &miss.failed {
        text.push_str(&format!("      {failure}\n"));
    }
    text.push_str(&format!("      if it should match, try: {}\n\n", miss.try_this));
    text
}

pub(super) fn in_json(all: &BTreeMap<ClaimId, Misses>, posts: u64, more_bulk: u64) -> String {
    let rules: Vec<Value> = all
        .iter()
        .map(|(id, misses)| {
            let shown: Vec<Value> = misses
                .shown
                .iter()
                .map(|miss| {
                    json!({
                        "strength": miss.strength,
                        "threshold": miss.threshold,
                        "source": miss.post.source,
                        "key": miss.post.key,
                        "url": miss.post.url,
                        "text": miss.post.parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("\n"),
                        "closest": miss.closest,
                        "failed_gates": miss.failed.iter().map(|(_, failure)| failure).collect::<Vec<_>>(),
                        "try": miss.try_this,
                    })
                })
                .collect();
            let names: BTreeMap<&String, u64> = misses.common_names().into_iter().collect();
            json!({
                "id": id,
                "bulk": misses.is_bulk,
                "near_misses": misses.number,
                "dismissed": misses.dismissed,
                "not_strong_enough": misses.short,
                "failed_gates": misses.gates,
                "common_words": names,
                "posts": shown,
            })
        })
        .collect();
    as_json(&json!({ "posts": posts, "rules": rules, "of_more_bulk_claims": more_bulk }))
}
