//! A relay: letters handed over one after another, each over a connection that is known to be in step.

use rustls::pki_types::ServerName;
use tracing::debug;

use super::connection::{Connection, Way};
use super::error::MailError;
use super::fault::Fault;
use super::message::Composed;
use super::settings::{Deadlines, Smtp, Tls};
use super::tls;
use crate::model::delivery::Outcome;

/// A relay, and the connection to it if one is open.
pub struct Relay {
    way: Way,
    connection: Option<Connection>,
}

impl Relay {
    /// Makes ready to speak to a relay; nothing is sent yet.
    ///
    /// # Errors
    /// When its name can stand in no certificate, encryption is off for another machine, or no authority is trusted.
    pub fn open(smtp: &Smtp, deadlines: Deadlines) -> Result<Self, MailError> {
        let host = smtp.host.clone();
        let name = ServerName::try_from(host.clone()).map_err(|_| MailError::Host { host: host.clone() })?;
        let connector = match (smtp.tls, &name) {
            (Tls::None, ServerName::IpAddress(ip)) if !std::net::IpAddr::from(*ip).to_canonical().is_loopback() => {
                return Err(MailError::InTheClear { host });
            }
            (Tls::None, _) => None,
            _ => Some(tls::connector(smtp.ca_file.as_deref())?),
        };
        Ok(Self { way: Way { smtp: smtp.clone(), name, connector, deadlines }, connection: None })
    }

    /// Host and port, for people.
    pub fn name(&self) -> String {
        format!("{}:{}", self.way.smtp.host, self.way.smtp.port)
    }

    /// Hands over one letter; `Sent` only if the relay answered 250 to its final dot.
    pub async fn send(&mut self, message: &Composed) -> Outcome {
        self.hand_over(message).await.unwrap_or_else(|fault| {
            debug!(mail.step = %fault.step, "a letter was not handed over");
            fault.outcome()
        })
    }

    /// Parts from the relay until there is something to send again.
    pub async fn rest(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.quit().await;
        }
    }

    async fn hand_over(&mut self, message: &Composed) -> Result<Outcome, Fault> {
        // Taken out while in use: if this future is dropped half-way, so is the connection.
        if let Some(mut kept) = self.connection.take() {
            if kept.is_fresh() {
                match self.through(kept, message).await {
                    // It ended while it was kept. That is no news about the relay, nor about this letter.
                    Err(fault) if fault.is_farewell() => debug!("the kept connection had ended; a new one is made"),
                    outcome => return outcome,
                }
            } else {
                kept.quit().await;
            }
        }
        let connection = Connection::open(&self.way).await?;
        self.through(connection, message).await
    }

    async fn through(&mut self, connection: Connection, message: &Composed) -> Result<Outcome, Fault> {
        if message.needs_utf8() && !connection.takes_utf8() {
            self.connection = Some(connection);
            let reason = "the relay takes no addresses with letters beyond ASCII".to_owned();
            return Ok(Outcome::Refused { reason });
        }
        let (connection, reply) = connection.hand_over(message).await?;
        self.connection = Some(connection);
        Ok(Outcome::Sent { reply })
    }
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Relay").field(&self.name()).finish()
    }
}
