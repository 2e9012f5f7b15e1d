//! The pages of a list's entries: which are fetched next, and when an entry stops waiting for its page. An entry is
//! published once its page was read, or has failed often enough; never twice. Pure: the worker fetches the pages and
//! hands in the results.

use std::collections::BTreeSet;

use crate::decide::diff::DraftEntry;
use crate::decide::poll;
use crate::model::entry::{ParsedEntry, ParsedFeed};
use crate::model::exchange::{Exchange, FetchFault};
use crate::model::poll_state::Waiting;
use crate::model::time::Time;
use crate::read::link;

/// Polls in which an entry's page may fail before the entry is published as the list has it.
pub const TRIES: u8 = 3;
/// The most entries of a source that wait at once. What is beyond is published as the list has it.
pub const MAX_WAITING: usize = 200;

/// The result of a visit to an entry's page.
#[derive(Clone, Debug, PartialEq)]
pub enum Visit {
    /// It was read: the entry with what it said.
    Read(Box<ParsedEntry>),
    /// It holds nothing, now or later.
    Bare,
    /// It could not be read this time.
    Failed,
    /// It could not be read this time: a redirect asks to be followed at that time.
    Later(Time),
    NotMade,
}

impl Visit {
    /// The visit if nothing was read: `Err` if the page was not even asked for. True if the host's other pages are not
    /// to be asked for in this poll either.
    pub fn unread(exchange: &Result<Exchange, Exchange>, at: Time) -> (Self, bool) {
        match (exchange, exchange.as_ref().unwrap_or_else(|refused| refused)) {
            // The robots.txt of the page, or of the page that a redirect leads to.
            (_, Exchange::Failed(FetchFault::Robots { .. })) => (Self::Bare, false),
            // A redirect that is to be followed later: it says nothing of the host's other pages.
            (Ok(_), Exchange::Throttled(head)) if head.status < 400 => {
                (poll::follow_from(head, at).map_or(Self::Failed, Self::Later), false)
            }
            (_, Exchange::Throttled(_) | Exchange::Blocked { .. })
            | (_, Exchange::Failed(FetchFault::Held { .. }))
            | (Err(_), Exchange::Failed(FetchFault::NoRobots { .. })) => (Self::Failed, true),
            (_, Exchange::Status(head)) if head.status >= 500 => (Self::Failed, head.retry_after.is_some()),
            (Ok(_), Exchange::Failed(_)) => (Self::Failed, false),
            // It is not there, and was perhaps never to be.
            _ => (Self::Bare, false),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settled {
    pub publish: Vec<DraftEntry>,
    pub waiting: Vec<Waiting>,
}

/// Adds the waiting entries to those of a list, which may have dropped them. True unless it has dropped all of them.
pub fn add_waiting(list: &mut ParsedFeed, waiting: &[Waiting]) -> bool {
    let listed: BTreeSet<_> = list.entries.iter().map(page).collect();
    let dropped = waiting.iter().map(|w| &w.entry).filter(|entry| !listed.contains(&page(entry)));
    let dropped: Vec<_> = dropped.cloned().collect();
    let lists_some = dropped.len() < waiting.len();
    list.entries.extend(dropped);
    lists_some
}

/// The order of visits: waiting entries, the longest first, then the others as the list has them. Indices of `drafts`,
/// `limit` at most. Entries whose redirect is not to be followed yet do not count.
pub fn order(drafts: &[DraftEntry], waiting: &[Waiting], limit: usize, now: Time) -> Vec<usize> {
    let is_due = |at: &usize| is_due(&drafts[*at], waiting, now);
    let mut order: Vec<usize> = (0..drafts.len()).filter(is_due).collect();
    order.sort_by_key(|at| place(&drafts[*at], waiting));
    order.truncate(limit);
    order
}

/// The visits of a poll whose list did not answer: all failed, except those that were not due.
pub fn unanswered(drafts: &[DraftEntry], waiting: &[Waiting], now: Time) -> Vec<Visit> {
    let visit = |draft| if is_due(draft, waiting, now) { Visit::Failed } else { Visit::NotMade };
    drafts.iter().map(visit).collect()
}

fn is_due(draft: &DraftEntry, waiting: &[Waiting], now: Time) -> bool {
    !follow_from(draft, waiting).is_some_and(|from| poll::holds(from, now))
}

/// The time from which a redirect of an entry's page is to be followed, if an earlier visit was told so.
pub fn follow_from(draft: &DraftEntry, waiting: &[Waiting]) -> Option<Time> {
    waiting.get(place(draft, waiting))?.follow_from
}

/// True if another failure would be an entry's last: then even a page that breaks off is taken.
pub fn is_last_try(draft: &DraftEntry, waiting: &[Waiting]) -> bool {
    waiting.get(place(draft, waiting)).map_or(0, |waiting| waiting.tries) + 1 >= TRIES
}

/// Divides the drafts by the results of their visits; `visits` are as many as `drafts`. `first` is true for the source's
/// first list.
pub fn settle(drafts: Vec<DraftEntry>, visits: Vec<Visit>, before: &[Waiting], first: bool) -> Settled {
    let mut settled = Settled::default();
    let mut kept = Vec::new();
    for (mut draft, visit) in drafts.into_iter().zip(visits) {
        let place = place(&draft, before);
        let known = before.get(place);
        let tries = known.map_or(0, |waiting| waiting.tries);
        draft.backlog = known.map_or(first, |waiting| waiting.backlog);
        let mut follow_from = known.and_then(|waiting| waiting.follow_from);
        let tries = match visit {
            Visit::Read(entry) => {
                settled.publish.push(DraftEntry { entry: *entry, ..draft });
                continue;
            }
            Visit::Bare => TRIES,
            Visit::Failed => tries + 1,
            Visit::Later(from) => {
                follow_from = Some(from);
                tries + 1
            }
            Visit::NotMade => tries,
        };
        if tries >= TRIES {
            settled.publish.push(draft);
        } else {
            kept.push((place, tries, follow_from, draft));
        }
    }
    kept.sort_by_key(|(place, ..)| *place);
    for (n, (_, tries, follow_from, draft)) in kept.into_iter().enumerate() {
        if n < MAX_WAITING {
            let (entry, backlog) = (draft.entry, draft.backlog);
            settled.waiting.push(Waiting { entry, tries, backlog, follow_from });
        } else {
            settled.publish.push(draft);
        }
    }
    settled
}

/// The place of a draft among the waiting entries; the last of all for a new one.
fn place(draft: &DraftEntry, waiting: &[Waiting]) -> usize {
    let own = page(&draft.entry);
    waiting.iter().position(|w| page(&w.entry) == own).unwrap_or(usize::MAX)
}

/// The key of a waiting entry: the canonical address of its page, or its title if it has no page.
fn page(entry: &ParsedEntry) -> (Option<String>, Option<&str>) {
    match entry.page() {
        Some(page) => (Some(link::canonical(page)), None),
        None => (None, entry.title.as_deref()),
    }
}

#[cfg(test)]
mod tests;
