//! The renderer: renders views from the store, caches them, and knows which are stale. It renders a stale view
//! once, when the first client asks for it, or in advance after a burst of polls. All formats of a feed are made
//! from one document.

mod absent;
mod cache;
mod changes;
mod delta;
mod feeds;
mod pages;
mod paths;
mod removed;
pub mod search;
mod search_view;
mod selection;
#[cfg(test)]
pub(super) mod tests;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::meter::Meter;
use super::recorder::Observer;
use crate::ledger::StoreHandle;
use crate::ledger::store::{Store, StoreError};
use crate::model::feed_key::FeedKey;
use crate::model::month::Month;
use crate::model::source::SourceId;
use crate::model::state::{FeedState, Meta, State};
use crate::model::stored::EntryNo;
use crate::search::Search;
use crate::serve::{Share, View, Views};
use crate::views::document::{self, FeedDoc};
use crate::views::format::Format;
use crate::views::formats::{self, FEED, FORMATS, PAGE};
use crate::views::html::assets::Asset;
use crate::views::html::lang::Tongue;
use crate::views::opensearch;
use crate::views::opml;
use crate::views::page::{Mark, Page};
use crate::views::robots;
use crate::views::site::Site;
use cache::{Cache, Limit, Made, Slot};
pub use changes::Version;
use changes::{Age, FeedChanges};
use feeds::FeedSource;
use paths::{PageKey, ViewKey};

/// The cache limit of feeds and archives that do not [stay](ViewKey::stands): there can be thousands, and an archive
/// may have megabytes.
const FEEDS: Limit<Rendered> = Limit { count: 512, octets: 48 << 20, weigh: Rendered::octets };

/// The cache limit of pages that do not stay. There is one for each entry; few are asked for twice.
const PAGES: Limit<Rendered> = Limit { count: 512, octets: 24 << 20, weigh: Rendered::octets };

/// The cache limit of documents: the formats of a feed are rendered one after another, if at all.
const DOCS: Limit<(Mark, FeedDoc)> = Limit { count: 16, octets: usize::MAX, weigh: |_| 0 };

/// A rendered view. An archive has no page if all entries of its month were gone when it was rendered.
struct Rendered {
    view: ViewKey,
    page: Option<Arc<Page>>,
}

impl Rendered {
    fn octets(&self) -> usize {
        self.page.as_ref().map_or(0, |page| page.octets())
    }
}

/// The document of a feed, and the state it shows.
type Doc = Arc<Made<Version, (Mark, FeedDoc)>>;

pub struct Renderer {
    site: Site,
    store: StoreHandle,
    configured: BTreeSet<SourceId>,
    /// The path of `public_url`, if it has one.
    base: Option<Arc<str>>,
    former: BTreeSet<SourceId>,
    removed: removed::RemovedCache,
    changes: FeedChanges,
    meter: Arc<Meter>,
    docs: Cache<FeedKey, Version, (Mark, FeedDoc)>,
    deltas: delta::DeltaCache,
    /// Feeds, archives, and the pages that clients ask for all the time.
    views: Cache<String, Version, Rendered>,
    /// The other pages. A crawler that asks for all of them drops no feed.
    pages: Cache<String, Version, Rendered>,
    search: Option<Arc<Search>>,
    searches: Cache<String, Version, Arc<Page>>,
}

impl Renderer {
    /// A renderer of the store's entries. Only `configured` sources have feeds; entries of others stand in no feed.
    pub fn new(site: Site, store: StoreHandle, configured: BTreeSet<SourceId>) -> Self {
        let changes = FeedChanges::since(age(&site, &store.load()));
        let base = Some(site.base_path()).filter(|base| !base.is_empty()).map(Arc::from);
        Self {
            site,
            store,
            configured,
            base,
            former: BTreeSet::new(),
            removed: removed::RemovedCache::default(),
            changes,
            meter: Arc::default(),
            deltas: delta::DeltaCache::default(),
            docs: Cache::new(DOCS),
            views: Cache::new(FEEDS),
            pages: Cache::new(PAGES),
            search: None,
            searches: Cache::new(search_view::SEARCHES),
        }
    }

    /// The same, which answers searches by this index.
    pub fn searching(self, search: Option<Arc<Search>>) -> Self {
        Self { search, ..self }
    }

    /// The same with the former ids of renamed sources: until the store is rebuilt, it has their entries under the
    /// former ids.
    pub fn renaming(self, former: BTreeSet<SourceId>) -> Self {
        Self { former, ..self }
    }

    /// The same, which counts renderings there.
    pub fn counting(self, meter: Arc<Meter>) -> Self {
        Self { meter, ..self }
    }

    /// The index by which it answers searches.
    pub fn index(&self) -> Option<Arc<Search>> {
        self.search.clone()
    }

    pub fn site(&self) -> &Site {
        &self.site
    }

    fn removed(&self, store: &Arc<Store>) -> Result<Arc<removed::Removed>, StoreError> {
        self.removed.of(store, |id| self.configured.contains(id) || self.former.contains(id))
    }

    /// Returns when views have changed since the last call and the burst of polls is over. A burst that goes on
    /// counts as over each second.
    pub async fn settled(&self) {
        self.changes.settled().await;
    }

    /// Renders in advance the stale views that a client asked for since they were rendered, in the codings that
    /// clients asked for. Archives, days, months and entries are left out: they seldom change, and few ask for them.
    pub fn refresh(&self) -> Result<(), StoreError> {
        let mut asked = self.views.asked();
        asked.extend(self.pages.asked());
        // The formats of a feed one after another: they share its document.
        asked.sort();
        for path in &asked {
            let Some(view) = ViewKey::parse(path, &self.site.regions) else { continue };
            if matches!(view, ViewKey::Archive(..)) || view.is_of_the_past() {
                continue;
            }
            let before = self.last(path);
            let now = self.page(&view)?;
            if let (Some(before), Some(now)) = (before, now) {
                now.encode_as(&before);
            }
        }
        Ok(())
    }

    /// Renders the views that most clients ask for: the home page, and the feeds that have entries, the newest first.
    pub fn warm(&self) -> Result<(), StoreError> {
        self.page(&ViewKey::Page(PageKey::Home, Tongue::default()))?;
        let mut feeds = Vec::new();
        for feed in self.site.standing() {
            if let Some(state) = self.store.load().feed(&feed)?.filter(|state| state.entries > 0) {
                feeds.push((Reverse(state.changed_seq), feed));
            }
        }
        feeds.sort();
        for (_, feed) in feeds {
            self.page(&in_format(feed.clone(), FEED))?;
            self.page(&in_format(feed, PAGE))?;
        }
        Ok(())
    }

    /// The paths of the views that are written as files: the home page (an empty path), what pages load, the lists,
    /// every feed in every format; then the archives, which seldom change. Pages are in the language of the site.
    pub fn paths(&self) -> Result<Vec<String>, StoreError> {
        let store = self.store.load();
        let meta = store.meta()?.unwrap_or_else(|| Meta::empty(""));
        let sources = || self.configured.iter().map(|id| FeedKey::Source(id.clone()));
        let of_source = sources().flat_map(in_every_format);
        let mut paths: Vec<String> = self.standing().chain(of_source).map(|view| view.path()).collect();
        for feed in self.site.standing().chain(sources()) {
            let months = FeedSource { site: &self.site, store: &store, meta: &meta, feed: &feed }.months()?;
            paths.extend(months.into_iter().map(|month| Site::archive_path(&feed, month)));
        }
        Ok(paths)
    }

    /// The views that clients ask for all the time.
    fn standing(&self) -> impl Iterator<Item = ViewKey> {
        let feeds = self.site.standing().flat_map(in_every_format);
        let assets = Asset::all().map(ViewKey::Asset);
        let home = ViewKey::Page(PageKey::Home, Tongue::default());
        assets.chain([home, ViewKey::Feeds, ViewKey::Sources]).chain(feeds)
    }

    fn key(&self, path: &str) -> Result<ViewKey, View> {
        let key = ViewKey::parse(path, &self.site.regions).ok_or(View::Missing)?;
        if let Some(FeedKey::Source(id)) = key.feed()
            && !self.configured.contains(id)
        {
            // A removed source is gone for good (RFC 9110 section 15.5.11).
            return match self.store.load().source(id) {
                Ok(Some(_)) => Err(View::Gone),
                Ok(None) => Err(View::Missing),
                Err(error) => Err(failed(&error)),
            };
        }
        Ok(key)
    }

    fn version(&self, view: &ViewKey) -> Version {
        let (everything, seq, age) = self.changes.version(view);
        match (&self.search, view) {
            // Both counts only grow, so their sum changes with each.
            (Some(search), ViewKey::Search(..)) => (everything + search.revision(), seq, age),
            _ => (everything, seq, age),
        }
    }

    fn page(&self, view: &ViewKey) -> Result<Option<Arc<Page>>, StoreError> {
        // A month without entries is not cached: a client that asks for every month there never was would else
        // evict the archives there are. The same holds for days and entries. This costs one look at the index.
        if self.is_there(view).is_ok_and(|is| !is) {
            return Ok(None);
        }
        let path = view.path();
        let make = || Ok(Rendered { view: view.clone(), page: self.render(view)? });
        let cache = if view.share() == Share::RarePage { &self.pages } else { &self.views };
        match cache.get(&path, view.stands(), || self.version(view), make) {
            Ok(made) => Ok(made.value.page.clone()),
            // If the disk fails, the view in memory is still served.
            Err(error) => {
                let Some(last) = self.last(&path) else { return Err(error) };
                tracing::error!(view = %path, %error, "a view cannot be rendered anew; the last one is served");
                Ok(Some(last))
            }
        }
    }

    /// The page that was last rendered at a path.
    fn last(&self, path: &str) -> Option<Arc<Page>> {
        self.slot(path)?.last()?.value.page.clone()
    }

    fn slot(&self, path: &str) -> Option<Arc<Slot<Version, Rendered>>> {
        self.views.slot(path).or_else(|| self.pages.slot(path))
    }

    /// The version a view would have if rendered now. While it stays the same, so does the view.
    pub fn version_of(&self, path: &str) -> Option<Version> {
        Some(self.version(&self.key(path).ok()?))
    }

    fn doc(&self, feed: &FeedKey) -> Result<Doc, StoreError> {
        let view = ViewKey::Feed(feed.clone(), FEED);
        self.docs.get(
            feed,
            false,
            || self.version(&view),
            || {
                let store = self.store.load_full();
                let meta = store.meta()?.unwrap_or_else(|| Meta::empty(""));
                // The mark is read first: a document may show more than its mark, never less.
                let mark = delta::mark(&meta, store.feed(feed)?.as_ref());
                let removed = self.removed(&store)?;
                let source = FeedSource { site: &self.site, store: &store, meta: &meta, feed };
                Ok((mark, source.current(&removed)?))
            },
        )
    }

    fn render(&self, view: &ViewKey) -> Result<Option<Arc<Page>>, StoreError> {
        self.meter.rendered();
        let page = match view {
            ViewKey::Feed(feed, format) => {
                let doc = self.doc(feed)?;
                let (mark, doc) = &doc.value;
                self.render_feed(doc, format, Some(*mark))
            }
            ViewKey::Page(page, tongue) => return Ok(self.render_page(page, *tongue)?.map(Arc::new)),
            ViewKey::Asset(asset) => Page::lasting(asset.bytes, asset.media_type, self.meta()?.config_at),
            ViewKey::Feeds => {
                let changed = self.meta()?.config_at;
                Page::new(opml::feeds(&self.site, changed), opml::MEDIA_TYPE, changed)
            }
            ViewKey::Sources => self.render_sources()?,
            ViewKey::Robots => {
                Page::new(robots::render(&self.site), robots::MEDIA_TYPE, self.meta()?.config_at)
            }
            ViewKey::OpenSearch => {
                if self.search.is_none() {
                    return Ok(None);
                }
                Page::new(opensearch::render(&self.site), opensearch::MEDIA_TYPE, self.meta()?.config_at)
            }
            // They have a cache of their own, as they have other reasons to fail.
            ViewKey::Search(..) => return Ok(None),
            ViewKey::Archive(feed, month) => {
                let store = self.store.load_full();
                let (meta, removed) = (self.meta()?, self.removed(&store)?);
                let source = FeedSource { site: &self.site, store: &store, meta: &meta, feed };
                let doc = source.archive(&removed, *month, feeds::ARCHIVE)?;
                return Ok(doc.map(|doc| Arc::new(self.render_feed(&doc, FEED, None))));
            }
        };
        Ok(Some(Arc::new(page)))
    }

    /// `mark` is the state that a feed shows; archives have none.
    fn render_feed(&self, doc: &FeedDoc, format: &Format, mark: Option<Mark>) -> Page {
        let (bytes, media_type) = (formats::render(format, &self.site, doc), format.media_type);
        let Some(mark) = mark.filter(|_| format.is_feed) else {
            return Page::new(bytes, media_type, doc.modified);
        };
        let page = match self.site.delta {
            true => Page::feed(bytes, media_type, doc.modified, mark),
            false => Page::new(bytes, media_type, doc.modified),
        };
        page.with_link(doc.link_header(format.ending))
    }

    fn meta(&self) -> Result<Meta, StoreError> {
        Ok(self.store.load().meta()?.unwrap_or_else(|| Meta::empty("")))
    }

    fn render_sources(&self) -> Result<Page, StoreError> {
        let store = self.store.load();
        let changed = self.meta()?.config_at;
        let sources: Result<Vec<_>, _> = self.configured.iter().map(|id| store.source(id)).collect();
        let sources = sources?;
        // A change of a source's own title or home page touches every feed with its entries, and this list.
        let all = store.feed(&FeedKey::All)?;
        let modified = all.map_or(changed, |feed| feed.changed_at.max(changed));
        let bytes = opml::sources(&self.site, sources.iter().flatten(), changed);
        Ok(Page::new(bytes, opml::MEDIA_TYPE, modified))
    }

    /// The sources as OPML, in folders of their regions.
    pub fn export(&self) -> Result<Vec<u8>, StoreError> {
        let store = self.store.load();
        let sources: Result<Vec<_>, _> = self.configured.iter().map(|id| store.source(id)).collect();
        let sources: Vec<_> = sources?.into_iter().flatten().collect();
        Ok(opml::export(&self.site, &sources, self.meta()?.config_at))
    }

    fn has_archive(&self, feed: &FeedKey, month: Month) -> Result<bool, StoreError> {
        let store = self.store.load();
        let Some(meta) = store.meta()? else { return Ok(false) };
        FeedSource { site: &self.site, store: &store, meta: &meta, feed }.has_archive(month)
    }
}

fn in_every_format(feed: FeedKey) -> impl Iterator<Item = ViewKey> {
    FORMATS.iter().map(move |format| in_format(feed.clone(), format))
}

fn in_format(feed: FeedKey, format: &'static Format) -> ViewKey {
    match format == PAGE {
        true => ViewKey::Page(PageKey::Feed(feed), Tongue::default()),
        false => ViewKey::Feed(feed, format),
    }
}

/// The day and month that ageing counts by. If they cannot be read, nothing ages until the next record.
fn age(site: &Site, store: &Store) -> Option<Age> {
    let meta = store.meta().ok().flatten()?;
    let date = meta.newest_at.with_timezone(&site.zone).date_naive();
    Some((document::today(&meta), Month::of(meta.newest_at, site.zone), date))
}

impl Observer for Renderer {
    fn touched(&self, feeds: &[(FeedKey, FeedState)]) {
        self.changes.touched(feeds, age(&self.site, &self.store.load()));
    }

    fn turned(&self, sources: &[(SourceId, u64)]) {
        self.changes.turned(sources);
    }

    fn everything(&self) {
        self.changes.everything(age(&self.site, &self.store.load()));
        // The store may be another one.
        self.search.iter().for_each(|search| search.wake());
    }

    fn changed(&self, seq: u64, entries: &[EntryNo]) {
        self.search.iter().for_each(|search| search.changed(seq, entries));
    }

    fn busy(&self, facts: usize) {
        self.changes.set_waiting(facts);
    }
}

/// The current renderer, which each reload of the configuration replaces.
impl Observer for ArcSwap<Renderer> {
    fn touched(&self, feeds: &[(FeedKey, FeedState)]) {
        self.load().touched(feeds);
    }

    fn turned(&self, sources: &[(SourceId, u64)]) {
        self.load().turned(sources);
    }

    fn everything(&self) {
        self.load().everything();
    }

    fn changed(&self, seq: u64, entries: &[EntryNo]) {
        self.load().changed(seq, entries);
    }

    fn busy(&self, facts: usize) {
        self.load().busy(facts);
    }
}

impl Views for Renderer {
    fn view(&self, path: &str) -> View {
        let key = match self.key(path) {
            Ok(key) => key,
            Err(view) => return view,
        };
        if let ViewKey::Search(request, output) = &key {
            return self.search_view(&key, request, *output);
        }
        match self.page(&key) {
            Ok(Some(page)) => View::Page(page),
            Ok(None) => match &key {
                ViewKey::Archive(feed, month) => self.no_archive(feed, *month),
                ViewKey::Page(page, _) => self.no_page(page),
                _ => View::Missing,
            },
            Err(error) => failed(&error),
        }
    }

    fn base(&self) -> Option<Arc<str>> {
        self.base.clone()
    }

    fn takes_query(&self, path: &str) -> bool {
        ViewKey::takes_query(path)
    }

    fn at_hand(&self, path: &str) -> Option<Arc<Page>> {
        if ViewKey::takes_query(path.split('?').next().unwrap_or_default()) {
            return self.search_at_hand(path);
        }
        let slot = self.slot(path)?;
        let made = slot.last()?;
        slot.ask();
        let is_current = made.version == self.version(&made.value.view) || self.changes.excuse(made.at);
        made.value.page.clone().filter(|_| is_current)
    }

    fn has(&self, path: &str) -> bool {
        match self.key(path) {
            Ok(view) => self.is_there(&view).unwrap_or(false),
            Err(_) => false,
        }
    }

    fn share(&self, path: &str) -> Share {
        ViewKey::parse(path, &self.site.regions).map_or(Share::Common, |view| view.share())
    }

    fn delta(&self, path: &str, since: Mark) -> Option<Arc<Page>> {
        self.since(path, since)
    }
}

fn failed(error: &StoreError) -> View {
    tracing::error!(%error, "a view cannot be rendered");
    View::Failed
}
