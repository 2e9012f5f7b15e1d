//! Feeds as documents, before any format: titles, ids, dates, order, and as much of each entry as the publishing
//! policy allows.

mod entry;

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::TimeDelta;
use uuid::Uuid;

use super::site::FEED_ENDING;
pub use super::site::Site;
use crate::model::entry::{Category, Link, Person};
use crate::model::feed_key::FeedKey;
use crate::model::month::Month;
use crate::model::region::RegionId;
use crate::model::source::SourceId;
use crate::model::state::{FeedState, Meta, SourceState};
use crate::model::stored::Entry;
use crate::model::time::Time;
use entry::entry_doc;

/// The most characters of a summary: about what a reader's list shows of one.
pub const SUMMARY_CHARS: usize = 240;

/// An empty feed must be dated (RFC 4287 section 4.1.1) and must not be dated "now": a constant, older
/// than any entry.
pub const EMPTY_UPDATED: Time = DateTime::UNIX_EPOCH;

/// A feed.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedDoc {
    /// `urn:uuid:`, made from the instance's id and the feed's path: another address changes nothing.
    pub id: String,
    /// Title.
    pub title: String,
    /// The address its paths start from: the instance's.
    pub base: String,
    /// Its path, without an ending.
    pub path: String,
    /// The WebSub hub that is told when it changes.
    pub hub: Option<String>,
    /// How long it may be kept before it is asked for again.
    pub ttl_minutes: Option<u32>,
    /// Its archives.
    pub issues: Issues,
    /// When its newest entry was updated.
    pub updated: Time,
    /// When its bytes last changed: the Last-Modified of its views.
    pub modified: Time,
    /// The instance's rights notice.
    pub rights: Option<String>,
    /// Entries, in order.
    pub entries: Vec<EntryDoc>,
    /// Ids of entries that were withdrawn, and when.
    pub withdrawn: Vec<(String, Time)>,
}

/// How a document and the archives of its feed hang together (RFC 5005 section 4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issues {
    /// The month this document is the archive of; `None` for the one that is subscribed to.
    pub month: Option<Month>,
    /// The most entries an archive has, where it leaves out older ones of its month.
    pub cut: Option<usize>,
    /// The archive before it, if the two leave nothing out between them, or this one says what it leaves out.
    pub prev: Option<Month>,
    /// The archive after it.
    pub next: Option<Month>,
    /// Every archive there is, the newest first, for people.
    pub all: Vec<Month>,
}

impl FeedDoc {
    /// The address of the feed in the format of this ending.
    #[must_use]
    pub fn address(&self, ending: &str) -> String {
        format!("{}/{}{ending}", self.base, self.path)
    }

    /// The `Link` header of the format of this ending: its own address and the hub (WebSub section 4). JSON has no
    /// other place for a hub that all clients look at.
    #[must_use]
    pub fn link_header(&self, ending: &str) -> String {
        let own = format!("<{}>; rel=\"self\"", self.address(ending));
        self.hub.as_ref().map_or(own.clone(), |hub| format!("<{hub}>; rel=\"hub\", {own}"))
    }

    /// The address of one of its archives.
    #[must_use]
    pub fn archive(&self, month: Month) -> String {
        format!("{}/{}/archive/{month}{FEED_ENDING}", self.base, self.path)
    }
}

/// An entry of a feed.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryDoc {
    /// Its id.
    pub id: String,
    /// Its title, never empty.
    pub title: String,
    /// Its page and enclosures.
    pub links: Vec<Link>,
    /// When it was published.
    pub published: Time,
    /// When it last changed.
    pub updated: Time,
    /// When subscribers could first see it: what the order goes by.
    pub surfaced: Time,
    /// Authors; the source's name where it has none.
    pub authors: Vec<Person>,
    /// Editors.
    pub contributors: Vec<Person>,
    /// Its regions: ids and names.
    pub regions: Vec<(RegionId, String)>,
    /// Regions, then the publisher's own categories.
    pub categories: Vec<Category>,
    /// Short text, plain.
    pub summary: Option<String>,
    /// Full text, HTML, sanitised.
    pub content: Option<String>,
    /// Rights notice.
    pub rights: Option<String>,
    /// Language.
    pub language: Option<String>,
    /// Where it came from.
    pub source: SourceDoc,
}

/// Where an entry came from (RFC 4287 section 4.2.11).
#[derive(Clone, Debug, PartialEq)]
pub struct SourceDoc {
    /// What it is called here.
    pub slug: SourceId,
    /// The feed's own id, else the address it is polled at.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The address it is polled at.
    pub self_url: String,
    /// Its home page.
    pub home_url: Option<String>,
    /// Who is responsible for it: itself, by its title.
    pub author: Person,
    /// Its rights notice.
    pub rights: Option<String>,
    /// The entry's own `updated`: what the feed said of itself then is not known.
    pub updated: Time,
}

/// An entry to be shown, and what else tells its story.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The entry.
    pub entry: Entry,
    /// The other reports of its story, in the order they came; the first of them, where there are many.
    pub related: Vec<Related>,
    /// How many other reports there are.
    pub others: usize,
}

/// Another report of the same story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Its outlet and title.
    pub title: String,
    /// Its page.
    pub href: String,
}

/// What a feed is made from.
pub struct FeedInput<'a> {
    /// Which feed.
    pub feed: &'a FeedKey,
    /// What is stored of it; `None` before its first entry.
    pub state: Option<&'a FeedState>,
    /// The state of the whole.
    pub meta: &'a Meta,
    /// Its first entries, in order, one a story.
    pub entries: &'a [Shown],
    /// What was withdrawn from it lately: since [`withdrawn_since`].
    pub withdrawn: &'a [(String, Time)],
    /// The sources of these entries, and the feed's own.
    pub sources: &'a BTreeMap<SourceId, SourceState>,
    /// Its archives. `prev` says that `entries` hold everything since that archive.
    pub issues: Issues,
}

/// The document of a feed.
#[must_use]
pub fn feed(site: &Site, input: &FeedInput<'_>) -> FeedDoc {
    let path = Site::path(input.feed);
    let (shown, issues) = within_age(site, input);
    let entries: Vec<EntryDoc> = shown
        .iter()
        .filter_map(|shown| {
            input.sources.get(&shown.entry.source).map(|source| entry_doc(site, input.feed, shown, source))
        })
        .collect();
    FeedDoc {
        id: urn(input.meta.instance, &path),
        title: title(site, input),
        base: site.public_url.clone(),
        path,
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

/// An archive is as new as its newest entry; the feed itself never goes back, whatever leaves it.
fn updated(input: &FeedInput<'_>, entries: &[EntryDoc]) -> Time {
    match input.issues.month {
        Some(_) => entries.iter().map(|entry| entry.updated).max().unwrap_or(EMPTY_UPDATED),
        None => input.state.map_or(EMPTY_UPDATED, |s| s.updated),
    }
}

fn modified(site: &Site, input: &FeedInput<'_>, shown: usize, prev: Option<Month>) -> Time {
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

/// How long a withdrawal is announced: a reader that was not asked for a month starts anew.
const ANNOUNCED: TimeDelta = TimeDelta::days(30);

/// Withdrawals from then on are announced.
#[must_use]
pub fn withdrawn_since(meta: &Meta) -> Time {
    today(meta) - ANNOUNCED
}

/// The id of something this instance publishes.
#[must_use]
pub fn urn(instance: Uuid, path: &str) -> String {
    Uuid::new_v5(&instance, path.as_bytes()).urn().to_string()
}

/// The day that ageing counts from. Only whole days count, so that a feed's bytes change at most once a
/// day for that reason, and not with every poll.
#[must_use]
pub fn today(meta: &Meta) -> Time {
    day(meta.newest_at)
}

fn day(time: Time) -> Time {
    let start = time.timestamp().div_euclid(86_400) * 86_400;
    DateTime::from_timestamp(start, 0).unwrap_or(EMPTY_UPDATED)
}

/// How long a limit of age must be to span a month of any length but for its last days. A shorter one
/// is meant to keep a feed short.
const ABOUT_A_MONTH: TimeDelta = TimeDelta::days(28);

/// The entries that are young enough, and the archives that they leave no gap to.
///
/// Where an archive is linked, the whole open month stays: on the 31st, a limit of 30 days would else
/// tear a gap of a day between the feed and its archive. A limit that is shorter than a month does
/// leave a gap, and so the archive is not linked as the one before.
fn within_age<'a>(site: &Site, input: &FeedInput<'a>) -> (&'a [Shown], Issues) {
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

/// When the first month that is not in the archives began.
fn opened(site: &Site, meta: &Meta, prev: Month) -> Time {
    Month::of(meta.newest_at, site.zone).max(prev.next()).start(site.zone)
}

/// Whether an entry was too old to be shown when it was first seen: then it never was, and archives do
/// not show it either.
#[must_use]
pub fn too_old_at_first(site: &Site, entry: &Entry) -> bool {
    site.max_age.is_some_and(|max_age| entry.surfaced < day(entry.first_seen) - max_age)
}

/// When the newest entry that is too old for the feed went out of it.
fn age_out(site: &Site, input: &FeedInput<'_>, shown: usize) -> Time {
    match (site.max_age, input.entries.get(shown)) {
        (Some(max_age), Some(gone)) => day(gone.entry.surfaced + max_age) + TimeDelta::days(1),
        _ => EMPTY_UPDATED,
    }
}

fn title(site: &Site, input: &FeedInput<'_>) -> String {
    let title = match input.feed {
        FeedKey::Source(id) => {
            input.sources.get(id).map_or_else(|| id.as_str(), |source| source.title()).to_owned()
        }
        feed => format!("邸报：{}", site.name(feed)),
    };
    match input.issues.month {
        // A reader that builds on it must be able to see that it is not all.
        Some(month) => match input.issues.cut {
            Some(most) => format!("{title}（{month}，只有最新的 {most} 条）"),
            None => format!("{title}（{month}）"),
        },
        None => title,
    }
}
