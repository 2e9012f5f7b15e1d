//! What other programs write, and what nobody should.

use super::*;

fn list(text: &str) -> Subscriptions {
    read(text).expect("it is a list")
}

/// Each feed as `address title [folders]`.
fn lines(list: &Subscriptions) -> Vec<String> {
    let line = |feed: &Subscription| {
        let title = feed.title.as_deref().unwrap_or("-");
        format!("{} {title} [{}]", feed.url, feed.folders.join(" < "))
    };
    list.feeds.iter().map(line).collect()
}

#[test]
fn each_program_s_list_is_read() {
    let fixture = |name: &str| {
        let path = format!("{}/tests/fixtures/subscriptions/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("the fixture is there")
    };
    let cases: [(&str, Kind, &[&str], usize); 4] = [
        (
            "miniflux.opml",
            Kind::Opml,
            &[
                "https://henan.example/feed.xml 豫报 [河南]",
                "https://radio.example/rss?channel=1&copy=2 Radio & TV [河南]",
                "https://wire.example/atom Wire [Tech]",
            ],
            0,
        ),
        (
            "freshrss.opml",
            Kind::Opml,
            &[
                "https://gd.example/rss 粤 闻 [guangdong < Macau < Favourites]",
                "https://page.example/list A page [guangdong]",
                "http://gd.example/rss/ Again [广东省]",
                "feed://odd.example/rss Odd letters [Deeper < Deep]",
                "file:///etc/passwd A file []",
                "https://me:secret@private.example/rss With a password []",
            ],
            0,
        ),
        (
            "urls",
            Kind::Newsboat,
            &[
                "https://henan.example/feed.xml 豫报 \"daily\" [henan < news]",
                "http://plain.example/rss - []",
                "https://hidden.example/atom - [浙江]",
            ],
            2,
        ),
        (
            "venus.ini",
            Kind::Planet,
            &["https://henan.example/feed.xml 豫报 []", "https://wire.example/atom Wire []"],
            1,
        ),
    ];
    for (name, kind, feeds, skipped) in cases {
        let list = list(&fixture(name));
        assert_eq!(
            (list.kind, lines(&list), list.skipped.len()),
            (kind, feeds.iter().map(|f| (*f).to_owned()).collect(), skipped),
            "{name}"
        );
    }
    assert!(list(&fixture("freshrss.opml")).feeds[1].note.is_some(), "a page read by XPath is no feed");
}

#[test]
fn what_is_no_list_is_refused() {
    let cases = [
        ("", "Empty"),
        ("\u{feff}\n", "Empty"),
        ("hello world", "Empty"),
        ("<html><body>Not found</body></html>", "Empty"),
        ("[Planet]\nname = x\n", "Empty"),
        ("<opml><body><outline xmlUrl=\"https://a.example/\"", "Xml"),
    ];
    for (text, expected) in cases {
        let refused = read(text).expect_err(text);
        assert!(format!("{refused:?}").starts_with(expected), "{text:?}: {refused:?}");
    }
}

#[test]
fn a_hostile_list_is_bounded() {
    let line = "https://a.example/feed tag\n";
    assert_eq!(read(&line.repeat(MAX_FEEDS + 1)), Err(NoList::TooMany));
    let deep = "<outline text='f'>".repeat(100_000);
    let feed = "<outline xmlUrl='https://a.example/'/>";
    let found = list(&format!("<opml>{deep}{feed}</opml>"));
    assert_eq!(found.feeds.len(), 1);
    assert_eq!(found.feeds[0].folders.len(), MAX_FOLDERS);
    let long = "x".repeat(MAX_ADDRESS);
    let found = list(&format!("https://a.example/ \"~{long}\"\nhttps://a.example/{long}\n"));
    assert_eq!(found.feeds.len(), 1, "an address that is too long is left out");
    assert!(found.feeds[0].title.as_ref().is_some_and(|title| title.chars().count() <= MAX_NAME));
    let bomb = "<!DOCTYPE opml [<!ENTITY a \"&b;&b;\"><!ENTITY b \"&c;&c;\">]><opml><outline text='&a;' xmlUrl='https://a.example/'/></opml>";
    assert_eq!(list(bomb).feeds[0].title.as_deref(), Some("&a;"), "no entity of the document is resolved");
}

mod properties {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_panics(text in "[\\[\\]<>=\"'&;:/~!\\\\a\n\u{6cb3} ]{0,200}|<opml>.{0,200}") {
            if let Ok(list) = super::read(&text) {
                prop_assert!(!list.feeds.is_empty());
            }
        }
    }
}

#[test]
fn an_address_in_opml_has_references_only_where_they_end() {
    let cases = [
        ("https://a.example/?a=1&amp;b=2", "https://a.example/?a=1&b=2"),
        ("https://a.example/?a=1&#38;b=2", "https://a.example/?a=1&b=2"),
        ("https://a.example/?a=1&#x26;b=2&apos;", "https://a.example/?a=1&b=2'"),
        ("https://a.example/?a=1&copy=2&lt", "https://a.example/?a=1&copy=2&lt"),
        ("https://a.example/?a=1&copy;=2", "https://a.example/?a=1&copy;=2"),
    ];
    for (written, meant) in cases {
        let list =
            read(&format!("<opml><body><outline xmlUrl=\"{written}\"/></body></opml>")).expect("a list");
        assert_eq!(list.feeds[0].url, meant);
    }
}

#[test]
fn a_program_in_newsboat_s_list_is_named_without_its_arguments() {
    let list =
        read("https://a.example/feed\n\"exec:curl -u me:secret https://b.example/\"\n").expect("a list");
    assert_eq!(list.skipped, ["exec: is the output of a program"]);
}
