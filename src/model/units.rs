//! Durations and sizes as people write them: `"90s"`, `"24h"`, `"90d"`, `"10 MiB"`.

/// A duration in serde: `#[serde(with = "crate::model::units::duration")]`.
pub mod duration {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    /// Reads `"15m"`, `"24h"`, `"90d"`.
    ///
    /// # Errors
    /// When the text is not a number with a unit.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map_err(|_| {
            serde::de::Error::custom(format!(
                "\"{text}\" is not a duration; write a number and a unit: \"90s\", \"15m\", \"24h\", \"90d\""
            ))
        })
    }

    /// Writes it the way it is read.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&humantime::format_duration(*value).to_string())
    }
}

/// A size in bytes in serde: `#[serde(with = "crate::model::units::size")]`.
pub mod size {
    use bytesize::ByteSize;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Reads `"10 MiB"` or `"512 kB"` into bytes.
    ///
    /// # Errors
    /// When the text is not a number with a unit.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse::<ByteSize>()
            .map(|size| size.as_u64())
            .map_err(|_| serde::de::Error::custom(format!("\"{text}\" is not a size; write a number and a unit: \"10 MiB\"")))
    }

    /// Writes it the way it is read.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&ByteSize(*value).to_string())
    }
}

/// Says how many: "1 file", "3 files".
pub fn counted(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// Says how long a pause of `duration` is in words: "15 minutes", "2 hours".
pub fn in_words(duration: std::time::Duration) -> String {
    let (count, unit) = match duration.as_secs() {
        0..=119 => (duration.as_secs(), "second"),
        seconds if duration < std::time::Duration::from_secs(7200) => (seconds / 60, "minute"),
        seconds => (seconds / 3600, "hour"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn pauses_are_said_in_words() {
        assert_eq!(in_words(Duration::from_secs(1)), "1 second");
        assert_eq!(in_words(Duration::from_secs(900)), "15 minutes");
        assert_eq!(in_words(Duration::from_secs(7300)), "2 hours");
    }
}
