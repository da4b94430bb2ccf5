//! `claimwatch lint`: rules that are sound but may not do what their editor wants.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::links;
use super::opened::{Opened, Since, open};
use super::output::{Answer, ListFormat, Paint, colour, counted, diagnostics, drawn, github, json};
use super::past::{Past, on_all_cores};
use super::progress::{Progress, grouped};
use super::{ConfigPath, Exit};
use crate::matching;
use crate::matching::phrases::Phrases;
use crate::rules::diagnostic::{Diagnostic, Level, sort};
use crate::rules::reading::table::nearest;
use crate::rules::{codes, lint as reading};

/// Arguments of `lint`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Judge only the rules in these files or folders.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Fail when this is found; `all` for any of them.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub deny: Vec<String>,
    /// Ask whether the fact-checks that rules link to are still there (L112).
    #[arg(long)]
    pub online: bool,
    /// Look for common phrases (L102) in the posts of this file instead of those remembered.
    #[arg(long, value_name = "FILE")]
    pub posts: Option<PathBuf>,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Nothing here stops the daemon: these are judgements about rules that can be read but may not do what you want. \
The most telling is L106, a wording that cannot pass the gates of its own rule. An editor who has weighed one \
and does not share it says so in the rule:

  # accept L111: the article has no address that we know

  L101 too short         L102 too common        L103 no tests
  L104 rules overlap     L105 said twice        L106 dead wording
  L107 shut by none_of   L108 other language    L109 out of date
  L110 placeholder       L111 no link           L112 dead link
  L113 owner             L114 mixed scripts     L115 own threshold
  L116 claimant free     L117 no rating         L118 tests copy wordings
  L119 no reader         L120 no source         L121 the desk's policy
  L122 address of a whole site or account       L123 too long
  L130 idle desk         L131 digest in quiet hours

L102 needs a thousand posts that this desk has read. Only --online asks the network, politely and under the \
limits of [fetch]; when each link last answered well is remembered.

Exit code: 0 · 1 something denied was found · 2 no such code · 3 the rules have errors";

/// Judges and says what was found.
pub async fn lint(arguments: &Arguments) -> Answer {
    let mut deny: Vec<&str> = Vec::new();
    let known: Vec<&str> = codes::LINTS.iter().map(|(code, _)| *code).collect();
    for code in arguments.deny.iter().map(|code| code.trim()) {
        match known.iter().find(|known| known.eq_ignore_ascii_case(code)) {
            Some(code) => deny.push(code),
            None if code.eq_ignore_ascii_case("all") => deny.extend(&known),
            None => {
                let hint = nearest(code, &known).map(|code| format!(" Did you mean {code}?")).unwrap_or_default();
                return Answer::trouble(format!("There is no lint {code}.{hint}\n"), Exit::Usage);
            }
        }
    }
    let mut opened = match open(&arguments.config, &arguments.paths).await {
        Ok(opened) => opened,
        Err(answer) => return answer,
    };
    let mut remarks = String::new();
    let beyond = beyond_the_files(arguments, &opened, &mut remarks).await;
    opened.close().await;
    let beyond = match beyond {
        Ok(beyond) => beyond,
        Err(answer) => return answer,
    };
    let read = &mut opened.reading;
    let mut found: Vec<Diagnostic> = std::mem::take(&mut read.report.found);
    found.retain(|one| known.contains(&one.code));
    found.extend(reading::lint(&read.rules, &read.report.texts, today()));
    found.extend(matching::lint::lint(&read.rules));
    found.extend(beyond);
    let (mut found, accepted) = reading::accepted(found, &read.rules, &read.report.texts);
    sort(&mut found);
    for one in found.iter_mut().filter(|one| deny.contains(&one.code)) {
        one.level = Level::Error;
    }
    read.report.found = found;
    let report = &read.report;
    let denied = report.count(Level::Error);
    let exit = if denied == 0 { Exit::Fine } else { Exit::Faults };
    let answer = match arguments.format {
        ListFormat::Github => Answer::new(github(report), exit),
        ListFormat::Json => {
            let answer = json!({
                "rules": read.rules.len(),
                "found": report.found.len(),
                "denied": denied,
                "accepted": accepted,
                "diagnostics": diagnostics(report),
            });
            Answer::new(json(&answer), exit)
        }
        ListFormat::Text => {
            let colour = colour();
            let paint = Paint { colour };
            let rules = counted(read.rules.len(), "rule");
            let mut tally = match report.found.len() {
                0 => paint.good("nothing to say about them"),
                number => paint.odd(&format!("{} to look at", counted(number, "thing"))),
            };
            if denied > 0 {
                tally.push_str(&format!(", {}", paint.bad(&format!("{denied} denied"))));
            }
            if accepted > 0 {
                tally.push_str(&format!(", {accepted} accepted by the editors"));
            }
            Answer::new(format!("{}{rules}: {tally}.\n", drawn(report, colour)), exit)
        }
    };
    Answer { trouble: remarks, ..answer }
}

/// What the files alone do not show: phrases too common in what the desk reads, links that are dead.
async fn beyond_the_files(arguments: &Arguments, opened: &Opened, remarks: &mut String) -> Result<Vec<Diagnostic>, Answer> {
    let reading = &opened.reading;
    let store = opened.store.as_ref().ok();
    let past = match (&arguments.posts, store) {
        (Some(path), _) => Some(Past::of_file(path)?),
        (None, Some(store)) => Some(Past::of_memory(store, HISTORY.before(Timestamp::now()))),
        (None, None) => None,
    };
    let mut found = Vec::new();
    if let Some(mut past) = past {
        let phrases = Phrases::of(&reading.rules);
        let mut seen = phrases.unseen();
        let mut posts = 0;
        let mut progress = Progress::new(past.total().await?);
        loop {
            let piece = past.next().await?;
            if piece.is_empty() {
                break;
            }
            for (number, rightly) in on_all_cores(&piece, |one| phrases.in_post(&one.post)).into_iter().flatten() {
                if let Some(seen) = seen.get_mut(number) {
                    seen.posts += 1;
                    seen.rightly += u64::from(rightly);
                }
            }
            posts += piece.len() as u64;
            progress.at(posts, &format_args!("{} posts", grouped(posts)));
        }
        progress.end();
        found.extend(phrases.judge(&seen, posts));
        remarks.push_str(&past.complaints());
    }
    if arguments.online {
        let settings = opened.config.as_ref().map(|config| config.fetch.clone()).unwrap_or_default();
        let asked = links::ask(&reading.rules, &reading.report.texts, &settings, store).await;
        found.extend(asked.found);
        remarks.push_str(&asked.remarks);
    }
    Ok(found)
}

/// How far back common phrases are looked for.
const HISTORY: Since = Since::Ago(std::time::Duration::from_secs(90 * 24 * 60 * 60));

/// The day it is where the editor sits.
pub fn today() -> jiff::civil::Date {
    Timestamp::now().to_zoned_datetime(TimeZone::system()).date()
}
