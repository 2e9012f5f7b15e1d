//! Tests of the addresses and names of a publisher in our views.

use roxmltree::Document;

use super::{news, published, seeds, site, text};
use crate::model::entry::{Category, Link};
use crate::testing::seen;

#[test]
fn only_iris_of_harmless_schemes_are_republished() {
    let category =
        |scheme: &str| Category { term: "文化".to_owned(), scheme: Some(scheme.to_owned()), label: None };
    let link = |rel: &str, href: &str| Link { href: href.to_owned(), rel: rel.to_owned(), ..Link::default() };
    let mut entry = news(1, 10);
    entry.entry.categories =
        vec![category("javascript:alert(1)"), category("JavaScript:x"), category("urn:gb2260")];
    entry
        .entry
        .links
        .splice(0..0, [link("alternate", "javascript:alert(2)"), link("enclosure", "magnet:?xt=urn:btih:1")]);
    entry.entry.links.push(link("enclosure", "http://news.example/1.mp3"));
    let renderer = published(site(), seeds().into_iter().chain([seen("paper", 100, vec![entry], vec![])]));
    for path in ["henan.atom", "henan.rss", "henan.json", "henan/"] {
        let text = text(&renderer, path);
        let lower = text.to_ascii_lowercase();
        assert!(!lower.contains("javascript:") && !lower.contains("magnet:"), "{path}: {text}");
    }
    let atom = text(&renderer, "henan.atom");
    for kept in ["urn:gb2260", "http://news.example/1.mp3", "href=\"https://news.example/1\""] {
        assert!(atom.contains(kept), "{kept}: {atom}");
    }
}

#[test]
fn an_entry_without_a_page_is_shown_without_a_link() {
    let mut entry = news(1, 10);
    entry.entry.links.clear();
    let renderer = published(site(), seeds().into_iter().chain([seen("paper", 100, vec![entry], vec![])]));
    let atom = text(&renderer, "henan.atom");
    let doc = Document::parse(&atom).expect("well-formed");
    let is_ours = |node: &roxmltree::Node<'_, '_>| {
        let id = node.children().find(|node| node.has_tag_name("id"));
        node.has_tag_name("entry") && id.and_then(|id| id.text()) == Some("urn:entry:1")
    };
    let entry = doc.root_element().children().find(is_ours).expect("it is shown");
    assert!(!entry.children().any(|node| node.has_tag_name("link")), "{atom}");
    // RFC 4287 section 4.1.2 wants one of the two.
    assert!(entry.children().any(|node| node.has_tag_name("content")), "{atom}");
    let json: serde_json::Value = serde_json::from_str(&text(&renderer, "henan.json")).expect("JSON");
    let of_json = json["items"].as_array().expect("a list").iter().find(|item| item["id"] == "urn:entry:1");
    assert_eq!(of_json.expect("it is shown").get("url"), None);
    let rss = text(&renderer, "henan.rss");
    let item = rss.split("<item>").find(|item| item.contains("urn:entry:1")).expect("it is shown");
    assert!(!item.contains("<link>"), "{item}");
}
