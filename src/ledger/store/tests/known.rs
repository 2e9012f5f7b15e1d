//! The rows of identity keys.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::model::identity::{IdentityKey, KeyKind, KnownKeys};

fn learn(keys: impl IntoIterator<Item = u32>, no: impl Fn(u32) -> Option<EntryNo>) -> Changes {
    let known = keys.into_iter().map(|key| ((id("paper"), number_key(key)), no(key)));
    Changes { known: known.collect(), ..Changes::default() }
}

fn number_key(n: u32) -> IdentityKey {
    IdentityKey::new(KeyKind::Guid, &[&n.to_be_bytes()])
}

#[test]
fn the_keys_of_a_source_stand_in_few_rows() {
    const POLLS: u32 = 300;
    on_both(|name, store| {
        let mut most = 0;
        for poll in 0..POLLS {
            store
                .commit(&learn(poll * 3..poll * 3 + 3, |key| Some(EntryNo::from(key) + 1)))
                .expect("written");
            most = most.max(rows(&store, key::KNOWN).len());
        }
        assert!(most <= 10, "{name}: {most}, each more than twice as long as the next");
        let known = store.known(&id("paper")).expect("read");
        for key in 0..3 * POLLS {
            assert_eq!(known.get(&number_key(key)), Some(EntryNo::from(key) + 1), "{name}: {key}");
        }
        assert_eq!(known.get(&number_key(3 * POLLS)), None, "{name}");
        assert_eq!(
            store.known(&id("pape")).expect("read"),
            KnownKeys::default(),
            "{name}: of another source"
        );
        assert_eq!(
            store.known(&id("paper-2")).expect("read"),
            KnownKeys::default(),
            "{name}: of another source"
        );

        for first in (0..3 * POLLS).step_by(100) {
            store.commit(&learn(first..first + 100, |key| (key == 7).then_some(9))).expect("written");
        }
        store.commit(&learn(0..3 * POLLS, |key| (key == 7).then_some(9))).expect("written");
        assert_eq!(store.known(&id("paper")).expect("read").get(&number_key(7)), Some(9), "{name}");
        assert_eq!(rows(&store, key::KNOWN).len(), 1, "{name}");
        store.commit(&learn([7], |_| None)).expect("written");
        let left = store.dump();
        assert!(left.is_empty(), "{name}: {left:?} without keys that lead anywhere");
    });
}

#[test]
fn all_keys_of_a_source_are_found_while_their_rows_are_merged() {
    const POLLS: u32 = 120;
    const KEYS: u32 = 600;
    on_both(|name, store| {
        let written = AtomicU32::new(0);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for poll in 0..POLLS {
                    // Enough keys for parts, which are read one by one.
                    store
                        .commit(&learn(poll * KEYS..(poll + 1) * KEYS, |key| Some(key.into())))
                        .expect("written");
                    written.store((poll + 1) * KEYS, Ordering::Release);
                }
            });
            while !writer.is_finished() {
                let to = written.load(Ordering::Acquire);
                let known = store.known(&id("paper")).expect("read");
                let missing = (1..to).step_by(97).find(|key| known.get(&number_key(*key)).is_none());
                assert_eq!(missing, None, "{name}, of {to}");
            }
        });
    });
}
