//! `claimwatch fmt`: rule files in their one layout, comments kept.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::{Answer, Paint, colour, counted};
use super::{ConfigPath, Exit};
use crate::config;
use crate::rules::layout::laid_out;

/// Arguments of `fmt`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigPath,
    /// Lay out only these rule files or folders.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Change nothing; say which files would change.
    #[arg(long)]
    pub check: bool,
}

/// What `--help` says last.
pub const AFTER_HELP: &str = "\
Puts keys into the usual order and into columns, and mends slips that have one remedy: curly quotes around \
texts, missing commas, Windows line ends, UTF-16. Comments stay. A file whose mistakes only you can mend is left \
as it is.

Exit code: 0 · 1 `--check` found files to lay out, or a file has other mistakes · 4 a file cannot be written";

/// Lays out and says what changed.
pub fn fmt(arguments: &Arguments) -> Answer {
    let reading = match arguments.paths.as_slice() {
        [] => config::read_rules_of(&arguments.config.config),
        paths => config::read_rules(paths, None),
    };
    let texts = &reading.report.texts;
    if texts.is_empty() {
        let drawn = super::output::drawn(&reading.report, false);
        return Answer::trouble(drawn, Exit::Unreadable);
    }
    let paint = Paint { colour: colour() };
    let (mut told, mut changed, mut refused) = (String::new(), 0, 0);
    for file in texts {
        match laid_out(file) {
            Ok(new) if new.as_bytes() == file.bytes.as_slice() => {}
            Ok(new) => {
                changed += 1;
                let verb = if arguments.check { "would change" } else { "changed" };
                told.push_str(&format!("{}  {}\n", paint.odd(verb), file.name));
                if !arguments.check
                    && let Err(error) = replace(Path::new(&file.name), &new)
                {
                    return Answer::trouble(format!("{} cannot be written: {error}\n", file.name), Exit::World);
                }
            }
            Err(refusal) => {
                refused += 1;
                told.push_str(&format!("{}  {}: {refusal}\n", paint.bad("left as it is"), file.name));
            }
        }
    }
    let verb = if arguments.check { "to lay out" } else { "changed" };
    told.push_str(&format!("{}: {changed} {verb}, {refused} left as they are.\n", counted(texts.len(), "file")));
    let faults = refused > 0 || arguments.check && changed > 0;
    Answer::new(told, if faults { Exit::Faults } else { Exit::Fine })
}

/// Writes beside the file and renames: a full disk must not leave half a rule file.
pub(super) fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // Through a link: the file it names is what is to change.
    let path = fs::canonicalize(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = folder.join(format!(".{name}.new"));
    let written = fs::File::create(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        file.sync_all()
    });
    let done = written.and_then(|()| fs::rename(&beside, &path));
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}
