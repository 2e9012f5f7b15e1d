//! Lists as OPML 2.0 (opml.org/spec2.opml): the feeds of this instance, to subscribe to all of them at once, and
//! its sources.

use super::rss;
use super::site::{FEED_ENDING, PAGE_ENDING, Site};
use super::xml::Writer;
use crate::model::feed_key::FeedKey;
use crate::model::region::RegionId;
use crate::model::source::RegionRule;
use crate::model::state::SourceState;
use crate::model::time::Time;
use crate::read::link::{self, is_republished};

/// The media type of [`feeds`] and [`sources`]: the one the specification names. None is registered;
/// with `application/xml` a browser would show the tree instead of handing it to a reader.
pub const MEDIA_TYPE: &str = "text/x-opml; charset=utf-8";

/// The feeds that every instance has, the regions in a group of their own.
pub fn feeds(site: &Site, changed: Time) -> Vec<u8> {
    let mut xml = head("邸报", changed);
    let outline = |xml: &mut Writer, feed: &FeedKey| {
        let address = |ending: &str| format!("{}/{}{ending}", site.public_url, Site::path(feed));
        let title = format!("邸报：{}", site.name(feed));
        one(xml, &title, &address(FEED_ENDING), Some(&address(PAGE_ENDING)));
    };
    let (regions, whole): (Vec<_>, Vec<_>) =
        site.standing().partition(|feed| matches!(feed, FeedKey::Region(_)));
    for feed in &whole {
        outline(&mut xml, feed);
    }
    xml.open("outline", &[("text", "各地"), ("title", "各地")]);
    for feed in &regions {
        outline(&mut xml, feed);
    }
    xml.finish()
}

/// The sources of this instance, at their own addresses; if that is no feed or holds a key, at their feed here.
pub fn sources<'a>(
    site: &Site,
    sources: impl IntoIterator<Item = &'a SourceState>,
    changed: Time,
) -> Vec<u8> {
    let mut xml = head("邸报的来源", changed);
    for source in sources {
        let is_said = |home: &&str| is_republished(home) && !link::is_keyed(home);
        let home = source.facts.home.as_deref().filter(is_said);
        one(&mut xml, source.title(), &site.feed_address(&source.def), home);
    }
    xml.finish()
}

/// The sources in folders of their regions, which `dibao import` reads again. One of several regions stands in the
/// folder of each.
pub fn export(site: &Site, sources: &[SourceState], changed: Time) -> Vec<u8> {
    let mut xml = head("邸报的来源", changed);
    let outline = |xml: &mut Writer, source: &SourceState| {
        one(xml, source.title(), &site.feed_address(&source.def), None);
    };
    sources.iter().filter(|source| regions(source).is_empty()).for_each(|source| outline(&mut xml, source));
    for region in site.regions.iter() {
        let mut inside = sources.iter().filter(|source| regions(source).contains(&region.id)).peekable();
        if inside.peek().is_some() {
            xml.open("outline", &[("text", &region.name), ("title", &region.name)]);
            inside.for_each(|source| outline(&mut xml, source));
            xml.close();
        }
    }
    xml.finish()
}

/// The regions of all entries of a source.
fn regions(source: &SourceState) -> &[RegionId] {
    match &source.def.region {
        RegionRule::Auto => &[],
        RegionRule::Fixed(ids) | RegionRule::Routed(ids) => ids,
    }
}

fn head(title: &str, changed: Time) -> Writer {
    let mut xml = Writer::new();
    xml.open("opml", &[("version", "2.0")]);
    xml.open("head", &[]);
    xml.text("title", &[], title);
    xml.text("dateModified", &[], &rss::date(changed));
    xml.text("docs", &[], "http://opml.org/spec2.opml");
    xml.close();
    xml.open("body", &[]);
    xml
}

/// `type` is `rss` for feeds of every format.
fn one(xml: &mut Writer, title: &str, feed: &str, page: Option<&str>) {
    let mut attributes = vec![("text", title), ("title", title), ("type", "rss"), ("xmlUrl", feed)];
    attributes.extend(page.map(|page| ("htmlUrl", page)));
    xml.empty("outline", &attributes);
}
