//! How sources are asked: a fetcher for each way out, and the request of a source with what is meant for it alone.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use url::Url;

use crate::config::{Config, Kind, Polling, Source};
use crate::fetch::{FetchLimits, FetchOptions, FetchRequest, FetchSetupError, Fetcher};
use crate::model::exchange::Validators;

/// By proxy.
pub(super) type Fetchers = HashMap<Option<String>, Arc<Fetcher>>;

/// A fetcher for each way out. Those of the configuration before are kept where they would be the same.
pub(super) fn fetchers(
    config: &Config,
    before: Option<(&Config, &Fetchers)>,
) -> Result<Fetchers, FetchSetupError> {
    // All that the queues of hosts depend on.
    let pace = |config: &Config| {
        let Polling { per_host, host_delay, concurrency, .. } = config.polling;
        (per_host, host_delay, concurrency)
    };
    let queued = before.filter(|(old, _)| pace(old) == pace(config)).and_then(|(_, all)| all.values().next());
    let mut fetchers = Fetchers::new();
    for source in &config.sources {
        let proxy = source.proxy.as_ref().map(|secret| secret.expose().to_owned());
        if fetchers.contains_key(&proxy) {
            continue;
        }
        let options = |config| format!("{:?}", fetch_options(config, proxy.clone()));
        let same = before.filter(|(old, _)| options(old) == options(config));
        let fetcher = if let Some(kept) = same.and_then(|(_, all)| all.get(&proxy)) {
            Arc::clone(kept)
        } else {
            let fetcher = Fetcher::new(fetch_options(config, proxy.clone()))?;
            // A host is one host, whatever way leads to it.
            Arc::new(match fetchers.values().next().or(queued) {
                Some(other) => fetcher.queueing_with(other),
                None => fetcher,
            })
        };
        fetchers.insert(proxy, fetcher);
    }
    Ok(fetchers)
}

/// A request of a source's, with its headers: they may hold secrets, so only for the origin they were
/// written for. A publisher that moves elsewhere for good, or links there, does not get them.
pub(super) fn request(source: &Source, url: &str, validators: Validators, accept: &str) -> FetchRequest {
    let own = source.headers.iter().filter(|_| same_origin(&source.def.url, url));
    let headers = own.map(|(name, value)| (name.clone(), value.expose().to_owned())).collect();
    let obeys_robots = matches!(source.kind, Kind::Page(_));
    let (url, accept) = (url.to_owned(), accept.to_owned());
    FetchRequest { url, validators, headers, accept, obeys_robots, waited: false, outward: false }
}

/// Whether what was meant for one address may be sent to the other.
fn same_origin(a: &str, b: &str) -> bool {
    let (Ok(a), Ok(b)) = (Url::parse(a), Url::parse(b)) else { return false };
    let upgraded = a.scheme() == "http" && a.port().is_none() && b.scheme() == "https" && b.port().is_none();
    a.origin() == b.origin() || (upgraded && a.host() == b.host())
}

/// How a fetcher behaves under a configuration, for the sources of one proxy.
#[must_use]
pub fn fetch_options(config: &Config, proxy: Option<String>) -> FetchOptions {
    let polling = &config.polling;
    FetchOptions {
        limits: FetchLimits {
            timeout: polling.timeout,
            max_body: polling.max_body,
            ..FetchLimits::default()
        },
        user_agent: UserAgent(polling.contact.as_deref()).to_string(),
        allow_networks: polling.allow_networks.clone(),
        proxy,
        per_host: polling.per_host,
        host_delay: polling.host_delay,
        concurrency: polling.concurrency,
    }
}

/// `dibao/0.1.0 (+https://example.org/about)`: who asks, and where to complain (RFC 9110 section 10.1.5).
struct UserAgent<'a>(Option<&'a str>);

impl fmt::Display for UserAgent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dibao/{}", env!("CARGO_PKG_VERSION"))?;
        self.0.map_or(Ok(()), |contact| write!(f, " (+{contact})"))
    }
}
