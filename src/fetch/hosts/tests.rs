use std::sync::Arc;

use super::*;

const GAP: Duration = Duration::from_secs(1);
const SECOND: Duration = Duration::from_secs(1);

fn no() -> bool {
    false
}

/// Takes `n` turns at once at the hosts that `host` names, each lasting `lasts`; the starts, in
/// seconds, in the order they were asked for.
async fn starts(
    queue: HostQueue,
    n: usize,
    host: fn(usize) -> String,
    lasts: Duration,
    own: bool,
) -> Vec<f32> {
    let queue = Arc::new(queue);
    let began = Instant::now();
    let tasks: Vec<_> = (0..n)
        .map(|i| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move {
                let turn =
                    queue.turn(&host(i), Duration::ZERO, || own).await.map_err(|_| "held").expect("not held");
                let start = began.elapsed().as_secs_f32();
                tokio::time::sleep(lasts).await;
                drop(turn);
                start
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.expect("no panic"));
    }
    // Paused time moves in whole milliseconds.
    all.iter().map(|s| (s * 100.0).round() / 100.0).collect()
}

fn one(_: usize) -> String {
    "a.example".to_owned()
}

fn many(i: usize) -> String {
    format!("{i}.example")
}

#[tokio::test(start_paused = true)]
async fn one_host_is_asked_one_at_a_time_with_a_gap_in_the_order_of_asking() {
    let quick = starts(HostQueue::new(1, GAP, 9), 4, one, SECOND / 10, false).await;
    assert_eq!(quick, [0.0, 1.0, 2.0, 3.0]);
    let slow = starts(HostQueue::new(1, GAP, 9), 3, one, SECOND * 5, false).await;
    assert_eq!(slow, [0.0, 5.0, 10.0]);
}

#[tokio::test(start_paused = true)]
async fn several_at_a_time_still_start_a_gap_apart() {
    let all = starts(HostQueue::new(2, GAP, 9), 5, one, SECOND * 4, false).await;
    assert_eq!(all, [0.0, 1.0, 4.0, 5.0, 8.0]);
}

#[tokio::test(start_paused = true)]
async fn hosts_do_not_wait_for_one_another_but_for_the_total() {
    let free = starts(HostQueue::new(1, GAP, 9), 5, many, SECOND * 2, false).await;
    assert_eq!(free, [0.0; 5]);
    let few = starts(HostQueue::new(1, GAP, 2), 5, many, SECOND * 2, false).await;
    assert_eq!(few, [0.0, 0.0, 2.0, 2.0, 4.0]);
}

#[tokio::test(start_paused = true)]
async fn own_machines_have_no_gap_but_still_their_order() {
    let all = starts(HostQueue::new(1, GAP, 9), 3, one, SECOND / 10, true).await;
    assert_eq!(all, [0.0, 0.1, 0.2]);
}

#[tokio::test(start_paused = true)]
async fn a_held_host_refuses_now_and_who_waits_and_serves_afterwards() {
    let queue = Arc::new(HostQueue::new(1, GAP, 9));
    let first = queue.turn("a", Duration::ZERO, no).await.map_err(|_| "held").expect("not held");
    let waiting = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { queue.turn("a", Duration::ZERO, no).await.map(drop) }
    });
    tokio::task::yield_now().await;
    queue.hold("a", SECOND * 60);
    queue.hold("a", SECOND * 5);
    assert_eq!(queue.turn("a", Duration::ZERO, no).await.map(drop), Err(SECOND * 60));
    assert_eq!(queue.held("b"), None);
    assert!(queue.turn("b", Duration::ZERO, no).await.is_ok());
    drop(first);
    assert_eq!(waiting.await.expect("no panic"), Err(SECOND * 60));
    tokio::time::advance(SECOND * 60).await;
    assert_eq!(queue.held("a"), None);
    assert!(queue.turn("a", Duration::ZERO, no).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_hold_without_measure_is_cut_to_a_month() {
    let queue = HostQueue::new(1, GAP, 9);
    queue.hold("a", Duration::MAX);
    assert_eq!(queue.held("a"), Some(MAX_HOLD));
}

#[tokio::test(start_paused = true)]
async fn giving_up_while_waiting_gives_the_turn_to_the_next() {
    let queue = Arc::new(HostQueue::new(1, GAP, 9));
    let began = Instant::now();
    drop(queue.turn("a", Duration::ZERO, no).await);
    let quitter = tokio::time::timeout(SECOND / 2, queue.turn("a", Duration::ZERO, no)).await;
    assert!(quitter.is_err());
    assert!(queue.turn("a", Duration::ZERO, no).await.is_ok());
    assert_eq!(began.elapsed().as_secs(), 1);
}

#[tokio::test(start_paused = true)]
async fn idle_hosts_are_forgotten_and_held_ones_are_not() {
    let queue = HostQueue::new(1, GAP, 9);
    queue.hold("held.example", SECOND * 3600);
    for i in 0..20_000 {
        drop(queue.turn(&many(i), Duration::ZERO, no).await);
        tokio::time::advance(SECOND / 100).await;
    }
    // A hundred hosts a second and a gap of one second: a hundred are not idle.
    let size = lock(&queue.table).hosts.len();
    assert!(size <= SWEEP_FROM + 1, "{size} hosts remembered");
    assert!(queue.held("held.example").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_longer_gap_that_a_publisher_asks_for_is_kept_and_outlives_a_sweep() {
    let queue = HostQueue::new(1, GAP, 9);
    let began = Instant::now();
    for start in [0, 10, 20] {
        drop(queue.turn("a", SECOND * 10, no).await);
        assert_eq!(began.elapsed().as_secs(), start);
    }
    tokio::time::advance(SECOND * 2).await;
    for i in 0..SWEEP_FROM {
        drop(queue.turn(&many(i), Duration::ZERO, no).await);
    }
    drop(queue.turn("a", SECOND * 10, no).await);
    assert_eq!(began.elapsed().as_secs(), 30);
    drop(queue.turn("a", SECOND / 10, no).await);
    assert_eq!(began.elapsed().as_secs(), 31, "a shorter one does not shorten ours");
}
