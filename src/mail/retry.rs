//! When a letter that was not accepted is tried again: pure, time and chance handed in.

use jiff::{SignedDuration, Timestamp};

/// First wait; each further one is twice as long.
const FIRST: SignedDuration = SignedDuration::from_mins(1);
/// Longest wait.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// After this time, counted from the first attempt, a letter is given up (RFC 5321 §4.5.4.1 asks for 4 to 5 days).
const GIVE_UP: SignedDuration = SignedDuration::from_hours(5 * 24);

/// Gives the time of the next attempt, or `None` when the letter is to be given up.
///
/// `attempts` counts those made, the failed one included; `chance` in 0..1 spreads the next attempts over the last fifth of
/// the wait, so that a relay that comes back is not met by all letters at once.
pub fn again_at(now: Timestamp, first_tried: Timestamp, attempts: u32, chance: f64) -> Option<Timestamp> {
    if now.duration_since(first_tried) >= GIVE_UP {
        return None;
    }
    let doublings = attempts.saturating_sub(1).min(10);
    let wait = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let spread = wait.mul_f64(0.2 * chance.clamp(0.0, 1.0));
    Some(now.checked_add(wait - spread).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn wait(attempts: u32, chance: f64) -> SignedDuration {
        again_at(NOW, NOW, attempts, chance).unwrap().duration_since(NOW)
    }

    #[test]
    fn waits_double_from_a_minute_to_an_hour() {
        let minutes: Vec<i64> = (1..=9).map(|n| wait(n, 0.0).as_mins()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(wait(u32::MAX, 0.0).as_mins(), 60);
    }

    #[test]
    fn chance_shortens_a_wait_by_a_fifth_at_most() {
        assert_eq!(wait(1, 1.0), SignedDuration::from_secs(48));
        assert_eq!(wait(1, 900.0), SignedDuration::from_secs(48));
    }

    #[test]
    fn a_letter_is_given_up_after_five_days() {
        let first = NOW - GIVE_UP;
        assert_eq!(again_at(NOW, first, 3, 0.5), None);
        assert!(again_at(NOW, first + SignedDuration::from_secs(1), 300, 0.5).is_some());
    }

    #[test]
    fn a_clock_that_was_set_back_gives_nothing_up() {
        assert!(again_at(NOW, NOW + GIVE_UP, 1, 0.5).is_some());
    }
}
