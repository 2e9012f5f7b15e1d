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
    let (config, vault) = set_up(&dir, &url);
    let worker = Arc::new(at_work(&config, vault).1);
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
    let (url, count) = publisher().await;
    let dir = tempfile::tempdir().expect("a directory");
    let (config, vault) = set_up(&dir, &url);
    let (recorder, worker) = at_work(&config, vault);
    let (worker, id) = (Arc::new(worker), SourceId::new("a"));
    Worker::poll(&worker, &id, None).await.expect("it is polled");
    let turn = Arc::clone(&worker.turns[&id]).lock_owned().await;
    let scheduled = tokio::spawn(Poller::poll(&worker, id.clone(), at(0)));
    while Arc::strong_count(&worker.turns[&id]) < 3 {
        tokio::task::yield_now().await;
    }
    // What the other poll records.
    let store = recorder.store().load_full();
    let mut stored = SourceState::new(config.sources[0].def.clone());
    (stored.polled_at, stored.poll.not_before) = (Some(at(60)), Some(at(7260)));
    store.commit(&[crate::core::state::Change::Source(id, Box::new(stored))]).expect("written");
    drop(turn);
    let past = scheduled.await.expect("no panic");
    assert_eq!((past.polled, past.not_before), (Some(at(60)), Some(at(7260))));
    assert_eq!(count.load(Ordering::SeqCst), 1, "the poll by hand");
}
