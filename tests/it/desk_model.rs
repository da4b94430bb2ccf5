//! The state machine of alerts against a slow model of it that shares no line with it: the same days, the same letters.
//!
//! The world below applies what `alerting` decides to a memory of its own; the model counts minutes in plain integers.

use std::collections::{BTreeMap, BTreeSet};

use claimwatch::alerting::closing::{Ending, ending};
use claimwatch::alerting::due::due;
use claimwatch::alerting::group::{Sighted, group};
use claimwatch::alerting::subscription::{Desk, QuietHours};
use claimwatch::model::alert::{AlertId, AlertState, Gathering, Known, LetterId, NextLetter, Step, Topic};
use claimwatch::model::claim::{Claim, Severity};
use claimwatch::model::digest::{Content, DeskState, Reason, Waiting};
use claimwatch::model::letter::Occasion;
use claimwatch::model::sighting::Decision;
use claimwatch::model::silence::{Matchers, Silence, SilenceId};
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::samples::{claim, desk, post, sighting};

/// Midnight of 1 October 2026, UTC: clocks are put forward in Australia three days later, back in Europe on the 25th and in
/// America on 1 November.
const START: Timestamp = Timestamp::constant(1_790_812_800, 0);
const DAY: i64 = 24 * 60;
/// Minutes between two looks; all times of a plan are multiples of it.
const STEP: i64 = 5;

fn at(minute: i64) -> Timestamp {
    START + SignedDuration::from_mins(minute)
}

fn minute(at: Timestamp) -> i64 {
    (at.as_second() - START.as_second()) / 60
}

/// A time zone as an almanac prints it: minutes east of Greenwich until the change of this autumn, and after it.
#[derive(Debug, Clone, Copy)]
struct Zone {
    name: &'static str,
    before: i64,
    /// Minute of the change.
    change: i64,
    after: i64,
}

const ZONES: [Zone; 6] = [
    Zone { name: "UTC", before: 0, change: 0, after: 0 },
    Zone { name: "Asia/Kolkata", before: 330, change: 0, after: 330 },
    // 4 October, 02:00: half an hour forward.
    Zone { name: "Australia/Lord_Howe", before: 630, change: 2 * DAY + 15 * 60 + 30, after: 660 },
    // 4 October, 02:00: an hour forward.
    Zone { name: "Australia/Sydney", before: 600, change: 2 * DAY + 16 * 60, after: 660 },
    // 25 October, 03:00: an hour back.
    Zone { name: "Europe/Paris", before: 120, change: 24 * DAY + 60, after: 60 },
    // 1 November, 02:00: an hour back.
    Zone { name: "America/New_York", before: -240, change: 31 * DAY + 6 * 60, after: -300 },
];

impl Zone {
    /// What the clock on the wall shows, in minutes since its 1 October.
    fn wall(self, now: i64) -> i64 {
        now + if now < self.change { self.before } else { self.after }
    }

    /// When the clock on the wall shows that the first time; a time it leaves out comes as much later as it was put forward.
    fn when(self, wall: i64) -> i64 {
        let (early, late) = (wall - self.before, wall - self.after);
        if early < self.change || late < self.change { early } else { late }
    }
}

/// A post or several of one claim, found by one visit.
#[derive(Debug, Clone)]
struct Event {
    minute: i64,
    claim: usize,
    posts: usize,
    possible: bool,
}

#[derive(Debug, Clone)]
struct Hush {
    claim: usize,
    from: i64,
    to: i64,
}

/// What a desk asked for, in minutes.
#[derive(Debug, Clone)]
struct Plan {
    gather: i64,
    cap: usize,
    immediate: bool,
    heartbeat: bool,
    digest: Vec<i64>,
    quiet: Option<(i64, i64)>,
    /// Whether claim 0 is of severity high.
    high: bool,
    zone: Zone,
    hushes: Vec<Hush>,
    events: Vec<Event>,
    days: i64,
}

/// What the desk gets: when, which kind of letter, about which claim (none: a digest), how many posts.
type Got = (i64, &'static str, Option<usize>, usize);

fn kind(occasion: &Occasion) -> &'static str {
    match occasion {
        Occasion::News => "news",
        Occasion::Resurgence => "resurgence",
        Occasion::Spike { .. } => "spike",
        Occasion::Correction(_) => "correction",
    }
}

// ── The world: what alerting decides, applied ──────────────────────────────────────────────────────────────────────────

struct Letter {
    alert: usize,
    due: Timestamp,
    closed: Option<Timestamp>,
    sent: bool,
    occasion: Occasion,
    posts: usize,
}

struct Alert {
    claim: usize,
    episode: u32,
    opened: Timestamp,
    last: Timestamp,
    hits: Vec<(Timestamp, usize)>,
}

struct Held {
    reason: Reason,
    silence: Option<SilenceId>,
    at: Timestamp,
    posts: usize,
    told: bool,
}

struct World<'p> {
    plan: &'p Plan,
    desk: Desk,
    claims: Vec<Claim>,
    silences: Vec<Silence>,
    alerts: Vec<Alert>,
    letters: Vec<Letter>,
    held: Vec<Held>,
    slots: BTreeSet<String>,
    got: Vec<Got>,
}

impl<'p> World<'p> {
    fn new(plan: &'p Plan) -> Self {
        let time = |m: i64| Time::new((m / 60) as i8, (m % 60) as i8, 0, 0).unwrap();
        let desk = Desk {
            gather: std::time::Duration::from_secs(plan.gather as u64 * 60),
            cap: plan.cap as u32,
            immediate: plan.immediate,
            heartbeat: plan.heartbeat,
            digest: plan.digest.iter().map(|m| time(*m)).collect(),
            quiet_hours: plan.quiet.map(|(from, to)| QuietHours { from: time(from), to: time(to) }),
            time_zone: plan.zone.name.into(),
            ..desk("politics")
        };
        let severity = |n| if n == 0 && plan.high { Severity::High } else { Severity::Normal };
        let claims: Vec<Claim> = (0..3).map(|n| Claim { severity: severity(n), ..claim(&format!("claim-{n}")) }).collect();
        let hush = |(n, hush): (usize, &Hush)| Silence {
            id: SilenceId(n as i64),
            matchers: Matchers { claims: vec![format!("claim-{}", hush.claim)], ..Matchers::default() },
            author: String::new(),
            comment: String::new(),
            from: at(hush.from),
            to: at(hush.to),
        };
        let silences = plan.hushes.iter().enumerate().map(hush).collect();
        let (alerts, letters, held, slots, got) = Default::default();
        Self { plan, desk, claims, silences, alerts, letters, held, slots, got }
    }

    fn run(mut self) -> Vec<Got> {
        let mut events = self.plan.events.clone();
        events.sort_by_key(|event| event.minute);
        let mut next = events.into_iter().peekable();
        for minute in (0..self.plan.days * DAY).step_by(STEP as usize) {
            while let Some(event) = next.next_if(|event| event.minute == minute) {
                self.visit(&event);
            }
            self.clerk(at(minute));
        }
        self.got
    }

    fn holding(&self, now: Timestamp) -> Vec<Silence> {
        self.silences.iter().filter(|silence| silence.holds_at(now)).cloned().collect()
    }

    fn state(&self, n: usize, now: Timestamp) -> AlertState {
        let alert = &self.alerts[n];
        let letters: Vec<(usize, &Letter)> = self.letters.iter().enumerate().filter(|(_, l)| l.alert == n).collect();
        let within = |from: Timestamp, to: Timestamp| -> u64 {
            alert.hits.iter().filter(|(at, _)| *at > from && *at <= to).map(|(_, posts)| *posts as u64).sum()
        };
        let (hour, day) = (SignedDuration::from_hours(1), SignedDuration::from_hours(24));
        let spikes = letters.iter().filter(|(_, l)| matches!(l.occasion, Occasion::Spike { .. }));
        AlertState {
            id: AlertId(n as i64),
            episode: alert.episode,
            instalments: letters.len() as u32,
            opened_at: alert.opened,
            last_sighting: alert.last,
            last_letter: letters.iter().filter_map(|(_, l)| l.closed).max(),
            letters_today: letters.iter().filter(|(_, l)| l.closed.is_some_and(|at| at > now - day)).count() as u32,
            last_spike: spikes.filter_map(|(_, l)| l.closed).max(),
            last_hour: within(now - hour, now),
            last_week: within(now - day * 7, now - hour),
            gathering: letters.iter().find(|(_, l)| l.closed.is_none()).map(|(id, l)| Gathering {
                letter: LetterId(*id as i64),
                due_at: l.due,
                occasion: l.occasion.clone(),
            }),
        }
    }

    fn newest(&self, claim: usize) -> Option<usize> {
        self.alerts.iter().rposition(|alert| alert.claim == claim)
    }

    fn visit(&mut self, event: &Event) {
        let now = at(event.minute);
        let the_claim = self.claims[event.claim].clone();
        let post = post("wire", "k", "They say it is made of green cheese.");
        let mut seen = sighting(&the_claim, &post, "cheese");
        if event.possible {
            seen.decision = Decision::Possible;
        }
        let all: Vec<Sighted<'_>> =
            (0..event.posts).map(|_| Sighted { sighting: &seen, claim: &the_claim, lang: None, author: None }).collect();
        let topic = Topic { claim: the_claim.id.clone(), desk: self.desk.name.clone() };
        let alerts: BTreeMap<Topic, AlertState> =
            self.newest(event.claim).map(|n| (topic, self.state(n, now))).into_iter().collect();
        let known = Known { alerts, silences: self.holding(now), fresh: (0..event.posts).collect() };
        for step in group(now, std::slice::from_ref(&self.desk), &all, &known) {
            self.take(event, step);
        }
    }

    fn take(&mut self, event: &Event, step: Step) {
        let now = at(event.minute);
        let open = |world: &mut Self, episode| {
            world.alerts.push(Alert { claim: event.claim, episode, opened: now, last: now, hits: Vec::new() });
            world.alerts.len() - 1
        };
        let begin = |world: &mut Self, alert, letter: NextLetter, posts| {
            let NextLetter { due_at: due, occasion, .. } = letter;
            assert!(world.letters.iter().all(|l| l.alert != alert || l.closed.is_some()), "one letter gathers");
            world.letters.push(Letter { alert, due, closed: None, sent: false, occasion, posts });
        };
        let alert = match step {
            Step::Open { episode, letter, sightings, .. } => {
                let alert = open(self, episode);
                begin(self, alert, letter, sightings.len());
                (alert, sightings.len())
            }
            Step::Continue { alert, letter, sightings, .. } => {
                begin(self, alert.0 as usize, letter, sightings.len());
                (alert.0 as usize, sightings.len())
            }
            Step::Join { letter, alert, hasten, sightings } => {
                let letter = &mut self.letters[letter.0 as usize];
                letter.posts += sightings.len();
                if let Some(sooner) = hasten {
                    (letter.due, letter.occasion) = (sooner.due_at, sooner.occasion);
                }
                (alert.0 as usize, sightings.len())
            }
            Step::Keep { alert, reason, sightings, .. } => {
                let alert = alert.map_or_else(|| open(self, 1), |alert| alert.0 as usize);
                self.hold(reason, None, now, sightings.len());
                (alert, sightings.len())
            }
            Step::Hold { reason, silence, sightings, .. } => {
                self.hold(reason, silence, now, sightings.len());
                if reason == Reason::Silenced
                    && !event.possible
                    && let Some(alert) = self.newest(event.claim)
                {
                    self.alerts[alert].last = now;
                }
                return;
            }
        };
        self.alerts[alert.0].last = now;
        self.alerts[alert.0].hits.push((now, alert.1));
    }

    fn hold(&mut self, reason: Reason, silence: Option<SilenceId>, at: Timestamp, posts: usize) {
        self.held.push(Held { reason, silence, at, posts, told: false });
    }

    fn clerk(&mut self, now: Timestamp) {
        let mut due_now: Vec<usize> =
            (0..self.letters.len()).filter(|n| self.letters[*n].closed.is_none() && self.letters[*n].due <= now).collect();
        due_now.sort_by_key(|n| (self.letters[*n].due, self.alerts[self.letters[*n].alert].claim));
        for n in due_now {
            self.close(n, now);
        }
        while self.digest(now) {}
    }

    fn close(&mut self, n: usize, now: Timestamp) {
        let claim = self.alerts[self.letters[n].alert].claim;
        let hour = SignedDuration::from_hours(1);
        let posts = self.letters[n].posts;
        let covering = self.holding(now).into_iter().find(|silence| {
            silence.covers(&self.claims[claim], &self.desk.name, &claimwatch::model::source::SourceName("wire".into()), None)
        });
        if let Some(silence) = covering {
            self.letters[n].closed = Some(now);
            self.hold(Reason::Silenced, Some(silence.id), now, posts);
            return;
        }
        let lately =
            self.letters.iter().filter(|l| l.sent && l.occasion == Occasion::News && l.closed > Some(now - hour)).count();
        match ending(now, &self.desk, self.claims[claim].severity, &self.letters[n].occasion, lately as u32) {
            Ending::Send => {
                let letter = &mut self.letters[n];
                (letter.closed, letter.sent) = (Some(now), true);
                self.got.push((minute(now), kind(&letter.occasion), Some(claim), posts));
            }
            Ending::Hold(reason) => {
                self.letters[n].closed = Some(now);
                self.hold(reason, None, now, posts);
            }
            Ending::Wait(until) => self.letters[n].due = until,
        }
    }

    fn digest(&mut self, now: Timestamp) -> bool {
        let over = |silence: SilenceId| self.silences.iter().any(|one| one.id == silence && one.to <= now);
        let mut waiting = Vec::new();
        for reason in Reason::ALL {
            let of_it: Vec<&Held> =
                self.held.iter().filter(|h| !h.told && h.reason == reason && h.silence.is_none_or(over)).collect();
            if let (Some(oldest), Some(newest)) = (of_it.iter().map(|h| h.at).min(), of_it.iter().map(|h| h.at).max()) {
                waiting.push(Waiting { reason, sightings: 1, oldest, newest });
            }
        }
        let held_back = |silence: SilenceId| self.held.iter().any(|h| !h.told && h.silence == Some(silence));
        let told = |silence: SilenceId| self.slots.contains(&format!("silence {}", silence.0));
        let ended = self.silences.iter().map(|s| s.id).filter(|id| over(*id) && held_back(*id) && !told(*id)).collect();
        let slots = self.slots.clone();
        let state = DeskState { known_since: Some(START), slots, waiting, ended, ..DeskState::default() };
        let Some(due) = due(now, &self.desk, &state) else { return false };
        assert!(self.slots.insert(due.slot.clone()), "two digests are called {}", due.slot);
        let ends: Vec<SilenceId> = self.silences.iter().filter(|one| one.to <= now).map(|one| one.id).collect();
        let tells = |h: &&mut Held| {
            !h.told
                && match due.content {
                    Content::All => h.silence.is_none_or(|silence| ends.contains(&silence)),
                    Content::OverCap => h.reason == Reason::Cap,
                    Content::Silence(id) => h.silence == Some(id),
                    Content::Notices => false,
                }
        };
        let mut posts = 0;
        for held in self.held.iter_mut().filter(tells) {
            held.told = true;
            posts += held.posts;
        }
        let kind = match due.content {
            Content::All => "digest",
            Content::OverCap => "over cap",
            Content::Silence(_) => "silence ended",
            Content::Notices => "notices",
        };
        self.got.push((minute(now), kind, None, posts));
        true
    }
}

// ── The model: the same in minutes, one after the other ────────────────────────────────────────────────────────────────

#[derive(Default, Clone)]
struct Thread {
    opened: i64,
    last: i64,
    hits: Vec<i64>,
    closed: Vec<(i64, bool)>,
    /// Due, kind, posts.
    open: Option<(i64, &'static str, usize)>,
}

fn quiet_end(plan: &Plan, now: i64) -> Option<i64> {
    let (from, to) = plan.quiet?;
    let today = plan.zone.wall(now).div_euclid(DAY);
    [today - 1, today].into_iter().find_map(|day| {
        let last = if from < to { day } else { day + 1 };
        let (begin, end) = (plan.zone.when(day * DAY + from), plan.zone.when(last * DAY + to));
        (begin <= now && now < end).then_some(end)
    })
}

fn model(plan: &Plan) -> Vec<Got> {
    let mut threads: Vec<Option<Thread>> = vec![None; 3];
    let mut got: Vec<Got> = Vec::new();
    // When, why, which silence, how many; told ones are taken out.
    let mut held: Vec<(i64, &'static str, Option<usize>, usize)> = Vec::new();
    let mut sent_news: Vec<i64> = Vec::new();
    let mut slots_done: BTreeSet<i64> = BTreeSet::new();
    let mut silences_told: BTreeSet<usize> = BTreeSet::new();
    let hush = |claim: usize, now: i64| plan.hushes.iter().position(|h| h.claim == claim && h.from <= now && now < h.to);
    let mut events = plan.events.clone();
    events.sort_by_key(|event| event.minute);
    for now in (0..plan.days * DAY).step_by(STEP as usize) {
        for event in events.iter().filter(|event| event.minute == now) {
            let slot = &mut threads[event.claim];
            if let Some(h) = hush(event.claim, now) {
                held.push((now, "silenced", Some(h), event.posts));
                // Only what would have been written about keeps a thread awake.
                if let Some(thread) = slot.as_mut().filter(|_| !event.possible) {
                    thread.last = now;
                }
                continue;
            }
            if event.possible {
                held.push((now, "possible", None, event.posts));
                continue;
            }
            let soon = now + plan.gather;
            let Some(thread) = slot else {
                let mut thread = Thread { opened: now, last: now, ..Thread::default() };
                thread.hits.extend(std::iter::repeat_n(now, event.posts));
                if plan.immediate {
                    thread.open = Some((soon, "news", event.posts));
                } else {
                    held.push((now, "digest desk", None, event.posts));
                }
                *slot = Some(thread);
                continue;
            };
            let hour = thread.hits.iter().filter(|hit| **hit > now - 60).count() + event.posts;
            let week = thread.hits.iter().filter(|hit| **hit > now - 7 * DAY && **hit <= now - 60).count();
            let told = thread.closed.iter().any(|(at, spike)| *spike && *at > now - DAY);
            let spike = hour > 5 && hour as f64 > 3.0 * week as f64 / 167.0 && now - thread.opened >= 60 && !told;
            let quiet_for = now - thread.last;
            thread.last = now;
            if let Some((due, kind, posts)) = &mut thread.open {
                *posts += event.posts;
                if spike && *kind == "news" {
                    (*due, *kind) = ((*due).min(soon), "spike");
                }
            } else if quiet_for >= 7 * DAY {
                *thread = Thread { opened: now, last: now, open: Some((soon, "resurgence", event.posts)), ..Thread::default() };
            } else if spike {
                thread.open = Some((soon, "spike", event.posts));
            } else if !plan.immediate {
                held.push((now, "digest desk", None, event.posts));
            } else {
                let today = thread.closed.iter().filter(|(at, _)| *at > now - DAY).count();
                let distance = 60 * [1, 1, 2, 4, 8, 16][today.min(5)];
                let last = thread.closed.iter().map(|(at, _)| *at).max();
                let due = last.map_or(soon, |last| (last + distance).max(soon));
                thread.open = Some((due, "news", event.posts));
            }
            thread.hits.extend(std::iter::repeat_n(now, event.posts));
        }
        let mut open: Vec<(i64, usize)> = Vec::new();
        for (claim, thread) in threads.iter().enumerate() {
            open.extend(thread.as_ref().and_then(|t| t.open).filter(|(due, ..)| *due <= now).map(|(due, ..)| (due, claim)));
        }
        got.extend(close_in_order(plan, now, open, &mut threads, &mut held, &mut sent_news, &hush));
        if quiet_end(plan, now).is_some() {
            continue;
        }
        for (h, one) in plan.hushes.iter().enumerate() {
            if one.to <= now && !silences_told.contains(&h) && held.iter().any(|(.., silence, _)| *silence == Some(h)) {
                silences_told.insert(h);
                got.push((now, "silence ended", None, tell(&mut held, |(_, _, silence, _)| *silence == Some(h))));
            }
        }
        let today = plan.zone.wall(now).div_euclid(DAY);
        let slots = (-1..=1).flat_map(|ahead| plan.digest.iter().map(move |time| (today + ahead) * DAY + time));
        let slot = slots.map(|wall| (plan.zone.when(wall), wall)).filter(|(at, _)| *at <= now).max();
        if let Some((came, slot)) = slot.filter(|(_, slot)| !slots_done.contains(slot)) {
            let free = |silence: Option<usize>| silence.is_none_or(|h| plan.hushes[h].to <= now);
            let waits = held.iter().any(|(at, _, silence, _)| *at <= came && free(*silence));
            let first = !slots_done.iter().any(|done| done.div_euclid(DAY) == slot.div_euclid(DAY));
            if waits || (plan.heartbeat && first && came > 0) {
                slots_done.insert(slot);
                got.push((now, "digest", None, tell(&mut held, |(_, _, silence, _)| free(*silence))));
            }
        }
        let capped = held.iter().filter(|(_, why, ..)| *why == "cap").map(|(at, ..)| *at).min();
        if capped.is_some_and(|oldest| oldest + 60 <= now) {
            got.push((now, "over cap", None, tell(&mut held, |(_, why, ..)| *why == "cap")));
        }
    }
    got
}

type HeldPost = (i64, &'static str, Option<usize>, usize);

fn tell(held: &mut Vec<HeldPost>, which: impl Fn(&HeldPost) -> bool) -> usize {
    let posts = held.iter().filter(|one| which(one)).map(|(.., posts)| posts).sum();
    held.retain(|one| !which(one));
    posts
}

/// Closes what is due, earliest first; of two due at the same minute, the one begun first.
fn close_in_order(
    plan: &Plan,
    now: i64,
    mut open: Vec<(i64, usize)>,
    threads: &mut [Option<Thread>],
    held: &mut Vec<HeldPost>,
    sent_news: &mut Vec<i64>,
    hush: &impl Fn(usize, i64) -> Option<usize>,
) -> Vec<Got> {
    open.sort_unstable();
    let mut got = Vec::new();
    for (_, claim) in open {
        let thread = threads[claim].as_mut().unwrap();
        let (_, kind, posts) = thread.open.unwrap();
        let is_high = claim == 0 && plan.high;
        if let Some(h) = hush(claim, now) {
            thread.open = None;
            thread.closed.push((now, kind == "spike"));
            held.push((now, "silenced", Some(h), posts));
        } else if let Some(end) = quiet_end(plan, now).filter(|_| !is_high) {
            thread.open = Some((end, kind, posts));
        } else {
            thread.open = None;
            thread.closed.push((now, kind == "spike"));
            if kind == "news" && sent_news.iter().filter(|at| **at > now - 60).count() >= plan.cap {
                held.push((now, "cap", None, posts));
            } else {
                if kind == "news" {
                    sent_news.push(now);
                }
                got.push((now, kind, Some(claim), posts));
            }
        }
    }
    got
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let minute = prop_oneof![0..28 * DAY, 0..3 * DAY, 2 * DAY..2 * DAY + 200].prop_map(|minute| minute / STEP * STEP);
    let event = (minute, 0..3_usize, prop_oneof![4 => 1..3_usize, 1 => 4..30_usize], prop::bool::weighted(0.15));
    let event = event.prop_map(|(minute, claim, posts, possible)| Event { minute, claim, posts, possible });
    prop::collection::vec(event, 0..60)
}

fn plans() -> impl Strategy<Value = Plan> {
    let hush = (0..3_usize, 0..22 * DAY, prop_oneof![30..600_i64, DAY..9 * DAY]);
    let hush = hush.prop_map(|(claim, from, length)| Hush { claim, from: from / STEP * STEP, to: (from + length) / STEP * STEP });
    let digest = prop_oneof![
        Just(vec![8 * 60]),
        Just(vec![0]),
        Just(vec![8 * 60, 17 * 60]),
        Just(vec![6 * 60 + 30, 23 * 60]),
        Just(vec![2 * 60 + 30])
    ];
    let quiet = prop_oneof![
        Just(None),
        Just(Some((22 * 60, 7 * 60))),
        Just(Some((12 * 60, 14 * 60))),
        Just(Some((2 * 60 + 15, 2 * 60 + 45)))
    ];
    let zone = prop::sample::select(ZONES.to_vec());
    let desk = (0..4_i64, 1..4_usize, prop::bool::weighted(0.75), any::<bool>(), digest, quiet, any::<bool>(), zone);
    (desk, prop::collection::vec(hush, 0..3), events()).prop_map(|(desk, hushes, events)| {
        let (gathers, cap, immediate, heartbeat, digest, quiet, high, zone) = desk;
        let gather = gathers * STEP;
        Plan { gather, cap, immediate, heartbeat, digest, quiet, high, zone, hushes, events, days: 38 }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_desk_gets_is_what_the_slow_model_says_and_no_post_is_lost(plan in plans()) {
        let world = World::new(&plan).run();
        let model = model(&plan);
        prop_assert_eq!(&world, &model);
        // Ten days are left for what waits; a silence may hold for longer.
        let ends = plan.hushes.iter().map(|hush| hush.to).max().unwrap_or(0);
        if ends < 36 * DAY {
            let told: usize = world.iter().map(|(.., posts)| posts).sum();
            let seen: usize = plan.events.iter().map(|event| event.posts).sum();
            prop_assert_eq!(told, seen);
        }
        for (index, (minute, kind, ..)) in world.iter().enumerate() {
            if *kind == "news" {
                let hour = world[..=index].iter().filter(|(at, kind, ..)| *kind == "news" && *at > minute - 60).count();
                prop_assert!(hour <= plan.cap, "{} letters in an hour", hour);
            }
        }
    }
}
