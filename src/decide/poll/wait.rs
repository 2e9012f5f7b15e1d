//! How long a source and the hosts it leads to are left alone, and how far a wait that was worked out earlier
//! can be believed.

use std::time::Duration;

use chrono::TimeDelta;

use super::LONGEST_RETRY_AFTER;
use crate::decide::freshness;
use crate::model::exchange::ResponseHead;
use crate::model::poll_state::{Hold, PollState};
use crate::model::time::Time;
use crate::read::link;

/// Less than this a clock is corrected by all the time.
const SLEW: TimeDelta = TimeDelta::minutes(1);
/// Hosts of one source that are left alone at once: its pages are on one or two.
pub(super) const MAX_HOLDS: usize = 8;

/// The instant before which a source is not asked, as far as it can be believed: what lies further off
/// than any wait there is was worked out while the clock was wrong. What was `polled` in the future, too: then
/// the wait begins now, as long as it was to be.
#[must_use]
pub fn not_before(state: &PollState, polled: Option<Time>, now: Time, patience: Duration) -> Option<Time> {
    let longest = TimeDelta::from_std(patience.max(LONGEST_RETRY_AFTER)).unwrap_or_default();
    let ahead = polled.filter(|polled| lies_ahead(*polled, now)).map_or(TimeDelta::zero(), |at| at - now);
    state.not_before.map(|until| until - ahead).filter(|until| *until - now <= longest)
}

/// Whether a time that has been is still to come: the clock was set back since.
#[must_use]
pub fn lies_ahead(past: Time, now: Time) -> bool {
    past - now > SLEW
}

/// Until when the host of `address` is to be left alone, as far as the source's own polls were told.
#[must_use]
pub fn held_until(state: &PollState, address: &str, now: Time) -> Option<Time> {
    let host = link::server(address);
    let own = state.holds.iter().filter(|hold| link::server(&hold.address) == host);
    own.map(|hold| hold.until).filter(|until| holds(*until, now)).max()
}

/// Whether a wait is not over. What lies further off than any wait there is was worked out while the clock
/// was wrong.
pub(in crate::decide) fn holds(until: Time, now: Time) -> bool {
    let longest = TimeDelta::from_std(LONGEST_RETRY_AFTER).unwrap_or_default();
    until > now && until - now <= longest
}

/// Until when a response asks its host to be left alone, if it does so in words that can be read. A redirect
/// speaks of where it leads only (RFC 9110 section 10.2.3).
#[must_use]
pub fn asked_to_wait(head: &ResponseHead, at: Time) -> Option<Hold> {
    let until = retry_after(head, at).filter(|_| head.status >= 400)?;
    Some(Hold { address: head.final_url.clone(), until })
}

/// When a redirect that is not followed at once wants to be.
#[must_use]
pub fn follow_from(head: &ResponseHead, at: Time) -> Option<Time> {
    retry_after(head, at).filter(|_| head.status < 400)
}

/// What a Retry-After says, of the host or of where a redirect leads.
pub(super) fn retry_after(head: &ResponseHead, at: Time) -> Option<Time> {
    freshness::retry_after(head.retry_after.as_deref()?, head.date.as_deref(), at, LONGEST_RETRY_AFTER)
}

/// Adds what a poll of `asked` was told to what holds already, the longest for each host; a wish of the
/// source's own host puts off its next poll.
pub fn hold(state: &mut PollState, told: Vec<Hold>, asked: &str, at: Time) {
    let mut all = std::mem::take(&mut state.holds);
    all.extend(told);
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
