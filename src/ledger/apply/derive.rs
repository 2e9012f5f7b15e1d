//! What is derived of an entry when it is folded in: its date, its regions, its place among what a new
//! source brings.

use super::telling::Texts;
use crate::core::entry::ParsedEntry;
use crate::core::record::NewEntry;
use crate::core::regions::{self, Evidence};
use crate::core::rules::{CODE_SCHEME, Rules};
use crate::core::source::RegionRule;
use crate::core::state::SourceState;
use crate::core::time::Time;

/// The place of each new entry among what a new source brought: from 0 for the newest, those of one date in
/// document order; what comes of a first list later stands behind what came of it before, `stored`
/// entries. `None` for news.
pub(super) fn backlog_places(new: &[NewEntry], at: Time, first: bool, stored: u64) -> Vec<Option<u32>> {
    let mut order: Vec<usize> = (0..new.len()).filter(|n| first || new[*n].backlog).collect();
    order.sort_by_key(|n| std::cmp::Reverse(dated(&new[*n].entry, at)));
    let mut places = vec![None; new.len()];
    let before = u32::try_from(stored).unwrap_or(u32::MAX - 1_000_000);
    for (place, n) in (before..).zip(order) {
        places[n] = Some(place);
    }
    places
}

/// The regions of an entry under these rules: by a code its publisher gave, and by its text.
pub(super) fn regions_of(
    rules: &Rules,
    source: &SourceState,
    texts: &Texts<'_>,
    body: &ParsedEntry,
) -> Vec<Evidence> {
    let Rules { patterns, classifier, .. } = rules;
    let rule = &source.def.region;
    let mut found = regions::decide(rule, patterns, classifier, texts.title, texts.summary.as_deref());
    let coded = body.categories.iter().find(|category| category.scheme.as_deref() == Some(CODE_SCHEME));
    if let Some(evidence) = coded.and_then(|category| rules.coded(&category.term))
        && !matches!(rule, RegionRule::Fixed(_))
    {
        found.retain(|other| other.region != evidence.region);
        found.insert(0, evidence);
    }
    found
}

/// The publisher's date of an entry, never after it was seen; else that.
pub(super) fn dated(body: &ParsedEntry, at: Time) -> Time {
    body.published.or(body.updated).map_or(at, |stamp| stamp.not_after(at))
}
