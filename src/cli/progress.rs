//! How far a long work has come: a bar on a terminal, a plain line now and then elsewhere; always on standard error.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Signs of the bar.
const WIDTH: u64 = 24;

/// Shows how far a work has come.
#[derive(Debug)]
pub(super) struct Progress {
    total: Option<u64>,
    on_terminal: bool,
    last: Instant,
    drawn: bool,
}

impl Progress {
    /// Begins; `total` is all there is to do, if that is known.
    pub(super) fn new(total: Option<u64>) -> Self {
        Self { total: total.filter(|total| *total > 0), on_terminal: stderr().is_terminal(), last: Instant::now(), drawn: false }
    }

    /// Shows that so much is done, with words of what; five times a second at most, elsewhere every ten seconds.
    pub(super) fn at(&mut self, done: u64, words: &dyn Display) {
        let pause = if self.on_terminal { Duration::from_millis(200) } else { Duration::from_secs(10) };
        if self.last.elapsed() < pause {
            return;
        }
        self.last = Instant::now();
        let share = self.total.map(|total| done.min(total) * 100 / total);
        let line = match (share, self.on_terminal) {
            (Some(share), true) => {
                let full = share * WIDTH / 100;
                let bar: String = (0..WIDTH).map(|at| if at < full { '█' } else { '░' }).collect();
                format!("\r{bar} {share:3} %  {words}\u{1b}[K")
            }
            (None, true) => format!("\r{words} …\u{1b}[K"),
            (Some(share), false) => format!("{share} %, {words}\n"),
            (None, false) => format!("{words} …\n"),
        };
        self.drawn |= self.on_terminal;
        let _ = stderr().write_all(line.as_bytes());
    }

    /// Takes the bar away.
    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = stderr().write_all(b"\r\x1b[K");
        }
    }
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
    fn large_numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
