//! Feeds keep their bytes after a compaction, after a rebuild, and after a backup was restored elsewhere: in process
//! against the demo's news world, and by the commands that operators type.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use chrono::DateTime;
use dibao::config::{self, Config, Env};
use dibao::daemon::clock::SystemClock;
use dibao::daemon::engine::Engine;
use dibao::daemon::recorder::Observer;
use dibao::daemon::run;
use dibao::demo::publisher::Publisher;
use dibao::demo::world::World;
use dibao::serve::{View, Views};
use dibao::views::page::Page;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::support::{self, output};

/// A config whose state is in `dir`. Nothing is due by itself.
fn config_in(dir: &Path, sources: &str) -> PathBuf {
    let path = dir.join("dibao.toml");
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://news.example\"\n\
         [state]\ndir = \"state\"\n[publish]\nmax_age = \"none\"\n[polling]\n\
         schedule = \"0 0 1 1 *\"\njitter = \"0s\"\nhost_delay = \"0s\"\nper_host = 6\n\
         allow_networks = [\"127.0.0.0/8\"]\n{sources}"
    );
    fs::write(&path, text).unwrap();
    path
}

fn load(path: &Path) -> Arc<Config> {
    Arc::new(config::load(path, &Env::default()).unwrap_or_else(|faults| panic!("{faults}")))
}

async fn open(path: &Path) -> Arc<Engine> {
    support::open(load(path)).await
}

/// A news world and its sources.
async fn world() -> (Arc<Publisher>, String) {
    let publisher = Publisher::new(World::new(7, DateTime::from_timestamp(1_790_000_000, 0).unwrap()), 0);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(Arc::clone(&publisher).serve(listener));
    let source = |def: dibao::model::source::SourceDef| {
        format!("[[source]]\nid = \"{}\"\nurl = {:?}\nregion = \"auto\"\n", def.id, def.url)
    };
    (publisher, World::sources(&base).into_iter().map(source).collect())
}

async fn poll_all(engine: &Engine) {
    let ids: Vec<_> = engine.polled_sources().map(|source| source.def.id.clone()).collect();
    for id in ids {
        engine.worker.poll(&id, None).await.unwrap();
    }
}

/// Every feed with its bytes, its validators and when it last changed.
fn pages(engine: &Engine) -> BTreeMap<String, Arc<Page>> {
    let regions = engine.config.regions.iter().map(|region| region.id.to_string());
    let sources = engine.config.sources.iter().map(|source| format!("source/{}", source.def.id));
    let names = regions.chain(sources).chain(["all".to_owned(), "national".to_owned()]);
    let page = |name: String| match engine.renderer.view(&format!("{name}.atom")) {
        View::Page(page) => (name, page),
        other => panic!("{name}: {other:?}"),
    };
    names.map(page).collect()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// Closes an engine, and waits until nobody holds its store any more: the recorder's task ends on its own, and
/// until then has the publisher.
async fn close(engine: Arc<Engine>) {
    engine.close().await.unwrap();
    let store = Arc::downgrade(&engine.store());
    drop(engine);
    while store.strong_count() > 0 {
        tokio::task::yield_now().await;
    }
}

/// The last segment of a journal that has anything in it.
fn last_segment(dir: &Path) -> PathBuf {
    let files = fs::read_dir(dir.join("state/journal")).unwrap().map(|file| file.unwrap().path());
    let segments = files.filter(|path| path.extension().is_some_and(|ending| ending == "zst"));
    segments.filter(|path| path.metadata().unwrap().len() > 0).max().unwrap()
}

/// Flips a bit of a file, so many octets before its end.
fn flip(path: &Path, back: impl Fn(usize) -> usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() - back(bytes.len());
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

/// Runs dibao on a config, and returns whether that went well and what it prints.
async fn dibao(config: &Path, args: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dibao"));
    command.arg("--config").arg(config).args(args).env("RUST_LOG", "off");
    let output = blocking(move || output(&mut command)).await;
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(printed).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_are_the_same_bytes_after_compaction_rebuild_and_restore() {
    let (publisher, sources) = world().await;
    let dir = tempfile::tempdir().unwrap();
    let path = config_in(dir.path(), &sources);
    let engine = open(&path).await;
    let mut held = 0;
    for step in 0..6 {
        poll_all(&engine).await;
        publisher.advance();
        if step % 2 == 1 {
            let before = pages(&engine);
            let recorder = engine.recorder.clone();
            held = blocking(move || recorder.compact()).await.unwrap().unwrap();
            let recorder = engine.recorder.clone();
            blocking(move || recorder.rebuild("to compare")).await.unwrap();
            engine.renderer.everything();
            assert!(pages(&engine) == before, "other bytes after compaction {step} and a rebuild");
        }
    }
    assert!(held > 50, "only {held} entries in the base");
    poll_all(&engine).await;
    let before = pages(&engine);
    engine.close().await.unwrap();
    drop(engine);

    let backup = dir.path().join("backup");
    let (good, said) = dibao(&path, &["backup", backup.to_str().unwrap()]).await;
    assert!(good && said.contains("backed up"), "{said}");
    let elsewhere = tempfile::tempdir().unwrap();
    let other = config_in(elsewhere.path(), &sources);
    let (good, said) = dibao(&other, &["restore", backup.to_str().unwrap()]).await;
    assert!(good && said.starts_with("restored: "), "{said}");
    let engine = open(&other).await;
    assert!(pages(&engine) == before, "other bytes from a restored backup");
    engine.close().await.unwrap();
    let (good, said) = dibao(&other, &["restore", backup.to_str().unwrap()]).await;
    assert!(!good && said.contains("has a journal"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_daemon_is_backed_up_and_not_restored_into() {
    let (_publisher, sources) = world().await;
    let dir = tempfile::tempdir().unwrap();
    let path = config_in(dir.path(), &sources);
    let (stop, stopped) = oneshot::channel::<()>();
    let (up, ready) = oneshot::channel();
    let config = load(&path);
    let shutdown = async { drop(stopped.await) };
    let reported = |address| up.send(address).unwrap();
    let daemon =
        tokio::spawn(run::run(config, Arc::new(SystemClock), reported, shutdown, None, mpsc::channel(1).1));
    ready.await.unwrap();
    let (good, said) = dibao(&path, &["poll", "--all"]).await;
    // One of the world's sources always fails.
    assert!(!good && said.contains("new entries"), "{said}");
    let (_, before) = dibao(&path, &["entries", "--json"]).await;
    let (good, said) = dibao(&path, &["compact"]).await;
    assert!(good && said.starts_with("compacted: a base of "), "{said}");
    assert_eq!(dibao(&path, &["entries", "--json"]).await.1, before);
    // The base rots on the disk. The store still has all of it.
    let base = fs::read_dir(dir.path().join("state/journal")).unwrap().map(|entry| entry.unwrap().path());
    let base = base.filter(|path| path.extension().is_some_and(|ending| ending == "zst")).min().unwrap();
    let mut bytes = fs::read(&base).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&base, bytes).unwrap();
    let backup = dir.path().join("backup");
    let (good, said) = dibao(&path, &["backup", backup.to_str().unwrap()]).await;
    assert!(good && said.contains("backed up"), "{said}");
    let (good, said) = dibao(&path, &["backup", backup.to_str().unwrap()]).await;
    assert!(!good && said.contains("is not empty"), "{said}");
    let (good, said) = dibao(&path, &["restore", backup.to_str().unwrap()]).await;
    assert!(!good && said.contains("stop it first"), "{said}");
    let (_, live) = dibao(&path, &["entries", "--json"]).await;
    stop.send(()).unwrap();
    daemon.await.unwrap().unwrap();

    let elsewhere = tempfile::tempdir().unwrap();
    let other = config_in(elsewhere.path(), &sources);
    let (good, said) = dibao(&other, &["restore", backup.to_str().unwrap()]).await;
    assert!(good, "{said}");
    let (_, restored) = dibao(&other, &["entries", "--json"]).await;
    assert!(!live.is_empty() && restored == live);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_is_only_rehearsed_says_that_the_journal_is_damaged_and_a_real_one_heals_it() {
    let (_publisher, sources) = world().await;
    let dir = tempfile::tempdir().unwrap();
    let path = config_in(dir.path(), &sources);
    let engine = open(&path).await;
    poll_all(&engine).await;
    close(engine).await;
    let (_, before) = dibao(&path, &["entries", "--json"]).await;
    let rehearsed = || dibao(&path, &["rebuild", "--dry-run"]);
    let (good, said) = rehearsed().await;
    assert!(good && said.starts_with("0 of ") && said.lines().count() == 1, "{said}");

    let segment = last_segment(dir.path());
    flip(&segment, |len| len / 2);
    let bytes = fs::read(&segment).unwrap();
    let (good, said) = rehearsed().await;
    let told = said.lines().filter(|line| line.starts_with("dibao: the journal is damaged: "));
    assert!(good && told.count() == 1 && said.contains("not there"), "{said}");
    assert!(fs::read(&segment).unwrap() == bytes, "nothing is changed");

    let (good, said) = dibao(&path, &["rebuild"]).await;
    assert!(good, "{said}");
    let (good, said) = rehearsed().await;
    assert!(good && said.starts_with("0 of ") && said.lines().count() == 1, "{said}");
    assert_eq!(dibao(&path, &["entries", "--json"]).await.1, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrub_tells_a_sound_state_from_a_damaged_journal_and_gives_that_a_new_base() {
    let (publisher, sources) = world().await;
    let dir = tempfile::tempdir().unwrap();
    let path = config_in(dir.path(), &sources);
    let scrub = || dibao(&path, &["check", "--store"]);
    type Place = fn(usize) -> usize;
    let cases: [(&str, Place); 3] = [
        ("the checksum that the store ends with", |_| 1),
        ("the middle of the base", |len| len / 2),
        ("the first frame of the base", |len| len - 20),
    ];
    for (name, back) in cases {
        let engine = open(&path).await;
        if name.contains("store") {
            poll_all(&engine).await;
            publisher.advance();
        }
        close(engine).await;
        let (good, said) = scrub().await;
        let is_sound =
            |said: &str| said.starts_with("the store is sound (") && said.ends_with("the journal is sound\n");
        assert!(good && is_sound(&said), "{name}: {said}");
        let (_, before) = dibao(&path, &["entries", "--json"]).await;
        assert!(before.lines().count() > 50, "{before}");

        flip(&last_segment(dir.path()), back);
        let (good, said) = scrub().await;
        assert!(
            !good && said.ends_with("the journal was damaged, and got a new base from the store\n"),
            "{name}: {said}"
        );
        let (good, said) = scrub().await;
        assert!(good && is_sound(&said), "{name}: {said}");
        fs::remove_dir_all(dir.path().join("state/store")).unwrap();
        let (_, after) = dibao(&path, &["entries", "--json"]).await;
        assert!(after.starts_with(&before), "{name}: the new base lacks something: {after}");
    }
}
