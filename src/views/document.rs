//! What a feed says, whatever format it is written in: titles, ids, dates, order, and how much of each
//! entry the publishing policy lets through.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::TimeDelta;
use uuid::Uuid;

use crate::core::entry::{Body, Category, Link, Person};
use crate::core::html;
use crate::core::region::RegionTable;
use crate::core::source::{ContentPolicy, SourceId};
use crate::core::state::{Entry, FeedKey, FeedState, Meta, SourceState};
use crate::core::time::Time;

/// The most characters of a summary: about what a reader's list shows of one.
pub const SUMMARY_CHARS: usize = 240;

/// An empty feed must be dated (RFC 4287 section 4.1.1) and must not be dated "now": a constant, older
/// than any entry.
pub const EMPTY_UPDATED: Time = DateTime::UNIX_EPOCH;

/// Everything about an instance that its views depend on.
#[derive(Clone, Debug)]
pub struct Site {
    /// The address views are published under, without a trailing slash.
    pub public_url: String,
    /// The regions, in display order.
    pub regions: RegionTable,
    /// The most entries of a feed.
    pub entries: usize,
    /// How old an entry may be, counted from the newest poll; `None` for no limit.
    pub max_age: Option<TimeDelta>,
    /// The instance's rights notice.
    pub rights: Option<String>,
    /// How much of each source's entries is republished; [`Self::default_content`] for those not named.
    pub content: BTreeMap<SourceId, ContentPolicy>,
    /// For sources that are not named.
    pub default_content: ContentPolicy,
}

impl Site {
    fn policy(&self, source: &SourceId) -> ContentPolicy {
        self.content.get(source).copied().unwrap_or(self.default_content)
    }

    /// The path of a feed, without its ending: `henan`, `all`, `source/rthk`.
    #[must_use]
    pub fn path(feed: &FeedKey) -> String {
        match feed {
            FeedKey::All => "all".to_owned(),
            FeedKey::National => "national".to_owned(),
            FeedKey::Region(id) => id.to_string(),
            FeedKey::Source(id) => format!("source/{id}"),
        }
    }
}

/// A feed.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedDoc {
    /// `urn:uuid:`, made from the instance's id and the feed's path: another address changes nothing.
    pub id: String,
    /// Title.
    pub title: String,
    /// Its own address.
    pub self_url: String,
    /// The page it belongs to.
    pub home_url: String,
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
    /// Authors; the source's name where it has none.
    pub authors: Vec<Person>,
    /// Editors.
    pub contributors: Vec<Person>,
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
    /// The feed's own id, else the address it is polled at.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The address it is polled at.
    pub self_url: String,
    /// Its home page.
    pub home_url: Option<String>,
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
}

/// The document of a feed.
#[must_use]
pub fn feed(site: &Site, input: &FeedInput<'_>) -> FeedDoc {
    let path = Site::path(input.feed);
    let shown = within_age(site, input);
    let entries: Vec<EntryDoc> = shown
        .iter()
        .filter_map(|shown| {
            input.sources.get(&shown.entry.source).map(|source| entry_doc(site, shown, source))
        })
        .collect();
    let changed = input.state.map_or(EMPTY_UPDATED, |s| s.changed_at);
    let cut = age_out(site, input, shown.len());
    FeedDoc {
        id: urn(input.meta.instance, &path),
        title: title(site, input),
        self_url: format!("{}/{path}.atom", site.public_url),
        home_url: format!("{}/", site.public_url),
        updated: input.state.map_or(EMPTY_UPDATED, |s| s.updated),
        modified: changed.max(input.meta.config_at).max(cut),
        rights: site.rights.clone(),
        entries,
        withdrawn: input.withdrawn.to_vec(),
    }
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

fn within_age<'a>(site: &Site, input: &FeedInput<'a>) -> &'a [Shown] {
    let Some(max_age) = site.max_age else { return input.entries };
    let oldest = today(input.meta) - max_age;
    // Entries are in the order of `surfaced`, so the old ones stand at the end.
    let n = input.entries.partition_point(|shown| shown.entry.surfaced >= oldest);
    &input.entries[..n]
}

/// When the newest entry that is too old for the feed went out of it.
fn age_out(site: &Site, input: &FeedInput<'_>, shown: usize) -> Time {
    match (site.max_age, input.entries.get(shown)) {
        (Some(max_age), Some(gone)) => day(gone.entry.surfaced + max_age) + TimeDelta::days(1),
        _ => EMPTY_UPDATED,
    }
}

fn title(site: &Site, input: &FeedInput<'_>) -> String {
    match input.feed {
        FeedKey::All => "邸报：全部".to_owned(),
        FeedKey::National => "邸报：全国".to_owned(),
        FeedKey::Region(id) => {
            let name = site.regions.get(id.as_str()).map_or(id.as_str(), |region| region.name.as_str());
            format!("邸报：{name}")
        }
        FeedKey::Source(id) => {
            input.sources.get(id).map_or_else(|| id.as_str(), |source| source.title()).to_owned()
        }
    }
}

fn entry_doc(site: &Site, shown: &Shown, source: &SourceState) -> EntryDoc {
    let entry = &shown.entry;
    let body = &entry.body;
    let policy = site.policy(&entry.source);
    let outlet = source.title().to_owned();
    let authors = if body.authors.is_empty() {
        vec![Person { name: outlet.clone(), ..Person::default() }]
    } else {
        body.authors.clone()
    };
    let told = (policy != ContentPolicy::Title).then(|| short(entry)).flatten();
    let content = match (policy, &body.content) {
        (ContentPolicy::Full, Some(Body::Html(html))) => Some(html.clone()),
        (ContentPolicy::Full, Some(Body::Text(text))) => Some(from_text(text)),
        _ => None,
    };
    EntryDoc {
        id: entry.id.clone(),
        title: entry_title(entry, told.as_deref()),
        links: links(shown, source),
        published: entry.published,
        updated: entry.updated,
        authors,
        contributors: body.contributors.clone(),
        categories: categories(site, entry),
        summary: counted(told, shown.others),
        content,
        rights: body.rights.clone(),
        language: body.language.clone().or_else(|| source.facts.language.clone()),
        source: source_doc(entry, source, outlet),
    }
}

fn source_doc(entry: &Entry, source: &SourceState, title: String) -> SourceDoc {
    SourceDoc {
        id: source.facts.id.clone().unwrap_or_else(|| source.def.url.clone()),
        title,
        self_url: source.def.url.clone(),
        home_url: source.facts.home.clone(),
        rights: source.def.rights.clone().or_else(|| source.facts.rights.clone()),
        updated: entry.updated,
    }
}

/// The page, the enclosures, and the other reports of the story. Further alternates of a type are not
/// allowed (RFC 4287 section 4.1.2), and a publisher's `self` or `edit` is not ours to offer.
fn links(shown: &Shown, source: &SourceState) -> Vec<Link> {
    let own = &shown.entry.body.links;
    let page = own.iter().find(|l| l.rel == "alternate").cloned().unwrap_or_else(|| Link {
        // An entry without a page of its own is to be found on its source's.
        href: source.facts.home.clone().unwrap_or_else(|| source.def.url.clone()),
        rel: "alternate".to_owned(),
        ..Link::default()
    });
    let related = shown.related.iter().map(|other| Link {
        href: other.href.clone(),
        rel: "related".to_owned(),
        title: Some(other.title.clone()),
        ..Link::default()
    });
    let enclosures = own.iter().filter(|l| l.rel == "enclosure").cloned();
    std::iter::once(page).chain(enclosures).chain(related).collect()
}

/// An entry without a title is shown by the start of its text, or by its date: readers list titles.
fn entry_title(entry: &Entry, summary: Option<&str>) -> String {
    match (entry.title().trim(), summary) {
        ("", Some(text)) => html::summary(text, 40),
        ("", None) => format!("（无题，{}）", entry.published.format("%Y-%m-%d")),
        (title, _) => title.to_owned(),
    }
}

/// The summary, with how many others tell the same: readers show no `related` links in their lists.
fn counted(summary: Option<String>, others: usize) -> Option<String> {
    match (summary, others) {
        (summary, 0) => summary,
        (None, _) => None,
        (Some(text), n) => Some(format!("{text}（另有{n}篇同题报道）")),
    }
}

fn short(entry: &Entry) -> Option<String> {
    let body = entry.body.summary.as_ref().or(entry.body.content.as_ref())?;
    let text = match body {
        Body::Text(text) => html::summary(&from_text(text), SUMMARY_CHARS),
        Body::Html(markup) => html::summary(markup, SUMMARY_CHARS),
    };
    (!text.is_empty()).then_some(text)
}

/// Regions as categories with a scheme of this instance, so that readers can tell them from the
/// publisher's own.
fn categories(site: &Site, entry: &Entry) -> Vec<Category> {
    let scheme = format!("{}/regions", site.public_url);
    let regions = entry.regions.iter().map(|evidence| Category {
        term: evidence.region.to_string(),
        scheme: Some(scheme.clone()),
        label: site.regions.get(evidence.region.as_str()).map(|r| r.name.clone()),
    });
    regions.chain(entry.body.categories.iter().cloned()).collect()
}

/// Plain text as HTML: line ends become breaks.
fn from_text(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.replace('\n', "<br>")
}
