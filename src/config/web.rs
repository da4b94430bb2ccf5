//! `[web]`: where health, metrics and feeds of alerts are served, and to whom.

use std::net::SocketAddr;

use url::{Host, Url};

use super::common::{SecretOf, token};
use crate::alerting::subscription::Desk;
use crate::model::source::{Source, SourceKind};
use crate::rules::codes;
use crate::rules::reading::table::{Notes, Table, shown};
use crate::web::settings::Settings;

/// Reads the table.
pub(super) fn read(mut table: Table<'_>, secret: SecretOf<'_>, notes: &mut Notes<'_>) -> Settings {
    let mut settings = Settings::default();
    if let Some(value) = table.take("listen")
        && let Some(words) = value.text(notes)
    {
        match words.text.parse::<SocketAddr>() {
            Ok(address) => settings.listen = address,
            Err(_) => {
                let message = format!("\"{}\" is not an address to listen on", shown(&words.text));
                let help = "write numbers and a port: \"127.0.0.1:9187\" or \"[::1]:9187\"";
                notes.error(codes::BAD_ADDRESS, &words.span, message, help);
            }
        }
    }
    settings.ingest_token = table.take("ingest_token_file").and_then(|value| token(&value, secret, notes));
    settings.feed_token = table.take("feed_token_file").and_then(|value| token(&value, secret, notes));
    settings.url = table.take("url").and_then(|value| value.web_address(notes));
    settings.websub = table.take("websub").and_then(|value| value.flag(notes)).unwrap_or(settings.websub);
    table.finish(notes);
    settings
}

/// Says where desks have a feed that nobody serves, that anybody could read, or that we read ourselves.
pub(super) fn feeds(desks: &[Desk], sources: &[Source], web: Option<&Settings>, notes: &mut Notes<'_>) {
    let Some(desk) = desks.iter().find(|desk| desk.feed) else { return };
    let own = |source: &&Source| match (&source.kind, web) {
        (SourceKind::Feed { url, .. }, Some(settings)) => is_own(url, settings),
        _ => false,
    };
    if let Some(source) = sources.iter().find(own) {
        let message = format!("source \"{}\" is our own feed of alerts: every alert would cause the next", source.name);
        notes.error(codes::CONFLICT, &(0..0), message, "take the source out; another claimwatch may watch the feed");
    }
    match web {
        None => {
            let message = format!("desk \"{}\" has a feed, but nothing serves it", desk.name);
            let help = "add [web] with listen = \"127.0.0.1:9187\"; letters stand in the feed once it is there";
            notes.warning(codes::UNSERVED_FEED, &(0..0), message, help);
        }
        Some(settings) if !settings.listen.ip().to_canonical().is_loopback() && settings.feed_token.is_none() => {
            let message = format!("whoever reaches {} could read the feed of desk \"{}\"", settings.listen, desk.name);
            let help = "add feed_token_file = \"feed.token\" under [web], or listen on this machine only: 127.0.0.1";
            notes.error(codes::OPEN_FEED, &(0..0), message, help);
        }
        Some(_) => {}
    }
}

/// Whether an address is that of one of our own feeds.
fn is_own(url: &Url, settings: &Settings) -> bool {
    let is_feed = url.path().starts_with("/desks/") || url.path().ends_with("/alerts.atom");
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(v4)) => v4.is_loopback() || settings.listen.ip() == v4,
        Some(Host::Ipv6(v6)) => v6.is_loopback() || settings.listen.ip() == v6,
        None => false,
    };
    let listens = here && url.port_or_known_default() == Some(settings.listen.port());
    let known_as = settings.url.as_ref().is_some_and(|own| own.origin() == url.origin());
    is_feed && (listens || known_as)
}
