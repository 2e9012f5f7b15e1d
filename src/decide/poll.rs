//! The outcome of a poll, and the state the next one starts from, made of its exchange and its answer. Pure: the
//! instant and the draw are arguments.

mod good;
mod wait;

use std::time::Duration;

use chrono::TimeDelta;

use crate::decide::answer::Answer;
use crate::decide::backoff;
use crate::decide::freshness;
use crate::model::exchange::{Exchange, FetchFault, ResponseHead, Validators};
use crate::model::identity::Marks;
use crate::model::outcome::Outcome;
use crate::model::poll_state::{PollState, Rejected};
use crate::model::skip::Skip;
use crate::model::time::Time;
pub(super) use wait::holds;
pub use wait::{asked_to_wait, follow_from, held_until, hold, lies_ahead, not_before};

/// The wait after a first failure; it doubles from there to a day.
pub const BACKOFF_BASE: Duration = Duration::from_secs(10 * 60);
/// The longest Retry-After that is followed: a day later the publisher is asked again.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Polls in a row that must meet a permanent redirect before its target is asked directly: one
/// slip of a publisher's configuration must not move a source.
pub const MOVED_AFTER: u32 = 3;

/// The inputs to the conclusion of a poll besides its answer.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// Time at which the answer was complete.
    pub at: Time,
    /// The instant of the schedule that the poll was for; for a poll by hand, that of the last poll.
    pub scheduled: Option<Time>,
    pub configured: &'a str,
    pub asked: &'a str,
    pub sent: &'a Validators,
    /// A draw from `[0, 1)`, for the spread of the backoff.
    pub draw: f64,
    /// The longest time by which the publisher's freshness may delay the next poll.
    pub freshness_limit: Duration,
    /// True if the source has had no news for longer than its own rhythm explains.
    pub silent: bool,
}

/// A document, compared with the stored state of its source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    pub entries: u32,
    pub new: u32,
    pub changed: u32,
    /// Repairs that reading it needed.
    pub repairs: Vec<String>,
    pub body_hash: String,
    /// The interval at which it says it changes.
    pub ttl_minutes: Option<u32>,
    /// Hours and days at which it says it does not change.
    pub skip: Skip,
    /// As in [`PollState::window_from`].
    pub window_from: Option<u64>,
    /// True if an entry of it was there before.
    pub overlaps: bool,
    /// False if it breaks off and its rest is missing: its validators and its hash vouch for entries nobody saw.
    pub whole: bool,
    /// True if a rewritten entry of it has to wait: it is read again, even if it comes unchanged.
    pub deferred: bool,
    /// [`closing`](crate::decide::answer::closing) of one that breaks off, whole or not: what ends so too is all
    /// there.
    pub broken: Option<String>,
    pub marks: Marks,
    /// True if its new entries stand behind the known ones; `None` if it does not show.
    pub grows_at_end: Option<bool>,
    /// True if it asks robots not to follow its links.
    pub nofollow: bool,
}

impl Compared {
    fn outcome(&self) -> Outcome {
        let Self { entries, new, changed, repairs, .. } = self;
        Outcome::Fetched { entries: *entries, new: *new, changed: *changed, repairs: repairs.clone() }
    }
}

/// The address to ask: the target of a steady permanent redirect, else the configured one.
pub fn address<'a>(configured: &'a str, state: &'a PollState) -> &'a str {
    match &state.moved {
        Some(moved) if moved.seen >= MOVED_AFTER => &moved.to,
        _ => configured,
    }
}

/// Notes the fingerprint of how documents are read. If it changed, the document is read once more, although a 304 or
/// the hash of the body says that it is the same.
pub fn read_by(state: &mut PollState, fingerprint: String) {
    if state.read_by.as_ref().is_some_and(|before| *before != fingerprint) {
        state.body_hash = None;
        (state.in_full, state.full_at) = (true, None);
    }
    state.read_by = Some(fingerprint);
}

/// The validators of the next request: none if a request in full is due; else those of what is stored, or those of a
/// body that came since and was no feed. The latter are sent for a day; then the body is asked for in full and read
/// once more. With the stored ones, a server that gives one date or one tag to both bodies, or an older date to the
/// latter, would answer 304.
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

/// True if a list answered and none was ever read: a person who polls it by hand may have mended its selectors.
pub fn is_unread_list(state: &PollState) -> bool {
    state.validators.is_empty() && state.rejected.as_ref().is_some_and(is_of_a_list)
}

fn is_of_a_list(rejected: &Rejected) -> bool {
    matches!(rejected.outcome, Some(Outcome::SelectorsStopped { .. } | Outcome::Emptied { .. }))
}

/// The outcome of a 304 if the last body was no feed: that body's, unless the request named what is stored by a tag that
/// the other body did not have.
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

/// The outcome of a poll and the state it leaves.
pub fn conclude(
    before: &PollState,
    poll: Circumstances<'_>,
    exchange: &Exchange,
    answer: Answer<Compared>,
) -> (Outcome, PollState) {
    let outcome = match answer {
        Answer::NotModified => still_rejected(before, poll.sent).unwrap_or(Outcome::NotModified),
        ref answer => answer.outcome(Compared::outcome),
    };
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
        // One request in full a day, even if it is in vain.
        state.rejected.iter_mut().for_each(|rejected| rejected.at = poll.at);
    }
    if sent_in_full(poll, exchange, &answer) {
        state.full_at = Some(poll.at);
    }
    match exchange.head() {
        Some(head) if outcome.is_good() => good::conclude(&mut state, poll, head, answer),
        Some(head) if matches!(outcome, Outcome::Throttled { .. }) => wait(&mut state, poll, head),
        _ => failed(&mut state, poll, exchange, &outcome, answer),
    }
    (outcome, state)
}

/// The state after a poll that brought nothing of use.
fn failed(
    state: &mut PollState,
    poll: Circumstances<'_>,
    exchange: &Exchange,
    outcome: &Outcome,
    answer: Answer<Compared>,
) {
    // The new address may be what fails: the next poll starts from the configured one.
    state.moved = None;
    if let Answer::CutShort { closing, .. } = answer {
        state.cut_hash = Some(closing);
    }
    if let Exchange::Body(response) = exchange
        && was_read(outcome)
    {
        let validators = given(response.head.validators.clone(), poll, &response.head);
        let rejected = Rejected { validators, at: poll.at, outcome: Some(outcome.clone()) };
        state.rejected = Some(rejected).filter(|rejected| !rejected.validators.is_empty());
    }
    state.not_before = Some(back_off(state, poll));
    // Some publishers send Retry-After with another status than those it was made for.
    let asked =
        exchange.head().filter(|head| head.status >= 400).and_then(|head| asked_to_wait(head, poll.at));
    hold(state, asked.into_iter().collect(), poll.asked, poll.at);
}

/// True if an unconditional request reached the origin and its answer was complete: the next one is due in a day.
/// A redirect or a robots.txt that asks to wait is no answer of the origin.
fn sent_in_full(poll: Circumstances<'_>, exchange: &Exchange, answer: &Answer<Compared>) -> bool {
    let cut = matches!(answer, Answer::CutShort { .. } | Answer::Document(Compared { whole: false, .. }));
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

/// The validators of a response, with their address if it is not the configured one. None if Last-Modified lies in the
/// future: the server made them up (RFC 9110 section 8.8.2.1), and such servers answer 304 to any request that has
/// them.
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

/// True if a body was read to its end and is no feed.
fn was_read(outcome: &Outcome) -> bool {
    use Outcome::{Blocked, Emptied, NotAFeed, SelectorsStopped};
    matches!(outcome, NotAFeed { .. } | Emptied { .. } | SelectorsStopped { .. } | Blocked { .. })
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
