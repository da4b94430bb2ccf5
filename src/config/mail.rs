//! `[mail]`: a folder, or a relay with its secret.

use std::net::IpAddr;
use std::path::PathBuf;

use super::common::{SecretOf, address};
use crate::mail::settings::{Login, Mechanism, Settings, Smtp, Tls, Via};
use crate::rules::codes;
use crate::rules::reading::table::{Notes, Table};
use crate::rules::reading::value::Value;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Folder,
    Smtp,
}

const RELAY_KEYS: [&str; 8] = ["host", "port", "tls", "ca_file", "user", "password_file", "auth", "password"];

/// Reads `[mail]`; gives nothing where the way out is not understood.
pub(super) fn read(mut table: Table<'_>, secret: SecretOf<'_>, notes: &mut Notes<'_>) -> Option<Settings> {
    let default = Settings::default();
    let way = table
        .need("via", "via = \"folder\"", notes)
        .and_then(|value| value.choice(&[("folder", Way::Folder), ("smtp", Way::Smtp)], notes));
    let from = table.take("from").and_then(|value| value.text(notes)).and_then(|words| address(&words, notes));
    let reply_to = table.take("reply_to").and_then(|value| value.text(notes)).and_then(|words| address(&words, notes));
    let workers = table.take("workers").and_then(|value| value.whole_in(1..=64, notes));
    let via = match way {
        Some(Way::Folder) => {
            for key in RELAY_KEYS {
                if let Some(value) = table.take(key) {
                    notes.error(
                        codes::CONFLICT,
                        &value.span,
                        format!("`{key}` belongs to a relay"),
                        "write via = \"smtp\" to use one",
                    );
                }
            }
            let folder = table
                .take("folder")
                .and_then(|value| value.text(notes))
                .map_or_else(|| PathBuf::from("var/mail"), |words| words.text.into());
            Some(Via::Folder { folder })
        }
        Some(Way::Smtp) => {
            if let Some(value) = table.take("folder") {
                notes.error(codes::CONFLICT, &value.span, "`folder` belongs to via = \"folder\"", "delete it, or change `via`");
            }
            relay(&mut table, secret, notes).map(Via::Smtp)
        }
        None => {
            let _ = RELAY_KEYS.map(|key| table.take(key).is_some());
            table.take("folder");
            None
        }
    };
    table.finish(notes);
    Some(Settings {
        from: from.unwrap_or(default.from),
        reply_to,
        unsubscribe: None,
        workers: workers.unwrap_or(default.workers),
        via: via?,
    })
}

fn relay(table: &mut Table<'_>, secret: SecretOf<'_>, notes: &mut Notes<'_>) -> Option<Smtp> {
    let host = table.need("host", "host = \"smtp.example.org\"", notes).and_then(|value| host(&value, notes));
    let tls_value = table.take("tls");
    let choices = [("implicit", Tls::Implicit), ("starttls", Tls::StartTls), ("none", Tls::None)];
    let tls = tls_value.as_ref().and_then(|value| value.choice(&choices, notes)).unwrap_or_default();
    let port = table.take("port").and_then(|value| value.whole_in(1..=65_535, notes)).and_then(|port| u16::try_from(port).ok());
    let ca_file = table.take("ca_file").and_then(|value| value.text(notes)).map(|words| PathBuf::from(words.text));
    if let (Tls::None, Some(host), Some(value)) = (tls, &host, &tls_value)
        && !is_loopback(host)
    {
        let message = format!("letters and passwords would travel to {host} for everybody to read");
        notes.error(
            codes::NO_TLS,
            &value.span,
            message,
            "tls = \"none\" works only for a relay on this machine; use \"implicit\" or \"starttls\"",
        );
    }
    let login = login(table, secret, notes);
    let usual = match tls {
        Tls::Implicit => 465,
        Tls::StartTls => 587,
        Tls::None => 25,
    };
    Some(Smtp { host: host?, port: port.unwrap_or(usual), tls, ca_file, login })
}

fn host(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<String> {
    let words = value.text(notes)?;
    let plain = words.text.trim_start_matches('[').trim_end_matches(']');
    let is_name = !plain.is_empty() && plain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if is_name || plain.parse::<IpAddr>().is_ok() {
        return Some(plain.to_owned());
    }
    notes.error(
        codes::BAD_ADDRESS,
        &value.span,
        "`host` is the name of a machine, nothing else",
        "write host = \"smtp.example.org\", and the port as port = 465",
    );
    None
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn login(table: &mut Table<'_>, secret: SecretOf<'_>, notes: &mut Notes<'_>) -> Option<Login> {
    if let Some(value) = table.take("password") {
        let help = "write it into a file of its own, and here: password_file = \"smtp.password\"";
        notes.error(codes::OPEN_SECRET, &value.span, "passwords do not stand in the configuration", help);
    }
    let user = table.take("user");
    let file = table.take("password_file");
    let choices = [("plain", Mechanism::Plain), ("login", Mechanism::Login), ("xoauth2", Mechanism::Xoauth2)];
    let mechanism = table.take("auth").and_then(|value| value.choice(&choices, notes)).unwrap_or_default();
    match (user, file) {
        (Some(user), Some(file)) => {
            let user = user.text(notes);
            let name = file.text(notes)?;
            match secret(&name.text) {
                Ok(password) => Some(Login { user: user?.text, password, mechanism }),
                Err(fault) => {
                    notes.note(fault.level, fault.code, &file.span, fault.message, fault.help);
                    None
                }
            }
        }
        (Some(user), None) => {
            notes.error(codes::MISSING_KEY, &user.span, "a user without a password", "add password_file = \"smtp.password\"");
            None
        }
        (None, Some(file)) => {
            notes.error(codes::MISSING_KEY, &file.span, "a password without a user", "add user = \"…\"");
            None
        }
        (None, None) => None,
    }
}
