//! Feeds as documents, before any format: titles, ids, dates, order, and as much of each entry as the publishing
//! policy allows.

mod entry;
pub mod search;

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::TimeDelta;
use uuid::Uuid;

pub use super::site::Site;
use super::site::{FEED_ENDING, PAGE_ENDING};
use crate::model::entry::{Category, Link, Person};
use crate::model::entry_key::EntryKey;
use crate::model::feed_key::FeedKey;
use crate::model::month::Month;
use crate::model::region::RegionId;
use crate::model::source::SourceId;
use crate::model::state::{FeedState, Meta, SourceState};
use crate::model::stored::Entry;
use crate::model::story::Reason;
use crate::model::time::Time;
pub use entry::entry_doc as entry;

/// The most characters of a summary: about what a reader's list shows of one.
pub const SUMMARY_CHARS: usize = 240;

/// An empty feed must be dated (RFC 4287 section 4.1.1) and must not be dated "now": a constant, older
/// than any entry.
pub const EMPTY_UPDATED: Time = DateTime::UNIX_EPOCH;

#[derive(Clone, Debug, PartialEq)]
pub struct FeedDoc {
    /// `urn:uuid:`, made from the instance's id and the feed's path: another address changes nothing.
    pub id: String,
    pub title: String,
    pub base: String,
    /// Without an ending: `henan`.
    pub path: String,
    /// The query of the address of a search, with its question mark; else empty.
    pub query: String,
    /// The WebSub hub that is told of changes.
    pub hub: Option<String>,
    /// The time for which a reader need not ask again.
    pub ttl_minutes: Option<u32>,
    pub issues: Issues,
    /// `updated` of the newest entry.
    pub updated: Time,
    /// Time at which the bytes last changed: the Last-Modified of its views.
    pub modified: Time,
    pub rights: Option<String>,
    pub entries: Vec<EntryDoc>,
    /// Ids of withdrawn entries, and when.
    pub withdrawn: Vec<(String, Time)>,
}

/// The archives of a feed, as a document links them (RFC 5005 section 4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issues {
    /// The month of an archive; `None` for the feed itself.
    pub month: Option<Month>,
    /// The maximum of entries, if the archive leaves out older ones of its month.
    pub cut: Option<usize>,
    /// The archive before this document, if no entry is missing between the two, or if this one is marked as cut.
    pub prev: Option<Month>,
    /// The archive after this one.
    pub next: Option<Month>,
    /// All archives, the newest first, for the page.
    pub all: Vec<Month>,
}

impl FeedDoc {
    /// The address of the feed in the format of this ending.
    pub fn address(&self, ending: &str) -> String {
        // The page of a search has no ending.
        let ending = if self.query.is_empty() || ending != PAGE_ENDING { ending } else { "" };
        format!("{}/{}{ending}{}", self.base, self.path, self.query)
    }

    /// The `Link` header of the format of this ending: its own address and the hub (WebSub section 4). JSON has no
    /// other place for a hub that all clients look at.
    pub fn link_header(&self, ending: &str) -> String {
        let own = format!("<{}>; rel=\"self\"", self.address(ending));
        self.hub.as_ref().map_or(own.clone(), |hub| format!("<{hub}>; rel=\"hub\", {own}"))
    }

    pub fn archive(&self, month: Month) -> String {
        format!("{}/{}/archive/{month}{FEED_ENDING}", self.base, self.path)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct EntryDoc {
    pub id: String,
    pub title: String,
    /// Page, enclosures, and other reports of the story.
    pub links: Vec<Link>,
    pub published: Time,
    pub updated: Time,
    /// Time at which subscribers could first see it. Entries are in this order.
    pub surfaced: Time,
    /// Authors; the source's name where it has none.
    pub authors: Vec<Person>,
    pub contributors: Vec<Person>,
    /// Ids and names.
    pub regions: Vec<(RegionId, String)>,
    /// Regions, then the publisher's own categories.
    pub categories: Vec<Category>,
    /// The publisher's, or the start of its text.
    pub summary: Option<String>,
    /// The first other reports of its story that readers may be sent to.
    pub reports: Vec<Related>,
    /// The count of all other reports.
    pub others: usize,
    /// The sources that report it, its own included.
    pub outlets: usize,
    pub content: Option<String>,
    pub rights: Option<String>,
    pub language: Option<String>,
    pub source: SourceDoc,
}

impl EntryDoc {
    /// The summary, with how many others tell the same: readers show no `related` links in their lists.
    pub fn counted_summary(&self) -> Option<Cow<'_, str>> {
        let summary = self.summary.as_deref()?;
        Some(match self.others {
            0 => summary.into(),
            n => format!("{summary}（另有{n}篇同题报道）").into(),
        })
    }

    /// The path of its page.
    pub fn path(&self) -> String {
        entry_path(&self.id)
    }
}

/// The path of the page of the entry that is published under this id.
pub fn entry_path(id: &str) -> String {
    format!("entry/{}", EntryKey::of(id))
}

/// The source of an entry (RFC 4287 section 4.2.11).
#[derive(Clone, Debug, PartialEq)]
pub struct SourceDoc {
    /// Its id in the configuration.
    pub slug: SourceId,
    /// The feed's own id, else the address it is polled at.
    pub id: String,
    pub title: String,
    pub self_url: String,
    pub home_url: Option<String>,
    /// The source itself, by its title.
    pub author: Person,
    pub rights: Option<String>,
    /// The entry's own `updated`: the one of the publisher's feed at that time is unknown.
    pub updated: Time,
}

/// An entry to show, with other reports of its story.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub entry: Entry,
    /// The first other reports of its story, in the order they came.
    pub related: Vec<Related>,
    pub others: usize,
    /// The sources that report it, its own included.
    pub outlets: usize,
}

/// Another report of an entry's story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Its published id.
    pub id: String,
    pub source: SourceId,
    pub outlet: String,
    pub title: String,
    /// Its page.
    pub href: String,
    pub published: Time,
    pub language: Option<String>,
    /// Why it joined the story; `None` for the entry that founded it.
    pub reason: Option<Reason>,
}

impl Related {
    /// Outlet and title.
    pub fn told(&self) -> String {
        format!("{}：{}", self.outlet, self.title)
    }
}

pub struct DocumentInput<'a> {
    pub feed: &'a FeedKey,
    /// `None` before its first entry.
    pub state: Option<&'a FeedState>,
    pub meta: &'a Meta,
    /// The first entries in order, one a story.
    pub entries: &'a [Shown],
    /// Withdrawals since [`withdrawn_since`].
    pub withdrawn: &'a [(String, Time)],
    /// The sources of these entries, and the feed's own.
    pub sources: &'a BTreeMap<SourceId, SourceState>,
    /// `prev` is set if `entries` hold everything since that archive.
    pub issues: Issues,
}

pub fn feed(site: &Site, input: &DocumentInput<'_>) -> FeedDoc {
    let path = Site::path(input.feed);
    let (shown, issues) = within_age(site, input);
    let entries: Vec<EntryDoc> = shown
        .iter()
        .filter_map(|shown| {
            input.sources.get(&shown.entry.source).map(|source| entry(site, input.feed, shown, source))
        })
        .collect();
    FeedDoc {
        id: urn(input.meta.instance, &path),
        title: title(site, input),
        base: site.public_url.clone(),
        path,
        query: String::new(),
        hub: site.hub.clone(),
        ttl_minutes: site.minutes(input.feed),
        updated: updated(input, &entries),
        modified: modified(site, input, shown.len(), issues.prev),
        rights: site.rights.clone(),
        entries,
        withdrawn: input.withdrawn.to_vec(),
        issues,
    }
}

/// An archive is as new as its newest entry. `updated` of a feed never goes back, whichever entries leave it.
fn updated(input: &DocumentInput<'_>, entries: &[EntryDoc]) -> Time {
    match input.issues.month {
        Some(_) => entries.iter().map(|entry| entry.updated).max().unwrap_or(EMPTY_UPDATED),
        None => input.state.map_or(EMPTY_UPDATED, |s| s.updated),
    }
}

fn modified(site: &Site, input: &DocumentInput<'_>, shown: usize, prev: Option<Month>) -> Time {
    let base = input.meta.config_at;
    let Some(month) = input.issues.month else {
        let changed = input.state.map_or(EMPTY_UPDATED, |s| s.changed_at);
        // The link to a month appears once the month is over.
        let linked = prev.map_or(EMPTY_UPDATED, |month| month.next().start(site.zone));
        return changed.max(base).max(linked).max(age_out(site, input, shown));
    };
    let revised = input.state.map_or(EMPTY_UPDATED, |s| s.revised_at);
    let closed = input.issues.next.unwrap_or(month).next().start(site.zone);
    revised.max(base).max(closed)
}

/// A feed announces a withdrawal this long: a reader that did not poll for a month starts anew.
const ANNOUNCED: TimeDelta = TimeDelta::days(30);

/// The start of the time whose withdrawals a feed announces.
pub fn withdrawn_since(meta: &Meta) -> Time {
    today(meta) - ANNOUNCED
}

/// The id of something this instance publishes.
pub fn urn(instance: Uuid, path: &str) -> String {
    Uuid::new_v5(&instance, path.as_bytes()).urn().to_string()
}

/// The day that ageing counts from. Only whole days count, so that ageing changes a feed's bytes at most once a day.
pub fn today(meta: &Meta) -> Time {
    day(meta.newest_at)
}

fn day(time: Time) -> Time {
    let start = time.timestamp().div_euclid(86_400) * 86_400;
    DateTime::from_timestamp(start, 0).unwrap_or(EMPTY_UPDATED)
}

/// An age limit from this length on covers a month but for its last days. The operator of a shorter one wants a
/// short feed.
const ABOUT_A_MONTH: TimeDelta = TimeDelta::days(28);

/// The entries within the age limit, and the archives without a gap to them.
///
/// If an archive is linked, the whole open month stays: on the 31st, a limit of 30 days would else leave a gap of a
/// day between the feed and its archive. A limit shorter than a month does leave a gap, so then the archive is not
/// linked as the previous one.
fn within_age<'a>(site: &Site, input: &DocumentInput<'a>) -> (&'a [Shown], Issues) {
    let mut issues = input.issues.clone();
    let Some(max_age) = site.max_age.filter(|_| issues.month.is_none()) else {
        return (input.entries, issues);
    };
    let mut oldest = today(input.meta) - max_age;
    if let Some(month) = issues.prev {
        let open = opened(site, input.meta, month);
        if max_age >= ABOUT_A_MONTH {
            oldest = oldest.min(open);
        } else if oldest > open {
            issues.prev = None;
        }
    }
    // Entries are in the order of `surfaced`, so the old ones stand at the end.
    let n = input.entries.partition_point(|shown| shown.entry.surfaced >= oldest);
    (&input.entries[..n], issues)
}

/// Start of the first month that is not in the archives.
fn opened(site: &Site, meta: &Meta, prev: Month) -> Time {
    Month::of(meta.newest_at, site.zone).max(prev.next()).start(site.zone)
}

/// True if an entry was too old to show when it was first seen. Then archives do not show it either.
pub fn too_old_at_first(site: &Site, entry: &Entry) -> bool {
    site.max_age.is_some_and(|max_age| entry.surfaced < day(entry.first_seen) - max_age)
}

/// Time at which the newest entry over the age limit left the feed.
fn age_out(site: &Site, input: &DocumentInput<'_>, shown: usize) -> Time {
    match (site.max_age, input.entries.get(shown)) {
        (Some(max_age), Some(gone)) => day(gone.entry.surfaced + max_age) + TimeDelta::days(1),
        _ => EMPTY_UPDATED,
    }
}

fn title(site: &Site, input: &DocumentInput<'_>) -> String {
    let title = match input.feed {
        FeedKey::Source(id) => {
            input.sources.get(id).map_or_else(|| id.as_str(), |source| source.title()).to_owned()
        }
        feed => format!("邸报：{}", site.name(feed)),
    };
    match input.issues.month {
        // A reader must be able to see that the archive is cut.
        Some(month) => match input.issues.cut {
            Some(most) => format!("{title}（{month}，只有最新的 {most} 条）"),
            None => format!("{title}（{month}）"),
        },
        None => title,
    }
}
