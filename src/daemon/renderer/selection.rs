//! Selects the entries of a feed: of those that repeat one report, the feed shows one, the one that became visible
//! first. That entry links the others of its story.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::removed::Removed;
use crate::ledger::store::{Store, StoreError};
use crate::model::feed_key::FeedKey;
use crate::model::source::SourceId;
use crate::model::state::{Listing, Rank, SourceState, State};
use crate::model::stored::{Entry, EntryNo};
use crate::model::story::Member;
use crate::model::time::Time;
use crate::read::link::canonical;
use crate::views::document::{self, Related, Shown};
use crate::views::site::Site;
use crate::views::window::Window;

/// List positions read for each place of a feed. If more than nine of ten entries repeat others, or come from one
/// source, the feed is shorter or less mixed; its rendering stays bounded.
const LOOK: usize = 10;
/// Further list positions read for the hidden rest of first polls: two documents of 2,000 entries (the default
/// maximum of a document), all dated today. Else one of them would hide the entries behind it.
const FLOOD: usize = 4000;
/// Further list positions read for entries of removed sources: a source with hundreds a day is skipped for the month
/// that the feed shows. Their entries are not read.
const REMOVED: usize = 20_000;
/// The most reports of a story that are compared. A further one is shown unless it repeats another.
pub(super) const REPORTS: usize = 512;
/// The most reports that a shown entry links.
const LINKED: usize = 16;
/// The most reports read for it, so that reports of one address count once.
const READ: usize = 64;

/// An entry to be shown, and its place.
pub(super) type Placed = (Rank, Shown);

/// The first entries of a feed, with no source over its share. They are chosen by their list positions; only the
/// chosen ones are read.
pub(super) fn window(stories: &mut FeedStories<'_>) -> Result<Vec<Placed>, StoreError> {
    let limit = stories.site.entries;
    let merged = !matches!(stories.feed, FeedKey::Source(_));
    let mut window = if merged { Window::shared(limit) } else { Window::whole(limit) };
    let (mut looks, mut floods, mut removed) = (LOOK * limit, FLOOD, REMOVED);
    let mut after: Option<Rank> = None;
    'list: while looks > 0 && floods > 0 && removed > 0 {
        let places = stories.store.list(stories.feed, after, limit)?;
        after = places.last().map(|(rank, _)| *rank);
        let last_page = places.len() < limit;
        for (rank, place) in places {
            if window.is_full() {
                break 'list;
            }
            if stories.removed.has_number(place.source) {
                removed = removed.saturating_sub(1);
                continue;
            }
            if stories.floods(place.backlog) {
                floods = floods.saturating_sub(1);
                continue;
            }
            looks = looks.saturating_sub(1);
            if stories.shows(rank.no, place.story)? {
                window.offer(place.source, (rank, place));
            }
        }
        if last_page {
            break;
        }
    }
    let chosen = window.finish().into_iter();
    chosen.map(|(rank, place)| Ok((rank, stories.show(rank.no, place.story)?))).collect()
}

/// Adds those of `entries` that the feed shows and that are not in `shown` yet.
pub(super) fn add(
    stories: &mut FeedStories<'_>,
    shown: &mut Vec<Placed>,
    entries: &[EntryNo],
) -> Result<(), StoreError> {
    let there: HashSet<EntryNo> = shown.iter().map(|(rank, _)| rank.no).collect();
    for no in entries.iter().filter(|no| !there.contains(no)) {
        let entry = stories.store.there(*no)?;
        if stories.removed.has(&entry.source) {
            continue;
        }
        let story = Some(entry.story.as_ref().map_or(*no, |story| story.founder));
        let floods = !stories.everything && stories.floods(entry.backlog);
        if !floods && !document::too_old_at_first(stories.site, &entry) && stories.shows(*no, story)? {
            shown.push((Rank::of(*no, &entry), stories.with_reports(*no, entry, story)?));
        }
    }
    Ok(())
}

/// The entries in the order of the feed.
pub(super) fn in_order(mut shown: Vec<Placed>) -> Vec<Shown> {
    shown.sort_by_key(|(rank, _)| Reverse(*rank));
    shown.into_iter().map(|(_, shown)| shown).collect()
}

/// The stories of a feed, each read once however many reports of it are listed.
pub(super) struct FeedStories<'a> {
    site: &'a Site,
    store: &'a Store,
    feed: &'a FeedKey,
    removed: &'a Removed,
    /// True if all entries of a source's first poll are shown.
    everything: bool,
    stories: HashMap<EntryNo, FeedStory>,
    sources: HashMap<SourceId, Option<SourceState>>,
}

#[derive(Default)]
struct FeedStory {
    /// Hidden entries, with the report that each repeats.
    hidden: HashMap<EntryNo, EntryNo>,
    shown: HashMap<EntryNo, EntryNo>,
    reports: Vec<EntryNo>,
    /// True if the story has more than [`REPORTS`].
    cut: bool,
    /// Links to the first reports; empty until they are needed.
    links: Vec<LinkedReport>,
}

/// A report of a story as others link to it.
struct LinkedReport {
    no: EntryNo,
    /// Its address in one spelling.
    page: Option<String>,
    source: Option<SourceId>,
    related: Option<Related>,
}

/// The order in which entries of one report are preferred. Entries that this feed never shows come last: those of
/// a first poll beyond `publish.first_poll`, and those too old when they came. Then earlier publish rounds come
/// first; within a round, the source that the operator prefers.
type Precedence = (bool, u64, Reverse<i32>, EntryNo);

impl<'a> FeedStories<'a> {
    pub(super) fn new(site: &'a Site, store: &'a Store, removed: &'a Removed, feed: &'a FeedKey) -> Self {
        let (stories, sources) = (HashMap::new(), HashMap::new());
        Self { site, store, removed, feed, everything: false, stories, sources }
    }

    pub(super) fn archived(
        site: &'a Site,
        store: &'a Store,
        removed: &'a Removed,
        feed: &'a FeedKey,
    ) -> Self {
        Self { everything: true, ..Self::new(site, store, removed, feed) }
    }

    /// True for old entries of a source's first poll, which would flood a feed that others share.
    pub(super) fn floods(&self, backlog: Option<u32>) -> bool {
        let beyond = |place: u32| place as usize >= self.site.first_poll;
        !matches!(self.feed, FeedKey::Source(_)) && backlog.is_some_and(beyond)
    }

    /// The time at which the newest entry surfaced that the feed may show. Looks at few places.
    pub(super) fn newest(&self) -> Result<Option<Time>, StoreError> {
        let places = self.store.list(self.feed, None, READ)?;
        let shown = |place: &Listing| !self.removed.has_number(place.source) && !self.floods(place.backlog);
        Ok(places.iter().find(|(_, place)| shown(place)).map(|(rank, _)| rank.surfaced))
    }

    /// True if the operator's rules let this feed show an entry.
    pub(super) fn admits(&mut self, no: EntryNo) -> Result<bool, StoreError> {
        let feed = self.feed;
        self.admits_to(feed, no)
    }

    /// The same of another feed.
    pub(super) fn admits_to(&mut self, feed: &FeedKey, no: EntryNo) -> Result<bool, StoreError> {
        if self.site.shown.is_empty() {
            return Ok(true);
        }
        let Some(entry) = self.store.entry(no)?.filter(Entry::is_shown) else { return Ok(false) };
        let site = self.site;
        let source = self.source(&entry.source)?;
        let outlet = source.map_or(entry.source.as_str(), SourceState::title);
        Ok(site.shown.shows(feed, &entry, outlet, &site.regions))
    }

    /// True if no other entry is shown here for the one of this number.
    pub(super) fn shows(&mut self, no: EntryNo, story: Option<EntryNo>) -> Result<bool, StoreError> {
        if !self.admits(no)? {
            return Ok(false);
        }
        let Some(founder) = story else { return Ok(true) };
        let story = self.story(founder)?;
        if !story.cut || story.reports.contains(&no) {
            return Ok(!story.hidden.contains_key(&no));
        }
        let entry = self.store.entry(no)?;
        Ok(entry.and_then(|entry| entry.story).and_then(|story| story.repeats()).is_none())
    }

    /// The entry that this feed shows instead of the one of this number.
    pub(super) fn shown_for(&mut self, founder: EntryNo, no: EntryNo) -> Result<Option<EntryNo>, StoreError> {
        let story = self.story(founder)?;
        Ok(story.hidden.get(&no).and_then(|report| story.shown.get(report)).copied())
    }

    fn show(&mut self, no: EntryNo, story: Option<EntryNo>) -> Result<Shown, StoreError> {
        let entry = self.store.there(no)?;
        self.with_reports(no, entry, story)
    }

    /// An entry with links to the other reports of its story.
    pub(super) fn with_reports(
        &mut self,
        no: EntryNo,
        entry: Entry,
        story: Option<EntryNo>,
    ) -> Result<Shown, StoreError> {
        let mut shown = Shown { entry, related: Vec::new(), others: 0, outlets: 1 };
        let Some(founder) = story else { return Ok(shown) };
        self.read_links(founder)?;
        let own = shown.entry.body.page().map(canonical);
        let story = self.story(founder)?;
        // One article in two channels, or again under a source's new name, is the same report.
        let mut pages: HashSet<&str> = own.as_deref().into_iter().collect();
        let mut sources: HashSet<&SourceId> = HashSet::from([&shown.entry.source]);
        let others = story.links.iter().filter(|link| link.no != no);
        for link in others.filter(|link| link.page.as_deref().is_none_or(|page| pages.insert(page))) {
            shown.others += 1;
            sources.extend(&link.source);
            if shown.related.len() < LINKED {
                shown.related.extend(link.related.clone());
            }
        }
        shown.others += story.reports.len() - story.links.len();
        shown.outlets = sources.len();
        Ok(shown)
    }

    /// Reads the reports of a story, once.
    fn read_links(&mut self, founder: EntryNo) -> Result<(), StoreError> {
        let story = self.story(founder)?;
        if !story.links.is_empty() {
            return Ok(());
        }
        let mut links = Vec::new();
        for no in story.reports.iter().take(READ).copied().collect::<Vec<_>>() {
            let report = self.store.entry(no)?;
            let page = report.as_ref().and_then(|report| report.body.page()).map(canonical);
            let related = report.as_ref().map(|report| self.related(report)).transpose()?.flatten();
            let source = report.map(|report| report.source);
            links.push(LinkedReport { no, page, source, related });
        }
        self.stories.entry(founder).or_default().links = links;
        Ok(())
    }

    fn story(&mut self, founder: EntryNo) -> Result<&FeedStory, StoreError> {
        if !self.stories.contains_key(&founder) {
            let story = self.look(founder)?;
            self.stories.insert(founder, story);
        }
        Ok(&self.stories[&founder])
    }

    fn look(&mut self, founder: EntryNo) -> Result<FeedStory, StoreError> {
        // The best of those that repeat one report.
        let mut leaders: HashMap<EntryNo, Precedence> = HashMap::new();
        let mut story = FeedStory::default();
        let members = self.store.members(founder, REPORTS)?;
        story.cut = members.len() == REPORTS;
        for (no, member) in members {
            if self.removed.has(&member.source) || !self.admits(no)? {
                continue;
            }
            story.reports.push(no);
            if !member.feeds().any(|feed| feed == *self.feed) {
                continue;
            }
            let priority = self.source(&member.source)?.map_or(0, |source| source.def.priority);
            let never = self.floods(member.backlog) || self.is_too_old(no, &member)?;
            let place = (never, member.round, Reverse(priority), no);
            let report = member.report.unwrap_or(no);
            let best = leaders.entry(report).or_insert(place);
            let worse = std::mem::replace(best, place.min(*best)).max(place);
            story.hidden.extend(Some((worse.3, report)).filter(|(worse, _)| *worse != best.3));
        }
        story.shown = leaders.into_iter().map(|(report, best)| (report, best.3)).collect();
        Ok(story)
    }

    /// True if the feed has never shown the entry because of its age. Only entries of a first poll surface at their
    /// own date.
    fn is_too_old(&self, no: EntryNo, member: &Member) -> Result<bool, StoreError> {
        if member.backlog.is_none() || self.site.max_age.is_none() {
            return Ok(false);
        }
        Ok(self.store.entry(no)?.is_some_and(|entry| document::too_old_at_first(self.site, &entry)))
    }

    fn related(&mut self, report: &Entry) -> Result<Option<Related>, StoreError> {
        let (site, feed) = (self.site, self.feed);
        let Some(page) = report.body.page() else { return Ok(None) };
        // Only a title from the configuration is used: the source's feed may change its own title at every poll,
        // and this feed is not re-rendered for that.
        let source = self.source(&report.source)?;
        let named = source.and_then(|source| source.def.title.as_deref());
        let outlet = named.unwrap_or(report.source.as_str());
        Ok(Some(Related {
            id: report.id.clone(),
            source: report.source.clone(),
            outlet: outlet.to_owned(),
            title: site.shown.title(feed, report).into_owned(),
            href: page.to_owned(),
            published: report.published,
            language: report.body.language.clone(),
            reason: report.story.as_ref().map(|story| story.reason),
        }))
    }

    fn source(&mut self, id: &SourceId) -> Result<Option<&SourceState>, StoreError> {
        if !self.sources.contains_key(id) {
            self.sources.insert(id.clone(), self.store.source(id)?);
        }
        Ok(self.sources[id].as_ref())
    }
}
