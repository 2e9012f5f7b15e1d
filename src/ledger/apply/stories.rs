//! Stories: a new entry is filed with the story that its line says, and those that tell the same change with
//! it. Which story that is was decided before.

use super::Work;
use crate::core::record::Told;
use crate::core::state::{Entry, EntryNo, Member, Membership, State};

/// The members of a story whose feeds are marked as changed with it: at least those that are linked anywhere.
const LINKED: usize = 512;

impl<S: State> Work<'_, S> {
    /// A new entry joins the story that was recorded. `None` when the entry it was found to tell with is not
    /// there any more, which only a damaged journal brings about.
    pub(super) fn join(
        &mut self,
        no: EntryNo,
        entry: &Entry,
        told: &Told,
    ) -> Result<Option<Membership>, S::Error> {
        let Some(with) = self.owner(&told.with)? else { return Ok(None) };
        let mut founder = with;
        // Lines name the founder as a rule, and it need not be read then.
        if self.members(founder, 1)?.is_empty() {
            let Some(other) = self.entry(with)? else { return Ok(None) };
            founder = other.story.as_ref().map_or(with, |story| story.founder);
            if self.members(founder, 1)?.is_empty() {
                self.found(founder)?;
            }
        }
        self.touch_story(founder, no)?;
        self.changes.members.insert((founder, no), Some(Member::of(entry)));
        Ok(Some(Membership { founder, reason: told.reason }))
    }

    /// An entry that told its story alone gets company.
    fn found(&mut self, founder: EntryNo) -> Result<(), S::Error> {
        let Some(entry) = self.entry(founder)?.filter(Entry::is_shown) else { return Ok(()) };
        self.changes.members.insert((founder, founder), Some(Member::of(&entry)));
        self.relist(founder, Some(founder))
    }

    /// What lists say of the story of an entry that is shown.
    fn relist(&mut self, no: EntryNo, story: Option<EntryNo>) -> Result<(), S::Error> {
        let Some(entry) = self.entry(no)? else { return Ok(()) };
        let Some(source) = self.source(&entry.source)? else { return Ok(()) };
        let place = self.place(source.no, &entry, story);
        for feed in entry.feeds() {
            self.put_on_list(feed, no, &entry, place)?;
        }
        Ok(())
    }

    /// An entry of the base is filed with its story as it was.
    pub(super) fn put_back(&mut self, no: EntryNo, entry: &Entry) -> Result<(), S::Error> {
        let Some(story) = entry.story.as_ref().filter(|_| entry.is_shown()) else { return Ok(()) };
        if self.members(story.founder, 1)?.is_empty() {
            self.found(story.founder)?;
        }
        self.changes.members.insert((story.founder, no), Some(Member::of(entry)));
        Ok(())
    }

    /// A rewritten entry stays in its story; those that tell the same link to it. Returns the founder, if
    /// others tell it too.
    pub(super) fn retell(&mut self, no: EntryNo, entry: &Entry) -> Result<Option<EntryNo>, S::Error> {
        let founder = entry.story.as_ref().map_or(no, |story| story.founder);
        if self.members(founder, 1)?.is_empty() {
            return Ok(None);
        }
        self.changes.members.insert((founder, no), Some(Member::of(entry)));
        self.touch_story(founder, no)?;
        Ok(Some(founder))
    }

    /// An entry that is not shown any more leaves its story.
    pub(super) fn leave(&mut self, no: EntryNo, entry: &Entry) -> Result<(), S::Error> {
        let founder = entry.story.as_ref().map_or(no, |story| story.founder);
        if self.members(founder, 1)?.is_empty() {
            return Ok(());
        }
        self.changes.members.insert((founder, no), None);
        self.touch_story(founder, no)?;
        if let [(last, _)] = self.members(founder, 2)?.as_slice()
            && *last == founder
        {
            // It tells its story alone again, as if nobody had joined.
            self.changes.members.insert((founder, founder), None);
            self.relist(founder, None)?;
        }
        Ok(())
    }

    /// The other entries of a story link to this one: their feeds change, without being updated.
    fn touch_story(&mut self, founder: EntryNo, but: EntryNo) -> Result<(), S::Error> {
        for (_, member) in self.members(founder, LINKED)?.into_iter().filter(|(no, _)| *no != but) {
            for feed in member.feeds() {
                self.revise(feed, None)?;
            }
        }
        Ok(())
    }

    /// The members of a story as the lines so far have left it.
    fn members(&self, founder: EntryNo, limit: usize) -> Result<Vec<(EntryNo, Member)>, S::Error> {
        let changed = self.changes.members.range((founder, 0)..=(founder, EntryNo::MAX));
        let gone = changed.clone().filter(|(_, member)| member.is_none()).count();
        let mut members = self.state.members(founder, limit.saturating_add(gone))?;
        for ((_, no), member) in changed {
            match (members.binary_search_by_key(no, |(no, _)| *no), member) {
                (Ok(at), Some(member)) => members[at].1.clone_from(member),
                (Ok(at), None) => drop(members.remove(at)),
                (Err(at), Some(member)) => members.insert(at, (*no, member.clone())),
                (Err(_), None) => {}
            }
        }
        members.truncate(limit);
        Ok(members)
    }
}
