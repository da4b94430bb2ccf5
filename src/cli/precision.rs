//! How far a share can be trusted: the Wilson score interval (E. B. Wilson, 1927), so that 2 of 2 is not "100 %".

use serde_json::{Value, json};

/// The quantile of the normal distribution for 95 %.
const Z: f64 = 1.959_964;

/// Judged sightings and how many of them were right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Precision {
    /// Confirmed by people.
    pub confirmed: u64,
    /// Dismissed by people.
    pub dismissed: u64,
}

impl Precision {
    /// How many were judged.
    pub fn judged(self) -> u64 {
        self.confirmed + self.dismissed
    }

    /// The share that was right; nothing where nobody judged.
    pub fn share(self) -> Option<f64> {
        (self.judged() > 0).then(|| self.confirmed as f64 / self.judged() as f64)
    }

    /// Between which shares the true one lies, with 95 % probability.
    pub fn interval(self) -> Option<(f64, f64)> {
        let (share, n) = (self.share()?, self.judged() as f64);
        let middle = share + Z * Z / (2.0 * n);
        let around = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let whole = 1.0 + Z * Z / n;
        Some((((middle - around) / whole).max(0.0), ((middle + around) / whole).min(1.0)))
    }

    /// "0.82 (0.52–0.95)", or a dash.
    pub fn shown(self) -> String {
        match (self.share(), self.interval()) {
            (Some(share), Some((low, high))) => format!("{share:.2} ({low:.2}–{high:.2})"),
            _ => "–".to_owned(),
        }
    }

    /// As JSON; null where nobody judged.
    pub fn as_json(self) -> Value {
        match (self.share(), self.interval()) {
            (Some(share), Some((low, high))) => json!({ "share": round(share), "low": round(low), "high": round(high) }),
            _ => Value::Null,
        }
    }
}

fn round(share: f64) -> f64 {
    (share * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_judgements_say_little() {
        let of = |confirmed, dismissed| Precision { confirmed, dismissed }.shown();
        assert_eq!(of(9, 2), "0.82 (0.52–0.95)");
        assert_eq!(of(3, 14), "0.18 (0.06–0.41)");
        assert_eq!(of(2, 0), "1.00 (0.34–1.00)");
        assert_eq!(of(0, 0), "–");
    }
}
