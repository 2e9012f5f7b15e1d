//! Views and their paths.

use chrono::NaiveDate;

use crate::model::entry_key::EntryKey;
use crate::model::feed_key::FeedKey;
use crate::model::month::Month;
use crate::model::region::RegionTable;
use crate::model::source::{SourceId, is_slug};
use crate::search::request::Request;
use crate::serve::Share;
use crate::views::document::search::PATH;
use crate::views::format::Format;
use crate::views::formats;
use crate::views::formats::{FORMATS, PAGE};
use crate::views::html::assets::Asset;
use crate::views::html::lang::Tongue;
use crate::views::opensearch;
use crate::views::robots;
use crate::views::site::{FEED_ENDING, Site};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum ViewKey {
    Page(PageKey, Tongue),
    Asset(&'static Asset),
    Feeds,
    Sources,
    Feed(FeedKey, &'static Format),
    Archive(FeedKey, Month),
    Search(Box<Request>, Output),
    /// The description of the search for browsers.
    OpenSearch,
    /// The rules for crawlers.
    Robots,
}

/// The form of an answer to a search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Output {
    Page(Tongue),
    Feed(&'static Format),
}

/// A page for people.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum PageKey {
    Home,
    Feed(FeedKey),
    /// The entries that surfaced in a feed on a day of the zone.
    Day(FeedKey, NaiveDate),
    /// The days of a month on which something surfaced in a feed.
    Month(FeedKey, Month),
    Entry(EntryKey),
}

impl ViewKey {
    /// The view at a path. Its source or month may be unknown.
    pub(super) fn parse(path: &str, regions: &RegionTable) -> Option<Self> {
        if let Some((request, output)) = search(path, regions) {
            return Some(Self::Search(Box::new(request), output));
        }
        if let (bare, Some(tongue)) = Tongue::split(path)
            && let Some(page) = PageKey::parse(bare, regions)
        {
            return Some(Self::Page(page, tongue));
        }
        if let Some(asset) = Asset::at(path) {
            return Some(Self::Asset(asset));
        }
        match path {
            "feeds.opml" => return Some(Self::Feeds),
            "sources.opml" => return Some(Self::Sources),
            opensearch::PATH => return Some(Self::OpenSearch),
            robots::PATH => return Some(Self::Robots),
            _ => {}
        }
        if let Some((name, month)) = path.strip_suffix(FEED_ENDING).and_then(|p| p.rsplit_once("/archive/")) {
            return Some(Self::Archive(feed(name, regions)?, Month::parse(month)?));
        }
        let (name, format) = formats::split(path).filter(|(_, format)| *format != PAGE)?;
        Some(Self::Feed(feed(name, regions)?, format))
    }

    pub(super) fn path(&self) -> String {
        match self {
            Self::Page(page, tongue) => tongue.at(&page.path()).into_owned(),
            Self::Asset(asset) => asset.path.clone(),
            Self::Feeds => "feeds.opml".to_owned(),
            Self::Sources => "sources.opml".to_owned(),
            Self::Feed(feed, format) => format!("{}{}", Site::path(feed), format.ending),
            Self::Archive(feed, month) => Site::archive_path(feed, *month),
            Self::Search(request, Output::Page(tongue)) => with_query(&tongue.at(PATH), &request.address()),
            Self::Search(request, Output::Feed(format)) => {
                with_query(&format!("{PATH}{}", format.ending), &request.address())
            }
            Self::OpenSearch => opensearch::PATH.to_owned(),
            Self::Robots => robots::PATH.to_owned(),
        }
    }

    /// The feed that it shows, or a part of it.
    pub(super) fn feed(&self) -> Option<&FeedKey> {
        match self {
            Self::Page(page, _) => page.feed(),
            Self::Feed(feed, _) | Self::Archive(feed, _) => Some(feed),
            Self::Asset(_)
            | Self::Feeds
            | Self::Sources
            | Self::Search(..)
            | Self::OpenSearch
            | Self::Robots => None,
        }
    }

    /// True for the page of a day, a month or an entry.
    pub(super) fn is_of_the_past(&self) -> bool {
        matches!(self, Self::Page(PageKey::Day(..) | PageKey::Month(..) | PageKey::Entry(_), _))
    }

    /// True if the query of an address is a part of the path of this view.
    pub(super) fn takes_query(path: &str) -> bool {
        path == PATH || search_feed(path).is_some()
    }

    /// True if clients ask for it all the time, so that it stays in memory.
    pub(super) fn stands(&self) -> bool {
        match self {
            Self::Page(PageKey::Home, _)
            | Self::Feeds
            | Self::Sources
            | Self::Asset(_)
            | Self::OpenSearch
            | Self::Robots => true,
            Self::Feed(feed, _) => !matches!(feed, FeedKey::Source(_)),
            Self::Page(PageKey::Feed(feed), tongue) => !tongue.kept && !matches!(feed, FeedKey::Source(_)),
            Self::Page(..) | Self::Archive(..) | Self::Search(..) => false,
        }
    }

    /// The share that it is rendered with.
    pub(super) fn share(&self) -> Share {
        match self {
            Self::Search(..) => Share::Search,
            view if view.stands() => Share::Common,
            Self::Page(..) => Share::RarePage,
            _ => Share::RareFeed,
        }
    }
}

impl PageKey {
    /// The page at a path without a language.
    fn parse(path: &str, regions: &RegionTable) -> Option<Self> {
        if path.is_empty() {
            return Some(Self::Home);
        }
        if let Some(key) = path.strip_prefix("entry/") {
            return Some(Self::Entry(EntryKey::parse(key)?));
        }
        let path = path.strip_suffix(PAGE.ending)?;
        if let Some((name, date)) = path.rsplit_once('/')
            && let Some(feed) = feed(name, regions)
        {
            let month = || Some(Self::Month(feed.clone(), Month::parse(date)?));
            return month().or_else(|| Some(Self::Day(feed.clone(), day(date)?)));
        }
        Some(Self::Feed(feed(path, regions)?))
    }

    /// The feed whose entries it shows, if it is of one.
    pub(super) fn feed(&self) -> Option<&FeedKey> {
        match self {
            Self::Home | Self::Entry(_) => None,
            Self::Feed(feed) | Self::Day(feed, _) | Self::Month(feed, _) => Some(feed),
        }
    }

    fn path(&self) -> String {
        match self {
            Self::Home => String::new(),
            Self::Feed(feed) => format!("{}{}", Site::path(feed), PAGE.ending),
            Self::Day(feed, day) => format!("{}/{day}{}", Site::path(feed), PAGE.ending),
            Self::Month(feed, month) => format!("{}/{month}{}", Site::path(feed), PAGE.ending),
            Self::Entry(key) => format!("entry/{key}"),
        }
    }
}

/// A day of the common era, in the one spelling that addresses have: `2026-11-30`.
fn day(text: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (day.to_string() == text && text.len() == "2026-11-30".len()).then_some(day)
}

/// The search at a path: `search?q=…`, `search?en&q=…`, `search.atom?q=…`.
fn search(path: &str, regions: &RegionTable) -> Option<(Request, Output)> {
    let (bare, query) = path.split_once('?').unwrap_or((path, ""));
    if let Some(format) = search_feed(bare) {
        return Some((Request::read(query, regions).as_feed(), Output::Feed(format)));
    }
    let first = query.split('&').next().unwrap_or_default();
    let tongue = match Tongue::split(&format!("{PATH}?{first}")) {
        (_, Some(tongue)) => tongue,
        _ => Tongue::default(),
    };
    (bare == PATH).then(|| (Request::read(query, regions), Output::Page(tongue)))
}

/// The format of a search's feed at a path without a query.
fn search_feed(path: &str) -> Option<&'static Format> {
    let ending = path.strip_prefix(PATH)?;
    FORMATS.iter().find(|format| format.is_feed && format.ending == ending)
}

/// A path with the parameters of an address. The path of a page may have its language already.
pub(super) fn with_query(path: &str, query: &str) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    format!("{path}{separator}{query}")
}

fn feed(name: &str, regions: &RegionTable) -> Option<FeedKey> {
    match name {
        "all" => Some(FeedKey::All),
        "national" => Some(FeedKey::National),
        _ => match name.strip_prefix("source/") {
            Some(id) => is_slug(id).then(|| FeedKey::Source(SourceId::new(id))),
            None => regions.get(name).map(|region| FeedKey::Region(region.id.clone())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Asset, ViewKey};
    use crate::model::region::RegionTable;

    #[test]
    fn a_path_names_the_view_that_has_it() {
        let regions = RegionTable::builtin();
        for path in [
            "",
            "feeds.opml",
            "robots.txt",
            "sources.opml",
            "all.atom",
            "national.rss",
            "henan.json",
            "henan/",
            "?en",
            "henan/?lang=zh",
            "henan/2026-11-30/",
            "all/2026-11/?en",
            "source/2026-11/2026-11-30/",
            "source/2026-11/",
            "entry/00112233445566778899aabbccdd?lang=en",
            &Asset::all().next().expect("there is a stylesheet").path,
            "source/paper-1.atom",
            "source/paper-1/",
            "henan/archive/2026-11.atom",
            "source/paper-1/archive/2026-11.atom",
        ] {
            let key = ViewKey::parse(path, &regions).expect(path);
            assert_eq!(key.path(), path);
        }
    }

    #[test]
    fn other_paths_name_none() {
        let regions = RegionTable::builtin();
        for path in [
            "henan",
            "henan.xml",
            "nowhere.atom",
            "/henan.atom",
            "henan//",
            "henan/?",
            "henan/2026-11-31/",
            "henan/2026-11-3/",
            "henan/2026-13/",
            "henan/2026-11-30",
            "henan/2026-11-30/2026-11-30/",
            "entry/00112233445566778899aabbccdd/",
            "entry/0011",
            "henan/?lang=fr",
            "henan.atom?lang=en",
            "assets/style.css",
            "source/.atom",
            "source/A.atom",
            "source/a/b.atom",
            "henan/archive/2026-11.rss",
            "henan/archive/2026-11",
            "henan/archive/2026-13.atom",
            "henan/archive/.atom",
            "archive/2026-11.atom",
            "feeds.opml/",
        ] {
            assert_eq!(ViewKey::parse(path, &regions), None, "{path}");
        }
    }
}
