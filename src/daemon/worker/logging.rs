//! The line that a poll leaves in the log. A source that keeps failing is told when that begins, once a day, and when
//! it ends with the count; the polls between are for debugging.

use chrono::TimeDelta;

use super::PollReport;
use crate::model::outcome::Outcome;
use crate::model::page_habits::Odd;
use crate::model::poll_state::PollState;
use crate::model::source::SourceId;
use crate::model::time::{Time, rfc3339};

/// The failures of a source before a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failing {
    since: Time,
    failures: u32,
    /// Whole days until the last poll.
    days: i64,
}

impl Failing {
    /// The failures that a state counts; `polled` is when the last poll ended.
    pub(super) fn of(state: &PollState, polled: Option<Time>) -> Option<Self> {
        let since = state.failing_since?;
        let days = polled.map_or(TimeDelta::zero(), |polled| polled - since).num_days();
        Some(Self { since, failures: state.failures, days })
    }
}

/// The weight of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    Debug,
    Info,
    Warn,
}

/// The weight of a poll that ended at a time, and what stands before its outcome.
fn weight(report: &PollReport, at: Time) -> (Weight, &'static str) {
    let is_news = report.before.as_ref() != Some(&report.outcome);
    match (&report.outcome, report.failing) {
        (outcome, None) if outcome.is_good() => (Weight::Info, ""),
        (outcome, Some(_)) if outcome.is_good() => (Weight::Info, "works again: "),
        // Its polls end.
        (Outcome::Gone, _) if is_news => (Weight::Warn, ""),
        (Outcome::Held { .. }, _) => (Weight::Debug, ""),
        (_, None) => (Weight::Warn, ""),
        (_, Some(failing)) if (at - failing.since).num_days() > failing.days => (Weight::Warn, "still "),
        (_, Some(_)) => (Weight::Debug, "still "),
    }
}

/// Logs a poll that was recorded.
pub(super) fn log(report: &PollReport, at: Time, by_hand: bool) {
    let PollReport { source, outcome, elapsed, state, failing, .. } = report;
    let (weight, lead) = weight(report, at);
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let by_hand = by_hand.then_some(true);
    let not_before = state.not_before.filter(|_| !outcome.is_good()).map(rfc3339);
    let (not_before, name) = (not_before.as_deref().map(tracing::field::display), outcome.name());
    let failures = failing.map(|failing| if outcome.is_good() { failing.failures } else { state.failures });
    let since = failing.map(|failing| tracing::field::display(rfc3339(failing.since)));
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                source.id = %source, outcome = %name, elapsed_ms, by_hand, failures, since, not_before, "{lead}{outcome}"
            )
        };
    }
    match weight {
        Weight::Debug => line!(debug),
        Weight::Info => line!(info),
        Weight::Warn => line!(warn),
    }
}

/// Logs a poll by hand that asked nobody, or of which nothing is recorded.
pub(super) fn log_unrecorded(report: &PollReport) {
    let PollReport { source, outcome, .. } = report;
    tracing::info!(source.id = %source, outcome = %outcome.name(), by_hand = true, "not recorded: {outcome}");
}

/// Logs that the article pages of a source stopped looking like those before them, or look so again: when it begins and
/// when it ends. Takes what the last page before the poll lacked, and the last page in it.
pub(super) fn log_pages(source: &SourceId, odd: (Option<Odd>, Option<Odd>)) {
    match odd {
        (None, Some(Odd { lack, .. })) => {
            let lack = lack.as_str();
            tracing::warn!(source.id = %source, lack, "its article pages stopped looking like the others: {lack}");
        }
        (Some(Odd { since, .. }), None) => {
            let since = tracing::field::display(rfc3339(since));
            tracing::info!(source.id = %source, since, "its article pages look like the others again");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
