//! The first stored entry of each reading of a source's document, over the last weeks. One reading that shows only
//! the newest few entries does not count as having moved past the others.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::model::stored::EntryNo;
use crate::model::time::Time;

/// Span of entries that are remembered together: as fine as the shortest usual age limit.
const SPAN: TimeDelta = TimeDelta::days(7);
/// The span that runs and five before it: they cover the longest margin that is asked for, thirty days.
const SPANS: usize = 6;

/// The lowest places of the last spans.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    since: Option<Time>,
    /// The lowest place of each span, the newest first; a span that saw no reading is not there.
    lowest: Vec<EntryNo>,
}

impl Windows {
    pub fn is_none(&self) -> bool {
        self.lowest.is_empty()
    }

    /// Remembers that the document began here at an instant.
    pub fn note(&mut self, at: Time, first: EntryNo) {
        let since = self.since.unwrap_or(at);
        match self.lowest.first_mut() {
            Some(lowest) if at - since < SPAN => {
                *lowest = first.min(*lowest);
                // A clock that was set back does not make a span longer.
                self.since = Some(since.min(at));
            }
            _ => {
                self.lowest.insert(0, first);
                self.lowest.truncate(SPANS);
                self.since = Some(at);
            }
        }
    }

    /// The lowest place for at least so long; `None` where they were not watched for that.
    pub fn lowest(&self, margin: TimeDelta) -> Option<EntryNo> {
        let spans = (margin.num_seconds().max(1) - 1) / SPAN.num_seconds() + 1;
        let spans = usize::try_from(spans).ok()?.min(SPANS - 1);
        self.lowest.get(..=spans)?.iter().copied().min()
    }
}

#[cfg(test)]
mod tests;
