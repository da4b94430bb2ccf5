//! `claimwatch explain --sighting`: the whole way of one sighting, from the rule to the letters it ended in.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Exit;
use super::explain::Arguments;
use super::output::{Answer, Format, Paint, colour, json as as_json};
use super::store::with_store;
use super::trial::{kind_name, stance_name};
use crate::model::digest::Reason;
use crate::model::sighting::{Decision, SightingId};
use crate::store::editors::Sighted;
use crate::store::error::StoreError;
use crate::store::records::{Carried, DeliveryState, Way};

/// Tells where a sighting went and why.
pub async fn explain(arguments: &Arguments, id: SightingId) -> Answer {
    let format = arguments.format;
    with_store(&arguments.config, async |store, _| {
        let sighted = match store.sighted(id).await {
            Ok(sighted) => sighted,
            Err(StoreError::Unknown { .. }) => {
                return Ok(Answer::trouble(format!("There is no sighting {id}.\n"), Exit::Usage));
            }
            Err(error) => return Err(error),
        };
        let ways = store.ways(id).await?;
        let text = if format == Format::Json {
            as_json(&in_json(&sighted, &ways))
        } else {
            in_sentences(&sighted, &ways, Paint { colour: colour() })
        };
        Ok(Answer::new(text, Exit::Fine))
    })
    .await
}

fn in_sentences(sighted: &Sighted, ways: &[Way], paint: Paint) -> String {
    let mut text = format!("Sighting {}  {}  {}\n", sighted.id, paint.strong(&sighted.claim.0), seconds(sighted.seen_at));
    match &sighted.post {
        Some(post) => {
            let words: Vec<&str> = post.parts.iter().map(|part| part.text.as_str()).collect();
            text += &format!("  post     {}\n", super::marks::shortened(&words.join(" — "), 0, 200));
            let author = post.author.as_deref().unwrap_or("author not given");
            text += &format!("           {author}, source {}\n", post.source);
        }
        None => text += "  post     its text is forgotten\n",
    }
    if sighted.reposts > 0 {
        text += &format!(
            "           reposted {}\n",
            crate::cli::output::counted(usize::try_from(sighted.reposts).unwrap_or(usize::MAX), "time")
        );
    }
    text += &format!("  rule     {}, revision {}\n", sighted.claim, sighted.revision.0);
    if let Some(sighting) = &sighted.sighting {
        let decision = match sighting.decision {
            Decision::Alert => "repeats the claim",
            Decision::Possible => "nearly repeats it",
            Decision::Below => "below the threshold",
        };
        text +=
            &format!("  strength {:.2}, confidence {:.2}: {decision}\n", sighting.strength.value(), sighting.confidence.value());
        for evidence in sighting.evidence.iter().take(3) {
            let places: Vec<String> =
                evidence.spans.iter().map(|span| format!("{}:{}–{}", span.part, span.start, span.end)).collect();
            text += &format!("  {:8} \"{}\" at {}\n", kind_name(evidence.kind), evidence.wording, places.join(", "));
        }
        let cue = sighting.cue.as_ref().map(|cue| format!(" (\"{}\")", cue.words)).unwrap_or_default();
        text += &format!("  stance   {}{cue}\n", stance_name(sighting.stance));
    }
    if ways.is_empty() {
        text += "  No way is noted: it was seen by an older claimwatch.\n";
    }
    for way in ways {
        text += &self::way(way, paint);
    }
    text
}

fn way(way: &Way, paint: Paint) -> String {
    let mut text = match way.desk.0.as_str() {
        "" => format!("  {}\n", paint.strong("nobody")),
        desk => format!("  {}\n", paint.strong(&format!("desk {desk}"))),
    };
    if let Some(reason) = way.reason {
        let since = way.since.map(|at| format!(", {}", seconds(at))).unwrap_or_default();
        text += &format!("    {} ({}{since})\n", words(reason), reason.word());
    }
    if let Some(silence) = &way.silence {
        text += &format!(
            "    silence {}: {} · by {} · {} · until {}\n",
            silence.id.0,
            silence.matchers,
            silence.author,
            silence.comment,
            seconds(silence.to)
        );
    }
    if let Some(episode) = way.episode {
        text += &format!("    alert number {episode} of this claim at this desk\n");
    }
    for letter in &way.letters {
        text += &self::letter(letter);
    }
    if way.letters.is_empty() && way.reason.is_some_and(|reason| !reason.is_final()) {
        text += "    waits for the desk's next digest\n";
    }
    text
}

fn letter(letter: &Carried) -> String {
    let name = match &letter.digest {
        Some(slot) => format!("digest \"{slot}\" (letter {})", letter.letter.0),
        None => format!("letter {}", letter.letter.0),
    };
    let mut text = match (letter.closed_at, &letter.unsent_because) {
        (None, _) => format!("    {name} gathers until {} ({})\n", seconds(letter.due_at), letter.waits),
        (Some(at), Some(why)) => format!("    {name} was closed unsent {} ({why})\n", seconds(at)),
        (Some(at), None) => format!("    {name} was written {}\n", seconds(at)),
    };
    for handed in &letter.deliveries {
        let at = handed.settled_at.map(|at| format!(" {}", seconds(at))).unwrap_or_default();
        let reply = handed.reply.as_deref().map(|reply| format!(": {reply}")).unwrap_or_default();
        text += &format!("      delivery {} to {} {}{at}{reply}\n", handed.delivery.0, handed.recipient, state(handed.state));
    }
    text
}

/// A reason in people's words.
pub fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::Possible => "a near-miss: for the digest",
        Reason::Report => "reports that somebody says it: for the digest",
        Reason::Question => "asks whether it is so: for the digest",
        Reason::Denial => "says that it is wrong: for the digest",
        Reason::Factcheck => "is a fact-check itself: for the digest",
        Reason::Rule => "the rule sends it to the digest",
        Reason::Bulk => "the claim comes from an archive: for the digest",
        Reason::DigestDesk => "the desk reads digests only",
        Reason::Cap => "the desk had its letters of the hour: for a digest",
        Reason::QuietHours => "quiet hours",
        Reason::Silenced => "a silence covers it",
        Reason::NoReader => "no desk asked for it: for the operator's digest",
        Reason::NoRecipient => "the desk has no recipient that can be written to",
        Reason::Retired => "the rule was taken out of use before the letter left",
        Reason::Trial => "the rule is on trial: counted, told to nobody",
        Reason::Ignored => "the rule ignores posts of this stance",
        Reason::Dismissed => "dismissed by the editors, or like a dismissed one",
    }
}

fn state(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Queued => "waits",
        DeliveryState::Sending => "is being sent",
        DeliveryState::Sent => "was accepted",
        DeliveryState::Dead => "was given up",
        DeliveryState::Dropped => "was taken out",
    }
}

fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn in_json(sighted: &Sighted, ways: &[Way]) -> Value {
    let letter = |letter: &Carried| {
        json!({
            "letter": letter.letter.0, "due_at": letter.due_at.to_string(),
            "closed_at": letter.closed_at.map(|at| at.to_string()), "waits": letter.waits,
            "unsent_because": letter.unsent_because, "digest": letter.digest,
            "deliveries": letter.deliveries.iter().map(|one| json!({
                "delivery": one.delivery.0, "recipient": one.recipient, "state": state(one.state),
                "settled_at": one.settled_at.map(|at| at.to_string()), "reply": one.reply,
            })).collect::<Vec<_>>(),
        })
    };
    let way = |way: &Way| {
        json!({
            "desk": way.desk.0, "reason": way.reason, "since": way.since.map(|at| at.to_string()),
            "silence": way.silence.as_ref().map(|silence| silence.id.0), "episode": way.episode,
            "letters": way.letters.iter().map(letter).collect::<Vec<_>>(),
        })
    };
    json!({
        "sighting": sighted.id, "claim": sighted.claim, "revision": sighted.revision, "seen_at": sighted.seen_at.to_string(),
        "evidence": sighted.sighting, "post": sighted.post, "reposts": sighted.reposts,
        "ways": ways.iter().map(way).collect::<Vec<_>>(),
    })
}
