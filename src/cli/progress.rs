//! How far long work has come: a bar on a terminal, plain lines now and then otherwise.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a bar moves.
const BAR: Duration = Duration::from_millis(100);

/// How often a line is written where there is no terminal.
const LINES: Duration = Duration::from_secs(10);

/// Width of the bar, in signs.
const WIDTH: u64 = 24;

/// Tells on standard error how far it has come; nothing at all if the work is soon done.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    total: Option<u64>,
    done: u64,
    told: Instant,
    is_terminal: bool,
    has_drawn: bool,
}

impl Progress {
    /// Begins; `what` is what is counted ("posts"), `total` how many there will be, if that is known.
    pub(super) fn new(what: &'static str, total: Option<u64>) -> Self {
        Self { what, total, done: 0, told: Instant::now(), is_terminal: std::io::stderr().is_terminal(), has_drawn: false }
    }

    /// So many more are done.
    pub(super) fn add(&mut self, more: u64) {
        self.done += more;
        if self.told.elapsed() < if self.is_terminal { BAR } else { LINES } {
            return;
        }
        self.told = Instant::now();
        let line = drawn(self.what, self.done, self.total, self.is_terminal);
        let mut to = std::io::stderr().lock();
        let _ = if self.is_terminal { write!(to, "\r\x1b[2K{line}") } else { writeln!(to, "{line}") };
        self.has_drawn = true;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.has_drawn && self.is_terminal {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[2K");
        }
    }
}

fn drawn(what: &str, done: u64, total: Option<u64>, bar: bool) -> String {
    let Some(total) = total.filter(|total| *total > 0) else { return format!("{} {what} …", grouped(done)) };
    let done = done.min(total);
    let numbers = format!("{:>3} %  {} of {} {what}", done * 100 / total, grouped(done), grouped(total));
    if !bar {
        return numbers;
    }
    let full = (done * WIDTH / total) as usize;
    format!("{}{}  {numbers}", "█".repeat(full), "░".repeat(WIDTH as usize - full))
}

/// "184,220"
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_how_far_the_work_has_come() {
        assert_eq!(drawn("posts", 1_500, Some(3_000), false), " 50 %  1,500 of 3,000 posts");
        assert!(drawn("posts", 3_000, Some(3_000), true).starts_with("████████████████████████  100 %"));
        assert_eq!(drawn("posts", 12, None, true), "12 posts …");
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
