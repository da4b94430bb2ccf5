//! Bulk claims in a backtest: archives before and now, and what their change does, all claims together and the loudest by name.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::compare::{Seen, Tried};
use super::git::{Kept, Then};
use super::markdown::bullet;
use super::report::{example_json, judged_json, posts, said_in_all, shown, verb};
use super::tally::{Change, Example, Tally};
use crate::cli::marks::shortened;
use crate::cli::opened::Opened;
use crate::cli::output::{Paint, counted};
use crate::cli::progress::grouped;
use crate::config::archives;
use crate::model::claim::ClaimId;
use crate::model::post::Post;
use crate::rules::bulk::{Archive, BulkClaim};
use crate::store::editors::Opined;

/// So many claims are named.
const NAMED: usize = 20;

/// So many claims are counted one by one; posts about more of them are counted together only.
const MOST_COUNTED: usize = 100_000;

/// Archives before and now.
#[derive(Default)]
pub(super) struct Archives {
    /// What the archives hold now.
    pub now: Vec<BulkClaim>,
    /// What they held at the git revision; nothing without one.
    pub then: Option<Vec<BulkClaim>>,
}

/// Reads the archives; `None` where there is nothing to try: no archive now or then, or the same ones.
pub(super) fn archives_of(opened: &Opened, then: Option<&Then>, complaints: &mut String) -> Option<Archives> {
    let paths = &opened.reading.archives;
    if let Some(then) = then {
        let is_same = then.archives.iter().all(|kept| matches!(kept, Kept::Same(_))) && then.archives.len() == paths.len();
        if is_same || (paths.is_empty() && then.archives.is_empty()) {
            return None;
        }
    }
    let (now, found) = archives::read(paths, &[]);
    if !found.is_empty() {
        let lines = counted(found.len(), "line");
        complaints.push_str(&format!("{lines} of the archives cannot be used; `claimwatch check` tells them.\n"));
    }
    let then = then.map(|then| claims_then(&then.archives, complaints));
    Some(Archives { now, then })
}

fn claims_then(kept: &[Kept], complaints: &mut String) -> Vec<BulkClaim> {
    let mut archive = Archive::default();
    for one in kept {
        let (name, lines) = match one {
            Kept::Same(path) => (path.display().to_string(), archives::open(path)),
            Kept::Then(text) => (text.name.clone(), archives::unpacked(Box::new(std::io::Cursor::new(text.bytes.clone())))),
        };
        if let Err(error) = lines.and_then(|lines| archive.read(&name, lines)) {
            complaints.push_str(&format!("{name} cannot be read to its end: {error}.\n"));
        }
    }
    archive.claims
}

/// What a change of archives does.
pub(super) struct BulkTally {
    /// All claims together.
    pub all: Tally,
    /// Claims in the archives before (if that is known) and now.
    pub claims: (Option<usize>, usize),
    /// Only these claims; empty: all.
    only: Vec<String>,
    /// Whether claims count that are neither among the rules nor in the archives any more.
    takes_gone: bool,
    by_claim: HashMap<ClaimId, [u64; 3]>,
}

impl BulkTally {
    /// Nothing counted yet.
    pub(super) fn new(archives: &Archives, only: &[String], takes_gone: bool) -> Self {
        Self {
            all: Tally::new(ClaimId("bulk claims".to_owned()), String::new()),
            claims: (archives.then.as_ref().map(Vec::len), archives.now.len()),
            only: only.to_vec(),
            takes_gone,
            by_claim: HashMap::new(),
        }
    }

    /// Counts a post about a claim that is no rule.
    pub(super) fn count(&mut self, post: &Post, seen: Seen, opinions: &[&Opined], show: usize, tried: &Tried) {
        let claim = seen.claim.clone();
        let is_asked_for = self.only.is_empty() || self.only.contains(&claim.0);
        let is_there = tried.bulk_claim(&claim).is_some() || seen.sighting.is_some();
        if !is_asked_for || !(is_there || self.takes_gone) {
            return;
        }
        let Some(change) = self.all.count_of(post, seen, opinions, show, tried) else { return };
        if (self.by_claim.len() < MOST_COUNTED || self.by_claim.contains_key(&claim))
            && let Some(number) = self.by_claim.entry(claim).or_default().get_mut(change as usize)
        {
            *number += 1;
        }
    }

    /// The claims with the most changes.
    fn loudest(&self) -> Vec<(&ClaimId, &[u64; 3])> {
        let mut all: Vec<_> = self.by_claim.iter().collect();
        all.sort_by_key(|(id, numbers)| (std::cmp::Reverse(numbers.iter().sum::<u64>()), *id));
        all.truncate(NAMED);
        all
    }

    fn more(&self) -> usize {
        self.by_claim.len().saturating_sub(NAMED)
    }

    fn size(&self) -> String {
        let now = counted_claims(self.claims.1);
        match self.claims.0 {
            Some(then) if then != self.claims.1 => format!("{} → {now}", grouped(then as u64)),
            _ => now,
        }
    }

    /// For a terminal.
    pub(super) fn in_text(&self, paint: Paint) -> String {
        let [appear, disappear, move_] = self.all.numbers;
        let numbers = format!("+{} -{} ~{}", grouped(appear), grouped(disappear), grouped(move_));
        let (was, now) = (grouped(self.all.was), grouped(self.all.now));
        let mut text = format!("{}  {}   was {was}, now {now}   {numbers}\n", paint.strong("archives"), self.size());
        for (id, [appear, disappear, move_]) in self.loudest() {
            text.push_str(&format!("  {:<30}  +{appear} -{disappear} ~{move_}\n", shortened(&id.0, 0, 60)));
        }
        if self.more() > 0 {
            text.push_str(&paint.dim(&format!("  … and {}\n", counted_claims(self.more()))));
        }
        for change in Change::ALL {
            let examples = || self.all.examples.iter().filter(|example| example.change == change);
            examples().for_each(|example: &Example| text.push_str(&shown(example, paint)));
            let all = self.all.numbers.get(change as usize).copied().unwrap_or_default();
            let more = all.saturating_sub(examples().count() as u64);
            if more > 0 {
                text.push_str(&paint.dim(&format!("  {} … and {} more\n", change.sign(), grouped(more))));
            }
        }
        if let Some(words) = said_in_all(&self.all) {
            text.push_str(&format!("  {words}\n"));
        }
        text + "\n"
    }

    /// A row of the table and, below it, the posts.
    pub(super) fn in_markdown(&self) -> (String, String) {
        let [appear, disappear, move_] = self.all.numbers;
        let (was, now) = (grouped(self.all.was), grouped(self.all.now));
        let numbers = format!("+{} | −{} | {}", grouped(appear), grouped(disappear), grouped(move_));
        let row = format!("| archives | {} | {was} | {now} | {numbers} | – |\n", self.size());
        if !self.all.changes_anything() {
            return (row, String::new());
        }
        let mut text = format!(
            "<details><summary>archives: {} {}, {} {}, {} {}</summary>\n\n",
            grouped(appear),
            verb(appear, "appear"),
            grouped(disappear),
            verb(disappear, "disappear"),
            grouped(move_),
            verb(move_, "move")
        );
        text.extend(self.all.examples.iter().map(bullet));
        let more = self.all.numbers.iter().sum::<u64>().saturating_sub(self.all.examples.len() as u64);
        if more > 0 {
            text.push_str(&format!("- … and {} more\n", posts(more)));
        }
        (row, text + "\n</details>\n\n")
    }

    /// For programs.
    pub(super) fn in_json(&self) -> Value {
        let [appear, disappear, move_] = self.all.numbers;
        let named: Vec<Value> = self
            .loudest()
            .into_iter()
            .map(|(id, [appear, disappear, move_])| json!({ "id": id, "appear": appear, "disappear": disappear, "move": move_ }))
            .collect();
        json!({
            "claims": { "was": self.claims.0, "now": self.claims.1 },
            "was": self.all.was,
            "now": self.all.now,
            "appear": appear,
            "disappear": disappear,
            "move": move_,
            "newly_told": self.all.newly_told,
            "near_misses": { "was": self.all.near_was, "now": self.all.near_now },
            "judged": { "was": judged_json(&self.all.judged_was), "now": judged_json(&self.all.judged_now) },
            "changed_claims": self.by_claim.len(),
            "loudest": named,
            "posts": self.all.examples.iter().map(example_json).collect::<Vec<_>>(),
        })
    }
}

fn counted_claims(number: usize) -> String {
    if number == 1 { "1 bulk claim".to_owned() } else { format!("{} bulk claims", grouped(number as u64)) }
}
