//! A body, read piece by piece and unpacked while it is counted, so that no answer costs more memory than the limits allow.

use std::io::{self, Write};

use brotli_decompressor::DecompressorWriter;
use bytes::Bytes;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::error::{FetchError, Size, Step};
use super::settings::Limits;

/// First bytes by which packed is told from plain.
const HEAD_BYTES: usize = 5;

/// Packings around one body that are undone.
const MOST_LAYERS: usize = 2;

/// Last bytes in which a whole document closes its root; what caches write behind it fits in.
const TAIL_BYTES: usize = 1 << 10;

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
            // Said to be packed, but is not; some even name a character set here.
            _ if is_plain(head) => Self::Plain(basin),
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
        self.unpack(piece)
    }

    fn unpack(&mut self, piece: &[u8]) -> io::Result<()> {
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
/// Where an answer breaks off behind the end of a document, only the length that was announced is wrong: the document is taken.
///
/// # Errors
/// When it is too large, unpacks into too much, cannot be unpacked, falls silent or breaks off.
pub async fn read(response: reqwest::Response, host: &str, limits: &Limits) -> Result<Bytes, FetchError> {
    let mut layers = layers(&response);
    if layers.len() > MOST_LAYERS {
        let detail = format!("it is packed {} times over", layers.len());
        return Err(FetchError::Unpackable { host: host.to_owned(), detail });
    }
    let mut pieces = Pieces { response, host, limits, wire_bytes: 0, ended: None };
    let mut head = Vec::new();
    while head.len() < HEAD_BYTES {
        let Some(piece) = pieces.next().await? else { break };
        head.extend_from_slice(&piece);
    }
    let basin = Basin { bytes: Vec::new(), wire_bytes: 0, limit: limits.decoded_bytes, ratio: limits.ratio, broken: None };
    if head.is_empty() {
        return pieces.ended.map_or(Ok(Bytes::new()), Err);
    }
    // The last one named was put on last.
    let mut unpacker = unpacker(&layers.pop().unwrap_or_default(), &head, basin, host)?;
    let mut next = Some(Bytes::from(head));
    let mut fault = None;
    while let Some(piece) = next {
        if let Err(error) = unpacker.write(&piece) {
            fault = Some(error);
            break;
        }
        next = pieces.next().await?;
    }
    settled(&mut unpacker, fault, pieces.ended.take(), host, limits)?;
    inner(unpacker.basin(), layers.pop(), pieces.wire_bytes, host, limits)
}

/// Undoes a second packing: one that was named, or a packed file that was packed once more on its way.
fn inner(outer: &mut Basin, layer: Option<String>, wire_bytes: u64, host: &str, limits: &Limits) -> Result<Bytes, FetchError> {
    let bytes = std::mem::take(&mut outer.bytes);
    if layer.is_none() && !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes.into());
    }
    // Counted against what travelled, or two small ratios would make a large one.
    let basin = Basin { bytes: Vec::new(), wire_bytes, limit: limits.decoded_bytes, ratio: limits.ratio, broken: None };
    let mut unpacker = unpacker(&layer.unwrap_or_default(), &bytes, basin, host)?;
    let fault = unpacker.unpack(&bytes).err();
    settled(&mut unpacker, fault, None, host, limits)?;
    Ok(std::mem::take(&mut unpacker.basin().bytes).into())
}

fn unpacker(encoding: &str, head: &[u8], basin: Basin, host: &str) -> Result<Unpacker, FetchError> {
    let odd = || FetchError::Unpackable { host: host.to_owned(), detail: format!("it is packed as \"{}\"", clip(encoding)) };
    Unpacker::new(encoding, head, basin).ok_or_else(odd)
}

/// Ends the unpacking; what went wrong on the way is forgiven where the document is whole.
fn settled(
    unpacker: &mut Unpacker,
    fault: Option<io::Error>,
    ended: Option<FetchError>,
    host: &str,
    limits: &Limits,
) -> Result<(), FetchError> {
    let fault = fault.or_else(|| unpacker.finish().err());
    let fault = fault.map(|error| failed(unpacker, &error, host, limits));
    let basin = unpacker.basin();
    if basin.broken.is_none() && (fault.is_some() || ended.is_some()) && is_whole(&basin.bytes) {
        return Ok(());
    }
    ended.or(fault).map_or(Ok(()), Err)
}

/// Says whether a document begins here that nobody has packed.
fn is_plain(head: &[u8]) -> bool {
    let head = head.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(head).trim_ascii_start();
    ["<?", "<r", "<f", "<!", "{\""].iter().any(|begin| head.starts_with(begin.as_bytes()) && head.is_ascii())
}

/// Says whether a document is complete although the answer it came in was not.
fn is_whole(bytes: &[u8]) -> bool {
    let tail = bytes.get(bytes.len().saturating_sub(TAIL_BYTES)..).unwrap_or_default();
    let closes = |root: &&str| tail.windows(root.len()).any(|window| window.eq_ignore_ascii_case(root.as_bytes()));
    let is_json = || bytes.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
    ["</rss>", "</feed>", "</rdf:RDF>"].iter().any(closes) || is_json()
}

/// The pieces of a body as they arrive, each within the time and all within the size allowed.
struct Pieces<'a> {
    response: reqwest::Response,
    host: &'a str,
    limits: &'a Limits,
    wire_bytes: u64,
    /// Why no more came, where that was not the end.
    ended: Option<FetchError>,
}

impl Pieces<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, FetchError> {
        let host = self.host.to_owned();
        let piece = match tokio::time::timeout(self.limits.idle, self.response.chunk()).await {
            Ok(Ok(piece)) => piece,
            Ok(Err(_)) => {
                self.ended = Some(FetchError::CutShort { host });
                None
            }
            Err(_) => {
                self.ended = Some(FetchError::TimedOut { host, step: Step::Idle, after: self.limits.idle });
                None
            }
        };
        self.wire_bytes += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        if self.wire_bytes > self.limits.wire_bytes {
            let host = self.host.to_owned();
            return Err(FetchError::TooLarge { host, what: Size::Wire, limit: self.limits.wire_bytes });
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

/// Gives the packings of an answer in the order in which they were put on.
fn layers(response: &reqwest::Response) -> Vec<String> {
    let values = response.headers().get_all(reqwest::header::CONTENT_ENCODING);
    let named = values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let named = named.map(|layer| layer.trim().to_ascii_lowercase());
    named.filter(|layer| !layer.is_empty() && layer != "identity").collect()
}

/// Shortens foreign words and takes control characters out, so that they fit into a sentence.
pub fn clip(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll};
    use std::time::Duration;

    use http_body::Frame;

    use super::*;

    const FEED: &str = "<rss version=\"2.0\"><channel><title>Feed</title></channel></rss>";

    /// A body of so many equal pieces, then its end or nothing for ever; counts the pieces taken.
    struct Made {
        piece: &'static str,
        left: usize,
        silent: bool,
        taken: Arc<AtomicUsize>,
    }

    impl http_body::Body for Made {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            if self.left == 0 {
                return if self.silent { Poll::Pending } else { Poll::Ready(None) };
            }
            self.left -= 1;
            self.taken.fetch_add(1, Ordering::SeqCst);
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(self.piece.as_bytes())))))
        }
    }

    async fn come(piece: &'static str, left: usize, silent: bool) -> (Result<Bytes, FetchError>, usize) {
        let taken = Arc::new(AtomicUsize::new(0));
        let made = Made { piece, left, silent, taken: Arc::clone(&taken) };
        let response = reqwest::Response::from(http::Response::new(reqwest::Body::wrap(made)));
        (read(response, "example.org", &Limits::default()).await, taken.load(Ordering::SeqCst))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_falls_silent_is_left_after_fifteen_seconds() {
        let begun = tokio::time::Instant::now();
        let (came, _) = come("<rss>", 3, true).await;
        assert_eq!(came.unwrap_err().to_string(), "example.org fell silent for 15s in the middle of the answer");
        assert_eq!(begun.elapsed().as_secs(), Duration::from_secs(15).as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_whole_document_is_taken_although_more_was_announced_and_never_comes() {
        assert_eq!(come(FEED, 1, true).await.0.unwrap(), FEED);
    }

    #[tokio::test]
    async fn of_a_gigabyte_only_what_is_allowed_is_taken() {
        let piece = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        let (came, taken) = come(piece, (1 << 30) / piece.len(), false).await;
        assert!(matches!(came, Err(FetchError::TooLarge { what: Size::Wire, .. })));
        assert_eq!(taken, (5 << 20) / piece.len() + 1);
    }
}
