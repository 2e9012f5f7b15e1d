//! The side that asks: over the admin socket if a daemon runs; else an engine opened here on the state directory. Prints
//! answers, or keeps them.

use crate::model::time::rfc3339;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use anyhow::Context;
use serde_json::Value;
use tokio::sync::mpsc;

use super::host::Host;
use super::progress::Progress;
use super::{BadConfig, Ended, Request, Row, Shown, owner, table};
use crate::config::Config;
use crate::daemon::clock::SystemClock;
use crate::daemon::engine::Engine;
use crate::fetch::socket;
use crate::serve::admin::{AnswerLine, ConfigInUse};

/// Maximum of rows between the command and the terminal.
const BACKLOG: usize = 256;

/// Takes one line of an answer.
type Each<'a> = &'a mut (dyn FnMut(AnswerLine) -> anyhow::Result<()> + Send);

pub(super) async fn show<R: Request>(config: &Arc<Config>, request: R, json: bool) -> anyhow::Result<Ended> {
    show_after(config, request, json, None).await
}

/// Like [`show`]. The progress leaves the terminal when the answer comes.
pub(super) async fn show_after<R: Request>(
    config: &Arc<Config>,
    request: R,
    json: bool,
    progress: Option<Progress>,
) -> anyhow::Result<Ended> {
    let is_running = is_running(config)?;
    if R::NEEDS_SECRETS && !is_running && !config.unread.is_empty() {
        let unread: Vec<String> = config.unread.iter().map(ToString::to_string).collect();
        return Err(BadConfig(unread.join("\n")).into());
    }
    let request = if json { request } else { request.for_people() };
    let mut printer = Printer::<R::Row> { json, progress, rows: Vec::new(), ending: None };
    ask(config, is_running, request, &mut |line| printer.line(line)).await?;
    let (good, running) = printer.ending.context("the answer ended in the middle")?;
    tell_of_another_configuration(config, running.as_ref());
    Ok(good.into())
}

/// An answer that is kept.
pub(super) struct Gathered<R> {
    pub(super) rows: Vec<R>,
    pub(super) good: bool,
    pub(super) running: Option<ConfigInUse>,
}

pub(super) async fn gather<R: Request>(config: &Arc<Config>, request: R) -> anyhow::Result<Gathered<R::Row>> {
    let is_running = is_running(config)?;
    collect(config, is_running, request).await
}

/// Asks the daemon and nobody else, and keeps the answer.
pub(super) async fn gather_from_daemon<R: Request>(
    config: &Arc<Config>,
    request: R,
) -> anyhow::Result<Gathered<R::Row>> {
    let socket = config.server.admin_socket.display();
    anyhow::ensure!(is_running(config)?, "no daemon answers at {socket}");
    collect(config, true, request).await
}

async fn collect<R: Request>(
    config: &Arc<Config>,
    is_running: bool,
    request: R,
) -> anyhow::Result<Gathered<R::Row>> {
    let (mut rows, mut ending) = (Vec::new(), None);
    let mut take = |line| {
        match line {
            AnswerLine::Row(row) => rows.push(typed(row)?),
            AnswerLine::Done { good, running, .. } => ending = Some((good, running)),
            AnswerLine::Failed(why) => anyhow::bail!(why),
        }
        Ok(())
    };
    ask(config, is_running, request, &mut take).await?;
    let (good, running) = ending.context("the answer ended in the middle")?;
    Ok(Gathered { rows, good, running })
}

fn typed<R: Row>(row: Value) -> anyhow::Result<R> {
    serde_json::from_value(row).context("the daemon answers as another version of dibao")
}

/// True if a daemon answers on the admin socket. Without one, the command may open the state directory itself.
/// Fails if this user may do neither: the message says who may.
pub(super) fn is_running(config: &Config) -> anyhow::Result<bool> {
    let refusal = || owner::refusal(&config.state_dir);
    match UnixStream::connect(&config.server.admin_socket) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let socket = config.server.admin_socket.display();
            let cannot = || format!("cannot open the admin socket {socket}: {error}");
            Err(anyhow::Error::msg(refusal().unwrap_or_else(cannot)))
        }
        Err(_) => refusal().map_or(Ok(false), |why| Err(anyhow::Error::msg(why))),
    }
}

async fn ask<R: Request>(
    config: &Arc<Config>,
    is_running: bool,
    request: R,
    each: Each<'_>,
) -> anyhow::Result<()> {
    if is_running { remote(config, &request, each).await } else { local(config, request, each).await }
}

async fn remote<R: Request>(config: &Config, request: &R, each: Each<'_>) -> anyhow::Result<()> {
    let mut json = serde_json::to_value(request)?;
    json["command"] = R::NAME.into();
    let mut failed = None;
    let mut read = |line: &[u8]| {
        if failed.is_none() {
            failed = serde_json::from_slice(line).map_err(anyhow::Error::from).and_then(&mut *each).err();
        }
    };
    socket::post_lines(&config.server.admin_socket, json.to_string(), &mut read).await?;
    failed.map_or(Ok(()), Err)
}

async fn local<R: Request>(config: &Arc<Config>, request: R, each: Each<'_>) -> anyhow::Result<()> {
    let (engine, notes) = Engine::open(Arc::clone(config), Arc::new(SystemClock)).await?;
    notes.warnings().iter().for_each(|line| eprintln!("dibao: {line}"));
    let (lines, mut answer) = mpsc::channel(BACKLOG);
    let work = tokio::spawn(Host::Engine(Arc::clone(&engine)).answer(request, lines));
    let mut failed = None;
    while let Some(line) = answer.recv().await {
        if let Err(error) = each(line) {
            failed = Some(error);
            break;
        }
    }
    drop(answer);
    // A poll keeps the entries it found, even when the terminal went away.
    work.await?;
    engine.close().await?;
    failed.map_or(Ok(()), Err)
}

/// Says so if the daemon runs another configuration than the one in the files.
pub(super) fn tell_of_another_configuration(config: &Config, running: Option<&ConfigInUse>) {
    if let Some(running) = running.filter(|running| running.digest != config.digest) {
        eprintln!(
            "dibao: the configuration has changed: the daemon runs the one it read at {}; `dibao reload` takes \
             the change",
            rfc3339(running.since)
        );
    }
}

/// Prints rows: at once as JSON, or gathered as a table.
struct Printer<R> {
    json: bool,
    progress: Option<Progress>,
    rows: Vec<R>,
    /// True if all went well, and the configuration that the command was carried out under.
    ending: Option<(bool, Option<ConfigInUse>)>,
}

impl<R: Row> Printer<R> {
    fn line(&mut self, line: AnswerLine) -> anyhow::Result<()> {
        self.progress = None;
        let mut out = io::stdout().lock();
        match line {
            AnswerLine::Row(row) if self.json => writeln!(out, "{row}")?,
            AnswerLine::Row(row) => {
                let row = typed(row)?;
                match R::SHOWN {
                    Shown::Text(text) => writeln!(out, "{}", text(&row))?,
                    Shown::Table(_) | Shown::Never => self.rows.push(row),
                }
            }
            AnswerLine::Done { summary, good, running } => {
                self.ending = Some((good, running));
                if !self.json {
                    write!(out, "{}", table::of_answer(&self.rows))?;
                }
                if let Some(summary) = summary {
                    // With --json, stdout is rows only.
                    if self.json { eprintln!("{summary}") } else { writeln!(out, "{summary}")? }
                }
            }
            AnswerLine::Failed(why) => anyhow::bail!(why),
        }
        Ok(())
    }
}
