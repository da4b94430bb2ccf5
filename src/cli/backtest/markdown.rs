//! What a backtest found, as a comment in a pull request.

use super::bulk::BulkTally;
use super::report::{Report, judged, said, said_in_all, verb, whence};
use super::tally::{Change, Example};
use crate::cli::marks::{marked, shortened};
use crate::cli::output::Paint;
use crate::cli::progress::grouped;

/// For a pull request. Posts are strangers' words: nothing in them becomes a link, a mention, a picture or markup.
pub(super) fn in_markdown(report: &Report) -> String {
    if report.nothing_to_try() {
        return format!("**claimwatch backtest**: every rule decides as at `{}`.\n", report.base.replace('`', "'"));
    }
    let mut text = format!(
        "### claimwatch backtest: {} → this change\n\nTried on {}.\n\n| rule | changed | was | now | appear | disappear | move | said of those now found |\n|---|---|--:|--:|--:|--:|--:|---|\n",
        code(&report.base),
        report.on_what()
    );
    for tally in report.tallies.iter().filter(|tally| report.against_git || tally.changes_anything()) {
        let [appear, disappear, move_] = tally.numbers;
        let said = if tally.judged_now.precision.judged() > 0 { judged(&tally.judged_now) } else { "–".to_owned() };
        text.push_str(&format!(
            "| {} | {} | {} | {} | +{} | −{} | {} | {said} |\n",
            code(&tally.claim.0),
            if tally.changes.is_empty() { "–" } else { &tally.changes },
            grouped(tally.was),
            grouped(tally.now),
            grouped(appear),
            grouped(disappear),
            grouped(move_)
        ));
    }
    let (row, of_bulk) = report.bulk.as_ref().map(BulkTally::in_markdown).unwrap_or_default();
    text.push_str(&row);
    text.push('\n');
    for tally in report.tallies.iter().filter(|tally| tally.changes_anything()) {
        let [appear, disappear, move_] = tally.numbers;
        text.push_str(&format!(
            "<details><summary>{}: {} {}, {} {}, {} {}</summary>\n\n",
            code(&tally.claim.0),
            grouped(appear),
            verb(appear, "appear"),
            grouped(disappear),
            verb(disappear, "disappear"),
            grouped(move_),
            verb(move_, "move")
        ));
        text.extend(tally.examples.iter().map(bullet));
        let more = tally.numbers.iter().sum::<u64>() - tally.examples.len() as u64;
        if more > 0 {
            text.push_str(&format!("- … and {} more\n", grouped(more)));
        }
        if let Some(words) = said_in_all(tally) {
            text.push_str(&format!("\nPeople{}.\n", words.trim_start_matches("people")));
        }
        text.push_str("\n</details>\n\n");
    }
    text.push_str(&of_bulk);
    if report.untouched > 0 {
        text.push_str(&format!("{} find what they found.\n", crate::cli::output::counted(report.untouched, "other rule")));
    }
    if let Some(verdict) = report.verdict() {
        text.push_str(&format!("{} {verdict}.\n", if report.is_too_much() { "❌" } else { "✅" }));
    }
    text
}

pub(super) fn bullet(example: &Example) -> String {
    let sign = if example.change == Change::Disappears { '−' } else { example.change.sign() };
    let moves = match example.change {
        Change::Moves => format!(" · {} → {}", example.before.word(), example.after.word()),
        Change::Appears => format!(" · {}", example.after.word()),
        Change::Disappears => String::new(),
    };
    let said = said(&example.said).map(|said| format!(" · **{}**", escaped(&said))).unwrap_or_default();
    let why = if example.why.is_empty() || example.change != Change::Disappears {
        String::new()
    } else {
        format!(" · now {}", code(&example.why))
    };
    let plain = marked(&example.post, &example.wording, &example.gates, Paint { colour: false });
    let words = escaped(&plain).replace('⟦', "<b>").replace('⟧', "</b>").replace(['«', '»'], "");
    let about = example.about.as_ref().map(|(claim, _)| format!(" · {}", code(&shortened(&claim.0, 0, 60)))).unwrap_or_default();
    format!(
        "- **{sign} {:.2}** · {}{about}{moves}{said}{why}<br><code>{words}</code>\n",
        example.strength,
        code(&whence(&example.post))
    )
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// Inside `<code>` GitHub makes no links and no mentions; what markdown would read as markup becomes plain signs.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' | '<' | '>' | '"' | '\'' | '*' | '_' | '`' | '[' | ']' | '(' | ')' | '|' | '~' | '\\' | '!' | '#' | '@' | ':'
            | '$' => {
                safe.push_str(&format!("&#{};", u32::from(sign)));
            }
            sign if sign.is_control() => safe.push(' '),
            sign => safe.push(sign),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_words_stay_words_in_a_pull_request() {
        let hostile = escaped("<img src=x> @all #12 **b** [a](http://x) `c` | d\n# e");
        for sign in ['<', '@', '*', '[', '`', '|', '\n'] {
            assert!(!hostile.contains(sign), "{sign} in {hostile}");
        }
        assert!(!hostile.contains("http:"));
    }
}
