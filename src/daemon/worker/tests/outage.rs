//! An outage of our own network: three publishers that nobody can reach, the scheduler, and the worker.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::*;
use crate::daemon::dues::Dues;
use crate::daemon::scheduler::{self, Past, Scheduled};

/// A publisher on an address of its own. It can be reached while it listens.
struct Host {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    listening: Option<JoinHandle<()>>,
}

impl Host {
    async fn new(last_octet: u8) -> Self {
        let listener =
            TcpListener::bind(SocketAddr::from(([127, 0, 0, last_octet], 0))).await.expect("a loopback port");
        let address = listener.local_addr().expect("it is bound");
        let mut host = Self { address, asked: Arc::default(), listening: None };
        host.listen(listener);
        host
    }

    fn listen(&mut self, listener: TcpListener) {
        let asked = Arc::clone(&self.asked);
        self.listening = Some(tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 4096]).await;
                asked.fetch_add(1, Ordering::SeqCst);
                let _ = stream.write_all(FEED.as_bytes()).await;
            }
        }));
    }

    async fn cut_off(&mut self) {
        if let Some(task) = self.listening.take() {
            task.abort();
            let _ = task.await;
        }
    }

    async fn come_back(&mut self) {
        self.listen(TcpListener::bind(self.address).await.expect("the port is free"));
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Three publishers with a source each, and a worker.
struct Scene {
    hosts: Vec<Host>,
    config: Config,
    recorder: Recorder,
    worker: Arc<Worker>,
    dir: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let hosts = vec![Host::new(2).await, Host::new(3).await, Host::new(4).await];
        let dir = tempfile::tempdir().expect("a directory");
        let url = |n: usize| format!("http://{}/feed", hosts[n].address);
        let source = |id: &str, n: usize| {
            format!("[[source]]\nid = \"{id}\"\nurl = \"{}\"\nregion = \"henan\"\n", url(n))
        };
        let (config, ledger) = set_up_with(&dir, &url(0), &(source("b", 1) + &source("c", 2)));
        let (recorder, worker) = at_work(&config, ledger);
        record_config(&recorder, &config).await;
        Self { hosts, config, recorder, worker: Arc::new(worker), dir }
    }

    async fn cut_off(&mut self) {
        for host in &mut self.hosts {
            host.cut_off().await;
        }
    }

    /// Runs the scheduler over all sources.
    fn schedule(&self) -> JoinHandle<()> {
        self.schedule_with(mpsc::channel(1).1)
    }

    fn schedule_with(&self, changes: mpsc::Receiver<scheduler::Change>) -> JoinHandle<()> {
        let scheduler::Change { sources, poller, dues, .. } = change_to(&self.worker);
        let (clock, pulse) = (Arc::clone(&self.worker.clock), crate::daemon::watchdog::Pulse::default());
        tokio::spawn(scheduler::run(sources, poller, clock, dues, changes, pulse))
    }

    fn stored(&self) -> BTreeMap<String, SourceState> {
        let sources = self.recorder.store().load().sources().expect("sound");
        sources.into_iter().map(|(id, stored)| (id.to_string(), stored)).collect()
    }

    /// The outcome of each source, by its id.
    fn outcomes(&self) -> String {
        let outcome = |stored: &SourceState| stored.outcome.as_ref().map_or("-", Outcome::name);
        self.stored().iter().map(|(id, stored)| format!("{id}:{} ", outcome(stored))).collect()
    }

    /// The file of the configuration, and its text.
    fn file(&self) -> (std::path::PathBuf, String) {
        let path = self.dir.path().join("dibao.toml");
        let text = std::fs::read_to_string(&path).expect("it was written");
        (path, text)
    }

    /// Moves the clock on by whole seconds until a condition holds. Returns the seconds.
    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) -> u32 {
        for second in 0..1200 {
            if holds(self) {
                return second;
            }
            later(Duration::from_secs(1)).await;
        }
        panic!("not within 20 minutes: {what}: {}", self.outcomes());
    }
}

/// The change of the scheduler to the enabled sources of a worker. All keep their schedules.
fn change_to(worker: &Arc<Worker>) -> scheduler::Change {
    let enabled = || worker.sources.values().filter(|source| source.enabled);
    let ids = || enabled().map(|source| source.def.id.clone());
    let scheduled = enabled().map(|source| Scheduled {
        id: source.def.id.clone(),
        plan: source.plan(&worker.polling),
        past: Past::default(),
    });
    scheduler::Change {
        sources: scheduled.collect(),
        kept: ids().collect(),
        renamed: BTreeMap::new(),
        poller: Arc::new(Arc::clone(worker)),
        dues: Arc::new(Dues::new(ids())),
    }
}

#[tokio::test]
async fn an_outage_of_our_own_is_held_against_nobody_and_polls_go_on_within_a_minute() {
    let mut scene = Scene::new().await;
    scene.cut_off().await;
    let scheduler = scene.schedule();
    scene.until("the outage is told", |scene| scene.worker.outages().cut_off_since.is_some()).await;
    let told = scene.worker.outages().sentences;
    assert!(
        told[0].starts_with("the local network (polling.allow_networks) is down since 2026-"),
        "{told:?}"
    );
    let taken_back = |scene: &Scene| scene.outcomes().matches("held").count() == 2;
    scene.until("the failures are taken back", taken_back).await;
    for _ in 0..40 {
        later(Duration::from_secs(60)).await;
    }
    let stored = scene.stored();
    assert!(scene.outcomes().contains("-"), "what failed since is not recorded: {}", scene.outcomes());
    for (id, stored) in &stored {
        assert_eq!((stored.poll.failures, stored.poll.failing_since), (0, None), "{id}");
    }

    for host in &mut scene.hosts {
        host.come_back().await;
    }
    let seconds =
        scene.until("all are polled", |scene| scene.outcomes().matches("fetched").count() == 3).await;
    assert!(seconds <= 40, "the longest delay of a try, and the spread: {seconds} s");
    assert_eq!(scene.worker.outages(), Outages::default());
    let asked: Vec<_> = scene.hosts.iter().map(Host::asked).collect();
    assert_eq!(asked, [1, 1, 1], "each once");
    scheduler.abort();
}

#[tokio::test]
async fn one_publisher_that_is_down_is_no_outage() {
    let mut scene = Scene::new().await;
    scene.hosts[0].cut_off().await;
    let scheduler = scene.schedule();
    scene.until("all are polled", |scene| !scene.outcomes().contains('-')).await;
    assert_eq!(scene.outcomes(), "a:failed b:fetched c:fetched ");
    assert_eq!(scene.worker.outages(), Outages::default());
    let failed = &scene.stored()["a"].poll;
    assert!(failed.failures == 1 && failed.not_before.is_some(), "it backs off: {failed:?}");
    scheduler.abort();
}

#[tokio::test]
async fn a_poll_by_hand_in_an_outage_is_told_of_it_and_leaves_nothing() {
    let mut scene = Scene::new().await;
    scene.cut_off().await;
    let poll = |id: &'static str| {
        let worker = Arc::clone(&scene.worker);
        async move { Worker::poll(&worker, &SourceId::new(id), None).await.expect("it is polled").outcome }
    };
    for id in ["a", "b"] {
        let outcome = poll(id).await;
        assert!(
            matches!(&outcome, Outcome::Failed { why } if why.starts_with("cannot connect")),
            "{outcome}"
        );
    }
    let outcome = poll("c").await;
    assert!(
        matches!(&outcome, Outcome::Failed { why } if why.contains("is down since") && why.contains("; cannot connect")),
        "{outcome}"
    );
    assert_eq!(scene.outcomes(), "a:held b:held c:- ");
    // The scheduler learns the states of before, and polls nobody because of them.
    let mut again = Vec::new();
    for _ in 0..2 {
        let (id, past) = scene.worker.polled_by_hand().await;
        again.push((id.to_string(), past.again, past.not_before));
    }
    assert_eq!(again, [("a".to_owned(), false, None), ("b".to_owned(), false, None)]);
}

#[tokio::test]
async fn sources_whose_failures_are_taken_back_keep_their_turn_in_a_restart() {
    let mut scene = Scene::new().await;
    scene.cut_off().await;
    let poll = |id: &'static str| {
        let worker = Arc::clone(&scene.worker);
        tokio::spawn(async move { Worker::poll(&worker, &SourceId::new(id), Some(at(0))).await })
    };
    for id in ["a", "b", "c"] {
        let _ = poll(id).await.expect("no panic");
    }
    assert_eq!(scene.outcomes(), "a:held b:held c:- ");
    let (id, told) = scene.worker.polled_by_hand().await;
    assert_eq!((id.as_str(), told.again, told.scheduled), ("a", true, Some(at(0))));
    let stored = &scene.stored()["a"];
    assert_eq!(stored.poll.scheduled, None, "it was never polled");
    let past = scene.worker.past(Some(stored));
    assert_eq!((past.scheduled, past.polled), (None, None));
}

#[tokio::test]
async fn a_source_that_waits_is_polled_by_the_way_of_a_new_configuration() {
    let mut scene = Scene::new().await;
    scene.cut_off().await;
    let (reload, changes) = mpsc::channel(1);
    let scheduler = scene.schedule_with(changes);
    scene.until("the outage is told", |scene| scene.worker.outages().cut_off_since.is_some()).await;
    for _ in 0..40 {
        later(Duration::from_secs(1)).await;
    }

    let proxy = Host::new(5).await;
    let (path, text) = scene.file();
    let text = text.replace("id = \"a\"\n", &format!("id = \"a\"\nproxy = \"http://{}\"\n", proxy.address));
    std::fs::write(&path, text.replace("id = \"b\"\n", "id = \"b\"\nenabled = false\n"))
        .expect("it is written");
    let next = load(&path, &Env::default()).expect("it loads");
    let worker = Worker::after(&scene.worker, &scene.config, &next, Arc::new(rules(&[]))).expect("a worker");
    scene.worker = Arc::new(worker);
    assert!(reload.send(change_to(&scene.worker)).await.is_ok());
    scene.until("the proxy is asked", |scene| scene.outcomes().contains("a:fetched")).await;
    assert_eq!(proxy.asked(), 1);
    assert_eq!(scene.worker.outages().cut_off_since, None, "one way is up");
    scheduler.abort();
}

#[tokio::test]
async fn the_status_of_an_outage_names_no_proxy_and_the_operator_is_told_it() {
    let mut scene = Scene::new().await;
    scene.cut_off().await;
    let proxy = scene.hosts[0].address.to_string();
    let (path, text) = scene.file();
    std::fs::write(&path, text.replace("[polling]\n", &format!("[polling]\nproxy = \"http://{proxy}\"\n")))
        .expect("it is written");
    let next = load(&path, &Env::default()).expect("it loads");
    let worker = Worker::after(&scene.worker, &scene.config, &next, Arc::new(rules(&[]))).expect("a worker");
    let mut told = String::new();
    for id in ["a", "b", "c"] {
        told = worker.poll(&SourceId::new(id), None).await.expect("it is polled").outcome.to_string();
    }
    assert!(told.contains(&format!("the way through the proxy {proxy} is down since")), "{told}");
    let public = worker.outages().sentences;
    assert!(public[0].starts_with("the way through a proxy is down since"), "{public:?}");
    assert!(!public[0].contains(&proxy), "{public:?}");
}
