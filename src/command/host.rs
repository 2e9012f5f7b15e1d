//! The side that answers a request: the running daemon, or an engine that is opened for this one request. Sends rows to
//! whoever asked; must not print.

use std::marker::PhantomData;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc::Sender;

use super::{Command, Request, Row};
use crate::daemon::engine::Engine;
use crate::daemon::recorder::RecordError;
use crate::daemon::reload::Daemon;
use crate::daemon::worker::PollError;
use crate::ledger::store::StoreError;
use crate::serve::admin::{AnswerLine, Answering, Commander};

/// The process that answers.
#[derive(Clone)]
pub enum Host {
    /// The daemon that runs.
    Daemon(Arc<Daemon>),
    /// An engine that is opened for one request, because no daemon runs.
    Engine(Arc<Engine>),
}

/// The reason why a request is not carried out, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The client has left.
    #[error("nobody listens any more")]
    Left,
    /// The request cannot be met. The text says why, for people.
    #[error("{0}")]
    No(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Poll(#[from] PollError),
    #[error("it ended in a panic: {0}")]
    Panic(#[from] tokio::task::JoinError),
}

/// The end of a request that was carried out: a sentence for people, and true if all went well.
pub struct Done {
    pub summary: Option<String>,
    pub good: bool,
}

impl Done {
    pub(super) fn silently() -> Self {
        Self { summary: None, good: true }
    }

    pub(super) fn saying(summary: String) -> Self {
        Self { summary: Some(summary), good: true }
    }
}

pub struct Rows<R> {
    lines: Sender<AnswerLine>,
    row: PhantomData<fn(R)>,
}

impl<R: Row> Rows<R> {
    pub async fn send(&self, row: R) -> Result<(), Stop> {
        self.lines.send(line(&row)).await.map_err(|_| Stop::Left)
    }

    /// Sends a row from a blocking thread.
    pub fn put(&self, row: R) -> Result<(), Stop> {
        self.lines.blocking_send(line(&row)).map_err(|_| Stop::Left)
    }
}

fn line(row: &impl Row) -> AnswerLine {
    AnswerLine::Row(serde_json::to_value(row).expect("a row is plain JSON"))
}

impl Host {
    pub fn engine(&self) -> Arc<Engine> {
        match self {
            Self::Daemon(daemon) => daemon.engine(),
            Self::Engine(engine) => Arc::clone(engine),
        }
    }

    /// Runs work that may block on a thread for that.
    pub(super) async fn blocking<T, F>(&self, work: F) -> Result<T, Stop>
    where
        F: FnOnce(&Engine) -> Result<T, Stop> + Send + 'static,
        T: Send + 'static,
    {
        let engine = self.engine();
        tokio::task::spawn_blocking(move || work(&engine)).await?
    }

    /// Answers a request. The last line is `Done` or `Failed`. Ends early when nobody listens any more.
    pub async fn answer<R: Request>(self, request: R, lines: Sender<AnswerLine>) {
        let rows = Rows { lines: lines.clone(), row: PhantomData };
        let last = match request.answer(&self, rows).await {
            Ok(Done { summary, good }) => {
                AnswerLine::Done { summary, good, running: Some(self.engine().running()) }
            }
            Err(Stop::Left) => return,
            Err(stop) => AnswerLine::Failed(stop.to_string()),
        };
        // The client may have left at the last moment.
        let _ = lines.send(last).await;
    }
}

impl Commander for Daemon {
    fn answer(self: Arc<Self>, request: Value, lines: Sender<AnswerLine>) -> Result<Answering, String> {
        Command::answer(request, Host::Daemon(self), lines)
    }
}
