//! The admin socket: requests in, rows out, as NDJSON over HTTP on a Unix socket. Its mode (0600) is the only access
//! control: a user who can open the socket can command. Knows no single command.
//!
//! `curl --unix-socket admin.sock -d '{"command":"sources"}' http://dibao/` works too.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Json, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::model::time::Time;

/// Maximum of rows that wait for a slow client; then the command waits too.
const BACKLOG: usize = 256;

/// The configuration that a daemon uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigInUse {
    /// Hash of its files.
    pub digest: String,
    pub since: Time,
}

/// One line of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Line {
    Row(Value),
    /// The command was carried out.
    Done {
        /// A sentence for people.
        summary: Option<String>,
        /// True if all went well.
        good: bool,
        /// The configuration under which the command was carried out.
        #[serde(default)]
        running: Option<ConfigInUse>,
    },
    /// The command could not be carried out.
    Failed(String),
}

/// Work that sends the lines of an answer; the last one is `Done` or `Failed`. Ends early when nobody listens any more.
pub type Answering = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The part that answers requests.
pub trait Commander: Send + Sync + 'static {
    /// Makes the answer; whoever calls must run it. A request is an object with the name of the command as its field `command`.
    ///
    /// # Errors
    /// When there is no such command, or it has other arguments: a sentence that says so.
    fn answer(self: Arc<Self>, request: Value, lines: mpsc::Sender<Line>) -> Result<Answering, String>;
}

/// The routes of the admin socket.
pub fn admin(commander: Arc<dyn Commander>) -> Router {
    Router::new().route("/", post(execute)).with_state(commander)
}

async fn execute(State(commander): State<Arc<dyn Commander>>, Json(request): Json<Value>) -> Response {
    let (lines, answer) = mpsc::channel(BACKLOG);
    match commander.answer(request, lines) {
        Ok(answering) => drop(tokio::spawn(answering)),
        Err(why) => return (StatusCode::UNPROCESSABLE_ENTITY, why + "\n").into_response(),
    }
    let stream = futures_util::stream::unfold(answer, |mut answer| async move {
        let line = answer.recv().await?;
        let mut text = serde_json::to_vec(&line).expect("a line is plain JSON");
        text.push(b'\n');
        Some((Ok::<_, Infallible>(Bytes::from(text)), answer))
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(stream)).into_response()
}
