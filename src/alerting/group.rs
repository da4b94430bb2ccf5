//! One alert a claim and desk: which sightings open one, join one, or begin its next letter.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::route::desks_for;
use super::subscription::Desk;
use crate::model::alert::{AlertState, Step, Topic};
use crate::model::claim::{Claim, Status};
use crate::model::sighting::{Decision, Sighting, When};

/// Least time between two letters of one alert.
const BETWEEN_LETTERS: SignedDuration = SignedDuration::from_hours(1);

/// A claim not seen for this long at a desk is news again: a new episode.
const QUIET_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Decides what the store is to do with a visit's sightings. `sightings[i]` are counted by the indices in the steps.
///
/// Near-misses (`Decision::Possible`), rules on trial (`Status::Test`) and what its stance moves to the digest (`Sighting::when`)
/// are remembered by the store but open no letters.
/// Each claim and desk gets at most one step, so that a visit that finds a claim forty times makes one letter.
pub fn group(
    now: Timestamp,
    desks: &[Desk],
    sightings: &[(&Sighting, &Claim)],
    known: &BTreeMap<Topic, AlertState>,
) -> Vec<Step> {
    let mut found: BTreeMap<Topic, (&Desk, Vec<usize>)> = BTreeMap::new();
    for (index, (sighting, claim)) in sightings.iter().enumerate() {
        if sighting.decision != Decision::Alert || sighting.when != When::Alert || claim.status != Status::Active {
            continue;
        }
        for desk in desks_for(claim, desks) {
            let topic = Topic { claim: claim.id.clone(), desk: desk.name.clone() };
            found.entry(topic).or_insert_with(|| (desk, Vec::new())).1.push(index);
        }
    }
    found
        .into_iter()
        .map(|(topic, (desk, sightings))| {
            let state = known.get(&topic);
            step(now, desk, topic, state, sightings)
        })
        .collect()
}

fn step(now: Timestamp, desk: &Desk, topic: Topic, known: Option<&AlertState>, sightings: Vec<usize>) -> Step {
    let gathered = later(now, SignedDuration::try_from(desk.gather).unwrap_or(BETWEEN_LETTERS));
    let Some(alert) = known else {
        return Step::Open { topic, episode: 1, due_at: gathered, sightings };
    };
    if let Some(letter) = alert.gathering {
        return Step::Join { letter, alert: alert.id, sightings };
    }
    if now.duration_since(alert.last_sighting) >= QUIET_FOR {
        return Step::Open { topic, episode: alert.episode.saturating_add(1), due_at: gathered, sightings };
    }
    let spaced = alert.last_letter.map_or(gathered, |last| later(last, BETWEEN_LETTERS).max(gathered));
    // A clock that ran ahead and was set back must not hold the next letter for as long as it was wrong.
    let due_at = spaced.min(later(now, BETWEEN_LETTERS).max(gathered));
    Step::Continue { alert: alert.id, instalment: alert.instalments.saturating_add(1), due_at, sightings }
}

fn later(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerting::samples::{claim, desk, post, sighting};
    use crate::model::alert::{AlertId, DeskName, LetterId};

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

    fn steps(claim: &Claim, state: Option<AlertState>) -> Vec<Step> {
        let seen = sighting(claim, &post("The moon is made of cheese"), "cheese");
        let topic = Topic { claim: claim.id.clone(), desk: DeskName("politics".into()) };
        let known = state.into_iter().map(|state| (topic.clone(), state)).collect();
        group(NOW, &[subscribed()], &[(&seen, claim)], &known)
    }

    fn open_alert(last_sighting: Timestamp, last_letter: Option<Timestamp>, gathering: Option<LetterId>) -> AlertState {
        AlertState { id: AlertId(7), episode: 2, instalments: 3, last_sighting, last_letter, gathering }
    }

    #[test]
    fn the_first_sighting_opens_an_alert_after_the_gathering_time() {
        let claim = on_topic("cheese");
        let [Step::Open { episode: 1, due_at, sightings, .. }] = &steps(&claim, None)[..] else { panic!("one alert") };
        assert_eq!((*due_at, &sightings[..]), (NOW + SignedDuration::from_secs(60), &[0][..]));
    }

    #[test]
    fn a_sighting_joins_the_letter_that_still_gathers() {
        let state = open_alert(NOW, None, Some(LetterId(9)));
        assert_eq!(
            steps(&on_topic("cheese"), Some(state)),
            [Step::Join { letter: LetterId(9), alert: AlertId(7), sightings: vec![0] }]
        );
    }

    #[test]
    fn the_next_letter_comes_an_hour_after_the_last_at_the_earliest() {
        let state = open_alert(NOW - hours(1), Some(NOW - SignedDuration::from_mins(10)), None);
        assert_eq!(
            steps(&on_topic("cheese"), Some(state)),
            [Step::Continue {
                alert: AlertId(7),
                instalment: 4,
                due_at: NOW + SignedDuration::from_mins(50),
                sightings: vec![0]
            }]
        );
    }

    #[test]
    fn an_update_after_a_long_pause_gathers_like_a_first_letter() {
        let state = open_alert(NOW - hours(30), Some(NOW - hours(30)), None);
        let [Step::Continue { due_at, .. }] = &steps(&on_topic("cheese"), Some(state))[..] else { panic!("an update") };
        assert_eq!(*due_at, NOW + SignedDuration::from_secs(60));
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
        let [Step::Continue { due_at, .. }] = &steps(&on_topic("cheese"), Some(state))[..] else { panic!("an update") };
        assert_eq!(*due_at, NOW + hours(1));
    }

    #[test]
    fn forty_posts_of_one_claim_make_one_letter() {
        let claim = on_topic("cheese");
        let seen = sighting(&claim, &post("cheese"), "cheese");
        let many: Vec<_> = (0..40).map(|_| (&seen, &claim)).collect();
        let steps = group(NOW, &[subscribed()], &many, &BTreeMap::new());
        assert!(matches!(&steps[..], [Step::Open { sightings, .. }] if sightings.len() == 40));
    }

    #[test]
    fn near_misses_and_rules_on_trial_write_no_letters() {
        let claim = on_topic("cheese");
        let mut possible = sighting(&claim, &post("cheese"), "cheese");
        possible.decision = Decision::Possible;
        let mut trial = on_topic("trial");
        trial.status = Status::Test;
        let on_trial = sighting(&trial, &post("cheese"), "cheese");
        let all = [(&possible, &claim), (&on_trial, &trial)];
        assert!(group(NOW, &[subscribed()], &all, &BTreeMap::new()).is_empty());
    }

    #[test]
    fn what_its_stance_moves_to_the_digest_writes_no_letter() {
        let claim = on_topic("cheese");
        let mut denial = sighting(&claim, &post("cheese"), "cheese");
        denial.when = When::Digest;
        assert!(group(NOW, &[subscribed()], &[(&denial, &claim)], &BTreeMap::new()).is_empty());
    }
}
