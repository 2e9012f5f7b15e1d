use std::sync::mpsc;

use super::*;

/// A value weighs what it is.
fn cache() -> Cache<usize, u8, usize> {
    Cache::new(Limit { count: 4, octets: 100, weigh: |value| *value })
}

/// Whether a value had to be made. Numbers under ten stay.
fn made(cache: &Cache<usize, u8, usize>, key: usize, version: u8, value: usize) -> bool {
    let mut made = false;
    let make = || {
        made = true;
        Ok::<_, String>(value)
    };
    cache.get(&key, key < 10, || version, make).is_ok() && made
}

#[test]
fn a_value_is_made_once_a_version() {
    let cache = cache();
    assert!(made(&cache, 1, 1, 5));
    assert!(!made(&cache, 1, 1, 5));
    assert!(made(&cache, 1, 2, 6));
    assert_eq!(cache.slot(&1).and_then(|slot| slot.last()).map(|made| made.value), Some(6));
}

#[test]
fn what_does_not_stay_goes_when_there_are_too_many() {
    let cache = cache();
    (0..10).for_each(|key| assert!(made(&cache, key, 1, 1000)));
    (10..14).for_each(|key| assert!(made(&cache, key, 1, 1)));
    assert!(!made(&cache, 10, 1, 1), "there is room for four");
    assert!(made(&cache, 14, 1, 1));
    assert!(made(&cache, 10, 1, 1), "not for five");
    assert!((0..10).all(|key| !made(&cache, key, 1, 1000)), "these stay");
}

#[test]
fn what_does_not_stay_goes_when_it_is_too_much() {
    let cache = cache();
    assert!(made(&cache, 10, 1, 60) && made(&cache, 11, 1, 40));
    assert!(!made(&cache, 10, 1, 60));
    assert!(made(&cache, 11, 2, 30) && !made(&cache, 10, 1, 60), "a value that grew lighter counts as it is");
    assert!(made(&cache, 12, 1, 11));
    assert!(made(&cache, 10, 1, 60) && made(&cache, 11, 2, 30), "they went");
}

#[test]
fn a_value_was_asked_for_until_it_is_made_anew() {
    let cache = cache();
    assert!(made(&cache, 1, 1, 5) && made(&cache, 2, 1, 5));
    assert!(cache.asked().is_empty());
    cache.slot(&2).expect("it has a place").ask();
    assert_eq!(cache.asked(), [2]);
    assert!(made(&cache, 2, 2, 5));
    assert!(cache.asked().is_empty());
}

#[test]
fn who_reads_does_not_wait_for_who_makes() {
    let cache = &cache();
    assert!(made(cache, 1, 1, 5));
    let (go, wait) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let making = scope.spawn(move || {
            let make = || wait.recv().map(|()| 6).map_err(|error| error.to_string());
            cache.get(&1, true, || 2, make).map(|made| made.value)
        });
        while cache.slot(&1).expect("it has a place").making.try_lock().is_ok() {
            std::thread::yield_now();
        }
        let last = cache.slot(&1).and_then(|slot| slot.last()).map(|made| made.value);
        assert_eq!(last, Some(5));
        go.send(()).expect("it waits");
        assert_eq!(making.join().expect("it ends"), Ok(6));
    });
}
