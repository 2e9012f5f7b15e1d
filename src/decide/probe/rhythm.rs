//! The rhythm of a source, as far as one document tells.

use std::time::Duration;

use serde::Serialize;

use crate::model::entry::ParsedEntry;
use crate::model::habits::{Habits, schedule_for};
use crate::model::time::{Precision, Stamp, Time};

/// Dates below this tell no rhythm.
const FEW: usize = 3;

#[derive(Clone, Debug, Serialize)]
pub struct Rhythm {
    /// Entries a day, over the time that the document covers.
    pub per_day: f64,
    /// The usual time between two entries, in seconds; `None` where dates are days.
    pub usual_gap: Option<i64>,
    /// Seconds since the newest; negative for one that is dated ahead.
    pub newest_age: i64,
    /// Seconds between the oldest and the newest.
    pub covers: i64,
}

/// The dates of a document's entries, the newest first. Those that are days only would blur the others, so
/// they count only where there are few others.
pub(super) fn dates(entries: &[ParsedEntry]) -> Vec<Stamp> {
    let mut dates: Vec<Stamp> = entries.iter().filter_map(|e| e.published.or(e.updated)).collect();
    let is_exact = |stamp: &Stamp| stamp.precision == Precision::Second;
    if dates.iter().filter(|stamp| is_exact(stamp)).count() >= FEW {
        dates.retain(is_exact);
    }
    dates.sort_by_key(|stamp| std::cmp::Reverse(stamp.at));
    dates
}

/// The rhythm of these dates; of a single one, its age.
pub(super) fn of(dates: &[Stamp], now: Time) -> Option<Rhythm> {
    const DAY: f64 = 86_400.0;
    let (newest, oldest) = (dates.first()?.at, dates.last()?.at);
    let covers = (newest - oldest).num_seconds();
    let mut gaps: Vec<i64> = dates.windows(2).map(|pair| (pair[0].at - pair[1].at).num_seconds()).collect();
    gaps.sort_unstable();
    let by_day = dates.iter().any(|stamp| stamp.precision == Precision::Day);
    // The end of a day that is still running is no date ahead.
    let newest = dates.first()?.not_after(now);
    Some(Rhythm {
        per_day: gaps.len() as f64 * DAY / (covers as f64).max(DAY / 24.0),
        usual_gap: gaps.get(gaps.len() / 2).copied().filter(|_| !by_day && dates.len() >= FEW),
        newest_age: (now - newest).num_seconds(),
        covers,
    })
}

/// When to poll a source of this rhythm; the instance's own schedule where too little is known.
pub(super) fn schedule(rhythm: Option<&Rhythm>, entries: usize) -> &'static str {
    const UNKNOWN: &str = "*/20 * * * *";
    let Some(rhythm) = rhythm.filter(|rhythm| entries >= FEW && rhythm.covers > 0) else { return UNKNOWN };
    let seconds = |n: i64| Duration::from_secs(u64::try_from(n).unwrap_or(0));
    let mean = rhythm.covers / i64::try_from(entries - 1).unwrap_or(i64::MAX);
    schedule_for(seconds(rhythm.usual_gap.unwrap_or(mean)), seconds(rhythm.covers)).1
}

/// True if the source has been silent for longer than it usually is.
pub(super) fn is_silent(dates: &[Stamp], now: Time) -> bool {
    let mut habits = Habits::default();
    dates.iter().for_each(|stamp| habits.note_entry(stamp.at));
    habits.is_silent(now)
}
