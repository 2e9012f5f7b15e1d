//! Pages of invented documents.

use chrono::NaiveDate;

use super::lang::{Lang, Tongue};
use super::{EntryPage, FeedPage, Row, entry, feed, home};
use crate::model::entry::ParsedEntry;
use crate::model::feed_key::FeedKey;
use crate::model::region::RegionId;
use crate::model::source::SourceId;
use crate::model::stored::Entry;
use crate::model::story::Reason;
use crate::views::document::{EntryDoc, FeedDoc, Related};
use crate::views::site::Site;
use crate::views::tests::{at, feed_of, nasty, plain_entry, site};

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8")
}

fn henan() -> FeedKey {
    FeedKey::Region(RegionId::new("henan"))
}

/// The page of a feed's document.
fn page_of(site: &Site, tongue: Tongue, doc: &FeedDoc) -> String {
    text(feed(site, tongue, &FeedPage { feed: &henan(), doc, months: &doc.issues.all }))
}

fn shown(doc: &FeedDoc) -> String {
    page_of(&site(), Tongue::default(), doc)
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 23).expect("a date")
}

fn row(region: &str, today: bool) -> Row {
    Row { feed: FeedKey::Region(RegionId::new(region)), today }
}

#[test]
fn a_headline_says_its_language_and_finds_its_direction() {
    let mut doc = nasty();
    doc.entries.truncate(1);
    doc.entries[0].language = Some("ug".to_owned());
    doc.entries[0].title = "شىنجاڭ".to_owned();
    let page = shown(&doc);
    assert!(page.contains("<p class=\"headline\" lang=\"ug\" dir=\"auto\">"), "{page}");
    doc.entries[0].language = None;
    let page = shown(&doc);
    assert!(page.contains("<p class=\"headline\" dir=\"auto\">"), "{page}");
}

#[test]
fn the_page_at_the_root_links_below_the_path_it_is_published_under() {
    let site = Site { public_url: "https://news.example/news".to_owned(), ..site() };
    let rows = [row("henan", true), row("hubei", false)];
    let page = text(home(&site, Tongue::default(), today(), &rows, &nasty()));
    for link in [
        "<a href=\"/news/henan/\">河南</a>",
        "<a class=\"quiet\" href=\"/news/hubei/\">湖北</a>",
        "href=\"/news/henan.atom\"",
        "href=\"/news/feeds.opml\"",
        "href=\"/news/sources.opml\"",
        "href=\"/news/all/\"",
        "href=\"/news/source/paper/\"",
    ] {
        assert!(page.contains(link), "{link}");
    }
    assert!(!page.contains("<script>"), "what publishers write is text");
}

#[test]
fn a_link_that_is_a_script_is_no_link_of_a_page() {
    let mut entry = plain_entry(1, "标题");
    entry.links[0].href = "javascript:alert(1)".to_owned();
    let page = shown(&feed_of(vec![entry]));
    assert!(page.contains("标题") && !page.contains("javascript:"));
}

#[test]
fn headlines_stand_under_the_days_of_the_zone() {
    // 16:00 UTC is midnight in Shanghai.
    let mut late = plain_entry(16 * 3600 - 1, "早");
    late.published = at(-86_400 * 2);
    let page = shown(&feed_of(vec![plain_entry(16 * 3600, "晚"), late]));
    let order = ["11月24日</time>", ">00:00</time>", "11月23日</time>", "11-21 </span>08:00</time>"];
    let places: Vec<_> = order.iter().map(|part| page.find(part).expect(part)).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn the_links_of_a_page_keep_the_language_that_its_address_asks_for() {
    let in_english = |kept| page_of(&site(), Tongue { lang: Lang::En, kept }, &nasty());
    let (kept, negotiated) = (in_english(true), in_english(false));
    for page in [&kept, &negotiated] {
        assert!(
            page.contains("<html lang=\"en\">") && page.contains("<h1 dir=\"auto\">Henan</h1>"),
            "{page}"
        );
        assert!(page.contains("href=\"/a'b/henan.atom\""), "a feed has no language: {page}");
        assert!(page.contains("href=\"/a'b/henan/?lang=zh\""), "a switch: {page}");
    }
    assert!(
        kept.contains("href=\"/a'b/source/paper/?lang=en\"") && kept.contains("name=\"lang\" value=\"en\"")
    );
    assert!(negotiated.contains("href=\"/a'b/source/paper/\"") && !negotiated.contains("name=\"lang\""));
}

#[test]
fn a_site_without_search_has_no_search_box() {
    let without = Site { search: false, ..site() };
    let page = |site: &Site| page_of(site, Tongue::default(), &nasty());
    assert!(page(&site()).contains("action=\"/a'b/search\""));
    assert!(!page(&without).contains("<form"));
}

fn stored() -> Entry {
    let json = serde_json::json!({
        "id": "urn:entry:1", "source": "paper", "first_seen": at(100), "surfaced": at(100), "published": at(1),
        "updated": at(3600), "fingerprint": "0".repeat(32), "rewrites": 2, "keys": [], "seq": 1, "round": 1,
        "regions": [{ "region": "henan", "text": "<郑州>", "place": "title", "rule": "prefecture-short" }],
        "body": ParsedEntry::default(),
    });
    serde_json::from_value(json).expect("an entry")
}

fn entry_of(doc: &EntryDoc, lang: Lang) -> String {
    text(entry(
        &site(),
        Tongue { lang, kept: false },
        &EntryPage { doc, stored: &stored(), was: Some("旧<题>") },
    ))
}

fn report(n: i64, title: &str, reason: Option<Reason>) -> Related {
    Related {
        id: format!("urn:entry:{n}"),
        source: SourceId::new("wire"),
        outlet: "通讯社".to_owned(),
        title: title.to_owned(),
        href: format!("https://wire.example/{n}"),
        published: at(n),
        language: Some("zh-CN".to_owned()),
        reason,
    }
}

#[test]
fn what_publishers_write_neither_ends_an_element_nor_opens_one() {
    let doc = nasty();
    let page = entry_of(&doc.entries[0], Lang::Zh);
    let scripts: Vec<&str> = page.match_indices("<script").map(|(at, _)| &page[at..at + 20]).collect();
    assert_eq!(scripts, ["<script type=\"applica", "<script defer src=\"/"].map(|s| &s[..20]), "{page}");
    let data = page.split("application/ld+json\">").nth(1).and_then(|rest| rest.split("</script>").next());
    let data: serde_json::Value = serde_json::from_str(data.expect("there is some")).expect("JSON");
    assert_eq!(data["@type"], "NewsArticle");
    assert_eq!(data["datePublished"], "2026-11-23T00:00:01Z");
    assert!(data["headline"].as_str().expect("a text").contains("</title>"), "it is whole: {data}");
    assert_eq!(data["url"], "https://paper.example/1?a&b");
}

#[test]
fn the_page_of_an_entry_says_why_it_is_there_and_how_it_changed() {
    let doc = nasty();
    let zh = entry_of(&doc.entries[0], Lang::Zh);
    assert!(zh.contains("标题里有“&lt;郑州&gt;”（地市名）"), "{zh}");
    assert!(zh.contains("此后改动 2 次，最近一次在 2026-11-23 09:00。"), "{zh}");
    assert!(zh.contains("标题曾是“旧&lt;题&gt;”。"), "{zh}");
    let en = entry_of(&doc.entries[0], Lang::En);
    assert!(en.contains("its headline names &quot;&lt;郑州&gt;&quot; (a prefecture)"), "{en}");
    let nowhere = EntryDoc { regions: Vec::new(), ..doc.entries[0].clone() };
    assert!(entry_of(&nowhere, Lang::En).contains("It names no region, so it is national news."));
}

#[test]
fn the_page_of_an_entry_marks_what_other_reports_share() {
    let mut doc = plain_entry(1, "郑州地铁新线开通");
    doc.reports =
        vec![report(2, "地铁新线在郑州运营", Some(Reason::NearText { percent: 87 })), report(3, "甲", None)];
    (doc.others, doc.outlets) = (9, 3);
    let page = entry_of(&doc, Lang::Zh);
    assert!(page.contains("<mark>地铁新线</mark>在<mark>郑州</mark>运营"), "{page}");
    assert!(page.contains("正文 87% 相同") && page.contains("最先收到"), "{page}");
    assert!(page.contains("3 家报道") && page.contains("还有 7 篇。"), "{page}");
}

#[test]
fn a_text_that_may_be_published_is_shown_without_pictures_and_headings() {
    let mut doc = plain_entry(1, "标题");
    doc.content =
        Some("<h2>小标题</h2><p>正文<img src=\"https://x.example/p.png\" alt=\"图\"></p>".to_owned());
    let page = entry_of(&doc, Lang::Zh);
    assert!(page.contains("小标题<p>正文</p>"), "{page}");
    assert!(!page.contains("<img"), "{page}");
}

#[test]
fn other_reports_unfold_on_the_page_of_a_feed_and_are_counted_on_the_home_page() {
    let mut doc = feed_of(vec![plain_entry(1, "标题")]);
    doc.entries[0].reports = (2..12).map(|n| report(n, "别家", None)).collect();
    (doc.entries[0].others, doc.entries[0].outlets) = (10, 2);
    let region = shown(&doc);
    assert_eq!(region.matches("https://wire.example/").count(), 5, "{region}");
    assert!(region.contains("<summary>2 家报道</summary>") && region.contains("还有 5 篇。"), "{region}");
    let home = text(home(&site(), Tongue::default(), today(), &[row("henan", true)], &doc));
    assert!(!home.contains("<details") && home.contains(">2 家报道</a>"), "{home}");
    assert!(home.contains("多家在报"), "{home}");
    let later = today().succ_opt().expect("a day");
    let home = text(super::home(&site(), Tongue::default(), later, &[], &doc));
    assert!(!home.contains("多家在报"), "that was yesterday: {home}");
}
