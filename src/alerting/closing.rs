//! What becomes of a letter whose time has come: sent, held for the digest, or left to wait for the end of quiet hours.

use jiff::Timestamp;

use super::hours::quiet_until;
use super::subscription::Desk;
use crate::model::claim::Severity;
use crate::model::digest::Reason;
use crate::model::letter::Occasion;

/// What is to be done with a due letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Write it and send it.
    Send,
    /// Close it unsent; what it holds goes to the digest, for this reason.
    Hold(Reason),
    /// Let it gather on until then: quiet hours.
    Wait(Timestamp),
}

/// Decides about a due letter of `desk` about a claim of `severity`, written for `occasion`. `letters` were sent to the desk
/// within the last hour.
///
/// What is back or spreads passes the digest and the hourly limit. Quiet hours hold everything but severity high.
pub fn ending(now: Timestamp, desk: &Desk, severity: Severity, occasion: &Occasion, letters: u32) -> Ending {
    if severity != Severity::High
        && let Some(end) = quiet_until(now, desk)
    {
        return Ending::Wait(end);
    }
    match occasion {
        Occasion::Resurgence | Occasion::Spike { .. } | Occasion::Correction(_) => Ending::Send,
        // The desk chose to read digests after the letter was begun.
        Occasion::News if !desk.immediate => Ending::Hold(Reason::DigestDesk),
        Occasion::News if letters >= desk.cap => Ending::Hold(Reason::Cap),
        Occasion::News => Ending::Send,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Time;

    use super::*;
    use crate::alerting::samples::desk;
    use crate::alerting::subscription::QuietHours;

    /// 2026-11-25 02:00 UTC.
    const NIGHT: Timestamp = Timestamp::constant(1_795_572_000, 0);
    const SPIKE: Occasion = Occasion::Spike { last_hour: 9, usual_hundredths: 0 };

    fn quiet() -> Desk {
        let hours = QuietHours { from: Time::constant(22, 0, 0, 0), to: Time::constant(7, 0, 0, 0) };
        Desk { quiet_hours: Some(hours), cap: 2, ..desk("politics") }
    }

    fn awake() -> Desk {
        Desk { quiet_hours: None, ..quiet() }
    }

    #[test]
    fn quiet_hours_hold_everything_but_severity_high() {
        for occasion in [Occasion::News, SPIKE, Occasion::Resurgence] {
            assert!(matches!(ending(NIGHT, &quiet(), Severity::Normal, &occasion, 0), Ending::Wait(_)), "{occasion:?}");
            assert_eq!(ending(NIGHT, &quiet(), Severity::High, &occasion, 0), Ending::Send, "{occasion:?}");
        }
    }

    #[test]
    fn the_hourly_limit_holds_news_and_lets_pass_what_spreads_or_is_back() {
        let end = |occasion, letters| ending(NIGHT, &awake(), Severity::Normal, &occasion, letters);
        assert_eq!(end(Occasion::News, 1), Ending::Send);
        assert_eq!(end(Occasion::News, 2), Ending::Hold(Reason::Cap));
        assert_eq!((end(SPIKE, 9), end(Occasion::Resurgence, 9)), (Ending::Send, Ending::Send));
    }

    #[test]
    fn a_desk_that_turned_to_digests_gets_no_letter_that_was_begun_before() {
        let desk = Desk { immediate: false, ..awake() };
        assert_eq!(ending(NIGHT, &desk, Severity::Normal, &Occasion::News, 0), Ending::Hold(Reason::DigestDesk));
        assert_eq!(ending(NIGHT, &desk, Severity::Normal, &SPIKE, 0), Ending::Send);
    }
}
