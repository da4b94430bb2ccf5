//! Tables (CSV, TSV) with named columns.

mod columns;

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use csv::{ByteRecord, ReaderBuilder};

use super::clean::{plain, telling};
use super::encoding;
use super::review::{Outcome, addressed, appeared, day, finish, language};
use super::{Record, Remark, Skip, date};

pub use columns::{Columns, Field, NoTable, assigned};

/// A row may span this much; more is a quotation mark that nobody closed.
const LONGEST_ROW_BYTES: u64 = 8 << 20;

impl Columns {
    fn of_row(&self, row: &ByteRecord, field: Field) -> Option<String> {
        let (_, at) = self.known.iter().find(|(other, _)| *other == field)?;
        let (text, _) = encoding::text(row.get(*at)?);
        Some(text.into_owned()).filter(|text| !text.trim().is_empty())
    }

    fn record(&self, row: &ByteRecord) -> Outcome {
        let get = |field| self.of_row(row, field);
        let telling_of = |field| get(field).and_then(|text| telling(&text));
        let Some(claim) = telling_of(Field::Claim) else {
            return Err(if row.len() < self.headings.len() { Skip::BadRow } else { Skip::NoClaim });
        };
        let mut record = Record { claim, id: get(Field::Id), claimant: telling_of(Field::Claimant), ..Record::default() };
        record.said_on = get(Field::SaidOn).and_then(|text| date::read(&text)).and_then(day);
        record.summary = telling_of(Field::Summary).map(|text| super::review::first_words(&text));
        record.check.title = telling_of(Field::Title);
        record.check.publisher = telling_of(Field::Publisher);
        record.check.lang = get(Field::Lang).and_then(|tag| language(&tag));
        // A column of numbers is no rating in words.
        let rating = get(Field::Rating).map(|text| plain(&text)).filter(|text| !text.is_empty());
        let is_number = |text: &String| text.parse::<f64>().is_ok();
        match rating {
            Some(number) if is_number(&number) => record.remarks.push(Remark::OnlyNumbers),
            Some(words) => record.check.rating = Some(words),
            None => record.remarks.push(Remark::NoRating),
        }
        if let Some(written) = get(Field::Date) {
            match date::read(&written) {
                Some(date) => record.check.date = Some(date::written(date)),
                None => record.remarks.push(Remark::OddDate),
            }
        }
        addressed(&mut record, get(Field::Url), None);
        appeared(&mut record, &get(Field::Urls).into_iter().collect::<Vec<_>>(), None);
        if row.iter().any(|field| std::str::from_utf8(field).is_err()) {
            record.remarks.push(Remark::NotUtf8);
        }
        finish(&mut record);
        Ok(record)
    }
}

/// Reads a table row by row; gives the line of each and what it holds, and first of all which column holds what.
///
/// # Errors
/// Those of reading; a table without a column of claims, or a quotation mark that is never closed, is `InvalidData`.
pub fn read(
    input: impl BufRead,
    assigned: &[(Field, String)],
    columns_told: &mut dyn FnMut(&Columns),
    each: &mut dyn FnMut(u64, Outcome) -> io::Result<()>,
) -> io::Result<()> {
    let mut input = input;
    let head = input.fill_buf()?;
    let delimiter = delimiter(head);
    // The reader ends a row at the first half of a Windows line end, and counts the line at the second.
    let behind = u64::from(head.split(|byte| *byte == b'\n').next().is_some_and(|line| line.ends_with(b"\r")));
    let since_row = Rc::new(Cell::new(0));
    let input = Leash { input, since_row: Rc::clone(&since_row) };
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(true).from_reader(input);
    let headings = reader.byte_headers()?.iter().map(|heading| encoding::text(heading).0.trim().to_owned()).collect();
    let columns = Columns::of(headings, assigned).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why.to_string()))?;
    columns_told(&columns);
    let mut row = ByteRecord::new();
    loop {
        since_row.set(0);
        if !reader.read_byte_record(&mut row)? {
            return Ok(());
        }
        let line = row.position().map_or(0, csv::Position::line) + behind;
        if row.iter().any(|field| !field.trim_ascii().is_empty()) {
            each(line, columns.record(&row))?;
        }
    }
}

/// The sign that stands oftenest in the first line.
fn delimiter(head: &[u8]) -> u8 {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sign: u8| line.iter().filter(|byte| **byte == sign).count();
    // Of equals the last counts: a comma, unless another stands there oftener.
    [b'|', b';', b'\t', b','].into_iter().max_by_key(|sign| count(*sign)).unwrap_or(b',')
}

/// Stops a row that never ends.
struct Leash<R> {
    input: R,
    since_row: Rc<Cell<u64>>,
}

impl<R: Read> Read for Leash<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(out)?;
        self.since_row.set(self.since_row.get() + read as u64);
        if self.since_row.get() > LONGEST_ROW_BYTES {
            let why = "a row is longer than 8 MiB; a quotation mark is opened and never closed";
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8], columns: &str) -> io::Result<(String, Vec<(u64, Outcome)>)> {
        let (mut told, mut rows) = (String::new(), Vec::new());
        read(text, &assigned(columns).unwrap(), &mut |columns| told = columns.told(), &mut |line, row| {
            rows.push((line, row));
            Ok(())
        })?;
        Ok((told, rows))
    }

    #[test]
    fn common_headings_are_known_and_the_rest_is_told() {
        let text = "URL\tAuthor\tdatePublished\tclaimReviewed\treviewBody\ttitle\tratingValue\tbestRating\talternativeName\n\
                    https://facts.example/1\thttps://facts.example\t2018-06-13\tThe moon is made of green cheese\tno\tMoon\t4\t6\tfalso\n";
        let (told, rows) = rows(text.as_bytes(), "").unwrap();
        assert!(
            told.starts_with(
                "claim ← claimReviewed, url ← URL, publisher ← Author, rating ← alternativeName, date ← datePublished"
            ),
            "{told}"
        );
        assert!(told.ends_with("not used: ratingValue, bestRating"), "{told}");
        let record = rows[0].1.as_ref().unwrap();
        assert_eq!(
            (rows[0].0, record.check.rating.as_deref(), record.check.publisher.as_deref()),
            (2, Some("falso"), Some("facts.example"))
        );
        assert_eq!(record.check.date.as_deref(), Some("2018-06-13"));
    }

    #[test]
    fn columns_may_be_named_and_rows_may_be_faulty() {
        let text = "what;where;says\r\n\"One; two,\r\nthree four five\";x.example/1;4\r\n;x.example/2;false\r\nonly\r\n\r\n";
        let (_, rows) = rows(text.as_bytes(), "claim=what, url=where, rating=Says").unwrap();
        assert_eq!(rows.len(), 3);
        let record = rows[0].1.as_ref().unwrap();
        assert_eq!(record.claim, "One; two, three four five");
        assert_eq!(record.check.url.as_deref(), Some("https://x.example/1"));
        assert!(record.remarks.contains(&Remark::OnlyNumbers) && record.check.rating.is_none());
        assert_eq!((rows[1].0, &rows[1].1), (4, &Err(Skip::NoClaim)));
        assert_eq!(rows[2].1.as_ref().unwrap().claim, "only");
    }

    #[test]
    fn latin_1_is_read() {
        let (_, rows) = rows(b"claim,url\nle caf\xe9 est ferm\xe9 depuis hier,a.example/1\n", "").unwrap();
        let record = rows[0].1.as_ref().unwrap();
        assert_eq!(record.claim, "le café est fermé depuis hier");
        assert!(record.remarks.contains(&Remark::NotUtf8));
    }

    #[test]
    fn a_table_without_claims_says_what_to_do() {
        let why = rows(b"a,b\n1,2\n", "").unwrap_err().to_string();
        assert!(why.contains("among `a`, `b`") && why.contains("--columns claim=NAME"), "{why}");
        let why = rows(b"claim,b\n1,2\n", "url=link").unwrap_err().to_string();
        assert!(why.starts_with("there is no column `link`"), "{why}");
        assert!(assigned("claims=x").unwrap_err().starts_with("there is no field `claims`"));
        assert_eq!(assigned("claim").unwrap_err(), "`claim` is not FIELD=COLUMN");
    }

    #[test]
    fn a_quotation_mark_that_nobody_closes_is_noticed() {
        let text = format!("claim,url\n\"never closed,{}\n", "x".repeat(9 << 20));
        assert!(rows(text.as_bytes(), "").unwrap_err().to_string().contains("never closed"));
    }
}
