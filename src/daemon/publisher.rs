//! The publisher: renders views from the store, keeps them, and knows which are stale. A stale view is rendered
//! when somebody asks for it, once however many do, or in advance when a burst of polls is over. All forms of
//! a feed are made from one document.

mod absent;
mod cache;
mod changes;
mod delta;
mod feeds;
mod paths;
mod removed;
mod stories;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::recorder::Audience;
use crate::ledger::StoreHandle;
use crate::ledger::store::{Store, StoreError};
use crate::model::feed_key::FeedKey;
use crate::model::month::Month;
use crate::model::source::SourceId;
use crate::model::state::{FeedState, Meta, State};
use crate::serve::{View, Views};
use crate::views::document::{self, FeedDoc};
use crate::views::page::{Mark, Page};
use crate::views::site::{Face, Site};
use crate::views::{atom, html, json, opml, rss};
use cache::{Cache, Limit, Made};
pub use changes::Version;
use changes::{Age, Changes};
use paths::ViewKey;

/// What is kept of the views beside those that [stand](ViewKey::stands): there can be thousands. An archive
/// alone may have megabytes.
const PAGES: Limit<Shown> = Limit {
    count: 512,
    octets: 48 << 20,
    weigh: |shown| shown.page.as_ref().map_or(0, |page| page.octets()),
};

/// And of what views are made from: the forms of a feed are made one after another, if at all.
const DOCS: Limit<(Mark, FeedDoc)> = Limit { count: 16, octets: usize::MAX, weigh: |_| 0 };

/// A rendered view; no page for a month of which nothing was stored any more when it came to be rendered.
struct Shown {
    view: ViewKey,
    page: Option<Arc<Page>>,
}

/// A feed, and the state that it shows.
type Doc = Arc<Made<Version, (Mark, FeedDoc)>>;

/// Renders and keeps views.
pub struct Publisher {
    site: Site,
    store: StoreHandle,
    configured: BTreeSet<SourceId>,
    /// The path of `public_url`, if it has one.
    base: Option<Arc<str>>,
    former: BTreeSet<SourceId>,
    removed: removed::Known,
    changes: Changes,
    docs: Cache<FeedKey, Version, (Mark, FeedDoc)>,
    deltas: delta::Kept,
    /// By path.
    pages: Cache<String, Version, Shown>,
}

impl Publisher {
    /// A publisher of the store's entries; `configured` sources have feeds, former ones are gone, and their entries
    /// stand in no feed.
    #[must_use]
    pub fn new(site: Site, store: StoreHandle, configured: BTreeSet<SourceId>) -> Self {
        let changes = Changes::since(age(&site, &store.load()));
        let base = Some(site.base_path()).filter(|base| !base.is_empty()).map(Arc::from);
        Self {
            site,
            store,
            configured,
            base,
            former: BTreeSet::new(),
            removed: removed::Known::default(),
            changes,
            deltas: delta::Kept::default(),
            docs: Cache::new(DOCS),
            pages: Cache::new(PAGES),
        }
    }

    /// The same where these ids belonged to sources that have others now: a store that was not built anew yet still
    /// has their entries under them.
    #[must_use]
    pub fn renaming(self, former: BTreeSet<SourceId>) -> Self {
        Self { former, ..self }
    }

    fn removed(&self, store: &Arc<Store>) -> Result<Arc<removed::Removed>, StoreError> {
        self.removed.of(store, |id| self.configured.contains(id) || self.former.contains(id))
    }

    /// Returns once views have changed since this was last awaited, and the burst of polls is over that changed
    /// them; a burst that goes on for longer than a second is one each second.
    pub async fn settled(&self) {
        self.changes.settled().await;
    }

    /// Renders in advance what is stale of the views that somebody asked for since they were rendered, in the
    /// codings that they were asked for in. Archives change seldom, and are asked for seldom.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn refresh(&self) -> Result<(), StoreError> {
        let asked = self.pages.asked().into_iter();
        let mut views: Vec<ViewKey> =
            asked.filter_map(|path| ViewKey::parse(&path, &self.site.regions)).collect();
        // The forms of a feed one after another.
        views.sort();
        for view in views.iter().filter(|view| !matches!(view, ViewKey::Archive(..))) {
            let before = self.last(&view.path());
            let now = self.page(view)?;
            if let (Some(before), Some(now)) = (before, now) {
                now.encode_as(&before);
            }
        }
        Ok(())
    }

    /// Renders what most ask for first: the home page, and the feeds that have entries, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn warm(&self) -> Result<(), StoreError> {
        self.page(&ViewKey::Home)?;
        let mut feeds = Vec::new();
        for feed in self.site.standing() {
            if let Some(state) = self.store.load().feed(&feed)?.filter(|state| state.entries > 0) {
                feeds.push((Reverse(state.changed_seq), feed));
            }
        }
        feeds.sort();
        for (_, feed) in feeds {
            for face in [Face::Atom, Face::Html] {
                self.page(&ViewKey::Feed(feed.clone(), face))?;
            }
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

    fn version(&self, view: &ViewKey) -> Version {
        self.changes.version(view)
    }

    fn page(&self, view: &ViewKey) -> Result<Option<Arc<Page>>, StoreError> {
        // Of a month without entries nothing is kept: whoever asks for all the months that never were would
        // else put out what is kept of those that are. It costs one look at the index.
        if let ViewKey::Archive(feed, month) = view
            && self.has_archive(feed, *month).is_ok_and(|has| !has)
        {
            return Ok(None);
        }
        let path = view.path();
        let make = || Ok(Shown { view: view.clone(), page: self.render(view)? });
        match self.pages.get(&path, view.stands(), || self.version(view), make) {
            Ok(made) => Ok(made.value.page.clone()),
            // A disk that fails is no reason to stop serving what is in memory.
            Err(error) => {
                let Some(last) = self.last(&path) else { return Err(error) };
                tracing::error!(view = %path, %error, "a view cannot be rendered anew; the last one is served");
                Ok(Some(last))
            }
        }
    }

    /// The page that was last rendered at a path.
    fn last(&self, path: &str) -> Option<Arc<Page>> {
        self.pages.slot(path)?.last()?.value.page.clone()
    }

    /// What a view would be made from now: while this stays, so does the view.
    #[must_use]
    pub fn version_of(&self, path: &str) -> Option<Version> {
        Some(self.version(&self.key(path).ok()?))
    }

    fn doc(&self, feed: &FeedKey) -> Result<Doc, StoreError> {
        let view = ViewKey::Feed(feed.clone(), Face::Atom);
        self.docs.get(
            feed,
            false,
            || self.version(&view),
            || {
                let store = self.store.load_full();
                let meta = store.meta()?.unwrap_or_else(|| Meta::empty(""));
                // The mark first: a document may show more than it says, and never less.
                let mark = delta::mark(&meta, store.feed(feed)?.as_ref());
                let removed = self.removed(&store)?;
                Ok((mark, feeds::current(&self.site, &store, &removed, &meta, feed)?))
            },
        )
    }

    fn render(&self, view: &ViewKey) -> Result<Option<Arc<Page>>, StoreError> {
        let page = match view {
            ViewKey::Feed(feed, face) => {
                let doc = self.doc(feed)?;
                let (mark, doc) = &doc.value;
                self.render_feed(doc, *face, Some(*mark))
            }
            ViewKey::Home => self.render_home()?,
            ViewKey::Feeds => {
                let changed = self.meta()?.config_at;
                Page::new(opml::feeds(&self.site, changed), opml::MEDIA_TYPE, changed)
            }
            ViewKey::Sources => self.render_sources()?,
            ViewKey::Archive(feed, month) => {
                let store = self.store.load_full();
                let (meta, removed) = (self.meta()?, self.removed(&store)?);
                let doc = feeds::archive(&self.site, &store, &removed, &meta, feed, *month, feeds::ARCHIVE)?;
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
        let Some(mark) = mark.filter(|_| face != Face::Html) else {
            return Page::new(bytes, media_type, doc.modified);
        };
        let page = match self.site.delta {
            true => Page::feed(bytes, media_type, doc.modified, mark),
            false => Page::new(bytes, media_type, doc.modified),
        };
        page.with_link(doc.link_header(face))
    }

    fn meta(&self) -> Result<Meta, StoreError> {
        Ok(self.store.load().meta()?.unwrap_or_else(|| Meta::empty("")))
    }

    fn render_home(&self) -> Result<Page, StoreError> {
        let doc = self.doc(&FeedKey::All)?;
        let newest = &doc.value.1;
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
        let bytes = opml::sources(&self.site, sources.iter().flatten(), changed);
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

/// What ageing counts by. Where that cannot be read, nothing ages until the next record.
fn age(site: &Site, store: &Store) -> Option<Age> {
    let meta = store.meta().ok().flatten()?;
    Some((document::today(&meta), Month::of(meta.newest_at, site.zone)))
}

impl Audience for Publisher {
    fn touched(&self, feeds: &[(FeedKey, FeedState)]) {
        self.changes.touched(feeds, age(&self.site, &self.store.load()));
    }

    fn everything(&self) {
        self.changes.everything(age(&self.site, &self.store.load()));
    }

    fn busy(&self, facts: usize) {
        self.changes.set_waiting(facts);
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

    fn base(&self) -> Option<Arc<str>> {
        self.base.clone()
    }

    fn at_hand(&self, path: &str) -> Option<Arc<Page>> {
        let slot = self.pages.slot(path)?;
        let made = slot.last()?;
        slot.ask();
        let is_current = made.version == self.version(&made.value.view) || self.changes.excuse(made.at);
        made.value.page.clone().filter(|_| is_current)
    }

    fn has(&self, path: &str) -> bool {
        match self.key(path) {
            Ok(ViewKey::Archive(feed, month)) => self.has_archive(&feed, month).unwrap_or(false),
            Ok(_) => true,
            Err(_) => false,
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
