//! The publisher: renders views from the store, keeps them, and knows which are stale. A view is
//! rendered once per change, however many ask for it, and all forms of a feed from one document.

mod cache;
mod delta;
mod feeds;
mod paths;
mod stories;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Notify;

use super::recorder::Audience;
use super::vault::StoreHandle;
use crate::core::month::Month;
use crate::core::source::SourceId;
use crate::core::state::{FeedKey, FeedState, Meta, State};
use crate::core::time::Time;
use crate::ledger::store::{Store, StoreError};
use crate::serve::{View, Views};
use crate::views::document::{self, FeedDoc};
use crate::views::page::{Mark, Page};
use crate::views::site::{Face, Site};
use crate::views::{atom, html, json, opml, rss};
use cache::{Cache, Limit};
use paths::ViewKey;

/// What is kept of the views beside those of the regions: a source's feed and an archive are rendered when
/// they are asked for, and there can be thousands. An archive alone may have megabytes.
const PAGES: Limit<ViewKey, Option<Arc<Page>>> = Limit {
    stays: ViewKey::stands,
    count: 512,
    octets: 48 << 20,
    weigh: |page| page.as_ref().map_or(0, |page| page.octets()),
};

/// And of what they are made from: the forms of a feed are made one after another, if at all.
const DOCS: Limit<FeedKey, (Mark, FeedDoc)> =
    Limit { stays: |feed| !matches!(feed, FeedKey::Source(_)), count: 8, octets: usize::MAX, weigh: |_| 0 };

/// What a rendered view was made from: the generation of everything, the position of the last record
/// that touched it, and the day and month that ageing counts by.
pub type Version = (u64, u64, Option<(Time, Month)>);

/// Renders and keeps views.
pub struct Publisher {
    site: Site,
    store: StoreHandle,
    configured: Vec<SourceId>,
    changed: RwLock<Changed>,
    /// Feeds, and the state that each shows.
    docs: Cache<FeedKey, Version, (Mark, FeedDoc)>,
    deltas: delta::Kept,
    /// `None` for a month of which nothing was stored any more when it came to be rendered.
    pages: Cache<ViewKey, Version, Option<Arc<Page>>>,
    news: Notify,
}

#[derive(Default)]
struct Changed {
    /// Counts changes that may touch any view.
    everything: u64,
    /// The last record that touched a feed, and the last that revised it.
    feeds: HashMap<FeedKey, (u64, u64)>,
    newest: u64,
}

impl Publisher {
    /// A publisher of the store's entries; `configured` sources have feeds, former ones are gone.
    #[must_use]
    pub fn new(site: Site, store: StoreHandle, configured: Vec<SourceId>) -> Self {
        Self {
            site,
            store,
            configured,
            changed: RwLock::default(),
            deltas: delta::Kept::default(),
            docs: Cache::new(DOCS),
            pages: Cache::new(PAGES),
            news: Notify::new(),
        }
    }

    /// Returns once something has changed since it was last awaited.
    pub async fn changed(&self) {
        self.news.notified().await;
    }

    /// Renders whatever is stale of the views that are asked for all the time.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn refresh(&self) -> Result<(), StoreError> {
        for view in self.standing() {
            self.page(&view)?;
        }
        Ok(())
    }

    /// The paths of every view there is: the page at `/` (which is empty), lists, and every feed in every
    /// form; then the archives, which change seldom.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn paths(&self) -> Result<Vec<String>, StoreError> {
        let store = self.store.load();
        let meta = store.meta()?.unwrap_or_else(|| Meta::empty(""));
        let sources = || self.configured.iter().map(|id| FeedKey::Source(id.clone()));
        let of_source = sources().flat_map(|feed| Face::ALL.map(|face| ViewKey::Feed(feed.clone(), face)));
        let mut paths: Vec<String> = self.standing().chain(of_source).map(|view| view.path()).collect();
        for feed in self.site.standing().chain(sources()) {
            let months = feeds::months(&self.site, &store, &meta, &feed)?;
            paths.extend(months.into_iter().map(|month| Site::archive_path(&feed, month)));
        }
        Ok(paths)
    }

    /// The views that are asked for all the time.
    fn standing(&self) -> impl Iterator<Item = ViewKey> {
        let feeds =
            self.site.standing().flat_map(|feed| Face::ALL.map(|face| ViewKey::Feed(feed.clone(), face)));
        [ViewKey::Home, ViewKey::Feeds, ViewKey::Sources].into_iter().chain(feeds)
    }

    fn key(&self, path: &str) -> Result<ViewKey, View> {
        let key = ViewKey::parse(path, &self.site.regions).ok_or(View::Missing)?;
        if let ViewKey::Feed(FeedKey::Source(id), _) | ViewKey::Archive(FeedKey::Source(id), _) = &key
            && !self.configured.contains(id)
        {
            // A source that was here says so for good (RFC 9110 section 15.5.11).
            return match self.store.load().source(id) {
                Ok(Some(_)) => Err(View::Gone),
                Ok(None) => Err(View::Missing),
                Err(error) => Err(failed(&error)),
            };
        }
        Ok(key)
    }

    /// The state of the whole, and what views of it are made from now.
    fn now(&self, store: &Store, seq: impl FnOnce(&Changed) -> u64) -> Result<Version, StoreError> {
        let meta = store.meta()?;
        let age = meta.map(|m| (document::today(&m), Month::of(m.newest_at, self.site.zone)));
        let changed = self.changed.read().unwrap_or_else(PoisonError::into_inner);
        Ok((changed.everything, seq(&changed), age))
    }

    fn version(&self, view: &ViewKey) -> Result<Version, StoreError> {
        let store = self.store.load();
        let (everything, seq, age) = self.now(&store, |changed| match view {
            ViewKey::Home | ViewKey::Feeds | ViewKey::Sources => changed.newest,
            ViewKey::Feed(feed, _) => changed.feeds.get(feed).map_or(0, |(touched, _)| *touched),
            ViewKey::Archive(feed, _) => changed.feeds.get(feed).map_or(0, |(_, revised)| *revised),
        })?;
        // A month that is over does not age by days.
        let epoch = |(_, month)| (Time::UNIX_EPOCH, month);
        Ok((everything, seq, if matches!(view, ViewKey::Archive(..)) { age.map(epoch) } else { age }))
    }

    fn page(&self, view: &ViewKey) -> Result<Option<Arc<Page>>, StoreError> {
        // Of a month without entries nothing is kept: whoever asks for all the months that never were would
        // else put out what is kept of those that are. It costs one look at the index.
        if let ViewKey::Archive(feed, month) = view
            && self.has_archive(feed, *month).is_ok_and(|has| !has)
        {
            return Ok(None);
        }
        let page = match self.pages.get(view, || self.version(view), || self.render(view)) {
            Ok(page) => page,
            // A disk that fails is no reason to stop serving what is in memory.
            Err(error) => {
                let Some(last) = self.pages.last(view) else { return Err(error) };
                tracing::error!(view = %view.path(), %error, "a view cannot be rendered anew; the last one is served");
                last
            }
        };
        Ok((*page).clone())
    }

    /// What a view would be made from now: while this stays, so does the view.
    #[must_use]
    pub fn version_of(&self, path: &str) -> Option<Version> {
        self.version(&self.key(path).ok()?).ok()
    }

    fn doc(&self, feed: &FeedKey) -> Result<Arc<(Mark, FeedDoc)>, StoreError> {
        let view = ViewKey::Feed(feed.clone(), Face::Atom);
        self.docs.get(
            feed,
            || self.version(&view),
            || {
                let store = self.store.load();
                let meta = store.meta()?.unwrap_or_else(|| Meta::empty(""));
                // The mark first: a document may show more than it says, and never less.
                let mark = delta::mark(&meta, store.feed(feed)?.as_ref());
                Ok((mark, feeds::current(&self.site, &store, &meta, feed)?))
            },
        )
    }

    fn render(&self, view: &ViewKey) -> Result<Option<Arc<Page>>, StoreError> {
        let page = match view {
            ViewKey::Feed(feed, face) => {
                let doc = self.doc(feed)?;
                self.render_feed(&doc.1, *face, Some(doc.0))
            }
            ViewKey::Home => self.render_home()?,
            ViewKey::Feeds => {
                let changed = self.meta()?.config_at;
                Page::new(opml::feeds(&self.site, changed), opml::MEDIA_TYPE, changed)
            }
            ViewKey::Sources => self.render_sources()?,
            ViewKey::Archive(feed, month) => {
                let store = self.store.load();
                let doc = feeds::archive(&self.site, &store, &self.meta()?, feed, *month, feeds::ARCHIVE)?;
                return Ok(doc.map(|doc| Arc::new(self.render_feed(&doc, Face::Atom, None))));
            }
        };
        Ok(Some(Arc::new(page)))
    }

    /// `mark` says which state a feed that is subscribed to shows.
    fn render_feed(&self, doc: &FeedDoc, face: Face, mark: Option<Mark>) -> Page {
        let (bytes, media_type) = match face {
            Face::Atom => (atom::render(doc), atom::MEDIA_TYPE),
            Face::Rss => (rss::render(doc), rss::MEDIA_TYPE),
            Face::Json => (json::render(doc), json::MEDIA_TYPE),
            Face::Html => (html::feed(&self.site, doc), html::MEDIA_TYPE),
        };
        match mark.filter(|_| face != Face::Html) {
            Some(mark) => Page::feed(bytes, media_type, doc.modified, mark),
            None => Page::new(bytes, media_type, doc.modified),
        }
    }

    fn meta(&self) -> Result<Meta, StoreError> {
        Ok(self.store.load().meta()?.unwrap_or_else(|| Meta::empty("")))
    }

    fn render_home(&self) -> Result<Page, StoreError> {
        let doc = self.doc(&FeedKey::All)?;
        let newest = &doc.1;
        let store = self.store.load();
        let (mut rows, mut modified) = (Vec::new(), newest.modified);
        for feed in self.site.standing() {
            let state = store.feed(&feed)?;
            modified = modified.max(state.as_ref().map_or(modified, |s| s.changed_at));
            let (path, name) = (Site::path(&feed), self.site.name(&feed).to_owned());
            rows.push(html::Row { path, name, entries: state.map_or(0, |s| s.entries) });
        }
        Ok(Page::new(html::home(&self.site, &rows, newest), html::MEDIA_TYPE, modified))
    }

    fn render_sources(&self) -> Result<Page, StoreError> {
        let store = self.store.load();
        let changed = self.meta()?.config_at;
        let sources: Result<Vec<_>, _> = self.configured.iter().map(|id| store.source(id)).collect();
        let sources = sources?;
        // What a source says of itself touches every feed it may stand in, and this one.
        let all = store.feed(&FeedKey::All)?;
        let modified = all.map_or(changed, |feed| feed.changed_at.max(changed));
        let bytes = opml::sources(sources.iter().flatten(), changed);
        Ok(Page::new(bytes, opml::MEDIA_TYPE, modified))
    }

    fn has_archive(&self, feed: &FeedKey, month: Month) -> Result<bool, StoreError> {
        let store = self.store.load();
        let Some(meta) = store.meta()? else { return Ok(false) };
        feeds::has_archive(&self.site, &store, &meta, feed, month)
    }

    /// There is no page where nothing is stored for a month: it was never there, or it is no more.
    fn no_archive(&self, feed: &FeedKey, month: Month) -> View {
        let (from, to) = (month.start(self.site.zone), month.next().start(self.site.zone));
        match self.store.load().feed(feed) {
            // The open month has no archive yet, whatever has left it.
            Ok(Some(state)) if state.left.any_in(from, to) && self.is_over(month) => View::Gone,
            Ok(_) => View::Missing,
            Err(error) => failed(&error),
        }
    }

    fn is_over(&self, month: Month) -> bool {
        self.meta().is_ok_and(|meta| month < Month::of(meta.newest_at, self.site.zone))
    }
}

impl Audience for Publisher {
    fn touched(&self, feeds: &[(FeedKey, FeedState)]) {
        let mut changed = self.changed.write().unwrap_or_else(PoisonError::into_inner);
        for (feed, state) in feeds {
            changed.feeds.insert(feed.clone(), (state.changed_seq, state.revised_seq));
            changed.newest = changed.newest.max(state.changed_seq);
        }
        drop(changed);
        self.news.notify_one();
    }

    fn everything(&self) {
        self.changed.write().unwrap_or_else(PoisonError::into_inner).everything += 1;
        self.news.notify_one();
    }
}

impl Views for Publisher {
    fn view(&self, path: &str) -> View {
        let key = match self.key(path) {
            Ok(key) => key,
            Err(view) => return view,
        };
        match self.page(&key) {
            Ok(Some(page)) => View::Page(page),
            Ok(None) => match &key {
                ViewKey::Archive(feed, month) => self.no_archive(feed, *month),
                _ => View::Missing,
            },
            Err(error) => failed(&error),
        }
    }

    fn has(&self, path: &str) -> bool {
        match self.key(path) {
            Ok(ViewKey::Archive(..)) | Err(_) => false,
            Ok(_) => true,
        }
    }

    fn is_seldom(&self, path: &str) -> bool {
        ViewKey::parse(path, &self.site.regions).is_some_and(|key| !key.stands())
    }

    fn delta(&self, path: &str, since: Mark) -> Option<Arc<Page>> {
        self.since(path, since)
    }
}

fn failed(error: &StoreError) -> View {
    tracing::error!(%error, "a view cannot be rendered");
    View::Failed
}
