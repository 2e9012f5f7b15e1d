//! Turns changes into rows: the values to write under each key, and the keys to delete.

use super::backend::Batch;
use super::key::{self, Key};
use super::value::{self, Sealer};
use super::{Backend, Octets, StoreError, pack, read};
use crate::model::identity::Run;
use crate::model::source::SourceId;
use crate::model::state::Changes;
use crate::model::stored::EntryNo;

/// Octets of a run that is not merged any further: a million keys. A value has 65,535 parts at most.
const LONGEST_RUN: usize = 17 << 20;

/// The rows that the changes of a group come to. `stored_to` is the number that the store's next new
/// entry would have: nothing is stored under it and those after it, so there is nothing to look for.
pub(super) fn batch(
    changes: &Changes,
    stored_to: EntryNo,
    backend: &dyn Backend,
) -> Result<Batch, StoreError> {
    let mut writer = Writer { backend, sealer: Sealer::default(), batch: Batch::default() };
    writer.batch.writes.reserve(rows(changes));
    if let Some(meta) = &changes.meta {
        let key = key::meta();
        let value = writer.sealer.json(&key, meta);
        writer.put_long(&key, value, true)?;
    }
    if let Some(position) = &changes.position {
        let key = key::position();
        let value = writer.sealer.json(&key, position);
        writer.put_long(&key, value, true)?;
    }
    for (id, source) in &changes.sources {
        let key = key::source(id);
        let value = writer.sealer.json(&key, source);
        writer.put_long(&key, value, true)?;
    }
    for (no, entry) in &changes.entries {
        let (key, was) = (key::entry(*no), *no < stored_to);
        match entry {
            Some(entry) => {
                let value = writer.sealer.json(&key, entry);
                writer.put_long(&key, value, was)?;
            }
            None => writer.delete_long(&key)?,
        }
    }
    let known: Vec<_> = changes.known.iter().collect();
    for of_one in known.chunk_by(|((a, _), _), ((b, _), _)| a == b) {
        let pairs = of_one.iter().map(|((_, identity), no)| (identity, **no));
        writer.known(&of_one[0].0.0, Run::pack(pairs))?;
    }
    for (id, no) in &changes.owners {
        writer.number(&key::owner(id), *no);
    }
    for (feed, state) in &changes.feeds {
        let key = key::feed(feed);
        let value = writer.sealer.json(&key, state);
        writer.put_long(&key, value, true)?;
    }
    for (place, listed) in &changes.places {
        let key = key::place(place);
        writer.short(&key, listed.as_ref(), pack::place);
    }
    for (backlog, numbers) in &changes.backlogs {
        let key = key::seen(backlog);
        if numbers.is_empty() {
            writer.delete_long(&key)?;
        } else {
            let value = writer.sealer.long(&key, |out| pack::numbers(out, numbers));
            writer.put_long(&key, value, true)?;
        }
    }
    for ((founder, no), member) in &changes.members {
        let key = key::member(*founder, *no);
        match member {
            Some(member) => {
                let value = writer.sealer.json(&key, member);
                writer.put_long(&key, value, true)?;
            }
            None => writer.delete_long(&key)?,
        }
    }
    for ((feed, at, no), id) in &changes.withdrawn {
        let key = key::withdrawn(feed, *at, *no);
        writer.short(&key, Some(id), |out, id| out.extend_from_slice(id.as_bytes()));
    }
    Ok(writer.batch)
}

fn rows(changes: &Changes) -> usize {
    2 + changes.sources.len()
        + changes.feeds.len()
        + changes.entries.len()
        + changes.owners.len()
        + changes.members.len()
        + changes.places.len()
        + changes.backlogs.len()
        + changes.withdrawn.len()
}

struct Writer<'a> {
    backend: &'a dyn Backend,
    sealer: Sealer,
    batch: Batch,
}

impl Writer<'_> {
    /// Adds a run of a source's identity keys behind its others, and merges it with those before it that are less than
    /// twice as long. So a source has few runs, and a key is written again once for each doubling of their number.
    fn known(&mut self, source: &SourceId, mut run: Run) -> Result<(), StoreError> {
        let (from, to) = key::known_runs(source);
        let (mut place, mut merged) = (0, Vec::new());
        for pair in self.backend.scan_back(&from, &to) {
            let (key, head) = pair?;
            let (before, at) = (value::at_most(&key, &head)?, key::known_key(&key)?.1);
            if before > 2 * run.octets().len() || before + run.octets().len() > LONGEST_RUN {
                place = at.saturating_add(1);
                break;
            }
            run = read::whole(self.backend, &key, &head, |octets| read::run(&key, octets))?.merged(&run);
            merged.push(at);
        }
        let at = key::known(source, place);
        for other in merged.into_iter().filter(|merged| *merged != place) {
            self.delete_long(&key::known(source, other))?;
        }
        if place == 0 {
            run = run.bottom();
        }
        if run.is_empty() {
            return self.delete_long(&at);
        }
        let value = self.sealer.hashes(&at, run.octets());
        self.put_long(&at, value, true)
    }

    fn number(&mut self, key: &Key, no: Option<EntryNo>) {
        self.short(key, no.as_ref(), |out, no| pack::number(out, *no));
    }

    fn short<T: ?Sized>(&mut self, key: &Key, value: Option<&T>, pack: impl FnOnce(&mut Vec<u8>, &T)) {
        match value {
            Some(value) => self.batch.put(key, self.sealer.short(key, |out| pack(out, value))),
            None => self.batch.delete(key),
        }
    }

    /// A value of any length: what sled would put into a file of its own (which it never syncs) is cut
    /// into parts that it keeps in its pages. `may_be` says that there may be a value already.
    fn put_long(&mut self, key: &Key, value: (Octets, Vec<Octets>), may_be: bool) -> Result<(), StoreError> {
        let (head, parts) = value;
        if may_be {
            self.delete_parts(key, parts.len())?;
        }
        for (n, part) in (0..).zip(parts) {
            self.batch.put(&key::part(key, n), part);
        }
        self.batch.put(key, head);
        Ok(())
    }

    fn delete_long(&mut self, key: &Key) -> Result<(), StoreError> {
        self.delete_parts(key, 0)?;
        self.batch.delete(key);
        Ok(())
    }

    /// Deletes the parts that the stored value has from the one of a number on.
    fn delete_parts(&mut self, key: &Key, from: usize) -> Result<(), StoreError> {
        let before = self.backend.get(key)?.map_or(Ok(0), |old| value::parts(key, &old))?;
        (0..before).skip(from).for_each(|n| self.batch.delete(&key::part(key, n)));
        Ok(())
    }
}
