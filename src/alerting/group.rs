//! One alert a claim and desk: which sightings open one, join one, begin its next letter, or wait for the digest and why.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::hours::later;
use super::pace::{spaced, spike};
use super::route::{desks_for, takes};
use super::subscription::Desk;
use crate::model::alert::{AlertState, DeskName, Gathering, Known, NextLetter, OPERATOR, Step, Topic, Waits};
use crate::model::claim::{Claim, Status};
use crate::model::digest::Reason;
use crate::model::letter::Occasion;
use crate::model::post::Lang;
use crate::model::sighting::{Decision, Sighting, Stance, When};
use crate::model::silence::SilenceId;

/// A claim not seen for this long at a desk is news again: a new episode.
pub const QUIET_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A sighting of a visit, with what routing must know of its post.
#[derive(Debug, Clone, Copy)]
pub struct Sighted<'v> {
    /// The sighting.
    pub sighting: &'v Sighting,
    /// Its claim, as the rules have it today.
    pub claim: &'v Claim,
    /// Language of the post.
    pub lang: Option<&'v Lang>,
    /// Author of the post.
    pub author: Option<&'v str>,
}

/// Decides what the store is to do with a visit's sightings. `sightings[i]` are counted by the indices in the steps.
///
/// Every fresh sighting is in a step for every desk that gets it, so that none is left without a letter or a reason.
/// Each claim and desk gets at most one step with a letter: a visit that finds a claim forty times makes one letter.
pub fn group(now: Timestamp, desks: &[Desk], sightings: &[Sighted<'_>], known: &Known) -> Vec<Step> {
    let mut letters: BTreeMap<Topic, (&Desk, Vec<usize>)> = BTreeMap::new();
    let mut held: BTreeMap<(DeskName, Reason, Option<SilenceId>), Vec<usize>> = BTreeMap::new();
    for (index, one) in sightings.iter().enumerate().filter(|(index, _)| known.fresh.contains(index)) {
        if let Some(reason) = told_to_nobody(one) {
            held.entry((DeskName(String::new()), reason, None)).or_default().push(index);
            continue;
        }
        let mut reached = false;
        for desk in desks_for(one.claim, desks).into_iter().filter(|desk| takes(desk, one.lang, &one.sighting.source)) {
            reached = true;
            match held_at(desk, one, known, now) {
                Some((reason, silence)) => held.entry((desk.name.clone(), reason, silence)).or_default().push(index),
                None => {
                    let topic = Topic { claim: one.claim.id.clone(), desk: desk.name.clone() };
                    letters.entry(topic).or_insert_with(|| (desk, Vec::new())).1.push(index);
                }
            }
        }
        if !reached {
            held.entry((DeskName(OPERATOR.to_owned()), Reason::NoReader, None)).or_default().push(index);
        }
    }
    let steps = letters.into_iter().map(|(topic, (desk, sightings))| {
        let state = known.alerts.get(&topic);
        step(now, desk, topic, state, sightings)
    });
    let holds = held.into_iter().map(|((desk, reason, silence), sightings)| Step::Hold { desk, reason, silence, sightings });
    steps.chain(holds).collect()
}

/// Why nobody will ever be told of a sighting: an editor said so.
fn told_to_nobody(one: &Sighted<'_>) -> Option<Reason> {
    match (one.claim.status, one.sighting.when) {
        (Status::Active, When::Ignore) => Some(Reason::Ignored),
        (Status::Active, _) if one.sighting.decision == Decision::Below => Some(Reason::Ignored),
        (Status::Active, _) => None,
        (Status::Draft | Status::Test | Status::Paused | Status::Retired, _) => Some(Reason::Trial),
    }
}

/// Why a sighting waits for the digest at that desk; `None` if it is worth a letter.
fn held_at(desk: &Desk, one: &Sighted<'_>, known: &Known, now: Timestamp) -> Option<(Reason, Option<SilenceId>)> {
    let Sighted { sighting, claim, author, .. } = *one;
    let silence = known
        .silences
        .iter()
        .find(|silence| silence.holds_at(now) && silence.covers(claim, &desk.name, &sighting.source, author));
    if let Some(silence) = silence {
        return Some((Reason::Silenced, Some(silence.id)));
    }
    let reason = match (sighting.decision, sighting.when, sighting.stance) {
        (Decision::Alert, When::Alert, _) => return None,
        (Decision::Alert, _, Stance::Report) => Reason::Report,
        (Decision::Alert, _, Stance::Question) => Reason::Question,
        (Decision::Alert, _, Stance::Denial) => Reason::Denial,
        (Decision::Alert, _, Stance::Factcheck) => Reason::Factcheck,
        (Decision::Alert, _, Stance::Assertion | Stance::Quoted) if claim.bulk => Reason::Bulk,
        (Decision::Alert, _, Stance::Assertion | Stance::Quoted) => Reason::Rule,
        (Decision::Possible | Decision::Below, _, _) => Reason::Possible,
    };
    Some((reason, None))
}

fn step(now: Timestamp, desk: &Desk, topic: Topic, known: Option<&AlertState>, sightings: Vec<usize>) -> Step {
    let gathered = later(now, SignedDuration::try_from(desk.gather).unwrap_or(SignedDuration::ZERO));
    let soon = |occasion| NextLetter { due_at: gathered, waits: Waits::Gathering, occasion };
    let Some(alert) = known else {
        return match desk.immediate {
            true => Step::Open { topic, episode: 1, letter: soon(Occasion::News), sightings },
            false => Step::Keep { topic, alert: None, reason: Reason::DigestDesk, sightings },
        };
    };
    let spike = spike(now, alert, sightings.len() as u64);
    if let Some(Gathering { letter, due_at, occasion }) = &alert.gathering {
        let hasten = spike.filter(|_| *occasion == Occasion::News);
        let hasten = hasten.map(|occasion| NextLetter { due_at: gathered.min(*due_at), waits: Waits::Gathering, occasion });
        return Step::Join { letter: *letter, alert: alert.id, hasten, sightings };
    }
    if now.duration_since(alert.last_sighting) >= QUIET_FOR {
        let episode = alert.episode.saturating_add(1);
        return Step::Open { topic, episode, letter: soon(Occasion::Resurgence), sightings };
    }
    let letter = match spike {
        Some(occasion) => soon(occasion),
        None if !desk.immediate => {
            return Step::Keep { topic, alert: Some(alert.id), reason: Reason::DigestDesk, sightings };
        }
        None => spaced(now, gathered, alert),
    };
    Step::Continue { alert: alert.id, instalment: alert.instalments.saturating_add(1), letter, sightings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerting::samples::{claim, desk, post, sighting};
    use crate::model::alert::{AlertId, LetterId};
    use crate::model::claim::Severity;
    use crate::model::silence::{Matchers, Silence};
    use crate::model::source::SourceName;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn hours(hours: i64) -> SignedDuration {
        SignedDuration::from_hours(hours)
    }

    fn subscribed() -> Desk {
        let mut desk = desk("politics");
        desk.topics = vec!["moon".into()];
        desk
    }

    fn on_topic(id: &str) -> Claim {
        let mut claim = claim(id);
        claim.topic = Some("moon".into());
        claim
    }

    fn sighted<'v>(sighting: &'v Sighting, claim: &'v Claim) -> Sighted<'v> {
        Sighted { sighting, claim, lang: None, author: None }
    }

    fn all_fresh(seen: usize) -> Known {
        Known { fresh: (0..seen).collect(), ..Known::default() }
    }

    fn steps(claim: &Claim, state: Option<AlertState>) -> Vec<Step> {
        steps_at(&subscribed(), claim, state)
    }

    fn steps_at(desk: &Desk, claim: &Claim, state: Option<AlertState>) -> Vec<Step> {
        let seen = sighting(claim, &post("The moon is made of cheese"), "cheese");
        let topic = Topic { claim: claim.id.clone(), desk: DeskName("politics".into()) };
        let alerts = state.into_iter().map(|state| (topic.clone(), state)).collect();
        group(NOW, std::slice::from_ref(desk), &[sighted(&seen, claim)], &Known { alerts, ..all_fresh(1) })
    }

    /// An alert that is weeks old, whose letters were one a day.
    fn open_alert(last_sighting: Timestamp, last_letter: Option<Timestamp>, gathering: Option<LetterId>) -> AlertState {
        AlertState {
            id: AlertId(7),
            episode: 2,
            instalments: 3,
            opened_at: NOW - hours(900),
            last_sighting,
            last_letter,
            letters_today: 1,
            last_spike: None,
            last_hour: 0,
            last_week: 0,
            gathering: gathering.map(|letter| Gathering { letter, due_at: NOW + hours(1), occasion: Occasion::News }),
        }
    }

    #[test]
    fn the_first_sighting_opens_an_alert_after_the_gathering_time() {
        let claim = on_topic("cheese");
        let [Step::Open { episode: 1, letter, sightings, .. }] = &steps(&claim, None)[..] else { panic!("one alert") };
        assert_eq!((letter.due_at, &sightings[..]), (NOW + SignedDuration::from_secs(60), &[0][..]));
    }

    #[test]
    fn a_sighting_joins_the_letter_that_still_gathers() {
        let state = open_alert(NOW, None, Some(LetterId(9)));
        assert_eq!(
            steps(&on_topic("cheese"), Some(state)),
            [Step::Join { letter: LetterId(9), alert: AlertId(7), hasten: None, sightings: vec![0] }]
        );
    }

    #[test]
    fn the_next_letter_comes_an_hour_after_the_last_at_the_earliest() {
        let state = open_alert(NOW - hours(1), Some(NOW - SignedDuration::from_mins(10)), None);
        let due_at = NOW + SignedDuration::from_mins(50);
        let letter = NextLetter { due_at, waits: Waits::Spaced, occasion: Occasion::News };
        assert_eq!(
            steps(&on_topic("cheese"), Some(state)),
            [Step::Continue { alert: AlertId(7), instalment: 4, letter, sightings: vec![0] }]
        );
    }

    #[test]
    fn the_distance_of_letters_doubles_with_each_letter_of_the_day() {
        let due = |letters_today| {
            let state = AlertState { letters_today, ..open_alert(NOW, Some(NOW), None) };
            let [Step::Continue { letter, .. }] = &steps(&on_topic("cheese"), Some(state))[..] else { panic!("an update") };
            letter.due_at
        };
        assert_eq!([1, 2, 3, 4, 5, 6].map(due), [1, 2, 4, 8, 16, 16].map(|n| NOW + hours(n)));
    }

    #[test]
    fn an_update_after_a_long_pause_gathers_like_a_first_letter() {
        let state = open_alert(NOW - hours(30), Some(NOW - hours(30)), None);
        let [Step::Continue { letter, .. }] = &steps(&on_topic("cheese"), Some(state))[..] else { panic!("an update") };
        assert_eq!(letter.due_at, NOW + SignedDuration::from_secs(60));
    }

    #[test]
    fn a_claim_that_was_quiet_for_seven_days_is_a_new_episode() {
        let quiet = |since: SignedDuration| steps(&on_topic("cheese"), Some(open_alert(NOW - since, Some(NOW - since), None)));
        assert!(matches!(&quiet(hours(7 * 24))[..], [Step::Open { episode: 3, .. }]));
        assert!(matches!(&quiet(hours(7 * 24) - SignedDuration::from_secs(1))[..], [Step::Continue { .. }]));
    }

    #[test]
    fn a_clock_that_was_set_back_a_day_holds_no_letter_for_a_day() {
        let state = open_alert(NOW + hours(24), Some(NOW + hours(24)), None);
        let [Step::Continue { letter, .. }] = &steps(&on_topic("cheese"), Some(state))[..] else { panic!("an update") };
        assert_eq!(letter.due_at, NOW + hours(1));
    }

    #[test]
    fn forty_posts_of_one_claim_make_one_letter() {
        let claim = on_topic("cheese");
        let seen = sighting(&claim, &post("cheese"), "cheese");
        let many: Vec<_> = (0..40).map(|_| sighted(&seen, &claim)).collect();
        let steps = group(NOW, &[subscribed()], &many, &all_fresh(40));
        assert!(matches!(&steps[..], [Step::Open { sightings, .. }] if sightings.len() == 40));
    }

    /// What is held, by desk, reason and silence.
    fn holds(seen: &[(Sighting, Claim)], desks: &[Desk], silences: Vec<Silence>) -> Vec<(String, Reason, Option<i64>)> {
        let all: Vec<_> = seen.iter().map(|(sighting, claim)| sighted(sighting, claim)).collect();
        let known = Known { silences, ..all_fresh(all.len()) };
        let steps = group(NOW, desks, &all, &known).into_iter().map(|step| match step {
            Step::Hold { desk, reason, silence, .. } => (desk.0, reason, silence.map(|silence| silence.0)),
            Step::Keep { topic, reason, .. } => (topic.desk.0, reason, None),
            other => panic!("a letter: {other:?}"),
        });
        steps.collect()
    }

    fn seen(claim: Claim, change: impl FnOnce(&mut Sighting)) -> (Sighting, Claim) {
        let mut seen = sighting(&claim, &post("cheese"), "cheese");
        change(&mut seen);
        (seen, claim)
    }

    #[test]
    fn whatever_has_no_letter_has_a_reason() {
        let digest = |stance| move |s: &mut Sighting| (s.stance, s.when) = (stance, When::Digest);
        let on_trial = Claim { status: Status::Test, ..on_topic("trial") };
        let all = [
            (seen(on_topic("a"), |s| s.decision = Decision::Possible), "politics", Reason::Possible),
            (seen(on_topic("b"), digest(Stance::Denial)), "politics", Reason::Denial),
            (seen(on_topic("c"), digest(Stance::Report)), "politics", Reason::Report),
            (seen(on_topic("d"), digest(Stance::Assertion)), "politics", Reason::Rule),
            (seen(Claim { bulk: true, ..on_topic("bulk") }, digest(Stance::Quoted)), "politics", Reason::Bulk),
            (seen(Claim { bulk: true, ..on_topic("bulk") }, digest(Stance::Denial)), "politics", Reason::Denial),
            (seen(on_topic("e"), |s| s.when = When::Ignore), "", Reason::Ignored),
            (seen(on_trial, |_| ()), "", Reason::Trial),
            (seen(claim("no-topic"), |_| ()), OPERATOR, Reason::NoReader),
        ];
        for (one, desk, reason) in all {
            assert_eq!(holds(&[one], &[subscribed()], Vec::new()), [(desk.to_owned(), reason, None)]);
        }
    }

    #[test]
    fn a_desk_that_reads_digests_gets_no_first_letter_and_no_update_but_hears_of_what_is_back() {
        let desk = Desk { immediate: false, ..subscribed() };
        assert!(matches!(&steps_at(&desk, &on_topic("a"), None)[..], [Step::Keep { alert: None, .. }]));
        let open = open_alert(NOW - hours(2), None, None);
        assert!(matches!(&steps_at(&desk, &on_topic("a"), Some(open))[..], [Step::Keep { alert: Some(_), .. }]));
        let quiet = open_alert(NOW - hours(200), None, None);
        let steps = steps_at(&desk, &on_topic("a"), Some(quiet));
        assert!(matches!(&steps[..], [Step::Open { letter: NextLetter { occasion: Occasion::Resurgence, .. }, .. }]));
    }

    #[test]
    fn a_silence_covers_also_what_is_back_after_a_week() {
        let matchers = Matchers { topics: vec!["Moon".into()], ..Matchers::default() };
        let (author, comment) = ("A".to_owned(), "B".to_owned());
        let silence = Silence { id: SilenceId(3), matchers, author, comment, from: NOW, to: NOW + hours(1) };
        let over = Silence { to: NOW, ..silence.clone() };
        let one = || [seen(on_topic("a"), |_| ())];
        assert_eq!(holds(&one(), &[subscribed()], vec![silence]), [("politics".into(), Reason::Silenced, Some(3))]);
        let quiet = Desk { immediate: false, ..subscribed() };
        assert_eq!(holds(&one(), &[quiet], vec![over]), [("politics".into(), Reason::DigestDesk, None)]);
    }

    #[test]
    fn languages_sources_and_severities_narrow_what_a_desk_gets() {
        let wants = |desk: Desk, lang: &str| {
            let (seen, claim) = seen(on_topic("a"), |_| ());
            let lang = Lang(lang.into());
            let one = Sighted { lang: Some(&lang), ..sighted(&seen, &claim) };
            matches!(&group(NOW, &[desk], &[one], &all_fresh(1))[..], [Step::Open { .. }])
        };
        assert!(wants(Desk { languages: vec![Lang("fr".into())], ..subscribed() }, "fr"));
        assert!(!wants(Desk { languages: vec![Lang("fr".into())], ..subscribed() }, "en"));
        assert!(!wants(Desk { sources: vec![SourceName("other".into())], ..subscribed() }, "en"));
        assert!(!wants(Desk { severities: vec![Severity::High], ..subscribed() }, "en"));
    }

    #[test]
    fn a_spike_is_more_than_five_and_more_than_three_times_the_weeks_mean() {
        let due = |last_hour, last_week, last_spike| {
            let state = AlertState { last_hour, last_week, last_spike, ..open_alert(NOW, Some(NOW), None) };
            match steps(&on_topic("cheese"), Some(state)).pop() {
                Some(Step::Continue { letter, .. }) => (letter.occasion, letter.due_at),
                other => panic!("{other:?}"),
            }
        };
        let soon = NOW + SignedDuration::from_secs(60);
        assert_eq!(due(4, 0, None).0, Occasion::News, "five are not more than five");
        assert_eq!(due(5, 0, None), (Occasion::Spike { last_hour: 6, usual_hundredths: 0 }, soon));
        // Two in each of the 167 hours before: six are not more than three times that, seven are.
        assert_eq!(due(5, 334, None).0, Occasion::News);
        assert_eq!(due(6, 334, None).0, Occasion::Spike { last_hour: 7, usual_hundredths: 200 });
        assert_eq!(due(60, 0, Some(NOW - hours(23))).0, Occasion::News, "said once a day");
        assert!(matches!(due(60, 0, Some(NOW - hours(24))).0, Occasion::Spike { .. }));
        assert!(matches!(due(60, 0, Some(NOW + hours(24))).0, Occasion::Spike { .. }), "a clock was wrong");
    }

    #[test]
    fn a_spike_hastens_the_letter_that_gathers() {
        let state = AlertState { last_hour: 50, ..open_alert(NOW, Some(NOW), Some(LetterId(9))) };
        let [Step::Join { hasten: Some(sooner), .. }] = &steps(&on_topic("cheese"), Some(state))[..] else { panic!("a spike") };
        assert_eq!(sooner.due_at, NOW + SignedDuration::from_secs(60));
    }
}
