//! What happens to a match after the engine: status and dates of the rule, stance, desks, and what people have dismissed.

use jiff::civil::Date;

use super::ahead::{Ahead, Fate, Way};
use super::list::status_word;
use super::trial::stance_name;
use crate::alerting::route::desks_for;
use crate::matching::judge::Judgement;
use crate::model::claim::Status;
use crate::model::feedback::Opinion;
use crate::model::post::Post;
use crate::model::sighting::{Decision, When};
use crate::rules::Rule;
use crate::rules::life::holds_on;
use crate::store::editors::Opined;
use crate::text::likeness::Print;

/// What the later stages know.
pub(super) struct Later {
    /// Desks, silences, letters of the hour; nothing where there is no configuration.
    pub ahead: Option<Ahead>,
    /// The day.
    pub today: Date,
    /// What people said about sightings.
    pub opinions: Vec<Opined>,
}

impl Later {
    /// The desks that hear of a claim.
    pub(super) fn desks(&self, rule: &Rule) -> Option<Vec<&str>> {
        let desks = &self.ahead.as_ref()?.desks;
        Some(desks_for(&rule.claim, desks).into_iter().map(|desk| desk.name.0.as_str()).collect())
    }

    /// Says what becomes of a post, and which stage holds it back if one does; then desk by desk, where the configuration is known.
    /// `status` is the one in the file.
    pub(super) fn of(&self, post: &Post, judgement: &Judgement<'_>, status: Status) -> (Fate, String, Vec<Way>) {
        let (fate, words) = self.before_desks(post, judgement, status);
        let listed = judgement.decision == Decision::Possible && judgement.when != When::Ignore && status == Status::Active;
        let goes_on = matches!(fate, Fate::Told | Fate::Digest) || (fate == Fate::Near && listed);
        let Some(ahead) = self.ahead.as_ref().filter(|_| goes_on) else { return (fate, words, Vec::new()) };
        let ways = ahead.ways(post, &judgement.clone().into_sighting(post), &judgement.rule.claim);
        if fate != Fate::Told || ways.is_empty() {
            return (fate, words, ways);
        }
        let told = |way: &&Way| way.fate == Fate::Told;
        let names: Vec<&str> = ways.iter().filter(told).map(|way| way.desk.as_str()).collect();
        let (fate, words) = match &names[..] {
            [] if ways.iter().any(|way| way.fate == Fate::Digest) => (Fate::Digest, "no letter of its own".to_owned()),
            [] => (Fate::Held, "would alert, but is held back".to_owned()),
            [one] => (fate, format!("{one} is told")),
            several => (fate, format!("{} are told", several.join(", "))),
        };
        (fate, words, ways)
    }

    fn before_desks(&self, post: &Post, judgement: &Judgement<'_>, status: Status) -> (Fate, String) {
        let rule = judgement.rule;
        if judgement.decision != Decision::Alert {
            return near(judgement);
        }
        if matches!(status, Status::Draft | Status::Paused | Status::Retired) {
            let article = if status == Status::Draft { "a " } else { "" };
            let words = format!("would alert, but the rule is {article}{} and not loaded", status_word(status));
            return (Fate::Held, words);
        }
        if !holds_on(rule, self.today) {
            return (Fate::Held, out_of_its_time(rule, self.today));
        }
        if judgement.when == When::Ignore {
            let stance = stance_name(judgement.stance);
            return (Fate::Ignored, format!("nothing happens: the rule ignores posts of this stance ({stance})"));
        }
        if let Some(words) = self.dismissed(post, rule) {
            return (Fate::Held, words);
        }
        if status == Status::Test {
            return (Fate::Counted, "counted, but nobody is told: the rule is in test".to_owned());
        }
        self.told(judgement)
    }

    fn told(&self, judgement: &Judgement<'_>) -> (Fate, String) {
        let desks = self.desks(judgement.rule);
        let (who, verb) = match desks.as_deref() {
            None => ("the desk".to_owned(), "is"),
            Some([]) => {
                let words = "would alert, but no desk hears of it: the rule names none, and none subscribes to its topic or tags";
                return (Fate::Held, words.to_owned());
            }
            Some([one]) => ((*one).to_owned(), "is"),
            Some(several) => (several.join(", "), "are"),
        };
        match judgement.when {
            When::Digest => {
                let stance = stance_name(judgement.stance);
                (Fate::Digest, format!("no letter of its own: for the digest of {who}, because of its stance ({stance})"))
            }
            When::Alert | When::Ignore => (Fate::Told, format!("{who} {verb} told")),
        }
    }

    /// What people have dismissed for this wording of the rule does not come back.
    fn dismissed(&self, post: &Post, rule: &Rule) -> Option<String> {
        let mut about = self
            .opinions
            .iter()
            .filter(|one| one.feedback.claim == rule.claim.id && one.feedback.revision == rule.claim.revision)
            .filter(|one| one.feedback.opinion == Opinion::Dismissed)
            .peekable();
        about.peek()?;
        let print = Print::of(post.parts.iter().map(|part| part.text.as_str()));
        let one = about.find(|one| one.print.is_like(&print))?;
        let by = one.feedback.by.as_ref().map_or("somebody".to_owned(), |by| super::marks::shortened(by, 0, 60));
        Some(format!("nobody is told: {by} has dismissed the like of it (sighting {})", one.feedback.sighting))
    }
}

fn near(judgement: &Judgement<'_>) -> (Fate, String) {
    let short = judgement.strength < judgement.rule.threshold;
    let shut = judgement.gates.iter().any(|gate| !gate.passed);
    let reason = match (short, shut) {
        (true, true) => "not strong enough, and a gate fails",
        (true, false) => "not strong enough",
        (false, true) => "strong enough, but a gate fails",
        (false, false) => "the rule asks for more",
    };
    let listed = judgement.decision == Decision::Possible && judgement.when != When::Ignore;
    let end = if listed { "; listed as possible in the digest" } else { "" };
    let fate = if judgement.decision == Decision::Possible { Fate::Near } else { Fate::Nothing };
    (fate, format!("no alert: {reason}{end}"))
}

fn out_of_its_time(rule: &Rule, today: Date) -> String {
    if let Some(from) = rule.upkeep.active_from.filter(|from| *from > today) {
        return format!("would alert, but the rule begins on {from} (active_from)");
    }
    let last = rule.upkeep.expires.map(|date| date.to_string()).unwrap_or_default();
    format!("would alert, but the rule expired on {last} (expires)")
}
