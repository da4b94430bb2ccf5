//! WebSub (W3C Recommendation, 23 January 2018): whether a feed offers a hub, and whether what comes is the hub's.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use url::Url;

use crate::model::hub::Hub;

/// Longest address that is believed to be one, in bytes.
const LONGEST_ADDRESS: usize = 2048;

/// Finds the hub that a feed offers: in the `Link` headers of the answer, or else in the document (§4). `found` is the address
/// the document came from; it is the topic where the feed does not say its own.
pub fn offered(headers: Option<&Hub>, document: Option<&Hub>, found: Option<&Url>) -> Option<Hub> {
    let hub = headers.or(document)?;
    let topic = hub.topic.clone().or_else(|| found.cloned())?;
    Some(Hub { hub: hub.hub.clone(), topic: Some(topic) })
}

/// Makes a hub of the links of a document: of several, the first; `base` is the address the document came from.
pub fn linked<'l>(links: impl IntoIterator<Item = (&'l str, &'l str)>, base: Option<&Url>) -> Option<Hub> {
    let (mut hub, mut topic) = (None, None);
    for (rel, href) in links {
        for rel in rel.split_ascii_whitespace() {
            let place = match rel.to_ascii_lowercase().as_str() {
                "hub" => &mut hub,
                "self" => &mut topic,
                _ => continue,
            };
            if place.is_none() {
                *place = address(href, base);
            }
        }
    }
    Some(Hub { hub: hub?, topic })
}

fn address(href: &str, base: Option<&Url>) -> Option<Url> {
    let href = href.trim();
    let url = match base {
        Some(base) => base.join(href).ok()?,
        None => Url::parse(href).ok()?,
    };
    (href.len() <= LONGEST_ADDRESS && ["http", "https"].contains(&url.scheme())).then_some(url)
}

/// Says whether a delivery was signed with `secret`: `X-Hub-Signature: method=HEX` (§8). Compared in constant time.
///
/// The methods are those of the Recommendation; SHA-1, which YouTube's hub uses, is weak for signatures but not inside an HMAC.
pub fn is_signed(secret: &str, signature: &str, body: &[u8]) -> bool {
    let Some((method, hex)) = signature.trim().split_once('=') else { return false };
    let Some(bytes) = bytes_of(hex) else { return false };
    match method.to_ascii_lowercase().as_str() {
        "sha1" => is::<Hmac<Sha1>>(secret, &bytes, body),
        "sha256" => is::<Hmac<Sha256>>(secret, &bytes, body),
        "sha384" => is::<Hmac<Sha384>>(secret, &bytes, body),
        "sha512" => is::<Hmac<Sha512>>(secret, &bytes, body),
        _ => false,
    }
}

fn is<M: Mac + KeyInit>(secret: &str, signature: &[u8], body: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(secret.as_bytes()).is_ok_and(|mut mac| {
        mac.update(body);
        mac.verify_slice(signature).is_ok()
    })
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    if hex.is_empty() || hex.len() > 128 || !hex.len().is_multiple_of(2) || !hex.is_ascii() {
        return None;
    }
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    hex.as_bytes().chunks_exact(2).map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_of_the_recommendations_methods_are_checked() {
        // RFC 2202, test case 2; RFC 4231, test case 2.
        let is = |signature: &str| is_signed("Jefe", signature, b"what do ya want for nothing?");
        assert!(is("sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
        assert!(is("sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
        assert!(is("SHA256=5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843"));
        assert!(is("sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"));
        for wrong in ["", "sha256=", "sha256=5bdc", "md5=750c783e6ab0b503eaa86e310a5db738", "sha256", "sha256=ä", "=00"] {
            assert!(!is(wrong), "{wrong}");
        }
        assert!(!is_signed("jefe", "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", b"what do ya want for nothing?"));
    }

    #[test]
    fn the_header_goes_before_the_document_and_the_address_stands_in_for_a_missing_name() {
        let url = |text: &str| Url::parse(text).unwrap();
        let base = url("https://example.org/feed?a=1");
        let document =
            linked([("self", "/feed"), ("HUB", "https://hub.example/"), ("hub", "https://other.example/")], Some(&base));
        let document = document.unwrap();
        assert_eq!(
            (document.hub.as_str(), document.topic.as_ref().unwrap().as_str()),
            ("https://hub.example/", "https://example.org/feed")
        );
        assert_eq!(linked([("self", "/feed")], Some(&base)), None);
        assert_eq!(linked([("hub", "javascript:x")], Some(&base)), None);
        let header = linked([("hub self", "https://hub2.example/")], None).map(|hub| Hub { topic: None, ..hub }).unwrap();
        let offered = offered(Some(&header), Some(&document), Some(&base)).unwrap();
        assert_eq!((offered.hub.as_str(), offered.topic.unwrap()), ("https://hub2.example/", base));
    }
}
