//! Which entries a feed shows: one a story. The one that became visible first stays, whatever comes
//! later; the others are linked from it.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::core::state::{Entry, EntryNo, FeedKey, Rank, SourceState, State};
use crate::ledger::store::{Store, StoreError};
use crate::views::document::{self, Related, Shown};
use crate::views::site::Site;
use crate::views::window::Window;

/// Places of the list read to fill a feed: when nine of ten entries repeat others, or come from one
/// source, a feed is shorter or less mixed rather than its rendering unbounded.
const LOOK: usize = 10;
/// Places that the far end of first polls may take besides: two documents of 2,000 entries, the most that is
/// read of one unless the operator says otherwise, all dated today. Else one of them would hide what
/// lies behind it.
const FLOOD: usize = 4000;
/// The most reports of a story that are looked at. A report beyond them is taken for a repetition.
pub(super) const REPORTS: usize = 512;
/// The most of them that are linked from the one that is shown.
const LINKED: usize = 16;

/// An entry to be shown, and its place.
pub(super) type Placed = (Rank, Shown);

/// What a place of the list comes to.
enum Look {
    /// The entry is shown.
    Shows(Box<Shown>),
    /// Another report of its story is.
    Repeats,
    /// It is old stock that a new source brought.
    Floods,
    /// The operator's rules hide it.
    Hidden,
}

/// The first entries of a feed to be shown, as many as a feed has, no source with more than its share.
pub(super) fn window(stories: &mut Stories<'_>) -> Result<Vec<Placed>, StoreError> {
    let limit = stories.site.entries;
    let merged = !matches!(stories.feed, FeedKey::Source(_));
    let mut window = if merged { Window::shared(limit) } else { Window::whole(limit) };
    let (mut looks, mut floods) = (LOOK * limit, FLOOD);
    let mut after: Option<Rank> = None;
    while looks > 0 && floods > 0 {
        let ranks = stories.store.list(stories.feed, after, limit)?;
        after = ranks.last().copied();
        let last_page = ranks.len() < limit;
        for rank in ranks {
            if window.is_full() {
                return Ok(window.finish());
            }
            match stories.look_at(rank.no)? {
                Look::Floods => floods = floods.saturating_sub(1),
                Look::Repeats | Look::Hidden => looks = looks.saturating_sub(1),
                Look::Shows(shown) => {
                    looks = looks.saturating_sub(1);
                    window.offer(&shown.entry.source.clone(), (rank, *shown));
                }
            }
        }
        if last_page {
            break;
        }
    }
    Ok(window.finish())
}

/// Adds those of some entries that are to be shown and are not there yet.
pub(super) fn add(
    stories: &mut Stories<'_>,
    shown: &mut Vec<Placed>,
    entries: &[EntryNo],
) -> Result<(), StoreError> {
    let there: HashSet<EntryNo> = shown.iter().map(|(rank, _)| rank.no).collect();
    for no in entries.iter().filter(|no| !there.contains(no)) {
        if let Look::Shows(more) = stories.look_at(*no)?
            && !document::too_old_at_first(stories.site, &more.entry)
        {
            shown.push((Rank::of(*no, &more.entry), *more));
        }
    }
    Ok(())
}

/// The entries in the order of the feed.
pub(super) fn in_order(mut shown: Vec<Placed>) -> Vec<Shown> {
    shown.sort_by_key(|(rank, _)| Reverse(*rank));
    shown.into_iter().map(|(_, shown)| shown).collect()
}

/// The stories of a feed, each looked at once however many reports of it are listed.
pub(super) struct Stories<'a> {
    site: &'a Site,
    store: &'a Store,
    feed: &'a FeedKey,
    /// Whether the far end of a source's first poll is shown too.
    everything: bool,
    told: HashMap<EntryNo, Story>,
}

/// A story in one feed.
struct Story {
    /// The report that is shown.
    leader: Option<EntryNo>,
    /// How many tell it, in whatever feed.
    told: usize,
    /// The first reports, to be linked.
    reports: Vec<(EntryNo, Related)>,
}

/// What a new source brings beyond what is shown of it comes last, so that it takes no story's place in
/// the feed; then earlier publish rounds come first; within a round, the source the operator prefers.
type Precedence = (bool, u64, Reverse<i32>, EntryNo);

impl<'a> Stories<'a> {
    /// The stories of the document that is subscribed to.
    pub(super) fn new(site: &'a Site, store: &'a Store, feed: &'a FeedKey) -> Self {
        Self { site, store, feed, everything: false, told: HashMap::new() }
    }

    /// The stories of archives.
    pub(super) fn archived(site: &'a Site, store: &'a Store, feed: &'a FeedKey) -> Self {
        Self { everything: true, ..Self::new(site, store, feed) }
    }

    /// Whether it is old stock that a new source brought, and would flood a feed that others share.
    fn floods(&self, entry: &Entry) -> bool {
        let place = entry.backlog.map_or(0, |place| place as usize);
        !matches!(self.feed, FeedKey::Source(_)) && entry.backlog.is_some() && place >= self.site.first_poll
    }

    /// Whether the operator's rules let this feed show an entry.
    fn admits(&self, entry: &Entry, source: Option<&SourceState>) -> bool {
        let outlet = source.map_or(entry.source.as_str(), SourceState::title);
        self.site.shown.shows(self.feed, entry, outlet, &self.site.regions)
    }

    /// Whether the entry of this number is the one that tells its story here.
    fn look_at(&mut self, no: EntryNo) -> Result<Look, StoreError> {
        let entry = self.store.there(no)?;
        if !self.everything && self.floods(&entry) {
            return Ok(Look::Floods);
        }
        if !self.site.shown.is_empty() {
            let source = self.store.source(&entry.source)?;
            if !self.admits(&entry, source.as_ref()) {
                return Ok(Look::Hidden);
            }
        }
        let founder = entry.story.as_ref().map_or(no, |story| story.founder);
        if founder == no && self.store.joined(founder, 1)?.is_empty() {
            return Ok(Look::Shows(Box::new(Shown { entry, related: Vec::new(), others: 0 })));
        }
        if !self.told.contains_key(&founder) {
            let story = self.look(founder)?;
            self.told.insert(founder, story);
        }
        let story = &self.told[&founder];
        if story.leader != Some(no) {
            return Ok(Look::Repeats);
        }
        let others = story.reports.iter().filter(|(other, _)| *other != no);
        let related = others.take(LINKED).map(|(_, related)| related.clone()).collect();
        Ok(Look::Shows(Box::new(Shown { entry, related, others: story.told - 1 })))
    }

    fn look(&self, founder: EntryNo) -> Result<Story, StoreError> {
        let mut leader: Option<Precedence> = None;
        let (mut told, mut reports) = (0, Vec::new());
        for no in [founder].into_iter().chain(self.store.joined(founder, REPORTS)?) {
            let Some(entry) = self.store.entry(no)?.filter(Entry::is_shown) else {
                continue;
            };
            let source = self.store.source(&entry.source)?;
            if !self.admits(&entry, source.as_ref()) {
                continue;
            }
            told += 1;
            if entry.feeds().contains(self.feed) {
                let priority = source.as_ref().map_or(0, |source| source.def.priority);
                let place = (self.floods(&entry), entry.round, Reverse(priority), no);
                leader = Some(leader.map_or(place, |best| best.min(place)));
            }
            if reports.len() <= LINKED {
                let outlet = source.as_ref().map_or(entry.source.as_str(), |source| source.title());
                reports.extend(self.related(&entry, outlet).map(|related| (no, related)));
            }
        }
        Ok(Story { leader: leader.map(|(.., no)| no), told, reports })
    }

    fn related(&self, entry: &Entry, outlet: &str) -> Option<Related> {
        let href = entry.body.page()?.to_owned();
        Some(Related { title: format!("{outlet}：{}", self.site.shown.title(self.feed, entry)), href })
    }
}
