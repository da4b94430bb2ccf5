//! From the text of rule files to checked rules, with every mistake found on the way.

use super::diagnostic::Diagnostic;
use super::{Rule, RuleText};

/// Reads all rule files together (shared lists and unique ids span files); gives the rules that are sound and every mistake.
pub fn read(files: &[RuleText]) -> (Vec<Rule>, Vec<Diagnostic>) {
    let _ = files;
    todo!()
}
