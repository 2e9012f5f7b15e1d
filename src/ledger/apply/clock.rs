//! The time at which a line counts as recorded. The clock that wrote it may have been wrong: years ahead for a
//! while, or years back until the machine has asked a time server. Decided from the lines alone, so that a replay
//! decides the same.

use chrono::TimeDelta;

use crate::model::record::Record;
use crate::model::state::Meta;
use crate::model::time::Time;

/// A line may be so much older than one before it: clocks are corrected, and groups of lines are written in
/// the order in which their polls ended.
const BACK: TimeDelta = TimeDelta::days(1);
/// And so much later than all before it: a daemon may have been down for a year.
const FORTH: TimeDelta = TimeDelta::days(731);
/// Time after which a clock that was set back is believed. Most clocks are set right within minutes, and a change
/// that is dated too late meanwhile is late by no more than the clock was ahead.
const UNTIL_BACK: TimeDelta = TimeDelta::hours(1);
/// Time after which a clock that jumped forward is believed: expiry a day later loses nothing.
const UNTIL_FORTH: TimeDelta = TimeDelta::days(1);

/// A jump from one line to the next that may come from a wrong clock, though it is believed.
const LEAP: TimeDelta = TimeDelta::days(30);
/// Time for which a change that would delete data waits. Most clocks are set right within minutes.
const UNTIL_SURE: TimeDelta = TimeDelta::days(1);

/// 2026-01-01. A clock before that was never set: dibao is younger. After such a clock any later time is believed at
/// once.
const EARLIEST: i64 = 1_767_225_600;

/// The time that a line is taken to be of: its own, or, while that is not believed, the newest that is.
pub(super) fn believed(meta: &mut Meta, record: &Record) -> Time {
    let before = meta.newest_at;
    let at = judged(meta, record);
    meta.leapt = leapt(before, meta);
    at
}

/// [`Meta::leapt`] after a line, before which the newest time that is believed was `before`.
fn leapt(before: Time, meta: &Meta) -> Option<Time> {
    let newest = meta.newest_at;
    if before != Time::UNIX_EPOCH && newest - before > LEAP {
        return Some(newest);
    }
    let since = meta.leapt?;
    if newest < since {
        // It was set back, which need not be as far as it had leapt.
        return Some(newest);
    }
    (newest - since < UNTIL_SURE).then_some(since)
}

fn judged(meta: &mut Meta, record: &Record) -> Time {
    let at = record.at();
    let is_poll = matches!(record, Record::Poll(_) | Record::Observation(_));
    let ahead = at - meta.newest_at;
    let never_set = meta.newest_at.timestamp() < EARLIEST && ahead > TimeDelta::zero();
    let first = meta.newest_at == Time::UNIX_EPOCH;
    if first || never_set || (-BACK..=FORTH).contains(&ahead) {
        if is_poll {
            meta.newest_at = meta.newest_at.max(at);
            meta.doubted = None;
        }
        return at;
    }
    if !is_poll {
        return meta.newest_at;
    }
    let delay = if at > meta.newest_at { UNTIL_FORTH } else { UNTIL_BACK };
    let since =
        meta.doubted.filter(|since| *since <= at && (*since > meta.newest_at) == (at > meta.newest_at));
    match since {
        Some(since) if at - since >= delay => {
            meta.newest_at = at;
            meta.doubted = None;
        }
        Some(_) => {}
        None => meta.doubted = Some(at),
    }
    meta.newest_at
}

/// The date of a change. Its line says `said` and is taken to be of `at`; its feed last changed at `before`. A clock
/// that was set back must not date a change before the one it follows. Changes must not share one date while the clock
/// is doubted, or after a change that was dated far too late: readers that ask by date alone would miss them.
pub(super) fn dated_after(at: Time, said: Time, before: Time) -> Time {
    let unclear = at != said || before - at > TimeDelta::days(1);
    let least = if unclear { TimeDelta::seconds(1) } else { TimeDelta::zero() };
    at.max(before + least)
}
