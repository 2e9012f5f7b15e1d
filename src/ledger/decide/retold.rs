//! Whether an entry that was rewritten still tells its story.

use crate::core::derive::sketch_of;
use crate::core::record::{Departure, Told};
use crate::core::rules::Rules;
use crate::core::state::{Entry, EntryNo, SourceState, State};
use crate::core::story::{self, MAX_MEMBERS, Sketch};
use crate::ledger::store::{Store, StoreError};

/// Says that an entry leaves its story as its publisher has rewritten it, if it does. A store that cannot be
/// read is found out when the lines are applied.
pub(super) fn departure(store: &Store, rules: &Rules, id: &str, now: &Sketch) -> Option<Departure> {
    let story = try_departure(store, rules, id, now).ok()??;
    Some(Departure { published_id: id.to_owned(), story })
}

/// The story that the entry tells instead; the outer `None` if it stays.
fn try_departure(
    store: &Store,
    rules: &Rules,
    id: &str,
    now: &Sketch,
) -> Result<Option<Option<Told>>, StoreError> {
    let Some(no) = store.owner(id)? else { return Ok(None) };
    let Some(entry) = store.entry(no)?.filter(Entry::is_shown) else { return Ok(None) };
    let founder = entry.story.as_ref().map_or(no, |story| story.founder);
    // One more, for the entry itself.
    let members = store.members(founder, MAX_MEMBERS + 1)?;
    let Some((_, own)) = members.iter().find(|(member, _)| *member == no) else { return Ok(None) };
    let report = own.report.unwrap_or(no);
    let repeats_others =
        members.iter().any(|(other, member)| *other != no && member.report.unwrap_or(*other) == report);
    let mut told = None;
    for (other, member) in members.iter().filter(|(other, _)| *other != no) {
        let Some((id, verdict)) = judge(store, rules, *other, now)? else { continue };
        let same_report = member.report.unwrap_or(*other) == report;
        if !repeats_others || same_report && verdict.copy {
            return Ok(None);
        }
        told = told.or(Some(Told { with: id, reason: verdict.reason, related: true }));
    }
    Ok(Some(told).filter(|_| members.len() > 1))
}

/// The id of an entry of the story, and how the rewritten one and it are alike, if they are.
fn judge(
    store: &Store,
    rules: &Rules,
    no: EntryNo,
    now: &Sketch,
) -> Result<Option<(String, story::Verdict)>, StoreError> {
    let Some(entry) = store.entry(no)?.filter(Entry::is_shown) else { return Ok(None) };
    let source = store.source(&entry.source)?;
    let outlet = source.as_ref().map_or(entry.source.as_str(), SourceState::title);
    let regions: Vec<_> = entry.regions.iter().map(|found| found.region.clone()).collect();
    let sketch = sketch_of(rules, outlet, &regions, &entry.body, entry.published);
    Ok(story::same(now, &sketch).map(|verdict| (entry.id, verdict)))
}
