//! Searches as views: pages and feeds, kept until entries or the index change. They have tags and no dates: an entry
//! that is indexed late changes an answer after the time at which the entry came.

use std::sync::Arc;

use super::cache::Limit;
use super::paths::{Output, ViewKey, with_query};
use super::search::{Found, RESULTS, SearchStop};
use super::{Renderer, failed};
use crate::model::search::{Fault, Order};
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
        let mut faults = query.faults;
        faults.extend(self.unknown_source(request));
        faults.retain(|fault| matches!(fault, Fault::Parameter { .. } | Fault::DaysReversed));
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    fn unknown_source(&self, request: &Request) -> Option<Fault> {
        let unknown = request.source.as_ref().filter(|source| !self.configured.contains(source))?;
        Some(Fault::Parameter { name: "source", value: unknown.to_string() })
    }

    fn render_search_feed(&self, request: &Request, format: &Format) -> Result<Arc<Page>, SearchStop> {
        self.meter.rendered();
        let doc = self.search_feed(request)?;
        let bytes = formats::render(format, &self.site, &doc);
        Ok(Arc::new(
            Page::new(bytes, format.media_type, doc.modified)
                .undated()
                .with_link(doc.link_header(format.ending)),
        ))
    }

    fn render_results(&self, request: &Request, tongue: Tongue) -> Result<Arc<Page>, SearchStop> {
        self.meter.rendered();
        let found = self.search(request)?;
        let bytes = self.results_page(request, tongue, &found, None);
        Ok(Arc::new(Page::new(bytes, html::MEDIA_TYPE, Time::UNIX_EPOCH).undated()))
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
            language: request.language.clone().unwrap_or_default(),
            by_relevance: request.order == Order::Relevance,
        };
        let feed = self.refusal_of_feed(request).is_none().then(|| request.as_feed().address());
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
