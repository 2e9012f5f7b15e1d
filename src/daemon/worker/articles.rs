//! Fetches the pages of a list's new entries: each once, if robots.txt lets programs, at the pace of the host's queue,
//! and a limited number in one poll.

use std::collections::{BTreeMap, BTreeSet};
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
use crate::model::page_habits::{Lack, Odd, PAGES, PageHabits, PageTraits};
use crate::model::poll_state::Hold;
use crate::model::state::SourceState;
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

/// A visit, what its host says of further ones, and the traits of the page if it was one.
struct Visited {
    visit: Visit,
    host: Host,
    traits: Option<PageTraits>,
}

impl Visited {
    fn unread(visit: Visit, host: Host) -> Self {
        Self { visit, host, traits: None }
    }
}

/// The visits of a poll to the pages of its new entries.
#[derive(Default)]
pub(super) struct Visits {
    /// One an entry.
    pub(super) made: Vec<Visit>,
    /// The waits that hosts asked for by Retry-After.
    pub(super) holds: Vec<Hold>,
    pub(super) pages: PagesRead,
}

/// The article pages that a poll read.
#[derive(Default)]
pub(super) struct PagesRead {
    /// The traits of the last pages that taught something, in the order of reading.
    pub(super) traits: Vec<PageTraits>,
    /// The number of pages that lack something, unlike those before them.
    pub(super) lacks: BTreeMap<Lack, usize>,
    /// The lack of the last page before the poll, and that of the last page in it.
    pub(super) odd: (Option<Odd>, Option<Odd>),
}

impl Worker {
    /// Visits the pages of a poll's new entries. Once the host wants no more, the remaining visits count as failed, so
    /// that no entry waits for ever behind one that cannot be read. Each page is read with what those before it have in
    /// common, also in this poll.
    pub(super) async fn visits(
        &self,
        source: &Source,
        page: &PageSettings,
        limit: usize,
        drafts: &[DraftEntry],
        stored: Option<&SourceState>,
    ) -> Visits {
        let mut visits = Visits { made: vec![Visit::NotMade; drafts.len()], ..Visits::default() };
        let before = stored.map(|stored| &stored.poll);
        let mut habits = stored.map(|stored| stored.pages.clone()).unwrap_or_default();
        visits.pages.odd.0 = habits.odd();
        let until = Instant::now() + LONGEST;
        let waiting = before.map(|before| before.waiting.as_slice()).unwrap_or_default();
        let order = follow::order(drafts, waiting, limit, self.clock.now());
        let (mut stopped, mut answered) = (BTreeSet::new(), false);
        for index in order {
            let page_url = drafts[index].entry.page();
            let page_host = page_url.and_then(link::server);
            let now = self.clock.now();
            let held = before.zip(page_url).and_then(|(before, url)| poll::held_until(before, url, now));
            if held.is_some() || stopped.contains(&page_host) {
                visits.made[index] = Visit::Failed;
                continue;
            }
            if Instant::now() > until {
                // Slowly is well too: who was not reached has its turn at the next poll.
                visits.made[index] = if answered { Visit::NotMade } else { Visit::Failed };
                continue;
            }
            let last_try = follow::is_last_try(&drafts[index], waiting);
            // It is due, so what a redirect of it asked to wait for is over.
            let waited = follow::follow_from(&drafts[index], waiting).is_some();
            let entry = &drafts[index].entry;
            let Visited { visit, host, traits } =
                self.visit(source, page, entry, waited, last_try, &habits).await;
            answered |= matches!(visit, Visit::Read(_) | Visit::Bare);
            visits.made[index] = visit;
            if let Host::Closed(asked) = host {
                stopped.insert(page_host);
                visits.holds.extend(asked);
            }
            if let Some(traits) = traits {
                let known = habits.clone();
                if let Some(lack) = habits.note(now, &traits) {
                    *visits.pages.lacks.entry(lack).or_default() += 1;
                }
                // The same article again, or one more page without a body, must not push out what others taught.
                visits.pages.traits.extend((habits != known).then_some(traits));
            }
        }
        visits.pages.odd.1 = habits.odd();
        let taught = &mut visits.pages.traits;
        taught.drain(..taught.len().saturating_sub(PAGES));
        visits
    }

    async fn visit(
        &self,
        source: &Source,
        page: &PageSettings,
        entry: &ParsedEntry,
        waited: bool,
        last_try: bool,
        habits: &PageHabits,
    ) -> Visited {
        let Some(url) = entry.page() else { return Visited::unread(Visit::Bare, Host::Open) };
        // A public list must not have the operator's own machines asked.
        let own = &source.def.url;
        let outward =
            link::server(url) != link::server(own) && !self.asker.fetcher(source).is_own_address(own);
        let exchange = match self.asker.article(source, url, waited, outward).await {
            Ok(Exchange::Body(response)) => {
                return self.read_article(source, page, entry.clone(), response, last_try, habits).await;
            }
            other => other,
        };
        let (visit, closed) = Visit::unread(&exchange, self.clock.now());
        let head = exchange.as_ref().unwrap_or_else(|refused| refused).head();
        let asked = || head.and_then(|head| poll::asked_to_wait(head, self.clock.now()));
        Visited::unread(visit, if closed { Host::Closed(asked()) } else { Host::Open })
    }

    async fn read_article(
        &self,
        source: &Source,
        page: &PageSettings,
        entry: ParsedEntry,
        response: Response,
        last_try: bool,
        habits: &PageHabits,
    ) -> Visited {
        let reader = self.asker.reader(source, self.clock.now(), EarlierBody::default());
        let (rules, habits) = (page.rules.article.clone(), habits.clone());
        let full = source.content == ContentPolicy::Full;
        let read = self.asker.blocking(move || {
            let (mut article, traits) = page::article_among(&reader.input(&response), &rules, &habits)?;
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
            Ok((entry, traits))
        });
        match read.await {
            Ok(Ok((entry, traits))) => {
                Visited { visit: Visit::Read(Box::new(entry)), host: Host::Open, traits: Some(traits) }
            }
            Ok(Err(PageError::Challenge(_))) => Visited::unread(Visit::Failed, Host::Closed(None)),
            Ok(Err(PageError::CutShort)) => Visited::unread(Visit::Failed, Host::Open),
            // A page that is all script, or that the selectors do not fit: it will hold nothing later either.
            Ok(Err(PageError::Empty | PageError::SelectorsMatchNothing { .. })) => {
                Visited { traits: Some(PageTraits::default()), ..Visited::unread(Visit::Bare, Host::Open) }
            }
            // A film, a document: no page.
            Ok(Err(_)) | Err(_) => Visited::unread(Visit::Bare, Host::Open),
        }
    }
}
