//! What a letter about a claim shows, gathered from its dossier and made safe, before any layout.

use super::check::{self, Check};
use super::dates::Almanac;
use super::layout::{COLUMNS, wrapped};
use super::quotation::{Item, items};
use super::safe;
use super::subscription::Desk;
use super::trend::Trend;
use super::words::{Direction, Words, fill};
use crate::model::claim::FactCheck;
use crate::model::facts::Kind;
use crate::model::letter::{Change, Dossier, Occasion};

/// What every letter has around its matter.
pub(super) struct Frame {
    pub words: &'static Words,
    /// `ltr` or `rtl`.
    pub direction: &'static str,
    pub subject: String,
    pub badge: &'static str,
    pub desk: String,
    pub lead: String,
    pub foot: String,
}

impl Frame {
    pub(super) fn of(desk: &Desk, words: &'static Words, subject: &str, kind: Kind, lead: String, foot: String) -> Self {
        let badge = match kind {
            Kind::First => &words.badge.first,
            Kind::Update => &words.badge.update,
            Kind::Resurgence => &words.badge.resurgence,
            Kind::Spike => &words.badge.spike,
            Kind::Correction => &words.badge.correction,
            Kind::Digest => &words.badge.digest,
            Kind::OverCap => &words.badge.over_cap,
            Kind::SilenceEnded => &words.badge.silence,
            Kind::Notices => &words.badge.operator,
        };
        let direction = match words.direction {
            Direction::Ltr => "ltr",
            Direction::Rtl => "rtl",
        };
        let desk = safe::short(&desk.name.0, 60);
        Self { words, direction, subject: subject.to_owned(), badge, desk, lead, foot }
    }

    /// The first sentence as lines of the text part.
    pub(super) fn lead_lines(&self) -> Vec<String> {
        wrapped(&self.lead, COLUMNS)
    }

    /// The last lines of the text part.
    pub(super) fn foot_lines(&self) -> Vec<String> {
        // A footer line reads better whole; 78 is what RFC 5322 §2.1.1 recommends.
        [&self.foot, &self.words.foot.links].into_iter().flat_map(|line| wrapped(line, 78)).collect()
    }
}

/// A letter about a claim before layout: every word in it is safe to show.
pub(super) struct Page {
    pub frame: Frame,
    pub claim: String,
    pub said_by: Option<String>,
    pub check: Option<Check>,
    pub also: Option<String>,
    pub trend: Option<Trend>,
    pub posts: Vec<Item>,
    pub not_shown: Option<String>,
    pub wrong_rule: String,
    pub wrong_post: String,
}

impl Page {
    pub(super) fn of(dossier: &Dossier, desk: &Desk, words: &'static Words, subject: &str) -> Self {
        let claim = &dossier.claim;
        let almanac = Almanac::of(&desk.time_zone, words);
        let kind = kind(dossier);
        let (posts, shown) = items(dossier, words, &almanac);
        let apart = |text: &str, graphemes| safe::apart(&safe::short(text, graphemes), words.direction);
        let (rule, revision) = (apart(&claim.id.0, 80), safe::short(&claim.revision.0, 12));
        let command = safe::apart(&format!("claimwatch feedback {} dismiss", words.wrong.number), words.direction);
        let foot = [
            ("desk", apart(&desk.name.0, 60)),
            ("instalment", words.whole(u64::from(dossier.instalment))),
            ("zone", safe::apart(almanac.zone(), words.direction)),
        ];
        let foot = fill(&words.foot.line, &foot.each_ref().map(|(key, value)| (*key, value.as_str())));
        Self {
            frame: Frame::of(desk, words, subject, kind, lead(dossier, words), foot),
            claim: words.quoted(&apart(&claim.claim, 400)),
            said_by: said_by(dossier, words, &almanac),
            check: claim.fact_checks.first().map(|check| Check::of(check, words, &almanac)),
            also: check::also(claim.fact_checks.get(1..).unwrap_or_default(), words),
            // A correction tells of a rule, not of posts: how often they came is no part of it.
            trend: (kind != Kind::Correction)
                .then(|| Trend::of(&dossier.trend, dossier.at, kind == Kind::Spike, &almanac, words))
                .flatten(),
            posts,
            not_shown: Some(dossier.posts.saturating_sub(shown))
                .filter(|n| *n > 0)
                .map(|n| words.count(&words.posts.not_shown, n, &[])),
            wrong_rule: fill(
                if claim.bulk { &words.wrong.archive } else { &words.wrong.rule },
                &[("rule", &words.quoted(&rule)), ("revision", &revision)],
            ),
            wrong_post: fill(&words.wrong.post, &[("command", &command)]),
        }
    }

    /// The least a desk must be told.
    pub(super) fn in_short(&self) -> String {
        let link = self.check.as_ref().and_then(|check| check.link.as_deref()).unwrap_or_default();
        format!("{}\n\n{}\n\n{link}\n", self.frame.lead, self.claim)
    }

    /// The claim as lines of the text part.
    pub(super) fn claim_lines(&self) -> Vec<String> {
        wrapped(&self.claim, COLUMNS - 2)
    }

    /// What to do about a mistake, as lines of the text part.
    pub(super) fn wrong_lines(&self) -> Vec<String> {
        // A correction quotes no post that could be dismissed.
        let post = Some(&self.wrong_post).filter(|_| !self.posts.is_empty());
        std::iter::once(&self.wrong_rule).chain(post).flat_map(|line| wrapped(line, COLUMNS - 2)).collect()
    }
}

/// Why the letter is written.
pub(super) fn kind(dossier: &Dossier) -> Kind {
    match dossier.occasion {
        Occasion::Spike { .. } => Kind::Spike,
        Occasion::Correction(_) => Kind::Correction,
        Occasion::Resurgence => Kind::Resurgence,
        Occasion::News if dossier.instalment > 1 => Kind::Update,
        Occasion::News if dossier.episode > 1 => Kind::Resurgence,
        Occasion::News => Kind::First,
    }
}

fn lead(dossier: &Dossier, words: &Words) -> String {
    let told = words.whole(dossier.told);
    let sentence = match &dossier.occasion {
        Occasion::Correction(Change::Retired) => return fill(&words.lead.retired, &[("told", &told)]),
        Occasion::Correction(Change::FactChecks { before }) => {
            return fill(&words.lead.changed, &[("before", &self::before(before, words))]);
        }
        Occasion::Spike { last_hour, usual_hundredths } => {
            let usual = format!("{}{}{:02}", words.whole(usual_hundredths / 100), words.numbers.decimal, usual_hundredths % 100);
            let values = [("hour", words.whole(*last_hour)), ("usual", usual)];
            return words.count(&words.lead.spike, dossier.posts, &values.each_ref().map(|(key, value)| (*key, value.as_str())));
        }
        Occasion::Resurgence | Occasion::News => match kind(dossier) {
            Kind::Resurgence => &words.lead.resurgence,
            Kind::Update => &words.lead.update,
            _ => &words.lead.first,
        },
    };
    words.count(sentence, dossier.posts, &[("told", &told)])
}

/// What earlier letters said was found.
fn before(checks: &[FactCheck], words: &Words) -> String {
    match checks.first() {
        Some(first) => {
            let publisher = safe::apart(&safe::short(&first.publisher, 80), words.direction);
            format!("{} ({publisher})", check::verdict(first, words))
        }
        None => words.check.not_rated.clone(),
    }
}

fn said_by(dossier: &Dossier, words: &Words, almanac: &Almanac) -> Option<String> {
    let who = safe::apart(&safe::short(dossier.claim.claimant.as_deref()?, 120), words.direction);
    Some(match dossier.claim.said_on {
        Some(day) => fill(&words.claim.said_on, &[("who", &who), ("date", &almanac.date(day))]),
        None => fill(&words.claim.said_by, &[("who", &who)]),
    })
}
