//! The log of the running program: level, format and priorities, and their change by a reload.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use dibao::demo::script::{Reply, Script};
use dibao::fetch::socket;
use serde_json::Value;

use crate::support::{Desk, source, spawn};

/// How long anything may be waited for. It comes within a second; on the slowest machine the test still ends.
const LONGEST: Duration = Duration::from_secs(60);

struct Running {
    desk: Desk,
    sources: String,
    log: PathBuf,
    process: Child,
}

impl Running {
    /// Starts the daemon. If `as_journal`, it finds that its stderr is the journal of systemd.
    async fn start(sources: String, log: &str, as_journal: bool, environment: &[(&str, &str)]) -> Self {
        let desk = Desk::new(&format!("{sources}[log]\n{log}"));
        let path = desk.dir.path().join("log");
        let file = File::options().create(true).append(true).open(&path).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_dibao"));
        command
            .args(["run", "--config"])
            .arg(desk.path())
            .env_remove("RUST_LOG")
            .env_remove("JOURNAL_STREAM");
        command.envs(environment.iter().copied());
        if as_journal {
            let meta = file.metadata().unwrap();
            command.env("JOURNAL_STREAM", format!("{}:{}", meta.dev(), meta.ino()));
        }
        let process = spawn(command.stderr(file));
        let running = Self { desk, sources, log: path, process };
        let socket = running.socket();
        let waiting = async {
            while std::os::unix::net::UnixStream::connect(&socket).is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(LONGEST, waiting).await.expect("it starts");
        running
    }

    fn socket(&self) -> PathBuf {
        self.desk.dir.path().join("state/admin.sock")
    }

    async fn ask(&self, request: &str) {
        let ignore = &mut |_: &[u8]| {};
        socket::post_lines(&self.socket(), request.to_owned(), ignore).await.unwrap();
    }

    async fn reload(&self, log: &str) {
        self.desk.set_sources(&format!("{}[log]\n{log}", self.sources));
        self.ask(r#"{"command":"reload"}"#).await;
    }

    /// Polls by hand, and returns the lines of the log since the last call.
    async fn lines_of_a_poll(&self) -> Vec<String> {
        self.ask(r#"{"command":"poll","sources":["a"]}"#).await;
        let text = fs::read_to_string(&self.log).unwrap();
        File::options().write(true).open(&self.log).unwrap().set_len(0).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn publisher() -> (Script, String) {
    let script = Script::start().await.unwrap();
    let feed = b"<rss version=\"2.0\"><channel><title>x</title></channel></rss>";
    script.on("/a", [Reply::of(200, &[], feed)]);
    script.on("/b", [Reply::of(500, &[], b"")]);
    let table = source("a", &script.url("/a"), "henan");
    (script, table)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_changes_level_and_format() {
    let (_script, sources) = publisher().await;
    let running = Running::start(sources, "level = \"warn\"\n", false, &[]).await;
    assert_eq!(running.lines_of_a_poll().await, [""; 0], "nothing to warn of");

    running.reload("level = \"info\"\n").await;
    let lines = running.lines_of_a_poll().await;
    let of_poll = lines.iter().find(|line| line.contains(" INFO unchanged ")).expect("a poll by hand");
    assert!(of_poll.contains(" source.id=a outcome=unchanged elapsed_ms="), "{of_poll}");
    assert!(of_poll.contains(" by_hand=true") && of_poll.starts_with("20"), "{of_poll}");

    running.reload("level = \"info\"\nformat = \"json\"\n").await;
    running.lines_of_a_poll().await;
    let lines = running.lines_of_a_poll().await;
    let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of_poll = lines.iter().find(|line| line["source.id"] == "a").expect("a poll by hand");
    assert_eq!(
        (&of_poll["level"], &of_poll["by_hand"]),
        (&Value::from("info"), &Value::from(true)),
        "{of_poll}"
    );
    assert!(of_poll["time"].is_string(), "{of_poll}");

    running.reload("level = \"off\"\n").await;
    running.lines_of_a_poll().await;
    assert_eq!(running.lines_of_a_poll().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_systemd_lines_begin_with_their_priority_and_have_no_time() {
    let (script, sources) = publisher().await;
    let sources = sources.replace(&script.url("/a"), &script.url("/b"));
    let running = Running::start(sources, "", true, &[]).await;
    let lines = running.lines_of_a_poll().await;
    assert!(lines.iter().any(|line| line.starts_with("<6> INFO listening address=")), "{lines:?}");
    let warned = lines.iter().filter(|line| line.starts_with("<4> WARN ")).collect::<Vec<_>>();
    assert!(
        matches!(warned[..], [line] if line.contains("WARN failed: status 500")),
        "one line a failure: {lines:?}"
    );
    assert!(lines.iter().all(|line| line.starts_with('<')), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rust_log_wins_over_the_configuration() {
    let (_script, sources) = publisher().await;
    let running = Running::start(sources, "level = \"info\"\n", false, &[("RUST_LOG", "error")]).await;
    running.reload("level = \"debug\"\n").await;
    assert_eq!(running.lines_of_a_poll().await, [""; 0]);
}
