//! Tests of the effect of polls by hand on the schedule.

use std::collections::VecDeque;

use super::*;

/// Polls last so long and leave nothing but their instants; some are made by hand, at these seconds.
struct Handy {
    told: Mutex<VecDeque<(u64, Past)>>,
    lasts: Duration,
    polls: Mutex<Vec<i64>>,
    zero: tokio::time::Instant,
}

impl Poller for Handy {
    fn poll(&self, _: SourceId, scheduled: Time) -> Pin<Box<dyn Future<Output = Past> + Send>> {
        let seconds = i64::try_from(self.zero.elapsed().as_secs()).expect("small");
        self.polls.lock().expect("no poison").push(seconds);
        let lasts = self.lasts;
        Box::pin(async move {
            tokio::time::sleep(lasts).await;
            let ended = start() + TimeDelta::seconds(seconds) + TimeDelta::from_std(lasts).expect("small");
            Past { polled: Some(ended), ..polled(scheduled) }
        })
    }

    fn polled_by_hand(&self) -> Pin<Box<dyn Future<Output = (SourceId, Past)> + Send + '_>> {
        Box::pin(async {
            let next = self.told.lock().expect("no poison").front().map(|told| told.0);
            match next {
                Some(seconds) => tokio::time::sleep_until(self.zero + Duration::from_secs(seconds)).await,
                None => std::future::pending().await,
            }
            let (_, past) = self.told.lock().expect("no poison").pop_front().expect("one was there");
            (SourceId::new("a"), past)
        })
    }
}

/// The minutes, of so many, in which a source of this past is polled by a schedule of ten minutes.
async fn polls(past: Past, told: &[(u64, Past)], lasts: u64, within: u64) -> Vec<i64> {
    let (told, lasts) = (Mutex::new(told.iter().copied().collect()), Duration::from_secs(lasts));
    let poller = Handy { told, lasts, polls: Mutex::default(), zero: tokio::time::Instant::now() };
    let poller = Arc::new(poller);
    let sources = vec![source("a", "*/10 * * * *", past)];
    let task = spawn(sources, poller.clone(), Settable::new());
    tokio::time::sleep(Duration::from_secs(within * 60)).await;
    task.abort();
    let polls = poller.polls.lock().expect("no poison");
    polls.clone()
}

fn just_polled() -> Past {
    polled(start() - TimeDelta::seconds(7))
}

fn turns<const N: usize>(minutes: [i64; N]) -> [i64; N] {
    minutes.map(|minute| minute * 60 - 7)
}

/// Made by hand at this second, and told to wait until that minute.
fn by_hand(second: u64, until: Option<i64>) -> (u64, Past) {
    let at = start() + TimeDelta::seconds(i64::try_from(second).expect("small"));
    let not_before = until.map(|minute| start() + minutes(minute));
    (second, Past { polled: Some(at), not_before, ..just_polled() })
}

#[tokio::test(start_paused = true)]
async fn a_source_that_was_gone_and_answers_by_hand_has_its_turns_again() {
    let gone = Past { gone: true, ..just_polled() };
    assert_eq!(polls(gone, &[by_hand(3600, None)], 0, 85).await, turns([70, 80]));
    let ends = (3600, Past { gone: true, ..just_polled() });
    assert_eq!(
        polls(just_polled(), &[ends], 0, 85).await,
        turns([10, 20, 30, 40, 50, 60]),
        "and ends by hand"
    );
}

#[tokio::test(start_paused = true)]
async fn a_source_that_failed_and_answers_by_hand_has_its_turns_again() {
    let failed = Past { not_before: Some(start() + TimeDelta::days(1)), ..just_polled() };
    assert_eq!(polls(failed, &[by_hand(3700, None)], 0, 85).await, turns([70, 80]));
}

#[tokio::test(start_paused = true)]
async fn what_a_poll_by_hand_was_told_to_wait_is_waited_and_no_turn_comes_twice() {
    let told = [by_hand(300, Some(65)), by_hand(310, Some(65))];
    let mut expected = vec![65 * 60];
    expected.extend(turns([70, 80]));
    assert_eq!(polls(just_polled(), &told, 0, 85).await, expected);
}

#[tokio::test(start_paused = true)]
async fn of_two_polls_at_once_the_one_that_came_last_counts() {
    // Under way from minute 10 to 15.
    let during = by_hand(12 * 60, Some(65));
    assert_eq!(polls(just_polled(), &[during], 300, 35).await, turns([10, 20, 30]), "the scheduled one");
    let after = (12 * 60, by_hand(16 * 60, Some(25)).1);
    assert_eq!(polls(just_polled(), &[after], 300, 35).await, [593, 25 * 60], "the one by hand");
}
