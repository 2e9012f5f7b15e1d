//! What the suites share: a state directory with a config, the ways to ask an engine, and children.

pub(crate) mod socks;

use std::path::PathBuf;
use std::process::{self, Child, Output, Stdio};
use std::sync::{Arc, Mutex};

use dibao::command::Request;
use dibao::command::entries::Entries;
use dibao::command::host::Host;
use dibao::command::poll::Poll;
use dibao::config::{self, Config, Env};
use dibao::daemon::clock::SystemClock;
use dibao::daemon::engine::Engine;
use dibao::serve::admin::AnswerLine;
use dibao::serve::{View, Views};
use serde_json::Value;
use tokio::sync::mpsc;

/// A state directory, and the config that goes with it. Nothing in it is due by itself.
pub(crate) struct Desk {
    pub(crate) dir: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new(sources: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let desk = Self { dir };
        desk.set_sources(sources);
        desk
    }

    pub(crate) fn set_sources(&self, sources: &str) {
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://news.example\"\n\
             [state]\ndir = \"state\"\n[publish]\nmax_age = \"none\"\n\
             [polling]\nschedule = \"0 0 1 1 *\"\njitter = \"0s\"\nallow_networks = [\"127.0.0.0/8\"]\n{sources}"
        );
        std::fs::write(self.path(), text).unwrap();
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("dibao.toml")
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::new(config::load(&self.path(), &Env::default()).unwrap_or_else(|faults| panic!("{faults}")))
    }

    pub(crate) async fn open(&self) -> Arc<Engine> {
        open(self.config()).await
    }
}

/// Opens an engine, though another test may be starting a child.
pub(crate) async fn open(config: Arc<Config>) -> Arc<Engine> {
    no_child_is_starting();
    Engine::open(config, Arc::new(SystemClock)).await.unwrap().0
}

/// Held while a child is being started. Between fork and exec the child has a copy of every file that this
/// process has open, and so holds the locks of all state directories, those of other tests too.
static STARTING: Mutex<()> = Mutex::new(());

/// Waits until no child holds a lock that this process has let go: a directory may then be opened again.
pub(crate) fn no_child_is_starting() {
    drop(STARTING.lock().unwrap());
}

/// Starts a child. It runs its own program when this returns.
pub(crate) fn spawn(command: &mut process::Command) -> Child {
    let starting = STARTING.lock().unwrap();
    let child = command.spawn();
    drop(starting);
    child.unwrap()
}

/// Runs a child to its end, with nothing to read.
pub(crate) fn output(command: &mut process::Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    spawn(command).wait_with_output().unwrap()
}

pub(crate) fn source(id: &str, url: &str, region: &str) -> String {
    format!("[[source]]\nid = \"{id}\"\nurl = \"{url}\"\nregion = \"{region}\"\n")
}

/// Has a request answered and returns its rows and last line.
pub(crate) async fn ask(engine: &Arc<Engine>, request: impl Request) -> (Vec<Value>, AnswerLine) {
    let (lines, mut answer) = mpsc::channel(16);
    let work = tokio::spawn(Host::Engine(Arc::clone(engine)).answer(request, lines));
    let (mut rows, mut last) = (Vec::new(), None);
    while let Some(line) = answer.recv().await {
        match line {
            AnswerLine::Row(row) => rows.push(row),
            other => last = Some(other),
        }
    }
    work.await.unwrap();
    (rows, last.unwrap())
}

pub(crate) async fn poll_all(engine: &Arc<Engine>) -> Vec<Value> {
    ask(engine, Poll::default()).await.0
}

pub(crate) async fn entries(engine: &Arc<Engine>, region: Option<&str>) -> Vec<Value> {
    let command = Entries { region: region.map(str::to_owned), ..Entries::default() };
    ask(engine, command).await.0
}

pub(crate) fn page(engine: &Engine, path: &str) -> Vec<u8> {
    match engine.renderer.view(path) {
        View::Page(page) => page.plain.to_vec(),
        other => panic!("{path}: {other:?}"),
    }
}

pub(crate) fn ids_in(atom: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(atom).unwrap();
    let doc = roxmltree::Document::parse(text).unwrap();
    let entries = doc.root_element().children().filter(|n| n.has_tag_name("entry"));
    let id =
        |n: roxmltree::Node<'_, '_>| n.children().find(|c| c.has_tag_name("id"))?.text().map(str::to_owned);
    entries.filter_map(id).collect()
}

/// The value without nulls and empty lists, so that a golden file shows what was read and nothing else.
pub(crate) fn bare(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let said = fields
                .into_iter()
                .filter(|(_, v)| !v.is_null() && v.as_array().is_none_or(|a| !a.is_empty()));
            Value::Object(said.map(|(k, v)| (k, bare(v))).collect())
        }
        Value::Array(all) => Value::Array(all.into_iter().map(bare).collect()),
        other => other,
    }
}
