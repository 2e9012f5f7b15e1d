//! The change of a source's state with a poll: worth an entry of `/status.atom` if an operator would act on it, or has
//! acted on the one before.

use crate::model::habits::Habits;
use crate::model::outcome::Outcome;
use crate::model::record::PollRecord;
use crate::model::state::SourceState;
use crate::model::time::Time;
use crate::model::turn::Turn;

/// The change with a poll, if there is one. `dates` are those of its new entries.
///
/// A source that was never polled and answers well has not changed. A poll that was not made (its host is held) changes
/// nothing.
pub fn turn(
    before: Option<&SourceState>,
    poll: &PollRecord,
    dates: impl IntoIterator<Item = Time>,
) -> Option<Turn> {
    let was = before.map_or("new", state_before);
    let (state, missed) = match &poll.outcome {
        Outcome::Held { .. } => return None,
        outcome if outcome.is_good() => {
            let habits = habits_after(before, poll, dates);
            let state = if habits.is_silent(poll.at) { "stale" } else { "ok" };
            (state, habits.missed_at(poll.at))
        }
        outcome => (outcome.name(), None),
    };
    let begins_well = was == "new" && state == "ok";
    let changes = state != was && !begins_well;
    (changes || missed.is_some()).then(|| Turn { was: was.to_owned(), state: state.to_owned(), missed })
}

/// The state that the last change left; where none is known, that of the last poll.
fn state_before(source: &SourceState) -> &str {
    if let Some(last) = source.turns.last() {
        return &last.turn.state;
    }
    match (&source.outcome, source.polled_at) {
        (Some(Outcome::Held { .. }), _) if source.poll.good_at.is_some() => "ok",
        (Some(Outcome::Held { .. }) | None, _) | (_, None) => "new",
        (Some(_), Some(at)) => source.condition(at),
    }
}

/// As `apply` will leave them.
fn habits_after(
    before: Option<&SourceState>,
    poll: &PollRecord,
    dates: impl IntoIterator<Item = Time>,
) -> Habits {
    let mut habits = before.map(|source| source.habits.clone()).unwrap_or_default();
    let first = !before.is_some_and(|source| source.seeded);
    habits.note_poll(poll.at, &poll.outcome, poll.state.overlaps, first);
    dates.into_iter().for_each(|date| habits.note_entry(date));
    habits
}

#[cfg(test)]
mod tests;
