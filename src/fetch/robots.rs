//! robots.txt of each origin: fetched through the same guard and host queue as everything else, and kept for a day.
//! Parses no file itself: `decide::robots` does.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use crate::decide::freshness;
use crate::decide::robots::{AGENT, MAX_BYTES, Permission, Robots};
use crate::model::exchange::{Exchange, FetchFault, ResponseHead};

use super::{FetchRequest, Fetcher, body, redirect, request};

/// The lifetime of a cached robots.txt (RFC 9309 section 2.4).
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// The time after which a robots.txt that failed is asked for again: a server that was down for a minute must not
/// cost a day, nor be asked once for every page.
const UNKNOWN_KEPT: Duration = Duration::from_secs(15 * 60);
/// Origins that are remembered: several times the hosts of a large config. Beyond them the one that was fetched longest
/// ago is forgotten, which costs one request when it is needed again.
const MAX_ORIGINS: usize = 1024;

/// The robots.txt of all origins.
#[derive(Default)]
pub(super) struct RobotsCache {
    origins: Mutex<HashMap<String, Origin>>,
}

struct Origin {
    /// Locked while it is fetched, so that forty pages of one host ask for it once.
    known: Arc<tokio::sync::Mutex<Option<CachedRobots>>>,
    touched: Instant,
    /// Crawl-delay.
    delay: Duration,
}

#[derive(Clone)]
struct CachedRobots {
    robots: Arc<Robots>,
    until: Instant,
    /// True if the last request for it was answered with Retry-After, and its earlier rules have not been used since.
    owed: bool,
    /// True if that answer was a redirect: the wait is over when it is asked for again.
    waited: bool,
}

impl RobotsCache {
    fn known(&self, origin: &str) -> Arc<tokio::sync::Mutex<Option<CachedRobots>>> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if !origins.contains_key(origin) && origins.len() >= MAX_ORIGINS {
            let oldest = origins.iter().min_by_key(|(_, o)| o.touched).map(|(name, _)| name.clone());
            oldest.map(|name| origins.remove(&name));
        }
        let new = || Origin { known: Arc::default(), touched: Instant::now(), delay: Duration::ZERO };
        Arc::clone(&origins.entry(origin.to_owned()).or_insert_with(new).known)
    }

    fn learned(&self, origin: &str, robots: &Robots) {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(origin) = origins.get_mut(origin) {
            origin.touched = Instant::now();
            origin.delay = robots.crawl_delay(AGENT).unwrap_or_default();
        }
    }

    /// Crawl-delay of an address's origin; zero if its robots.txt is not known.
    pub(super) fn delay(&self, url: &Url) -> Duration {
        let origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        origins.get(&origin(url)).map_or(Duration::ZERO, |origin| origin.delay)
    }
}

/// RFC 9309 section 2.3: the rules hold for scheme, host and port together.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

impl Fetcher {
    /// The verdict of robots.txt on asking for `url`. Fetches the robots.txt unless it is known; its Crawl-delay holds
    /// for the host from then on. Do not call it while holding a turn at the host.
    ///
    /// Feeds and pages that an operator named are the operator's own requests and need no permission.
    /// Links of a page do.
    pub async fn may_fetch(&self, url: &str) -> Permission {
        self.admission(url, false).await.0
    }

    /// The same, and the answer to the request for the robots.txt if that answer asks to wait, and either says how long
    /// or leaves no rules to apply. `outward` is as in [`FetchRequest::outward`].
    pub async fn admission(&self, url: &str, outward: bool) -> (Permission, Option<ResponseHead>) {
        match request::target(url) {
            Ok(at) => {
                let (robots, put_off) = self.robots(&at, outward).await;
                let verdict = robots.permission(AGENT, path_and_query(&at));
                let put_off = put_off.filter(|head| !verdict.allowed || head.retry_after.is_some());
                (verdict, put_off)
            }
            Err(why) => (Permission { allowed: false, why }, None),
        }
    }

    /// The verdict on an address, if its robots.txt is known and not being fetched.
    pub(super) fn known_verdict(&self, at: &Url) -> Option<Permission> {
        let known = self.robots.known(&origin(at));
        let known = known.try_lock().ok()?;
        let fresh = known.as_ref().filter(|known| known.until > Instant::now())?;
        Some(fresh.robots.permission(AGENT, path_and_query(at)))
    }

    /// The robots.txt of the origin of `url`, `outward` as [`FetchRequest::outward`] says; `None` if that is no
    /// address.
    pub async fn robots_of(&self, url: &str, outward: bool) -> Option<Arc<Robots>> {
        Some(self.robots(&request::target(url).ok()?, outward).await.0)
    }

    /// The fault when `url` may not be asked for. An origin whose robots.txt cannot be fetched forbids nothing: dibao
    /// cannot reach it.
    pub async fn refusal(&self, url: &str, why: String, outward: bool) -> FetchFault {
        match self.robots_of(url, outward).await {
            Some(robots) if robots.is_unknown() => FetchFault::NoRobots { why, silent: robots.is_silent() },
            _ => FetchFault::Robots { why },
        }
    }

    /// Forgets which robots.txt files could not be fetched, so that the next request asks for them again: our own network
    /// may have been the cause.
    pub fn forget_unknown_robots(&self) {
        let origins = self.robots.origins.lock().unwrap_or_else(PoisonError::into_inner);
        for origin in origins.values() {
            // One that is locked is being fetched now.
            if let Ok(mut known) = origin.known.try_lock() {
                known.take_if(|known| known.robots.is_unknown());
            }
        }
    }

    async fn robots(&self, at: &Url, outward: bool) -> (Arc<Robots>, Option<ResponseHead>) {
        let origin = origin(at);
        let known = self.robots.known(&origin);
        let mut known = known.lock().await;
        let now = Instant::now();
        if let Some(fresh) = known.as_ref().filter(|known| known.until > now) {
            return (Arc::clone(&fresh.robots), None);
        }
        if let Some(before) = known.as_mut().filter(|known| known.owed) {
            // Otherwise a server that always refuses its robots.txt would keep us away for good.
            (before.owed, before.until) = (false, now + UNKNOWN_KEPT);
            return (Arc::clone(&before.robots), None);
        }
        let waited = known.as_ref().is_some_and(|known| known.waited);
        let exchange = self.ask_for_robots(at, waited, outward).await;
        let asked = Robots::of(&exchange).narrowed(AGENT);
        if outward && is_refused(&exchange) {
            // A public source must not ask there; the operator's own sources may.
            return (Arc::new(asked), None);
        }
        let put_off = match exchange {
            Exchange::Throttled(head) => Some(head),
            _ => None,
        };
        // Nobody asks for it again before the time it said.
        let wait = put_off
            .as_ref()
            .and_then(|head| freshness::wait(head.retry_after.as_deref()?, head.date.as_deref()));
        let unknown_kept = wait.unwrap_or_default().clamp(UNKNOWN_KEPT, KEPT);
        let (robots, kept) = match (known.take(), asked.is_unknown()) {
            (_, false) => (Arc::new(asked), KEPT),
            // While it cannot be fetched, its last rules hold (section 2.4).
            (Some(before), true) => (before.robots, unknown_kept),
            (None, true) => (Arc::new(asked), unknown_kept),
        };
        self.robots.learned(&origin, &robots);
        let owed = !robots.is_unknown() && put_off.as_ref().is_some_and(|head| head.retry_after.is_some());
        let waited = put_off.as_ref().is_some_and(|head| head.status < 400);
        *known =
            Some(CachedRobots { robots: Arc::clone(&robots), until: Instant::now() + kept, owed, waited });
        (robots, put_off)
    }

    /// Boxed, since following a redirect may ask for the robots.txt of where it leads; this request does not.
    fn ask_for_robots(
        &self,
        at: &Url,
        waited: bool,
        outward: bool,
    ) -> Pin<Box<dyn Future<Output = Exchange> + Send + '_>> {
        let mut url = at.clone();
        request::without_credentials(&mut url);
        url.set_query(None);
        url.set_path("/robots.txt");
        let asked =
            FetchRequest { waited, outward, ..FetchRequest::new(url.as_str(), "text/plain, */*;q=0.5") };
        let limit = body::Limit::Prefix(MAX_BYTES);
        Box::pin(
            async move { redirect::exchange(self, &asked, limit).await.unwrap_or_else(Exchange::Failed) },
        )
    }
}

/// True if the guard refused the address, so that nobody was asked.
fn is_refused(exchange: &Exchange) -> bool {
    matches!(
        exchange,
        Exchange::Failed(FetchFault::AddressRefused { .. } | FetchFault::RedirectRefused { .. })
    )
}

fn path_and_query(url: &Url) -> &str {
    &url[url::Position::BeforePath..url::Position::AfterQuery]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_origin_fetched_longest_ago_is_forgotten_first() {
        let cache = RobotsCache::default();
        for n in 0..MAX_ORIGINS {
            cache.known(&format!("http://{n}.example"));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        cache.learned("http://0.example", &Robots::allow_all());
        cache.known("http://one-more.example");
        let origins = cache.origins.lock().expect("not poisoned");
        assert_eq!(origins.len(), MAX_ORIGINS);
        assert!(origins.contains_key("http://0.example") && !origins.contains_key("http://1.example"));
    }

    #[test]
    fn a_crawl_delay_holds_for_its_origin() {
        let cache = RobotsCache::default();
        let robots = Robots::parse(b"User-agent: *\nCrawl-delay: 7");
        let url = |text| Url::parse(text).expect("an address");
        cache.known("https://a.example");
        cache.learned("https://a.example", &robots);
        assert_eq!(cache.delay(&url("https://a.example:443/x?y")), Duration::from_secs(7));
        assert_eq!(cache.delay(&url("https://b.example/")), Duration::ZERO);
    }
}
