//! One alert a claim and desk: which sightings open one, join one, or begin its next letter.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::subscription::Desk;
use crate::model::alert::{AlertState, Step, Topic};
use crate::model::claim::Claim;
use crate::model::sighting::Sighting;

/// Decides what the store is to do with a visit's sightings. `sightings[i]` belongs to `claims[i]`; indices in the steps count these.
pub fn group(
    now: Timestamp,
    desks: &[Desk],
    sightings: &[(&Sighting, &Claim)],
    known: &BTreeMap<Topic, AlertState>,
) -> Vec<Step> {
    let _ = (now, desks, sightings, known);
    todo!()
}
