//! Pages of invented documents.

use chrono::NaiveDate;

use super::lang::{Lang, Tongue};
use super::{FeedPage, Row, feed, home};
use crate::model::feed_key::FeedKey;
use crate::model::region::RegionId;
use crate::views::document::FeedDoc;
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
