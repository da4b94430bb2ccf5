//! `[[desk.webhook]]` and `[[desk.matrix]]`: ways out other than mail.

use url::Url;

use super::common::{self, Names, SecretOf};
use crate::model::hook::{Form, Hook};
use crate::rules::codes;
use crate::rules::reading::table::{Notes, Table};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Json,
    Slack,
}

/// Reads the ways out of a desk.
pub(super) fn read(desk: &mut Table<'_>, secret: SecretOf<'_>, notes: &mut Notes<'_>) -> Vec<Hook> {
    let (mut webhooks, mut rooms) = (Names::default(), Names::default());
    let mut hooks = Vec::new();
    for table in desk.tables("webhook", notes) {
        hooks.extend(webhook(table, &mut webhooks, secret, notes));
    }
    for table in desk.tables("matrix", notes) {
        hooks.extend(matrix(table, &mut rooms, secret, notes));
    }
    hooks
}

fn webhook(mut table: Table<'_>, names: &mut Names, secret: SecretOf<'_>, notes: &mut Notes<'_>) -> Option<Hook> {
    let span = table.span.clone();
    let name = table.need("name", "name = \"cms\"", notes).and_then(|value| names.take("webhook", &value, notes));
    let kind = table.take("kind").map(|value| value.choice(&[("json", Kind::Json), ("slack", Kind::Slack)], notes));
    let kind = kind.unwrap_or(Some(Kind::Json));
    let (plain, file) = (table.take("url"), table.take("url_file"));
    let url = match (plain, file) {
        (Some(url), None) => url.web_address(notes),
        (None, Some(file)) => common::token(&file, secret, notes).and_then(|url| {
            let url = Url::parse(url.0.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            if url.is_none() {
                let help = "the file holds one address and nothing else: https://hooks.example.org/…";
                notes.error(codes::BAD_ADDRESS, &file.span, "there is no web address in this file", help);
            }
            url
        }),
        (Some(_), Some(file)) => {
            notes.error(codes::CONFLICT, &file.span, "`url` and `url_file` both say where to", "keep one of them");
            None
        }
        (None, None) => {
            let help = "add url = \"https://…\", or url_file = \"cms.url\" where the address is a secret (Slack's is)";
            notes.error(codes::MISSING_KEY, &span, "this webhook has no address", help);
            None
        }
    };
    let file = table.take("secret_file");
    if file.is_none() && kind == Some(Kind::Json) {
        let help = "add secret_file = \"cms.secret\"; the receiver checks X-Claimwatch-Signature with it";
        notes.error(codes::MISSING_KEY, &span, "nothing to sign this webhook's letters with", help);
    }
    let secret = file.and_then(|file| common::token(&file, secret, notes));
    let allow_private = table.take("allow_private").map(|value| common::networks(&value, notes)).unwrap_or_default();
    table.finish(notes);
    let form = match kind? {
        Kind::Json => Form::Json,
        Kind::Slack => Form::Slack,
    };
    Some(Hook { name: name?.text, form, url: url?, secret, allow_private })
}

fn matrix(mut table: Table<'_>, names: &mut Names, secret: SecretOf<'_>, notes: &mut Notes<'_>) -> Option<Hook> {
    let name = table.need("name", "name = \"newsroom\"", notes).and_then(|value| names.take("matrix room", &value, notes));
    let server = table.need("server", "server = \"https://matrix.example.org\"", notes);
    let url = server.and_then(|value| value.web_address(notes));
    let room = table.need("room", "room = \"!abc:example.org\"", notes).and_then(|value| value.text(notes));
    if let Some(room) = room.as_ref().filter(|room| !room.text.starts_with('!')) {
        let help = "write the room's internal id, which begins with `!`: room settings, Advanced";
        notes.error(codes::BAD_ADDRESS, &room.span, "this is not the id of a Matrix room", help);
    }
    let file = table.need("token_file", "token_file = \"matrix.token\"", notes);
    let secret = file.and_then(|file| common::token(&file, secret, notes));
    let allow_private = table.take("allow_private").map(|value| common::networks(&value, notes)).unwrap_or_default();
    table.finish(notes);
    let room = room?.text;
    Some(Hook { name: name?.text, form: Form::Matrix { room }, url: url?, secret, allow_private })
}
