//! What the stages after the engine would do now with a post that repeats a claim: asked of the real router, desk by desk.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::marks::shortened;
use super::sighting::words;
use crate::alerting::closing::{Ending, ending};
use crate::alerting::group::{Sighted, group};
use crate::alerting::hours::{next_slot, quiet_until, zone};
use crate::alerting::route::{desks_for, takes};
use crate::alerting::subscription::Desk;
use crate::feeds::language::recognised;
use crate::model::alert::{DeskName, Known, NextLetter, OPERATOR, Step, Waits};
use crate::model::claim::Claim;
use crate::model::digest::Reason;
use crate::model::post::Post;
use crate::model::sighting::Sighting;
use crate::model::silence::{Matchers, Silence, SilenceId};
use crate::model::units::in_words;
use crate::store::records::Standing;

/// Desks, and what the memory says of their threads, silences and letters of the hour.
#[derive(Debug, Clone, Default)]
pub(super) struct Ahead {
    /// The desks of the configuration.
    pub desks: Vec<Desk>,
    /// What the memory says; nothing where there is none.
    pub standing: Standing,
    /// The moment.
    pub now: Timestamp,
}

/// What becomes of a post, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// A desk gets a letter.
    Told,
    /// It waits for the digest.
    Digest,
    /// It is counted only.
    Counted,
    /// A later stage holds it back.
    Held,
    /// The rule wants nothing of this stance.
    Ignored,
    /// It nearly matches.
    Near,
    /// It does not match.
    Nothing,
}

/// What becomes of the post at one desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// The desk, the operator's, or nobody's (empty).
    pub desk: String,
    /// In one word.
    pub fate: Fate,
    /// The stage that holds it back, by its word; `None` where a letter goes out.
    pub held_by: Option<&'static str>,
    /// In a sentence without a full stop.
    pub words: String,
}

impl Ahead {
    /// Gives what becomes of the post, desk by desk. A text that came from nowhere is taken to come from a source that every desk
    /// reads; where that matters, it is said.
    pub(super) fn ways(&self, post: &Post, sighting: &Sighting, claim: &Claim) -> Vec<Way> {
        let mut desks = self.desks.clone();
        for desk in &mut desks {
            desk.sources.clear();
        }
        let text: Vec<&str> = post.parts.iter().map(|part| part.text.as_str()).collect();
        let lang = post.lang.clone().or_else(|| recognised(&text.join("\n")));
        let Standing { alerts, silences, .. } = self.standing.clone();
        let known = Known { alerts, silences, fresh: [0].into() };
        let seen = Sighted { sighting, claim, lang: lang.as_ref(), author: post.author.as_deref() };
        let steps = group(self.now, &desks, &[seen], &known);
        let mut ways: Vec<Way> = steps.iter().filter_map(|step| self.way(step, claim)).collect();
        for way in &mut ways {
            self.add_what_the_source_would_change(way, claim);
        }
        for desk in desks_for(claim, &desks) {
            if !takes(desk, lang.as_ref(), &sighting.source) {
                let lang = lang.as_ref().map(|lang| lang.0.as_str()).unwrap_or_default();
                let words = format!("is not told: it does not ask for posts in this language ({lang})");
                ways.push(Way { desk: desk.name.0.clone(), fate: Fate::Held, held_by: Some("language"), words });
            }
        }
        ways.sort_by_key(|way| desks.iter().position(|desk| desk.name.0 == way.desk));
        ways
    }

    fn way(&self, step: &Step, claim: &Claim) -> Option<Way> {
        match step {
            Step::Hold { desk, reason, silence, .. } => Some(self.held(desk, *reason, *silence)),
            Step::Keep { topic, reason, .. } => Some(self.held(&topic.desk, *reason, None)),
            Step::Open { topic, episode, letter, .. } => {
                let again = if *episode > 1 { "; the claim is back after a quiet week" } else { "" };
                self.letter(self.desk(&topic.desk)?, claim, letter, again)
            }
            Step::Continue { alert, instalment, letter, .. } => {
                let thread = format!("; number {instalment} of its thread");
                self.letter(self.desk(self.desk_of(|state| state.id == *alert)?)?, claim, letter, &thread)
            }
            Step::Join { letter: id, hasten, .. } => {
                let of = |state: &crate::model::alert::AlertState| state.gathering.as_ref().is_some_and(|g| g.letter == *id);
                let desk = self.desk_of(of)?;
                let state = self.standing.alerts.iter().find(|(_, state)| of(state)).map(|(_, state)| state)?;
                let open = state.gathering.clone()?;
                let begun = NextLetter { due_at: open.due_at, waits: Waits::Gathering, occasion: open.occasion };
                self.letter(
                    self.desk(desk)?,
                    claim,
                    hasten.as_ref().unwrap_or(&begun),
                    "; it joins a letter that is being gathered",
                )
            }
        }
    }

    fn desk(&self, name: &DeskName) -> Option<&Desk> {
        self.desks.iter().find(|desk| desk.name == *name)
    }

    fn desk_of(&self, is_it: impl Fn(&crate::model::alert::AlertState) -> bool) -> Option<&DeskName> {
        self.standing.alerts.iter().find(|(_, state)| is_it(state)).map(|(topic, _)| &topic.desk)
    }

    /// A letter was begun, or would be: what would become of it when it is due.
    fn letter(&self, desk: &Desk, claim: &Claim, letter: &NextLetter, more: &str) -> Option<Way> {
        let due_at = letter.due_at.max(self.now);
        let lately = self.standing.letters.get(&desk.name).copied().unwrap_or(0);
        let name = desk.name.0.clone();
        Some(match ending(due_at, desk, claim.severity, &letter.occasion, lately) {
            Ending::Hold(reason) => self.held(&desk.name, reason, None),
            Ending::Wait(until) => {
                let until = clock(until, desk);
                let words = format!("gets a letter when its quiet hours end, {until}: only severity high passes them{more}");
                Way { desk: name, fate: Fate::Told, held_by: Some(Waits::QuietHours.word()), words }
            }
            Ending::Send => {
                let wait = Duration::try_from(due_at.duration_since(self.now)).unwrap_or_default();
                let (held_by, waits) = match letter.waits {
                    Waits::Spaced => (Some(Waits::Spaced.word()), ": letters of one thread keep a distance"),
                    Waits::Gathering | Waits::QuietHours => (None, ""),
                };
                let when = if wait.is_zero() { "at once".to_owned() } else { format!("in about {}", in_words(wait)) };
                Way { desk: name, fate: Fate::Told, held_by, words: format!("gets a letter {when}{waits}{more}") }
            }
        })
    }

    fn held(&self, desk: &DeskName, reason: Reason, silence: Option<SilenceId>) -> Way {
        let silence = silence.and_then(|id| self.standing.silences.iter().find(|silence| silence.id == id));
        let known = self.desk(desk);
        let digest = known.and_then(|desk| Some(clock(next_digest(self.now, desk)?, desk)));
        let digest = digest.map_or_else(|| "its next digest".to_owned(), |at| format!("its digest of {at}"));
        let (fate, words) = match (reason, silence) {
            (Reason::Silenced, Some(silence)) => (Fate::Held, self.silenced(silence, known)),
            (Reason::NoReader, _) if known.is_some() => {
                (Fate::Held, format!("no desk asks for it: told to the operator, in {digest}"))
            }
            (Reason::NoReader, _) => {
                (Fate::Held, "no desk asks for it, and the configuration has no [operator] to tell".to_owned())
            }
            (Reason::Cap, _) => {
                let cap = known.map_or(0, |desk| desk.cap);
                (Fate::Digest, format!("has had its {cap} letters of this hour: told in a digest within the next hour"))
            }
            (Reason::DigestDesk, _) => (Fate::Digest, format!("reads digests only: told in {digest}")),
            (reason, _) if reason.is_final() => (Fate::Ignored, words(reason).to_owned()),
            (reason, _) => {
                (Fate::Digest, format!("is told in {digest} ({})", words(reason).trim_end_matches(": for the digest")))
            }
        };
        Way { desk: desk.0.clone(), fate, held_by: Some(reason.word()), words }
    }

    fn silenced(&self, silence: &Silence, desk: Option<&Desk>) -> String {
        let until = desk.map_or_else(|| silence.to.to_string(), |desk| clock(silence.to, desk));
        let comment = shortened(&silence.comment, 0, 80);
        let (number, matchers, author) = (silence.id.0, &silence.matchers, shortened(&silence.author, 0, 40));
        format!("silence {number} holds it back until {until}, then it is told ({matchers} · by {author} · {comment})")
    }

    /// What depends on where a post comes from and by whom it is, which a text does not say.
    fn add_what_the_source_would_change(&self, way: &mut Way, claim: &Claim) {
        let Some(desk) = self.desks.iter().find(|desk| desk.name.0 == way.desk && way.desk != OPERATOR) else { return };
        if !desk.sources.is_empty() {
            let names: Vec<&str> = desk.sources.iter().map(|source| source.0.as_str()).collect();
            way.words.push_str(&format!("; only of posts from {}", names.join(", ")));
        }
        if way.held_by == Some(Reason::Silenced.word()) {
            return;
        }
        let by_post = self.standing.silences.iter().filter(|silence| silence.matchers.look_at_posts());
        for silence in by_post.filter(|silence| silence.holds_at(self.now)) {
            let Matchers { sources, authors, .. } = silence.matchers.clone();
            let rest = Matchers { sources: Vec::new(), authors: Vec::new(), ..silence.matchers.clone() };
            let covers_all = rest.is_empty();
            let anywhere = Silence { matchers: rest, ..silence.clone() };
            let source = crate::model::source::SourceName(String::new());
            if covers_all || anywhere.covers(claim, &desk.name, &source, None) {
                let only = Matchers { sources, authors, ..Matchers::default() };
                way.words.push_str(&format!("; silence {} would hold it back if it came from {only}", silence.id.0));
            }
        }
    }
}

/// One line a desk.
pub(super) fn way_lines(ways: &[Way]) -> String {
    ways.iter()
        .map(|way| match way.desk.as_str() {
            "" => format!("           {}\n", way.words),
            desk => format!("           {desk}: {}\n", way.words),
        })
        .collect()
}

/// What becomes of it at one desk, for programs.
pub(super) fn way_json(way: &Way) -> serde_json::Value {
    json!({ "desk": way.desk, "letter": way.fate == Fate::Told, "held_by": way.held_by, "why": way.words })
}

/// When the desk's next digest leaves: its time of day, or the end of quiet hours it falls into.
fn next_digest(now: Timestamp, desk: &Desk) -> Option<Timestamp> {
    let slot = next_slot(now, desk)?;
    Some(quiet_until(slot, desk).unwrap_or(slot))
}

/// `2026-11-26 08:00 CET`
fn clock(at: Timestamp, desk: &Desk) -> String {
    at.to_zoned_datetime(zone(desk)).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerting::samples::{claim, desk, sighting};
    use crate::alerting::subscription::QuietHours;
    use crate::model::alert::{AlertId, AlertState, Topic};
    use crate::model::post::Lang;
    use crate::model::sighting::Decision;
    use crate::model::source::SourceName;

    /// 2026-11-25 02:00 UTC.
    const NIGHT: Timestamp = Timestamp::constant(1_795_572_000, 0);

    fn politics() -> Desk {
        Desk { topics: vec!["moon".into()], ..desk("politics") }
    }

    fn told_by(ahead: &Ahead, decision: Decision) -> Vec<Way> {
        let claim = Claim { topic: Some("moon".into()), ..claim("cheese") };
        let post = Post::of_text("Everybody knows that the moon is made of cheese, and has been all along.", NIGHT);
        ahead.ways(&post, &Sighting { decision, ..sighting(&claim, &post, "cheese") }, &claim)
    }

    fn said(desk: Desk, standing: Standing) -> (Fate, Option<&'static str>, String) {
        let ways = told_by(&Ahead { desks: vec![desk], standing, now: NIGHT }, Decision::Alert);
        let [way] = &ways[..] else { panic!("one way: {ways:?}") };
        (way.fate, way.held_by, format!("{}: {}", way.desk, way.words))
    }

    #[test]
    fn a_desk_that_may_be_written_to_gets_a_letter_after_its_gathering_time() {
        let wanted = (Fate::Told, None, "politics: gets a letter in about 60 seconds".to_owned());
        assert_eq!(said(politics(), Standing::default()), wanted);
    }

    #[test]
    fn quiet_hours_the_hourly_limit_and_digests_are_named() {
        let time = |hour| jiff::civil::Time::constant(hour, 0, 0, 0);
        let quiet = Desk { quiet_hours: Some(QuietHours { from: time(22), to: time(7) }), ..politics() };
        let words = "politics: gets a letter when its quiet hours end, 2026-11-25 07:00 UTC: only severity high passes them";
        assert_eq!(said(quiet, Standing::default()), (Fate::Told, Some("quiet_hours"), words.to_owned()));
        let full = Standing { letters: [(DeskName("politics".into()), 20)].into(), ..Standing::default() };
        let words = "politics: has had its 20 letters of this hour: told in a digest within the next hour";
        assert_eq!(said(politics(), full), (Fate::Digest, Some("cap"), words.to_owned()));
        let calm = Desk { immediate: false, ..politics() };
        let words = "politics: reads digests only: told in its digest of 2026-11-25 08:00 UTC";
        assert_eq!(said(calm, Standing::default()), (Fate::Digest, Some("digest_desk"), words.to_owned()));
        let near = told_by(&Ahead { desks: vec![politics()], standing: Standing::default(), now: NIGHT }, Decision::Possible);
        assert_eq!(near[0].words, "is told in its digest of 2026-11-25 08:00 UTC (a near-miss)");
    }

    #[test]
    fn a_thread_that_was_written_to_lately_waits_for_its_turn() {
        let hour = jiff::SignedDuration::from_hours(1);
        let state = AlertState {
            id: AlertId(7),
            episode: 1,
            instalments: 1,
            opened_at: NIGHT - hour * 5,
            last_sighting: NIGHT - hour,
            last_letter: Some(NIGHT - hour / 2),
            letters_today: 1,
            last_spike: None,
            last_hour: 0,
            last_week: 0,
            gathering: None,
        };
        let topic = Topic { claim: crate::model::claim::ClaimId("cheese".into()), desk: DeskName("politics".into()) };
        let standing = Standing { alerts: [(topic, state)].into(), ..Standing::default() };
        let words = "politics: gets a letter in about 30 minutes: letters of one thread keep a distance; number 2 of its thread";
        assert_eq!(said(politics(), standing), (Fate::Told, Some("spaced"), words.to_owned()));
    }

    #[test]
    fn silences_are_named_and_those_of_a_source_where_they_could_matter() {
        let laid = |matchers| Silence {
            id: SilenceId(3),
            matchers,
            author: "Ana".into(),
            comment: "story of the day".into(),
            from: NIGHT,
            to: NIGHT + jiff::SignedDuration::from_hours(2),
        };
        let standing = |matchers| Standing { silences: vec![laid(matchers)], ..Standing::default() };
        let on_topic = Matchers { topics: vec!["moon".into()], ..Matchers::default() };
        let (fate, by, words) = said(politics(), standing(on_topic));
        assert_eq!((fate, by), (Fate::Held, Some("silenced")));
        let wanted =
            "silence 3 holds it back until 2026-11-25 04:00 UTC, then it is told (topic=moon · by Ana · story of the day)";
        assert_eq!(words, format!("politics: {wanted}"));
        let of_source = Matchers { sources: vec!["wire".into()], ..Matchers::default() };
        let (fate, _, words) = said(politics(), standing(of_source.clone()));
        let wanted = "politics: gets a letter in about 60 seconds; silence 3 would hold it back if it came from source=wire";
        assert_eq!((fate, words.as_str()), (Fate::Told, wanted));
        let elsewhere = Matchers { topics: vec!["sea".into()], ..of_source };
        assert!(!said(politics(), standing(elsewhere)).2.contains("silence"));
    }

    #[test]
    fn nobody_subscribed_or_in_another_language_is_said() {
        let (fate, by, words) = said(desk("health"), Standing::default());
        assert_eq!((fate, by), (Fate::Held, Some("no_reader")));
        assert!(words.ends_with("no desk asks for it, and the configuration has no [operator] to tell"), "{words}");
        let french = Desk { languages: vec![Lang("fr".into())], ..politics() };
        let ways = told_by(&Ahead { desks: vec![french], standing: Standing::default(), now: NIGHT }, Decision::Alert);
        assert!(
            ways.iter().any(|way| way.held_by == Some("language") && way.words.ends_with("in this language (en)")),
            "{ways:?}"
        );
        let of_wire = Desk { sources: vec![SourceName("wire".into())], ..politics() };
        assert!(said(of_wire, Standing::default()).2.ends_with("; only of posts from wire"));
    }
}
