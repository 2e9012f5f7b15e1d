//! Decides if a rewritten entry stays in its story.

use crate::decide::derive::sketch_of;
use crate::decide::rules::Rules;
use crate::decide::story::{self, MAX_MEMBERS, Sketch};
use crate::ledger::store::{Store, StoreError};
use crate::model::record::{Departure, JoinedStory};
use crate::model::state::{SourceState, State};
use crate::model::stored::{Entry, EntryNo};
use crate::model::story::{Member, Membership};

/// The members of a story that are looked through: more than any has.
const MEMBERS: usize = 10_000;
/// The report's own entry, and as many others as a new entry is compared with: each has to be read.
const COMPARED: usize = 1 + MAX_MEMBERS;

/// Says that an entry leaves its story as its publisher has rewritten it, if it does. A store that cannot be
/// read is found out when the lines are applied.
pub(super) fn departure(store: &Store, rules: &Rules, id: &str, now: &mut Sketch) -> Option<Departure> {
    let story = try_departure(store, rules, id, now).ok()??;
    Some(Departure { published_id: id.to_owned(), story })
}

/// The story that the entry tells instead; the outer `None` if it stays. `now` gets the date that the entry was
/// stored with, which no rewrite changes.
fn try_departure(
    store: &Store,
    rules: &Rules,
    id: &str,
    now: &mut Sketch,
) -> Result<Option<Option<JoinedStory>>, StoreError> {
    let Some(no) = store.owner(id)? else { return Ok(None) };
    let Some(entry) = store.entry(no)?.filter(Entry::is_shown) else { return Ok(None) };
    now.redate(entry.published);
    let founder = entry.story.as_ref().map_or(no, |story| story.founder);
    let report = entry.story.as_ref().and_then(Membership::repeats).unwrap_or(no);
    let mut others = store.members(founder, MEMBERS)?;
    others.retain(|(other, _)| *other != no);
    if others.is_empty() {
        return Ok(None);
    }
    // The entry that is repeated first, then others that repeat it, then the rest of the story.
    let same_report = |(other, member): &(EntryNo, Member)| member.report.unwrap_or(*other) == report;
    let repeats_others = others.iter().any(same_report);
    others.sort_by_key(|other| (other.0 != report, !same_report(other)));
    let mut story = None;
    for other in others.iter().take(COMPARED) {
        let Some((id, same)) = judge(store, rules, other.0, now)? else { continue };
        if !repeats_others || same_report(other) && same.copy {
            return Ok(None);
        }
        story = story.or(Some(JoinedStory { with: id, reason: same.reason, related: true }));
    }
    Ok(Some(story))
}

/// The id of an entry of the story, and how the rewritten one and it are alike, if they are.
fn judge(
    store: &Store,
    rules: &Rules,
    no: EntryNo,
    now: &Sketch,
) -> Result<Option<(String, story::SameStory)>, StoreError> {
    let Some(entry) = store.entry(no)?.filter(Entry::is_shown) else { return Ok(None) };
    let source = store.source(&entry.source)?;
    let outlet = source.as_ref().map_or(entry.source.as_str(), SourceState::title);
    let regions: Vec<_> = entry.regions.iter().map(|found| found.region.clone()).collect();
    let sketch = sketch_of(rules, outlet, &regions, &entry.body, entry.published);
    Ok(story::same(now, &sketch).map(|same| (entry.id, same)))
}
