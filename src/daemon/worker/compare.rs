//! Compares what a source answered with the store, on blocking threads: further pages of a list are asked for where
//! the first holds nothing known, and the pages of new entries are fetched where the source is followed.

use super::articles::{PagesRead, Visits};
use super::{PollError, Worker};
use crate::ask::Asked;
use crate::config::{PageSettings, Source, SourceKind};
use crate::decide::answer::{Answer, Document, EarlierBody};
use crate::decide::diff::{self, DraftEntry, Findings, Manner, Origin};
use crate::decide::follow::{self, Visit};
use crate::decide::poll::{self, Compared};
use crate::model::entry::{Ending, ParsedFeed};
use crate::model::exchange::{Exchange, ResponseHead};
use crate::model::poll_state::{Hold, PollState, Waiting};
use crate::model::state::SourceState;
use crate::model::time::Time;

/// Polls that fail because a page of a list breaks off or a further one cannot be read. After them a poll takes what
/// it can read.
const FAIL_FIRST: u32 = 3;

/// The finding about a followed list that wants its links not to be followed.
const NOFOLLOW: &str =
    "the list asks robots not to follow its links (nofollow): no pages of entries are fetched";

pub(super) struct Read {
    pub(super) answer: Answer<Compared>,
    pub(super) findings: Findings,
    /// The entries that wait for their pages now, if that changed.
    pub(super) waiting: Option<Vec<Waiting>>,
    /// Retry-After of pages that were fetched after the first one.
    pub(super) holds: Vec<Hold>,
    pub(super) pages: PagesRead,
}

impl Read {
    fn of(answer: Answer<Compared>) -> Self {
        let (findings, pages) = (Findings::default(), PagesRead::default());
        Self { answer, findings, waiting: None, holds: Vec::new(), pages }
    }
}

#[derive(Clone, Copy)]
pub(super) struct PolledSource<'a> {
    pub(super) source: &'a Source,
    pub(super) stored: Option<&'a SourceState>,
    /// Time at which the answer was complete.
    pub(super) at: Time,
}

impl<'a> PolledSource<'a> {
    pub(super) fn before(self) -> Option<&'a PollState> {
        self.stored.map(|stored| &stored.poll)
    }

    fn waiting(self) -> &'a [Waiting] {
        self.before().map(|before| before.waiting.as_slice()).unwrap_or_default()
    }

    fn fails_first(self) -> bool {
        self.before().map_or(0, |before| before.failures) < FAIL_FIRST
    }

    fn known_cut(self, closing: &str) -> bool {
        self.before().and_then(|before| before.cut_hash.as_deref()) == Some(closing)
    }

    /// The source's page, and how many entries' pages are fetched in a poll, if it is followed.
    fn follow(self) -> Option<(&'a PageSettings, usize)> {
        match &self.source.kind {
            SourceKind::Page(page) => page.follow.map(|limit| (&**page, limit)),
            SourceKind::Feed | SourceKind::Json(_) => None,
        }
    }
}

/// A list that is being read, with the further pages so far.
struct List {
    url: String,
    feed: ParsedFeed,
    findings: Findings,
    next: Option<String>,
    /// True if a page of it was never closed: then the others are not either. That a page merely breaks off says
    /// nothing of the others.
    never_closes: bool,
    holds: Vec<Hold>,
}

impl Worker {
    pub(super) async fn compare(&self, polled: PolledSource<'_>, asked: Asked) -> Result<Read, PollError> {
        let mut read = match asked.answer {
            Answer::Document(document) => {
                let url = asked.exchange.head().map(|head| head.final_url.clone());
                let url = url.unwrap_or_else(|| polled.source.def.url.clone());
                self.compare_document(polled, *document, url).await?
            }
            other => Read::of(other.map(|_| Compared::default())),
        };
        let was_read = matches!(read.answer, Answer::Document(_));
        if polled.waiting().is_empty() && (polled.follow().is_none() || !was_read) {
            return Ok(read);
        }
        if !was_read {
            let mut feed = ParsedFeed::default();
            follow::add_waiting(&mut feed, polled.waiting());
            read.findings.new = self.findings(polled, feed, &polled.source.def.url).await?.1.new;
        }
        let drafts = std::mem::take(&mut read.findings.new);
        let Visits { made, holds, pages } = self.visits_after(polled, &read.answer, &drafts).await;
        let first = polled.stored.is_none_or(|stored| !stored.seeded);
        let settled = follow::settle(drafts, made, polled.waiting(), first);
        if let Answer::Document(Compared { new, repairs, nofollow, .. }) = &mut read.answer {
            *new = count(settled.publish.len());
            if *nofollow && polled.follow().is_some() {
                repairs.push(NOFOLLOW.to_owned());
            }
            repairs.extend(pages.lacks.iter().map(|(lack, count)| {
                format!("article pages unlike those before them ({}): {count}", lack.as_str())
            }));
        }
        read.findings.new = settled.publish;
        read.waiting = Some(settled.waiting);
        read.holds.extend(holds);
        read.pages = pages;
        Ok(read)
    }

    /// The visits to the pages of new entries, as far as the list's answer lets them be made.
    async fn visits_after(
        &self,
        polled: PolledSource<'_>,
        answer: &Answer<Compared>,
        drafts: &[DraftEntry],
    ) -> Visits {
        let all = |visit: Visit| Visits { made: vec![visit; drafts.len()], ..Visits::default() };
        match (polled.follow(), answer) {
            (_, Answer::Document(Compared { nofollow: true, .. })) => all(Visit::Bare),
            (Some((page, limit)), Answer::Document(_) | Answer::SameBytes | Answer::NotModified) => {
                self.visits(polled.source, page, limit, drafts, polled.stored).await
            }
            // A list that is gone, or followed no more, leads nowhere; one that fails may be back.
            (None, _) | (_, Answer::Gone) => all(Visit::Bare),
            // Nothing was asked, so nothing failed.
            (_, Answer::Held(_)) => all(Visit::NotMade),
            _ => {
                Visits { made: follow::unanswered(drafts, polled.waiting(), polled.at), ..Visits::default() }
            }
        }
    }

    async fn compare_document(
        &self,
        polled: PolledSource<'_>,
        document: Document,
        url: String,
    ) -> Result<Read, PollError> {
        let Document { mut feed, next, body_hash, closing, whole, broken, .. } = document;
        let pages = if let SourceKind::Page(page) = &polled.source.kind { page.pages } else { 1 };
        let listed = feed.entries.len();
        let waited = follow::add_waiting(&mut feed, polled.waiting());
        let dropped = feed.entries.len() - listed;
        let never_closes = whole && feed.ending != Ending::Whole;
        let (feed, findings) = self.findings(polled, feed, &url).await?;
        let mut list = List { url, feed, findings, next, never_closes, holds: Vec::new() };
        // Something known on a page means that what follows was there at an earlier poll.
        let all_new = !waited && listed > 0 && list.findings.new.len() >= list.feed.entries.len();
        if !whole && pages > 1 && list.next.is_none() && all_new && polled.fails_first() {
            // Its link to what follows may be in the rest, and the next poll would find what is here known. Where
            // the link was read, the rest of this page is what is new then.
            let why = "the list breaks off before anything known, so it may go on elsewhere".to_owned();
            return Ok(Read::of(Answer::CutShort { why, closing }));
        }
        if all_new && let Some(given_up) = self.further_pages(polled, &mut list, pages).await? {
            return Ok(Read { holds: list.holds, ..Read::of(given_up) });
        }
        let List { feed, findings, holds, .. } = list;
        let compared = Compared {
            entries: count(feed.entries.len() - dropped),
            new: count(findings.new.len()),
            changed: count(findings.changed.iter().filter(|changed| !changed.renamed).count()),
            repairs: feed.repairs,
            body_hash,
            ttl_minutes: feed.ttl_minutes,
            skip: feed.skip,
            window_from: findings.window_from,
            overlaps: waited || findings.window_from != Some(0),
            whole,
            deferred: findings.deferred,
            broken: broken.then_some(closing),
            marks: findings.marks.clone(),
            grows_at_end: findings.grows_at_end,
            nofollow: feed.nofollow,
        };
        Ok(Read { findings, holds, ..Read::of(Answer::Document(compared)) })
    }

    /// Adds the further pages of a list, `pages` in all, until one holds an entry that is known. Returns the answer of
    /// the poll if it is given up: were the first page recorded alone, the next poll would find it known, and never
    /// ask for what stands behind it.
    async fn further_pages(
        &self,
        polled: PolledSource<'_>,
        list: &mut List,
        pages: usize,
    ) -> Result<Option<Answer<Compared>>, PollError> {
        for _ in 1..pages {
            let Some(address) = list.next.take() else { break };
            let more = match self.further_page(polled, &address).await {
                Ok(more) => more,
                Err(hold) => {
                    list.holds.extend(hold);
                    if !polled.fails_first() {
                        break;
                    }
                    let why = format!("a further page of the list cannot be read: {address}");
                    return Ok(Some(Answer::Failed(why)));
                }
            };
            let broken = !list.never_closes && more.feed.ending != Ending::Whole;
            if broken && polled.fails_first() && !polled.known_cut(&more.closing) {
                let why = format!("a further page of the list breaks off: {address}");
                return Ok(Some(Answer::CutShort { why, closing: more.closing }));
            }
            list.never_closes |= broken;
            list.next = more.next;
            let mut feed = std::mem::take(&mut list.feed);
            feed.entries.extend(more.feed.entries);
            feed.nofollow |= more.feed.nofollow;
            (list.feed, list.findings) = self.findings(polled, feed, &list.url).await?;
            if list.findings.new.len() < list.feed.entries.len() {
                break;
            }
        }
        Ok(None)
    }

    /// A further page of a list. The error: the wait that the host asks for by Retry-After, if it does, when the
    /// page cannot be read.
    async fn further_page(&self, polled: PolledSource<'_>, address: &str) -> Result<Document, Option<Hold>> {
        let asked_to_wait = |head: &ResponseHead| poll::asked_to_wait(head, self.clock.now());
        match self.asker.list_page(polled.source, address).await {
            Exchange::Body(response) => {
                let known = polled.before().map(EarlierBody::of).unwrap_or_default();
                let reader = self.asker.reader(polled.source, polled.at, known);
                self.asker.document(&reader, response).await.map_err(|_| None)
            }
            refused => Err(refused.head().and_then(asked_to_wait)),
        }
    }

    /// Finds what of a document is new, on a blocking thread. Gives the document back. A store that cannot be read is
    /// built anew once: the publisher need not be asked again for that.
    async fn findings(
        &self,
        polled: PolledSource<'_>,
        mut feed: ParsedFeed,
        url: &str,
    ) -> Result<(ParsedFeed, Findings), PollError> {
        let manner = if polled.follow().is_some() { Manner::Followed } else { Manner::Whole };
        let (zone, at) = (polled.source.zone, polled.at);
        let mut rebuilt = false;
        loop {
            let (source, stored) = (polled.source.def.id.clone(), polled.stored.cloned());
            let (url, store) = (url.to_owned(), self.recorder.store().load_full());
            let task = self.asker.blocking(move || {
                let stored = stored.as_ref();
                let origin = Origin { source: &source, stored, url: &url, manner, zone, at };
                let found = diff::findings(&*store, origin, &feed);
                (feed, found.map_err(|error| (store, error)))
            });
            let failed = match task.await.map_err(PollError::Broken)? {
                (feed, Ok(findings)) => return Ok((feed, findings)),
                (back, Err(failed)) => {
                    feed = back;
                    failed
                }
            };
            match self.rebuild_store(failed.0, failed.1).await {
                PollError::Store(_) if !rebuilt => rebuilt = true,
                in_the_way => return Err(in_the_way),
            }
        }
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
