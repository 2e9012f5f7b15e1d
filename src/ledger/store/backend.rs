//! The ordered map under the store: the trait, and its two implementations, on disk (sled) and in memory.

mod disk;
mod memory;

pub use disk::{Octets, SledBackend};
pub use memory::MemoryBackend;

use super::StoreError;

pub type Pair = (Octets, Octets);

/// Pairs in the order of their keys, or the reverse.
pub type Pairs<'a> = Box<dyn Iterator<Item = Result<Pair, StoreError>> + 'a>;

#[derive(Debug, Default)]
pub struct Batch {
    /// Each key with its new value, or `None` to delete it; a later one wins.
    pub writes: Vec<(Octets, Option<Octets>)>,
}

impl Batch {
    pub(super) fn put(&mut self, key: &[u8], value: Octets) {
        self.writes.push((Octets::from(key), Some(value)));
    }

    pub(super) fn delete(&mut self, key: &[u8]) {
        self.writes.push((Octets::from(key), None));
    }
}

pub trait Backend: Send + Sync {
    fn get(&self, key: &[u8]) -> Result<Option<Octets>, StoreError>;
    /// The pairs from `from` (included) to `to` (excluded), in order.
    fn scan(&self, from: &[u8], to: &[u8]) -> Pairs<'_>;
    /// The same, last first.
    fn scan_back(&self, from: &[u8], to: &[u8]) -> Pairs<'_>;
    /// Writes a batch: all or none.
    fn commit(&self, batch: Batch) -> Result<(), StoreError>;
    /// Hands everything written to the disk.
    fn flush(&self) -> Result<(), StoreError>;
}
