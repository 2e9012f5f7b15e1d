//! A fetcher for each proxy. They share the queues of hosts and what is known of robots.txt: a host is one host,
//! whatever way leads to it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Config, Polling, Source};
use crate::fetch::{FetchLimits, FetchOptions, FetchSetupError, Fetcher};

type ByProxy = HashMap<Option<String>, Arc<Fetcher>>;

pub(super) struct Fetchers(ByProxy);

impl Fetchers {
    /// Builds them. Those of the configuration before are kept where they would be the same.
    pub(super) fn new(config: &Config, before: Option<(&Config, &Self)>) -> Result<Self, FetchSetupError> {
        // All that the queues of hosts depend on.
        let pace = |config: &Config| {
            let Polling { per_host, host_delay, concurrency, .. } = config.polling;
            (per_host, host_delay, concurrency)
        };
        let queued = before.filter(|(old, _)| pace(old) == pace(config)).and_then(|(_, all)| all.any());
        let mut fetchers = ByProxy::new();
        for proxy in config.sources.iter().map(proxy_of) {
            if fetchers.contains_key(&proxy) {
                continue;
            }
            let options = |config| format!("{:?}", fetch_options(config, proxy.clone()));
            let same = before.filter(|(old, _)| options(old) == options(config));
            let fetcher = if let Some(kept) = same.and_then(|(_, all)| all.0.get(&proxy)) {
                Arc::clone(kept)
            } else {
                let fetcher = Fetcher::new(fetch_options(config, proxy.clone()))?;
                Arc::new(match fetchers.values().next().or(queued) {
                    Some(other) => fetcher.queueing_with(other),
                    None => fetcher,
                })
            };
            fetchers.insert(proxy, fetcher);
        }
        Ok(Self(fetchers))
    }

    pub(super) fn of(&self, source: &Source) -> &Fetcher {
        self.0.get(&proxy_of(source)).expect("one was built for every source's proxy")
    }

    /// Leaves the host of `url` alone for `wait`, whatever way leads to it.
    pub(super) fn hold(&self, url: &str, wait: Duration) {
        self.0.values().for_each(|fetcher| fetcher.hold(url, wait));
    }

    pub(super) fn any(&self) -> Option<&Arc<Fetcher>> {
        self.0.values().next()
    }
}

fn proxy_of(source: &Source) -> Option<String> {
    source.proxy.as_ref().map(|secret| secret.expose().to_owned())
}

/// The options of a fetcher under a configuration, for the sources of one proxy.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Env, load};

    #[test]
    fn fetchers_of_two_proxies_share_the_queues_of_hosts() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("dibao.toml");
        let source = |id: &str, port: u16| {
            format!(
                "[[source]]\nid = \"{id}\"\nurl = \"http://paper.example/{id}\"\nregion = \"henan\"\n\
                 proxy = \"http://proxy.example:{port}\"\n"
            )
        };
        std::fs::write(&path, source("a", 1) + &source("b", 2)).expect("it is written");
        let config = load(&path, &Env::default()).expect("it loads");
        let fetchers = Fetchers::new(&config, None).expect("fetchers");
        let [a, b] = &config.sources[..] else { panic!("two sources") };
        fetchers.of(a).hold("http://paper.example/", Duration::from_secs(60));
        assert!(fetchers.of(b).held("http://paper.example/b").is_some(), "the host is held on the other way");
    }
}
