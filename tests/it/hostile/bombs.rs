//! Bodies that grow: what they cost is counted in bytes of memory, on the thread that reads them.

use std::io::Write;

use claimwatch::fetch::Fetched;
use claimwatch::fetch::error::{FetchError, Size};
use claimwatch::fetch::settings::Limits;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::{FEED, fetch, is_read, is_refused};
use crate::server::Answer;

/// 64 MiB of blanks, packed by Brotli.
const BROTLI_BOMB: [u8; 53] = [
    0xcf, 0xff, 0xff, 0x7f, 0xf8, 0x25, 0x40, 0xe2, 0xb1, 0x40, 0x20, 0xf7, 0xfe, 0x9f, 0xff, 0xff, 0xff, 0xf0, 0x4b, 0x00, 0xc4,
    0x61, 0x01, 0x80, 0xee, 0xfd, 0x3f, 0xff, 0xff, 0xff, 0xe1, 0x97, 0x00, 0x88, 0xc3, 0x22, 0x00, 0xdd, 0xfb, 0xff, 0xfc, 0xff,
    0xfc, 0x72, 0xf0, 0x11, 0x08, 0x70, 0x50, 0x0b, 0xaf, 0x7f, 0xff,
];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn packed_as(encoding: &str, body: Vec<u8>) -> Answer {
    Answer::ok(body).header("Content-Encoding", encoding)
}

/// Visits, and gives what came with the most memory that was held at once, ours and the server's.
fn weighed(answer: Answer) -> (Result<Fetched, FetchError>, u64) {
    let mut came = None;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let counted = allocation_counter::measure(|| came = Some(runtime.block_on(fetch(answer, Limits::default()))));
    (came.unwrap(), counted.bytes_max)
}

const MIB: u64 = 1 << 20;

#[test]
fn a_gigabyte_is_left_at_five_mebibytes() {
    let (came, held) = weighed(Answer::repeated(vec![b'x'; 64 << 10], 16 << 10));
    assert_eq!(came.unwrap_err().to_string(), "127.0.0.1 sent more than 5.0 MiB");
    assert!(held < 24 * MIB, "{held}");
}

#[test]
fn a_gigabyte_that_is_announced_is_left_at_five_mebibytes_too() {
    let (came, held) = weighed(Answer::repeated(vec![b'x'; 64 << 10], 16 << 10).header("Content-Length", "1073741824"));
    assert!(matches!(came.unwrap_err(), FetchError::TooLarge { what: Size::Wire, .. }));
    assert!(held < 24 * MIB, "{held}");
}

#[test]
fn bombs_of_every_packing_are_stopped_before_they_fill_the_memory() {
    let blanks = vec![b' '; 16 << 20];
    for (encoding, body) in
        [("gzip", gzip(&blanks)), ("deflate", zlib(&blanks)), ("deflate", deflate(&blanks)), ("br", BROTLI_BOMB.to_vec())]
    {
        let (came, held) = weighed(packed_as(encoding, body));
        let fault = came.unwrap_err();
        assert!(matches!(fault, FetchError::Bomb { ratio: 100, .. }), "{encoding}: {fault}");
        assert_eq!(fault.to_string(), "127.0.0.1 sent a body that unpacks to more than 100 times its size");
        assert!(held < 40 * MIB, "{encoding}: {held}");
    }
}

#[test]
fn a_bomb_inside_a_packing_is_measured_by_what_travelled() {
    let inner = gzip(&vec![b' '; 16 << 20]);
    let nested = gzip(&inner);
    assert!(nested.len() * 50 < inner.len());
    for encoding in ["gzip", "gzip, gzip"] {
        let (came, held) = weighed(packed_as(encoding, nested.clone()));
        assert!(matches!(came.unwrap_err(), FetchError::Bomb { .. }), "{encoding}");
        assert!(held < 40 * MIB, "{encoding}: {held}");
    }
}

#[test]
fn twenty_thousand_empty_members_are_no_way_around_the_limits() {
    let members = gzip(b"").repeat(20_000);
    let (came, held) = weighed(packed_as("gzip", members));
    assert!(matches!(came, Ok(Fetched::News { ref body, .. }) if body.is_empty()), "{came:?}");
    assert!(held < 40 * MIB, "{held}");
}

#[tokio::test]
async fn a_body_may_be_exactly_as_large_as_the_limit() {
    let limits = Limits { decoded_bytes: 1000, wire_bytes: 1000, ..Limits::default() };
    assert!(fetch(Answer::ok(vec![b'x'; 1000]), limits.clone()).await.is_ok());
    assert_eq!(fetch(Answer::ok(vec![b'x'; 1001]), limits).await.unwrap_err().class(), "too_large");
}

#[tokio::test]
async fn a_packed_file_that_is_packed_once_more_is_read() {
    let twice = gzip(&gzip(FEED.as_bytes()));
    is_read(packed_as("gzip", twice.clone())).await;
    is_read(packed_as("gzip, gzip", twice.clone())).await;
    is_read(packed_as("deflate, gzip", gzip(&zlib(FEED.as_bytes())))).await;
    is_read(Answer::ok(twice).header("Content-Encoding", "gzip").header("Content-Encoding", "gzip")).await;
}

#[tokio::test]
async fn packings_without_end_are_not_undone_without_end() {
    is_refused(
        packed_as("gzip, gzip, gzip", gzip(&gzip(&gzip(FEED.as_bytes())))),
        "what 127.0.0.1 sent cannot be unpacked: it is packed 3 times over",
    )
    .await;
}

#[tokio::test]
async fn a_label_that_names_no_packing_is_passed_over_where_the_body_is_plain() {
    for label in ["utf-8", "none", "binary", "identity", "UTF-8", "gzip", "deflate", "br", "zstd", "compress", "text/xml"] {
        is_read(packed_as(label, FEED.into())).await;
        is_read(packed_as(label, format!("\u{feff}\n{FEED}").into())).await;
    }
    is_refused(
        packed_as("zstd", vec![0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x01, 0x09]),
        "what 127.0.0.1 sent cannot be unpacked: it is packed as \"zstd\"",
    )
    .await;
}

#[tokio::test]
async fn what_stands_behind_a_packed_document_costs_nothing() {
    for junk in [&b"\0\0\0\0\0\0\0\0"[..], b"<!-- served in 3 ms -->", b"\x1f\x8b", b"\x1f\x8b\x08\x00junkjunkjunk"] {
        is_read(packed_as("gzip", [&gzip(FEED.as_bytes()), junk].concat())).await;
        is_read(packed_as("deflate", [&zlib(FEED.as_bytes()), junk].concat())).await;
    }
}

#[tokio::test]
async fn a_packed_document_is_taken_where_only_its_checksum_or_length_is_wrong() {
    let mut packed = gzip(FEED.as_bytes());
    let at = packed.len() - 6;
    packed[at] ^= 0xff;
    is_read(packed_as("gzip", packed.clone())).await;
    packed.truncate(at);
    is_read(packed_as("gzip", packed)).await;
}

#[tokio::test]
async fn a_packed_document_that_breaks_off_is_none() {
    let packed = gzip(FEED.as_bytes());
    for length in [1, 5, 10, 30, packed.len() / 2] {
        is_refused(packed_as("gzip", packed[..length].to_vec()), "127.0.0.1 broke off before the answer was complete").await;
    }
}

#[tokio::test]
async fn what_is_packed_wrong_is_said_to_be() {
    let mut broken = gzip(FEED.as_bytes());
    broken[12..30].fill(0xaa);
    let fault = fetch(packed_as("gzip", broken), Limits::default()).await.unwrap_err();
    assert_eq!(fault.class(), "encoding", "{fault}");
    let fault = fetch(packed_as("br", vec![0xff; 2000]), Limits::default()).await.unwrap_err();
    assert_eq!(fault.class(), "encoding", "{fault}");
}
