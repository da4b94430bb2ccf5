//! `claimwatch explain`: why a text matches a claim, or why not.

use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::marks::{marked, shortened};
use super::output::{Answer, Format, Paint, colour, counted, json};
use super::test::{rule_called, rules_for};
use super::trial::{asked, awake, kind_name, stance_name};
use super::{ConfigPath, Exit};
use crate::config;
use crate::matching::bulk::{BulkJudgement, weigh_bulk};
use crate::matching::judge::{Gate, GateKind, Judgement};
use crate::matching::ranked::{Scratch, Wanted};
use crate::matching::weigh;
use crate::model::claim::Status;
use crate::model::post::Post;
use crate::model::sighting::{Cue, Decision, Evidence, Sighting, Span, When};
use crate::rules::bulk_policy::{Policy, Reach, wording};
use crate::rules::compile::compile;
use crate::rules::diagnostic::Level;
use crate::rules::{Rule, Strictness};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The text of a post, or - to read it from standard input.
    #[arg(value_name = "TEXT|-", allow_hyphen_values = true, required_unless_present = "sighting")]
    pub text: Option<String>,
    /// Tell the whole way of a post seen to repeat a claim: rule, route, silence, limit, letters and deliveries. Digests and
    /// letters name the number.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["text", "rules", "rule"])]
    pub sighting: Option<i64>,
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
Words of the rule's wording stand between ⟦ ⟧, words its gates look for between « »;
on a terminal they are coloured. The strength says how much of a wording the text holds,
from 0 to 1; of claims from archives (bulk claims) the confidence decides. A post alerts when it reaches the rule's threshold and all gates pass. The stance is
how it stands to the claim, with the words that show it: what reports, asks or denies waits for the digest.

Examples:
  claimwatch explain \"North Korea? No longer - sleep well tonight!\"
  claimwatch explain --rule nk-averted-war - < article.txt
  claimwatch explain --sighting 12            why a desk was told of a post, or not, and when

Exit code: 0, match or not · 2 no such rule or sighting · 3 the rules have errors";

/// A text longer than this is no post.
const MAX_BYTES: u64 = 1 << 20;

/// Below this strength a rule and a text share common words only.
const FAR: f32 = 0.35;

/// So many near and far misses are told beside the matches.
const OTHERS: usize = 3;

/// Bulk claims less probable than this are not shown.
const UNLIKELY: f32 = 0.05;

/// Compares the text with the rules and says what was found.
pub fn explain(arguments: &Arguments) -> Answer {
    let reading = match rules_for(&arguments.config, &arguments.rules) {
        Ok(reading) => reading,
        Err(answer) => return answer,
    };
    let text = match text_of(arguments.text.as_deref().unwrap_or_default()) {
        Ok(text) => text,
        Err(answer) => return answer,
    };
    let rules: Vec<Rule> = match &arguments.rule {
        Some(id) => match rule_called(id, &reading.rules) {
            Ok(rule) => vec![awake(rule)],
            Err(answer) => return answer,
        },
        None => reading.rules.clone(),
    };
    let post = Post::of_text(&text, Timestamp::now());
    let compared = rules.iter().filter(|rule| matches!(rule.claim.status, Status::Active | Status::Test)).count();
    // A rule that is asked for by name is compared alone.
    let archives = if arguments.rule.is_some() { &[][..] } else { &reading.archives };
    let (bulk, _) = config::archives::read(archives, &[]);
    let set = compile(rules).with_bulk(bulk, policy_of(&arguments.config));
    let wanted = Wanted { top: OTHERS, at_least: UNLIKELY };
    let of_bulk = weigh_bulk(&post, &set, &mut Scratch::default(), wanted);
    let judgements = weigh(&post, &set);
    // The status is the file's own, also where `--rule` woke a sleeping rule.
    let status_of = |judgement: &Judgement<'_>| {
        reading
            .rules
            .iter()
            .find(|rule| rule.claim.id == judgement.rule.claim.id)
            .map_or(Status::Active, |rule| rule.claim.status)
    };
    if arguments.format == Format::Json {
        let all: Vec<_> = judgements.iter().map(|judgement| as_json(judgement, status_of(judgement))).collect();
        let bulk: Vec<_> = of_bulk.iter().map(bulk_json).collect();
        let answer = json!({ "compared": compared, "judgements": all, "bulk_compared": set.bulk.len(), "bulk": bulk });
        return Answer::new(json(&answer), Exit::Fine);
    }
    let paint = Paint { colour: colour() };
    let mut answer = String::new();
    let show_bulk = |answer: &mut String, told: bool| {
        for judgement in of_bulk.iter().filter(|judgement| (judgement.sighting.decision != Decision::Below) == told) {
            answer.push_str(&bulk_block(&post, judgement, &set.bulk_policy, paint));
        }
    };
    let (told, far): (Vec<_>, Vec<_>) = judgements.iter().partition(|judgement| judgement.decision != Decision::Below);
    for judgement in &told {
        answer.push_str(&block(&post, judgement, status_of(judgement), paint));
    }
    show_bulk(&mut answer, true);
    for judgement in far.iter().take(OTHERS) {
        answer.push_str(&block(&post, judgement, status_of(judgement), paint));
    }
    show_bulk(&mut answer, false);
    if far.len() > OTHERS {
        answer.push_str(&paint.dim(&format!("… and {} that share a word or two.\n", counted(far.len() - OTHERS, "rule"))));
    }
    if judgements.is_empty() && of_bulk.is_empty() {
        answer.push_str(&format!(
            "No match: this text shares nothing with {}.\n",
            match &arguments.rule {
                Some(id) => format!("rule {id}"),
                None if set.bulk.is_empty() => format!("any of {}", counted(compared, "rule")),
                None => format!("any of {} and {}", counted(compared, "rule"), counted(set.bulk.len(), "bulk claim")),
            }
        ));
    }
    Answer::new(answer, Exit::Fine)
}

/// What the configuration says about bulk claims; the defaults where there is none.
fn policy_of(config: &ConfigPath) -> Policy {
    config::read(&config.config, Level::Warning).config.map(|config| config.bulk).unwrap_or_default()
}

fn bulk_block(post: &Post, judgement: &BulkJudgement<'_>, policy: &Policy, paint: Paint) -> String {
    let (sighting, claim) = (&judgement.sighting, judgement.found.claim);
    let name = match sighting.decision {
        Decision::Alert if policy.reach == Reach::Count => paint.odd("COUNT"),
        Decision::Alert if sighting.when == When::Digest => paint.odd("LATER"),
        Decision::Alert => paint.bad("ALERT"),
        Decision::Possible => paint.odd("NEAR "),
        Decision::Below => paint.dim("no   "),
    };
    let sure = sighting.confidence.value();
    let against = |bar: f32| if sure >= bar { format!("≥ {bar:.2}") } else { format!("< {bar:.2}") };
    let bar = if sure >= policy.alert.value() { policy.alert } else { policy.possible };
    let mut text = format!(
        "{name}  {}  confidence {sure:.2} {}   {}\n",
        paint.strong(&shortened(&claim.id, 0, 80)),
        against(bar.value()),
        paint.dim("bulk claim")
    );
    text.push_str(&format!("  {}\n", marked(post, &judgement.found.spans, &[], paint)));
    text.push_str(&format!("  claim    {:.2}  \"{}\"\n", sighting.strength.value(), shortened(wording(claim), 0, 120)));
    if let Some(address) = &judgement.found.address {
        text.push_str(&format!("  address  {}\n", shortened(address, 0, 120)));
    }
    if sighting.decision != Decision::Below {
        text.push_str(&format!("  stance   {}{}\n", stance_name(sighting.stance), shown(sighting.cue.as_ref())));
    }
    text + &format!("  so       {}\n\n", bulk_words(sighting, policy))
}

fn bulk_words(sighting: &Sighting, policy: &Policy) -> &'static str {
    match (sighting.decision, policy.reach, sighting.when) {
        (Decision::Below, ..) => "no alert: not sure enough",
        (_, Reach::Count, _) => "counted, but nobody is told: the configuration says bulk = \"count\"",
        (Decision::Possible, ..) => "no alert: not sure enough; listed as possible in the digest",
        (Decision::Alert, _, When::Digest) => "no letter of its own: for the digest",
        (Decision::Alert, ..) => "the desk is told",
    }
}

fn bulk_json(judgement: &BulkJudgement<'_>) -> serde_json::Value {
    let sighting = &judgement.sighting;
    json!({
        "claim": sighting.claim,
        "revision": sighting.revision,
        "strength": sighting.strength,
        "confidence": sighting.confidence,
        "decision": sighting.decision,
        "stance": sighting.stance,
        "cue": sighting.cue,
        "when": sighting.when,
        "evidence": sighting.evidence,
    })
}

fn text_of(argument: &str) -> Result<String, Answer> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut bytes = Vec::new();
    match std::io::stdin().lock().take(MAX_BYTES).read_to_end(&mut bytes) {
        Ok(_) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => Err(Answer::trouble(format!("Standard input cannot be read: {error}\n"), Exit::World)),
    }
}

fn block(post: &Post, judgement: &Judgement<'_>, status: Status, paint: Paint) -> String {
    let rule = judgement.rule;
    let name = match judgement.decision {
        Decision::Alert if status == Status::Test => paint.odd("COUNT"),
        Decision::Alert if judgement.when == When::Digest => paint.odd("LATER"),
        Decision::Alert if judgement.when == When::Ignore => paint.dim("IGNORE"),
        Decision::Alert => paint.bad("ALERT"),
        Decision::Possible => paint.odd("NEAR "),
        Decision::Below => paint.dim("no   "),
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
    text.push_str(&format!("  {}\n", marked(post, &wording, &gates, paint)));
    let worth_a_line = |evidence: &&Evidence| evidence.strength.value() >= strength / 2.0;
    for evidence in judgement.evidence.iter().filter(worth_a_line).take(if below { 1 } else { OTHERS }) {
        let wording = shortened(&evidence.wording, 0, 90);
        text.push_str(&format!("  {:8} {:.2}  \"{wording}\"\n", kind_name(evidence.kind), evidence.strength.value()));
    }
    for gate in &judgement.gates {
        text.push_str(&gate_line(gate, post, paint));
    }
    if !below {
        text.push_str(&format!("  stance   {}{}\n", stance_name(judgement.stance), shown(judgement.cue.as_ref())));
    }
    text.push_str(&format!("  so       {}\n\n", decision_words(judgement, status)));
    text
}

/// The words or the address that show the stance, as `denial ("falsely")` has them.
fn shown(cue: Option<&Cue>) -> String {
    match cue {
        Some(Cue { words, span: Some(_) }) => format!(" (\"{}\")", shortened(words, 0, 60)),
        Some(Cue { words, span: None }) => format!(" (links to {})", shortened(words, 0, 100)),
        None => String::new(),
    }
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

fn decision_words(judgement: &Judgement<'_>, status: Status) -> String {
    let short = judgement.strength < judgement.rule.threshold;
    let shut = judgement.gates.iter().any(|gate| !gate.passed);
    match judgement.decision {
        Decision::Alert if judgement.when == When::Ignore => {
            format!("nothing happens: the rule ignores posts of this stance ({})", stance_name(judgement.stance))
        }
        Decision::Alert => match status {
            Status::Active if judgement.when == When::Digest => {
                format!("no letter of its own: for the digest, because of its stance ({})", stance_name(judgement.stance))
            }
            Status::Active => "the desk is told".to_owned(),
            Status::Test => "counted, but nobody is told: the rule is in test".to_owned(),
            Status::Draft | Status::Paused | Status::Retired => {
                format!("would alert, but the rule is {} and not loaded", status_name(status))
            }
        },
        Decision::Possible | Decision::Below => {
            let reason = match (short, shut) {
                (true, true) => "not strong enough, and a gate fails",
                (true, false) => "not strong enough",
                (false, true) => "strong enough, but a gate fails",
                (false, false) => "the rule asks for more",
            };
            let listed = judgement.decision == Decision::Possible && judgement.when != When::Ignore;
            let end = if listed { "; listed as possible in the digest" } else { "" };
            format!("no alert: {reason}{end}")
        }
    }
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Draft => "a draft",
        Status::Test => "in test",
        Status::Active => "active",
        Status::Paused => "paused",
        Status::Retired => "retired",
    }
}

fn as_json(judgement: &Judgement<'_>, status: Status) -> serde_json::Value {
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
        "why": decision_words(judgement, status),
    })
}
