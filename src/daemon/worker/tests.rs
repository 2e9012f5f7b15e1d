//! Polls on a disk that fills up, against a publisher that counts.

mod by_hand;
mod outage;
mod redirects;
mod reloads;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::config::{Env, load};
use crate::daemon::clock::TokioClock;
use crate::daemon::recorder::Observer;
use crate::daemon::scheduler::Poller;
use crate::ledger::store::Store;
use crate::ledger::{Ledger, Room};
use crate::model::feed_key::FeedKey;
use crate::model::state::{Changes, FeedState, State as _};
use crate::testing::{OutOfUse, at, rules};

struct Nobody;

impl Observer for Nobody {
    fn touched(&self, _: &[(FeedKey, FeedState)]) {}
    fn turned(&self, _: &[(SourceId, u64)]) {}
    fn busy(&self, _: usize) {}
    fn everything(&self) {}
}

const FEED: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\
    <rss version='2.0'><channel><title>x</title></channel></rss>";

/// A publisher of one feed: its address, and how often it was asked.
async fn publisher() -> (String, Arc<AtomicUsize>) {
    publisher_of(vec![FEED.to_owned()]).await
}

/// One that gives these answers, the last of them for ever.
async fn publisher_of(answers: Vec<String>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let address = listener.local_addr().expect("it is bound");
    let asked = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // A request fits one packet of loopback.
            let _ = stream.read(&mut [0; 4096]).await;
            let before = count.fetch_add(1, Ordering::SeqCst);
            let answer = answers.get(before).or(answers.last()).expect("it has answers");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (format!("http://{address}/feed"), asked)
}

/// Moves tokio's clock; sockets and blocking threads do not run on it.
async fn later(by: Duration) {
    tokio::time::pause();
    tokio::time::advance(by).await;
    tokio::time::resume();
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A source of that address, and a state directory for it.
fn set_up(dir: &tempfile::TempDir, url: &str) -> (Config, Ledger) {
    set_up_with(dir, url, "")
}

/// The same, with more lines of its table.
fn set_up_with(dir: &tempfile::TempDir, url: &str, more: &str) -> (Config, Ledger) {
    let path = dir.path().join("dibao.toml");
    let text = format!(
        "[polling]\nschedule = \"*/20 * * * *\"\nallow_networks = [\"127.0.0.0/8\"]\n\
         [[source]]\nid = \"a\"\nurl = \"{url}\"\nregion = \"henan\"\n{more}"
    );
    std::fs::write(&path, text).expect("it is written");
    let config = load(&path, &Env::default()).expect("it loads");
    let state = dir.path().join("state");
    std::fs::create_dir(&state).expect("a directory");
    let (ledger, _) = Ledger::open(&state, Arc::new(rules(&[])), at(0).date_naive()).expect("it opens");
    (config, ledger)
}

fn at_work(config: &Config, ledger: Ledger) -> (Recorder, Worker) {
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting(at(0)));
    let recorder = Recorder::start(ledger, Arc::clone(&clock), Arc::new(Nobody));
    let worker = Worker::new(config, Arc::new(rules(&[])), recorder.clone(), clock).expect("a worker");
    (recorder, worker)
}

/// Records the configuration, as the daemon does when it starts: without it nothing is stored of its sources.
async fn record_config(recorder: &Recorder, config: &Config) {
    let sources: Vec<_> = config.sources.iter().map(|source| source.def.clone()).collect();
    let record = crate::testing::config(0, &sources, &[]);
    let crate::model::record::Record::Config(config) = record else { panic!("it is one") };
    recorder.record(Fact::Config(config)).await.expect("recorded");
}

#[tokio::test]
async fn a_disk_that_comes_and_goes_makes_nobody_ask_sooner_than_the_schedule() {
    let (url, count) = publisher().await;
    let dir = tempfile::tempdir().expect("a directory");
    let (config, mut ledger) = set_up(&dir, &url);
    // There is room whenever it is looked for, and none when a poll is to be recorded.
    let (looks, flaps) = (AtomicUsize::new(0), Arc::new(AtomicBool::new(true)));
    let flapping = Arc::clone(&flaps);
    ledger.pretend(move |_| {
        let full = flapping.load(Ordering::SeqCst) && looks.fetch_add(1, Ordering::SeqCst) % 2 == 0;
        Some(Room { left: if full { 0 } else { 1 << 40 }, size: 1 << 40 })
    });
    let worker = Arc::new(at_work(&config, ledger).1);
    let polled = tokio::spawn(Poller::poll(&worker, SourceId::new("a"), at(0)));
    for _ in 0..240 {
        later(Duration::from_secs(30)).await;
    }
    let asked = count.load(Ordering::SeqCst);
    assert!((2..=7).contains(&asked), "asked {asked} times in two hours, every 20 minutes at most");
    assert!(!polled.is_finished());
    flaps.store(false, Ordering::SeqCst);
    while !polled.is_finished() {
        later(Duration::from_secs(30)).await;
    }
    let past = polled.await.expect("no panic");
    assert!(
        past.scheduled >= Some(at(7200)),
        "the floor counts from when it was asked: {:?}",
        past.scheduled
    );
    assert!(count.load(Ordering::SeqCst) <= asked + 1, "once it is well, once");
}

#[tokio::test]
async fn a_poll_that_finds_the_store_out_of_use_goes_on_with_a_fresh_one() {
    let (url, count) = publisher().await;
    let dir = tempfile::tempdir().expect("a directory");
    let (config, ledger) = set_up(&dir, &url);
    let (recorder, worker) = at_work(&config, ledger);
    recorder.store().store(Arc::new(Store::new(Box::new(OutOfUse))));
    let report = worker.poll(&SourceId::new("a"), None).await.expect("it is polled");
    assert!(report.outcome.is_good(), "{}", report.outcome);
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert!(recorder.store().load().meta().expect("sound").is_some(), "it is recorded");
}

#[tokio::test]
async fn a_poll_that_could_not_be_applied_is_followed_by_the_wait_that_was_stored_for_it() {
    let (url, _) = publisher().await;
    let dir = tempfile::tempdir().expect("a directory");
    let (config, ledger) = set_up(&dir, &url);
    let (recorder, worker) = at_work(&config, ledger);
    let id = SourceId::new("a");
    let report = worker.poll(&id, None).await.expect("it is polled");
    assert_eq!(worker.past_of(&report).not_before, None);
    // What stands for a line that was passed over.
    let store = recorder.store().load_full();
    let mut stored = SourceState::new(1, config.sources[0].def.clone());
    (stored.poll.failures, stored.poll.not_before) = (1, Some(at(600)));
    store.commit(&Changes { sources: [(id, stored)].into(), ..Changes::default() }).expect("written");
    assert_eq!(worker.past_of(&report).not_before, Some(at(600)));
}
