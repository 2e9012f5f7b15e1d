//! What the scheduler hears of polls by hand.

use super::*;

/// What the scheduler would be told now, without waiting for more.
async fn told(worker: &Arc<Worker>) -> Option<(SourceId, crate::daemon::scheduler::Past)> {
    tokio::select! {
        biased;
        told = worker.polled_by_hand() => Some(told),
        () = std::future::ready(()) => None,
    }
}

#[tokio::test]
async fn every_poll_by_hand_is_told_and_none_by_schedule() {
    let failing = "HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n".to_owned();
    let fresh = FEED.replace("Connection", "Cache-Control: max-age=7200\r\nConnection");
    let (url, _) = publisher_of(vec![failing, FEED.to_owned(), fresh]).await;
    let dir = tempfile::tempdir().expect("a directory");
    let (config, ledger) = set_up(&dir, &url);
    let worker = Arc::new(at_work(&config, ledger).1);
    let id = SourceId::new("a");
    let mut waits = Vec::new();
    for _ in 0..3 {
        Worker::poll(&worker, &id, None).await.expect("it is polled");
        let (source, past) = told(&worker).await.expect("it is told");
        assert_eq!(source, id);
        waits.push(past.not_before.map(|until| (until - at(0)).num_minutes()));
    }
    assert!(
        matches!(waits[..], [Some(7..=10), None, Some(120)]),
        "a failure, an answer, a fresh one: {waits:?}"
    );
    // Nobody listens: the newest is kept.
    Worker::poll(&worker, &id, None).await.expect("it is polled");
    Worker::poll(&worker, &id, None).await.expect("it is polled");
    assert!(told(&worker).await.is_some());
    Worker::poll(&worker, &id, Some(at(60))).await.expect("it is polled");
    assert!(told(&worker).await.is_none(), "the scheduler knows of its own");
}

#[tokio::test]
async fn a_turn_that_waited_for_a_poll_by_hand_asks_nobody() {
    let (url, count) =
        publisher_of(vec![FEED.replace("Connection", "Cache-Control: max-age=7200\r\nConnection")]).await;
    let dir = tempfile::tempdir().expect("a directory");
    let (config, ledger) = set_up(&dir, &url);
    let (recorder, worker) = at_work(&config, ledger);
    record_config(&recorder, &config).await;
    let (worker, id) = (Arc::new(worker), SourceId::new("a"));
    let one = Arc::clone(&worker.locks[&id].mutex);
    let turn = Arc::clone(&one).lock_owned().await;
    let mut queued = Vec::new();
    for scheduled in [None, Some(at(0))] {
        let (worker, id) = (Arc::clone(&worker), id.clone());
        queued.push(tokio::spawn(async move { Worker::poll(&worker, &id, scheduled).await }));
        // The turn, this test, the table, and those that wait.
        while Arc::strong_count(&one) < 3 + queued.len() {
            tokio::task::yield_now().await;
        }
    }
    drop(turn);
    let scheduled = queued.pop().expect("two").await.expect("no panic");
    let Err(PollError::Overtaken(stored)) = scheduled else { panic!("{scheduled:?}") };
    let until = worker.past(Some(&stored)).not_before.map(|until| (until - at(0)).num_minutes());
    assert_eq!(until, Some(120), "what the poll by hand was told");
    assert_eq!(count.load(Ordering::SeqCst), 1, "the poll by hand");
}

/// Stores that a source's last poll left this.
fn leave(recorder: &Recorder, config: &Config, outcome: Outcome, polled: Time, until: Option<Time>) {
    let mut stored = SourceState::new(1, config.sources[0].def.clone());
    (stored.outcome, stored.polled_at, stored.poll.not_before) = (Some(outcome), Some(polled), until);
    let sources = [(SourceId::new("a"), stored)].into();
    recorder.store().load_full().commit(&Changes { sources, ..Changes::default() }).expect("written");
}

#[tokio::test]
async fn a_clock_that_was_ahead_at_the_last_poll_keeps_no_turn_from_being_had() {
    let (url, count) = publisher().await;
    let dir = tempfile::tempdir().expect("a directory");
    let (config, ledger) = set_up(&dir, &url);
    let (recorder, worker) = at_work(&config, ledger);
    record_config(&recorder, &config).await;
    let worker = Arc::new(worker);
    leave(&recorder, &config, Outcome::NotModified, at(3 * 86_400), None);
    for turn in 0..3 {
        Poller::poll(&worker, SourceId::new("a"), at(turn)).await;
    }
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_poll_by_hand_that_a_held_host_ends_leaves_everything_as_it_was() {
    let (url, count) = publisher().await;
    let dir = tempfile::tempdir().expect("a directory");
    let (config, ledger) = set_up(&dir, &url);
    let (recorder, worker) = at_work(&config, ledger);
    let (worker, id) = (Arc::new(worker), SourceId::new("a"));
    worker.asker.hold(&url, Duration::from_secs(300));
    for outcome in [Outcome::Failed { why: "status 500".to_owned() }, Outcome::Gone] {
        leave(&recorder, &config, outcome.clone(), at(-60), Some(at(72_000)));
        let report = Worker::poll(&worker, &id, None).await.expect("it is polled");
        assert_eq!(report.outcome.name(), "held");
        let stored = recorder.store().load().source(&id).expect("sound").expect("stored");
        assert_eq!((stored.outcome, stored.poll.not_before), (Some(outcome), Some(at(72_000))));
        assert!(told(&worker).await.is_none(), "the schedule stays as it is");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}
