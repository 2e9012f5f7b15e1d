//! The stories that have several filed entries, and the stories of entries that are not filed.

use std::collections::HashMap;
use std::num::NonZeroU32;

use super::timeline::Low;

/// Names a story that is kept here; other stories are of one entry, which is their founder.
pub(super) type StoryNo = NonZeroU32;

#[derive(Clone, Debug, Default)]
pub(super) struct FiledStory {
    /// The number of the entry that founded it.
    pub(super) founder: u64,
    /// Its entries in the order they were filed, the founder first.
    pub(super) members: Vec<Low>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct StoryMembers {
    all: Vec<FiledStory>,
    free: Vec<StoryNo>,
    by_founder: HashMap<u64, StoryNo>,
}

impl StoryMembers {
    /// The story that this entry founded, if it is kept here.
    pub(super) fn of_founder(&self, founder: u64) -> Option<StoryNo> {
        self.by_founder.get(&founder).copied()
    }

    pub(super) fn get(&self, story: StoryNo) -> Option<&FiledStory> {
        self.all.get(story.get() as usize - 1)
    }

    pub(super) fn start(&mut self, founder: u64) -> StoryNo {
        let story = self.free.pop().unwrap_or_else(|| {
            self.all.push(FiledStory::default());
            // As many stories as entries at most, which are less than 2^20.
            NonZeroU32::new(self.all.len() as u32).unwrap_or(NonZeroU32::MAX)
        });
        if let Some(place) = self.all.get_mut(story.get() as usize - 1) {
            place.founder = founder;
        }
        self.by_founder.insert(founder, story);
        story
    }

    /// The founder has left: from now on the story is known by the number of another.
    pub(super) fn rename(&mut self, story: StoryNo, founder: u64) {
        let Some(kept) = self.all.get_mut(story.get() as usize - 1) else { return };
        self.by_founder.remove(&kept.founder);
        kept.founder = founder;
        self.by_founder.insert(founder, story);
    }

    /// An entry joins; one that is filed anew takes its old place, which `age` says.
    pub(super) fn join(&mut self, story: StoryNo, no: u64, low: Low, age: impl Fn(Low) -> u64) {
        let Some(FiledStory { founder, members }) = self.all.get_mut(story.get() as usize - 1) else {
            return;
        };
        let behind = members.iter().rposition(|member| age(*member) < age(low)).map_or(0, |at| at + 1);
        members.insert(if no == *founder { 0 } else { behind }, low);
    }

    /// An entry leaves, and the story with it if it was the last.
    pub(super) fn part(&mut self, story: StoryNo, low: Low) {
        let Some(FiledStory { founder, members }) = self.all.get_mut(story.get() as usize - 1) else {
            return;
        };
        if let Some(at) = members.iter().position(|member| *member == low) {
            members.remove(at);
        }
        if members.is_empty() {
            *members = Vec::new();
            self.by_founder.remove(founder);
            self.free.push(story);
        }
    }

    /// Heap use in octets; a table of the standard library is at most seven eighths full.
    pub(super) fn octets(&self) -> usize {
        let members: usize = self.all.iter().map(|story| story.members.capacity() * size_of::<Low>()).sum();
        let table = self.by_founder.capacity() / 7 * 8 * (size_of::<(u64, StoryNo)>() + 1);
        self.all.capacity() * size_of::<FiledStory>() + self.free.capacity() * 4 + members + table
    }
}
