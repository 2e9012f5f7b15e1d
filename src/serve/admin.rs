//! The admin socket: commands in, rows out, as NDJSON over HTTP on a Unix socket. Whoever may open the
//! socket may command; its mode (0600) is the only lock, and enough.
//!
//! `curl --unix-socket admin.sock -d '{"command":"sources"}' http://dibao/` works too.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Json, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::model::time::Time;

/// Rows that may wait for a slow client before the command waits for it.
const BACKLOG: usize = 256;

/// What can be asked of a running daemon, or of a state directory without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Command {
    /// Poll sources now. Ignores schedule and floor, never Retry-After or the host's limits.
    Poll {
        /// Which; empty for all.
        sources: Vec<String>,
    },
    /// How everything is.
    Status,
    /// Every source: its state, last poll and next.
    Sources,
    /// Every region, with its feeds.
    Regions,
    /// Stored entries, newest first.
    Entries {
        /// Of one region or feed (`henan`, `national`, `all`).
        region: Option<String>,
        /// Of one source.
        source: Option<String>,
        /// At most this many; `None` for all.
        limit: Option<usize>,
    },
    /// Read the configuration again, and go on under it if it is good.
    Reload,
    /// Build the store anew from the journal.
    Rebuild,
    /// Compact the journal and build the store anew now, worth it or not.
    Compact,
    /// Read store and journal through now, and put right what is damaged.
    Scrub,
    /// Make the journal durable, and say which files hold it.
    Backup {
        /// Write it a new base from the store before: a copy of it was damaged.
        #[serde(default)]
        heal: bool,
    },
    /// Why an entry is in its regions and its story, and where it came from.
    Explain {
        /// Its published id, or the address of its page.
        entry: String,
    },
    /// What a source's guids, links and dates are good for.
    ExplainSource {
        /// Its id.
        source: String,
    },
    /// Correct the regions of an entry.
    Assign {
        /// Its published id, or the address of its page.
        entry: String,
        /// Its regions; `national` for none, `auto` for those of its texts.
        regions: Vec<String>,
    },
    /// Take an entry out of all feeds, for good.
    Withdraw {
        /// Its published id, or the address of its page.
        entry: String,
    },
}

/// A configuration that is in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// A hash of the files it was read from.
    pub digest: String,
    /// Since when it is in use.
    pub since: Time,
}

/// One line of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Line {
    /// One row of the result.
    Row(Value),
    /// The command is over; a sentence that sums it up, if there is one, and whether all went well.
    Done {
        /// For people.
        summary: Option<String>,
        /// Whether all went well.
        good: bool,
        /// The configuration it was carried out under.
        #[serde(default)]
        running: Option<Running>,
    },
    /// The command could not be carried out.
    Failed(String),
}

/// Carries out commands.
pub trait Commander: Send + Sync + 'static {
    /// Carries one out; the last line is `Done` or `Failed`. Ends early when nobody listens any more.
    fn execute(
        self: Arc<Self>,
        command: Command,
        lines: mpsc::Sender<Line>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The routes of the admin socket.
pub fn admin(commander: Arc<dyn Commander>) -> Router {
    Router::new().route("/", post(execute)).with_state(commander)
}

async fn execute(State(commander): State<Arc<dyn Commander>>, Json(command): Json<Command>) -> Response {
    let (lines, answer) = mpsc::channel(BACKLOG);
    tokio::spawn(commander.execute(command, lines));
    let stream = futures_util::stream::unfold(answer, |mut answer| async move {
        let line = answer.recv().await?;
        let mut text = serde_json::to_vec(&line).expect("a line is plain JSON");
        text.push(b'\n');
        Some((Ok::<_, Infallible>(Bytes::from(text)), answer))
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(stream)).into_response()
}
