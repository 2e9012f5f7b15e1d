//! Following a list's new entries to their pages, each once, politely: only where robots.txt lets
//! programs, at the pace of the host's queue, so many in one poll.

use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::reading::input;
use super::{RetryAfter, Worker, request};
use crate::config::{ContentPolicy, Page, Source};
use crate::core::bound;
use crate::core::diff::DraftEntry;
use crate::core::entry::ParsedEntry;
use crate::core::exchange::{Exchange, FetchFault, Response, Validators};
use crate::core::follow::{self, Settled, Visit, Waiting};
use crate::core::freshness;
use crate::core::page::{self, PageError};
use crate::core::poll::LONGEST_RETRY_AFTER;
use crate::core::robots::{AGENT, page_directives};
use crate::core::time::Time;
use crate::fetch::ACCEPT_PAGE;

/// The longest one poll's visits go on: a publisher whose every page hangs must not keep a source from
/// its next turn.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// Whether the host is to be asked for more in this poll.
enum Then {
    GoOn,
    Stop,
}

impl Worker {
    /// Visits the pages of a poll's new entries and parts them by how that went.
    pub(super) async fn follow(
        &self,
        source: &Source,
        page: &Page,
        limit: usize,
        drafts: Vec<DraftEntry>,
        waiting: &[Waiting],
        at: Time,
    ) -> Settled {
        let mut visits = vec![Visit::NotMade; drafts.len()];
        let until = Instant::now() + LONGEST;
        for index in follow::itinerary(&drafts, waiting, limit) {
            if Instant::now() > until {
                break;
            }
            let (visit, then) = self.visit(source, page, &drafts[index].entry, at).await;
            visits[index] = visit;
            if matches!(then, Then::Stop) {
                break;
            }
        }
        follow::settle(drafts, visits, waiting)
    }

    async fn visit(&self, source: &Source, page: &Page, entry: &ParsedEntry, at: Time) -> (Visit, Then) {
        let Some(url) = entry.page() else { return (Visit::Bare, Then::GoOn) };
        let fetcher = self.fetcher(source);
        match fetcher.robots_of(url).await {
            None => return (Visit::Bare, Then::GoOn),
            Some(robots) if robots.is_unknown() => return (Visit::Failed, Then::Stop),
            Some(_) if !fetcher.may_fetch(url).await.allowed => return (Visit::Bare, Then::GoOn),
            Some(_) => {}
        }
        let mut request = request(source, url, Validators::default(), ACCEPT_PAGE);
        if !same_origin(&source.def.url, url) {
            request.headers.clear();
        }
        match fetcher.get(&request).await {
            Exchange::Body(response) => self.read_article(source, page, entry.clone(), response, at).await,
            Exchange::Throttled(head) => {
                if let (RetryAfter::Host, Some(value)) = (source.retry_after, &head.retry_after) {
                    let date = head.date.as_deref();
                    self.hold(url, freshness::retry_after(value, date, at, LONGEST_RETRY_AFTER), at);
                }
                (Visit::NotMade, Then::Stop)
            }
            Exchange::Failed(FetchFault::Held { .. }) => (Visit::NotMade, Then::Stop),
            Exchange::Blocked { .. } => (Visit::Failed, Then::Stop),
            Exchange::Status(head) if head.status >= 500 => (Visit::Failed, Then::GoOn),
            Exchange::Failed(_) => (Visit::Failed, Then::GoOn),
            // It is not there, and was perhaps never to be.
            Exchange::Status(_) | Exchange::Gone(_) | Exchange::NotModified(_) => (Visit::Bare, Then::GoOn),
        }
    }

    async fn read_article(
        &self,
        source: &Source,
        page: &Page,
        entry: ParsedEntry,
        response: Response,
        at: Time,
    ) -> (Visit, Then) {
        let (rules, zone) = (page.rules.article.clone(), source.zone);
        let full = source.content == ContentPolicy::Full;
        let read = self.blocking(move || {
            let mut article = page::article(&input(&response, zone, at), &rules)?;
            let directives = page_directives(response.head.x_robots_tag.as_deref(), AGENT);
            article.noindex |= directives.noindex;
            article.nosnippet |= directives.nosnippet;
            // The body is the publisher's; it is taken only where the operator has leave to.
            article.body = article.body.filter(|_| full);
            let mut entry = page::enrich(&entry, &article);
            bound::entry(&mut entry);
            Ok(entry)
        });
        match read.await {
            Ok(Ok(entry)) => (Visit::Read(Box::new(entry)), Then::GoOn),
            Ok(Err(PageError::Challenge(_))) => (Visit::Failed, Then::Stop),
            // A film, a document, a page that is all script: there is nothing to be had later either.
            Ok(Err(_)) | Err(_) => (Visit::Bare, Then::GoOn),
        }
    }
}

/// Whether what was meant for one address may be sent to the other.
fn same_origin(a: &str, b: &str) -> bool {
    matches!((Url::parse(a), Url::parse(b)), (Ok(a), Ok(b)) if a.origin() == b.origin())
}
