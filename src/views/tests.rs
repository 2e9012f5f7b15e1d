//! One document in every format: what each says of it, and that all say the same.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;
use proptest::prelude::*;
use roxmltree::{Document, Node};
use serde_json::Value;

use super::document::{EntryDoc, FeedDoc, Issues, SourceDoc};
use super::html::assets::Asset;
use super::site::{Polled, Site};
use super::{formats, opml};
use crate::model::entry::{Category, Link, Person};
use crate::model::feed_key::FeedKey;
use crate::model::month::Month;
use crate::model::region::{RegionId, RegionTable};
use crate::model::source::{ContentPolicy, RegionRule, SourceDef, SourceId};
use crate::model::state::SourceState;
use crate::model::time::Time;
use crate::read::text::xml_legal;

/// Text that breaks writers of any format that do not escape.
const NASTY: &str =
    "a<b>&amp;\"'</title>]]>\u{0}\u{1}\u{b}\u{fffe}\u{1f600}<script>alert(1)</script>\t\r\n河南";

pub(super) fn at(seconds: i64) -> Time {
    DateTime::from_timestamp(1_795_392_000 + seconds, 0).unwrap()
}

pub(super) fn site() -> Site {
    let polled = Polled { minutes: 20, region: RegionRule::Fixed(vec![RegionId::new("henan")]) };
    Site {
        public_url: "https://news.example/a'b".to_owned(),
        regions: RegionTable::builtin(),
        entries: 100,
        first_poll: 20,
        max_age: None,
        rights: None,
        content: [].into(),
        default_content: ContentPolicy::Summary,
        zone: Tz::Asia__Shanghai,
        delta: false,
        unread: [].into(),
        hub: Some("https://hub.example/?a=1&b=2".to_owned()),
        shown: crate::decide::publishing::PublishRules::default(),
        polled: [(SourceId::new("paper"), polled)].into(),
        search: true,
    }
}

/// The document in the format of this ending.
fn written(ending: &str, doc: &FeedDoc) -> Vec<u8> {
    let (_, format) = formats::split(ending).unwrap();
    formats::render(format, &site(), doc)
}

fn person(name: &str) -> Person {
    let email = Some("desk@paper.example".to_owned());
    Person { name: name.to_owned(), email, uri: Some("https://paper.example/?a&b".to_owned()) }
}

fn source(title: &str) -> SourceDoc {
    SourceDoc {
        slug: SourceId::new("paper"),
        id: "https://paper.example/feed?a=1&b=2".to_owned(),
        title: title.to_owned(),
        self_url: "https://paper.example/feed?a=1&b=2".to_owned(),
        home_url: Some("https://paper.example/".to_owned()),
        author: Person { name: title.to_owned(), ..Person::default() },
        rights: Some(title.to_owned()),
        updated: at(60),
    }
}

pub(super) fn plain_entry(n: i64, title: &str) -> EntryDoc {
    let page = Link {
        href: format!("https://paper.example/{n}?a&b"),
        rel: "alternate".to_owned(),
        ..Link::default()
    };
    EntryDoc {
        id: format!("urn:entry:{n}"),
        title: title.to_owned(),
        links: vec![page],
        published: at(n),
        updated: at(n + 60),
        surfaced: at(n),
        authors: vec![person(title)],
        contributors: Vec::new(),
        regions: Vec::new(),
        categories: Vec::new(),
        summary: None,
        reports: Vec::new(),
        others: 0,
        outlets: 1,
        content: None,
        rights: None,
        language: None,
        source: source(title),
    }
}

fn nasty_entry() -> EntryDoc {
    let mut entry = plain_entry(1, NASTY);
    let enclosure = |href: &str, media_type: Option<&str>, length| Link {
        href: href.to_owned(),
        rel: "enclosure".to_owned(),
        media_type: media_type.map(str::to_owned),
        title: None,
        length,
    };
    entry.links.extend([
        enclosure("https://paper.example/a.mp3?a&b", Some("audio/mpeg"), Some(123)),
        enclosure("https://paper.example/b", None, None),
        Link {
            href: "https://other.example/?a&b".to_owned(),
            rel: "related".to_owned(),
            title: Some(NASTY.to_owned()),
            ..Link::default()
        },
    ]);
    entry.contributors = vec![person(NASTY)];
    entry.regions = vec![(RegionId::new("henan"), "河南".to_owned())];
    let category = |term: &str, scheme: Option<&str>, label: Option<&str>| Category {
        term: term.to_owned(),
        scheme: scheme.map(str::to_owned),
        label: label.map(str::to_owned),
    };
    entry.categories = vec![
        category("henan", Some("https://news.example/a'b/regions"), Some("河南")),
        category(NASTY, None, None),
    ];
    entry.summary = Some(NASTY.to_owned());
    entry.content = Some("<p>1 &lt; 2 &amp; 3</p>]]&gt;\u{1}<br>".to_owned());
    entry.rights = Some(NASTY.to_owned());
    entry.language = Some("zh-CN".to_owned());
    entry
}

pub(super) fn feed_of(entries: Vec<EntryDoc>) -> FeedDoc {
    FeedDoc {
        id: "urn:uuid:00000000-0000-0000-0000-000000000007".to_owned(),
        title: format!("邸报：{NASTY}"),
        base: site().public_url,
        query: String::new(),
        path: "henan".to_owned(),
        hub: site().hub,
        ttl_minutes: Some(20),
        issues: Issues {
            prev: Month::parse("2026-10"),
            all: vec![Month::parse("2026-10").unwrap()],
            ..Issues::default()
        },
        updated: at(3600),
        modified: at(3600),
        rights: Some(NASTY.to_owned()),
        entries,
        withdrawn: vec![("urn:entry:<gone>".to_owned(), at(7))],
    }
}

pub(super) fn nasty() -> FeedDoc {
    // The second entry has nothing but what every entry has.
    feed_of(vec![nasty_entry(), plain_entry(0, "标题")])
}

fn archive(mut doc: FeedDoc) -> FeedDoc {
    doc.issues = Issues {
        cut: None,
        month: Month::parse("2026-11"),
        prev: Month::parse("2026-10"),
        next: Month::parse("2026-12"),
        all: Vec::new(),
    };
    doc.withdrawn.clear();
    doc
}

fn said(bytes: Vec<u8>) -> String {
    let text = String::from_utf8(bytes).unwrap();
    let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    // Their names change with each of their bytes.
    Asset::all().fold(text, |text, asset| text.replace(&asset.path, "assets/FILE"))
}

#[test]
fn nasty_input_in_every_format() {
    let mut sources = [SourceState::new(
        1,
        SourceDef {
            id: SourceId::new("paper"),
            title: Some(NASTY.to_owned()),
            url: "https://paper.example/feed?a&b".to_owned(),
            region: RegionRule::Auto,
            rights: None,
            priority: 0,
        },
    )];
    sources[0].facts.home = Some("https://paper.example/?a&b".to_owned());
    let pretty = |bytes: Vec<u8>| {
        serde_json::to_string_pretty(&serde_json::from_slice::<Value>(&bytes).unwrap()).unwrap()
    };
    insta::assert_snapshot!("nasty_atom", said(written(".atom", &nasty())));
    insta::assert_snapshot!("nasty_archive", said(written(".atom", &archive(nasty()))));
    insta::assert_snapshot!("nasty_rss", said(written(".rss", &nasty())));
    insta::assert_snapshot!("nasty_json", pretty(written(".json", &nasty())));
    insta::assert_snapshot!("nasty_html", said(written("/", &nasty())));
    insta::assert_snapshot!("nasty_opml", said(opml::sources(&site(), &sources, at(0))));
}

/// A source of this id and address.
fn source_at(id: &str, url: &str) -> SourceState {
    let (id, region) = (SourceId::new(id), RegionRule::Auto);
    let def = SourceDef { id, title: None, url: url.to_owned(), region, rights: None, priority: 0 };
    SourceState::new(1, def)
}

#[test]
fn the_list_of_sources_names_only_what_anybody_may_subscribe_to() {
    let site = Site {
        public_url: "https://news.example".to_owned(),
        unread: [SourceId::new("page")].into(),
        ..site()
    };
    let sources = [
        source_at("feed", "https://paper.example/rss?channel=12"),
        source_at("page", "https://paper.example/news/"),
        source_at("bridge", "https://bridge.example/route?key=S3CRET"),
    ];
    let opml = String::from_utf8(opml::sources(&site, &sources, at(0))).unwrap();
    assert!(opml.contains("xmlUrl=\"https://paper.example/rss?channel=12\""), "{opml}");
    assert!(opml.contains("xmlUrl=\"https://news.example/source/page.atom\""), "a page is no feed: {opml}");
    assert!(opml.contains("xmlUrl=\"https://news.example/source/bridge.atom\""), "a key is a secret: {opml}");
    assert!(!opml.contains("S3CRET"));
}

#[test]
fn every_format_tells_in_a_header_where_it_lives_and_which_hub_is_told() {
    let doc = nasty();
    let header = doc.link_header(".json");
    assert!(header.contains(&format!("<{}>; rel=\"self\"", doc.address(".json"))), "{header}");
    assert!(header.contains("; rel=\"hub\""), "{header}");
    let alone = FeedDoc { hub: None, ..doc };
    assert!(!alone.link_header(".rss").contains("hub"), "no hub");
}

#[test]
fn a_list_of_feeds_names_each_once_and_the_regions_in_a_group() {
    let bytes = opml::feeds(&site(), at(0));
    let text = String::from_utf8(bytes).unwrap();
    let doc = Document::parse(&text).unwrap();
    let outlines: Vec<_> = doc.descendants().filter(|node| node.has_tag_name("outline")).collect();
    let feeds: Vec<_> = outlines.iter().filter_map(|node| node.attribute("xmlUrl")).collect();
    assert_eq!(feeds.len(), 37);
    assert!(feeds.contains(&"https://news.example/a'b/henan.atom"));
    for outline in outlines.iter().filter(|node| node.attribute("xmlUrl").is_some()) {
        assert_eq!(outline.attribute("type"), Some("rss"));
        assert!(outline.attribute("text").is_some_and(|text| !text.is_empty()));
    }
    let group = outlines.iter().find(|node| node.attribute("xmlUrl").is_none()).unwrap();
    assert_eq!(group.children().filter(Node::is_element).count(), 35);
}

#[test]
fn schedules_are_told_in_minutes_and_in_words() {
    let cases = [
        (Some(1), Some(("1", "hourly", "60"))),
        (Some(20), Some(("20", "hourly", "3"))),
        (Some(60), Some(("60", "hourly", "1"))),
        (Some(90), Some(("90", "daily", "16"))),
        (Some(1440), Some(("1440", "daily", "1"))),
        (Some(2880), Some(("2880", "weekly", "3"))),
        (Some(100_000), Some(("100000", "weekly", "1"))),
        (Some(0), None),
        (None, None),
    ];
    for (ttl_minutes, wanted) in cases {
        let text = String::from_utf8(written(".rss", &FeedDoc { ttl_minutes, ..nasty() })).unwrap();
        let doc = Document::parse(&text).unwrap();
        let of = |name: &str| {
            let node = doc.descendants().find(|node| node.tag_name().name() == name);
            node.and_then(|node| node.text())
        };
        let found = of("ttl").zip(of("updatePeriod")).zip(of("updateFrequency"));
        assert_eq!(found.map(|((ttl, period), n)| (ttl, period, n)), wanted, "{ttl_minutes:?}");
    }
}

#[test]
fn the_shortest_schedule_that_reaches_a_feed_is_its_own() {
    let polled = |minutes, region| Polled { minutes, region };
    let region = |id| vec![RegionId::new(id)];
    let mut site = site();
    site.polled = [
        (SourceId::new("fixed"), polled(30, RegionRule::Fixed(region("henan")))),
        (SourceId::new("routed"), polled(60, RegionRule::Routed(region("xinjiang")))),
        (SourceId::new("auto"), polled(90, RegionRule::Auto)),
    ]
    .into();
    let cases = [
        ("all", FeedKey::All, Some(30)),
        ("a region of its own", FeedKey::Region(RegionId::new("henan")), Some(30)),
        ("a region that titles may name", FeedKey::Region(RegionId::new("anhui")), Some(60)),
        ("what has no region", FeedKey::National, Some(90)),
        ("a source", FeedKey::Source(SourceId::new("routed")), Some(60)),
        ("a source that is not polled", FeedKey::Source(SourceId::new("off")), None),
    ];
    for (name, feed, minutes) in cases {
        assert_eq!(site.minutes(&feed), minutes, "{name}");
    }
}

/// An entry as a format tells it: id, title, page, published, updated.
type Told = (String, String, Option<String>, i64, i64);

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<String> {
    let found = node.children().find(|child| child.tag_name().name() == name);
    found.map(|found| found.text().unwrap_or_default().to_owned())
}

fn seconds(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text)).unwrap().timestamp()
}

fn of_atom(bytes: Vec<u8>) -> Vec<Told> {
    let text = String::from_utf8(bytes).unwrap();
    let doc = Document::parse(&text).unwrap();
    let entries = doc.root_element().children().filter(|node| node.has_tag_name("entry"));
    let told = entries.map(|entry| {
        let alternate = |node: &Node<'_, '_>| node.attribute("rel") == Some("alternate");
        let page =
            entry.children().find(alternate).and_then(|link| link.attribute("href")).map(str::to_owned);
        let of = |name| child(entry, name).unwrap();
        (of("id"), of("title"), page, seconds(&of("published")), seconds(&of("updated")))
    });
    told.collect()
}

fn of_rss(bytes: Vec<u8>) -> Vec<Told> {
    let text = String::from_utf8(bytes).unwrap();
    let doc = Document::parse(&text).unwrap();
    let items = doc.descendants().filter(|node| node.has_tag_name("item"));
    let told = items.map(|item| {
        let of = |name| child(item, name).unwrap();
        (of("guid"), of("title"), child(item, "link"), seconds(&of("pubDate")), seconds(&of("modified")))
    });
    told.collect()
}

fn of_json(bytes: &[u8]) -> Vec<Told> {
    let doc: Value = serde_json::from_slice(bytes).unwrap();
    let told = doc["items"].as_array().unwrap().iter().map(|item| {
        let of = |name: &str| item[name].as_str().unwrap().to_owned();
        let page = item["url"].as_str().map(str::to_owned);
        assert!(item["content_text"].is_string() != item["content_html"].is_string(), "one of the two");
        (of("id"), of("title"), page, seconds(&of("date_published")), seconds(&of("date_modified")))
    });
    told.collect()
}

fn any_entry() -> impl Strategy<Value = EntryDoc> {
    let text = || proptest::string::string_regex("(?s).{0,20}").unwrap();
    (text(), text(), proptest::option::of(text()), 0..1_000_000_i64, 0..1000_i64, any::<bool>()).prop_map(
        |(title, name, summary, n, later, nasty)| {
            let mut entry = if nasty { nasty_entry() } else { plain_entry(n, &title) };
            entry.id = format!("urn:entry:{n}");
            entry.title = title;
            entry.authors = vec![person(&name)];
            entry.source = source(&name);
            entry.links[0].href = format!("https://paper.example/?q={name}");
            entry.summary = summary;
            entry.published = at(n);
            entry.updated = at(n) + TimeDelta::seconds(later);
            entry
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_format_is_well_formed_and_tells_the_same(entries in prop::collection::vec(any_entry(), 0..6)) {
        let legal = |text: &str| xml_legal(text).into_owned();
        let wanted: Vec<Told> = entries
            .iter()
            .map(|e| {
                let page = Some(legal(&e.links[0].href));
                (e.id.clone(), legal(&e.title), page, e.published.timestamp(), e.updated.timestamp())
            })
            .collect();
        let doc = feed_of(entries);
        prop_assert_eq!(&of_json(&written(".json", &doc)), &wanted);
        // Parsers of XML make one blank of every kind of them in attributes, and one line end of all
        // kinds in texts.
        let blank = |told: Vec<Told>| -> Vec<Told> {
            let one = |text: String| text.replace("\r\n", " ").replace(['\r', '\n', '\t'], " ");
            told.into_iter().map(|(id, title, page, p, u)| (id, one(title), page.map(one), p, u)).collect()
        };
        let wanted = blank(wanted);
        prop_assert_eq!(&blank(of_atom(written(".atom", &doc))), &wanted);
        prop_assert_eq!(&blank(of_rss(written(".rss", &doc))), &wanted);
        prop_assert_eq!(&blank(of_atom(written(".atom", &archive(doc.clone())))), &wanted);
        prop_assert!(String::from_utf8(written("/", &doc)).is_ok());
    }
}

#[test]
fn every_form_names_its_own_address() {
    let doc = nasty();
    assert_eq!(doc.address(".rss"), "https://news.example/a'b/henan.rss");
    let text = String::from_utf8(written(".rss", &doc)).unwrap();
    let rss = Document::parse(&text).unwrap();
    let own = rss.descendants().find(|node| node.attribute("rel") == Some("self")).unwrap();
    assert_eq!(own.attribute("href"), Some("https://news.example/a'b/henan.rss"));
    let json: Value = serde_json::from_slice(&written(".json", &doc)).unwrap();
    assert_eq!(json["feed_url"], "https://news.example/a'b/henan.json");
}
