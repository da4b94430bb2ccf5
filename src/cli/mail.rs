//! `claimwatch mail`: a test letter to a desk, letters to look at, and the letters that wait.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::opened::configuration;
use super::output::{Answer, Format, Paint, colour, counted, json};
use super::{ConfigPath, Exit, preview, queue, recipients};
use crate::alerting::subscription::Desk;
use crate::daemon::hooks;
use crate::fetch::Fetcher;
use crate::mail::Mailer;
use crate::model::alert::LetterId;
use crate::model::claim::ClaimId;
use crate::model::delivery::{Delivery, DeliveryId, Outcome};
use crate::model::facts::Facts;
use crate::model::letter::{Letter, MessageId};
use crate::rules::diagnostic::Level;
use crate::web::feeds;

/// Arguments of `mail`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done about letters.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Send a test letter to every recipient, program and chat room of a desk, the way its alerts go.
    #[command(after_help = AFTER_TEST)]
    Test(TestArguments),
    /// Write the letter that an alert would cause into files, to look at it.
    #[command(after_help = preview::AFTER_HELP)]
    Preview(preview::Arguments),
    /// See the letters that wait or were given up, and decide about them.
    Queue(queue::Arguments),
    /// See which recipients refuse letters, and write to them again.
    Recipients(recipients::Arguments),
}

/// Arguments of `mail test`.
#[derive(Debug, Args)]
pub struct TestArguments {
    /// The desk.
    #[arg(long, value_name = "NAME")]
    pub desk: String,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Answer in this form.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What `mail test --help` says last.
pub const AFTER_TEST: &str = "\
Speaks to the relay of [mail] with its password, or writes into its folder, and to the desk's webhooks and Matrix \
rooms; says what each answered. The queue is not used and a running daemon is not disturbed.

Exit code: 0 every letter was accepted · 2 no such desk · 3 the configuration cannot be read · 4 a letter was not accepted";

/// Does what is asked.
pub async fn mail(arguments: &Arguments) -> Answer {
    match &arguments.command {
        Command::Test(arguments) => test(arguments).await,
        Command::Preview(arguments) => preview::preview(arguments).await,
        Command::Queue(arguments) => queue::queue(arguments).await,
        Command::Recipients(arguments) => recipients::recipients(arguments).await,
    }
}

async fn test(arguments: &TestArguments) -> Answer {
    let config = match configuration(&arguments.config.config, Level::Error) {
        Ok(config) => config,
        Err(answer) => return answer,
    };
    let Some(desk) = config.desks.iter().find(|desk| desk.name.0 == arguments.desk) else {
        let known: Vec<&str> = config.desks.iter().map(|desk| desk.name.0.as_str()).collect();
        let text = format!("There is no desk \"{}\"; the configuration has: {}.\n", arguments.desk, known.join(", "));
        return Answer::trouble(text, Exit::Usage);
    };
    let mut mailer = match Mailer::new(&config.mail) {
        Ok(mailer) => mailer,
        Err(error) => return Answer::trouble(format!("{error}\n"), Exit::Unreadable),
    };
    let now = Timestamp::now();
    let mut outcomes = Vec::new();
    for recipient in &desk.to {
        outcomes.push((recipient.clone(), mailer.send(&test_delivery(desk, recipient, mailer.domain(), now)).await));
    }
    mailer.rest().await;
    let fetcher = Fetcher::new(&config.fetch);
    for hook in &desk.hooks {
        let delivery = test_delivery(desk, &hook.recipient(), mailer.domain(), now);
        outcomes.push((hook.recipient(), hooks::carry(&fetcher, hook, &delivery, now).await.0));
    }
    let sent = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Sent { .. })).count();
    let exit = if sent == outcomes.len() { Exit::Fine } else { Exit::World };
    if arguments.format == Format::Json {
        let told = |(recipient, outcome): &(String, Outcome)| {
            let (word, reason) = in_words(outcome);
            json!({ "recipient": recipient, "outcome": word, "reply": reason })
        };
        let outcomes: Vec<_> = outcomes.iter().map(told).collect();
        return Answer::new(json(&json!({ "desk": desk.name.0, "through": mailer.place(), "letters": outcomes })), exit);
    }
    let paint = Paint { colour: colour() };
    let mut text = String::new();
    for (recipient, outcome) in &outcomes {
        let (word, reason) = in_words(outcome);
        let word = if word == "sent" { paint.good(word) } else { paint.bad(&format!("not sent ({word})")) };
        text.push_str(&format!("{recipient}: {word}: {reason}\n"));
    }
    let letters = counted(outcomes.len(), "test letter");
    let and = if desk.hooks.is_empty() { "" } else { " and its other ways out" };
    text.push_str(&format!("{sent} of {letters} for desk {} accepted by {}{and}.\n", desk.name, mailer.place()));
    if desk.feed {
        text.push_str(&format!(
            "Its feed ({}) is read by whoever asks for it: nothing was sent there.\n",
            feeds::path(&desk.name.0)
        ));
    }
    Answer::new(text, exit)
}

fn in_words(outcome: &Outcome) -> (&'static str, &str) {
    match outcome {
        Outcome::Sent { reply } => ("sent", reply),
        Outcome::Later { reason } => ("put off", reason),
        Outcome::Refused { reason } => ("refused", reason),
        Outcome::Away { reason } => ("away", reason),
        Outcome::Barred { reason } => ("refuses us", reason),
    }
}

fn test_delivery(desk: &Desk, recipient: &str, domain: &str, now: Timestamp) -> Delivery {
    let text = format!(
        "This is a test letter. Somebody ran `claimwatch mail test --desk {}`.\n\n\
         Alerts of claimwatch to this desk take the same way. There is nothing to do.\n",
        desk.name
    );
    let digest = Sha256::digest(format!("{now} {} {recipient}", desk.name));
    let digest: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    Delivery {
        id: DeliveryId(0),
        letter_id: LetterId(0),
        letter: Letter {
            subject: format!("[claimwatch] test letter for desk {}", desk.name),
            text,
            html: String::new(),
            lang: desk.language.clone(),
            facts: Facts::default(),
        },
        desk: desk.name.clone(),
        claim: ClaimId("test".to_owned()),
        recipient: recipient.to_owned(),
        message_id: MessageId(format!("test.{digest}@{domain}")),
        references: Vec::new(),
        written_at: now,
        attempts: 1,
        queued_at: now,
    }
}
