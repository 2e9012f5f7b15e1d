//! The state after a poll that was answered as it should: 304, the octets of last time, or a document.

use std::time::Duration;

use chrono::TimeDelta;

use super::{Circumstances, Compared, given};
use crate::decide::answer::Answer;
use crate::decide::freshness;
use crate::model::exchange::{ResponseHead, Validators};
use crate::model::poll_state::{Moved, PollState};
use crate::model::time::Time;

/// The properties of a document and its head that decide which fields change.
struct Traits {
    /// 304.
    not_modified: bool,
    /// 304 about another body than the one that was asked about.
    of_another: bool,
    cut: bool,
    /// As in [`Compared::deferred`].
    deferred: bool,
}

pub(super) fn conclude(
    state: &mut PollState,
    poll: Circumstances<'_>,
    head: &ResponseHead,
    answer: Answer<Compared>,
) {
    let not_modified = matches!(answer, Answer::NotModified);
    let kind = Traits {
        not_modified,
        of_another: not_modified && names_another(head, poll.sent),
        cut: matches!(answer, Answer::Document(Compared { whole: false, .. })),
        deferred: matches!(answer, Answer::Document(Compared { deferred: true, .. })),
    };
    // `window_from` of the last reading: `apply` gave it the number that was not known when it was read.
    if let Some(first) = state.window_from.filter(|first| *first > 0) {
        state.windows.note(poll.at, first);
    }
    state.validators = validators(state, poll, head, &kind);
    // Only a body that was read to its end ends the need for a request in full.
    state.in_full = if not_modified {
        state.in_full || kind.of_another || poll.silent && is_doubtful(state, poll.at)
    } else {
        state.in_full && kind.cut
    };
    if state.validators.is_empty() {
        state.full_at = None;
    }
    state.rejected = None;
    state.failures = 0;
    state.good_at = Some(poll.at);
    if let Answer::Document(document) = answer {
        take_document(state, document, poll.at, &kind);
    }
    take_freshness(state, poll, head, &kind);
    state.moved = moved(state.moved.take(), poll.asked, head);
}

fn validators(
    state: &mut PollState,
    poll: Circumstances<'_>,
    head: &ResponseHead,
    kind: &Traits,
) -> Validators {
    // A strong tag updates nothing that is stored under another one (RFC 9111 section 4.3.4).
    let is_strong = |tag: &Vec<u8>| !tag.starts_with(b"W/");
    let of_none =
        kind.of_another && poll.sent.etag.is_some() && head.validators.etag.as_ref().is_some_and(is_strong);
    if kind.deferred && !names_another(head, &state.validators) {
        // The same document again would be answered 304, and the entry that waits would never be read.
        return Validators::default();
    }
    if kind.cut || kind.deferred || of_none {
        return std::mem::take(&mut state.validators);
    }
    let said = head.validators.clone();
    if !kind.not_modified {
        return given(said, poll, head);
    }
    // A 304 freshens what it repeats and leaves the rest (RFC 9111 section 3.2).
    let Validators { etag, last_modified, .. } = std::mem::take(&mut state.validators);
    let (etag, last_modified) = (said.etag.or(etag), said.last_modified.or(last_modified));
    given(Validators { etag, last_modified, of: None }, poll, head)
}

fn take_document(state: &mut PollState, document: Compared, at: Time, kind: &Traits) {
    state.marks = document.marks;
    state.grows_at_end = document.grows_at_end.or(state.grows_at_end);
    // A document that is empty for once, or cut, has not moved past anything.
    if !kind.cut {
        state.window_from = document.window_from.or(state.window_from);
    }
    if !kind.cut && !kind.deferred {
        state.body_hash = Some(document.body_hash);
    }
    state.overlaps = Some(document.overlaps);
    state.cut_hash = document.broken;
    state.ttl_minutes = document.ttl_minutes;
    state.skip = document.skip;
    if document.new > 0 {
        state.news_at = Some(at);
    }
}

fn take_freshness(state: &mut PollState, poll: Circumstances<'_>, head: &ResponseHead, kind: &Traits) {
    let ttl = state.ttl_minutes.map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    let headers = freshness::Headers {
        cache_control: head.cache_control.as_deref(),
        expires: head.expires.as_deref(),
        date: head.date.as_deref(),
        age: head.age.as_deref(),
    };
    let said = headers.cache_control.is_some() || headers.expires.is_some();
    if said || !kind.not_modified {
        let seconds = freshness::remaining(&headers, poll.at).min(poll.freshness_limit).as_secs();
        state.fresh_for = u32::try_from(seconds).ok().filter(|seconds| *seconds > 0);
    }
    let kept = Duration::from_secs(state.fresh_for.unwrap_or(0).into());
    let fresh = freshness::not_before(poll.at, &headers, ttl.max(Some(kept)), poll.freshness_limit);
    // The rest of a document that was cut is fetched at the next poll.
    state.not_before = fresh.filter(|_| !kind.cut);
}

/// True if the last full answer of a silent source is so old that its 304 is no proof any more: some servers answer
/// 304 whatever they have. A 304 is trusted for eight days after the last news, since papers rest over a holiday
/// week. After that a request in full is due each time a quarter of the confirmed silence has passed, a day at
/// least and 30 days at most.
fn is_doubtful(state: &PollState, now: Time) -> bool {
    let (rest, least, most) = (TimeDelta::days(8), TimeDelta::days(1), TimeDelta::days(30));
    if state.news_at.is_some_and(|news_at| now - news_at < rest) {
        return false;
    }
    let Some(full_at) = state.full_at else { return true };
    let confirmed = state.news_at.map_or(least, |news_at| (full_at - news_at) / 4);
    now - full_at >= confirmed.clamp(least, most)
}

/// True if a 304 is about another body than the one that was asked about: then it does not prove that the present
/// body was read. A tag that only lost its `W/` is the same: a server weakens the tag of a body that it compresses,
/// but not that of a 304. If the tags agree, dates do not matter.
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

/// The permanent redirect to remember (RFC 9110 sections 15.4.2 and 15.4.9).
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
