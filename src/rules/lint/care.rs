//! Judgements about the care for a rule: tests, dates, owners, and what letters will be able to say.

use jiff::civil::Date;

use super::{Look, brief, warning};
use crate::model::claim::{Status, Verdict};
use crate::model::sighting::Strength;
use crate::rules::diagnostic::Diagnostic;
use crate::rules::{Rule, Strictness, codes};
use crate::text::address;
use crate::text::words::words;

/// Texts that templates and drafts leave behind.
const PLACES_HELD: [&str; 6] = ["todo", "tbd", "fixme", "xxx", "lorem ipsum", "…"];

pub(super) fn judge(look: &Look<'_>, today: Date, found: &mut Vec<Diagnostic>) {
    found.extend(tests(look));
    found.extend(copies(look));
    found.extend(out_of_date(look, today));
    found.extend(placeholders(look));
    found.extend(whole_sites(look));
    found.extend(owner(look));
    found.extend(threshold(look));
    found.extend(claimant(look));
    if look.is_loaded() {
        found.extend(fact_checks(look));
    }
}

fn tests(look: &Look<'_>) -> Option<Diagnostic> {
    let rule = look.rule;
    if rule.claim.status != Status::Active {
        return None;
    }
    let (must, must_not) = (rule.tests.iter().any(|test| test.matches), rule.tests.iter().any(|test| !test.matches));
    let missing = match (must, must_not) {
        (true, true) => return None,
        (true, false) => "no test says what must not match",
        (false, true) => "no test says what must match",
        (false, false) => "this active rule has no tests",
    };
    Some(warning(
        codes::NO_TESTS,
        rule.upkeep.id_place.clone(),
        missing,
        "add [claim.tests] with must_match = [\"…\"] (real posts) and must_not_match = [\"…\"] (posts that only look alike)",
    ))
}

/// A test that is a wording word for word shows nothing that the wording does not say.
fn copies(look: &Look<'_>) -> Option<Diagnostic> {
    let row = |text: &str| words(text).plain().map(|word| word.form.to_owned()).collect::<Vec<_>>();
    let wordings: Vec<Vec<String>> = look.rule.wordings.iter().map(|wording| row(&wording.text)).collect();
    let mut tests = look.rule.tests.iter().filter(|test| test.matches).peekable();
    let first = tests.peek()?.place.clone();
    tests.all(|test| wordings.contains(&row(&test.text))).then(|| {
        warning(
            codes::TESTS_COPY,
            first,
            "every must_match test repeats a wording word for word",
            "add posts as people really write them, with other words before and after",
        )
    })
}

fn out_of_date(look: &Look<'_>, today: Date) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let upkeep = &look.rule.upkeep;
    if let Some(date) = upkeep.review_by.filter(|date| *date < today) {
        let message = format!("this rule should have been looked at by {date}");
        let help = "see whether its wordings and fact-checks still hold, then set a new date";
        found.push(warning(codes::OUT_OF_DATE, look.place_of("review_by"), message, help));
    }
    if let Some(date) = upkeep.expires.filter(|date| *date < today && look.is_loaded()) {
        let message = format!("this rule expired on {date} and is no longer matched");
        let help = "set status = \"retired\", or a new date if it should go on";
        found.push(warning(codes::OUT_OF_DATE, look.place_of("expires"), message, help));
    }
    found
}

fn placeholders(look: &Look<'_>) -> Vec<Diagnostic> {
    let claim = &look.rule.claim;
    let mut found = Vec::new();
    for check in &claim.fact_checks {
        let host = check.url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
        if is_placeholder(host) {
            let message = format!("{host} is an address that only holds a place");
            let help = "put in the address of the fact-check, or delete the line: letters then carry no link";
            found.push(warning(codes::PLACEHOLDER, look.place_of("url"), message, help));
        }
    }
    let texts = claim.fact_checks.iter().flat_map(|check| {
        [("publisher", Some(&check.publisher)), ("title", check.title.as_ref()), ("rating", check.rating.as_ref())]
    });
    for (key, text) in [("claim", Some(&claim.claim)), ("claimant", claim.claimant.as_ref())].into_iter().chain(texts) {
        let text = text.map(String::as_str).unwrap_or_default();
        let folded = text.to_lowercase();
        if PLACES_HELD
            .iter()
            .any(|held| folded == *held || folded.starts_with(&format!("{held}:")) || folded.starts_with(&format!("{held} ")))
        {
            let message = format!("`{key}` says \"{}\", which letters would show", brief(text));
            found.push(warning(codes::PLACEHOLDER, look.place_of(key), message, "write what is meant"));
        }
    }
    for wording in &look.rule.wordings {
        if wording.text.to_lowercase().starts_with("todo") {
            let message = format!("\"{}\" is a reminder, not a wording", brief(&wording.text));
            found.push(warning(codes::PLACEHOLDER, wording.place.clone(), message, "write the claim as people say it"));
        }
    }
    found
}

/// Every post that links to a whole site or account would count as one that repeats the claim.
fn whole_sites(look: &Look<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for url in &look.rule.urls {
        let Some(form) = address::canonical(url) else { continue };
        let what = match (address::is_front_page(&form), is_account(&form)) {
            (true, _) => "a site's front page",
            (_, true) => "the page of an account",
            _ => continue,
        };
        let message = format!("{} is {what}, not a place where the claim stands", brief(url));
        let help = "every post that links there would match: put in the address of the post or article itself";
        found.push(warning(codes::FRONT_PAGE, look.place_of_text(url), message, help));
    }
    found
}

/// Whether a canonical address is that of somebody's page on a social network.
fn is_account(form: &str) -> bool {
    const NETWORKS: [&str; 6] = ["x.com", "facebook.com", "instagram.com", "t.me", "threads.net", "vk.com"];
    let Some((host, path)) = form.split_once('/') else { return false };
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    match steps[..] {
        [name] if name.contains('?') => false,
        [name] => name.starts_with('@') || NETWORKS.contains(&host),
        ["profile", _] => host == "bsky.app",
        _ => false,
    }
}

/// Names that no publisher can have (RFC 2606, RFC 6761).
fn is_placeholder(host: &str) -> bool {
    let last_two = host.rsplit('.').take(2).collect::<Vec<_>>();
    match last_two.as_slice() {
        ["com" | "org" | "net" | "edu", "example"] => true,
        [top, ..] => matches!(*top, "example" | "test" | "invalid" | "localhost"),
        [] => false,
    }
}

/// The owner gets a word when the rule needs one, so it must be an address.
fn owner(look: &Look<'_>) -> Option<Diagnostic> {
    let owner = look.rule.upkeep.owner.as_deref()?;
    let is_address =
        owner.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains(' '));
    (!is_address).then(|| {
        let message = format!("nobody can write to the owner \"{}\"", brief(owner));
        warning(codes::NO_SUCH_OWNER, look.place_of("owner"), message, "write a mail address: owner = \"editor@example.org\"")
    })
}

fn threshold(look: &Look<'_>) -> Option<Diagnostic> {
    let Rule { threshold, .. } = look.rule;
    if Strictness::name_of(*threshold).is_some() {
        return None;
    }
    let near = |strictness: &Strictness| ((strictness.threshold().value() - threshold.value()).abs() * 1000.0) as u32;
    let nearest = Strictness::NAMES.into_iter().min_by_key(|(_, strictness)| near(strictness)).map_or("normal", |(name, _)| name);
    let Strength { .. } = threshold;
    Some(warning(
        codes::OWN_THRESHOLD,
        look.place_of("threshold"),
        format!("threshold = {} stands on no scale that your colleagues know", threshold.value()),
        format!("write strictness = \"{nearest}\", and change wordings or gates where that is not right"),
    ))
}

/// Every wording names the claimant, so about anybody else it is another claim; but no gate asks for the name.
fn claimant(look: &Look<'_>) -> Option<Diagnostic> {
    let rule = look.rule;
    let name = rule.claim.claimant.as_deref()?.split_whitespace().last()?;
    let names = |text: &str| words(text).plain().any(|word| words(name).plain().any(|part| part.form == word.form));
    let latin = |text: &str| text.chars().filter(|c| c.is_alphabetic()).all(|c| c < '\u{0370}');
    let every = rule.wordings.len() > 1
        && rule.wordings.iter().filter(|wording| latin(&wording.text)).all(|wording| names(&wording.text));
    let asked = rule.all_of.iter().flatten().any(|term| names(&term.text));
    (every && !asked && !rule.all_of.is_empty()).then(|| {
        warning(
            codes::CLAIMANT_FREE,
            look.place_of("all_of"),
            format!("every wording names {name}, and no gate asks for the name"),
            format!("add a group to all_of: [\"{name}*\"]; otherwise the same words about somebody else alert too"),
        )
    })
}

fn fact_checks(look: &Look<'_>) -> Vec<Diagnostic> {
    let checks = &look.rule.claim.fact_checks;
    let mut found = Vec::new();
    let at_id = || look.rule.upkeep.id_place.clone();
    if checks.iter().all(|check| check.url.is_none()) {
        found.push(warning(
            codes::NO_LINK,
            at_id(),
            "letters about this claim will carry no link to a fact-check",
            "add [[claim.factcheck]] with publisher = \"…\" and url = \"https://…\"",
        ));
    }
    let says_nothing = checks.iter().all(|check| check.rating.is_none() && check.verdict == Verdict::Unrated);
    if !checks.is_empty() && says_nothing {
        found.push(warning(
            codes::NO_RATING,
            at_id(),
            "no fact-check of this claim says what was found",
            "copy the publisher's own words: rating = \"…\"; or give a verdict: false, misleading, unproven, mixed, true, satire",
        ));
    }
    found
}
