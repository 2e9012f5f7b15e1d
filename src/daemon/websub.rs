//! WebSub: tells the hub which feeds have changed (W3C Recommendation, section 7), so that readers behind
//! it need not ask. One request at a time; what changes meanwhile is told once; a hub that is down is
//! tried again, and costs nobody else anything; one that asks for patience is given it.

mod board;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::clock::Clock;
use super::publisher::{Publisher, Version};
use crate::decide::freshness;
use crate::decide::poll::LONGEST_RETRY_AFTER;
use crate::fetch::Fetcher;
use crate::model::exchange::{FetchFault, ResponseHead};
use crate::serve::{View, Views};
use board::Board;

/// Who tells the hub.
pub struct Pinger {
    /// The hub's address.
    pub hub: String,
    /// What stands before the paths of feeds.
    pub public_url: String,
    /// Speaks to the hub.
    pub fetcher: Fetcher,
    /// Tells how far off a date is that the hub names.
    pub clock: Arc<dyn Clock>,
    /// After the first failure; doubled for each one after it.
    pub patience: Duration,
}

/// How a ping ended.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Yes,
    /// The hub does not want to know; asking again changes nothing.
    Refused(u16),
    Later(String),
}

/// A pinger that knows what the feeds were when it began.
pub struct Watching {
    pinger: Pinger,
    publisher: Arc<Publisher>,
    board: Board,
    versions: Versions,
}

impl Pinger {
    /// Looks at the feeds as they are: what changed while nothing ran is told with the next change, or a
    /// restart would tell of every feed.
    pub async fn watch(self, publisher: Arc<Publisher>) -> Watching {
        let mut versions = Versions::new();
        let feeds = look(&publisher, &mut versions).await;
        Watching { pinger: self, publisher, board: Board::knowing(feeds), versions }
    }

    /// Tells of one feed; the second value is how long the hub asks to be left alone.
    async fn tell(&self, path: &str) -> (Told, Duration) {
        let topic = format!("{}/{path}", self.public_url);
        let form = [("hub.mode", "publish"), ("hub.url", topic.as_str())];
        let none = Duration::ZERO;
        match self.fetcher.post_form(&self.hub, &form).await {
            // With a success Retry-After has no meaning.
            Ok(head) if (200..300).contains(&head.status) => (Told::Yes, none),
            // 408 and 429 are of the moment; so is everything that is the server's own fault.
            Ok(head) if (400..500).contains(&head.status) && !matches!(head.status, 408 | 429) => {
                (Told::Refused(head.status), self.asked_to_wait(&head))
            }
            Ok(head) => (Told::Later(format!("it answered {}", head.status)), self.asked_to_wait(&head)),
            Err(fault @ (FetchFault::BadUrl { .. } | FetchFault::AddressRefused { .. })) => {
                (Told::Later(format!("{fault}; check publish.websub_hub")), none)
            }
            Err(fault @ FetchFault::Held { wait, .. }) => (Told::Later(fault.to_string()), wait),
            Err(fault) => (Told::Later(fault.to_string()), none),
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
        // Of the hub as a whole; a feed that it fails at has a wait of its own.
        let mut not_before = Instant::now();
        loop {
            let due = self.board.due(not_before);
            tokio::select! {
                changed = rendered.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.board.changed(look(&self.publisher, &mut self.versions).await);
                }
                () = tokio::time::sleep_until(due.unwrap_or(not_before)), if due.is_some() => {
                    let wait = self.tell_next().await;
                    not_before = Instant::now() + wait;
                }
            }
        }
    }

    /// Tells of one feed; how long the hub is to be left alone now.
    async fn tell_next(&mut self) -> Duration {
        let Some((path, digest)) = self.board.next(Instant::now()) else { return Duration::ZERO };
        let hub = &self.pinger.hub;
        let (told, asked) = self.pinger.tell(&path).await;
        match &told {
            Told::Yes => {}
            Told::Refused(status) => tracing::warn!(%hub, feed = %path, status, "the hub refuses a feed"),
            Told::Later(why) => {
                tracing::warn!(%hub, feed = %path, %why, "the hub was not told; trying again later");
                let wait = self.board.failed(path, self.pinger.patience, Instant::now());
                return wait.max(asked);
            }
        }
        self.board.told(path, digest);
        asked
    }
}

/// Feeds by what they were made from when they were last looked at.
type Versions = BTreeMap<String, Option<Version>>;

/// The feeds that may have changed since the last look, as they are; a feed that cannot be rendered just now
/// is left out, and stays what it was.
async fn look(publisher: &Arc<Publisher>, versions: &mut Versions) -> Vec<(String, String)> {
    let (publisher, before) = (Arc::clone(publisher), std::mem::take(versions));
    let looked = tokio::task::spawn_blocking(move || digests(&publisher, before)).await;
    let (feeds, now) = looked.unwrap_or_default();
    *versions = now;
    feeds
}

/// The bytes of each feed, by their digest.
fn digests(publisher: &Publisher, mut versions: Versions) -> (Vec<(String, String)>, Versions) {
    let paths = match publisher.paths() {
        Ok(paths) => paths,
        Err(error) => {
            tracing::error!(%error, "the feeds cannot be listed for the hub");
            return (Vec::new(), versions);
        }
    };
    let mut feeds = Vec::new();
    for path in paths.into_iter().filter(|path| is_subscribed(path)) {
        let version = publisher.version_of(&path);
        if version.is_some() && versions.get(&path) == Some(&version) {
            continue;
        }
        if let View::Page(page) = publisher.view(&path)
            && page.mark.is_some()
        {
            versions.insert(path.clone(), version);
            feeds.push((path, page.digest().to_owned()));
        }
    }
    (feeds, versions)
}

/// Pages and archives are not subscribed to: what they are need not be known.
fn is_subscribed(path: &str) -> bool {
    [".atom", ".rss", ".json"].iter().any(|ending| path.ends_with(ending)) && !path.contains("/archive/")
}

#[cfg(test)]
mod tests;
