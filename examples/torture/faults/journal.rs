//! Cuts the journal or flips its bits. The store has the lost lines, so no entry may be missing. After a scrub has
//! given the journal a new base, no entry may be missing without that store either. Entries may be missing only
//! if both are damaged before a scrub.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::{KILLED, Told, told};
use crate::daemon::Wrong;
use crate::frames::{self, Frame};
use crate::rig::{CUT, Rig};

/// How far from the journal's end it is damaged: several frames.
const TAIL: u64 = 6000;

/// sled writes half a second behind: until then only the journal has a line, and a store that is killed does
/// not reflect it.
const SETTLES: Duration = Duration::from_millis(700);

/// Octets that are flipped at most.
const FLIPS: u64 = 9;

/// What the log says of a damaged journal that was put right, or of one whose end no store has seen.
const HEALED: &[&str] = &["it has a new base, written from the store", CUT];

/// A scrub of so few entries takes about this long.
const SCRUB_MS: u64 = 250;

impl Rig {
    /// The last segment with something in it, and how long it is.
    fn tail(&mut self) -> Option<(PathBuf, u64)> {
        thread::sleep(SETTLES);
        self.kill();
        let mut segments = frames::segments(&self.state);
        segments.retain(|path| length(path) > 0);
        segments.pop().map(|path| (path.clone(), length(&path)))
    }

    pub(super) fn cut_journal(&mut self) -> Told {
        let Some((path, len)) = self.tail() else { return told(KILLED) };
        let at = len - 1 - self.chance.below(len.min(TAIL));
        let file = OpenOptions::new().write(true).open(&path).expect("it was listed");
        file.set_len(at).expect("it can be cut");
        told(HEALED).after_a_scrub()
    }

    pub(super) fn flip_journal(&mut self) -> Told {
        let Some((path, len)) = self.tail() else { return told(KILLED) };
        let before = frames::read(&path).len();
        self.flip(&path, len.saturating_sub(TAIL), len);
        healed_if_fewer(&path, before)
    }

    /// A base is made for it, or a fresh one.
    pub(super) fn flip_base(&mut self) -> Result<Told, Wrong> {
        let ended = self.place.ask(&["compact"])?;
        if !ended.status.success() {
            return Err(Wrong::Other(format!("compact: {}{}", ended.out, ended.err)));
        }
        self.kill();
        let path = frames::segments(&self.state).swap_remove(0);
        let before = frames::read(&path).len();
        self.flip(&path, 0, length(&path));
        Ok(healed_if_fewer(&path, before))
    }

    pub(super) fn heal_then_remove_store(&mut self) -> Result<Told, Wrong> {
        let harmed = match self.chance.below(3) {
            0 => self.cut_journal(),
            1 => self.flip_journal(),
            _ => self.flip_base()?,
        };
        self.running = Some(self.place.start()?);
        self.scrub()?;
        let said = self.place.said();
        if !harmed.any.is_empty() && !harmed.any.iter().any(|phrase| said.contains(phrase)) {
            return Err(Wrong::Other(format!("not told any of {:?}", harmed.any)));
        }
        Ok(self.remove_store())
    }

    /// The new base is not in place before the kill, or it is.
    pub(super) fn kill_in_a_scrub(&mut self) -> Result<Told, Wrong> {
        self.flip_journal();
        self.running = Some(self.place.start()?);
        self.ask_and_kill(&["check", "--store"], SCRUB_MS)?;
        Ok(told(&[]).after_a_scrub())
    }

    /// What stands in the frames that are hit may be missing until the next poll.
    pub(super) fn harm_both(&mut self) -> Told {
        if let Some((path, len)) = self.tail() {
            let frames = frames::read(&path);
            let places = self.flip(&path, len.saturating_sub(TAIL), len);
            let is_hit = |frame: &&Frame| places.range(frame.from..frame.to).next().is_some();
            self.ledger.condemn(frames.iter().filter(is_hit));
        }
        self.remove_store().after_a_scrub()
    }

    /// Flips bits of a part of a file. Returns where.
    fn flip(&mut self, path: &Path, from: u64, to: u64) -> BTreeSet<u64> {
        let mut bytes = fs::read(path).expect("it was listed");
        let mut places = BTreeSet::new();
        for _ in 0..=self.chance.below(FLIPS) {
            let at = from + self.chance.below(to - from);
            places.insert(at);
            bytes[usize::try_from(at).expect("in memory")] ^= 1 << self.chance.below(8);
        }
        fs::write(path, bytes).expect("it can be written");
        places
    }
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).expect("it was listed").len()
}

/// Not every bit of a frame bears on its content.
fn healed_if_fewer(path: &Path, before: usize) -> Told {
    let told = if frames::read(path).len() < before { told(HEALED) } else { told(&[]) };
    told.after_a_scrub()
}
