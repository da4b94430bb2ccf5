//! Web addresses: read however they are written, and brought into the one form that all addresses of the same page share.

mod query;
mod sites;
mod wrapped;
mod written;

use url::Url;

pub use written::{decoded, read};

/// Addresses inside archive addresses are unwrapped this often at most.
const MOST_WRAPPINGS: usize = 4;

/// Gives the form in which two addresses of one page are equal, or nothing for what is no web address.
///
/// Dropped: scheme, `www.`, `m.`, `mobile.`, `amp.`, fragment, final slash, `/amp`, tracking keys. Known: Twitter is X, `youtu.be` is
/// YouTube, a video, photo or post has one form at Facebook, Instagram, TikTok, Reddit and Telegram; pages kept in archives and
/// caches, and links that only lead on, are the pages themselves where the address tells which. What would have to be asked for
/// (`perma.cc`, short links) stays as it is.
pub fn canonical(address: &str) -> Option<String> {
    let url = original(read(address, None)?);
    let host = sites::host(&url)?;
    let path = written::decoded(url.path().trim_end_matches('/'));
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    if let Some(known) = sites::known(&host, &steps, &url) {
        return Some(known);
    }
    let path = sites::without_amp(path.trim_end_matches('/'));
    let query = query::telling(&url, &host);
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(if query.is_empty() { format!("{host}{port}{path}") } else { format!("{host}{port}{path}?{query}") })
}

/// Gives the page that an address leads to, as far as the address itself tells: unwrapped from archives, caches and links that only
/// lead on.
pub fn original(mut url: Url) -> Url {
    for _ in 0..MOST_WRAPPINGS {
        match wrapped::unwrap(&url).and_then(|inner| read(&inner, None)) {
            Some(inner) => url = inner,
            None => break,
        }
    }
    url
}

/// Gives the address for people to click: of the page itself, without what only tells who sent the reader.
pub fn tidy(url: Url) -> Url {
    let mut url = original(url);
    query::drop_tracking(&mut url);
    url.set_fragment(None);
    url
}

/// Gives the address as it is, without what only tells who sent the reader.
pub fn without_tracking(mut url: Url) -> Url {
    query::drop_tracking(&mut url);
    url
}

/// Whether the address is only that of a site: every page of the site would lead there.
pub fn is_front_page(canonical: &str) -> bool {
    !canonical.contains(['/', '?'])
}

/// The site of an address, as people name it: `snopes.com`.
pub fn site_of(address: &str) -> Option<String> {
    sites::host(&read(address, None)?)
}

/// Addresses written out in a text.
pub fn addresses(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("://").filter_map(|(at, _)| {
        let start = ["https", "http"].iter().find_map(|scheme| text[..at].ends_with(scheme).then(|| at - scheme.len()))?;
        let rest = &text[start..];
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '”' | '»')).unwrap_or(rest.len());
        Some(rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '…', '\'', '’']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all_same(addresses: &[&str], one: &str) {
        for address in addresses {
            assert_eq!(canonical(address).as_deref(), Some(one), "{address}");
        }
    }

    fn each_alone(addresses: &[&str]) {
        let mut forms: Vec<_> = addresses.iter().map(|address| canonical(address).unwrap()).collect();
        forms.sort();
        forms.dedup();
        assert_eq!(forms.len(), addresses.len(), "{forms:?}");
    }

    #[test]
    fn one_page_has_one_form() {
        all_same(
            &[
                "https://www.Example.org/a/",
                "http://example.org/a#top",
                "example.org/a?utm_source=x&fbclid=1",
                "https://m.example.org:443/a?",
                "//amp.example.org/a/amp/?amp=1",
                "https://example.org/a?at_campaign=x&mtm_source=y&__twitter_impression=true",
            ],
            "example.org/a",
        );
        all_same(&["https://example.org/p?id=2&v=1", "https://example.org/p?v=1&ref=home&id=2"], "example.org/p?id=2&v=1");
        all_same(&["https://en.wikipedia.org/wiki/Moon", "https://en.m.wikipedia.org/wiki/Moon"], "en.wikipedia.org/wiki/Moon");
        each_alone(&[
            "https://example.org/p?id=2",
            "https://example.org/p?id=3",
            "https://example.org/p?t=3",
            "https://example.org/P",
        ]);
    }

    #[test]
    fn letters_of_any_script_are_one_form_however_they_are_encoded() {
        all_same(
            &[
                "https://lupa.example.org/publicações/não",
                "https://lupa.example.org/publica%C3%A7%C3%B5es/n%C3%A3o",
                "https://lupa.example.org/publica%c3%a7%c3%b5es/n%c3%a3o/",
                "https://lupa.example.org/publica%25C3%25A7%25C3%25B5es/n%25C3%25A3o",
            ],
            "lupa.example.org/publicações/não",
        );
        all_same(
            &["http%253A%252F%252Fdoc.example.org%252F9x", "http%3A%2F%2Fdoc.example.org%2F9x", "doc.example.org/9x"],
            "doc.example.org/9x",
        );
    }

    #[test]
    fn twitter_is_x() {
        all_same(
            &[
                "https://twitter.com/realDonaldTrump/status/10068",
                "https://mobile.twitter.com/realdonaldtrump/status/10068?s=20&t=abc",
                "https://x.com/i/web/status/10068/photo/1",
                "https://fxtwitter.com/a/status/10068",
                "https://nitter.net/a/status/10068#m",
            ],
            "x.com/status/10068",
        );
    }

    #[test]
    fn videos_are_known_by_their_id() {
        all_same(
            &[
                "https://youtu.be/aB-1?si=x",
                "https://www.youtube.com/watch?feature=y&v=aB-1&t=10s",
                "https://youtube.com/shorts/aB-1",
                "https://m.youtube.com/watch?v=aB-1&list=PL1",
                "https://www.youtube-nocookie.com/embed/aB-1",
            ],
            "youtube.com/watch?v=aB-1",
        );
        all_same(
            &["https://www.tiktok.com/@a/video/71?is_from_webapp=1", "https://m.tiktok.com/v/71.html", "tiktok.com/embed/v2/71"],
            "tiktok.com/video/71",
        );
    }

    #[test]
    fn a_facebook_post_photo_or_video_is_known_by_its_number() {
        all_same(
            &[
                "https://www.facebook.com/permalink.php?story_fbid=55&id=7&__xts__[0]=68.ARB",
                "https://m.facebook.com/story.php?story_fbid=55&id=7&mibextid=x",
                "https://es-la.facebook.com/some.page/posts/55?__tn__=K-R",
                "https://mbasic.facebook.com/groups/9/permalink/55/",
                "https://fb.com/some.page/posts/words-of-it/55",
            ],
            "facebook.com/posts/55",
        );
        all_same(
            &[
                "https://www.facebook.com/photo.php?fbid=66&set=a.1&type=3",
                "https://www.facebook.com/photo/?fbid=66",
                "https://www.facebook.com/some.page/photos/a.1.2/66/?type=3",
            ],
            "facebook.com/photo/66",
        );
        all_same(
            &[
                "https://www.facebook.com/watch/?v=77&ref=sharing",
                "https://fb.com/page/videos/77/",
                "facebook.com/video.php?v=77",
            ],
            "facebook.com/watch/77",
        );
        all_same(&["https://www.facebook.com/some.page/?ref=x", "m.facebook.com/some.page"], "facebook.com/some.page");
        each_alone(&["facebook.com/profile.php?id=1", "facebook.com/profile.php?id=2", "facebook.com/posts/x"]);
    }

    #[test]
    fn other_networks_have_one_form_too() {
        all_same(
            &["https://www.instagram.com/p/Cx1/?igshid=1", "instagram.com/reel/Cx1", "https://instagram.com/a/p/Cx1/"],
            "instagram.com/p/Cx1",
        );
        all_same(
            &["https://old.reddit.com/r/news/comments/1ab/title_words/", "https://redd.it/1ab", "reddit.com/comments/1ab"],
            "reddit.com/comments/1ab",
        );
        all_same(&["https://t.me/s/channel/12", "https://telegram.me/channel/12?single"], "t.me/channel/12");
    }

    #[test]
    fn archived_pages_are_the_pages() {
        all_same(
            &[
                "https://web.archive.org/web/20180613/https://twitter.com/a/status/10068",
                "https://web.archive.org/web/2018id_/http:/x.com/a/status/10068",
                "https://web.archive.org/web/1/https://web.archive.org/web/2/https://x.com/a/status/10068",
                "https://web.archive.org/web/https://x.com/a/status/10068",
                "web.archive.org/web/2018*/https%3A%2F%2Fx.com%2Fa%2Fstatus%2F10068",
                "https://archive.ph/20180613120000/https://x.com/a/status/10068?s=20",
                "https://archive.today/newest/https://x.com/a/status/10068",
                "https://archive.is/o/AbCd1/https://x.com/a/status/10068",
                "https://archive.li/2018.06.13-120000/http://twitter.com/a/status/10068",
            ],
            "x.com/status/10068",
        );
    }

    #[test]
    fn an_archive_whose_address_does_not_tell_the_page_stays() {
        all_same(&["https://archive.ph/AbCd1", "http://archive.today/AbCd1", "https://archive.vn/AbCd1/"], "archive.ph/AbCd1");
        all_same(&["https://perma.cc/AB12-CD34"], "perma.cc/AB12-CD34");
    }

    #[test]
    fn links_that_only_lead_on_are_what_they_lead_to() {
        all_same(
            &[
                "https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.org%2Fa%3Ffbclid%3D1&h=AT1",
                "https://www.google.com/url?sa=t&url=https%3A%2F%2Fexample.org%2Fa&ved=1",
                "https://www.google.co.uk/amp/s/amp.example.org/a",
                "https://example-org.cdn.ampproject.org/c/s/example.org/a/amp",
                "https://out.reddit.com/t3_1?url=https%3A%2F%2Fexample.org%2Fa&token=1",
                "https://www.youtube.com/redirect?q=https%3A%2F%2Fexample.org%2Fa",
            ],
            "example.org/a",
        );
    }

    #[test]
    fn what_is_no_web_address_has_no_form() {
        for text in
            ["", "mailto:a@example.org", "javascript:alert(1)", "http://", "not an address", "data:text/html,x", "3.5 million"]
        {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn a_tidy_address_can_be_clicked() {
        let tidied = |text: &str| tidy(read(text, None).unwrap()).to_string();
        assert_eq!(tidied("x.com/a/status/1?s=20#m"), "https://x.com/a/status/1");
        assert_eq!(tidied("http://example.org/p?id=2&utm_source=x&v=%20"), "http://example.org/p?id=2&v=%20");
        assert_eq!(tidied("https://web.archive.org/web/2020/https://example.org/a"), "https://example.org/a");
    }

    #[test]
    fn front_pages_are_known() {
        for (address, front) in
            [("https://www.facebook.com/", true), ("https://a.example/b", false), ("https://a.example/?p=1", false)]
        {
            assert_eq!(is_front_page(&canonical(address).unwrap()), front, "{address}");
        }
    }

    #[test]
    fn addresses_in_a_text_are_found() {
        assert_eq!(
            addresses("see (https://example.org/a). Or \"http://b.example/?x=1\"!").collect::<Vec<_>>(),
            ["https://example.org/a", "http://b.example/?x=1"]
        );
    }

    proptest! {
        #[test]
        fn no_address_makes_it_panic(text in "(https?://|//|https?%3A)?(web.archive.org/web/|archive.ph/|facebook.com/)?\\PC{0,30}") {
            canonical(&text);
            read(&text, None).map(tidy);
            addresses(&text).for_each(drop);
        }

        #[test]
        fn what_is_tidy_has_the_same_form(path in "[a-z/]{0,8}", query in "([a-z]{1,4}=[a-z%0-9]{0,4}&){0,3}") {
            let address = format!("https://www.example.org/{path}?{query}");
            prop_assert_eq!(canonical(tidy(read(&address, None).unwrap()).as_str()), canonical(&address));
        }
    }
}
