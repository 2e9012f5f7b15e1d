//! Checks the whole store at once: every row as the scrub does, and every recorded count.

use super::scrub::{KeysAtHand, Scrub, Scrubbed, Unsound};
use super::{Store, key};
use crate::model::feed_key::FeedKey;

const STEP: usize = 4096;

impl Store {
    /// Checks the whole store against its own checksums and counts. Nothing may be written meanwhile: freeze
    /// a store that is in use. Returns its numbers of rows, octets and entries.
    pub fn check(&self) -> Result<Scrubbed, Unsound> {
        let mut keys = KeysAtHand::default();
        let mut scrub = Scrub::new(self, &mut keys);
        let mut all = Scrubbed { next: Some(key::ALL.0.to_vec()), ..Scrubbed::default() };
        while all.next.is_some() {
            let step = scrub.step(all.next.take(), STEP)?;
            for key in &step.doubts {
                self.recheck(key)?;
            }
            all.rows += step.rows;
            all.octets += step.octets;
            all.entries += step.entries;
            all.next = step.next;
        }
        self.compare(&scrub, all.rows)?;
        Ok(all)
    }

    fn compare(&self, scrub: &Scrub<'_>, rows: u64) -> Result<(), Unsound> {
        if self.backend.get(&key::meta())?.is_none() {
            return count("rows without the record about the whole", rows, 0);
        }
        let Some(meta) = self.last_meta()? else { return Ok(()) };
        let sum = |of: fn(&(u64, u64)) -> u64| scrub.entries.values().map(of).sum::<u64>();
        count("entries", sum(|(kept, _)| *kept), meta.entries)?;
        count("expired entries", sum(|(_, expired)| *expired), meta.stubs)?;
        count("sources", scrub.sources.len() as u64, meta.sources.into())?;
        for (id, source) in &scrub.sources {
            let (kept, expired) = scrub.entries.get(id).copied().unwrap_or_default();
            count(&format!("entries of source {id}"), kept, source.entries)?;
            count(&format!("expired entries of source {id}"), expired, source.stubs)?;
        }
        for (feed, state) in &scrub.feeds {
            let listed = scrub.listed.get(feed).copied().unwrap_or_default();
            count(&format!("entries listed in feed {}", name(feed)), listed, state.entries)?;
            count("lines beyond the last", state.changed_seq.saturating_sub(meta.seq), 0)?;
        }
        Ok(())
    }
}

fn name(feed: &FeedKey) -> String {
    match feed {
        FeedKey::All => "all".to_owned(),
        FeedKey::National => "national".to_owned(),
        FeedKey::Region(id) => format!("region {id}"),
        FeedKey::Source(id) => format!("source {id}"),
    }
}

fn count(what: &str, found: u64, said: u64) -> Result<(), Unsound> {
    if found == said {
        return Ok(());
    }
    Err(Unsound::Count { what: what.to_owned(), found, said })
}
