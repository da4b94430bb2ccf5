//! Server-sent events (WHATWG HTML §9.2) out of bytes as they come, with a bound on what a server can make us hold.
//!
//! Our own, because the crates for it keep a line in memory however long it is.

/// Longest line and longest event, in bytes; what is longer is passed over.
const LONGEST_BYTES: usize = 1 << 20;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its `event:` field, `message` where there is none.
    pub kind: String,
    /// Its `data:` lines.
    pub data: String,
}

/// Holds what has come of the event that is under way.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    kind: String,
    data: String,
    has_data: bool,
    is_too_long: bool,
    /// The last byte was `\r`: a `\n` that follows ends no further line.
    after_return: bool,
}

impl Parser {
    /// Takes bytes in; gives the events they complete.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for &byte in bytes {
            let was_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if was_return => {}
                b'\n' | b'\r' => events.extend(self.end_line()),
                _ if self.line.len() < LONGEST_BYTES => self.line.push(byte),
                _ => self.is_too_long = true,
            }
        }
        events
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let (kind, data) = (std::mem::take(&mut self.kind), std::mem::take(&mut self.data));
            let is_whole = std::mem::take(&mut self.has_data) && !std::mem::take(&mut self.is_too_long);
            let kind = if kind.is_empty() { "message".to_owned() } else { kind };
            return is_whole.then_some(Event { kind, data });
        }
        let line = String::from_utf8_lossy(&line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.kind = value.to_owned(),
            "data" if self.data.len() + value.len() < LONGEST_BYTES => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.data.push_str(value);
                self.has_data = true;
            }
            "data" => self.is_too_long = true,
            // Comments (":thump") and fields we do not know.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, data: &str) -> Event {
        Event { kind: kind.into(), data: data.into() }
    }

    #[test]
    fn events_come_whole_however_the_bytes_are_cut() {
        let text = ":)\n\n:thump\nevent: update\ndata: {\"id\": \"1\"}\nid: 7\n\ndata:a\r\ndata: b\r\n\r\nevent: delete\rdata: 5\r\rdata";
        let expected = [event("update", "{\"id\": \"1\"}"), event("message", "a\nb"), event("delete", "5")];
        for size in 1..text.len() {
            let mut parser = Parser::default();
            let events: Vec<_> = text.as_bytes().chunks(size).flat_map(|piece| parser.take(piece)).collect();
            assert_eq!(events, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn an_event_that_is_too_long_is_passed_over_and_the_next_is_read() {
        let mut parser = Parser::default();
        let piece = vec![b'x'; 1 << 16];
        parser.take(b"data: ");
        (0..64).for_each(|_| assert!(parser.take(&piece).is_empty()));
        assert!(parser.line.len() <= LONGEST_BYTES);
        assert_eq!(parser.take(b"\n\ndata: ok\n\n"), [event("message", "ok")]);
    }
}
