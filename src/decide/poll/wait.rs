//! Retry-After of a source and of the hosts it leads to, and the bounds within which a stored wait is believed.

use std::time::Duration;

use chrono::TimeDelta;

use super::LONGEST_RETRY_AFTER;
use crate::decide::freshness;
use crate::model::exchange::ResponseHead;
use crate::model::poll_state::{Hold, PollState};
use crate::model::time::Time;
use crate::read::link;

/// Clocks are corrected by less than this all the time.
const SLEW: TimeDelta = TimeDelta::minutes(1);
/// Holds of one source at once: its pages are on one or two hosts.
pub(super) const MAX_HOLDS: usize = 8;

/// The instant before which a source is not asked. One that lies further off than the longest wait was made while the
/// clock was wrong, and is dropped. If the source was `polled` in the future, the wait begins now, as long as it was.
pub fn not_before(
    state: &PollState,
    polled: Option<Time>,
    now: Time,
    freshness_limit: Duration,
) -> Option<Time> {
    let longest = TimeDelta::from_std(freshness_limit.max(LONGEST_RETRY_AFTER)).unwrap_or_default();
    let ahead = polled.filter(|polled| lies_ahead(*polled, now)).map_or(TimeDelta::zero(), |at| at - now);
    state.not_before.map(|until| until - ahead).filter(|until| *until - now <= longest)
}

/// True if a past time lies ahead: the clock was set back since.
pub fn lies_ahead(past: Time, now: Time) -> bool {
    past - now > SLEW
}

/// The end of the hold of an address's host, as far as the source's own polls were asked to wait.
pub fn held_until(state: &PollState, address: &str, now: Time) -> Option<Time> {
    let host = link::server(address);
    let own = state.holds.iter().filter(|hold| link::server(&hold.address) == host);
    own.map(|hold| hold.until).filter(|until| holds(*until, now)).max()
}

/// True if a wait is not over. One that lies further off than the longest wait was made while the clock was wrong.
pub(in crate::decide) fn holds(until: Time, now: Time) -> bool {
    let longest = TimeDelta::from_std(LONGEST_RETRY_AFTER).unwrap_or_default();
    until > now && until - now <= longest
}

/// The hold that a response asks for, if its Retry-After can be read. A redirect's is about its target only (RFC 9110
/// section 10.2.3).
pub fn asked_to_wait(head: &ResponseHead, at: Time) -> Option<Hold> {
    let until = retry_after(head, at).filter(|_| head.status >= 400)?;
    Some(Hold { address: head.final_url.clone(), until })
}

/// The time from which a redirect that asks to wait is to be followed.
pub fn follow_from(head: &ResponseHead, at: Time) -> Option<Time> {
    retry_after(head, at).filter(|_| head.status < 400)
}

pub(super) fn retry_after(head: &ResponseHead, at: Time) -> Option<Time> {
    freshness::retry_after(head.retry_after.as_deref()?, head.date.as_deref(), at, LONGEST_RETRY_AFTER)
}

/// Adds the holds that a poll of `asked` was given, and keeps the longest for each host. A hold of the source's own host
/// puts off its next poll.
pub fn hold(state: &mut PollState, new: Vec<Hold>, asked: &str, at: Time) {
    let mut all = std::mem::take(&mut state.holds);
    all.extend(new);
    all.retain(|hold| holds(hold.until, at));
    all.sort_by_key(|hold| std::cmp::Reverse(hold.until));
    for hold in all {
        let known = state.holds.iter().any(|h| link::server(&h.address) == link::server(&hold.address));
        if !known && state.holds.len() < MAX_HOLDS {
            state.holds.push(hold);
        }
    }
    state.not_before = state.not_before.max(held_until(state, asked, at));
}
