//! `claimwatch explain`: why a text matches a claim, or why not.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::ahead::{Ahead, Fate, Way, way_json, way_lines};
use super::bulk_words::{bulk_block, bulk_json, policy_of};
use super::later::Later;
use super::lint::today;
use super::marks::{cue_words, marked, shortened};
use super::output::{Answer, Format, Paint, colour, counted, json};
use super::subject::{Subject, subject};
use super::test::{rule_called, rules_for};
use super::trial::{asked, awake, kind_name, stance_name};
use super::{ConfigPath, Exit};
use crate::config::{self, Config};
use crate::matching::bulk::{BulkJudgement, weigh_bulk};
use crate::matching::judge::{Gate, GateKind, Judgement};
use crate::matching::ranked::{Scratch, Wanted};
use crate::matching::weigh;
use crate::model::alert::DeskName;
use crate::model::claim::{ClaimId, Status};
use crate::model::post::Post;
use crate::model::sighting::{Decision, Evidence, Span};
use crate::rules::bulk_policy::Reach;
use crate::rules::compile::{RuleSet, compile};
use crate::rules::diagnostic::Level;
use crate::rules::{Rule, Strictness};
use crate::store::Store;
use crate::store::records::Standing;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The text of a post, an address, or - to read it from standard input.
    #[arg(value_name = "TEXT|URL|-", allow_hyphen_values = true, required_unless_present = "sighting")]
    pub text: Option<String>,
    /// Tell the whole way of a post seen to repeat a claim: rule, route, silence, limit, letters and deliveries. Digests and
    /// letters name the number.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["text", "rules", "rule", "fetch"])]
    pub sighting: Option<i64>,
    /// Read the page at the address and compare its text.
    #[arg(long)]
    pub fetch: bool,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Use the rules in these files or folders instead of the configured ones.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Compare with this rule only, whatever its status.
    #[arg(long, value_name = "ID")]
    pub rule: Option<String>,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Words of the rule's wording stand between ⟦ ⟧, words its gates look for between « »; on a terminal they are \
coloured. The strength says how much of a wording the text holds, from 0 to 1; of claims from archives (bulk \
claims) the confidence decides. A post alerts when it reaches the rule's threshold and all gates pass. The \
stance is how it stands to the claim, with the words that show it: what reports, asks or denies waits for the \
digest. The last lines say what would become of the post now, desk by desk, and which stage would hold it back: \
status and dates of the rule, stance, what people have dismissed, subscriptions, silences, quiet hours, the \
hourly limit, digests. An address is compared with the addresses in the rules; only --fetch asks the network, \
under the limits of [fetch] in the configuration.

Examples:
  claimwatch explain \"North Korea? No longer - sleep well tonight!\"
  claimwatch explain --rule nk-averted-war - < article.txt
  claimwatch explain --fetch https://example.org/an-article
  claimwatch explain --sighting 12        why a desk was told of it, and when

Exit code: 0, match or not · 2 no such rule or sighting · 3 the rules have errors · 4 the page cannot be read";

/// Below this strength a rule and a text share common words only.
const FAR: f32 = 0.35;

/// So many near and far misses are told beside the matches.
const OTHERS: usize = 3;

/// Bulk claims less probable than this are not shown.
const UNLIKELY: f32 = 0.05;

/// Compares the text with the rules and says what was found.
pub async fn explain(arguments: &Arguments) -> Answer {
    let reading = match rules_for(&arguments.config, &arguments.rules) {
        Ok(reading) => reading,
        Err(answer) => return answer,
    };
    // Where the configuration is missing or faulty, rules can be explained all the same.
    let config = config::read(&arguments.config.config, Level::Warning).config;
    let fetch = config.as_ref().map(|config| config.fetch.clone()).unwrap_or_default();
    let Subject { post, remark, is_address } =
        match subject(arguments.text.as_deref().unwrap_or_default(), arguments.fetch.then_some(&fetch)).await {
            Ok(subject) => subject,
            Err(answer) => return answer,
        };
    let rules: Vec<Rule> = match &arguments.rule {
        Some(id) => match rule_called(id, &reading.rules) {
            Ok(rule) => vec![awake(rule)],
            Err(answer) => return answer,
        },
        None => reading.rules.clone(),
    };
    let compared = rules.iter().filter(|rule| matches!(rule.claim.status, Status::Active | Status::Test)).count();
    // A rule that is asked for by name is compared alone.
    let archives = if arguments.rule.is_some() { &[][..] } else { &reading.archives };
    let (bulk, _) = config::archives::read(archives, &[]);
    let set = compile(rules).with_bulk(bulk, policy_of(&arguments.config));
    let wanted = Wanted { top: OTHERS, at_least: UNLIKELY };
    let of_bulk = weigh_bulk(&post, &set, &mut Scratch::default(), wanted);
    let judgements = weigh(&post, &set);
    let mut about: Vec<ClaimId> = judgements.iter().map(|judgement| judgement.rule.claim.id.clone()).collect();
    about.extend(of_bulk.iter().map(|judgement| judgement.sighting.claim.clone()));
    let (later, unknown) = later(config, &arguments.config, &about).await;
    // The status is the file's own, also where `--rule` woke a sleeping rule.
    let status_of = |judgement: &Judgement<'_>| {
        reading
            .rules
            .iter()
            .find(|rule| rule.claim.id == judgement.rule.claim.id)
            .map_or(Status::Active, |rule| rule.claim.status)
    };
    if arguments.format == Format::Json {
        let all: Vec<_> = judgements.iter().map(|judgement| as_json(&post, judgement, status_of(judgement), &later)).collect();
        let bulk: Vec<_> =
            of_bulk.iter().map(|judgement| bulk_json(judgement, &ways_of_bulk(&post, judgement, &set, &later))).collect();
        let answer = json!({ "compared": compared, "url": post.url, "judgements": all, "bulk_compared": set.bulk.len(), "bulk": bulk,
                "not_known": unknown });
        return Answer::new(json(&answer), Exit::Fine);
    }
    let paint = Paint { colour: colour() };
    let mut answer = remark.map(|remark| format!("{}\n\n", paint.dim(&remark))).unwrap_or_default();
    let show_bulk = |answer: &mut String, told: bool| {
        for judgement in of_bulk.iter().filter(|judgement| (judgement.sighting.decision != Decision::Below) == told) {
            let ways = ways_of_bulk(&post, judgement, &set, &later);
            answer.push_str(&bulk_block(&post, judgement, &set.bulk_policy, &ways, paint));
        }
    };
    let (told, far): (Vec<_>, Vec<_>) = judgements.iter().partition(|judgement| judgement.decision != Decision::Below);
    for judgement in &told {
        answer.push_str(&block(&post, judgement, status_of(judgement), &later, paint));
    }
    show_bulk(&mut answer, true);
    for judgement in far.iter().take(OTHERS) {
        answer.push_str(&block(&post, judgement, status_of(judgement), &later, paint));
    }
    show_bulk(&mut answer, false);
    if far.len() > OTHERS {
        answer.push_str(&paint.dim(&format!("… and {} that share a word or two.\n", counted(far.len() - OTHERS, "rule"))));
    }
    if judgements.is_empty() && of_bulk.is_empty() {
        answer.push_str(&format!(
            "No match: {} {}.\n",
            if is_address { "this address stands in no urls of" } else { "this text shares nothing with" },
            match &arguments.rule {
                Some(id) => format!("rule {id}"),
                None if set.bulk.is_empty() => format!("any of {}", counted(compared, "rule")),
                None => format!("any of {} and {}", counted(compared, "rule"), counted(set.bulk.len(), "bulk claim")),
            }
        ));
    }
    let is_held_by_nothing = told.is_empty() && of_bulk.iter().all(|judgement| judgement.sighting.decision == Decision::Below);
    if let Some(unknown) = unknown.filter(|_| !is_held_by_nothing) {
        answer.push_str(&paint.dim(&format!("{unknown}\n")));
    }
    Answer::new(answer, Exit::Fine)
}

/// What the later stages know, and what they do not know, in a sentence.
async fn later(config: Option<Config>, at: &ConfigPath, about: &[ClaimId]) -> (Later, Option<String>) {
    let (now, today) = (Timestamp::now(), today());
    let Some(config) = config else {
        let unknown = format!(
            "No configuration can be read at {}: desks, quiet hours, limits, silences and what people dismissed are not looked at.",
            at.config.display()
        );
        return (Later { ahead: None, today, opinions: Vec::new() }, Some(unknown));
    };
    let names: Vec<DeskName> = config.desks.iter().map(|desk| desk.name.clone()).collect();
    let asked = match Store::beside(&config.store).await {
        Ok(store) => {
            let asked = async { Ok((store.opinions().await?, store.standing(about, &names, now).await?)) }.await;
            store.close().await;
            asked
        }
        Err(error) => Err(error),
    };
    let (opinions, standing, unknown) = match asked {
        Ok((opinions, standing)) => (opinions, standing, None),
        Err(error) => {
            let what = "silences, letters already sent and what people dismissed are not looked at";
            (Vec::new(), Standing::default(), Some(format!("The memory cannot be asked ({error}): {what}.")))
        }
    };
    (Later { ahead: Some(Ahead { desks: config.desks, standing, now }), today, opinions }, unknown)
}

/// What becomes of a bulk claim's sighting, desk by desk.
fn ways_of_bulk(post: &Post, judgement: &BulkJudgement<'_>, set: &RuleSet, later: &Later) -> Vec<Way> {
    let sighting = &judgement.sighting;
    let is_told = sighting.decision != Decision::Below && set.bulk_policy.reach != Reach::Count;
    let Some(ahead) = later.ahead.as_ref().filter(|_| is_told) else { return Vec::new() };
    set.claim(&sighting.claim).map(|claim| ahead.ways(post, sighting, &claim)).unwrap_or_default()
}

fn block(post: &Post, judgement: &Judgement<'_>, status: Status, later: &Later, paint: Paint) -> String {
    let rule = judgement.rule;
    let (fate, so, ways) = later.of(post, judgement, status);
    let name = match fate {
        Fate::Told => paint.bad("ALERT"),
        Fate::Digest => paint.odd("LATER"),
        Fate::Counted => paint.odd("COUNT"),
        Fate::Held => paint.odd("HELD "),
        Fate::Ignored => paint.dim("IGNORE"),
        Fate::Near => paint.odd("NEAR "),
        Fate::Nothing => paint.dim("no   "),
    };
    let (strength, threshold) = (judgement.strength.value(), rule.threshold.value());
    let sign = if strength >= threshold { "≥" } else { "<" };
    let strictness = Strictness::name_of(rule.threshold).map(|name| format!(" ({name})")).unwrap_or_default();
    let head = format!("{name}  {}  {strength:.2} {sign} {threshold:.2}{strictness}", paint.strong(&rule.claim.id.0));
    let mut text = format!("{head}   {}\n", paint.dim(&format!("revision {}", rule.claim.revision.0)));
    let below = judgement.decision == Decision::Below;
    if below && strength < FAR {
        return text + "\n";
    }
    let wording = judgement.evidence.first().map(|best| best.spans.clone()).unwrap_or_default();
    let gates: Vec<Span> = judgement.gates.iter().filter_map(|gate| gate.hit.map(|(_, span)| span)).collect();
    if !post.parts.is_empty() {
        text.push_str(&format!("  {}\n", marked(post, &wording, &gates, paint)));
    }
    let worth_a_line = |evidence: &&Evidence| evidence.strength.value() >= strength / 2.0;
    for evidence in judgement.evidence.iter().filter(worth_a_line).take(if below { 1 } else { OTHERS }) {
        let wording = shortened(&evidence.wording, 0, 90);
        text.push_str(&format!("  {:8} {:.2}  \"{wording}\"\n", kind_name(evidence.kind), evidence.strength.value()));
    }
    for gate in &judgement.gates {
        text.push_str(&gate_line(gate, post, paint));
    }
    if !below {
        text.push_str(&format!("  stance   {}{}\n", stance_name(judgement.stance), cue_words(judgement.cue.as_ref())));
    }
    text.push_str(&format!("  so       {so}\n{}\n", way_lines(&ways)));
    text
}

fn gate_line(gate: &Gate<'_>, post: &Post, paint: Paint) -> String {
    let name = match gate.kind {
        GateKind::AllOf => "all_of",
        GateKind::AnyOf => "any_of",
        GateKind::NoneOf => "none_of",
    };
    let found = gate.hit.map(|(term, span)| {
        let part = post.parts.get(span.part).map(|part| part.text.as_str()).unwrap_or_default();
        let words = shortened(part.get(span.start..span.end).unwrap_or_default(), 0, 40);
        let list = term.list.as_ref().map(|list| format!(" (@{list})")).unwrap_or_default();
        format!("\"{words}\"{list}")
    });
    let verdict = if gate.passed { paint.good("ok") } else { paint.bad("FAILS") };
    let found = found.unwrap_or_else(|| format!("nothing from {}", asked(gate.terms)));
    format!("  {name:8} {verdict}  {found}\n")
}

fn as_json(post: &Post, judgement: &Judgement<'_>, status: Status, later: &Later) -> serde_json::Value {
    let gates: Vec<_> = judgement
        .gates
        .iter()
        .map(|gate| {
            json!({
                "kind": match gate.kind { GateKind::AllOf => "all_of", GateKind::AnyOf => "any_of", GateKind::NoneOf => "none_of" },
                "passed": gate.passed,
                "hit": gate.hit.map(|(term, span)| json!({ "term": term.text, "list": term.list, "span": span })),
            })
        })
        .collect();
    let (_, why, ways) = later.of(post, judgement, status);
    json!({
        "claim": judgement.rule.claim.id.0,
        "revision": judgement.rule.claim.revision.0,
        "status": status,
        "strength": judgement.strength,
        "confidence": judgement.confidence,
        "threshold": judgement.rule.threshold,
        "decision": judgement.decision,
        "stance": judgement.stance,
        "cue": judgement.cue,
        "when": judgement.when,
        "evidence": judgement.evidence,
        "gates": gates,
        "desks": later.desks(judgement.rule),
        "why": why,
        "ways": ways.iter().map(way_json).collect::<Vec<_>>(),
    })
}
