//! What a document costs grows no faster than the document: counted in bytes asked for, never in time.

use super::{rss, weigh};

/// Repeats a hostile piece so often that the document has about `bytes` bytes.
type Shape = fn(usize) -> String;

fn many(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes / piece.len())
}

const SHAPES: [(&str, Shape); 25] = [
    ("bases inside each other", |bytes| format!("<feed>{}<entry><title>a</title></entry>", many("<x xml:base=\"a/\">", bytes))),
    ("entries inside each other", |bytes| format!("<feed>{}", many("<entry xml:base=\"abcdefgh/\"><title>a</title>", bytes))),
    ("long bases", |bytes| {
        format!("<feed>{}", many(&format!("<entry xml:base=\"{}/\"><title>a</title>", "b".repeat(1900)), bytes))
    }),
    ("elements inside each other", |bytes| rss(&many("<x>", bytes))),
    ("tags inside a title", |bytes| rss(&format!("<item><title>{}</title></item>", many("<b>", bytes)))),
    ("unclosed titles", |bytes| rss(&many("<item><title>a", bytes))),
    ("titles inside each other", |bytes| rss(&many("<title>", bytes))),
    ("data inside data", |bytes| rss(&many("<![CDATA[", bytes))),
    ("comments inside comments", |bytes| rss(&many("<!-- ", bytes))),
    ("comments around titles", |bytes| rss(&many("<!-- ><title>x</title>", bytes))),
    ("marks inside marks", |bytes| rss(&many("<a =\"<a \"", bytes))),
    ("marks of both kinds", |bytes| rss(&many("<a b='\" ", bytes))),
    ("ampersands", |bytes| rss(&many("&", bytes))),
    ("numbers of characters", |bytes| rss(&many("&#", bytes))),
    ("attributes", |bytes| rss(&format!("<item {}><title>a</title></item>", many("a='b' ", bytes)))),
    ("prefixes", |bytes| rss(&format!("<item {}><title>a</title></item>", many("xmlns:abc='b' ", bytes)))),
    ("attributes of many names", |bytes| {
        let many: String = (0..bytes / 10).map(|n| format!("a{n}='b' ")).collect();
        rss(&format!("<item {many}><title>a</title></item>"))
    }),
    ("lists", |bytes| many("[", bytes)),
    ("closed comments", |bytes| rss(&many("<!--><!-->-->", bytes))),
    ("brackets", |bytes| many("<", bytes)),
    ("closing tags", |bytes| rss(&many("</x>", bytes))),
    ("objects", |bytes| many("{\"a\":", bytes)),
    ("html in a body", |bytes| rss(&format!("<item><description>{}</description></item>", many("&lt;a href=x&gt;", bytes)))),
    ("captions", |bytes| rss(&format!("<item><title>a</title>{}</item>", many("<media:title>b</media:title>", bytes)))),
    ("links", |bytes| rss(&format!("<item><title>a</title>{}</item>", many("<link>https://example.org/1</link>", bytes)))),
];

#[test]
fn memory_stays_within_a_few_times_the_document() {
    for (name, shape) in SHAPES {
        let document = shape(50_000);
        let length = document.len() as u64;
        let (held, _) = weigh(document);
        println!("{name}: {held} bytes held for {length}");
        assert!(held < 24 * length + (4 << 20), "{name}: {held} bytes held for {length}");
    }
}

#[test]
fn a_document_twice_as_long_costs_no_more_than_twice_as_much() {
    for (name, shape) in SHAPES {
        let [(_, once), (_, twice)] = [30_000, 60_000].map(|bytes| weigh(shape(bytes)));
        println!("{name}: {once}, {twice}");
        assert!(twice < once * 5 / 2 + (1 << 20), "{name}: {once} bytes asked for, then {twice}");
    }
}
