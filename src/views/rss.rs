//! A feed as RSS 2.0 (the RSS Advisory Board's specification and best-practices profile).

use super::document::{EntryDoc, FeedDoc};
use super::format::Rendering;
use super::site::PAGE_ENDING;
use super::xml::Writer;
use crate::model::time::{Time, rfc3339};
use crate::read::text::escape;

/// The media type of [`render`]'s bytes. Not registered, but what every reader and validator expects.
pub const MEDIA_TYPE: &str = "application/rss+xml; charset=utf-8";

const NAMESPACES: [(&str, &str); 6] = [
    ("version", "2.0"),
    ("xmlns:atom", "http://www.w3.org/2005/Atom"),
    ("xmlns:content", "http://purl.org/rss/1.0/modules/content/"),
    ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
    ("xmlns:dcterms", "http://purl.org/dc/terms/"),
    ("xmlns:sy", "http://purl.org/rss/1.0/modules/syndication/"),
];

pub fn render(rendering: &Rendering<'_>) -> Vec<u8> {
    let doc = rendering.doc;
    let mut xml = Writer::new();
    xml.open("rss", &NAMESPACES);
    xml.open("channel", &[]);
    xml.text("title", &[], &doc.title);
    xml.text("link", &[], &doc.address(PAGE_ENDING));
    // Required, and there is no more to say of a feed than what its title says.
    xml.text("description", &[], &doc.title);
    xml.text("language", &[], "zh");
    xml.maybe("copyright", doc.rights.as_deref());
    xml.text("lastBuildDate", &[], &date(doc.updated));
    xml.text("generator", &[], concat!("dibao ", env!("CARGO_PKG_VERSION")));
    xml.text("docs", &[], "https://www.rssboard.org/rss-specification");
    schedule(&mut xml, doc);
    let media_type = rendering.format.bare_type();
    xml.empty("atom:link", &[("rel", "self"), ("type", media_type), ("href", &rendering.address())]);
    if let Some(hub) = &doc.hub {
        xml.empty("atom:link", &[("rel", "hub"), ("href", hub)]);
    }
    for entry in &doc.entries {
        item(&mut xml, entry);
    }
    xml.finish()
}

/// `ttl` in minutes, and the same in the words of the syndication module: so and so often an hour, a
/// day or a week.
fn schedule(xml: &mut Writer, doc: &FeedDoc) {
    let Some(minutes) = doc.ttl_minutes.filter(|minutes| *minutes > 0) else { return };
    xml.text("ttl", &[], &minutes.to_string());
    let (period, whole) = match minutes {
        0..=60 => ("hourly", 60),
        61..=1440 => ("daily", 1440),
        _ => ("weekly", 10_080),
    };
    xml.text("sy:updatePeriod", &[], period);
    xml.text("sy:updateFrequency", &[], &(whole / minutes).max(1).to_string());
}

fn item(xml: &mut Writer, entry: &EntryDoc) {
    xml.open("item", &[]);
    xml.text("title", &[], &entry.title);
    let page = entry.links.iter().find(|link| link.rel == "alternate");
    xml.maybe("link", page.map(|link| link.href.as_str()));
    xml.text("guid", &[("isPermaLink", "false")], &entry.id);
    xml.text("pubDate", &[], &date(entry.published));
    // RSS has one date only; this is the one that the Dublin Core terms have for a change.
    xml.text("dcterms:modified", &[], &rfc3339(entry.updated));
    // `author` must be an e-mail address, which publishers seldom give, and one besides it would say
    // the same twice.
    for author in &entry.authors {
        xml.text("dc:creator", &[], &author.name);
    }
    for contributor in &entry.contributors {
        xml.text("dc:contributor", &[], &contributor.name);
    }
    // HTML within XML: a plain text is escaped once for each.
    xml.maybe("description", entry.counted_summary().as_deref().map(escape).as_deref());
    xml.maybe("content:encoded", entry.content.as_deref());
    for category in &entry.categories {
        let name = category.label.as_deref().unwrap_or(&category.term);
        match &category.scheme {
            Some(scheme) => xml.text("category", &[("domain", scheme)], name),
            None => xml.text("category", &[], name),
        }
    }
    enclosure(xml, entry);
    for link in entry.links.iter().filter(|link| link.rel == "related") {
        let title = link.title.as_deref().unwrap_or_default();
        xml.empty("atom:link", &[("rel", "related"), ("href", &link.href), ("title", title)]);
    }
    xml.maybe("dc:rights", entry.rights.as_deref());
    xml.maybe("dc:language", entry.language.as_deref());
    xml.text("source", &[("url", &entry.source.self_url)], &entry.source.title);
    xml.close();
}

/// The first one: more than one are read differently by every reader. All three attributes are
/// required; the profile says 0 where the length is not known.
fn enclosure(xml: &mut Writer, entry: &EntryDoc) {
    let of_http = |href: &str| href.starts_with("http://") || href.starts_with("https://");
    let first = entry.links.iter().find(|link| link.rel == "enclosure" && of_http(&link.href));
    if let Some(link) = first {
        let length = link.length.unwrap_or(0).to_string();
        let media_type = link.media_type.as_deref().unwrap_or("application/octet-stream");
        xml.empty("enclosure", &[("url", &link.href), ("length", &length), ("type", media_type)]);
    }
}

/// RFC 822 with a year of four digits, as RSS asks for. Names of days and months are English in it.
pub(super) fn date(time: Time) -> String {
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
