//! Searches: asks the index for numbers, reads the entries from the store, and keeps those that a feed shows. The store
//! has the last word, so an index that is behind hides an entry for a moment and never shows one that was
//! withdrawn.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};

use chrono::{NaiveDate, TimeDelta};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::Renderer;
use super::removed::Removed;
use super::selection::{self, FeedStories, Placed};
use crate::ledger::store::{Store, StoreError};
use crate::model::feed_key::FeedKey;
use crate::model::hash::hex16;
use crate::model::search::{Fault, Piece};
use crate::model::source::{ContentPolicy, SourceId};
use crate::model::state::{Meta, Rank, SourceState, State};
use crate::model::stored::{Entry, EntryNo};
use crate::model::time::{Time, start_of};
use crate::search::index::{Ask, Document};
use crate::search::query::Query;
use crate::search::request::{PAGES, Request, language};
use crate::search::{Search, SearchError, Step, Unready, snippet};
use crate::views::document::search::{SearchInput, search, searched_text};
use crate::views::document::{self, EntryDoc, FeedDoc, Shown};

/// Stories of a page of results.
pub const RESULTS: usize = 20;

/// The hits that are read from the store at a time: those of ten pages whose stories have five reports.
const READ: usize = PAGES * RESULTS * 5;

/// Entries that a search without the index reads between two looks at the time.
const SCAN: usize = 500;

/// Characters of an excerpt: two lines.
const EXCERPT: usize = 90;

/// The answer to a search.
#[derive(Debug, Default)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// The entries that match, each report counted; as many as the index has.
    pub total: usize,
    /// True if there is a further page.
    pub more: bool,
    pub faults: Vec<Fault>,
}

/// A story that was found, with its report that matches.
#[derive(Debug)]
pub struct Hit {
    pub doc: EntryDoc,
    pub title: Vec<Piece>,
    pub excerpt: Vec<Piece>,
}

/// Why a search has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchStop {
    #[error(transparent)]
    Unready(#[from] Unready),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("search is off here: [search] enabled = false")]
    Off,
}

/// Searches one state of the store.
struct Seeker<'a> {
    renderer: &'a Renderer,
    store: &'a Store,
    removed: &'a Removed,
    request: &'a Request,
    query: &'a Query,
    scope: &'a FeedKey,
    sources: BTreeMap<SourceId, Option<SourceState>>,
}

impl Renderer {
    /// One page of results. Blocks, at most about half a second.
    pub fn search(&self, request: &Request) -> Result<Found, SearchStop> {
        let mut found = self.results(request, request.page * RESULTS, RESULTS)?;
        found.more &= request.page + 1 < PAGES;
        Ok(found)
    }

    /// So many stories behind the `first` of them.
    pub fn results(&self, request: &Request, first: usize, count: usize) -> Result<Found, SearchStop> {
        let (mut found, placed) = self.seek(request, first + count + 1, true)?;
        found.more = placed.len() > first + count;
        let query = request.query();
        let page = placed.into_iter().skip(first).take(count);
        let store = self.store.load_full();
        for (_, shown) in page {
            found.hits.extend(self.hit(&store, &query, &request.scope(), &shown)?);
        }
        found.faults = query.faults;
        if let Some(source) = request.source.as_ref().filter(|source| !self.configured.contains(source)) {
            found.faults.push(Fault::Parameter { name: "source", value: source.to_string() });
        }
        Ok(found)
    }

    /// The entries of a search as a feed, in the order of feeds. Of those that repeat one report it has one, as other
    /// feeds do.
    pub(super) fn search_feed(&self, request: &Request) -> Result<FeedDoc, SearchStop> {
        let (_, placed) = self.seek(request, self.site.entries, false)?;
        let (store, scope) = (self.store.load_full(), request.scope());
        let entries = selection::in_order(placed);
        let mut sources = BTreeMap::new();
        for shown in &entries {
            if !sources.contains_key(&shown.entry.source)
                && let Some(source) = store.source(&shown.entry.source)?
            {
                sources.insert(shown.entry.source.clone(), source);
            }
        }
        let meta = store.meta()?.unwrap_or_else(|| Meta::empty(""));
        let state = store.feed(&scope)?;
        let words = self.words(request);
        let address = request.address();
        let input = SearchInput {
            address: &address,
            words: &words,
            scope: &scope,
            state: state.as_ref(),
            meta: &meta,
            entries: &entries,
            sources: &sources,
        };
        Ok(search(&self.site, &input))
    }

    /// The words of a request and where it looks for them, for people.
    fn words(&self, request: &Request) -> String {
        let region = request.region.as_ref().map(|region| self.site.name(region).to_owned());
        let days = match (request.from, request.to) {
            (None, None) => None,
            (from, to) => {
                let day = |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
                Some(format!("{}–{}", day(from), day(to)))
            }
        };
        let source = request.source.as_ref().map(ToString::to_string);
        let within: Vec<String> =
            [region, source, request.language.clone(), days].into_iter().flatten().collect();
        if within.is_empty() {
            request.q.clone()
        } else {
            format!("{}（{}）", request.q, within.join("，"))
        }
    }

    /// An entry as results show it; `None` if nothing is known of its source.
    fn hit(
        &self,
        store: &Store,
        query: &Query,
        scope: &FeedKey,
        shown: &Shown,
    ) -> Result<Option<Hit>, StoreError> {
        let Some(source) = store.source(&shown.entry.source)? else { return Ok(None) };
        let doc = document::entry(&self.site, scope, shown, &source);
        let (_, text) = searched_text(&self.site, scope, &shown.entry);
        let excerpt = snippet::excerpt(&text, &query.matched(&text, false), EXCERPT);
        let title = snippet::pieces(&doc.title, &query.matched(&doc.title, true));
        Ok(Some(Hit { doc, title, excerpt }))
    }

    /// The first `most` stories in the order that was asked for, and the count of all entries that match.
    fn seek(&self, request: &Request, most: usize, fold: bool) -> Result<(Found, Vec<Placed>), SearchStop> {
        let index = self.search.as_deref().ok_or(SearchStop::Off)?;
        let query = request.query();
        if query.is_empty() {
            return Ok((Found::default(), Vec::new()));
        }
        let (store, scope, deadline) = (self.store.load_full(), request.scope(), Search::deadline());
        let removed = self.removed(&store)?;
        let mut ask = self.ask(request, &query, &removed, deadline);
        let mut seeker = Seeker::new(self, &store, &removed, request, &query, &scope);
        let mut stories = FeedStories::new(&self.site, &store, &removed, &scope);
        let mut answer = Answer { most, fold, placed: Vec::new(), folded: Folded::default() };
        let mut total = None;
        loop {
            let hits = index.find(&ask)?;
            total.get_or_insert(hits.total);
            seeker.gather(&hits.numbers, &mut stories, &mut answer, deadline)?;
            // Of these hits a feed may show few, or none.
            ask.after = hits.last.filter(|_| hits.numbers.len() == READ && answer.placed.len() < most);
            if ask.after.is_none() {
                break;
            }
        }
        Ok((Found { total: total.unwrap_or_default(), ..Found::default() }, answer.placed))
    }

    fn ask<'a>(
        &self,
        request: &'a Request,
        query: &'a Query,
        removed: &'a Removed,
        deadline: Instant,
    ) -> Ask<'a> {
        let source = request.source.clone().map(FeedKey::Source);
        let (from, before) = self.days(request);
        Ask {
            query,
            listed_in: request.region.iter().cloned().chain(source).collect(),
            without: removed.ids(),
            language: request.language.as_deref(),
            from,
            before,
            order: request.order,
            most: READ,
            after: None,
            deadline,
        }
    }

    /// The start of the first day, and the end of the last.
    fn days(&self, request: &Request) -> (Option<Time>, Option<Time>) {
        let start = |day: NaiveDate| start_of(day, self.site.zone);
        let before = request.to.and_then(|day| day.checked_add_signed(TimeDelta::days(1)));
        (request.from.map(start), before.map(start))
    }

    /// True while observations wait to be recorded.
    pub fn is_busy(&self) -> bool {
        self.changes.is_busy()
    }

    /// Brings the index nearer to the store. Blocks for a moment.
    pub fn index_step(&self) -> Result<Step, SearchError> {
        let Some(index) = &self.search else { return Ok(Step::Current) };
        let store = self.store.load_full();
        let of = self.searched_store(&store)?;
        let sources: RefCell<BTreeMap<SourceId, Option<String>>> = RefCell::default();
        let language_of = |id: &SourceId| {
            let read = || store.source(id).ok().flatten().and_then(|source| source.facts.language);
            sources.borrow_mut().entry(id.clone()).or_insert_with(read).clone()
        };
        index.step(&store, &of, &|no, entry| self.document(no, entry, language_of(&entry.source)))
    }

    /// Opens the index for searching alone, if it has all that the store has.
    pub fn peek_search(&self) -> Result<(), SearchStop> {
        let index = self.search.as_deref().ok_or(SearchStop::Off)?;
        let store = self.store.load_full();
        let of = self.searched_store(&store)?;
        Ok(index.peek(&store, &of)?)
    }

    /// Searches all entries of the scope, the newest first, without the index. Takes minutes if there are millions.
    pub fn scan(&self, request: &Request, most: usize) -> Result<Found, SearchStop> {
        let (store, query, scope) = (self.store.load_full(), request.query(), request.scope());
        let removed = self.removed(&store)?;
        let mut seeker = Seeker::new(self, &store, &removed, request, &query, &scope);
        let mut stories = FeedStories::new(&self.site, &store, &removed, &scope);
        let (mut found, mut folded, mut after) = (Found::default(), Folded::default(), None);
        loop {
            let places = store.list(&scope, after, SCAN)?;
            let Some((last, _)) = places.last() else { break };
            after = Some(*last);
            for (rank, _) in places {
                let Some(entry) = store.entry(rank.no)?.filter(|_| !query.is_empty()) else { continue };
                if !seeker.matches(&entry)? {
                    continue;
                }
                found.total += 1;
                if found.hits.len() < most
                    && let Some((_, shown)) = seeker.place(&mut stories, rank.no, entry, &mut folded, true)?
                {
                    found.hits.extend(self.hit(&store, &query, &scope, &shown)?);
                }
            }
        }
        found.faults.clone_from(&query.faults);
        Ok(found)
    }

    /// The store, and all else that the index depends on. Another one needs another index.
    fn searched_store(&self, store: &Store) -> Result<String, StoreError> {
        let meta = store.last_meta()?;
        let (instance, rules) = meta.map(|meta| (meta.instance, meta.rules.clone())).unwrap_or_default();
        let policies = (self.site.content.iter()).filter(|(_, policy)| **policy != ContentPolicy::Summary);
        let (policies, rewrites) = (policies.collect::<Vec<_>>(), self.site.shown.rewrites());
        let published = format!("{:?} {policies:?} {rewrites:?}", self.site.default_content);
        let published = hex16(&Sha256::digest(published));
        Ok(format!("{} {instance} {rules} {published}", store.build))
    }

    fn document(&self, no: EntryNo, entry: &Entry, language_of_source: Option<String>) -> Document {
        let (title, body) = searched_text(&self.site, &FeedKey::All, entry);
        let said = entry.body.language.clone().or(language_of_source);
        Document {
            no,
            surfaced: entry.surfaced,
            published: entry.published,
            feeds: entry.feeds(),
            language: said.and_then(|said| language(&said)),
            title,
            body,
        }
    }
}

/// The parts that an answer has so far.
#[derive(Default)]
struct Folded {
    entries: HashSet<EntryNo>,
    stories: HashSet<EntryNo>,
}

/// The stories that a search gathers.
struct Answer {
    most: usize,
    fold: bool,
    placed: Vec<Placed>,
    folded: Folded,
}

impl<'a> Seeker<'a> {
    fn new(
        renderer: &'a Renderer,
        store: &'a Store,
        removed: &'a Removed,
        request: &'a Request,
        query: &'a Query,
        scope: &'a FeedKey,
    ) -> Self {
        Self { renderer, store, removed, request, query, scope, sources: BTreeMap::new() }
    }

    fn gather(
        &mut self,
        numbers: &[EntryNo],
        stories: &mut FeedStories<'_>,
        answer: &mut Answer,
        deadline: Instant,
    ) -> Result<(), SearchStop> {
        for no in numbers {
            if answer.placed.len() == answer.most {
                break;
            }
            if Instant::now() >= deadline {
                return Err(Unready::TooLong.into());
            }
            let Some(entry) = self.store.entry(*no)? else { continue };
            if self.matches(&entry)? {
                let placed = self.place(stories, *no, entry, &mut answer.folded, answer.fold)?;
                answer.placed.extend(placed);
            }
        }
        Ok(())
    }

    /// The place of an entry that matches; `None` if it is not shown, or its story is in the answer already.
    fn place(
        &mut self,
        stories: &mut FeedStories<'_>,
        no: EntryNo,
        entry: Entry,
        folded: &mut Folded,
        fold: bool,
    ) -> Result<Option<Placed>, StoreError> {
        // A feed keeps the rest of a first poll away, as other feeds do. Pages find it.
        if !self.is_admitted(stories, no)? || (!fold && stories.floods(entry.backlog)) {
            return Ok(None);
        }
        let founder = entry.story.as_ref().map_or(no, |story| story.founder);
        if fold && !folded.stories.insert(founder) {
            return Ok(None);
        }
        let (mut no, mut entry) = (no, entry);
        // A report that repeats another is shown as that one, if the other is found too.
        if let Some(first) = stories.shown_for(founder, no)?
            && let Some(other) = self.store.entry(first)?
            && self.matches(&other)?
            && self.is_admitted(stories, first)?
        {
            if !fold {
                // It comes by its own hit, in its own place.
                return Ok(None);
            }
            (no, entry) = (first, other);
        }
        if !folded.entries.insert(no) {
            return Ok(None);
        }
        let rank = Rank::of(no, &entry);
        Ok(Some((rank, stories.with_reports(no, entry, Some(founder))?)))
    }

    /// True if the operator's rules let an entry be shown in the scope, and in the region that was asked for.
    fn is_admitted(&self, stories: &mut FeedStories<'_>, no: EntryNo) -> Result<bool, StoreError> {
        let region = self.request.region.as_ref().filter(|region| *region != self.scope);
        Ok(stories.admits(no)? && region.map_or(Ok(true), |region| stories.admits_to(region, no))?)
    }

    /// True if an entry is shown where the request asks, and its words are found in it.
    fn matches(&mut self, entry: &Entry) -> Result<bool, StoreError> {
        let (request, site) = (self.request, &self.renderer.site);
        let (from, before) = self.renderer.days(request);
        let is_listed = |feed: &FeedKey| entry.feeds().contains(feed);
        let asked = entry.is_shown()
            && is_listed(self.scope)
            && request.region.as_ref().is_none_or(is_listed)
            && !self.removed.has(&entry.source)
            && from.is_none_or(|from| entry.published >= from)
            && before.is_none_or(|before| entry.published < before)
            && !document::too_old_at_first(site, entry);
        if !asked || !self.is_in_language(entry)? {
            return Ok(false);
        }
        let (title, text) = searched_text(site, self.scope, entry);
        Ok(self.query.matches(&title, &text))
    }

    fn is_in_language(&mut self, entry: &Entry) -> Result<bool, StoreError> {
        let Some(wanted) = &self.request.language else { return Ok(true) };
        if !self.sources.contains_key(&entry.source) {
            self.sources.insert(entry.source.clone(), self.store.source(&entry.source)?);
        }
        let source = self.sources[&entry.source].as_ref();
        let said = entry.body.language.as_ref().or(source.and_then(|source| source.facts.language.as_ref()));
        Ok(said.and_then(|said| language(said)).as_ref() == Some(wanted))
    }
}
