//! What an import has to say at the end.

use serde_json::{Map, Value, json};

use super::target::Written;
use crate::cli::output::{Paint, colour, counted};
use crate::rules::import::tally::{Count, Tally};

/// For people.
pub(super) fn text(tally: &Tally, written: &Written, notes: &[String]) -> String {
    let paint = Paint { colour: colour() };
    let mut text: String = notes.iter().map(|note| format!("{note}\n")).collect();
    if !notes.is_empty() {
        text.push('\n');
    }
    for (name, count, about) in [
        ("taken", &tally.taken, "claims that are new"),
        ("grouped", &tally.grouped, "further fact-checks of a claim that is taken or there"),
        ("already there", &tally.there, "the same fact-check of the same claim"),
    ] {
        text.push_str(&format!("{} {:>9}  {about}\n", paint.strong(&format!("{name:<14}")), thousands(count.number)));
    }
    if tally.beside.number > 0 {
        let number = thousands(tally.beside.number);
        text.push_str(&format!(
            "{} {number:>9}  further fact-checks of claims in your rules: add those you want by hand\n",
            paint.strong("beside rules  ")
        ));
        text.push_str(&places(&tally.beside, paint));
    }
    let skipped = tally.skipped_in_all();
    text.push_str(&format!("{} {:>9}\n", paint.strong("skipped       "), thousands(skipped)));
    for (skip, count) in &tally.skipped {
        text.push_str(&row(count, skip.sentence(), paint));
    }
    if !tally.remarks.is_empty() {
        text.push_str(&format!("{}\n", paint.strong("taken, but look at")));
        for (remark, count) in &tally.remarks {
            text.push_str(&row(count, remark.sentence(), paint));
        }
    }
    text.push('\n');
    text.push_str(&match written {
        Written::Nothing => "Nothing was written: name a rule file (.toml) or an archive (.jsonl) with --to.\n".to_owned(),
        Written::Unchanged { path } => format!("{path} is as it was: there is nothing new.\n"),
        Written::Drafts { path, first } => {
            let drafts = counted(usize::try_from(tally.taken.number).unwrap_or(usize::MAX), "draft");
            format!(
                "{drafts} in {path}, none of them active. Next: do the TODOs, `claimwatch test {first}`, then status = \"active\".\n"
            )
        }
        Written::Lines { path, claims } => format!("{path} holds {} claims.\n", thousands(*claims)),
    });
    text
}

fn row(count: &Count, sentence: &str, paint: Paint) -> String {
    format!("{:>24}  {sentence}\n{}", thousands(count.number), places(count, paint))
}

fn places(count: &Count, paint: Paint) -> String {
    if count.first.is_empty() {
        return String::new();
    }
    let more = if count.number > count.first.len() as u64 { ", …" } else { "" };
    format!("{:26}{}\n", "", paint.dim(&format!("{}{more}", count.first.join(", "))))
}

/// 1,234,567
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let head = digits.len() % 3;
    let mut text = digits.get(..head).unwrap_or_default().to_owned();
    for group in digits.as_bytes().get(head..).unwrap_or_default().chunks(3) {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&String::from_utf8_lossy(group));
    }
    text
}

/// For programs.
pub(super) fn json(tally: &Tally, written: &Written, notes: &[String], stopped: &str) -> String {
    let one = |count: &Count| json!({ "count": count.number, "first": count.first });
    let skipped: Map<String, Value> = tally.skipped.iter().map(|(skip, count)| (skip.name().to_owned(), one(count))).collect();
    let remarks: Map<String, Value> =
        tally.remarks.iter().map(|(remark, count)| (remark.name().to_owned(), one(count))).collect();
    let to = match written {
        Written::Nothing => None,
        Written::Unchanged { path } | Written::Drafts { path, .. } | Written::Lines { path, .. } => Some(path),
    };
    let answer = json!({
        "taken": tally.taken.number,
        "grouped": tally.grouped.number,
        "already_there": tally.there.number,
        "beside_rules": one(&tally.beside),
        "skipped": skipped,
        "remarks": remarks,
        "notes": notes,
        "to": to,
        "stopped": Some(stopped).filter(|stopped| !stopped.is_empty()),
    });
    crate::cli::output::json(&answer)
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn long_numbers_are_parted() {
        for (number, told) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), told);
        }
    }
}
