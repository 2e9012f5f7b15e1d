//! The configuration changes while the daemon runs: the real daemon, its admin socket and its listener.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use dibao::config::{self, Env};
use dibao::daemon::clock::SystemClock;
use dibao::daemon::run;
use dibao::demo::script::{Reply, Script};
use dibao::fetch::socket;
use dibao::serve::admin::AnswerLine;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::support::{no_child_is_starting, spawn};

/// How long anything may be waited for. It comes within a second; on the slowest machine the test still ends.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);

/// A daemon on a directory of its own, and the file that it is configured by.
pub(crate) struct Desk {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) script: Script,
}

pub(crate) struct Running {
    pub(crate) at: SocketAddr,
    stop: oneshot::Sender<()>,
    daemon: JoinHandle<()>,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let desk = Self { dir: tempfile::tempdir().unwrap(), script: Script::start().await.unwrap() };
        for (path, title) in [("/a", "郑州地铁新线开工"), ("/b", "洛阳牡丹文化节闭幕")] {
            let text = format!(
                "<rss version=\"2.0\"><channel><title>报{path}</title><item><guid isPermaLink=\"false\">1</guid>\
                 <title>{title}</title><link>http://paper.example{path}</link></item></channel></rss>"
            );
            let kind = "Content-Type: application/rss+xml; charset=utf-8";
            desk.script.on(path, [Reply::of(200, &[kind], text.as_bytes())]);
        }
        desk
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("dibao.toml")
    }

    /// Writes the configuration with these tables behind the common ones.
    pub(crate) fn write(&self, listen: &str, tables: &str) {
        let text = format!(
            "[server]\nlisten = \"{listen}\"\npublic_url = \"http://news.example\"\n[state]\ndir = \"state\"\n\
             [polling]\nschedule = \"0 0 1 1 *\"\njitter = \"0s\"\nhost_delay = \"0s\"\n\
             allow_networks = [\"127.0.0.0/8\"]\n{tables}"
        );
        fs::write(self.path(), text).unwrap();
    }

    pub(crate) fn source(&self, id: &str) -> String {
        let url = self.script.url(&format!("/{id}"));
        format!("[[source]]\nid = \"{id}\"\nurl = \"{url}\"\nregion = \"henan\"\n")
    }

    /// How often its publisher was asked for a feed.
    fn polls(&self, path: &str) -> usize {
        self.script.seen().iter().filter(|seen| seen.path == path).count()
    }

    pub(crate) async fn start(&self) -> Running {
        let path = self.path();
        let load = move || config::load(&path, &Env::default());
        let config = Arc::new(load().unwrap_or_else(|faults| panic!("{faults}")));
        let (stop, stopped) = oneshot::channel::<()>();
        let (up, address) = oneshot::channel();
        no_child_is_starting();
        let daemon = tokio::spawn(async move {
            let shutdown = async { stopped.await.unwrap_or(()) };
            let ready = |at| up.send(at).unwrap();
            let (_ask, asked) = mpsc::channel(1);
            run::run(config, Arc::new(SystemClock), ready, shutdown, Some(Box::new(load)), asked)
                .await
                .unwrap();
        });
        Running { at: address.await.unwrap(), stop, daemon }
    }

    /// The last line that a command is answered with, and the rows before it.
    pub(crate) async fn ask(&self, command: &str) -> (Vec<serde_json::Value>, AnswerLine) {
        self.ask_for(&serde_json::json!({ "command": command })).await
    }

    /// The same for a request with arguments.
    pub(crate) async fn ask_for(&self, request: &serde_json::Value) -> (Vec<serde_json::Value>, AnswerLine) {
        let mut lines = Vec::new();
        let mut take = |line: &[u8]| lines.push(serde_json::from_slice(line).unwrap());
        let socket = self.dir.path().join("state/admin.sock");
        socket::post_lines(&socket, request.to_string(), &mut take).await.unwrap();
        let last = lines.pop().unwrap();
        let row = |line| if let AnswerLine::Row(row) = line { Some(row) } else { None };
        (lines.into_iter().filter_map(row).collect(), last)
    }

    pub(crate) async fn reload(&self) -> Result<String, String> {
        match self.ask("reload").await.1 {
            AnswerLine::Done { summary, .. } => Ok(summary.unwrap()),
            AnswerLine::Failed(why) => Err(why),
            AnswerLine::Row(row) => panic!("{row}"),
        }
    }
}

impl Running {
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let answer = client.get(format!("http://{}{path}", self.at)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// The feed of Henan, once it has so many entries.
    pub(crate) async fn henan(&self, entries: usize) -> String {
        let waiting = async {
            loop {
                let (_, text) = self.get("/henan.atom").await;
                if text.matches("<entry>").count() == entries {
                    return text;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(LONGEST, waiting).await.expect("the entries come")
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.daemon.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_configuration_is_taken_and_nothing_is_polled_for_it() {
    let desk = Desk::new().await;
    let (a, b) = (desk.source("a"), desk.source("b"));
    desk.write("127.0.0.1:0", &a);
    let running = desk.start().await;
    let alone = running.henan(1).await;
    let polls = desk.polls("/a");

    assert_eq!(desk.reload().await.unwrap(), "nothing in the configuration has changed");
    desk.write("127.0.0.1:0", &format!("{a}{b}"));
    assert!(desk.reload().await.unwrap().contains("1 sources added, 0 removed, 0 changed"));
    let both = running.henan(2).await;
    assert_eq!(desk.polls("/b"), 1, "what is new is polled");

    desk.write("127.0.0.1:0", &b);
    assert!(desk.reload().await.unwrap().contains("0 sources added, 1 removed, 0 changed"));
    assert!(!running.henan(1).await.contains("郑州地铁"), "its entries leave at once");
    assert_eq!(running.get("/source/a.atom").await.0, 410);
    let (rows, _) = desk.ask("sources").await;
    assert_eq!(rows[1]["state"], "removed");

    desk.write("127.0.0.1:0", &format!("{a}{b}"));
    desk.reload().await.unwrap();
    assert_eq!(running.henan(2).await, both, "they come back unchanged");
    assert_eq!(running.get("/source/a.atom").await.0, 200);
    assert_ne!(alone, both);
    assert_eq!(desk.polls("/a"), polls, "it is not due for a year");

    // A region that the stored entries are told by: the store is built anew.
    desk.write("127.0.0.1:0", &format!("{}{b}", a.replace("henan", "hubei")));
    desk.reload().await.unwrap();
    assert!(running.henan(1).await.contains("洛阳"));
    assert!(running.get("/hubei.atom").await.1.contains("郑州地铁"), "it moved");
    assert_eq!(desk.polls("/a"), polls);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_with_another_id_is_the_same_source() {
    let desk = Desk::new().await;
    desk.write("127.0.0.1:0", &desk.source("a"));
    let running = desk.start().await;
    running.henan(1).await;
    desk.write(
        "127.0.0.1:0",
        &format!("{}was = [\"a\"]\n", desk.source("a").replace("id = \"a\"", "id = \"c\"")),
    );
    let told = desk.reload().await.unwrap();
    assert!(told.contains("0 sources added, 0 removed, 1 changed"), "{told}");
    assert_eq!(running.henan(1).await.matches("郑州地铁新线开工").count(), 1);
    assert_eq!(desk.polls("/a"), 1, "it is not due for a year");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_configuration_changes_nothing_and_every_fault_is_told() {
    let desk = Desk::new().await;
    desk.write("127.0.0.1:0", &desk.source("a"));
    let running = desk.start().await;
    let before = running.henan(1).await;
    desk.write("127.0.0.1:0", "[[source]]\nid = \"b\"\nurl = \"nowhere\"\nregion = \"atlantis\"\n");
    let why = desk.reload().await.unwrap_err();
    assert!(why.contains("nowhere") && why.contains("atlantis"), "{why}");
    assert_eq!(running.henan(1).await, before);

    desk.write("127.0.0.1:9", &format!("{}# another address", desk.source("a")));
    let told = desk.reload().await.unwrap();
    assert!(told.ends_with("server.listen changes with the next start"), "{told}");
    assert_eq!(running.henan(1).await, before, "it still listens where it did");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_tells_what_fails_and_since_when() {
    let desk = Desk::new().await;
    desk.script.on("/b", [Reply::of(500, &[], b"")]);
    desk.write("127.0.0.1:0", &format!("{}{}", desk.source("a"), desk.source("c")));
    let running = desk.start().await;
    running.henan(1).await;
    let status = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    // /c is not there at all.
    let waiting = async {
        loop {
            let (code, text) = running.get("/status.json").await;
            assert_eq!(code, 200);
            if status(&text)["sources"][0]["id"] == "c" {
                return status(&text);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let told = tokio::time::timeout(LONGEST, waiting).await.expect("it is polled");
    assert_eq!(told["health"], "degraded", "one of two fails: {told}");
    assert!(told["sources"][0]["since"].is_string() && told["sources"][0]["good"].is_null(), "{told}");
    assert_eq!(told["feeds"][0]["feed"], "henan");
    let (rows, last) = desk.ask("status").await;
    assert!(rows[0]["memory_octets"].as_u64().unwrap() > 0, "{rows:?}");
    assert!(matches!(last, AnswerLine::Done { good: false, .. }));

    desk.write("127.0.0.1:0", &desk.source("a"));
    desk.reload().await.unwrap();
    assert_eq!(status(&running.get("/status.json").await.1)["health"], "well");
    assert_eq!(running.get("/readyz").await, (200, "ready\n".to_owned()));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_reads_the_configuration_again_and_ends_nothing() {
    let desk = Desk::new().await;
    desk.write("127.0.0.1:0", &desk.source("a"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_dibao"));
    let mut process = spawn(command.args(["run", "--config"]).arg(desk.path()).stderr(Stdio::null()));
    let socket = desk.dir.path().join("state/admin.sock");
    let waiting = async {
        while !socket.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONGEST, waiting).await.expect("it starts");
    desk.write("127.0.0.1:0", &format!("{}{}", desk.source("a"), desk.source("b")));
    kill_process(Pid::from_child(&process), Signal::HUP).unwrap();
    let waiting = async {
        while desk.polls("/b") == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let polled = tokio::time::timeout(LONGEST, waiting).await;
    let ended = process.try_wait().unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(ended.is_none(), "it runs on");
    polled.expect("the new source is polled");
}
