//! Archives of bulk claims (`.jsonl`, `.jsonl.gz`): found beside the rule files, unpacked, read line by line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

pub use super::files::is_archive;
use super::{about_file, files};
use crate::rules::bulk::{Archive, BulkClaim};
use crate::rules::diagnostic::{Diagnostic, Level, sort};
use crate::rules::{Place, Rule, codes};

/// So many bad lines are told one by one; of more only how many.
const MOST_TOLD: usize = 20;

/// Finds the archives among these files and inside these folders.
pub fn inside(paths: &[PathBuf]) -> Vec<PathBuf> {
    files::archives(paths)
}

/// Opens a file, or standard input for `-`; unpacks what is packed with gzip, whatever its name.
///
/// # Errors
/// Those of opening and of the first read.
pub fn open(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    unpacked(if path.as_os_str() == "-" { Box::new(io::stdin()) } else { Box::new(File::open(path)?) })
}

/// Unpacks what is packed with gzip.
///
/// # Errors
/// Those of the first read.
pub fn unpacked(source: Box<dyn Read + Send>) -> io::Result<Box<dyn BufRead + Send>> {
    let mut source = BufReader::with_capacity(1 << 16, source);
    if source.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(source))));
    }
    Ok(Box::new(source))
}

/// Reads archives whole. A bad line is left out and told (a warning); a file that cannot be read, or of which no line is a claim, is
/// an error. Claims that have the id of a rule are told too: the rule is used. All is told in the order of files and lines.
pub fn read(paths: &[PathBuf], rules: &[Rule]) -> (Vec<BulkClaim>, Vec<Diagnostic>) {
    let mut archive = Archive::default();
    let mut found = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let (claims, bad) = (archive.claims.len(), archive.bad_count);
        if let Err(error) = open(path).and_then(|lines| archive.read(&name, lines)) {
            let help = "is it whole, and may the user that runs claimwatch read it?";
            found.push(about_file(name, format!("this archive cannot be read to its end: {error}"), help));
        } else if archive.claims.len() == claims && archive.bad_count > bad {
            let help = "one JSON object a line: {\"id\": \"…\", \"claim\": \"…\"}";
            found.push(Diagnostic {
                code: codes::BAD_LINE,
                ..about_file(name, "no line of this archive is a claim".to_owned(), help)
            });
        }
    }
    let warning = |file: String, line: usize, message: String, help: &str| Diagnostic {
        level: Level::Warning,
        code: codes::BAD_LINE,
        message,
        place: Place { file, line, column: 1, bytes: 0..0 },
        help: Some(help.to_owned()),
        also: None,
    };
    let help = "the line is left out; mend it or take it away";
    let told = archive.bad_lines.get(..archive.bad_lines.len().min(MOST_TOLD)).unwrap_or_default();
    found.extend(told.iter().map(|bad| warning(bad.file.clone(), bad.line, bad.fault.to_string(), help)));
    let more = archive.bad_count - told.len();
    if let (1.., Some(last)) = (more, told.last()) {
        found.push(warning(last.file.clone(), last.line, format!("{more} more lines after this one cannot be used"), help));
    }
    found.extend(taken(&mut archive.claims, rules));
    sort(&mut found);
    (archive.claims, found)
}

/// Takes out the claims that have the id of a rule, and says so.
fn taken(claims: &mut Vec<BulkClaim>, rules: &[Rule]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let by_id: std::collections::HashMap<&str, &Rule> = rules.iter().map(|rule| (rule.claim.id.0.as_str(), rule)).collect();
    claims.retain(|claim| match by_id.get(claim.id.as_str()) {
        Some(rule) => {
            found.push(Diagnostic {
                level: Level::Warning,
                code: codes::USED_TWICE,
                message: format!("a claim in the archives has the id `{}` too; this rule is used", claim.id),
                place: rule.upkeep.id_place.clone(),
                help: Some("give one of them another id".to_owned()),
                also: None,
            });
            false
        }
        None => true,
    });
    found
}
