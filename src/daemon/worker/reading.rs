//! What a poll reads: bodies parsed and compared with the store on blocking threads, and the further
//! pages of a list where the first holds nothing known.

use std::sync::Arc;

use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::{PollError, Worker, request};
use crate::config::{Kind, Source};
use crate::decide::diff::{self, Findings, Manner, Origin};
use crate::decide::follow::{self, Visit};
use crate::decide::poll::{self, Reading};
use crate::fetch::ACCEPT_PAGE;
use crate::model::entry::{Ending, ParsedFeed};
use crate::model::exchange::{Exchange, FetchFault, Response, ResponseHead, Validators};
use crate::model::hash::hex16;
use crate::model::outcome::Outcome;
use crate::model::poll_state::Hold;
use crate::model::poll_state::Waiting;
use crate::model::source::SourceId;
use crate::model::state::SourceState;
use crate::model::time::Time;
use crate::read::bound;
use crate::read::feed::{self, FeedInput, ReadError};
use crate::read::page::{self, PageError};

/// Polls that are given up for a page of a list that breaks off or a further one that cannot be read, before
/// what there is is taken.
const PATIENT: u32 = 3;

/// What a poll read.
#[derive(Default)]
pub(super) struct Read {
    /// What the body was, where there was one.
    pub(super) reading: Option<Reading>,
    /// What is new in it.
    pub(super) findings: Findings,
    /// The entries that wait for their pages now, if that changed.
    pub(super) waiting: Option<Vec<Waiting>>,
    /// What pages asked for by Retry-After.
    pub(super) holds: Vec<Hold>,
}

impl Read {
    fn unreadable(outcome: Outcome) -> Self {
        Self { reading: Some(Reading::Unreadable(outcome)), ..Self::default() }
    }

    fn incomplete(cut: String) -> Self {
        Self::cut_short(FetchFault::Truncated { came: None }.to_string(), cut)
    }

    fn cut_short(why: String, cut: String) -> Self {
        Self { reading: Some(Reading::CutShort { why, cut }), ..Self::default() }
    }
}

/// A document that was read.
#[derive(Default)]
struct Document {
    feed: ParsedFeed,
    /// The following page of the list.
    next: Option<String>,
}

/// Why a document was not read.
enum Unread {
    /// It breaks off before anything of it can be taken: its validators may be those of the whole.
    CutShort(String),
    /// It is none, and the outcome says why.
    For(Outcome),
}

/// How to read a document, apart from the document: everything a blocking thread needs.
#[derive(Clone)]
struct Reader {
    source: SourceId,
    kind: Kind,
    zone: Tz,
    at: Time,
    max_entries: usize,
    /// [`PollState::grows_at_end`](crate::model::poll_state::PollState::grows_at_end).
    grows_at_end: Option<bool>,
}

impl Worker {
    /// Reads what an exchange brought.
    pub(super) async fn read(
        &self,
        source: &Source,
        stored: Option<&SourceState>,
        exchange: &Exchange,
        at: Time,
    ) -> Result<Read, PollError> {
        let before = stored.map(|stored| &stored.poll);
        let waiting = before.map(|before| before.waiting.as_slice()).unwrap_or_default();
        let body = match exchange {
            Exchange::Body(response) => Some((response, true)),
            // It is incomplete (RFC 9112 section 8) until it came twice, and its document ends as one should. Only a
            // feed shows that.
            Exchange::Failed(FetchFault::Truncated { came: Some(part) }) if source.kind == Kind::Feed => {
                Some((&**part, false))
            }
            _ => None,
        };
        let mut read = match body {
            Some((response, is_complete)) => {
                let hash = hex16(&Sha256::digest(&response.body));
                if before.and_then(|before| before.body_hash.as_ref()) == Some(&hash) {
                    Read { reading: Some(Reading::SameBytes), ..Read::default() }
                } else {
                    self.read_body(source, stored, response, is_complete, hash, at).await?
                }
            }
            None => Read::default(),
        };
        let follow = match &source.kind {
            Kind::Page(page) => page.follow.map(|limit| (page, limit)),
            Kind::Feed | Kind::Json(_) => None,
        };
        let was_read = matches!(read.reading, Some(Reading::Feed { .. }));
        if waiting.is_empty() && (follow.is_none() || !was_read) {
            return Ok(read);
        }
        if !was_read {
            let mut feed = ParsedFeed::default();
            follow::add_waiting(&mut feed, waiting);
            let url = source.def.url.clone();
            read.findings.new = self.compare(self.reader(source, stored, at), stored, feed, url).await?.1.new;
        }
        let drafts = std::mem::take(&mut read.findings.new);
        let answered = was_read
            || matches!(exchange, Exchange::NotModified(_))
            || matches!(read.reading, Some(Reading::SameBytes));
        let asked = before.map_or(&*source.def.url, |before| poll::address(&source.def.url, before));
        let gone = poll::is_gone(exchange, asked, &source.def.url);
        let (visits, holds) = match (follow, exchange) {
            (Some((page, limit)), _) if answered => self.visits(source, page, limit, &drafts, before).await,
            // A list that is gone, or followed no more, leads nowhere; one that fails may be back.
            _ if gone || follow.is_none() => (vec![Visit::Bare; drafts.len()], Vec::new()),
            // Nothing was asked, so nothing failed.
            (_, Exchange::Failed(FetchFault::Held { .. })) => {
                (vec![Visit::NotMade; drafts.len()], Vec::new())
            }
            _ => (follow::unanswered(&drafts, waiting, at), Vec::new()),
        };
        let first = stored.is_none_or(|stored| !stored.seeded);
        let settled = follow::settle(drafts, visits, waiting, first);
        if let Some(Reading::Feed { new, .. }) = &mut read.reading {
            *new = count(settled.publish.len());
        }
        read.findings.new = settled.publish;
        read.waiting = Some(settled.waiting);
        read.holds.extend(holds);
        Ok(read)
    }

    async fn read_body(
        &self,
        source: &Source,
        stored: Option<&SourceState>,
        response: &Response,
        is_complete: bool,
        body_hash: String,
        at: Time,
    ) -> Result<Read, PollError> {
        let known_cut = |closing: &str| stored.and_then(|s| s.poll.cut_hash.as_deref()) == Some(closing);
        let closing = poll::closing(&response.body);
        let came_before = known_cut(&closing);
        let reader = self.reader(source, stored, at);
        let Document { mut feed, mut next } = match self.parse(&reader, response.clone(), came_before).await {
            Ok(document) => document,
            Err(_) if !is_complete => return Ok(Read::incomplete(closing)),
            Err(Unread::CutShort(why)) => return Ok(Read::cut_short(why, closing)),
            Err(Unread::For(outcome)) => return Ok(Read::unreadable(outcome)),
        };
        let is_closed = came_before && feed.ending == Ending::Whole;
        if !is_complete && !is_closed {
            return Ok(Read::incomplete(closing));
        }
        let whole = came_before || feed.ending == Ending::Whole;
        if !whole && !leave_the_cut_off(&mut feed) {
            return Ok(Read::cut_short(ReadError::CutShort.to_string(), closing));
        }
        let broken = (!is_complete || feed.ending != Ending::Whole).then(|| closing.clone());
        let url = response.head.final_url.clone();
        let pages = if let Kind::Page(page) = &source.kind { page.pages } else { 1 };
        let (waiting, failures) =
            stored.map_or((&[][..], 0), |stored| (stored.poll.waiting.as_slice(), stored.poll.failures));
        let listed = feed.entries.len();
        let waited = follow::add_waiting(&mut feed, waiting);
        let dropped = feed.entries.len() - listed;
        let (mut feed, mut findings) = self.compare(reader.clone(), stored, feed, url.clone()).await?;
        // Something known on a page means that what follows was there at an earlier poll.
        let all_new = !waited && listed > 0 && findings.new.len() >= feed.entries.len();
        if !whole && pages > 1 && next.is_none() && all_new && failures < PATIENT {
            // Its link to what follows may be in the rest, and the next poll would find what is here known. Where
            // the link was read, the rest of this page is what is new then.
            let why = "the list breaks off before anything known, so it may go on elsewhere".to_owned();
            return Ok(Read::cut_short(why, closing));
        }
        let mut holds = Vec::new();
        // Where one page of a list is never closed, the others are not either; that it merely breaks off says
        // nothing of them.
        let mut never_closes = came_before && feed.ending != Ending::Whole;
        for _ in 1..pages {
            let Some(address) = next.take().filter(|_| all_new) else { break };
            let more = match self.further_page(source, &reader, &address).await {
                Ok((more, closing)) => {
                    let broken = !never_closes && more.feed.ending != Ending::Whole;
                    if broken && failures < PATIENT && !known_cut(&closing) {
                        let why = format!("a further page of the list breaks off: {address}");
                        return Ok(Read::cut_short(why, closing));
                    }
                    never_closes |= broken;
                    more
                }
                Err(told) if failures < PATIENT => {
                    // Were the first page recorded alone, the next poll would find it known, and never ask
                    // for what stands behind it.
                    let why = format!("a further page of the list cannot be read: {address}");
                    let holds = told.into_iter().collect();
                    return Ok(Read { holds, ..Read::unreadable(Outcome::Failed { why }) });
                }
                Err(told) => {
                    holds.extend(told);
                    break;
                }
            };
            next = more.next;
            feed.entries.extend(more.feed.entries);
            (feed, findings) = self.compare(reader.clone(), stored, feed, url.clone()).await?;
            if findings.new.len() < feed.entries.len() {
                break;
            }
        }
        let reading = Reading::Feed {
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
            broken,
            marks: findings.marks.clone(),
            grows_at_end: findings.grows_at_end,
        };
        Ok(Read { reading: Some(reading), findings, holds, ..Read::default() })
    }

    /// A further page of a list and what it ends with; where there is none, what its host asks for by Retry-After, if it does.
    async fn further_page(
        &self,
        source: &Source,
        reader: &Reader,
        address: &str,
    ) -> Result<(Document, String), Option<Hold>> {
        let told = |head: &ResponseHead| poll::asked_to_wait(head, self.clock.now());
        let fetcher = self.fetcher(source);
        let (verdict, put_off) = fetcher.admission(address).await;
        if !verdict.allowed || put_off.is_some() {
            return Err(put_off.as_ref().and_then(told));
        }
        let request = request(source, address, Validators::default(), ACCEPT_PAGE);
        match fetcher.get(&request).await {
            Exchange::Body(response) => {
                let closing = poll::closing(&response.body);
                let document = self.parse(reader, response, false).await.map_err(|_| None)?;
                Ok((document, closing))
            }
            refused => Err(refused.head().and_then(told)),
        }
    }

    fn reader(&self, source: &Source, stored: Option<&SourceState>, at: Time) -> Reader {
        let (source, kind, zone) = (source.def.id.clone(), source.kind.clone(), source.zone);
        let grows_at_end = stored.and_then(|stored| stored.poll.grows_at_end);
        Reader { source, kind, zone, at, max_entries: self.polling.max_entries, grows_at_end }
    }

    /// Reads a body on a blocking thread. One that `came_before` is all there is.
    async fn parse(
        &self,
        reader: &Reader,
        response: Response,
        came_before: bool,
    ) -> Result<Document, Unread> {
        let reader = reader.clone();
        let parsed = self.blocking(move || reader.document(&response, came_before)).await;
        parsed.unwrap_or_else(|why| Err(Unread::For(Outcome::NotAFeed { why })))
    }

    /// What of a document is new, on a blocking thread. Gives the document back. A store that cannot be read
    /// is built anew once: the publisher need not be asked again for that.
    async fn compare(
        &self,
        reader: Reader,
        stored: Option<&SourceState>,
        mut feed: ParsedFeed,
        url: String,
    ) -> Result<(ParsedFeed, Findings), PollError> {
        let mut healed = false;
        loop {
            let (reader, url, stored) = (reader.clone(), url.clone(), stored.cloned());
            let store = self.recorder.store().load_full();
            let task = self.blocking(move || {
                let origin = Origin {
                    source: &reader.source,
                    stored: stored.as_ref(),
                    url: &url,
                    manner: reader.manner(),
                    zone: reader.zone,
                    at: reader.at,
                };
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
            match self.heal(failed.0, failed.1).await {
                PollError::Store(_) if !healed => healed = true,
                in_the_way => return Err(in_the_way),
            }
        }
    }

    /// Runs on a blocking thread, within the bound of parsers.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        let permit = Arc::clone(&self.parsers).acquire_owned().await;
        let task = tokio::task::spawn_blocking(move || {
            // Its slot counts until the work really ends, even if nobody waits for it any more.
            let _permit = permit;
            work()
        });
        task.await.map_err(|panic| format!("reading it ended in a panic ({panic})"))
    }
}

impl Reader {
    fn document(&self, response: &Response, came_before: bool) -> Result<Document, Unread> {
        let input = input(response, self.zone, self.at);
        let open = !came_before && page::breaks_off(input.bytes);
        let mut document = match &self.kind {
            Kind::Feed => feed::read(&input).map(of_feed).map_err(|why| no_feed(&input, &why))?,
            Kind::Page(page) => page::list(&input, &page.rules.list)
                .map(|list| Document { feed: list.feed, next: list.next })
                .map_err(|why| no_list(&why, open))?,
            Kind::Json(rules) => {
                page::json(&input, rules).map(of_feed).map_err(|why| no_list(&why, false))?
            }
        };
        let feed = &mut document.feed;
        if bound::newest(&mut feed.entries, self.max_entries, self.grows_at_end) {
            feed.repairs.push(format!("only the newest {} entries were taken", feed.entries.len()));
        }
        if bound::feed(feed) {
            feed.repairs.push("texts that are too long were cut".to_owned());
        }
        Ok(document)
    }

    fn manner(&self) -> Manner {
        match &self.kind {
            Kind::Page(page) if page.follow.is_some() => Manner::Followed,
            _ => Manner::Whole,
        }
    }
}

/// A response as readers want it.
pub(super) fn input(response: &Response, zone: Tz, fetched_at: Time) -> FeedInput<'_> {
    FeedInput {
        bytes: &response.body,
        url: &response.head.final_url,
        content_type: response.head.content_type.as_deref(),
        zone,
        fetched_at,
    }
}

fn of_feed(feed: ParsedFeed) -> Document {
    Document { feed, next: None }
}

/// Drops an entry that was cut in the middle: the next poll has it as it is. Whether any is left.
fn leave_the_cut_off(feed: &mut ParsedFeed) -> bool {
    if feed.ending == Ending::InEntry {
        feed.entries.pop();
    }
    !feed.entries.is_empty()
}

/// What came instead of a feed: a wall, perhaps, rather than a page.
fn no_feed(input: &FeedInput<'_>, why: &ReadError) -> Unread {
    Unread::For(match page::is_challenge(&String::from_utf8_lossy(input.bytes)) {
        Some(wall) => Outcome::Blocked { why: format!("a wall stands before the feed: {wall}") },
        None if *why == ReadError::CutShort => return Unread::CutShort(why.to_string()),
        None => Outcome::NotAFeed { why: why.to_string() },
    })
}

/// What came instead of a list. What is missed on a page that breaks off may stand in its rest.
fn no_list(why: &PageError, breaks_off: bool) -> Unread {
    let text = why.to_string();
    Unread::For(match why {
        PageError::Challenge(_) => Outcome::Blocked { why: text },
        PageError::CutShort => return Unread::CutShort(text),
        _ if breaks_off => return Unread::CutShort(format!("it breaks off, and as far as it goes: {text}")),
        PageError::Empty => Outcome::Emptied { why: text },
        PageError::SelectorsMatchNothing { .. } => Outcome::SelectorsStopped { why: text },
        _ => Outcome::NotAFeed { why: text },
    })
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
