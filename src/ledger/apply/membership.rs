//! Files a new entry in the story that its line names, and updates the other members. The story was decided before
//! the line was written; so was a rewritten entry's departure from its story.

use super::Work;
use crate::model::record::JoinedStory;
use crate::model::state::State;
use crate::model::stored::{Entry, EntryNo};
use crate::model::story::{Member, Membership};

/// The members of a story whose feeds are marked as changed with it: at least those that are linked anywhere.
const LINKED: usize = 512;
/// The members of a story that follow when its founder leaves it: more than any story has.
const MEMBERS: usize = 10_000;

impl<S: State> Work<'_, S> {
    /// A new entry joins the story that was recorded. `None` when the entry it was found to tell with is not
    /// there any more, which only a damaged journal brings about.
    pub(super) fn join(
        &mut self,
        no: EntryNo,
        entry: &Entry,
        joined: &JoinedStory,
    ) -> Result<Option<Membership>, S::Error> {
        let Some(with) = self.owner(&joined.with)?.filter(|with| *with != no) else { return Ok(None) };
        let (mut founder, mut repeats) = (with, with);
        // Lines name the founder as a rule, and it need not be read then.
        if self.members(founder, 1)?.is_empty() {
            let Some(other) = self.entry(with)? else { return Ok(None) };
            if let Some(story) = &other.story {
                founder = story.founder;
                repeats = story.repeats().unwrap_or(with);
            }
            if self.members(founder, 1)?.is_empty() {
                self.found(founder)?;
            }
        }
        self.touch_story(founder, no)?;
        let report = Some(repeats).filter(|repeats| !joined.related && *repeats != founder);
        let story = Membership { founder, reason: joined.reason, related: joined.related, report };
        let member = Member { report: story.repeats(), ..entry.member() };
        self.changes.members.insert((founder, no), Some(member));
        Ok(Some(story))
    }

    /// An entry that told its story alone gets company.
    fn found(&mut self, founder: EntryNo) -> Result<(), S::Error> {
        let Some(entry) = self.entry(founder)?.filter(Entry::is_shown) else { return Ok(()) };
        self.changes.members.insert((founder, founder), Some(entry.member()));
        self.relist(founder, Some(founder))
    }

    /// Updates the story in the list rows of an entry that is shown.
    fn relist(&mut self, no: EntryNo, story: Option<EntryNo>) -> Result<(), S::Error> {
        let Some(entry) = self.entry(no)? else { return Ok(()) };
        let Some(source) = self.source(&entry.source)? else { return Ok(()) };
        let place = self.place(source.no, &entry, story);
        for feed in entry.feeds() {
            self.put_on_list(feed, no, &entry, place)?;
        }
        Ok(())
    }

    /// An entry of the base is filed with its story as it was. Returns the founder, if others tell it too.
    pub(super) fn put_back(&mut self, no: EntryNo, entry: &Entry) -> Result<Option<EntryNo>, S::Error> {
        if !entry.is_shown() {
            return Ok(None);
        }
        let founder = match &entry.story {
            Some(story) => story.founder,
            // One that was older joined its story when that was there.
            None if !self.members(no, 1)?.is_empty() => no,
            None => return Ok(None),
        };
        if self.members(founder, 1)?.is_empty() {
            self.found(founder)?;
        }
        self.changes.members.insert((founder, no), Some(entry.member()));
        Ok(Some(founder))
    }

    /// A rewritten entry stays in its story; those that tell the same link to it. Returns the founder, if
    /// others tell it too.
    pub(super) fn revise_story(&mut self, no: EntryNo, entry: &Entry) -> Result<Option<EntryNo>, S::Error> {
        let founder = entry.story.as_ref().map_or(no, |story| story.founder);
        if self.members(founder, 1)?.is_empty() {
            return Ok(None);
        }
        self.changes.members.insert((founder, no), Some(entry.member()));
        self.touch_story(founder, no)?;
        Ok(Some(founder))
    }

    /// A rewritten entry tells other news: it leaves its story, and what it hid comes back.
    pub(super) fn part(&mut self, no: EntryNo, entry: &mut Entry) -> Result<(), S::Error> {
        let founder = entry.story.as_ref().map_or(no, |story| story.founder);
        let mut others = self.members(founder, MEMBERS)?;
        others.retain(|(other, _)| *other != no);
        self.touch_story(founder, no)?;
        self.changes.members.insert((founder, no), None);
        entry.story = None;
        let of_report = |member: &Member| member.report == Some(no);
        let next_report = others.iter().find(|(_, member)| of_report(member)).map(|(other, _)| *other);
        // A story is known by its founder's number: where that one leaves, the next entry gives its own.
        let next = if founder == no { others.first().map(|(other, _)| *other) } else { Some(founder) };
        let Some(next) = next else { return Ok(()) };
        let alone = others.len() == 1 && others[0].0 == next;
        for (other, member) in others {
            let moves = next != founder || alone;
            if moves || of_report(&member) {
                self.changes.members.insert((founder, other), None);
                let story = Some(next).filter(|_| !alone);
                self.follow(other, story, next_report.filter(|_| of_report(&member)))?;
            }
        }
        Ok(())
    }

    /// An entry is filed with its story anew, since another has left it: `founder` as what that is known by now,
    /// `None` if it is alone; `report` as what it repeats, if that was what left.
    fn follow(
        &mut self,
        no: EntryNo,
        founder: Option<EntryNo>,
        report: Option<EntryNo>,
    ) -> Result<(), S::Error> {
        let Some(mut entry) = self.entry(no)? else { return Ok(()) };
        let own = founder.is_none_or(|founder| founder == no);
        if let (Some(founder), Some(story)) = (founder, &mut entry.story) {
            let repeats = report.or(story.repeats());
            story.founder = founder;
            story.related = repeats.is_none_or(|repeats| repeats == no);
            story.report = repeats.filter(|repeats| !story.related && *repeats != founder);
        }
        if own {
            entry.story = None;
        }
        if report.is_some() {
            // Readers that ask for what changed have it not yet, if it was hidden.
            entry.changed_seq = self.seq;
        }
        if let Some(founder) = founder {
            self.changes.members.insert((founder, no), Some(entry.member()));
        }
        self.changes.entries.insert(no, Some(entry));
        self.relist(no, founder)
    }

    /// An entry that is not shown any more leaves its story.
    pub(super) fn leave(&mut self, no: EntryNo, entry: &Entry) -> Result<(), S::Error> {
        let founder = entry.story.as_ref().map_or(no, |story| story.founder);
        if self.members(founder, 1)?.is_empty() {
            return Ok(());
        }
        self.changes.members.insert((founder, no), None);
        self.touch_story(founder, no)?;
        self.bring_back(founder, entry.story.as_ref().map_or(Some(no), Membership::repeats).unwrap_or(no))?;
        if let [(last, _)] = self.members(founder, 2)?.as_slice()
            && *last == founder
        {
            // It tells its story alone again, as if nobody had joined.
            self.changes.members.insert((founder, founder), None);
            self.relist(founder, None)?;
        }
        Ok(())
    }

    /// One entry of a report is not shown any more, so a feed may show another one: readers that ask for what
    /// changed have not got that yet.
    fn bring_back(&mut self, founder: EntryNo, report: EntryNo) -> Result<(), S::Error> {
        for (no, member) in self.members(founder, LINKED)? {
            if member.report.unwrap_or(no) == report
                && let Some(entry) = self.entry(no)?
            {
                let entry = Entry { changed_seq: self.seq, ..entry };
                self.changes.entries.insert(no, Some(entry));
                self.relist(no, Some(founder))?;
            }
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
