//! What follows the question mark: the pairs that tell which page it is, without those that tell who sent the reader.

use url::Url;

/// Keys that only tell who sent the reader, or how the page is to be shown.
const TRACKING: [&str; 46] = [
    "fbclid",
    "gclid",
    "gclsrc",
    "dclid",
    "msclkid",
    "yclid",
    "twclid",
    "ttclid",
    "wbraid",
    "gbraid",
    "mc_cid",
    "mc_eid",
    "igshid",
    "igsh",
    "ref",
    "ref_src",
    "ref_url",
    "cmpid",
    "cmp",
    "CMP",
    "ocid",
    "smid",
    "smtyp",
    "spm",
    "_ga",
    "_gl",
    "__tn__",
    "__xts__",
    "si",
    "mibextid",
    "mkt_tok",
    "xtor",
    "ncid",
    "icid",
    "ns_mchannel",
    "wprov",
    "wt_mc",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "soc_src",
    "soc_trk",
    "__twitter_impression",
    "amp",
    "sfnsn",
    "_rdr",
];

/// Beginnings of such keys.
const FAMILIES: [&str; 6] = ["utm_", "at_", "mtm_", "pk_", "hsa_", "__xts__"];

/// Gives the pairs that tell, sorted, as text.
pub(super) fn telling(url: &Url, host: &str) -> String {
    let mut pairs: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, value)| !is_tracking(key, value, host))
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    pairs.sort();
    pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
}

/// Takes the pairs away that do not tell; the others stay as they are written.
pub(super) fn drop_tracking(url: &mut Url) {
    let Some(query) = url.query().map(str::to_owned) else { return };
    let host = super::sites::host(url).unwrap_or_default();
    let tells = |pair: &&str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        !pair.is_empty() && !is_tracking(&super::decoded(key), value, &host)
    };
    let kept: Vec<&str> = query.split('&').filter(tells).collect();
    url.set_query(Some(kept.join("&").as_str()).filter(|kept| !kept.is_empty()));
}

fn is_tracking(key: &str, value: &str, host: &str) -> bool {
    FAMILIES.iter().any(|family| key.starts_with(family))
        || TRACKING.contains(&key)
        || key == "outputType" && value == "amp"
        // Elsewhere these may be the topic of a forum or the words of a search.
        || host == "x.com" && matches!(key, "s" | "t")
        || host == "t.me" && matches!(key, "single" | "embed")
}
