//! When each source is visited next: decided from its state, its server's hints and chance, nothing else.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::fetch::host::HostKey;
use crate::model::hub::Hub;
use crate::model::source::{Condition, Health, Source, SourceKind, SourceState, Validators};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// No feed is asked more often than this, whatever the configuration says.
pub const FLOOR: Duration = Duration::from_secs(5 * 60);
/// A timeline with more to read is gone on with after this pause.
const AT_ONCE: Duration = Duration::from_secs(1);
/// Every source is asked at least this often.
pub const CEILING: Duration = DAY;
/// A server may ask for longer pauses, but desks pay for silence: hints count up to here.
pub const HINT_CAP: Duration = Duration::from_secs(60 * 60);
/// Backoff after failures ends here.
const BACKOFF_CAP: Duration = Duration::from_secs(4 * 60 * 60);
/// Visits without news before a source is asked less often.
const PATIENCE: u32 = 10;
/// How much less often at the most.
const SLOWEST: f64 = 4.0;
/// Failures in a row that make a source failing.
const FAILING: u32 = 3;
/// A source that has failed for so long is only probed once a day.
const GIVEN_UP: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// Sources that fell due while we were away are spread over at most this long.
const SPREAD: Duration = Duration::from_secs(10 * 60);

/// What a good visit brought.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Posts never seen before.
    pub new: usize,
    /// How long the server asks to wait.
    pub hint: Option<Duration>,
    /// What to ask with next time; `None` keeps what we have.
    pub validators: Option<Validators>,
    /// What had to be repaired, in words; `None` where no document was read.
    pub repaired: Option<Vec<String>>,
    /// How the keys of its posts were made; `None` keeps what we have.
    pub key_policy: Option<String>,
    /// Where to go on reading; `None` keeps what we have.
    pub cursor: Option<String>,
    /// There is more to be read: the next visit follows at once.
    pub more: bool,
    /// A hub that pushes the document; `None` where no document was read.
    pub hub: Option<Option<Hub>>,
    /// A hub pushes it already: visits only make sure that nothing was missed.
    pub is_pushed: bool,
}

/// Gives a source's state after a visit that went well. `chance` is 0..1 and spreads visits by ±10 %.
pub fn after_success(source: &Source, state: &SourceState, found: &Found, now: Timestamp, chance: f64) -> SourceState {
    let unchanged = if found.new > 0 { 0 } else { state.unchanged.saturating_add(1) };
    let pause = if found.more { AT_ONCE } else { interval(source, unchanged, found, chance) };
    let repaired = found.repaired.clone().unwrap_or_else(|| state.condition.repaired.clone());
    SourceState {
        health: if repaired.is_empty() { Health::Ok } else { Health::Degraded },
        validators: found.validators.clone().unwrap_or_else(|| state.validators.clone()),
        next_due: match found.more {
            true if source.kind.waits_for_a_call() => Some(now),
            false if source.kind.waits_for_a_call() => None,
            _ => later(now, pause),
        },
        // A walk that is not at its end has not caught up: what it finds next is as old as what it found before.
        last_success: if found.more { state.last_success } else { Some(now) },
        failures: 0,
        last_error: None,
        unchanged,
        cursor: found.cursor.clone().or_else(|| state.cursor.clone()),
        condition: Condition {
            key_policy: found.key_policy.clone().or_else(|| state.condition.key_policy.clone()),
            repaired,
            last_news: if found.new > 0 { Some(now) } else { state.condition.last_news },
            pause_seconds: Some(pause.as_secs()),
            moved: state.condition.moved.clone(),
            address: state.condition.address.clone(),
            asked: state.condition.asked.clone(),
            hub: found.hub.clone().unwrap_or_else(|| state.condition.hub.clone()),
            ..Condition::default()
        },
    }
}

/// Gives a source's state after a failed visit. `wait` is what the failure asks for; `held` says that the server
/// throttled us, which is not counted as a failure.
pub fn after_failure(
    source: &Source,
    state: &SourceState,
    sentence: &str,
    wait: Option<Duration>,
    held: bool,
    now: Timestamp,
    chance: f64,
) -> SourceState {
    let failures = if held { state.failures } else { state.failures.saturating_add(1) };
    let silent_for = state.last_success.map(|at| Duration::try_from(now.duration_since(at)).unwrap_or_default());
    let given_up = failures >= FAILING && silent_for.is_some_and(|long| long >= GIVEN_UP);
    let pause = if given_up { DAY } else { wait.unwrap_or_default().max(backoff(source, failures)).min(CEILING) };
    SourceState {
        health: match failures {
            _ if given_up => Health::Suspended,
            FAILING.. => Health::Failing,
            _ => state.health,
        },
        next_due: later(now, scale(pause, 0.8 + 0.4 * chance).max(wait.unwrap_or_default().min(CEILING))),
        failures,
        last_error: Some(sentence.to_owned()),
        ..state.clone()
    }
}

/// Gives the state of a source that could not be asked yet, because its host wants to be left alone for `wait`.
pub fn put_off(state: &SourceState, sentence: &str, wait: Duration, now: Timestamp) -> SourceState {
    SourceState { next_due: later(now, wait.min(CEILING)), last_error: Some(sentence.to_owned()), ..state.clone() }
}

/// Gives when a source is visited first after a start: at once when it is new or costs nobody anything, else when it
/// was due, and those overdue are spread so that a restart is not a storm.
pub fn at_start(source: &Source, state: &SourceState, now: Timestamp, chance: f64) -> Timestamp {
    match (&source.kind, state.next_due) {
        (kind, _) if kind.waits_for_a_call() => Timestamp::MAX,
        (SourceKind::File { .. }, _) | (_, None) => now,
        // A clock that was wrong when the state was written must not silence a source for years.
        (_, Some(due)) if due > now => due.min(later(now, CEILING).unwrap_or(now)),
        _ => later(now, scale(source.every.min(SPREAD), chance)).unwrap_or(now),
    }
}

fn interval(source: &Source, unchanged: u32, found: &Found, chance: f64) -> Duration {
    if matches!(source.kind, SourceKind::File { .. }) {
        return source.every;
    }
    let quiet = unchanged.saturating_sub(PATIENCE);
    let slower = 1.5_f64.powi(i32::try_from(quiet).unwrap_or(i32::MAX).min(8)).min(SLOWEST);
    let slower = if found.is_pushed { SLOWEST } else { slower };
    let wished = scale(source.every, slower).max(found.hint.unwrap_or_default().min(HINT_CAP));
    scale(wished.clamp(FLOOR, CEILING), 0.9 + 0.2 * chance).max(FLOOR)
}

fn backoff(source: &Source, failures: u32) -> Duration {
    let base = source.every.clamp(MINUTE, BACKOFF_CAP);
    base.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(BACKOFF_CAP.max(base))
}

fn scale(duration: Duration, by: f64) -> Duration {
    Duration::from_secs_f64(duration.as_secs_f64() * by)
}

fn later(now: Timestamp, pause: Duration) -> Option<Timestamp> {
    now.saturating_add(pause).ok()
}

/// Which sources are due, and which are being visited.
#[derive(Debug, Default)]
pub struct Agenda {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    due: Timestamp,
    /// One visit at a time to a host: a slow one keeps its own sources waiting and no others.
    host: Option<HostKey>,
    in_hand: bool,
    /// Switched off by the operator.
    rests: bool,
}

impl Entry {
    fn waits(&self) -> bool {
        !self.in_hand && !self.rests
    }
}

impl Agenda {
    /// Makes an agenda from each source's next visit and host, in the order of the configuration.
    pub fn new(due: impl IntoIterator<Item = (Timestamp, Option<HostKey>)>) -> Self {
        let entry = |(due, host)| Entry { due, host, in_hand: false, rests: false };
        Self { entries: due.into_iter().map(entry).collect() }
    }

    /// Takes the sources that are due, those waiting longest first, one of each host and at most `free` of them; they
    /// count as in hand until [`Agenda::put_back`].
    pub fn take_due(&mut self, now: Timestamp, free: usize) -> Vec<usize> {
        let mut due: Vec<usize> =
            (0..self.entries.len()).filter(|&i| self.entries[i].waits() && self.entries[i].due <= now).collect();
        due.sort_by_key(|&i| self.entries[i].due);
        let mut asked: HashSet<HostKey> = self.in_hand().filter_map(|i| self.entries[i].host.clone()).collect();
        due.retain(|&i| self.entries[i].host.as_ref().is_none_or(|host| asked.insert(host.clone())));
        due.truncate(free);
        for &i in &due {
            self.entries[i].in_hand = true;
        }
        due
    }

    /// Notes that a visit is over and when the next is due.
    pub fn put_back(&mut self, source: usize, due: Timestamp) {
        if let Some(entry) = self.entries.get_mut(source) {
            entry.due = due;
            entry.in_hand = false;
        }
    }

    /// Makes a source due at once, unless it is being visited.
    pub fn hasten(&mut self, source: usize, now: Timestamp) {
        if let Some(entry) = self.entries.get_mut(source).filter(|entry| !entry.in_hand) {
            entry.due = entry.due.min(now);
        }
    }

    /// Lets a source rest, or ends its rest; a visit in hand is finished.
    pub fn rest(&mut self, source: usize, rests: bool) {
        if let Some(entry) = self.entries.get_mut(source) {
            entry.rests = rests;
        }
    }

    /// Gives the sources whose visits are in hand.
    pub fn in_hand(&self) -> impl Iterator<Item = usize> + '_ {
        self.entries.iter().enumerate().filter(|(_, entry)| entry.in_hand).map(|(i, _)| i)
    }

    /// Counts the sources that wait for a visit, apart from those that wait for a call.
    pub fn waiting(&self) -> usize {
        self.entries.iter().filter(|entry| entry.waits() && entry.due < Timestamp::MAX).count()
    }

    /// Gives when the next source falls due, apart from those in hand or at rest.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.entries.iter().filter(|entry| entry.waits() && entry.due < Timestamp::MAX).map(|entry| entry.due).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::{Backfill, SourceName};

    fn feed(every: Duration) -> Source {
        let kind = SourceKind::Feed { url: "https://example.org/feed".parse().unwrap(), allow_private: Vec::new() };
        Source { name: SourceName("bbc".to_owned()), kind, every, backfill: Backfill::Nothing }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn pause(state: &SourceState) -> i64 {
        state.next_due.unwrap().duration_since(at(0)).as_secs()
    }

    #[test]
    fn jitter_stays_within_a_tenth() {
        let found = Found { new: 1, ..Found::default() };
        let state = |chance| after_success(&feed(15 * MINUTE), &SourceState::default(), &found, at(0), chance);
        assert_eq!(pause(&state(0.0)), 810);
        assert_eq!(pause(&state(1.0)), 990);
    }

    #[test]
    fn a_source_without_news_is_asked_less_often_but_at_least_every_fourth_time() {
        let mut state = SourceState::default();
        let mut pauses = Vec::new();
        for _ in 0..20 {
            state = after_success(&feed(15 * MINUTE), &state, &Found::default(), at(0), 0.5);
            pauses.push(pause(&state));
        }
        assert_eq!(pauses[9], 900);
        assert_eq!(pauses[10], 1350);
        assert_eq!(pauses[19], 3600);
        state = after_success(&feed(15 * MINUTE), &state, &Found { new: 2, ..Found::default() }, at(0), 0.5);
        assert_eq!(pause(&state), 900);
    }

    #[test]
    fn a_server_may_ask_for_an_hour_but_not_for_a_week() {
        let found = Found { hint: Some(7 * DAY), ..Found::default() };
        let state = after_success(&feed(15 * MINUTE), &SourceState::default(), &found, at(0), 0.5);
        assert_eq!(pause(&state), 3600);
    }

    #[test]
    fn no_feed_is_asked_more_often_than_every_five_minutes() {
        let state = after_success(&feed(MINUTE), &SourceState::default(), &Found::default(), at(0), 0.0);
        assert_eq!(pause(&state), 300);
    }

    #[test]
    fn failures_double_the_pause_up_to_four_hours_and_make_the_source_failing() {
        let mut state = SourceState { health: Health::Ok, ..SourceState::default() };
        let mut seen = Vec::new();
        for _ in 0..7 {
            state = after_failure(&feed(15 * MINUTE), &state, "no answer", None, false, at(0), 0.5);
            seen.push((pause(&state), state.health));
        }
        assert_eq!(seen[0], (900, Health::Ok));
        assert_eq!(seen[1], (1800, Health::Ok));
        assert_eq!(seen[2], (3600, Health::Failing));
        assert_eq!(seen[6], (14_400, Health::Failing));
    }

    #[test]
    fn a_wait_that_the_server_asked_for_is_kept_in_full() {
        let state = after_failure(&feed(15 * MINUTE), &SourceState::default(), "later", Some(2 * 60 * MINUTE), true, at(0), 0.0);
        assert_eq!(pause(&state), 7200);
        assert_eq!(state.failures, 0);
    }

    #[test]
    fn a_source_silent_for_a_fortnight_is_probed_once_a_day() {
        let state = SourceState { failures: 9, last_success: Some(at(-15 * 86_400)), ..SourceState::default() };
        let state = after_failure(&feed(15 * MINUTE), &state, "gone", None, false, at(0), 0.5);
        assert_eq!((pause(&state), state.health), (86_400, Health::Suspended));
    }

    #[test]
    fn a_failure_keeps_the_validators_and_the_last_success() {
        let validators = Validators { etag: Some("\"7\"".to_owned()), last_modified: None };
        let state = SourceState { validators: validators.clone(), last_success: Some(at(-5)), ..SourceState::default() };
        let state = after_failure(&feed(MINUTE), &state, "no", None, false, at(0), 0.5);
        assert_eq!((state.validators, state.last_success), (validators, Some(at(-5))));
    }

    #[test]
    fn a_restart_keeps_the_appointments_and_spreads_the_overdue() {
        let due = |seconds| SourceState { next_due: Some(at(seconds)), ..SourceState::default() };
        let source = feed(15 * MINUTE);
        assert_eq!(at_start(&source, &SourceState::default(), at(0), 0.9), at(0));
        assert_eq!(at_start(&source, &due(120), at(0), 0.9), at(120));
        assert_eq!(at_start(&source, &due(-50), at(0), 0.5), at(300));
        assert_eq!(at_start(&source, &due(400 * 86_400), at(0), 0.5), at(86_400));
    }

    #[test]
    fn a_source_in_hand_is_not_taken_twice() {
        let mut agenda = Agenda::new([at(5), at(0), at(60)].map(|due| (due, None)));
        assert_eq!(agenda.take_due(at(10), 8), [1, 0]);
        assert_eq!(agenda.take_due(at(10), 8), [0_usize; 0]);
        assert_eq!(agenda.next_due(), Some(at(60)));
        agenda.put_back(1, at(30));
        assert_eq!(agenda.take_due(at(100), 1), [1]);
    }

    #[test]
    fn one_source_of_a_host_is_visited_at_a_time_and_other_hosts_do_not_wait_for_it() {
        let host = |name: &str| Some(HostKey::of(&format!("https://{name}/feed").parse().unwrap()));
        let mut agenda = Agenda::new([(at(0), host("a")), (at(1), host("a")), (at(2), host("b")), (at(3), None)]);
        assert_eq!(agenda.take_due(at(10), 8), [0, 2, 3]);
        assert_eq!(agenda.take_due(at(10), 8), [0_usize; 0]);
        agenda.put_back(0, at(900));
        assert_eq!(agenda.take_due(at(10), 8), [1]);
    }

    #[test]
    fn a_visit_that_was_put_off_comes_when_its_host_allows_and_is_no_failure() {
        let state = put_off(&SourceState { failures: 2, ..SourceState::default() }, "resting", Duration::from_secs(65), at(0));
        assert_eq!((pause(&state), state.failures), (65, 2));
    }
}
