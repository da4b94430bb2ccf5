//! A way out other than mail: a program or a chat room that gets a desk's letters.

use ipnet::IpNet;
use url::Url;

use super::source::Token;

/// `[[desk.webhook]]` or `[[desk.matrix]]` of the configuration.
#[derive(Clone, PartialEq)]
pub struct Hook {
    /// Its name within the desk.
    pub name: String,
    /// What it understands.
    pub form: Form,
    /// Where it listens: the address itself, or the Matrix server. It may hold a secret: never print it.
    pub url: Url,
    /// What letters are signed with, or the access token of Matrix.
    pub secret: Option<Token>,
    /// Networks it may lie in although they are not public.
    pub allow_private: Vec<IpNet>,
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hook").field("name", &self.name).field("form", &self.form).finish_non_exhaustive()
    }
}

/// What a way out understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// The letter's facts as JSON.
    Json,
    /// `{"text": …}`, as Slack, Mattermost, Rocket.Chat and Discord (`…/slack`) take it.
    Slack,
    /// A message in a room of a Matrix server.
    Matrix {
        /// The room's id: `!abc:example.org`.
        room: String,
    },
}

impl Hook {
    /// How deliveries name it, in the place of a mail address: `webhook:cms`.
    pub fn recipient(&self) -> String {
        match self.form {
            Form::Json | Form::Slack => format!("webhook:{}", self.name),
            Form::Matrix { .. } => format!("matrix:{}", self.name),
        }
    }
}
