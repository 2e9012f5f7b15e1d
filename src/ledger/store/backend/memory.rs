//! The store in memory: the reference that the sled store is compared with, and the store of pure tests.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{PoisonError, RwLock};

use super::{Backend, Batch, Octets, Pair, Pairs};
use crate::ledger::store::StoreError;

#[derive(Debug, Default)]
pub struct MemoryBackend {
    map: RwLock<BTreeMap<Octets, Octets>>,
}

impl MemoryBackend {
    fn range(&self, from: &[u8], to: &[u8]) -> Vec<Pair> {
        if from >= to {
            return Vec::new();
        }
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        let range = (Bound::Included(from), Bound::Excluded(to));
        map.range::<[u8], _>(range).map(|(k, v)| (k.clone(), v.clone())).collect()
    }
}

impl Backend for MemoryBackend {
    fn get(&self, key: &[u8]) -> Result<Option<Octets>, StoreError> {
        Ok(self.map.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn scan(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        Box::new(self.range(from, to).into_iter().map(Ok))
    }

    fn scan_back(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        Box::new(self.range(from, to).into_iter().rev().map(Ok))
    }

    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in batch.writes {
            match value {
                Some(value) => map.insert(key, value),
                None => map.remove(&key),
            };
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
