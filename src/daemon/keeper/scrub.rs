//! The scrub of store and journal: slowly in the background, or at once for `dibao check --store`.

use std::sync::Arc;
use std::time::Duration;

use super::KeepError;
use crate::daemon::engine::Engine;
use crate::daemon::recorder::{RecordError, Recorder};
use crate::ledger::{LedgerError, Scrub, ScrubStep, read_journal};

/// A slow scrub uses one part in this number of one core.
const SHARE: u32 = 10;

/// The number of journal lines after which a slow scrub pauses.
const LINES: u32 = 256;

/// In octets. Smaller files of the store are not worth a rebuild for their size.
const LARGE: u64 = 256 << 20;
/// sled reuses freed space but never returns it. Files this many times larger than the rows are mostly empty;
/// up to three times is usual.
const BLOAT: u64 = 5;

/// The wait between two tries while another compaction runs, and the maximum number of tries.
const BUSY: Duration = Duration::from_millis(500);
const TRIES: u32 = 600;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The number of rows in the store.
    pub rows: u64,
    /// The store was damaged and has been rebuilt.
    pub store_damaged: bool,
    /// The journal was damaged and has got a new base.
    pub journal_damaged: bool,
}

/// Scrubs with a bounded share of one core.
pub async fn slowly(engine: &Arc<Engine>) -> Result<Found, KeepError> {
    let mut scrub = Scrub::new(engine.store().load_full());
    let mut found = Found::default();
    while !scrub.is_over() && !found.store_damaged {
        let (recorder, began) = (engine.recorder.clone(), tokio::time::Instant::now());
        let step = tokio::task::spawn_blocking(move || {
            let damaged = step(&recorder, &mut scrub)?;
            Ok::<_, RecordError>((scrub, damaged))
        });
        (scrub, found.store_damaged) = step.await??;
        tokio::time::sleep(began.elapsed() * (SHARE - 1)).await;
    }
    let recorder = engine.recorder.clone();
    let ended = tokio::task::spawn_blocking(move || finish(&recorder, &scrub, found, SHARE - 1));
    Ok(ended.await??)
}

/// Scrubs at full speed. Blocks.
pub fn at_once(recorder: &Recorder) -> Result<Found, RecordError> {
    let mut scrub = Scrub::new(recorder.store().load_full());
    let mut found = Found::default();
    while !scrub.is_over() && !found.store_damaged {
        found.store_damaged = step(recorder, &mut scrub)?;
    }
    finish(recorder, &scrub, found, 0)
}

/// Checks the next rows. Returns true if the store was damaged and has been rebuilt.
fn step(recorder: &Recorder, scrub: &mut Scrub) -> Result<bool, RecordError> {
    match scrub.step() {
        ScrubStep::GoesOn | ScrubStep::Over => Ok(false),
        ScrubStep::Doubts(keys) => recorder.recheck(scrub.store(), &keys),
        ScrubStep::Unsound(why) => recorder.replace_unsound(scrub.store(), &why).map(|()| true),
    }
}

/// Checks the store's size and the journal. `rest` is the pause in parts of the working time.
fn finish(recorder: &Recorder, scrub: &Scrub, mut found: Found, rest: u32) -> Result<Found, RecordError> {
    found.rows = scrub.rows;
    let files = recorder.store_size()?;
    if !found.store_damaged && files > LARGE && files > scrub.octets.saturating_mul(BLOAT) {
        recorder.rebuild("its files are mostly empty")?;
    }
    found.journal_damaged = journal_is_damaged(recorder, rest)?;
    // A running compaction may have begun before the damage was known.
    let mut tries = 0;
    while found.journal_damaged && recorder.compact()?.is_none() && recorder.is_damaged()? && tries < TRIES {
        tries += 1;
        pause(BUSY);
    }
    Ok(found)
}

fn journal_is_damaged(recorder: &Recorder, rest: u32) -> Result<bool, RecordError> {
    let paths = recorder.paths()?;
    let (mut lines, mut began) = (0, tokio::time::Instant::now());
    let mut each = || {
        lines += 1;
        if rest > 0 && lines % LINES == 0 {
            pause(began.elapsed() * rest);
            began = tokio::time::Instant::now();
        }
    };
    match read_journal(&paths, &mut each) {
        Ok(lost) if lost.is_empty() => recorder.is_damaged(),
        Ok(_) => recorder.confirm_damage(),
        // A compaction removed a segment before the scrub read it. `confirm_damage` holds the ledger.
        Err(error) if error.is_gone() => recorder.confirm_damage(),
        Err(error) => Err(RecordError::Ledger(Arc::new(LedgerError::Journal(error)))),
    }
}

#[expect(clippy::disallowed_methods, reason = "the scrub has its own blocking thread")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
