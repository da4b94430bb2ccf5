//! `source visit`, `pause`, `resume`: orders that a running daemon finds in the store within seconds.

use clap::Args;
use jiff::Timestamp;

use super::{configuration, source_called};
use crate::cli::output::{Answer, counted};
use crate::cli::{ConfigPath, Exit};
use crate::config;
use crate::daemon::clock::Clock;
use crate::daemon::round::Visited;
use crate::daemon::{self, News, Orders, reload};
use crate::model::source::SourceName;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::settings::Settings;

/// A source by its name.
#[derive(Debug, Args)]
pub struct Named {
    /// Its name in the configuration.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
}

pub(super) async fn pause(named: &Named) -> Answer {
    let done = async |store: &Store, name: &SourceName| store.pause(name, Timestamp::now()).await;
    let name = &named.name;
    order(named, done, &format!("{name} rests. Go on with: claimwatch source resume {name}\n")).await
}

pub(super) async fn resume(named: &Named) -> Answer {
    let done = async |store: &Store, name: &SourceName| store.resume(name).await;
    order(named, done, &format!("{} is visited again.\n", named.name)).await
}

async fn order(named: &Named, done: impl AsyncFn(&Store, &SourceName) -> Result<(), StoreError>, said: &str) -> Answer {
    let config = match configuration(&named.config) {
        Ok(config) => config,
        Err(answer) => return answer,
    };
    let name = match source_called(&named.name, &config, &named.config.config) {
        Ok(source) => &source.name,
        Err(answer) => return answer,
    };
    let written = async {
        let store = open(&config.store).await?;
        let written = done(&store, name).await;
        store.close().await;
        written
    };
    match written.await {
        Ok(()) => Answer::new(said.to_owned(), Exit::Fine),
        Err(error) => Answer::trouble(format!("{error}\n"), Exit::World),
    }
}

/// Opens the store beside the daemon, or makes it where nothing was ever visited.
pub(in crate::cli) async fn open(settings: &Settings) -> Result<Store, StoreError> {
    match Store::beside(settings).await {
        Err(StoreError::Missing { .. }) => Store::open(settings).await,
        other => other,
    }
}

pub(super) async fn visit(named: &Named) -> Answer {
    let path = &named.config.config;
    let config = match configuration(&named.config) {
        Ok(config) => config,
        Err(answer) => return answer,
    };
    let source = match source_called(&named.name, &config, path) {
        Ok(source) => source.clone(),
        Err(answer) => return answer,
    };
    if source.kind.is_stream() {
        let text =
            format!("{} is a stream: a running claimwatch follows it all the time, nothing needs to be visited.\n", source.name);
        return Answer::new(text, Exit::Fine);
    }
    // Where a daemon runs it makes the visit: it holds the database, and knows what was promised to the host.
    let free = match Store::open(&config.store).await {
        Ok(store) => {
            let rests = store.orders().await.is_ok_and(|orders| orders.get(&source.name).is_some_and(|o| o.paused_at.is_some()));
            store.close().await;
            if rests {
                let text = format!("{} rests; end that first with: claimwatch source resume {}\n", source.name, source.name);
                return Answer::trouble(text, Exit::Faults);
            }
            true
        }
        Err(StoreError::Held { .. }) => false,
        Err(error) => return Answer::trouble(format!("{error}\n"), Exit::World),
    };
    if !free {
        let said = format!("The running claimwatch visits {} within seconds, as soon as its host allows.\n", source.name);
        return order(named, async |store, name| store.ask(name, Timestamp::now()).await, &said).await;
    }
    let Ok(loaded) = config::load(path) else {
        let text = "The configuration or the rules have errors; see: claimwatch check\n".to_owned();
        return Answer::trouble(text, Exit::Unreadable);
    };
    let clock = Clock::Machine;
    let rules = reload::in_force(loaded.rules, reload::today(clock));
    let config = config::Config { sources: vec![source], ..loaded.config };
    let mut text = String::new();
    let mut exit = Exit::Fine;
    let orders = Orders { config, config_path: path.clone(), rules, once: true, clock };
    let ran = daemon::run(orders, std::future::pending(), |news| match news {
        News::Visited { source, how: Visited::Unchanged } => text.push_str(&format!("{source} has nothing new.\n")),
        News::Visited { source, how: Visited::Read(tally) } => text.push_str(&format!(
            "{source}: {}, {} of them new; {} a checked claim; {} begun.\n",
            counted(tally.posts, "post"),
            tally.new,
            if tally.sightings == 1 { "1 repeats".to_owned() } else { format!("{} repeat", tally.sightings) },
            counted(tally.letters, "letter"),
        )),
        News::Visited { source, how: Visited::Failed { sentence, .. } | Visited::PutOff { sentence, .. } } => {
            exit = Exit::World;
            text.push_str(&format!("{source}: {sentence}\n"));
        }
        News::Started { .. } | News::FirstRound { .. } => {}
    });
    match ran.await {
        Ok(()) => Answer::new(text, exit),
        Err(error) => Answer::trouble(format!("{error}\n"), Exit::World),
    }
}
