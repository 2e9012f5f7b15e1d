//! What an address is, and how it would best be polled: from one exchange to a report for whoever is
//! about to write a `[[source]]`. Fetches nothing and decides nothing: it advises.

mod defects;
mod known;
mod look;
mod rhythm;
mod shown;
mod suggest;
#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono_tz::Tz;
use serde::Serialize;
use url::Url;

use crate::decide::identity::candidates;
use crate::decide::robots::Permission;
use crate::model::entry::ParsedEntry;
use crate::model::exchange::{Exchange, ResponseHead};
use crate::model::identity::{IdentityKey, KeyKind};
use crate::model::time::{Precision, Stamp, Time};
use crate::read::html;
use crate::read::link;
use crate::read::page::{Article, JsonRules, ListRules};
pub use look::{FeedLink, What};
pub use rhythm::Rhythm;
pub use shown::span;

/// Entries that a report shows.
const SHOWN: usize = 10;

/// What was fetched, and what it is looked at with.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The address that was asked for.
    pub url: &'a str,
    /// How asking ended.
    pub exchange: &'a Exchange,
    /// The zone of dates that name none.
    pub zone: Tz,
    /// When the answer was in.
    pub at: Time,
    /// How to read it.
    pub reader: Reader<'a>,
}

/// How a body is to be read.
#[derive(Clone, Copy, Debug)]
pub enum Reader<'a> {
    /// As whatever it is.
    Any,
    /// As a feed.
    Feed,
    /// As a list page.
    Page(&'a ListRules),
    /// As a JSON document.
    Json(&'a JsonRules),
}

/// What was found. Everything but `what` may be missing.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The address that was asked for.
    pub url: String,
    /// The address that answered, where redirects led elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<String>,
    /// The status of the answer, if one came.
    pub status: Option<u16>,
    /// What it is.
    pub what: What,
    /// What decided that, for a person.
    pub because: String,
    /// Its own title.
    pub title: Option<String>,
    /// Its encoding, and how that was told.
    pub encoding: Option<String>,
    /// Whether robots.txt allows it, if it was asked.
    pub robots: Option<Robots>,
    /// What the next poll can be spared by.
    pub freshness: Freshness,
    /// How many entries it has.
    pub count: usize,
    /// How often it has new ones.
    pub rhythm: Option<Rhythm>,
    /// Entries by the kind of key they are recognised by.
    pub ids: Vec<(&'static str, usize)>,
    /// What is wrong with it, and was put up with.
    pub defects: Vec<String>,
    /// The first of its entries.
    pub entries: Vec<Shown>,
    /// Feeds that the page links to.
    pub feeds: Vec<FeedLink>,
    /// One of its entries' own page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<Followed>,
    /// Whether it has been silent for longer than its own rhythm explains.
    pub silent: bool,
    /// A `[[source]]` table for it.
    pub toml: Option<String>,
}

/// What robots.txt says of the address.
#[derive(Clone, Debug, Serialize)]
pub struct Robots {
    /// Whether it may be asked for.
    pub allowed: bool,
    /// What decided.
    pub why: String,
    /// The gap it asks for, in seconds.
    pub crawl_delay: Option<f64>,
}

/// The headers that spare a poll its body.
#[derive(Clone, Debug, Default, Serialize)]
#[expect(missing_docs, reason = "each field is the header of its name")]
pub struct Freshness {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub cache_control: Option<String>,
    pub expires: Option<String>,
    pub x_robots_tag: Option<String>,
}

/// An entry as a report shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// Its date in the source's zone, to the day or to the second.
    pub date: Option<String>,
    /// What it is recognised by.
    pub id: &'static str,
    /// Its title.
    pub title: Option<String>,
    /// The address of its page.
    pub link: Option<String>,
}

/// What was read of an entry's own page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Followed {
    /// Its address.
    pub link: String,
    /// Why nothing was read of it.
    pub failed: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its date in the source's zone.
    pub date: Option<String>,
    /// The outlet it names.
    pub outlet: Option<String>,
    /// The editor it names.
    pub editor: Option<String>,
    /// The section it stands in.
    pub section: Option<String>,
    /// Characters of its body.
    pub characters: usize,
}

/// How a source does, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It has entries, and its newest is as new as can be expected.
    Ok,
    /// It has entries, and none for far longer than its own rhythm.
    Stale,
    /// It has no entries.
    Empty,
    /// The source's selectors fit no more.
    SelectorsStopped,
    /// A page that runs a script to tell people from programs.
    Challenge,
    /// It is kept from this program.
    Blocked,
    /// No usable answer, or something else than was configured.
    Failed,
}

impl State {
    /// The word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Stale => "stale",
            Self::Empty => "empty",
            Self::SelectorsStopped => "selectors-stopped",
            Self::Challenge => "challenge",
            Self::Blocked => "blocked",
            Self::Failed => "failed",
        }
    }

    /// Whether entries come.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Ok | Self::Stale)
    }
}

/// Looks at what came.
#[must_use]
pub fn examine(subject: &Subject<'_>) -> Report {
    let look = look::look(subject);
    let entries = &look.feed.entries;
    let head = subject.exchange.head();
    let dates = rhythm::dates(entries);
    let rhythm = rhythm::of(&dates, subject.at);
    let kinds = kinds(entries, subject.zone);
    let mut report = Report {
        url: subject.url.to_owned(),
        answered: head.map(|head| head.final_url.clone()).filter(|url| url != subject.url),
        status: head.map(|head| head.status),
        what: look.what,
        because: look.because.clone(),
        title: look.feed.title.clone(),
        encoding: look.encoding.clone(),
        robots: None,
        freshness: head.map(freshness).unwrap_or_default(),
        count: entries.len(),
        ids: count(&kinds),
        defects: defects::of(&look, &kinds, subject.at),
        entries: entries
            .iter()
            .zip(&kinds)
            .take(SHOWN)
            .map(|(e, kind)| shown(e, kind, subject.zone))
            .collect(),
        feeds: look.feeds.clone(),
        followed: None,
        silent: rhythm::is_silent(&dates, subject.at),
        rhythm,
        toml: None,
    };
    report.toml = suggest::table(&report, &look, subject);
    report
}

impl Report {
    /// Takes in what robots.txt says of the address. It binds the polling of pages; a feed is made for
    /// programs, whoever asks for it.
    #[must_use]
    pub fn with_robots(mut self, verdict: Permission, crawl_delay: Option<Duration>) -> Self {
        let Permission { allowed, why } = verdict;
        if !allowed && matches!(self.what, What::ListPage | What::PageWithFeeds) {
            self.defects.insert(0, "robots.txt forbids it: as a page it is not polled".to_owned());
            self.toml = None;
        }
        let crawl_delay = crawl_delay.map(|delay| delay.as_secs_f64());
        self.robots = Some(Robots { allowed, why, crawl_delay });
        self
    }

    /// How a configured source does that gave this.
    #[must_use]
    pub fn state(&self) -> State {
        match self.what {
            What::Challenge => State::Challenge,
            What::Blocked => State::Blocked,
            What::SelectorsStopped => State::SelectorsStopped,
            What::Feed | What::ListPage | What::Json if self.count == 0 => State::Empty,
            What::Feed | What::ListPage | What::Json if self.silent => State::Stale,
            What::Feed | What::ListPage | What::Json => State::Ok,
            What::Empty => State::Empty,
            What::PageWithFeeds | What::NotNews | What::Gone | What::Throttled | What::Failed => {
                State::Failed
            }
        }
    }
}

/// What each entry would be recognised by at the next poll.
fn kinds(entries: &[ParsedEntry], zone: Tz) -> Vec<&'static str> {
    let name = |kind| match kind {
        Some(KeyKind::Guid) => "guid",
        Some(KeyKind::Link) => "link",
        Some(KeyKind::TitleText) => "title and text",
        _ => "title and date",
    };
    candidates(entries, zone).iter().map(|c| name(c.keys.first().and_then(IdentityKey::kind))).collect()
}

fn count(kinds: &[&'static str]) -> Vec<(&'static str, usize)> {
    let all = ["guid", "link", "title and date", "title and text"].into_iter();
    all.map(|kind| (kind, kinds.iter().filter(|k| **k == kind).count())).filter(|(_, n)| *n > 0).collect()
}

fn freshness(head: &ResponseHead) -> Freshness {
    let text = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|b| String::from_utf8_lossy(b).into_owned());
    Freshness {
        etag: text(&head.validators.etag),
        last_modified: text(&head.validators.last_modified),
        cache_control: head.cache_control.clone(),
        expires: head.expires.clone(),
        x_robots_tag: head.x_robots_tag.clone(),
    }
}

fn shown(entry: &ParsedEntry, id: &'static str, zone: Tz) -> Shown {
    let date = entry.published.or(entry.updated).map(|stamp| local(stamp, zone));
    Shown { date, id, title: entry.title.clone(), link: entry.page().map(str::to_owned) }
}

/// A date as the source's readers would write it, with no more precision than it has.
#[must_use]
pub fn local(stamp: Stamp, zone: Tz) -> String {
    let at = stamp.at.with_timezone(&zone);
    match stamp.precision {
        Precision::Day => at.format("%Y-%m-%d").to_string(),
        Precision::Second => at.format("%Y-%m-%d %H:%M:%S %:z").to_string(),
    }
}

/// What was read of an entry's page, for the report.
#[must_use]
pub fn followed(link: String, article: &Article, zone: Tz) -> Followed {
    let characters = article.body.as_deref().map_or(0, |body| html::to_text(body).chars().count());
    Followed {
        link,
        failed: None,
        title: article.title.clone(),
        date: article.published.map(|stamp| local(stamp, zone)),
        outlet: article.outlet.clone(),
        editor: article.editor.clone(),
        section: (!article.section.is_empty()).then(|| article.section.join(" > ")),
        characters,
    }
}

/// The region that the host of an address is known to be of.
#[must_use]
pub fn region_of_host(url: &str) -> Option<&'static str> {
    known::of(&Url::parse(url).ok()?).region
}

/// Whether two addresses have one robots.txt.
#[must_use]
pub fn is_same_origin(a: &str, b: &str) -> bool {
    let origin = |text| Url::parse(text).ok().map(|url| url.origin());
    origin(a).is_some() && origin(a) == origin(b)
}

/// The entry whose page is worth a look when one is to be followed: the first that has one on the same site.
#[must_use]
pub fn to_follow(report: &Report) -> Option<&str> {
    let site = link::host_key(report.answered.as_deref().unwrap_or(&report.url));
    report.entries.iter().filter_map(|entry| entry.link.as_deref()).find(|to| link::host_key(to) == site)
}
