//! The commands that work with or without a daemon: asked of the running one over its admin socket, or
//! carried out here on the state directory.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::{BAD_CONFIG, block_on, exit, owner, start_logging, table};
use crate::config::Config;
use crate::daemon::clock::SystemClock;
use crate::daemon::engine::Engine;
use crate::fetch::socket;
use crate::serve::admin::{Command, Commander, Line, Running};

/// Rows on their way from the command to the terminal.
const BACKLOG: usize = 256;

pub(super) fn ask(config: Arc<Config>, command: Command, json: bool) -> ExitCode {
    start_logging("warn");
    let is_running = match is_running(&config) {
        Ok(is_running) => is_running,
        Err(why) => return exit(Err::<bool, _>(why)),
    };
    if !is_running && matches!(command, Command::Poll { .. }) && !config.unread.is_empty() {
        config.unread.iter().for_each(|secret| eprintln!("{secret}"));
        return ExitCode::from(BAD_CONFIG);
    }
    let mut printer = Printer { command: command.clone(), json, rows: Vec::new(), good: None, running: None };
    let file = config.digest.clone();
    let work = async {
        if is_running {
            remote(&config, &command, &mut printer).await
        } else {
            local(config, command, &mut |line| printer.line(line)).await
        }
    };
    let answered = block_on(work).map_err(anyhow::Error::from).flatten();
    exit(answered.and_then(|()| printer.finish(&file)))
}

/// The exit code of `dibao status` where nothing is served.
const DOWN: u8 = 2;

/// A daemon that does not say how it is within this time hangs.
const SOON: Duration = Duration::from_secs(10);

/// `dibao status`: asks the daemon, and nobody else. What the state directory would say without one is no answer.
pub(super) fn status(config: Arc<Config>, json: bool) -> ExitCode {
    let command = Command::Status;
    let mut printer = Printer { command, json, rows: Vec::new(), good: None, running: None };
    let answered = told(&config, &mut |line| printer.line(line));
    match answered.and_then(|()| printer.finish(&config.digest)) {
        Ok(good) => exit(Ok::<_, anyhow::Error>(good)),
        Err(error) => {
            let why = error.to_string();
            match json {
                true => println!("{}", serde_json::json!({ "health": "down", "trouble": [why] })),
                false => println!("down: {why}"),
            }
            ExitCode::from(DOWN)
        }
    }
}

/// `dibao health`.
pub(super) fn health(config: &Config) -> ExitCode {
    let mut status = serde_json::Value::Null;
    let mut take = |line| {
        match line {
            Line::Row(row) => status = row,
            Line::Done { .. } => {}
            Line::Failed(why) => anyhow::bail!(why),
        }
        Ok(())
    };
    let answered = told(config, &mut take);
    let why = status["trouble"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
    match answered {
        Ok(()) if status["health"] == "well" => println!("well"),
        Ok(()) => println!("degraded: {}", why.collect::<Vec<_>>().join("; ")),
        Err(error) => println!("down: {error}"),
    }
    if status["health"] == "well" { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Asks the daemon how it is.
fn told(config: &Config, each: &mut (dyn FnMut(Line) -> anyhow::Result<()> + Send)) -> anyhow::Result<()> {
    let asked = async {
        let is_running = is_running(config).map_err(anyhow::Error::msg)?;
        anyhow::ensure!(is_running, "no daemon answers at {}", config.server.admin_socket.display());
        let answer = tokio::time::timeout(SOON, lines(config, &Command::Status, each)).await;
        answer.map_err(|_| anyhow::anyhow!("the daemon does not answer within {} s", SOON.as_secs()))?
    };
    block_on(asked).map_err(anyhow::Error::from).flatten()
}

/// `dibao reload`.
pub(super) fn reload(config: Arc<Config>) -> ExitCode {
    match is_running(&config) {
        Ok(true) => ask(config, Command::Reload, false),
        Ok(false) => exit(Err::<bool, _>("no daemon is running; the next one reads the configuration")),
        Err(why) => exit(Err::<bool, _>(why)),
    }
}

/// True if a daemon answers on the admin socket. Without one, the command may open the state directory itself.
///
/// # Errors
/// When this user may do neither: the message says who may.
pub(super) fn is_running(config: &Config) -> Result<bool, String> {
    match UnixStream::connect(&config.server.admin_socket) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(owner::refusal(&config.state_dir).unwrap_or_else(|| {
                format!("cannot open the admin socket {}: {error}", config.server.admin_socket.display())
            }))
        }
        Err(_) => owner::refusal(&config.state_dir).map_or(Ok(false), Err),
    }
}

async fn remote(config: &Config, command: &Command, printer: &mut Printer) -> anyhow::Result<()> {
    lines(config, command, &mut |line| printer.line(line)).await
}

/// The rows of a running daemon's answer.
pub(super) async fn rows(
    config: &Config,
    command: &Command,
    each: &mut (dyn FnMut(serde_json::Value) + Send),
) -> anyhow::Result<()> {
    let mut take = |line| {
        match line {
            Line::Row(row) => each(row),
            Line::Done { .. } => {}
            Line::Failed(why) => anyhow::bail!(why),
        }
        Ok(())
    };
    lines(config, command, &mut take).await
}

/// The rows of an answer, whoever gives it.
pub(super) async fn gather(config: Arc<Config>, command: Command) -> anyhow::Result<Vec<serde_json::Value>> {
    let mut gathered = Vec::new();
    if is_running(&config).map_err(anyhow::Error::msg)? {
        rows(&config, &command, &mut |row| gathered.push(row)).await?;
        return Ok(gathered);
    }
    let mut take = |line| {
        match line {
            Line::Row(row) => gathered.push(row),
            Line::Done { .. } => {}
            Line::Failed(why) => anyhow::bail!(why),
        }
        Ok(())
    };
    local(config, command, &mut take).await?;
    Ok(gathered)
}

async fn lines(
    config: &Config,
    command: &Command,
    each: &mut (dyn FnMut(Line) -> anyhow::Result<()> + Send),
) -> anyhow::Result<()> {
    let mut failed = None;
    let json = serde_json::to_string(command)?;
    let mut read = |line: &[u8]| {
        if failed.is_none() {
            failed = serde_json::from_slice(line).map_err(anyhow::Error::from).and_then(&mut *each).err();
        }
    };
    socket::post_lines(&config.server.admin_socket, json, &mut read).await?;
    failed.map_or(Ok(()), Err)
}

async fn local(
    config: Arc<Config>,
    command: Command,
    each: &mut dyn FnMut(Line) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (engine, notes) = Engine::open(config, Arc::new(SystemClock)).await?;
    notes.warnings().iter().for_each(|line| eprintln!("dibao: {line}"));
    let (lines, mut answer) = mpsc::channel(BACKLOG);
    let work = tokio::spawn(engine.clone().execute(command, lines));
    let mut failed = None;
    while let Some(line) = answer.recv().await {
        if let Err(error) = each(line) {
            failed = Some(error);
            break;
        }
    }
    drop(answer);
    // Even when the terminal went away, what was learned is kept.
    work.await?;
    engine.close().await?;
    failed.map_or(Ok(()), Err)
}

/// Prints rows: at once as JSON, or gathered as a table.
struct Printer {
    command: Command,
    json: bool,
    rows: Vec<serde_json::Value>,
    good: Option<bool>,
    /// The configuration that the daemon runs, if one answered.
    running: Option<Running>,
}

impl Printer {
    fn line(&mut self, line: Line) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        match line {
            Line::Row(row) if self.json => writeln!(out, "{row}")?,
            Line::Row(row) => match table::streamed(&self.command, &row) {
                Some(text) => writeln!(out, "{text}")?,
                None => self.rows.push(row),
            },
            Line::Done { summary, good, running } => {
                self.good = Some(good);
                self.running = running;
                if !self.json {
                    write!(out, "{}", table::table(&self.command, &self.rows))?;
                }
                if let Some(summary) = summary {
                    // With --json, stdout is rows only.
                    if self.json { eprintln!("{summary}") } else { writeln!(out, "{summary}")? }
                }
            }
            Line::Failed(why) => anyhow::bail!(why),
        }
        Ok(())
    }

    /// `file` is the digest of the configuration as it stands in its files.
    fn finish(self, file: &str) -> anyhow::Result<bool> {
        if let Some(running) = self.running.filter(|running| running.digest != file) {
            eprintln!(
                "dibao: the configuration has changed: the daemon runs the one it read at {}; `dibao reload` takes \
                 the change",
                running.since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            );
        }
        self.good.ok_or_else(|| anyhow::anyhow!("the answer ended in the middle"))
    }
}
