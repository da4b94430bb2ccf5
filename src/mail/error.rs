//! Why a letter could not be handed over.

/// A fault.
#[derive(Debug)]
pub enum MailError {}
impl std::fmt::Display for MailError {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}
