//! A body, read piece by piece and unpacked while it is counted, so that no answer costs more memory than the limits allow.

use std::io::{self, Write};

use brotli_decompressor::DecompressorWriter;
use bytes::Bytes;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::error::{FetchError, Size, Step};
use super::settings::Limits;

/// Small bodies may unpack as they like: repeated white space packs very well.
const FREE_BYTES: u64 = 1 << 20;

/// The packings we ask for.
pub const ACCEPTED: &str = "gzip, br, deflate";

/// Which limit a body broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    Size,
    Ratio,
}

/// Where the unpacked bytes go; refuses more than may come.
struct Basin {
    bytes: Vec<u8>,
    wire_bytes: u64,
    limit: u64,
    ratio: u64,
    broken: Option<Broken>,
}

impl Write for Basin {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let size = (self.bytes.len() as u64).saturating_add(piece.len() as u64);
        if size > FREE_BYTES.max(self.wire_bytes.saturating_mul(self.ratio)) {
            self.broken = Some(Broken::Ratio);
        } else if size > self.limit {
            self.broken = Some(Broken::Size);
        }
        if self.broken.is_some() {
            return Err(io::Error::other("over the limit"));
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Unpacker {
    Plain(Basin),
    Gzip(MultiGzDecoder<Basin>),
    Zlib(ZlibDecoder<Basin>),
    Deflate(DeflateDecoder<Basin>),
    Brotli(Box<DecompressorWriter<Basin>>),
}

impl Unpacker {
    /// Chooses by the header and, where servers are known to lie, by the first bytes.
    fn new(encoding: &str, head: &[u8], basin: Basin) -> Option<Self> {
        Some(match encoding {
            // A packed file served as it lies on the disk.
            "" | "identity" if head.starts_with(&[0x1f, 0x8b]) => Self::Gzip(MultiGzDecoder::new(basin)),
            "" | "identity" => Self::Plain(basin),
            // Said to be packed, but is not.
            "gzip" | "x-gzip" if !head.starts_with(&[0x1f]) => Self::Plain(basin),
            "gzip" | "x-gzip" => Self::Gzip(MultiGzDecoder::new(basin)),
            // RFC 9110 means zlib; some servers send it without zlib's two bytes in front.
            "deflate" if head.first().is_some_and(|byte| byte & 0x8f == 0x08) => Self::Zlib(ZlibDecoder::new(basin)),
            "deflate" => Self::Deflate(DeflateDecoder::new(basin)),
            "br" => Self::Brotli(Box::new(DecompressorWriter::new(basin, 4096))),
            _ => return None,
        })
    }

    fn basin(&mut self) -> &mut Basin {
        match self {
            Self::Plain(basin) => basin,
            Self::Gzip(unpacker) => unpacker.get_mut(),
            Self::Zlib(unpacker) => unpacker.get_mut(),
            Self::Deflate(unpacker) => unpacker.get_mut(),
            Self::Brotli(unpacker) => unpacker.get_mut(),
        }
    }

    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.basin().wire_bytes += piece.len() as u64;
        match self {
            Self::Plain(basin) => basin.write_all(piece),
            Self::Gzip(unpacker) => unpacker.write_all(piece),
            Self::Zlib(unpacker) => unpacker.write_all(piece),
            Self::Deflate(unpacker) => unpacker.write_all(piece),
            Self::Brotli(unpacker) => unpacker.write_all(piece),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Gzip(unpacker) => unpacker.try_finish(),
            Self::Zlib(unpacker) => unpacker.try_finish(),
            Self::Deflate(unpacker) => unpacker.try_finish(),
            Self::Brotli(unpacker) => unpacker.close(),
        }
    }
}

/// Reads the body of an answer.
///
/// # Errors
/// When it is too large, unpacks into too much, cannot be unpacked, falls silent or breaks off.
pub async fn read(response: reqwest::Response, host: &str, limits: &Limits) -> Result<Bytes, FetchError> {
    let encoding = content_encoding(&response);
    let mut pieces = Pieces { response, host, limits, wire_bytes: 0 };
    // Two bytes tell packed from plain.
    let mut head = Vec::new();
    while head.len() < 2 {
        let Some(piece) = pieces.next().await? else { break };
        head.extend_from_slice(&piece);
    }
    let basin = Basin { bytes: Vec::new(), wire_bytes: 0, limit: limits.decoded_bytes, ratio: limits.ratio, broken: None };
    if head.is_empty() {
        return Ok(Bytes::new());
    }
    let Some(mut unpacker) = Unpacker::new(&encoding, &head, basin) else {
        return Err(FetchError::Unpackable { host: host.to_owned(), detail: format!("it is packed as \"{}\"", clip(&encoding)) });
    };
    let mut next = Some(Bytes::from(head));
    while let Some(piece) = next {
        unpacker.write(&piece).map_err(|error| failed(&mut unpacker, &error, host, limits))?;
        next = pieces.next().await?;
    }
    unpacker.finish().map_err(|error| failed(&mut unpacker, &error, host, limits))?;
    Ok(Bytes::from(std::mem::take(&mut unpacker.basin().bytes)))
}

/// The pieces of a body as they arrive, each within the time and all within the size allowed.
struct Pieces<'a> {
    response: reqwest::Response,
    host: &'a str,
    limits: &'a Limits,
    wire_bytes: u64,
}

impl Pieces<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, FetchError> {
        let host = || self.host.to_owned();
        let Ok(piece) = tokio::time::timeout(self.limits.idle, self.response.chunk()).await else {
            return Err(FetchError::TimedOut { host: host(), step: Step::Idle, after: self.limits.idle });
        };
        let Ok(piece) = piece else { return Err(FetchError::CutShort { host: host() }) };
        self.wire_bytes += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        if self.wire_bytes > self.limits.wire_bytes {
            return Err(FetchError::TooLarge { host: host(), what: Size::Wire, limit: self.limits.wire_bytes });
        }
        Ok(piece)
    }
}

fn failed(unpacker: &mut Unpacker, error: &io::Error, host: &str, limits: &Limits) -> FetchError {
    let host = host.to_owned();
    match unpacker.basin().broken {
        Some(Broken::Ratio) => FetchError::Bomb { host, ratio: limits.ratio },
        Some(Broken::Size) => FetchError::TooLarge { host, what: Size::Decoded, limit: limits.decoded_bytes },
        None if error.kind() == io::ErrorKind::UnexpectedEof => FetchError::CutShort { host },
        None => FetchError::Unpackable { host, detail: clip(&error.to_string()) },
    }
}

fn content_encoding(response: &reqwest::Response) -> String {
    let value = response.headers().get(reqwest::header::CONTENT_ENCODING);
    value.and_then(|value| value.to_str().ok()).unwrap_or_default().trim().to_ascii_lowercase()
}

/// Shortens foreign words and takes control characters out, so that they fit into a sentence.
pub fn clip(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}
