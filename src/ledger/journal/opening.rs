//! Opening a journal: which of its segments count, and the end of the last one made whole.

use std::fs;
use std::path::{Path, PathBuf};

use super::base::sync_dir;
use super::disk::{Disks, Mode};
use super::replay::replay_of;
use super::segment::{self, Segment};
use super::{Journal, JournalError, Losses, OpenReport, io_error, live_of};

/// Which segments count.
pub(super) struct Settled {
    /// The position that the base is of; 0 without one.
    pub(super) base_seq: u64,
    /// Those that count, in order.
    pub(super) live: Vec<Segment>,
    /// Damaged bases that what stands before them makes up for. Readers take them for whole until they go.
    pub(super) broken: Vec<Segment>,
    /// Those that a whole base stands for.
    pub(super) superseded: Vec<Segment>,
}

/// Says which segments count. A compaction that was interrupted leaves segments beside the base that stands for
/// them: they may go only if all of the base can be read, and count in its place if not. Only then is it read.
pub(super) fn settle(dir: &Path) -> Result<Settled, JournalError> {
    let mut segments = segment::list(dir)?;
    let mut broken = Vec::new();
    loop {
        let (base_seq, live) = live_of(segments.clone())?;
        let before = segments.len() - live.len();
        let mut superseded = segments[..before].to_vec();
        let damage = if superseded.is_empty() { Losses::default() } else { read(vec![live[0].clone()])?.1 };
        if !damage.is_empty() {
            let (reached, lost) = read(superseded.clone())?;
            if lost.is_empty() && reached >= base_seq {
                tracing::warn!(%damage, "the base of the journal is damaged; what it stands for is still there, and is read instead");
                broken.push(segments.remove(before));
                continue;
            }
            tracing::error!(%damage, %lost, "the base of the journal is damaged, and so is what it stands for; all of it stays");
            superseded.clear();
        }
        return Ok(Settled { base_seq, live, broken, superseded });
    }
}

impl Journal {
    /// Moves segments that a damaged base stands for, and that are there still, to where no reader looks: they
    /// may hold what is lost for good otherwise. Returns where they are, if there were any.
    ///
    /// # Errors
    /// When the disk refuses; what was moved stays there.
    pub fn set_superseded_aside(&self) -> Result<Option<PathBuf>, JournalError> {
        let mut segments = segment::list(&self.dir)?;
        let (_, live) = live_of(segments.clone())?;
        segments.truncate(segments.len() - live.len());
        if segments.is_empty() {
            return Ok(None);
        }
        let aside = self.dir.join("damaged");
        fs::create_dir_all(&aside).map_err(io_error(&aside, "create it"))?;
        for Segment { name, path } in &segments {
            let moved = self.disks.rename(path, &aside.join(name.to_string()));
            moved.map_err(io_error(path, "set it aside"))?;
        }
        sync_dir(&self.disks, &aside)?;
        sync_dir(&self.disks, &self.dir)?;
        Ok(Some(aside))
    }
}

/// Reads segments through. Returns the last position, and what could not be read.
pub(super) fn read(segments: Vec<Segment>) -> Result<(u64, Losses), JournalError> {
    let mut last = 0;
    let (base_seq, live) = live_of(segments)?;
    let losses = replay_of(base_seq, live, 0, &mut |line| -> Result<(), JournalError> {
        last = last.max(line.seq);
        Ok(())
    })?;
    Ok((last, losses))
}

/// Finds the last line, and cuts a torn frame off the last segment. Returns whether the disk did not read all
/// of that one: then it is left as it is.
pub(super) fn mend(
    disks: &Disks,
    segments: &[Segment],
    report: &mut OpenReport,
) -> Result<bool, JournalError> {
    let mut refused = false;
    for (back, segment) in segments.iter().rev().enumerate() {
        if let Some(seq) = segment.base_seq()? {
            // It was read back before it got its name, so its end is whole.
            report.seq = seq;
            return Ok(refused);
        }
        let mut last = 0;
        let end = segment.read(&mut |line| {
            last = last.max(line.seq);
            Ok(())
        })?;
        refused |= back == 0 && end.refused;
        if end.refused {
            report.damage.extend(end.torn(&segment.path));
        }
        report.damage.extend(end.damage);
        if back == 0 && !end.refused && end.good_len < end.len {
            let cut = disks.open(&segment.path, Mode::GoOn).and_then(|mut file| {
                file.cut(end.good_len)?;
                file.sync()
            });
            cut.map_err(io_error(&segment.path, "cut a torn frame"))?;
            report.cut = end.len - end.good_len;
        }
        if last > 0 {
            report.seq = last;
            return Ok(refused);
        }
    }
    Ok(refused)
}
