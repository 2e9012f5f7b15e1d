//! What is seen while a batch is being written, and after it could not be.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;
use crate::ledger::store::MemoryBackend;

/// A backend that begins a write when it is told how it ends.
struct Held {
    map: Arc<MemoryBackend>,
    ends: Mutex<Receiver<End>>,
    written: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
enum End {
    Well,
    Badly,
    InAPanic,
}

impl Backend for Held {
    fn get(&self, key: &[u8]) -> Result<Option<Octets>, StoreError> {
        self.map.get(key)
    }

    fn scan(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        self.map.scan(from, to)
    }

    fn scan_back(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        self.map.scan_back(from, to)
    }

    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let end = self.ends.lock().expect("one writer").recv();
        match end.unwrap_or(End::Well) {
            End::Well => {
                self.map.commit(batch)?;
                self.written.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }
            End::Badly => Err(StoreError::backend("no")),
            End::InAPanic => panic!("no"),
        }
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

struct Bench {
    behind: Behind,
    map: Arc<MemoryBackend>,
    written: Arc<AtomicUsize>,
    ends: Sender<End>,
}

/// A backend over one that has these rows.
fn bench(rows: &[(u8, u8)]) -> Bench {
    let map = Arc::new(MemoryBackend::default());
    map.commit(batch(&rows.iter().map(|(key, value)| (*key, Some(*value))).collect::<Vec<_>>()))
        .expect("memory");
    let (ends, told) = channel();
    let written = Arc::new(AtomicUsize::new(0));
    let held = Held { map: Arc::clone(&map), ends: Mutex::new(told), written: Arc::clone(&written) };
    Bench { behind: Behind::new(Box::new(held)), map, written, ends }
}

fn batch(rows: &[(u8, Option<u8>)]) -> Batch {
    let octets = |octet: u8| Octets::from(&[octet][..]);
    Batch { writes: rows.iter().map(|(key, value)| (octets(*key), value.map(octets))).collect() }
}

fn numbers(pairs: Pairs<'_>) -> Vec<(u8, u8)> {
    pairs.map(|pair| pair.map(|(key, value)| (key[0], value[0]))).collect::<Result<_, _>>().expect("read")
}

#[test]
fn a_batch_that_is_not_written_yet_is_seen_in_every_way() {
    let Bench { behind, map, ends, .. } = bench(&[(1, 10), (3, 30), (5, 50), (7, 70)]);
    let rows = [(0, Some(1)), (1, None), (3, Some(31)), (4, Some(40)), (7, None), (9, None)];
    behind.commit(batch(&rows)).expect("taken");
    let all = [(0, 1), (3, 31), (4, 40), (5, 50)];
    let look = |when: &str| {
        assert_eq!(numbers(behind.scan(&[0], &[0xff])), all, "{when}");
        let mut back = numbers(behind.scan_back(&[0], &[0xff]));
        back.reverse();
        assert_eq!(back, all, "{when}, last first");
        assert_eq!(numbers(behind.scan(&[2], &[5])), all[1..3], "{when}: a part");
        assert_eq!(numbers(behind.scan(&[5], &[2])), [], "{when}: the wrong way round");
        for key in 0..10 {
            let there = all.iter().find(|(one, _)| *one == key).map(|(_, value)| *value);
            assert_eq!(behind.get(&[key]).expect("read").map(|value| value[0]), there, "{when}: {key}");
        }
    };
    look("before it is written");
    assert_eq!(map.get(&[3]).expect("read").map(|value| value[0]), Some(30), "nothing is written yet");
    ends.send(End::Well).expect("it waits");
    behind.flush().expect("written");
    look("after");
    assert_eq!(map.get(&[3]).expect("read").map(|value| value[0]), Some(31));
}

#[test]
fn one_batch_waits_and_the_next_waits_for_it() {
    let Bench { behind, written, ends, .. } = bench(&[]);
    behind.commit(batch(&[(1, Some(1))])).expect("taken");
    std::thread::scope(|scope| {
        let next = scope.spawn(|| {
            let taken = behind.commit(batch(&[(1, Some(2))]));
            (taken.is_ok(), written.load(Ordering::SeqCst))
        });
        ends.send(End::Well).expect("it waits");
        assert_eq!(next.join().expect("no panic"), (true, 1));
    });
    ends.send(End::Well).expect("it waits");
    behind.flush().expect("written");
    assert_eq!(numbers(behind.scan(&[0], &[0xff])), [(1, 2)]);
}

#[test]
fn nothing_is_answered_after_a_batch_could_not_be_written() {
    for end in [End::Badly, End::InAPanic] {
        let Bench { behind, ends, .. } = bench(&[(1, 10)]);
        behind.commit(batch(&[(2, Some(20))])).expect("taken");
        ends.send(end).expect("it waits");
        assert!(behind.flush().is_err());
        assert!(behind.get(&[1]).is_err() && behind.get(&[2]).is_err());
        assert!(behind.scan(&[0], &[0xff]).all(|row| row.is_err()));
        assert!(behind.scan_back(&[0], &[0xff]).all(|row| row.is_err()));
        assert!(behind.commit(batch(&[(3, Some(30))])).is_err());
    }
}

#[test]
fn what_waits_is_written_when_it_is_closed() {
    let Bench { behind, map, ends, .. } = bench(&[]);
    behind.commit(batch(&[(1, Some(1))])).expect("taken");
    ends.send(End::Well).expect("it waits");
    drop(behind);
    assert_eq!(map.get(&[1]).expect("read").map(|value| value[0]), Some(1));
}
