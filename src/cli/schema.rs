//! `claimwatch schema`: the JSON Schema of rule files, for editors.

use super::Exit;
use super::output::{Answer, json};
use crate::rules::schema::schema as of_rules;

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Editors complete keys from it. It is shipped as rules/claimwatch-rules.schema.json; a rule file names it in its \
first line:  #:schema ./claimwatch-rules.schema.json

Exit code: 0";

/// Gives the schema.
pub fn schema() -> Answer {
    Answer::new(json(&of_rules()), Exit::Fine)
}
