//! Free space of the state directory's file system. sled writes from its own threads and does not survive a failed
//! write, so recording stops while some space is still free.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::LedgerError;

/// The maximum of octets kept free: sled's buffers and the journal's largest record fit many times.
const RESERVE: u64 = 64 << 20;
/// The divisor for a small file system, where one part in so many is kept free.
const PART: u64 = 20;

/// Gives the free room of a directory's file system; `None` if the kernel does not say.
pub(super) type AskRoom = Arc<dyn Fn(&Path) -> Option<Room> + Send + Sync>;

/// A file system's room, in octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Octets that this process may still write.
    pub(crate) left: u64,
    pub(crate) size: u64,
}

impl Room {
    pub(super) fn at(dir: &Path) -> Option<Self> {
        let stat = rustix::fs::statvfs(dir).ok()?;
        let octets = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
        Some(Self { left: octets(stat.f_bavail), size: octets(stat.f_blocks) })
    }

    /// Refuses when so much more cannot be written with the reserve untouched.
    fn require(self, dir: &Path, more: u64) -> Result<(), LedgerError> {
        let needed = RESERVE.min(self.size / PART).saturating_add(more);
        if self.left >= needed {
            return Ok(());
        }
        Err(LedgerError::Full {
            path: dir.to_owned(),
            needed: needed.div_ceil(1 << 20),
            left: self.left >> 20,
        })
    }
}

/// Refuses when so many octets more cannot be written below a directory with the reserve untouched.
pub(super) fn require(room: &AskRoom, dir: &Path, more: u64) -> Result<(), LedgerError> {
    room(dir).map_or(Ok(()), |room| room.require(dir, more))
}

/// True if so many octets more can be written below a directory with the reserve untouched, or if the kernel does not
/// say.
pub fn has_room(dir: &Path, more: u64) -> bool {
    Room::at(dir).is_none_or(|room| room.require(dir, more).is_ok())
}

/// The size of the files below a directory; a file that cannot be read counts as nothing.
pub fn octets_below(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let octets = entries.map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => octets_below(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    octets.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_of_every_file_system_is_left_alone() {
        let mib = 1 << 20;
        let cases = [
            ("plenty", 1000 * mib, 100_000 * mib, 0, true),
            ("the reserve", 64 * mib, 100_000 * mib, 0, true),
            ("less than the reserve", 64 * mib - 1, 100_000 * mib, 0, false),
            ("a small file system", mib, 16 * mib, 0, true),
            ("a small file system, nearly full", mib / 2, 16 * mib, 0, false),
            ("room for more", 100 * mib, 100_000 * mib, 36 * mib, true),
            ("no room for more", 100 * mib, 100_000 * mib, 37 * mib, false),
            ("nothing at all", 0, 0, 0, true),
        ];
        for (name, left, size, more, enough) in cases {
            assert_eq!(Room { left, size }.require(Path::new("/state"), more).is_ok(), enough, "{name}");
        }
    }
}
