//! A restart while the queue of a host is not empty: who was asked is not asked again, and who was not is
//! still asked in turn.

use super::*;
use crate::daemon::clock::TokioClock;
use crate::fetch::hosts::HostQueue;

const SOURCES: usize = 10;
const GAP: Duration = Duration::from_secs(1);
/// The time that the publisher takes to answer.
const ANSWER: Duration = Duration::from_millis(200);

/// The state that outlives a process: the records of each source, and the requests that the publisher saw.
#[derive(Default)]
struct Lasting {
    pasts: Mutex<BTreeMap<SourceId, Past>>,
    asked: Mutex<Vec<(SourceId, Time)>>,
}

impl Lasting {
    fn asked(&self) -> Vec<(SourceId, Time)> {
        self.asked.lock().expect("no poison").clone()
    }
}

/// Polls sources that are all on one host, each in its turn there.
struct OneHost {
    queue: Arc<HostQueue>,
    clock: TokioClock,
    lasting: Arc<Lasting>,
}

impl Poller for OneHost {
    fn poll(&self, id: SourceId, scheduled: Time) -> Pin<Box<dyn Future<Output = Past> + Send>> {
        let (queue, clock, lasting) = (Arc::clone(&self.queue), self.clock, Arc::clone(&self.lasting));
        Box::pin(async move {
            let _turn = queue.turn("paper.example", Duration::ZERO, || false).await.expect("nothing is held");
            lasting.asked.lock().expect("no poison").push((id.clone(), clock.now()));
            tokio::time::sleep(ANSWER).await;
            let past = Past { polled: Some(clock.now()), ..polled(scheduled) };
            lasting.pasts.lock().expect("no poison").insert(id, past);
            past
        })
    }
}

/// A process: a queue that knows of no request before, and what was recorded.
fn process(clock: TokioClock, lasting: &Arc<Lasting>, jitter: u64) -> JoinHandle<()> {
    let pasts = lasting.pasts.lock().expect("no poison").clone();
    let sources = pasts.into_iter().map(|(id, past)| {
        let plan = plan(id.as_str(), "*/20 * * * *", jitter, 600);
        Scheduled { id, plan, past }
    });
    let queue = Arc::new(HostQueue::new(1, GAP, 32));
    let poller = OneHost { queue, clock, lasting: Arc::clone(lasting) };
    spawn(sources.collect(), Arc::new(poller), Arc::new(clock))
}

#[tokio::test(start_paused = true)]
async fn a_restart_in_the_middle_of_a_host_s_queue_asks_each_source_once_and_one_at_a_time() {
    for jitter in [0, 120] {
        let clock = TokioClock::starting(start());
        let lasting = Arc::<Lasting>::default();
        let before = polled(start() - TimeDelta::seconds(7));
        let ids = (0..SOURCES).map(|n| SourceId::new(&format!("s{n}")));
        *lasting.pasts.lock().expect("no poison") = ids.map(|id| (id, before)).collect();
        let first = process(clock, &lasting, jitter);
        while lasting.asked().len() < 3 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // Answered and recorded; the fourth has not been asked.
        tokio::time::sleep(2 * ANSWER).await;
        first.abort();
        assert!(first.await.is_err_and(|end| end.is_cancelled()), "it ran until it was stopped");
        assert_eq!(lasting.asked().len(), 3, "jitter {jitter}");
        tokio::time::sleep(Duration::from_secs(40)).await;

        let back = clock.now();
        let second = process(clock, &lasting, jitter);
        let end_of_turn = start() + minutes(20 + 19);
        tokio::time::sleep((end_of_turn - back).to_std().expect("ahead")).await;
        let asked = lasting.asked();
        let once: std::collections::BTreeSet<_> = asked.iter().map(|(id, _)| id).collect();
        assert_eq!((asked.len(), once.len()), (SOURCES, SOURCES), "each once, jitter {jitter}: {asked:?}");
        let latest = back + TimeDelta::seconds(i64::try_from(jitter).expect("small") + 10);
        assert!(asked.iter().all(|(_, at)| *at <= latest), "nobody loses the turn: {asked:?}");

        // The next turn is all of theirs again.
        tokio::time::sleep(Duration::from_secs(5 * 60)).await;
        let asked = lasting.asked();
        assert_eq!(asked.len(), 2 * SOURCES, "jitter {jitter}");
        for (id, again) in &asked[SOURCES..] {
            let of_it = asked.iter().find(|(other, _)| other == id).map(|(_, at)| *again - *at);
            assert!(of_it >= Some(minutes(10)), "{id} again after {of_it:?}");
        }
        let gaps: Vec<_> = asked.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
        assert!(gaps.iter().all(|gap| *gap >= TimeDelta::seconds(1)), "jitter {jitter}: {gaps:?}");
        second.abort();
    }
}
