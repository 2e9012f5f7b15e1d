//! WebSub: tells the hub which feeds have changed (W3C Recommendation, section 7), so that readers behind
//! it need not ask. One request at a time; what changes meanwhile is told once; a hub that is down is
//! tried again, and costs nobody else anything.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::publisher::{Publisher, Version};
use crate::core::backoff;
use crate::core::exchange::FetchFault;
use crate::fetch::Fetcher;
use crate::serve::{View, Views};

/// The longest a hub that fails is left alone: what it is told late is late for all of its readers.
const LONGEST: Duration = Duration::from_secs(3600);

/// Who tells the hub.
pub struct Pinger {
    /// The hub's address.
    pub hub: String,
    /// What stands before the paths of feeds.
    pub public_url: String,
    /// Speaks to the hub.
    pub fetcher: Fetcher,
    /// After the first failure; doubled for each one after it.
    pub patience: Duration,
}

/// How a ping ended.
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
        let board = Board { told: feeds.iter().cloned().collect(), now: feeds.into_iter().collect() };
        Watching { pinger: self, publisher, board, versions }
    }

    async fn tell(&self, path: &str) -> Told {
        let topic = format!("{}/{path}", self.public_url);
        let form = [("hub.mode", "publish"), ("hub.url", topic.as_str())];
        match self.fetcher.post_form(&self.hub, &form).await {
            Ok(status) if status.is_success() => Told::Yes,
            // 408 and 429 are of the moment; so is everything that is the server's own fault.
            Ok(status) if status.is_client_error() && !matches!(status.as_u16(), 408 | 429) => {
                Told::Refused(status.as_u16())
            }
            Ok(status) => Told::Later(format!("it answered {status}")),
            Err(fault @ (FetchFault::BadUrl { .. } | FetchFault::AddressRefused { .. })) => {
                Told::Later(format!("{fault}; check publish.websub_hub"))
            }
            Err(fault) => Told::Later(fault.to_string()),
        }
    }
}

impl Watching {
    /// Tells of changes until dropped; `rendered` changes whenever views have been rendered.
    pub async fn run(mut self, mut rendered: watch::Receiver<u64>) {
        let mut failures = 0;
        let mut not_before = Instant::now();
        loop {
            tokio::select! {
                changed = rendered.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.board.now.extend(look(&self.publisher, &mut self.versions).await);
                }
                () = tokio::time::sleep_until(not_before), if self.board.next().is_some() => {
                    if self.tell_next().await {
                        failures = 0;
                    } else {
                        failures += 1;
                        let wait = backoff::delay(failures, self.pinger.patience, 0.0).min(LONGEST);
                        not_before = Instant::now() + wait;
                    }
                }
            }
        }
    }

    /// Tells of one feed; whether the hub answered.
    async fn tell_next(&mut self) -> bool {
        let Some((path, digest)) = self.board.next() else { return true };
        let hub = &self.pinger.hub;
        match self.pinger.tell(&path).await {
            Told::Yes => {}
            Told::Refused(status) => tracing::warn!(%hub, feed = %path, status, "the hub refuses a feed"),
            Told::Later(why) => {
                tracing::warn!(%hub, feed = %path, %why, "the hub was not told; trying again later");
                return false;
            }
        }
        self.board.told.insert(path, digest);
        true
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

/// What the feeds are, and what the hub was told they are.
struct Board {
    now: BTreeMap<String, String>,
    told: BTreeMap<String, String>,
}

impl Board {
    /// A feed that the hub takes for what it no longer is. A feed that is again what it was is none.
    fn next(&self) -> Option<(String, String)> {
        let differs = |(path, digest): &(&String, &String)| self.told.get(*path) != Some(*digest);
        self.now.iter().find(differs).map(|(path, digest)| (path.clone(), digest.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feeds(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(path, digest)| ((*path).to_owned(), (*digest).to_owned())).collect()
    }

    fn next(board: &Board) -> Option<String> {
        board.next().map(|(path, digest)| format!("{path} {digest}"))
    }

    fn board(all: &[(&str, &str)]) -> Board {
        let feeds: BTreeMap<_, _> = feeds(all).into_iter().collect();
        Board { now: feeds.clone(), told: feeds }
    }

    #[test]
    fn only_feeds_that_are_not_what_the_hub_was_told_are_told() {
        let mut board = board(&[("all.atom", "1"), ("henan.atom", "1")]);
        assert_eq!(next(&board), None, "the first look is the baseline");
        board.now.extend(feeds(&[("all.atom", "1"), ("henan.atom", "2")]));
        assert_eq!(next(&board).as_deref(), Some("henan.atom 2"));
        board.now.extend(feeds(&[("all.atom", "1"), ("henan.atom", "3")]));
        assert_eq!(next(&board).as_deref(), Some("henan.atom 3"), "two changes are told once");
        board.told.extend(feeds(&[("henan.atom", "3")]));
        assert_eq!(next(&board), None);
        board.now.extend(feeds(&[("all.atom", "2")]));
        board.now.extend(feeds(&[("all.atom", "1")]));
        assert_eq!(next(&board), None, "what is again as it was is no news");
        board.now.extend(feeds(&[("hubei.atom", "1")]));
        assert_eq!(next(&board).as_deref(), Some("hubei.atom 1"), "a feed that is new is news");
    }
}
