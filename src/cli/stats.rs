//! `claimwatch stats`: how each rule has done: sightings, letters, what people said, and how far to trust that.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::list::status_word;
use super::opened::{Since, days_ago, open};
use super::output::{Answer, Format, Paint, colour, json as as_json};
use super::precision::Precision;
use super::test::rule_called;
use super::{ConfigPath, Exit};
use crate::model::claim::{ClaimId, Status};
use crate::rules::{Rule, Strictness};
use crate::store::editors::Doing;

/// Arguments of `stats`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only these rules.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Look back so far: "30d", "2026-09-01".
    #[arg(long, value_name = "TIME", default_value = "30d")]
    pub since: Since,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Use the rules in these files or folders instead of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Sightings are posts that repeat the claim; `digest` are those of them that were left to the digest by their \
stance. Precision is the share of judged sightings (claimwatch feedback) that were confirmed, with its 95 % \
interval: of two judgements one learns little. The blocks show the time from left to right, each rule on a scale \
of its own.

Exit code: 0 · 2 no such rule · 3 the rules have errors · 4 no database";

/// Fewer judgements than this are no ground for advice.
const FEW: u64 = 5;

/// Says how the rules have done.
pub async fn stats(arguments: &Arguments) -> Answer {
    let opened = match open(&arguments.config, &arguments.rules).await {
        Ok(opened) => opened,
        Err(answer) => return answer,
    };
    let now = Timestamp::now();
    let store = match opened.memory("Without it nothing is known of the past.") {
        Ok(store) => store,
        Err(answer) => return answer,
    };
    let doing = store.doing(arguments.since.before(now), now).await;
    opened.close().await;
    let doing = match doing {
        Ok(doing) => doing,
        Err(error) => return Answer::trouble(format!("{error}\n"), Exit::World),
    };
    let rules = &opened.reading.rules;
    for id in &arguments.ids {
        if !doing.contains_key(&ClaimId(id.clone()))
            && let Err(answer) = rule_called(id, rules)
        {
            return answer;
        }
    }
    let rows = Row::all(rules, &doing, &arguments.ids);
    if arguments.format == Format::Json {
        let all: Vec<Value> = rows.iter().map(|row| row.in_json(now)).collect();
        return Answer::new(as_json(&json!({ "since": arguments.since.before(now), "rules": all })), Exit::Fine);
    }
    Answer::new(table(&rows, arguments.since, now, Paint { colour: colour() }), Exit::Fine)
}

/// A rule, or a claim that is no longer a rule, and how it has done.
struct Row<'r> {
    id: &'r str,
    rule: Option<&'r Rule>,
    doing: Doing,
}

impl<'r> Row<'r> {
    fn all(rules: &'r [Rule], doing: &'r BTreeMap<ClaimId, Doing>, ids: &[String]) -> Vec<Self> {
        let of_rule = |rule: &'r Rule| Row {
            id: &rule.claim.id.0,
            rule: Some(rule),
            doing: doing.get(&rule.claim.id).cloned().unwrap_or_default(),
        };
        let told = |rule: &&Rule| doing.contains_key(&rule.claim.id) || rule.claim.status != Status::Retired;
        let mut rows: Vec<Self> = rules.iter().filter(told).map(of_rule).collect();
        let gone = doing.iter().filter(|(id, one)| {
            (one.sightings + one.letters + one.confirmed + one.dismissed > 0) && !rules.iter().any(|rule| rule.claim.id == **id)
        });
        rows.extend(gone.map(|(id, doing)| Row { id: &id.0, rule: None, doing: doing.clone() }));
        rows.retain(|row| ids.is_empty() || ids.iter().any(|id| id == row.id));
        rows
    }

    fn status(&self) -> &'static str {
        self.rule.map_or("gone", |rule| status_word(rule.claim.status))
    }

    fn precision(&self) -> Precision {
        Precision { confirmed: self.doing.confirmed, dismissed: self.doing.dismissed }
    }

    /// What an editor might do about it.
    fn note(&self, now: Timestamp) -> Option<String> {
        let precision = self.precision();
        let (low, high) = precision.interval().unwrap_or((0.0, 1.0));
        let status = self.rule.map(|rule| rule.claim.status)?;
        let threshold = self.rule.map(|rule| rule.threshold)?;
        let older: u64 = self.older();
        if precision.judged() >= FEW && high < 0.5 {
            let stricter = if threshold < Strictness::Strict.threshold() { "consider strict" } else { "ask for more in all_of" };
            return Some(format!("noisy: {stricter}"));
        }
        if status == Status::Test && precision.judged() >= FEW && low > 0.5 {
            return Some("proven: could become active".to_owned());
        }
        if older > 0 && older == precision.judged() {
            return Some("all judged by an older wording".to_owned());
        }
        if self.doing.sightings >= 10 && precision.judged() == 0 {
            return Some("nobody has judged it: claimwatch feedback".to_owned());
        }
        if self.doing.sightings == 0 && self.doing.possible >= FEW {
            return Some("only near-misses: claimwatch near-misses".to_owned());
        }
        let asleep = self.doing.last_seen.is_some_and(|last| now.duration_since(last).as_hours() > 24 * 90);
        (status == Status::Active && asleep).then(|| "quiet for three months".to_owned())
    }

    /// How many of the judgements are about an older wording of the rule.
    fn older(&self) -> u64 {
        let Some(rule) = self.rule else { return 0 };
        self.doing.judged.iter().filter(|(revision, _)| **revision != rule.claim.revision).map(|(_, number)| number).sum()
    }

    fn in_json(&self, now: Timestamp) -> Value {
        let doing = &self.doing;
        json!({
            "id": self.id,
            "status": self.status(),
            "revision": self.rule.map(|rule| &rule.claim.revision),
            "sightings": doing.sightings,
            "digest": doing.digest,
            "near_misses": doing.possible,
            "left_out": doing.left_out,
            "letters": doing.letters,
            "confirmed": doing.confirmed,
            "dismissed": doing.dismissed,
            "judged_by_older_wording": self.older(),
            "precision": self.precision().as_json(),
            "last_seen": doing.last_seen,
            "trend": doing.trend,
            "note": self.note(now),
        })
    }
}

fn table(rows: &[Row<'_>], since: Since, now: Timestamp, paint: Paint) -> String {
    let width = rows.iter().map(|row| row.id.chars().count()).max().unwrap_or_default().max(2);
    let mut text = format!(
        "{:width$}  {:7} {:>9} {:>7} {:>6} {:>9} {:>9}  {:16}  {:12} {:10}\n",
        "id",
        "status",
        "sightings",
        "letters",
        "digest",
        "confirmed",
        "dismissed",
        "precision (95 %)",
        "last seen",
        since.to_string()
    );
    for row in rows {
        let doing = &row.doing;
        let last = doing.last_seen.map_or("never".to_owned(), |at| days_ago(at, now));
        let note = row.note(now).map(|note| format!("  {}", paint.odd(&note))).unwrap_or_default();
        text.push_str(&format!(
            "{}  {:7} {:>9} {:>7} {:>6} {:>9} {:>9}  {:16}  {last:12} {}{note}\n",
            paint.strong(&format!("{:width$}", row.id)),
            row.status(),
            dash(doing.sightings),
            dash(doing.letters),
            dash(doing.digest),
            dash(doing.confirmed),
            dash(doing.dismissed),
            row.precision().shown(),
            blocks(&doing.trend),
        ));
    }
    if rows.iter().all(|row| row.doing.sightings == 0) {
        text.push_str(&format!("Nothing was seen in this time ({since}).\n"));
    }
    text
}

fn dash(number: u64) -> String {
    if number == 0 { "–".to_owned() } else { number.to_string() }
}

/// A row of text blocks, the highest for the largest number.
fn blocks(trend: &[u64]) -> String {
    const BLOCKS: [char; 7] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'];
    let most = trend.iter().copied().max().unwrap_or_default();
    if most == 0 {
        return "·".repeat(trend.len());
    }
    let block = |number: &u64| match number {
        0 => '·',
        number => BLOCKS.get(((number * 7).div_ceil(most) as usize).saturating_sub(1)).copied().unwrap_or('▇'),
    };
    trend.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trend_shows_nothing_as_nothing_and_the_most_as_the_highest() {
        assert_eq!(blocks(&[0, 1, 7, 14]), "·▁▄▇");
        assert_eq!(blocks(&[0, 0]), "··");
        assert_eq!(blocks(&[5, 5]), "▇▇");
    }
}
