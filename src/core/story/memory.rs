//! A shelf in memory, filed the way the store files it. For tests, benches and trying files of pairs.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use super::join::{Joined, Shelf, join};
use super::keys::{Lookup, StoryKey, index_keys};
use super::sketch::Sketch;

/// The stories of the entries placed on it, in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryShelf {
    filed: BTreeSet<(StoryKey, u64, u64)>,
    stories: BTreeMap<u64, Vec<Arc<Sketch>>>,
    entries: u64,
}

impl MemoryShelf {
    /// Decides an entry's story and files it: the story it joined, or `None` if it founded one.
    pub fn place(&mut self, sketch: Sketch) -> Option<Joined<u64>> {
        let joined = self.find(&sketch);
        let entry = self.entries;
        self.entries += 1;
        let story = joined.map_or(entry, |j| j.story);
        self.filed.extend(index_keys(&sketch).into_iter().map(|key| (key, entry, story)));
        self.stories.entry(story).or_default().push(Arc::new(sketch));
        joined
    }

    /// The story an entry would join.
    #[must_use]
    pub fn find(&self, sketch: &Sketch) -> Option<Joined<u64>> {
        match join(sketch, self) {
            Ok(joined) => joined,
        }
    }
}

impl Shelf for MemoryShelf {
    type Story = u64;
    type Error = Infallible;

    fn near(&self, lookup: &Lookup, limit: usize) -> Result<Vec<u64>, Infallible> {
        let Lookup { from, at, to } = *lookup;
        let before = self.filed.range((from, 0, 0)..=(at, u64::MAX, u64::MAX)).rev().take(limit);
        let after = self.filed.range((at, u64::MAX, u64::MAX)..=(to, u64::MAX, u64::MAX)).take(limit);
        Ok(before.chain(after).map(|&(_, _, story)| story).collect())
    }

    fn members(&self, story: u64, limit: usize) -> Result<Vec<Arc<Sketch>>, Infallible> {
        Ok(self.stories.get(&story).map(|all| all.iter().take(limit).cloned().collect()).unwrap_or_default())
    }
}
