//! An outage of our own network: three publishers that nobody can reach, the scheduler, and the worker.

use std::collections::BTreeMap;
use std::net::SocketAddr;

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
    recorder: Recorder,
    worker: Arc<Worker>,
    _dir: tempfile::TempDir,
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
        Self { hosts, recorder, worker: Arc::new(worker), _dir: dir }
    }

    async fn cut_off(&mut self) {
        for host in &mut self.hosts {
            host.cut_off().await;
        }
    }

    /// Runs the scheduler over all sources.
    fn schedule(&self) -> JoinHandle<()> {
        let worker = &self.worker;
        let scheduled = worker.sources.values().map(|source| Scheduled {
            id: source.def.id.clone(),
            plan: source.plan(&worker.polling),
            past: Past::default(),
        });
        let dues = Arc::new(Dues::new(worker.sources.keys().cloned()));
        let (poller, clock) = (Arc::new(Arc::clone(worker)), Arc::clone(&worker.clock));
        tokio::spawn(scheduler::run(
            scheduled.collect(),
            poller,
            clock,
            dues,
            tokio::sync::mpsc::channel(1).1,
            crate::daemon::watchdog::Pulse::default(),
        ))
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

#[tokio::test]
async fn an_outage_of_our_own_is_held_against_nobody_and_polls_go_on_within_a_minute() {
    let mut scene = Scene::new().await;
    scene.cut_off().await;
    let scheduler = scene.schedule();
    scene.until("the outage is told", |scene| scene.worker.outages().1).await;
    let (told, _) = scene.worker.outages();
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
    assert_eq!(scene.worker.outages(), (Vec::new(), false));
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
    assert_eq!(scene.worker.outages(), (Vec::new(), false));
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
    // The scheduler is told to poll again those whose failures were taken back.
    let mut again = Vec::new();
    for _ in 0..2 {
        let (id, past) = scene.worker.polled_by_hand().await;
        again.push((id.to_string(), past.again));
    }
    assert_eq!(again, [("a".to_owned(), true), ("b".to_owned(), true)]);
}
