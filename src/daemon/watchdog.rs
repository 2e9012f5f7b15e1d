//! The watchdog: tells the service manager that the daemon is alive, as long as the scheduler and the recorder both
//! make progress. If one of them hangs, the messages end, and the service manager restarts the daemon.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// The number of messages in the time after which the service manager restarts the daemon. One late beat, such as
/// that of a recorder that waits for a slow disk, must not count as a hang.
pub(super) const FEEDS: u32 = 4;

/// The progress of a task. A task that has nothing to do makes progress by answering the watchdog.
#[derive(Clone, Default)]
pub struct Pulse {
    asked: Arc<Notify>,
    beats: Arc<AtomicU64>,
}

impl Pulse {
    /// Also counts beats that others add to `beats`.
    pub fn over(beats: Arc<AtomicU64>) -> Self {
        Self { beats, ..Self::default() }
    }

    /// Waits until the watchdog asks for a beat.
    pub async fn asked(&self) {
        self.asked.notified().await;
    }

    pub fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// The beats so far.
    pub(super) fn beats(&self) -> u64 {
        self.beats.load(Ordering::Relaxed)
    }

    /// The beats so far. Asks for another one.
    pub(super) fn take(&self) -> u64 {
        self.asked.notify_one();
        self.beats()
    }
}

/// Calls `alive` at each interval in which every task made progress. Runs until dropped.
pub async fn run(tasks: [(&str, Pulse); 2], every: Duration, alive: impl Fn()) {
    let mut seen = [0, 1].map(|n| tasks[n].1.take());
    loop {
        tokio::time::sleep(every).await;
        let mut hangs = Vec::new();
        for ((task, pulse), seen) in tasks.iter().zip(&mut seen) {
            let before = std::mem::replace(seen, pulse.take());
            if *seen == before {
                hangs.push(*task);
            }
        }
        match hangs.as_slice() {
            [] => alive(),
            tasks => tracing::warn!(
                tasks = %tasks.join(" "),
                seconds = every.as_secs(),
                "no progress; the service manager restarts dibao if this goes on"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(60);

    fn counted() -> (Arc<AtomicU64>, impl Fn()) {
        let fed = Arc::new(AtomicU64::new(0));
        let feed = Arc::clone(&fed);
        (fed, move || {
            feed.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// A task with nothing to do.
    async fn idle(pulse: Pulse) {
        loop {
            pulse.asked().await;
            pulse.beat();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn idle_tasks_are_alive_and_one_that_hangs_ends_the_messages() {
        let (scheduler, recorder) = (Pulse::default(), Pulse::default());
        let (fed, alive) = counted();
        tokio::spawn(idle(scheduler.clone()));
        let recording = tokio::spawn(idle(recorder.clone()));
        tokio::spawn(run([("scheduler", scheduler), ("recorder", recorder)], EVERY, alive));
        tokio::time::sleep(EVERY * 10 + EVERY / 2).await;
        assert_eq!(fed.load(Ordering::Relaxed), 10);
        recording.abort();
        tokio::time::sleep(EVERY * 10).await;
        assert!(fed.load(Ordering::Relaxed) <= 11, "one beat at most was under way");
    }

    #[tokio::test(start_paused = true)]
    async fn a_recorder_that_builds_a_store_is_alive_while_the_build_advances() {
        let progress = Arc::new(AtomicU64::new(0));
        let (scheduler, recorder) = (Pulse::default(), Pulse::over(Arc::clone(&progress)));
        let (fed, alive) = counted();
        tokio::spawn(idle(scheduler.clone()));
        tokio::spawn(run([("scheduler", scheduler), ("recorder", recorder)], EVERY, alive));
        for _ in 0..5 {
            progress.fetch_add(64, Ordering::Relaxed);
            tokio::time::sleep(EVERY).await;
        }
        tokio::time::sleep(EVERY * 5 + EVERY / 2).await;
        assert!((4..=5).contains(&fed.load(Ordering::Relaxed)), "{}", fed.load(Ordering::Relaxed));
    }
}
