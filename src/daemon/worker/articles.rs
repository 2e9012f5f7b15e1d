//! Fetches the pages of a list's new entries: each once, if robots.txt lets programs, at the pace of the host's queue,
//! and a limited number in one poll.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::Worker;
use crate::config::{ContentPolicy, PageSettings, Source};
use crate::decide::answer::EarlierBody;
use crate::decide::diff::DraftEntry;
use crate::decide::follow::{self, Visit};
use crate::decide::poll;
use crate::decide::robots::{AGENT, page_directives};
use crate::model::entry::ParsedEntry;
use crate::model::exchange::{Exchange, Response};
use crate::model::poll_state::{Hold, PollState};
use crate::read::bound;
use crate::read::link;
use crate::read::page::{self, PageError};

/// The longest time that one poll spends on pages: a publisher whose every page hangs must not keep a source from
/// its next poll.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// Whether the host of a page is asked for further pages in this poll. A closed one may have sent a Retry-After.
enum Host {
    Open,
    Closed(Option<Hold>),
}

impl Worker {
    /// Visits the pages of a poll's new entries. Once the host wants no more, the remaining visits count as failed, so
    /// that no entry waits for ever behind one that cannot be read. The second value is what hosts asked for by
    /// Retry-After.
    pub(super) async fn visits(
        &self,
        source: &Source,
        page: &PageSettings,
        limit: usize,
        drafts: &[DraftEntry],
        before: Option<&PollState>,
    ) -> (Vec<Visit>, Vec<Hold>) {
        let mut visits = vec![Visit::NotMade; drafts.len()];
        let until = Instant::now() + LONGEST;
        let waiting = before.map(|before| before.waiting.as_slice()).unwrap_or_default();
        let order = follow::order(drafts, waiting, limit, self.clock.now());
        let (mut stopped, mut holds, mut answered) = (BTreeSet::new(), Vec::new(), false);
        for index in order {
            let page_url = drafts[index].entry.page();
            let page_host = page_url.and_then(link::server);
            let now = self.clock.now();
            let held = before.zip(page_url).and_then(|(before, url)| poll::held_until(before, url, now));
            if held.is_some() || stopped.contains(&page_host) {
                visits[index] = Visit::Failed;
                continue;
            }
            if Instant::now() > until {
                // Slowly is well too: who was not reached has its turn at the next poll.
                visits[index] = if answered { Visit::NotMade } else { Visit::Failed };
                continue;
            }
            let last_try = follow::is_last_try(&drafts[index], waiting);
            // It is due, so what a redirect of it asked to wait for is over.
            let waited = follow::follow_from(&drafts[index], waiting).is_some();
            let (visit, host) = self.visit(source, page, &drafts[index].entry, waited, last_try).await;
            answered |= matches!(visit, Visit::Read(_) | Visit::Bare);
            visits[index] = visit;
            if let Host::Closed(asked) = host {
                stopped.insert(page_host);
                holds.extend(asked);
            }
        }
        (visits, holds)
    }

    async fn visit(
        &self,
        source: &Source,
        page: &PageSettings,
        entry: &ParsedEntry,
        waited: bool,
        last_try: bool,
    ) -> (Visit, Host) {
        let Some(url) = entry.page() else { return (Visit::Bare, Host::Open) };
        // A public list must not have the operator's own machines asked.
        let own = &source.def.url;
        let outward =
            link::server(url) != link::server(own) && !self.asker.fetcher(source).is_own_address(own);
        let exchange = match self.asker.article(source, url, waited, outward).await {
            Ok(Exchange::Body(response)) => {
                return self.read_article(source, page, entry.clone(), response, last_try).await;
            }
            other => other,
        };
        let (visit, closed) = Visit::unread(&exchange, self.clock.now());
        let head = exchange.as_ref().unwrap_or_else(|refused| refused).head();
        let asked = || head.and_then(|head| poll::asked_to_wait(head, self.clock.now()));
        (visit, if closed { Host::Closed(asked()) } else { Host::Open })
    }

    async fn read_article(
        &self,
        source: &Source,
        page: &PageSettings,
        entry: ParsedEntry,
        response: Response,
        last_try: bool,
    ) -> (Visit, Host) {
        let reader = self.asker.reader(source, self.clock.now(), EarlierBody::default());
        let rules = page.rules.article.clone();
        let full = source.content == ContentPolicy::Full;
        let read = self.asker.blocking(move || {
            let mut article = page::article(&reader.input(&response), &rules)?;
            if article.breaks_off && !last_try {
                return Err(PageError::CutShort);
            }
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
            Ok(Ok(entry)) => (Visit::Read(Box::new(entry)), Host::Open),
            Ok(Err(PageError::Challenge(_))) => (Visit::Failed, Host::Closed(None)),
            Ok(Err(PageError::CutShort)) => (Visit::Failed, Host::Open),
            // A film, a document, a page that is all script: it will hold nothing later either.
            Ok(Err(_)) | Err(_) => (Visit::Bare, Host::Open),
        }
    }
}
