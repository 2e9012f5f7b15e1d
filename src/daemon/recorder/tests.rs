//! The recorder on a disk that fills up, in paused time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tempfile::TempDir;

use super::*;
use crate::daemon::clock::TokioClock;
use crate::decide::diff::Draft;
use crate::ledger::Room;
use crate::model::state::{Changes, Meta, State};
use crate::testing::*;

/// Counts how often it is told that anything may have changed.
#[derive(Default)]
struct Ears(AtomicUsize);

impl Observer for Ears {
    fn touched(&self, _: &[(FeedKey, FeedState)]) {}
    fn turned(&self, _: &[(SourceId, u64)]) {}
    fn busy(&self, _: usize) {}
    fn everything(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A recorder whose disk is full when the flag says so.
fn start(dir: &TempDir) -> (Recorder, Arc<AtomicBool>) {
    let (recorder, full, _) = start_heard(dir);
    (recorder, full)
}

fn start_heard(dir: &TempDir) -> (Recorder, Arc<AtomicBool>, Arc<Ears>) {
    let today = at(0).date_naive();
    let (mut ledger, _) = Ledger::open(dir.path(), Arc::new(rules(&sources())), today).expect("opens");
    let full = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&full);
    ledger.pretend(move |_| {
        let left = if told.load(Ordering::SeqCst) { 0 } else { 1 << 40 };
        Some(Room { left, size: 1 << 40 })
    });
    let ears = Arc::<Ears>::default();
    let observer: Arc<dyn Observer> = Arc::<Ears>::clone(&ears);
    let recorder = Recorder::start(ledger, Arc::new(TokioClock::starting(at(0))), observer);
    (recorder, full, ears)
}

fn poll(seconds: i64) -> Fact {
    let poll = poll_record("fixed", seconds, crate::model::outcome::Outcome::NotModified);
    Fact::Poll(Box::new(Draft {
        poll,
        feed: None,
        new: Vec::new(),
        changed: Vec::new(),
        sketches: Vec::new(),
    }))
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_stops_recording_and_recovery_is_noticed() {
    let dir = TempDir::new().expect("a directory");
    let (recorder, full) = start(&dir);
    recorder.record(poll(1)).await.expect("recorded");
    assert!(recorder.stall().is_none() && !recorder.ready().await);

    full.store(true, Ordering::SeqCst);
    let refused = recorder.record(poll(2)).await.expect_err("the disk is full");
    assert!(refused.to_string().contains("make room"), "{refused}");
    assert!(recorder.stall().is_some());
    let waiting = tokio::spawn({
        let recorder = recorder.clone();
        async move { recorder.ready().await }
    });
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert!(!waiting.is_finished() && recorder.stall().is_some(), "it is full all the while");

    full.store(false, Ordering::SeqCst);
    let since = Instant::now();
    assert!(waiting.await.expect("no panic"), "it had to be waited for");
    assert!(since.elapsed() <= PROBE_EVERY, "{:?}", since.elapsed());
    recorder.record(poll(3)).await.expect("recorded again");
    let store = recorder.store().load_full();
    let source = store.source(&id("fixed")).expect("read").expect("known");
    assert_eq!(source.polled_at, Some(at(3)), "and nothing of what was refused");
    recorder.close().expect("closed");
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_was_full_for_a_moment_is_noticed_in_a_moment() {
    let dir = TempDir::new().expect("a directory");
    let (recorder, full) = start(&dir);
    for seconds in 0..3 {
        full.store(true, Ordering::SeqCst);
        recorder.record(poll(seconds)).await.expect_err("the disk is full");
        tokio::time::sleep(Duration::from_millis(1500)).await;
        full.store(false, Ordering::SeqCst);
        let since = Instant::now();
        assert!(recorder.ready().await, "it had to be waited for");
        assert!(since.elapsed() <= PROBE_FIRST * 2, "{:?}", since.elapsed());
        recorder.record(poll(seconds)).await.expect("recorded again");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_recorded_after_the_disk_was_cleared_ends_the_stall_at_once() {
    let dir = TempDir::new().expect("a directory");
    let (recorder, full) = start(&dir);
    full.store(true, Ordering::SeqCst);
    recorder.record(poll(1)).await.expect_err("the disk is full");
    full.store(false, Ordering::SeqCst);
    recorder.record(poll(2)).await.expect("recorded");
    assert!(recorder.stall().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_on_a_full_disk_stops_the_polls_and_is_built_anew_when_there_is_room() {
    let dir = TempDir::new().expect("a directory");
    let (recorder, full) = start(&dir);
    recorder.record(poll(1)).await.expect("recorded");
    let failed = recorder.store().load_full();
    full.store(true, Ordering::SeqCst);
    // Every poll that reads the store finds out.
    for _ in 0..3 {
        let refused = recorder.replace(&failed, &StoreError::backend("no space left"));
        assert!(refused.is_err_and(|e| e.to_string().contains("make room")));
        assert!(recorder.stall().is_some(), "polls stop");
    }
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert!(recorder.stall().is_some(), "it is full all the while");
    full.store(false, Ordering::SeqCst);
    assert!(recorder.ready().await, "nobody had to record anything for it");
    assert!(!Arc::ptr_eq(&failed, &recorder.store().load_full()), "it is another store");
    recorder.record(poll(2)).await.expect("recorded");
}

#[tokio::test(start_paused = true)]
async fn whoever_shows_feeds_is_told_when_the_store_is_another() {
    let dir = TempDir::new().expect("a directory");
    let (recorder, full, ears) = start_heard(&dir);
    let break_store = || recorder.store().store(Arc::new(Store::new(Box::new(OutOfUse))));
    let told = || ears.0.swap(0, Ordering::SeqCst);
    recorder.record(poll(1)).await.expect("recorded");
    told();
    recorder.record(poll(2)).await.expect("recorded");
    assert_eq!(told(), 0, "it is the same store");
    break_store();
    recorder.record(poll(3)).await.expect("recorded, on a fresh store");
    assert_eq!(told(), 1, "by a record");
    break_store();
    let failed = recorder.store().load_full();
    recorder.replace(&failed, &StoreError::backend("it failed")).expect("replaced");
    assert_eq!(told(), 1, "by a reader");
    full.store(true, Ordering::SeqCst);
    break_store();
    recorder.record(poll(4)).await.expect_err("the disk is full");
    full.store(false, Ordering::SeqCst);
    assert!(recorder.ready().await);
    assert_eq!(told(), 1, "by a try");
}

#[tokio::test(start_paused = true)]
async fn a_compaction_that_finds_the_store_unsound_has_it_built_anew_and_removes_nothing() {
    let dir = TempDir::new().expect("a directory");
    let (recorder, _, ears) = start_heard(&dir);
    recorder.record(poll(1)).await.expect("recorded");
    let unsound = recorder.store().load_full();
    let before = unsound.meta().expect("read").expect("some");
    let meta = Some(Meta { entries: before.entries + 1, ..before.clone() });
    unsound.commit(&Changes { meta, ..Changes::default() }).expect("written");
    let compact = || {
        let recorder = recorder.clone();
        async move { tokio::task::spawn_blocking(move || recorder.compact()).await.expect("no panic") }
    };
    let refused = compact().await.expect_err("it is not sound").to_string();
    assert!(refused.contains("not sound"), "{refused}");
    let fresh = recorder.store().load_full();
    assert!(!Arc::ptr_eq(&unsound, &fresh));
    assert_eq!(fresh.meta().expect("read"), Some(before));
    assert_eq!(ears.0.load(Ordering::SeqCst), 1, "views are told");
    assert_eq!(compact().await.expect("compacted"), Some(0));
    recorder.close().expect("closed");
}

#[tokio::test]
async fn while_the_ledger_works_sizes_are_those_of_before_and_a_group_is_seen_to_wait() {
    let dir = TempDir::new().expect("a directory");
    let (recorder, _) = start(&dir);
    recorder.record(poll(1)).await.expect("recorded");
    let meter = recorder.meter();
    while meter.recording_since().is_some() {
        tokio::task::yield_now().await;
    }
    let before = recorder.sizes();
    assert!(before.journal > Some(0) && before.store > Some(0), "{before:?}");
    let ((go, wait), (began, begun)) = (oneshot::channel::<()>(), oneshot::channel::<()>());
    let works = recorder.clone();
    let working = tokio::task::spawn_blocking(move || {
        works.with_ledger(|_| {
            began.send(()).expect("the test waits");
            wait.blocking_recv().expect("the test goes on");
            Ok(())
        })
    });
    begun.await.expect("it begins");
    assert_eq!(recorder.sizes(), before);
    assert_eq!(meter.recording_since(), None, "nothing waits");
    let waits = tokio::spawn({
        let recorder = recorder.clone();
        async move { recorder.record(poll(2)).await }
    });
    while meter.recording_since().is_none() {
        tokio::task::yield_now().await;
    }
    go.send(()).expect("it waits");
    working.await.expect("no panic").expect("it worked");
    waits.await.expect("no panic").expect("recorded");
    while meter.recording_since().is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(meter.counts().sync_seconds.count(), 0, "a poll without news waits for its sync");
}

#[tokio::test(start_paused = true)]
#[expect(clippy::await_holding_lock, reason = "the recorder is to wait for it")]
async fn an_idle_recorder_answers_the_watchdog_and_one_that_waits_for_its_ledger_does_not() {
    let dir = TempDir::new().expect("a directory");
    let (recorder, _) = start(&dir);
    let pulse = recorder.pulse();
    // True if the pulse goes on, however often it is asked.
    let beats = async || {
        let before = pulse.take();
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        pulse.take() != before
    };
    for _ in 0..10 {
        assert!(beats().await, "it has nothing else to do");
    }
    let held = lock(&recorder.ledger);
    let recording = tokio::spawn({
        let recorder = recorder.clone();
        async move { recorder.record(poll(1)).await }
    });
    let mut turns = 0;
    while beats().await {
        turns += 1;
        assert!(turns < 100, "it waits for its ledger");
    }
    assert!(!beats().await && !recording.is_finished());
    drop(held);
    recording.await.expect("no panic").expect("recorded");
    // Its answer comes a moment before its thread has ended.
    let mut turns = 0;
    while !beats().await {
        turns += 1;
        assert!(turns < 10_000, "it goes on");
    }
}

#[tokio::test(start_paused = true)]
#[expect(clippy::await_holding_lock, reason = "the recorder is to wait for it")]
async fn a_group_that_waits_while_its_ledger_makes_progress_does_not_hang() {
    let dir = TempDir::new().expect("a directory");
    let (recorder, _) = start(&dir);
    let (pulse, meter) = (recorder.pulse(), recorder.meter());
    let held = lock(&recorder.ledger);
    let recording = tokio::spawn({
        let recorder = recorder.clone();
        async move { recorder.record(poll(1)).await }
    });
    while meter.recording_since().is_none() {
        tokio::task::yield_now().await;
    }
    let began = meter.recording_since();
    let minute = async || {
        for _ in 0..12 {
            tokio::time::advance(Duration::from_secs(5)).await;
            tokio::task::yield_now().await;
        }
    };
    pulse.beat();
    minute().await;
    let moved = meter.recording_since();
    assert!(moved > began, "{moved:?}");
    minute().await;
    assert_eq!(meter.recording_since(), moved, "nothing moves any more");
    drop(held);
    recording.await.expect("no panic").expect("recorded");
}
