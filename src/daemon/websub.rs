//! WebSub: tells the hub which feeds have changed (W3C Recommendation, section 7), so that its subscribers need not
//! poll. One request at a time. A feed that changes twice meanwhile is sent once. A hub that is down is tried
//! again with backoff, and its `Retry-After` is obeyed.

mod queue;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::clock::Clock;
use super::renderer::{Renderer, Version};
use crate::decide::freshness;
use crate::decide::poll::LONGEST_RETRY_AFTER;
use crate::fetch::Fetcher;
use crate::model::exchange::{FetchFault, ResponseHead};
use crate::serve::{View, Views};
use crate::views::formats;
use queue::PingQueue;

pub struct Pinger {
    pub hub: String,
    pub public_url: String,
    pub fetcher: Fetcher,
    /// For `Retry-After` with a date.
    pub clock: Arc<dyn Clock>,
    /// Delay after the first failure; doubles after each further one.
    pub backoff: Duration,
}

#[derive(Debug, PartialEq, Eq)]
enum PingResult {
    Yes,
    /// The hub refuses the feed. A retry would change nothing.
    Refused(u16),
    Later(String),
}

/// A pinger with the digests of the feeds at its start.
pub struct Watching {
    pinger: Pinger,
    renderer: Arc<Renderer>,
    queue: PingQueue,
    versions: Versions,
}

impl Pinger {
    /// Reads the current feeds as the baseline: a change while the daemon was down is sent with the next change, or a
    /// restart would send every feed.
    pub async fn watch(self, renderer: Arc<Renderer>) -> Watching {
        let mut versions = Versions::new();
        let feeds = look(&renderer, &mut versions).await;
        Watching { pinger: self, renderer, queue: PingQueue::knowing(feeds), versions }
    }

    /// Tells of one feed. The second value is the wait that the hub asks for.
    async fn ping(&self, path: &str) -> (PingResult, Duration) {
        let topic = format!("{}/{path}", self.public_url);
        let form = [("hub.mode", "publish"), ("hub.url", topic.as_str())];
        let none = Duration::ZERO;
        match self.fetcher.post_form(&self.hub, &form).await {
            // With a success Retry-After has no meaning.
            Ok(head) if (200..300).contains(&head.status) => (PingResult::Yes, none),
            // 408, 429 and every 5xx are temporary.
            Ok(head) if (400..500).contains(&head.status) && !matches!(head.status, 408 | 429) => {
                (PingResult::Refused(head.status), self.asked_to_wait(&head))
            }
            Ok(head) => {
                (PingResult::Later(format!("it answered {}", head.status)), self.asked_to_wait(&head))
            }
            Err(fault @ (FetchFault::BadUrl { .. } | FetchFault::AddressRefused { .. })) => {
                (PingResult::Later(format!("{fault}; check publish.websub_hub")), none)
            }
            Err(fault @ FetchFault::Held { wait, .. }) => (PingResult::Later(fault.to_string()), wait),
            Err(fault) => (PingResult::Later(fault.to_string()), none),
        }
    }

    fn asked_to_wait(&self, head: &ResponseHead) -> Duration {
        let now = self.clock.now();
        let asked = head.retry_after.as_deref();
        let until = asked
            .and_then(|value| freshness::retry_after(value, head.date.as_deref(), now, LONGEST_RETRY_AFTER));
        until.and_then(|until| (until - now).to_std().ok()).unwrap_or_default()
    }
}

impl Watching {
    /// Tells of changes until dropped; `rendered` changes whenever views have been rendered.
    pub async fn run(mut self, mut rendered: watch::Receiver<u64>) {
        // For the hub as a whole. A feed that fails has a wait of its own.
        let mut not_before = Instant::now();
        loop {
            let due = self.queue.due(not_before);
            tokio::select! {
                changed = rendered.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.queue.changed(look(&self.renderer, &mut self.versions).await);
                }
                () = tokio::time::sleep_until(due.unwrap_or(not_before)), if due.is_some() => {
                    let wait = self.tell_next().await;
                    not_before = Instant::now() + wait;
                }
            }
        }
    }

    /// Tells of one feed. Returns the time until the next request to the hub.
    async fn tell_next(&mut self) -> Duration {
        let Some((path, digest)) = self.queue.next(Instant::now()) else { return Duration::ZERO };
        let hub = &self.pinger.hub;
        let (result, asked) = self.pinger.ping(&path).await;
        match &result {
            PingResult::Yes => {}
            PingResult::Refused(status) => {
                tracing::warn!(%hub, feed = %path, status, "the hub refuses a feed");
            }
            PingResult::Later(why) => {
                tracing::warn!(%hub, feed = %path, %why, "the hub did not take the ping; trying again later");
                let wait = self.queue.failed(path, self.pinger.backoff, Instant::now());
                return wait.max(asked);
            }
        }
        self.queue.pinged(path, digest);
        asked
    }
}

/// The version of each feed when it was last read.
type Versions = BTreeMap<String, Option<Version>>;

/// The digests of the feeds that may have changed since the last call. A feed that cannot be rendered now is left
/// out and read again the next time.
async fn look(renderer: &Arc<Renderer>, versions: &mut Versions) -> Vec<(String, String)> {
    let (renderer, before) = (Arc::clone(renderer), std::mem::take(versions));
    let looked = tokio::task::spawn_blocking(move || digests(&renderer, before)).await;
    let (feeds, now) = looked.unwrap_or_default();
    *versions = now;
    feeds
}

/// The paths and digests of changed feeds, and the new versions.
fn digests(renderer: &Renderer, mut versions: Versions) -> (Vec<(String, String)>, Versions) {
    let paths = match renderer.paths() {
        Ok(paths) => paths,
        Err(error) => {
            tracing::error!(%error, "the feeds cannot be listed for the hub");
            return (Vec::new(), versions);
        }
    };
    let mut feeds = Vec::new();
    for path in paths.into_iter().filter(|path| is_subscribed(path)) {
        let version = renderer.version_of(&path);
        if version.is_some() && versions.get(&path) == Some(&version) {
            continue;
        }
        if let View::Page(page) = renderer.view(&path) {
            versions.insert(path.clone(), version);
            feeds.push((path, page.digest().to_owned()));
        }
    }
    (feeds, versions)
}

/// True for feeds; nobody subscribes to pages and archives.
fn is_subscribed(path: &str) -> bool {
    formats::split(path).is_some_and(|(_, format)| format.is_feed) && !path.contains("/archive/")
}

#[cfg(test)]
mod tests;
