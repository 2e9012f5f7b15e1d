//! From what an exchange and a reading gave to the outcome of a poll and the state the next one starts
//! from. Pure: the instant and the draw are arguments.

mod wait;

use std::time::Duration;

use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use crate::decide::backoff;
use crate::decide::freshness;
use crate::model::exchange::{Exchange, FetchFault, ResponseHead, Validators};
use crate::model::hash::hex16;
use crate::model::identity::Marks;
use crate::model::outcome::Outcome;
use crate::model::poll_state::{Moved, PollState, Rejected};
use crate::model::skip::Skip;
use crate::model::time::Time;
pub(super) use wait::holds;
pub use wait::{asked_to_wait, follow_from, held_until, hold, lies_ahead, not_before};

/// The wait after a first failure; it doubles from there to a day.
pub const BACKOFF_BASE: Duration = Duration::from_secs(10 * 60);
/// The longest a publisher's Retry-After is followed: beyond a day it is looked at again.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Polls in a row that must be told of a permanent redirect before its target is asked directly: one
/// slip of a publisher's configuration must not move a source.
pub const MOVED_AFTER: u32 = 3;

/// A poll, as far as its conclusion depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// When the answer was in.
    pub at: Time,
    /// The instant of the schedule the poll was for; for one asked for by hand, that of the last poll.
    pub scheduled: Option<Time>,
    /// The address of the configuration.
    pub configured: &'a str,
    /// The address that was asked.
    pub asked: &'a str,
    /// What made the request conditional.
    pub sent: &'a Validators,
    /// A draw from `[0, 1)`, for the spread of the backoff.
    pub draw: f64,
    /// How far the publisher's freshness may delay the next poll.
    pub patience: Duration,
    /// Whether the source has had no news for longer than its own rhythm explains.
    pub silent: bool,
}

/// What reading a body gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// A feed.
    Feed {
        /// Entries in it.
        entries: u32,
        /// New ones.
        new: u32,
        /// Rewritten ones.
        changed: u32,
        /// What was mended.
        repairs: Vec<String>,
        /// Hash of the body.
        body_hash: String,
        /// How often it says it changes.
        ttl_minutes: Option<u32>,
        /// When it says it does not.
        skip: Skip,
        /// Where the document begins among the stored entries: [`PollState::window_from`].
        window_from: Option<u64>,
        /// Whether any of its entries was there before.
        overlaps: bool,
        /// Whether it was all there; else its validators and its hash vouch for entries that nobody saw.
        whole: bool,
        /// Whether a rewritten entry of it has to wait: it is read again, be the document the same by then.
        deferred: bool,
        /// [`closing`] of one that breaks off, whole or not: what ends so too is all there.
        broken: Option<String>,
        /// What is known of the source's guids and addresses now.
        marks: Marks,
        /// Whether its new entries stand behind the known ones, if it tells.
        grows_at_end: Option<bool>,
    },
    /// The very bytes of last time.
    SameBytes,
    /// A body that breaks off before anything of it can be taken.
    CutShort {
        /// How that shows.
        why: String,
        /// [`closing`] of what broke off: when the next one ends so too, it did not.
        cut: String,
    },
    /// A body without entries to take, and the outcome that says why.
    Unreadable(Outcome),
}

/// What a body ends with, as a hash: two that break off and end with the same octets were not cut, or their
/// publisher always cuts there. What comes before may differ (the time, how many have visited), so it is
/// not the whole that counts; and the end is long enough to hold most of an entry of a list, so that two
/// which were cut anywhere do not end alike.
#[must_use]
pub fn closing(body: &[u8]) -> String {
    const END: usize = 256;
    hex16(&Sha256::digest(&body[body.len().saturating_sub(END)..]))
}

/// The address to ask: where the source has steadily said it moved to, else where it is configured.
#[must_use]
pub fn address<'a>(configured: &'a str, state: &'a PollState) -> &'a str {
    match &state.moved {
        Some(moved) if moved.seen >= MOVED_AFTER => &moved.to,
        _ => configured,
    }
}

/// Whether the source says that it is gone: its configured address itself does. Where that leads, or led, may go
/// while the source stays.
#[must_use]
pub fn is_gone(exchange: &Exchange, asked: &str, configured: &str) -> bool {
    matches!(exchange, Exchange::Gone(head) if asked == configured && head.hops.is_empty())
}

/// Takes note of how documents are read from now on. What was read otherwise is to be read once more: the
/// publisher's 304, and the hash of the body, say no more than that the body is the same.
pub fn read_by(state: &mut PollState, fingerprint: String) {
    if state.read_by.as_ref().is_some_and(|before| *before != fingerprint) {
        state.body_hash = None;
        (state.in_full, state.full_at) = (true, None);
    }
    state.read_by = Some(fingerprint);
}

/// What makes the next request conditional: nothing, where a request in full is due; else the validators of what
/// is stored, or those of a body that came since and was no feed. The latter for a day: then it is asked for in
/// full, and read once more by whatever reads it then. Asked for with those of what is stored, a server that
/// gives one date or one tag to both, or an older date to the latter, would say that nothing has changed.
#[must_use]
pub fn validators(state: &PollState, now: Time) -> Validators {
    let within_a_day = |at: Time| (TimeDelta::zero()..TimeDelta::days(1)).contains(&(now - at));
    if state.in_full && !state.full_at.is_some_and(within_a_day) {
        return Validators::default();
    }
    match &state.rejected {
        // It may have been cut, or the operator may have mended the selectors: the next body is read at once.
        // A list that was never read leaves only those of the body itself.
        Some(rejected) if is_of_a_list(rejected) && !state.validators.is_empty() => state.validators.clone(),
        Some(rejected) if within_a_day(rejected.at) => rejected.validators.clone(),
        Some(_) => Validators::default(),
        None => state.validators.clone(),
    }
}

/// Whether a list answered, and none was ever read: a person who asks has mended its selectors, perhaps.
#[must_use]
pub fn is_unread_list(state: &PollState) -> bool {
    state.validators.is_empty() && state.rejected.as_ref().is_some_and(is_of_a_list)
}

fn is_of_a_list(rejected: &Rejected) -> bool {
    matches!(rejected.outcome, Some(Outcome::SelectorsStopped { .. } | Outcome::Emptied { .. }))
}

/// How a poll that was answered 304 ended, where the last body was no feed: as that one, unless the request
/// named what is stored by a tag that the other body did not have.
fn still_rejected(state: &PollState, sent: &Validators) -> Option<Outcome> {
    let rejected = state.rejected.as_ref()?;
    let tags = (&sent.etag, &rejected.validators.etag);
    let told_apart = matches!(tags, (Some(sent), Some(rejected)) if sent != rejected);
    if told_apart && *sent == state.validators {
        return None;
    }
    let why = "it is still what was no feed the last time".to_owned();
    Some(rejected.outcome.clone().unwrap_or(Outcome::NotAFeed { why }))
}

/// The outcome of a poll and the state it leaves. `reading` is that of the body, where there is one.
#[must_use]
pub fn conclude(
    before: &PollState,
    poll: Circumstances<'_>,
    exchange: &Exchange,
    reading: Option<Reading>,
) -> (Outcome, PollState) {
    let outcome = outcome(before, poll, exchange, reading.as_ref());
    let mut state = before.clone();
    state.scheduled = poll.scheduled;
    if let Exchange::Failed(FetchFault::Held { wait, .. }) = exchange {
        // Nothing was asked, so nothing failed: what is known of the source stays as it is.
        state.not_before = poll.at.checked_add_signed(TimeDelta::from_std(*wait).unwrap_or_default());
        return (outcome, state);
    }
    state.failing_since = before.failing_since.or(Some(poll.at)).filter(|_| !outcome.is_good());
    state.asked_by = None;
    if poll.sent.is_empty() {
        // Asked for in full, and be it in vain: that is once a day.
        state.rejected.iter_mut().for_each(|rejected| rejected.at = poll.at);
    }
    if sent_in_full(poll, exchange, reading.as_ref()) {
        state.full_at = Some(poll.at);
    }
    match exchange.head() {
        Some(head) if outcome.is_good() => good(&mut state, poll, head, &outcome, reading),
        Some(head) if matches!(outcome, Outcome::Throttled { .. }) => {
            wait(&mut state, poll, head);
        }
        head => {
            // The new address may be what fails: the next poll starts from the configured one.
            state.moved = None;
            if let Some(Reading::CutShort { cut, .. }) = reading {
                state.cut_hash = Some(cut);
            }
            if let Exchange::Body(response) = exchange
                && was_read(&outcome)
            {
                let validators = given(response.head.validators.clone(), poll, &response.head);
                let outcome = Some(outcome.clone());
                let rejected = Rejected { validators, at: poll.at, outcome };
                state.rejected = Some(rejected).filter(|rejected| !rejected.validators.is_empty());
            }
            state.not_before = Some(back_off(&mut state, poll));
            // Some say it with another status than those it was made for.
            let refused = head.filter(|head| head.status >= 400);
            hold(
                &mut state,
                refused.and_then(|head| asked_to_wait(head, poll.at)).into_iter().collect(),
                poll.asked,
                poll.at,
            );
        }
    }
    (outcome, state)
}

fn outcome(
    before: &PollState,
    poll: Circumstances<'_>,
    exchange: &Exchange,
    reading: Option<&Reading>,
) -> Outcome {
    // Only a body is read, or what came of one.
    let has_body = |exchange: &Exchange| {
        matches!(exchange, Exchange::Body(_) | Exchange::Failed(FetchFault::Truncated { came: Some(_) }))
    };
    match (exchange, reading.filter(|_| has_body(exchange))) {
        (_, Some(Reading::Feed { entries, new, changed, repairs, .. })) => {
            let (entries, new, changed) = (*entries, *new, *changed);
            Outcome::Fetched { entries, new, changed, repairs: repairs.clone() }
        }
        (_, Some(Reading::SameBytes)) => Outcome::Unchanged,
        (_, Some(Reading::CutShort { why, .. })) => Outcome::Failed { why: why.clone() },
        (_, Some(Reading::Unreadable(outcome))) => outcome.clone(),
        (Exchange::Body(_), None) => Outcome::NotAFeed { why: "it was not read".to_owned() },
        (Exchange::NotModified(_), _) => still_rejected(before, poll.sent).unwrap_or(Outcome::NotModified),
        (Exchange::Gone(_), _) if is_gone(exchange, poll.asked, poll.configured) => Outcome::Gone,
        (Exchange::Gone(_), _) => {
            Outcome::Failed { why: "the address it leads to is gone (status 410)".to_owned() }
        }
        (Exchange::Throttled(head), _) => Outcome::Throttled { status: head.status },
        (Exchange::Blocked { head, why }, _) => {
            Outcome::Blocked { why: format!("status {}: {why}", head.status) }
        }
        (Exchange::Status(head), _) => Outcome::Failed { why: format!("status {}", head.status) },
        (Exchange::Failed(fault @ FetchFault::Held { .. }), _) => Outcome::Held { why: fault.to_string() },
        (Exchange::Failed(fault @ FetchFault::Robots { .. }), _) => {
            Outcome::Blocked { why: fault.to_string() }
        }
        (Exchange::Failed(fault), _) => Outcome::Failed { why: fault.to_string() },
    }
}

/// Whether a body was asked for in full, so that it need not be again for a day. Not where what was made for it
/// is still to be had: the request came to nobody, who answered was not asked for it (he leads to it, or guards
/// it) or asks to come again, or what came breaks off.
fn sent_in_full(poll: Circumstances<'_>, exchange: &Exchange, reading: Option<&Reading>) -> bool {
    let cut = matches!(reading, Some(Reading::CutShort { .. } | Reading::Feed { whole: false, .. }));
    let arrived = match exchange {
        Exchange::Failed(fault) => {
            use FetchFault::{Reset, Timeout, TooLarge, Truncated};
            matches!(fault, Timeout { .. } | TooLarge { .. } | Truncated { .. } | Reset)
        }
        Exchange::Throttled(_) => false,
        _ => true,
    };
    // What the validators are not of was asked without them.
    let elsewhere = matches!(exchange, Exchange::Body(response)
        if !poll.sent.are_of(&response.head.final_url, &response.head.hops));
    arrived && !cut && (poll.sent.is_empty() || elsewhere)
}

/// The validators of a response, and the address they are of where that is not the configured one. None where the
/// server says that the body will be changed only in the future: it made them up (RFC 9110 section 8.8.2.1), and
/// servers that do answer 304 to whatever they are asked with them.
fn given(validators: Validators, poll: Circumstances<'_>, head: &ResponseHead) -> Validators {
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).ok();
    let modified =
        validators.last_modified.as_ref().and_then(text).and_then(|text| freshness::http_date(&text));
    let now = head.date.as_deref().and_then(freshness::http_date).unwrap_or(poll.at);
    if modified.is_some_and(|modified| modified - now > TimeDelta::days(1)) {
        return Validators::default();
    }
    let elsewhere = poll.asked != poll.configured || !head.hops.is_empty();
    let of = (elsewhere && !validators.is_empty()).then(|| head.final_url.clone());
    Validators { of, ..validators }
}

/// Whether a 304 is about another body than the one that was asked about: then it does not prove that what there
/// is was read. A tag that only lost its `W/` is the same one: servers that compress what they send make it weak,
/// but not that of a 304. Where tags agree, dates do not matter.
fn names_another(head: &ResponseHead, sent: &Validators) -> bool {
    let said = &head.validators;
    match (&said.etag, &sent.etag) {
        (Some(said), Some(sent)) => unweakened(said) != unweakened(sent),
        (Some(_), None) => true,
        (None, Some(_)) => false,
        (None, None) => said.last_modified.is_some() && said.last_modified != sent.last_modified,
    }
}

fn unweakened(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// Whether a body was read to its end and found to be no feed, whatever else is asked.
fn was_read(outcome: &Outcome) -> bool {
    use Outcome::{Blocked, Emptied, NotAFeed, SelectorsStopped};
    matches!(outcome, NotAFeed { .. } | Emptied { .. } | SelectorsStopped { .. } | Blocked { .. })
}

fn good(
    state: &mut PollState,
    poll: Circumstances<'_>,
    head: &ResponseHead,
    outcome: &Outcome,
    reading: Option<Reading>,
) {
    let cut = matches!(reading, Some(Reading::Feed { whole: false, .. }));
    let deferred = matches!(reading, Some(Reading::Feed { deferred: true, .. }));
    // That of the last reading: `apply` gave it the number that was not known when it was read.
    if let Some(first) = state.window_from.filter(|first| *first > 0) {
        state.windows.note(poll.at, first);
    }
    let not_modified = *outcome == Outcome::NotModified;
    let of_another = not_modified && names_another(head, poll.sent);
    // By a strong tag nothing that is stored under another one may be updated (RFC 9111 section 4.3.4).
    let is_strong = |tag: &Vec<u8>| !tag.starts_with(b"W/");
    let of_none =
        of_another && poll.sent.etag.is_some() && head.validators.etag.as_ref().is_some_and(is_strong);
    state.validators = match outcome {
        // The same once more would be answered 304, and what waits would never be read.
        _ if deferred && !names_another(head, &state.validators) => Validators::default(),
        _ if cut || deferred || of_none => std::mem::take(&mut state.validators),
        // A 304 freshens what it repeats and leaves the rest (RFC 9111 section 3.2).
        Outcome::NotModified => {
            let Validators { etag, last_modified, .. } = std::mem::take(&mut state.validators);
            let said = head.validators.clone();
            let (etag, last_modified) = (said.etag.or(etag), said.last_modified.or(last_modified));
            given(Validators { etag, last_modified, of: None }, poll, head)
        }
        _ => given(head.validators.clone(), poll, head),
    };
    // What is due in full is only had by a body that was read to its end.
    state.in_full = if not_modified {
        state.in_full || of_another || poll.silent && is_doubtful(state, poll.at)
    } else {
        state.in_full && cut
    };
    if state.validators.is_empty() {
        state.full_at = None;
    }
    state.rejected = None;
    state.failures = 0;
    state.good_at = Some(poll.at);
    if let Some(Reading::Feed {
        new,
        body_hash,
        ttl_minutes,
        skip,
        window_from,
        overlaps,
        broken,
        marks,
        grows_at_end,
        ..
    }) = reading
    {
        state.marks = marks;
        state.grows_at_end = grows_at_end.or(state.grows_at_end);
        // A document that is empty for once, or cut short, has not moved past anything.
        if !cut {
            state.window_from = window_from.or(state.window_from);
        }
        if !cut && !deferred {
            state.body_hash = Some(body_hash);
        }
        state.overlaps = Some(overlaps);
        state.cut_hash = broken;
        state.ttl_minutes = ttl_minutes;
        state.skip = skip;
        if new > 0 {
            state.news_at = Some(poll.at);
        }
    }
    let ttl = state.ttl_minutes.map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    let headers = freshness::Headers {
        cache_control: head.cache_control.as_deref(),
        expires: head.expires.as_deref(),
        date: head.date.as_deref(),
        age: head.age.as_deref(),
    };
    let said = headers.cache_control.is_some() || headers.expires.is_some();
    if said || !not_modified {
        let seconds = freshness::remaining(&headers, poll.at).min(poll.patience).as_secs();
        state.fresh_for = u32::try_from(seconds).ok().filter(|seconds| *seconds > 0);
    }
    let kept = Duration::from_secs(state.fresh_for.unwrap_or(0).into());
    // What was missing is fetched at the next turn.
    let fresh = freshness::not_before(poll.at, &headers, ttl.max(Some(kept)), poll.patience);
    state.not_before = fresh.filter(|_| !cut);
    state.moved = moved(state.moved.take(), poll.asked, head);
}

/// Whether a source that is silent was asked in full so long ago that its 304 is no proof any more: there are servers
/// that answer so whatever they have. Nothing is doubted within eight days of the last news, for papers rest over a
/// holiday week. Then a day at least, and a quarter of the silence that the publisher confirmed, so that one that
/// sleeps for years is not woken every day.
fn is_doubtful(state: &PollState, now: Time) -> bool {
    let (rest, least, most) = (TimeDelta::days(8), TimeDelta::days(1), TimeDelta::days(30));
    if state.news_at.is_some_and(|news_at| now - news_at < rest) {
        return false;
    }
    let Some(full_at) = state.full_at else { return true };
    let confirmed = state.news_at.map_or(least, |news_at| (full_at - news_at) / 4);
    now - full_at >= confirmed.clamp(least, most)
}

/// What is remembered of permanent redirects (RFC 9110 sections 15.4.2 and 15.4.9), after a good poll.
fn moved(before: Option<Moved>, asked: &str, head: &ResponseHead) -> Option<Moved> {
    match (head.moved_to(), before) {
        (Some(to), Some(before)) if to == before.to => {
            Some(Moved { seen: before.seen.saturating_add(1), ..before })
        }
        (Some(to), _) => Some(Moved { to: to.to_owned(), seen: 1 }),
        // The new address answered for itself.
        (None, Some(before)) if before.to == asked => Some(before),
        (None, _) => None,
    }
}

fn wait(state: &mut PollState, poll: Circumstances<'_>, head: &ResponseHead) {
    state.not_before = wait::retry_after(head, poll.at).or_else(|| Some(back_off(state, poll)));
    state.asked_by = asked_to_wait(head, poll.at).map(|hold| hold.address);
}

fn back_off(state: &mut PollState, poll: Circumstances<'_>) -> Time {
    state.failures = state.failures.saturating_add(1);
    poll.at + backoff::delay(state.failures, BACKOFF_BASE, poll.draw)
}

#[cfg(test)]
mod tests;
