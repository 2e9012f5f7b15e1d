//! Which story an entry tells: the shelf of stories as one line of the journal sees it, which is the
//! state and what the line itself has placed so far.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::core::entry::{Body, ParsedEntry};
use crate::core::html;
use crate::core::region::RegionId;
use crate::core::regions::{Classifier, Evidence};
use crate::core::state::{Change, EntryNo, Membership, SourceState, State};
use crate::core::story::{self, Lookup, Shelf, Sketch, StoryInput, StoryKey};
use crate::core::time::Time;

/// What the line has placed: the state does not know of it yet.
#[derive(Default)]
pub(super) struct Placed {
    filed: BTreeMap<(StoryKey, EntryNo), EntryNo>,
    sketches: BTreeMap<EntryNo, Arc<Sketch>>,
    joined: BTreeMap<EntryNo, Vec<EntryNo>>,
}

/// The texts of an entry, plain: what regions and stories are told by.
pub(super) struct Texts<'a> {
    pub(super) title: &'a str,
    pub(super) summary: Option<Cow<'a, str>>,
    content: Option<Cow<'a, str>>,
    page: Option<&'a str>,
}

impl<'a> Texts<'a> {
    pub(super) fn of(body: &'a ParsedEntry) -> Self {
        Self {
            title: body.title.as_deref().unwrap_or(""),
            summary: body.summary.as_ref().map(plain),
            content: body.content.as_ref().map(plain),
            page: body.page(),
        }
    }

    pub(super) fn sketch(
        &self,
        source: &SourceState,
        regions: &[Evidence],
        classifier: &Classifier,
        published: Time,
    ) -> Sketch {
        let ids: Vec<RegionId> = regions.iter().map(|evidence| evidence.region.clone()).collect();
        story::sketch(&StoryInput {
            title: self.title,
            page: self.page,
            summary: self.summary.as_deref(),
            content: self.content.as_deref(),
            outlet: source.title(),
            regions: &ids,
            named: &classifier.classify(self.title, self.summary.as_deref()),
            published,
        })
    }
}

fn plain(body: &Body) -> Cow<'_, str> {
    match body {
        Body::Text(text) => Cow::Borrowed(text),
        Body::Html(markup) => Cow::Owned(html::to_text(markup)),
    }
}

/// The state and what was placed, as one shelf.
pub(super) struct Stories<'a, S> {
    pub(super) state: &'a S,
    pub(super) placed: &'a mut Placed,
    pub(super) changes: &'a mut Vec<Change>,
}

impl<S: State> Stories<'_, S> {
    /// Finds a new entry's story and files the entry under it. Returns how many index keys it took.
    pub(super) fn place(
        &mut self,
        no: EntryNo,
        sketch: Sketch,
    ) -> Result<(Option<Membership>, u64), S::Error> {
        let found = story::join(&sketch, self)?;
        let story = found.map(|joined| Membership { founder: joined.story, reason: joined.reason });
        let founder = story.as_ref().map_or(no, |s| s.founder);
        if story.is_some() {
            self.placed.joined.entry(founder).or_default().push(no);
            self.changes.push(Change::Joined(founder, no));
        }
        let keys = self.file(no, founder, sketch);
        Ok((story, keys))
    }

    /// Files an entry of the base under the story it was recorded with. Returns how many index keys it
    /// took.
    pub(super) fn put_back(&mut self, no: EntryNo, story: Option<&Membership>, sketch: Sketch) -> u64 {
        if let Some(story) = story {
            self.placed.joined.entry(story.founder).or_default().push(no);
            self.changes.push(Change::Joined(story.founder, no));
        }
        self.file(no, story.map_or(no, |story| story.founder), sketch)
    }

    /// Files a rewritten entry anew, under the story it has: existing stories neither part nor merge.
    /// Returns how many index keys it gave up and how many it took.
    pub(super) fn refile(
        &mut self,
        no: EntryNo,
        founder: EntryNo,
        sketch: Sketch,
    ) -> Result<(u64, u64), S::Error> {
        let mut given_up = 0;
        if let Some(old) = self.sketch_of(no)? {
            let keys = filing_keys(&old);
            for key in &keys {
                self.placed.filed.remove(&(*key, no));
            }
            given_up = keys.len() as u64;
            self.changes.push(Change::Unfiled(no, keys));
        }
        Ok((given_up, self.file(no, founder, sketch)))
    }

    fn file(&mut self, no: EntryNo, founder: EntryNo, sketch: Sketch) -> u64 {
        let keys = filing_keys(&sketch);
        let count = keys.len() as u64;
        self.placed.filed.extend(keys.iter().map(|key| ((*key, no), founder)));
        self.changes.push(Change::Filed(no, founder, keys));
        let sketch = Arc::new(sketch);
        self.changes.push(Change::Sketch(no, Arc::clone(&sketch)));
        self.placed.sketches.insert(no, sketch);
        count
    }

    fn sketch_of(&self, no: EntryNo) -> Result<Option<Arc<Sketch>>, S::Error> {
        match self.placed.sketches.get(&no) {
            Some(sketch) => Ok(Some(Arc::clone(sketch))),
            None => self.state.sketch(no),
        }
    }

    /// The entries of a story, its founder first.
    pub(super) fn entries(&self, founder: EntryNo, limit: usize) -> Result<Vec<EntryNo>, S::Error> {
        let mut members = vec![founder];
        members.extend(self.state.joined(founder, limit)?);
        members.extend(self.placed.joined.get(&founder).into_iter().flatten());
        members.truncate(limit);
        Ok(members)
    }
}

/// The keys an entry is filed under, each once: they are counted as they come and go.
#[must_use]
pub fn filing_keys(sketch: &Sketch) -> Vec<StoryKey> {
    let mut keys = story::index_keys(sketch);
    keys.sort_unstable();
    keys.dedup();
    keys
}

impl<S: State> Shelf for Stories<'_, S> {
    type Story = EntryNo;
    type Error = S::Error;

    fn near(&self, lookup: &Lookup, limit: usize) -> Result<Vec<EntryNo>, S::Error> {
        let mut founders = self.state.near(lookup, limit)?;
        let filed = &self.placed.filed;
        let before = filed.range((lookup.from, 0)..=(lookup.at, EntryNo::MAX)).rev().take(limit);
        let behind = filed.range((lookup.at, EntryNo::MAX)..=(lookup.to, EntryNo::MAX)).take(limit);
        founders.extend(before.chain(behind).map(|(_, founder)| *founder));
        Ok(founders)
    }

    fn members(&self, founder: EntryNo, limit: usize) -> Result<Vec<Arc<Sketch>>, S::Error> {
        let mut sketches = Vec::new();
        for no in self.entries(founder, limit)? {
            sketches.extend(self.sketch_of(no)?);
        }
        Ok(sketches)
    }
}
