//! `claimwatch new`: one draft of a rule from a fact-check's page.

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use url::Url;

use super::archive::{open, unreadable};
use super::drafts::{RuleFile, rules_there};
use super::import::fetch_settings;
use super::output::{Answer, Format, json};
use super::{ConfigPath, Exit};
use crate::feeds::language;
use crate::fetch::Fetcher;
use crate::fetch::error::FetchError;
use crate::matching::weigh;
use crate::model::claim::Status;
use crate::model::post::Post;
use crate::model::sighting::Decision;
use crate::rules::Rule;
use crate::rules::compile::compile;
use crate::rules::import::clean::folded;
use crate::rules::import::draft::{Draft, blocks_in_layout, fact_check, id_for};
use crate::rules::import::reading::{self, Kind, kind_of};
use crate::rules::import::{Record, Remark, encoding, page};
use crate::text::address;

/// Arguments of `new`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The page of the fact-check: its address, or a file it was saved to.
    #[arg(long, value_name = "URL|FILE", required = true)]
    pub from: String,
    /// Add the draft to this rule file instead of printing it.
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Where the page checks several claims, take this one; without it the first.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    pub claim: Option<u16>,
    /// Draft it although a rule has this fact-check or this address already.
    #[arg(long)]
    pub anyway: bool,
    /// The configuration: its limits hold for the page, its rules are looked through.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
The page is asked for as the daemon asks for a feed: same limits on size, time and redirects, and never an \
address inside a private network unless `[fetch] allow_private` names it. The draft is made of the page's \
ClaimReview or, where it has none, of its headline; what could not be found is said. It is never active.

Examples:
  claimwatch new --from https://www.snopes.com/fact-check/some-claim/ \\
      --to rules/topic.toml
  claimwatch new --from saved-page.html

Exit code: 0 drafted · 1 there already, or nothing to draft from · 2 wrong usage · 3 a file or the configuration \
cannot be read · 4 the page was not had, or the disk failed";

/// What was read of the page.
struct Page {
    records: Vec<Record>,
    article: Option<Record>,
    /// Addresses the page is known by.
    addresses: Vec<String>,
}

/// Drafts a rule and says what is missing.
pub async fn new(arguments: &Arguments) -> Answer {
    match run(arguments).await {
        Ok(answer) | Err(answer) => answer,
    }
}

async fn run(arguments: &Arguments) -> Result<Answer, Answer> {
    let file = arguments.to.as_deref().map(|path| RuleFile::open(path, &arguments.config.config)).transpose()?;
    let (there, some_unread) = match &file {
        Some(file) => (file.rules.clone(), file.some_unread),
        None => rules_there(&arguments.config.config),
    };
    let asked = address::read(&arguments.from, None).filter(|_| !Path::new(&arguments.from).exists());
    // Before anything is asked: the address itself may be known. Who asks for a claim by number knows that there are several.
    if let Some(url) = asked.as_ref().filter(|_| !arguments.anyway && arguments.claim.is_none())
        && let Some(answer) = known(&[url.to_string()], None, &there)
    {
        return Err(answer);
    }
    let page = match &asked {
        Some(url) => from_web(url, &arguments.config).await?,
        None => from_file(&arguments.from)?,
    };
    let number = usize::from(arguments.claim.unwrap_or(1));
    let claims = page.records.len();
    let is_headline = claims == 0;
    if number > claims.max(1) {
        return Err(Answer::trouble(format!("The page checks {claims} claims; there is no number {number}.\n"), Exit::Usage));
    }
    let record = page.records.into_iter().nth(number - 1).or(page.article);
    let Some(mut record) = record else {
        let text = format!("{} has neither ClaimReview nor a title: there is nothing to draft from.\n", arguments.from);
        return Err(Answer::trouble(text, Exit::Faults));
    };
    record.check.lang = record.check.lang.take().or_else(|| language::recognised(&record.claim).map(|lang| lang.0));
    if !arguments.anyway {
        let addresses: Vec<String> = record.check.url.iter().cloned().chain(page.addresses).collect();
        // Of a page with several claims each may have its rule.
        let is_same_claim = |rule: &Rule| claims <= 1 || folded(&rule.claim.claim) == folded(&record.claim);
        let about_it: Vec<Rule> = there.iter().filter(|rule| is_same_claim(rule)).cloned().collect();
        let by_page = known(&addresses, None, &about_it);
        // Two claims of one page may have been made in one post.
        let of_others: Vec<Rule> =
            there.iter().filter(|rule| known(&addresses, None, std::slice::from_ref(*rule)).is_none()).cloned().collect();
        if let Some(answer) = by_page.or_else(|| known(&[], Some(&record), &of_others)) {
            return Err(answer);
        }
    }
    let notes = notes(&record, is_headline, claims, number, some_unread, &there);
    let mut taken: HashSet<String> = there.iter().map(|rule| rule.claim.id.0.clone()).collect();
    let id = id_for(&record, &mut taken);
    let drafts = [(id.clone(), Draft { record, is_headline })];
    let place = match &file {
        Some(file) => Some((file.path.display().to_string(), file.add(&drafts)?)),
        None => None,
    };
    let toml = blocks_in_layout(&drafts).trim_start().to_owned();
    if arguments.format == Format::Json {
        let (path, line) = place.unzip();
        let answer = json!({ "id": id, "to": path, "line": line, "toml": toml, "notes": notes });
        return Ok(Answer::new(json(&answer), Exit::Fine));
    }
    let told: String = notes.iter().map(|note| format!("{note}\n")).collect();
    Ok(match place {
        Some((path, line)) => {
            let next = format!(
                "{id} is drafted in {path}:{line}.\n{told}\nNext:\n  1. do its TODOs: the words people use, and two tests at least\n  2. claimwatch test {id}\n  3. status = \"active\"\n"
            );
            Answer::new(next, Exit::Fine)
        }
        None => Answer { text: toml, trouble: told, exit: Exit::Fine },
    })
}

async fn from_web(url: &Url, config: &ConfigPath) -> Result<Page, Answer> {
    let fetcher = Fetcher::new(&fetch_settings(config)?);
    let document = fetcher.document(url).await.map_err(|error| {
        let host = url.host_str().unwrap_or_default();
        let sent_on = match &error {
            FetchError::BlockedAddress { host: other, .. } | FetchError::BlockedPort { host: other, .. } if other != host => {
                format!("{host} sent us on to another place. ")
            }
            _ => String::new(),
        };
        Answer::trouble(format!("{url} was not read: {sent_on}{error}.\n"), Exit::World)
    })?;
    let text = encoding::page_text(&document.body, document.content_type.as_deref());
    let mut page = read(&text, Some(&document.url));
    page.addresses.extend([url.to_string(), document.url.to_string()]);
    Ok(page)
}

fn from_file(name: &str) -> Result<Page, Answer> {
    let path = Path::new(name);
    let mut bytes = Vec::new();
    let read_all = open(path).and_then(|input| input.take(reading::LONGEST_BYTES as u64 + 1).read_to_end(&mut bytes));
    read_all.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Answer::trouble(format!("{name} is neither a web address nor a file here.\n"), Exit::Usage),
        _ => unreadable(path, &error),
    })?;
    if bytes.len() > reading::LONGEST_BYTES {
        return Err(Answer::trouble(format!("{name} is larger than 8 MiB: too large for a page.\n"), Exit::Unreadable));
    }
    if kind_of(name, &bytes, false) == Some(Kind::Page) {
        return Ok(read(&encoding::page_text(&bytes, None), None));
    }
    let mut page = Page { records: Vec::new(), article: None, addresses: Vec::new() };
    let found = reading::read(name, bytes.as_slice(), &[], None, &mut |_, outcome| {
        page.records.extend(outcome.ok());
        Ok(())
    });
    found.map_err(|error| Answer::trouble(format!("{name} was not read: {error}.\n"), Exit::Unreadable))?;
    Ok(page)
}

fn read(text: &str, address: Option<&Url>) -> Page {
    if text.trim_start().starts_with(['{', '[']) {
        let mut records = Vec::new();
        let _ = reading::read("page.json", text.as_bytes(), &[], address, &mut |_, outcome| {
            records.extend(outcome.ok());
            Ok(())
        });
        return Page { records, article: None, addresses: Vec::new() };
    }
    let found = page::read(text, address);
    let records = found.claims.into_iter().filter_map(|(_, outcome)| outcome.ok()).collect();
    Page { records, article: found.article, addresses: Vec::new() }
}

/// The answer if a rule has this page, or an address where the claim appeared.
fn known(addresses: &[String], record: Option<&Record>, rules: &[Rule]) -> Option<Answer> {
    let canonical = |urls: &[String]| urls.iter().filter_map(|url| address::canonical(url)).collect::<HashSet<String>>();
    let pages = canonical(addresses);
    let of_check = |rule: &Rule| {
        let checks = rule.claim.fact_checks.iter().filter_map(|check| address::canonical(check.url.as_ref()?.as_str()));
        checks.into_iter().any(|form| pages.contains(&form))
    };
    if let Some(rule) = rules.iter().find(|rule| of_check(rule)) {
        let text = format!(
            "{} has this fact-check already ({}:{}). Nothing was drafted; --claim 2 takes another claim of the page, \
             --anyway drafts a second rule.\n",
            rule.claim.id, rule.place.file, rule.place.line
        );
        return Some(Answer::trouble(text, Exit::Faults));
    }
    let record = record?;
    let seen = canonical(&record.urls);
    let rule =
        rules.iter().find(|rule| rule.urls.iter().filter_map(|url| address::canonical(url)).any(|form| seen.contains(&form)))?;
    let id = &rule.claim.id;
    let text = format!(
        "{id} ({}:{}) is about the same post: this page checks a claim at an address that the rule names. Nothing was drafted.\n\
         Add it as a second fact-check to {id}? These lines go below the others there:\n{}\n--anyway drafts a rule of its own.\n",
        rule.place.file,
        rule.place.line,
        fact_check(&record.check)
    );
    Some(Answer::trouble(text, Exit::Faults))
}

/// What could not be found, and what else to know.
fn notes(record: &Record, is_headline: bool, claims: usize, number: usize, some_unread: bool, rules: &[Rule]) -> Vec<String> {
    let mut notes = Vec::new();
    if is_headline {
        notes.push("The page has no ClaimReview: the headline stands for the claim, and must be put into the words of those who claim it.".to_owned());
    }
    if claims > 1 {
        notes.push(format!(
            "The page checks {claims} claims; this is number {number}. `--claim NUMBER` takes another, `claimwatch import` all."
        ));
    }
    let missing = [
        ("who said it", record.claimant.is_none()),
        ("when it was said", record.said_on.is_none()),
        ("who checked", record.check.publisher.is_none()),
        ("a rating", record.check.rating.is_none()),
        ("the date of the fact-check", record.check.date.is_none()),
        ("where the claim appeared", record.urls.is_empty()),
        ("its language", record.check.lang.is_none()),
    ];
    let missing: Vec<&str> = missing.iter().filter(|(_, is_missing)| *is_missing).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        notes.push(format!("Not found: {}.", missing.join(", ")));
    }
    let told = |remark: &&Remark| {
        !(matches!(remark, Remark::NoRating | Remark::NoPublisher) || is_headline && **remark == Remark::Vague)
    };
    notes.extend(record.remarks.iter().filter(told).map(|remark| {
        let sentence = remark.sentence();
        let (first, rest) = sentence.split_at(sentence.chars().next().map_or(0, char::len_utf8));
        format!("{}{rest}.", first.to_uppercase())
    }));
    let loaded = rules.iter().filter(|rule| matches!(rule.claim.status, Status::Active | Status::Test)).cloned().collect();
    let set = compile(loaded);
    let post = Post::of_text(&record.claim, Timestamp::UNIX_EPOCH);
    if let Some(near) = weigh(&post, &set).first().filter(|near| near.decision == Decision::Alert) {
        let id = &near.rule.claim.id;
        notes.push(format!("{id} matches this sentence already: if it is the same claim, add the fact-check to {id} instead."));
    }
    if some_unread {
        notes.push("Some rule files have mistakes and were not looked through (`claimwatch check`).".to_owned());
    }
    notes
}
