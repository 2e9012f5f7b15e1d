//! Runs the daemon's scheduler, worker and recorder against the publishers for a week of compressed time. tokio's
//! clock is paused, advanced and resumed in steps, so sockets work as usual between the steps.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use dibao::command::host::Host;
use dibao::command::sources::Sources;
use dibao::config::{self, Env};
use dibao::daemon::clock::{Clock, TokioClock};
use dibao::daemon::dues::Dues;
use dibao::daemon::engine::Engine;
use dibao::daemon::scheduler::{self, Past, Poller, Scheduled};
use dibao::daemon::worker::Worker;
use dibao::model::source::SourceId;
use dibao::model::state::State as _;
use dibao::model::time::Time;
use dibao::serve::admin::AnswerLine;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::publisher::{Asked, Habit, Publisher};

/// The scheduler takes a step of 90 s for a clock that was set; it looks every 30 s. A poll may come later
/// by this.
pub(crate) const STRIDE: Duration = Duration::from_secs(30);
/// A step while requests are under way.
pub(crate) const SHORT_STRIDE: Duration = Duration::from_millis(250);
/// A step in the minutes after a start, to see in which order things come.
const FIRST_STRIDE: Duration = Duration::from_secs(2);

/// Monday, 23 November 2026, 00:05 UTC.
pub(crate) fn monday() -> Time {
    DateTime::from_timestamp(1_795_392_000 + 300, 0).expect("an instant")
}

/// What there is to judge after the week.
pub(crate) struct Record {
    pub(crate) log: Vec<Asked>,
    /// The rows of `dibao sources`.
    pub(crate) rows: BTreeMap<String, Value>,
    /// When the daemon started, each time.
    pub(crate) starts: Vec<Time>,
    pub(crate) polls: usize,
}

impl Record {
    /// What a host was asked.
    pub(crate) fn of(&self, host: &str) -> Vec<&Asked> {
        self.log.iter().filter(|asked| asked.host == host).collect()
    }

    /// A field of a source's row.
    pub(crate) fn row(&self, id: &str, field: &str) -> String {
        let value = &self.rows[id][field];
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }
}

/// The worker, and how many polls are under way.
struct Counted {
    worker: Arc<Worker>,
    under_way: Arc<AtomicUsize>,
    polls: Arc<AtomicUsize>,
}

impl Poller for Counted {
    fn poll(&self, id: SourceId, scheduled: Time) -> Pin<Box<dyn Future<Output = Past> + Send>> {
        let under_way = Arc::clone(&self.under_way);
        under_way.fetch_add(1, Ordering::SeqCst);
        self.polls.fetch_add(1, Ordering::SeqCst);
        let poll = Poller::poll(&self.worker, id, scheduled);
        Box::pin(async move {
            let past = poll.await;
            under_way.fetch_sub(1, Ordering::SeqCst);
            past
        })
    }
}

/// A daemon that runs.
struct Daemon {
    engine: Arc<Engine>,
    polling: JoinHandle<()>,
    under_way: Arc<AtomicUsize>,
}

struct Week {
    dir: tempfile::TempDir,
    clock: TokioClock,
    starts: Vec<Time>,
    polls: Arc<AtomicUsize>,
}

impl Week {
    async fn start(&mut self) -> Daemon {
        self.starts.push(self.clock.now());
        let path = self.dir.path().join("dibao.toml");
        let config = config::load(&path, &Env::default()).unwrap_or_else(|faults| panic!("{faults}"));
        let clock: Arc<dyn Clock> = Arc::new(self.clock);
        let (engine, _) = Engine::open(Arc::new(config), Arc::clone(&clock)).await.expect("it opens");
        let store = engine.store().load_full();
        let scheduled = engine.polled_sources().map(|source| {
            let stored = store.source(&source.def.id).expect("a sound store");
            let plan = source.plan(&engine.config.polling);
            Scheduled { id: source.def.id.clone(), plan, past: engine.worker.past(stored.as_ref()) }
        });
        let scheduled: Vec<_> = scheduled.collect();
        let under_way = Arc::<AtomicUsize>::default();
        let poller = Counted {
            worker: Arc::clone(&engine.worker),
            under_way: Arc::clone(&under_way),
            polls: Arc::clone(&self.polls),
        };
        let dues = Arc::new(Dues::default());
        let polling = tokio::spawn(scheduler::run(
            scheduled,
            Arc::new(poller),
            clock,
            dues,
            mpsc::channel(1).1,
            dibao::daemon::watchdog::Pulse::default(),
        ));
        Daemon { engine, polling, under_way }
    }

    /// Lets time pass, as fast as what is under way allows.
    async fn pass(&self, daemon: Option<&Daemon>, until: Time) {
        while let Ok(left) = (until - self.clock.now()).to_std()
            && !left.is_zero()
        {
            let idle = daemon.is_none_or(|daemon| daemon.under_way.load(Ordering::SeqCst) == 0);
            let since = self.starts.last().map(|start| self.clock.now() - *start);
            let stride = match idle {
                false => SHORT_STRIDE,
                true if since.is_some_and(|since| since < TimeDelta::minutes(3)) => FIRST_STRIDE,
                true => STRIDE,
            };
            advance(left.min(stride)).await;
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            let waited = tokio::time::Instant::now();
            while daemon.is_some_and(|daemon| daemon.under_way.load(Ordering::SeqCst) > 0)
                && waited.elapsed() < Duration::from_millis(8)
            {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert!(daemon.is_none_or(|daemon| !daemon.polling.is_finished()), "the scheduler has ended");
        }
    }

    async fn stop(&self, daemon: Daemon) {
        daemon.polling.abort();
        daemon.engine.close().await.expect("it closes");
    }
}

/// Moves tokio's clock; nothing may run while it stands.
async fn advance(by: Duration) {
    tokio::time::pause();
    tokio::time::advance(by).await;
    tokio::time::resume();
}

/// Runs the week: it is stopped on Wednesday for ten minutes in which nothing falls due, and on Friday for
/// hours in which everything does.
pub(crate) async fn run(sources: &str, habits: BTreeMap<String, Habit>) -> Record {
    let clock = TokioClock::starting(monday());
    let publisher = Publisher::open(habits, clock).await.expect("a loopback port");
    // In memory where there is such a place: a week has some thousand syncs.
    let shm = std::path::Path::new("/dev/shm");
    let dir = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() };
    let dir = dir.expect("a directory");
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://news.example\"\n[state]\ndir = \"state\"\n\
         [polling]\nschedule = \"0 * * * *\"\ntimezone = \"UTC\"\ncontact = \"https://operator.example/\"\n\
         timeout = \"5m\"\nproxy = \"http://{}\"\n{sources}",
        publisher.address
    );
    std::fs::write(dir.path().join("dibao.toml"), text).expect("it is written");
    let mut week = Week { dir, clock, starts: Vec::new(), polls: Arc::default() };
    let at = |day: i64, hour: i64, minute: i64| {
        monday() + TimeDelta::days(day) + TimeDelta::hours(hour) + TimeDelta::minutes(minute - 5)
    };
    let daemon = week.start().await;
    week.pass(Some(&daemon), at(2, 12, 30)).await;
    week.stop(daemon).await;
    week.pass(None, at(2, 12, 40)).await;
    let daemon = week.start().await;
    week.pass(Some(&daemon), at(4, 9, 30)).await;
    week.stop(daemon).await;
    week.pass(None, at(4, 15, 30)).await;
    let daemon = week.start().await;
    week.pass(Some(&daemon), at(7, 0, 30)).await;
    let rows = rows(&daemon.engine).await;
    week.stop(daemon).await;
    Record { log: publisher.log(), rows, starts: week.starts, polls: week.polls.load(Ordering::SeqCst) }
}

async fn rows(engine: &Arc<Engine>) -> BTreeMap<String, Value> {
    let (lines, mut answer) = mpsc::channel(16);
    let work = tokio::spawn(Host::Engine(Arc::clone(engine)).answer(Sources {}, lines));
    let mut rows = BTreeMap::new();
    while let Some(line) = answer.recv().await {
        if let AnswerLine::Row(row) = line {
            rows.insert(row["id"].as_str().unwrap_or_default().to_owned(), row);
        }
    }
    work.await.expect("no panic");
    rows
}
