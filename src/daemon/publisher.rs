//! The publisher: renders views from the store, keeps them, and knows which are stale. A view is
//! rendered once per change, however many ask for it.

mod stories;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::Notify;

use super::recorder::Audience;
use super::vault::StoreHandle;
use crate::core::source::{SourceId, is_slug};
use crate::core::state::{FeedKey, FeedState, Meta, SourceState, State};
use crate::core::time::Time;
use crate::serve::{View, Views};
use crate::store::{Store, StoreError};
use crate::views::document::{self, FeedInput, Site};
use crate::views::page::Page;
use crate::views::{atom, index};

/// The most views kept beside those of the regions: a source's feed is rendered when it is asked for,
/// and there can be thousands.
const KEPT: usize = 512;

/// The most withdrawals that a feed announces, the latest.
const ANNOUNCED: usize = 1000;

/// A view by what it shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum ViewKey {
    Index,
    Feed(FeedKey),
}

/// A view's place in the cache: whoever renders it holds the lock, so that others wait and share.
type Slot = Arc<Mutex<Option<(Version, Arc<Page>)>>>;

/// What a rendered view was made from: the generation of everything, the position of the last record
/// that touched it, and the day that ageing counts from.
type Version = (u64, u64, Option<Time>);

/// Renders and keeps views.
pub struct Publisher {
    site: Site,
    store: StoreHandle,
    configured: Vec<SourceId>,
    changed: RwLock<Changed>,
    slots: Mutex<HashMap<ViewKey, Slot>>,
    news: Notify,
}

#[derive(Default)]
struct Changed {
    /// Counts changes that may touch any view.
    everything: u64,
    feeds: HashMap<FeedKey, u64>,
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
            slots: Mutex::default(),
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
        self.page(&ViewKey::Index)?;
        for feed in self.standing() {
            self.page(&ViewKey::Feed(feed))?;
        }
        Ok(())
    }

    /// The feeds every instance has.
    fn standing(&self) -> impl Iterator<Item = FeedKey> {
        let regions = self.site.regions.iter().map(|region| FeedKey::Region(region.id.clone()));
        [FeedKey::All, FeedKey::National].into_iter().chain(regions)
    }

    fn key(&self, path: &str) -> Result<ViewKey, View> {
        if path.is_empty() {
            return Ok(ViewKey::Index);
        }
        let name = path.strip_suffix(".atom").ok_or(View::Missing)?;
        match name {
            "all" => Ok(ViewKey::Feed(FeedKey::All)),
            "national" => Ok(ViewKey::Feed(FeedKey::National)),
            _ => match name.strip_prefix("source/") {
                Some(id) if is_slug(id) => self.source_key(&SourceId::new(id)),
                Some(_) => Err(View::Missing),
                None => {
                    let region = self.site.regions.get(name).ok_or(View::Missing)?;
                    Ok(ViewKey::Feed(FeedKey::Region(region.id.clone())))
                }
            },
        }
    }

    fn source_key(&self, id: &SourceId) -> Result<ViewKey, View> {
        if self.configured.contains(id) {
            return Ok(ViewKey::Feed(FeedKey::Source(id.clone())));
        }
        // A source that was here says so for good (RFC 9110 section 15.5.11).
        match self.store.load().source(id) {
            Ok(Some(_)) => Err(View::Gone),
            Ok(None) => Err(View::Missing),
            Err(error) => Err(failed(&error)),
        }
    }

    fn version(&self, key: &ViewKey, day: Option<Time>) -> Version {
        let changed = self.changed.read().unwrap_or_else(PoisonError::into_inner);
        let seq = match key {
            ViewKey::Index => changed.newest,
            ViewKey::Feed(feed) => changed.feeds.get(feed).copied().unwrap_or(0),
        };
        (changed.everything, seq, day)
    }

    fn slot(&self, key: &ViewKey) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() > KEPT && !slots.contains_key(key) {
            slots.retain(|key, _| !matches!(key, ViewKey::Feed(FeedKey::Source(_))));
        }
        Arc::clone(slots.entry(key.clone()).or_default())
    }

    fn page(&self, key: &ViewKey) -> Result<Arc<Page>, StoreError> {
        let slot = self.slot(key);
        let mut kept = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = self.fresh(key, &mut kept);
        match (fresh, &*kept) {
            // A disk that fails is no reason to stop serving what is in memory.
            (Err(error), Some((_, page))) => {
                tracing::error!(%error, "a view cannot be rendered anew; the last one is served");
                Ok(Arc::clone(page))
            }
            (fresh, _) => fresh,
        }
    }

    fn fresh(&self, key: &ViewKey, kept: &mut Option<(Version, Arc<Page>)>) -> Result<Arc<Page>, StoreError> {
        // Read before the store is: what changes meanwhile makes the page stale, never stay so.
        let day = self.store.load().meta()?.map(|meta| document::today(&meta));
        let version = self.version(key, day);
        if let Some((_, page)) = kept.as_ref().filter(|(of, _)| *of == version) {
            return Ok(Arc::clone(page));
        }
        let page = Arc::new(self.render(key)?);
        *kept = Some((version, Arc::clone(&page)));
        Ok(page)
    }

    fn render(&self, key: &ViewKey) -> Result<Page, StoreError> {
        let store = self.store.load();
        let meta = store.meta()?.unwrap_or_else(|| Meta::empty(""));
        match key {
            ViewKey::Index => self.render_index(&store, &meta),
            ViewKey::Feed(feed) => self.render_feed(&store, &meta, feed),
        }
    }

    fn render_feed(&self, store: &Store, meta: &Meta, feed: &FeedKey) -> Result<Page, StoreError> {
        let entries = stories::shown(store, feed, self.site.entries)?;
        let mut sources: BTreeMap<SourceId, SourceState> = BTreeMap::new();
        let own = if let FeedKey::Source(id) = feed { Some(id) } else { None };
        for id in entries.iter().map(|shown| &shown.entry.source).chain(own) {
            if !sources.contains_key(id)
                && let Some(source) = store.source(id)?
            {
                sources.insert(id.clone(), source);
            }
        }
        let state = store.feed(feed)?;
        let withdrawn = store.withdrawn(feed, document::withdrawn_since(meta), ANNOUNCED)?;
        let input = FeedInput {
            feed,
            state: state.as_ref(),
            meta,
            entries: &entries,
            withdrawn: &withdrawn,
            sources: &sources,
        };
        let doc = document::feed(&self.site, &input);
        Ok(Page::new(atom::render(&doc), atom::MEDIA_TYPE, doc.modified))
    }

    fn render_index(&self, store: &Store, meta: &Meta) -> Result<Page, StoreError> {
        let (mut rows, mut modified) = (Vec::new(), meta.config_at);
        for feed in self.standing() {
            let state = store.feed(&feed)?;
            modified = modified.max(state.as_ref().map_or(modified, |s| s.changed_at));
            let path = Site::path(&feed);
            let name = match &feed {
                FeedKey::All => "全部".to_owned(),
                FeedKey::National => "全国".to_owned(),
                _ => self.site.regions.get(&path).map_or_else(|| path.clone(), |r| r.name.clone()),
            };
            rows.push(index::Row { path, name, entries: state.map_or(0, |s| s.entries) });
        }
        Ok(Page::new(index::render(&self.site, &rows), index::MEDIA_TYPE, modified))
    }
}

impl Audience for Publisher {
    fn touched(&self, feeds: &[(FeedKey, FeedState)]) {
        let mut changed = self.changed.write().unwrap_or_else(PoisonError::into_inner);
        for (feed, state) in feeds {
            changed.feeds.insert(feed.clone(), state.changed_seq);
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
        match self.key(path) {
            Ok(key) => self.page(&key).map_or_else(|error| failed(&error), View::Page),
            Err(view) => view,
        }
    }
}

fn failed(error: &StoreError) -> View {
    tracing::error!(%error, "a view cannot be rendered");
    View::Failed
}
