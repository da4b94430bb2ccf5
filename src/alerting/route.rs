//! Which desks a sighting goes to: those its rule names and those that subscribe to its topic or tags.

use super::subscription::Desk;
use crate::model::claim::Claim;

/// Gives the desks that want to know about `claim`, in the order of the configuration.
pub fn desks_for<'d>(claim: &Claim, desks: &'d [Desk]) -> Vec<&'d Desk> {
    let _ = (claim, desks);
    todo!()
}
