//! Bulk claims: one JSON object a line, as archives of fact-checks are handed around; a bad line is reported and left out.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, Read};

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

/// Longest line that is read, in bytes.
const LONGEST_LINE_BYTES: u64 = 1024 * 1024;

/// Longest id, in bytes.
const LONGEST_ID_BYTES: usize = 1024;

/// So many bad lines are told one by one; more are only counted.
const MOST_TOLD: usize = 100;

/// So many claims are kept; the lines after them are counted.
pub const MOST_CLAIMS: usize = 1_000_000;

/// A claim from an archive, with the fact-check it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
pub struct BulkClaim {
    /// Its name: any text.
    pub id: String,
    /// What is claimed.
    pub claim: String,
    /// Headline of the fact-check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the fact-check says in short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Address of the fact-check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// The verdict in the publisher's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<String>,
    /// When it was published, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Language tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// Addresses where the claim appeared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Further fact-checks of the same claim.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<OtherCheck>,
}

/// A further fact-check of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
pub struct OtherCheck {
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// Its headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The verdict in the publisher's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<String>,
    /// When it was published, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Language tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
}

/// A line that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// The file's name.
    pub file: String,
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Longer than a line may be.
    TooLong,
    /// Not a JSON object with the keys that are needed; what the reader says.
    NotAClaim(String),
    /// The id is empty or too long.
    UnusableId,
    /// Nothing is claimed: neither claim nor title has a word.
    Empty,
    /// Another line has this id; the first is kept.
    Duplicate {
        /// The id, shortened.
        id: String,
    },
    /// More claims than are kept.
    TooMany,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than {} MiB; is a line break missing?", LONGEST_LINE_BYTES >> 20),
            Self::NotAClaim(why) => write!(f, "not a claim: {why}; write {{\"id\": \"…\", \"claim\": \"…\"}}"),
            Self::UnusableId => write!(f, "the id must have 1 to {LONGEST_ID_BYTES} bytes"),
            Self::Empty => f.write_str("neither \"claim\" nor \"title\" has a word"),
            Self::Duplicate { id } => write!(f, "the id \"{id}\" is taken by an earlier line, which is kept"),
            Self::TooMany => write!(f, "more than {MOST_CLAIMS} claims; the rest is left out"),
        }
    }
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.fault)
    }
}

/// Claims read from any number of archives.
#[derive(Debug, Default)]
pub struct Archive {
    /// Those that can be used, in the order they were read.
    pub claims: Vec<BulkClaim>,
    /// The first bad lines, at most a hundred.
    pub bad_lines: Vec<BadLine>,
    /// How many lines were bad in all.
    pub bad_count: usize,
    /// Where each id stands: hash of the id (the next free number if two ids share one) → place in `claims`.
    taken: HashMap<u64, u32, RandomState>,
    hasher: RandomState,
}

impl Archive {
    /// Reads the lines of one file called `name`. Empty lines are passed over.
    ///
    /// # Errors
    /// Only those of reading; what stands in the lines never is one.
    pub fn read(&mut self, name: &str, mut lines: impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        let mut number = 0;
        while let Some(whole) = next_line(&mut lines, &mut line, LONGEST_LINE_BYTES)? {
            number += 1;
            let text = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| number == 1).unwrap_or(&line);
            let outcome = match whole {
                false => Err(Fault::TooLong),
                true if text.trim_ascii().is_empty() => Ok(()),
                true => parse(text).and_then(|claim| self.keep(claim)),
            };
            if let Err(fault) = outcome {
                self.bad_count += 1;
                if self.bad_lines.len() < MOST_TOLD {
                    self.bad_lines.push(BadLine { file: name.to_owned(), line: number, fault });
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, claim: BulkClaim) -> Result<(), Fault> {
        use std::hash::BuildHasher;
        if self.claims.len() >= MOST_CLAIMS {
            return Err(Fault::TooMany);
        }
        let mut key = self.hasher.hash_one(&claim.id);
        while let Some(place) = self.taken.get(&key) {
            if self.claims.get(*place as usize).is_some_and(|other| other.id == claim.id) {
                return Err(Fault::Duplicate { id: claim.id.chars().take(60).collect() });
            }
            key = key.wrapping_add(1);
        }
        self.taken.insert(key, self.claims.len() as u32);
        self.claims.push(claim);
        Ok(())
    }
}

/// Reads one line into `line`; whether it was read whole, or nothing at the end. The rest of an overlong line is passed over.
///
/// # Errors
/// Those of reading.
pub fn next_line(lines: &mut impl BufRead, line: &mut Vec<u8>, longest_bytes: u64) -> io::Result<Option<bool>> {
    line.clear();
    if lines.take(longest_bytes + 1).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    if line.ends_with(b"\n") || line.len() as u64 <= longest_bytes {
        return Ok(Some(true));
    }
    lines.skip_until(b'\n')?;
    Ok(Some(false))
}

fn parse(line: &[u8]) -> Result<BulkClaim, Fault> {
    let mut claim: BulkClaim =
        parse_json(line).map_err(|e| Fault::NotAClaim(e.to_string().split(" at line").next().unwrap_or_default().to_owned()))?;
    if claim.id.is_empty() || claim.id.len() > LONGEST_ID_BYTES {
        return Err(Fault::UnusableId);
    }
    let says = |text: &str| text.chars().any(char::is_alphanumeric);
    if !says(&claim.claim) && !claim.title.as_deref().is_some_and(says) {
        return Err(Fault::Empty);
    }
    for text in [&mut claim.title, &mut claim.summary, &mut claim.url, &mut claim.publisher, &mut claim.rating] {
        *text = text.take().filter(|text| !text.trim().is_empty());
    }
    Ok(claim)
}

/// Reads JSON that may hold halves of surrogate pairs, which some writers leave behind when they cut texts: each becomes U+FFFD.
///
/// # Errors
/// Those of the JSON reader.
pub fn parse_json<T: serde::de::DeserializeOwned>(text: &[u8]) -> serde_json::Result<T> {
    match serde_json::from_slice(text) {
        Err(error) if text.windows(3).any(|w| matches!(w, [b'\\', b'u', b'd' | b'D'])) => {
            serde_json::from_slice(&whole_surrogates(text)).map_err(|_| error)
        }
        Err(error) => serde_json::from_str(&String::from_utf8_lossy(text)).map_err(|_| error),
        found => found,
    }
}

fn whole_surrogates(text: &[u8]) -> Vec<u8> {
    let unit = |at: usize| -> Option<u16> {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let high = unit(at).filter(|u| (0xd800..0xe000).contains(u));
        let step = match (high, unit(at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (Some(_), _) => {
                out.extend_from_slice(b"\\ufffd");
                at += 6;
                continue;
            }
            // An escaped backslash must not lend its second half to what follows.
            (None, _) if text[at] == b'\\' => 2,
            (None, _) => 1,
        };
        let end = text.len().min(at + step);
        out.extend_from_slice(&text[at..end]);
        at = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Archive {
        let mut archive = Archive::default();
        archive.read("a.jsonl", text.as_bytes()).unwrap();
        archive
    }

    fn faults(archive: &Archive) -> Vec<String> {
        archive.bad_lines.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn claims_are_read_and_bad_lines_told_with_their_number() {
        let archive = read(
            "\u{feff}{\"id\":\"a\",\"claim\":\"The moon is cheese\",\"more\":1}\n\n{\"id\":\"b\"}\nno json\n{\"id\":\"\",\"claim\":\"x\"}\n{\"id\":\"c\",\"claim\":\" … \",\"title\":\"\"}\n{\"id\":\"d\",\"claim\":\"\",\"title\":\"Moon\"}",
        );
        assert_eq!(archive.claims.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["a", "d"]);
        let told = faults(&archive);
        assert_eq!(told.len(), 4);
        assert!(told[0].starts_with("a.jsonl:3: not a claim: missing field `claim`"), "{}", told[0]);
        assert!(told[1].starts_with("a.jsonl:4: not a claim"));
        assert_eq!(told[2], "a.jsonl:5: the id must have 1 to 1024 bytes");
        assert_eq!(told[3], "a.jsonl:6: neither \"claim\" nor \"title\" has a word");
    }

    #[test]
    fn of_two_claims_with_one_id_the_first_is_kept() {
        let archive =
            read("{\"id\":\"a\",\"claim\":\"one\"}\n{\"id\":\"a\",\"claim\":\"two\"}\n{\"id\":\"b\",\"claim\":\"two\"}");
        assert_eq!(archive.claims.iter().map(|c| c.claim.as_str()).collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(faults(&archive), ["a.jsonl:2: the id \"a\" is taken by an earlier line, which is kept"]);
    }

    #[test]
    fn thousands_of_bad_lines_take_no_memory() {
        let archive = read(&"{}\n".repeat(5000));
        assert_eq!((archive.bad_lines.len(), archive.bad_count), (MOST_TOLD, 5000));
    }

    #[test]
    fn a_line_without_end_is_passed_over() {
        let text = format!("{{\"id\":\"a\",\"claim\":\"{}\"}}\n{{\"id\":\"b\",\"claim\":\"two\"}}", "x".repeat(3 << 20));
        let archive = read(&text);
        assert_eq!(archive.claims.len(), 1);
        assert_eq!(archive.bad_lines[0].fault, Fault::TooLong);
    }

    #[test]
    fn halves_of_surrogate_pairs_become_replacement_characters() {
        let archive = read(r#"{"id":"a","claim":"cut \ud83d off \ud83d\ude00 \\ud83d \udc00"}"#);
        assert_eq!(archive.claims[0].claim, "cut \u{fffd} off 😀 \\ud83d \u{fffd}");
    }

    #[test]
    fn bytes_that_are_no_text_do_not_lose_the_claim() {
        let mut archive = Archive::default();
        archive.read("a", &b"{\"id\":\"a\",\"claim\":\"caf\xe9 closed\"}"[..]).unwrap();
        assert_eq!(archive.claims[0].claim, "caf\u{fffd} closed");
    }
}
