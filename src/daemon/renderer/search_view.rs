//! Searches as views: pages and feeds, kept until entries or the index change.

use std::sync::Arc;

use super::cache::Limit;
use super::paths::{Output, ViewKey, with_query};
use super::search::{Found, RESULTS, SearchStop};
use super::{Renderer, failed};
use crate::ledger::store::StoreError;
use crate::model::feed_key::FeedKey;
use crate::model::search::Order;
use crate::model::state::State;
use crate::model::time::Time;
use crate::search::Unready;
use crate::search::request::Request;
use crate::serve::View;
use crate::views::document::search::PATH;
use crate::views::format::Format;
use crate::views::html::lang::Tongue;
use crate::views::html::search::{Form, Result as ResultRow, SearchPage};
use crate::views::page::Page;
use crate::views::site::Site;
use crate::views::{formats, html};

/// The answers that are kept. Whoever asks for all words there are makes others lose theirs, and nobody a feed.
pub(super) const SEARCHES: Limit<Arc<Page>> =
    Limit { count: 128, octets: 16 << 20, weigh: |page| page.octets() };

impl Renderer {
    pub(super) fn search_view(&self, key: &ViewKey, request: &Request, output: Output) -> View {
        let make = || match output {
            Output::Page(tongue) => self.render_results(request, tongue),
            Output::Feed(format) => self.render_search_feed(request, format),
        };
        let bad_feed = || self.refusal_of_feed(request).filter(|_| matches!(output, Output::Feed(_)));
        if let Some(why) = bad_feed() {
            return refused(400, &why);
        }
        match self.searches.get(&key.path(), false, || self.version(key), make) {
            Ok(made) => View::Page(Arc::clone(&made.value)),
            Err(SearchStop::Store(error)) => failed(&error),
            Err(SearchStop::Unready(why)) => match output {
                Output::Page(tongue) => {
                    View::Refused(503, Arc::new(self.render_unready(request, tongue, why)))
                }
                Output::Feed(_) => refused(503, &why.to_string()),
            },
            Err(off @ SearchStop::Off) => refused(404, &off.to_string()),
        }
    }

    /// The answer that is kept of this search, if nothing has changed.
    pub(super) fn search_at_hand(&self, path: &str) -> Option<Arc<Page>> {
        let key = ViewKey::parse(path, &self.site.regions)?;
        let made = self.searches.slot(&key.path())?.last()?;
        (made.version == self.version(&key)).then(|| Arc::clone(&made.value))
    }

    /// Why a search has no feed. A feed that leaves out what it cannot read would show other entries than were asked
    /// for, and nobody would see that.
    fn refusal_of_feed(&self, request: &Request) -> Option<String> {
        let query = request.query();
        if query.is_empty() {
            return Some("name the words to search for: q=…".to_owned());
        }
        let faults: Vec<String> = query.faults.iter().map(ToString::to_string).collect();
        (!request.unread.is_empty()).then(|| faults.join("; "))
    }

    fn render_search_feed(&self, request: &Request, format: &Format) -> Result<Arc<Page>, SearchStop> {
        self.meter.rendered();
        let doc = self.search_feed(request)?;
        let bytes = formats::render(format, &self.site, &doc);
        Ok(Arc::new(
            Page::new(bytes, format.media_type, doc.modified).with_link(doc.link_header(format.ending)),
        ))
    }

    fn render_results(&self, request: &Request, tongue: Tongue) -> Result<Arc<Page>, SearchStop> {
        self.meter.rendered();
        let found = self.search(request)?;
        let modified = self.modified()?;
        Ok(Arc::new(Page::new(self.results_page(request, tongue, &found, None), html::MEDIA_TYPE, modified)))
    }

    fn render_unready(&self, request: &Request, tongue: Tongue, why: Unready) -> Page {
        let found = Found { faults: request.query().faults, ..Found::default() };
        let is_building = why == Unready::Building;
        Page::new(
            self.results_page(request, tongue, &found, Some(is_building)),
            html::MEDIA_TYPE,
            Time::UNIX_EPOCH,
        )
    }

    /// The last change of any entry: a page of results counts entries that it does not show.
    fn modified(&self) -> Result<Time, StoreError> {
        let all = self.store.load().feed(&FeedKey::All)?;
        let changed = all.map_or(Time::UNIX_EPOCH, |all| all.changed_at);
        Ok(changed.max(self.meta()?.config_at))
    }

    fn results_page(
        &self,
        request: &Request,
        tongue: Tongue,
        found: &Found,
        unready: Option<bool>,
    ) -> Vec<u8> {
        let results: Vec<ResultRow<'_>> = found
            .hits
            .iter()
            .map(|hit| ResultRow { entry: &hit.doc, title: &hit.title, excerpt: &hit.excerpt })
            .collect();
        let at_page = |page: usize| with_query(PATH, &Request { page, ..request.clone() }.address());
        let form = Form {
            q: &request.q,
            region: request.region.as_ref().map(Site::path).unwrap_or_default(),
            source: request.source.as_ref().map(ToString::to_string).unwrap_or_default(),
            from: request.from.map(|day| day.to_string()).unwrap_or_default(),
            to: request.to.map(|day| day.to_string()).unwrap_or_default(),
            by_relevance: request.order == Order::Relevance,
        };
        let feed =
            (!request.query().is_empty() && request.unread.is_empty()).then(|| request.as_feed().address());
        let page = SearchPage {
            form,
            results: &results,
            total: found.total,
            first: request.page * RESULTS,
            faults: &found.faults,
            unready,
            asked: !request.q.is_empty(),
            feed,
            address: with_query(PATH, &request.address()),
            earlier: (request.page > 0).then(|| at_page(request.page - 1)),
            later: found.more.then(|| at_page(request.page + 1)),
        };
        html::search::search(&self.site, tongue, &page)
    }
}

fn refused(status: u16, why: &str) -> View {
    let text = format!("{why}\n").into_bytes();
    View::Refused(status, Arc::new(Page::new(text, "text/plain; charset=utf-8", Time::UNIX_EPOCH)))
}
