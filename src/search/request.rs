//! A search as its address has it: `q=漯河+防汛&region=henan&from=2026-11-01`. Searches that ask the same have one address
//! in canonical form, by which feeds are known and answers kept.

use chrono::NaiveDate;
use url::form_urlencoded::{Serializer, parse};

use super::query::Query;
use crate::model::feed_key::FeedKey;
use crate::model::region::{RegionId, RegionTable};
use crate::model::search::{Fault, LONGEST, Order};
use crate::model::source::{SourceId, is_slug};

/// The most pages: nobody reads further, and each page is found by going through those before it.
pub const PAGES: usize = 10;

/// The characters that are kept of a value that cannot be read, to name it.
const NAMED: usize = 40;

/// Parameters that are read of an address. Forms send eight.
const PARAMETERS: usize = 20;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Request {
    /// The words, single spaces between them.
    pub q: String,
    pub region: Option<FeedKey>,
    pub source: Option<SourceId>,
    /// The first day of publication.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
    /// The language of entries, as a primary tag of BCP 47.
    pub language: Option<String>,
    pub order: Order,
    /// From 0.
    pub page: usize,
    /// Parameters that cannot be read: their names and values.
    pub unread: Vec<(&'static str, String)>,
}

impl Request {
    /// Reads the query of an address, without its question mark. Other parameters are not looked at.
    pub fn read(address: &str, regions: &RegionTable) -> Self {
        let mut request = Self::default();
        for (name, value) in parse(address.as_bytes()).take(PARAMETERS) {
            let value = value.trim();
            if !value.is_empty() {
                request.take(&name, value, regions);
            }
        }
        request
    }

    fn take(&mut self, name: &str, value: &str, regions: &RegionTable) {
        let read = match name {
            "q" => {
                self.q = spaced(value);
                Ok(())
            }
            "region" => region(value, regions).map(|region| self.region = region).ok_or("region"),
            "source" => is_slug(value).then(|| self.source = Some(SourceId::new(value))).ok_or("source"),
            "from" => day(value).map(|day| self.from = Some(day)).ok_or("from"),
            "to" => day(value).map(|day| self.to = Some(day)).ok_or("to"),
            "language" => language(value).map(|tag| self.language = Some(tag)).ok_or("language"),
            "sort" => order(value).map(|order| self.order = order).ok_or("sort"),
            "page" => page(value).map(|page| self.page = page).ok_or("page"),
            _ => Ok(()),
        };
        if let Err(name) = read
            && self.unread.iter().all(|(other, _)| *other != name)
        {
            self.unread.push((name, value.chars().take(NAMED).collect()));
        }
    }

    /// The query of its address in canonical form: by it, [`Request::read`] gives an equal one.
    pub fn address(&self) -> String {
        let mut pairs = Serializer::new(String::new());
        pairs.append_pair("q", &self.q);
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                pairs.append_pair(name, &value);
            }
        };
        put("region", self.region.as_ref().map(name_of));
        put("source", self.source.as_ref().map(ToString::to_string));
        put("from", self.from.map(|day| day.to_string()));
        put("to", self.to.map(|day| day.to_string()));
        put("language", self.language.clone());
        put("sort", (self.order == Order::Relevance).then(|| "relevance".to_owned()));
        put("page", (self.page > 0).then(|| (self.page + 1).to_string()));
        for (name, value) in &self.unread {
            put(name, Some(value.clone()));
        }
        pairs.finish()
    }

    /// The same search as a feed: its entries are in the order of feeds, on one page.
    #[must_use]
    pub fn as_feed(&self) -> Self {
        Self { order: Order::Time, page: 0, ..self.clone() }
    }

    /// The feed whose rules say which entries are shown.
    pub fn scope(&self) -> FeedKey {
        let source = self.source.clone().map(FeedKey::Source);
        source.or_else(|| self.region.clone()).unwrap_or(FeedKey::All)
    }

    /// The query, with the faults of the whole request.
    pub fn query(&self) -> Query {
        let mut query = Query::parse(&self.q);
        let unread = self.unread.iter();
        query.faults.extend(unread.map(|(name, value)| Fault::Parameter { name, value: value.clone() }));
        if self.from.zip(self.to).is_some_and(|(from, to)| to < from) {
            query.faults.push(Fault::DaysReversed);
        }
        query
    }
}

/// Single spaces between the words, and no more than a query may have. One character more shows that there was more.
fn spaced(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    words.join(" ").chars().take(LONGEST + 1).collect()
}

/// The region of a name; `Some(None)` for all of them.
#[expect(clippy::option_option, reason = "no region and no such region are two answers")]
fn region(value: &str, regions: &RegionTable) -> Option<Option<FeedKey>> {
    match value {
        "all" => Some(None),
        "national" => Some(Some(FeedKey::National)),
        id => regions.get(id).map(|region| Some(FeedKey::Region(region.id.clone()))),
    }
}

fn name_of(region: &FeedKey) -> String {
    match region {
        FeedKey::All => "all".to_owned(),
        FeedKey::National => "national".to_owned(),
        FeedKey::Region(id) => RegionId::to_string(id),
        FeedKey::Source(id) => id.to_string(),
    }
}

/// `2026-11-30`.
fn day(value: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(value, "%Y-%m-%d").ok()?;
    (day.to_string() == value).then_some(day)
}

/// The primary part of a tag of BCP 47, in lower case: `zh` of `zh-Hans`.
pub fn language(value: &str) -> Option<String> {
    let primary = value.split(['-', '_']).next().unwrap_or_default();
    let is_tag = (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_alphabetic());
    is_tag.then(|| primary.to_ascii_lowercase())
}

fn order(value: &str) -> Option<Order> {
    match value {
        "time" => Some(Order::Time),
        "relevance" => Some(Order::Relevance),
        _ => None,
    }
}

/// A number from 1, as one from 0.
fn page(value: &str) -> Option<usize> {
    value.parse().ok().filter(|page| (1..=PAGES).contains(page)).map(|page: usize| page - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(address: &str) -> Request {
        Request::read(address, &RegionTable::builtin())
    }

    #[test]
    fn searches_that_ask_the_same_have_one_address() {
        let cases = [
            ("q=a", "q=a"),
            ("q=++a++b+&page=1&sort=time&utm_source=x&lang=en&region=all&source=", "q=a+b"),
            ("region=henan&q=%E6%BC%AF%E6%B2%B3", "q=%E6%BC%AF%E6%B2%B3&region=henan"),
            ("q=漯河&page=3&sort=relevance", "q=%E6%BC%AF%E6%B2%B3&sort=relevance&page=3"),
            (
                "to=2026-11-30&from=2026-11-01&q=a&language=zh-Hans",
                "q=a&from=2026-11-01&to=2026-11-30&language=zh",
            ),
            ("region=national&source=a-1&q=a", "q=a&region=national&source=a-1"),
            ("", "q="),
        ];
        for (given, canonical) in cases {
            assert_eq!(read(given).address(), canonical, "{given}");
            assert_eq!(read(canonical), read(given), "{given}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let request =
            read("q=a&region=nowhere&page=11&from=2026-02-30&source=A&sort=x&to=2026-11-1&language=1");
        let names: Vec<_> = request.unread.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["region", "page", "from", "source", "sort", "to", "language"]);
        assert_eq!(read(&request.address()), Request { unread: request.unread.clone(), ..read("q=a") });
        let faults = request.query().faults;
        assert_eq!(faults[0].to_string(), "region: \"nowhere\" is not known");
        assert_eq!(read("q=a&from=2026-11-02&to=2026-11-01").query().faults, [Fault::DaysReversed]);
        assert_eq!(read(&format!("q={}", "a".repeat(500))).query().faults, [Fault::TooLong]);
    }

    proptest! {
        #[test]
        fn every_address_is_a_search_with_a_canonical_one(address in "(q=|&|sort=|page=|region=|from=|%[0-9a-f]{2}|\\PC){0,40}") {
            let request = read(&address);
            prop_assert_eq!(&read(&request.address()), &request);
            prop_assert!(request.address().len() < 2048);
        }
    }
}
