//! The fetcher: one conditional GET with its redirects, within its limits, politely. The only place
//! that names `reqwest`. It knows nothing of sources, stores or feeds: an address and validators in,
//! an [`Exchange`] out.

use std::time::Duration;

use ipnet::IpNet;

use crate::core::exchange::{Exchange, FetchFault, Validators};

/// What one exchange may cost.
#[derive(Clone, Debug)]
pub struct FetchLimits {
    /// For the whole exchange, redirects and body included; waiting for the host's turn is not counted.
    pub timeout: Duration,
    /// For name lookup, TCP and TLS of one connection.
    pub connect_timeout: Duration,
    /// Of the body in bytes, after decompression.
    pub max_body: u64,
    /// Followed before giving up.
    pub max_redirects: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            max_body: 8 * 1024 * 1024,
            max_redirects: 5,
        }
    }
}

/// How a fetcher behaves towards every host.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// Limits of one exchange.
    pub limits: FetchLimits,
    /// The User-Agent, such as `dibao/0.1.0 (+https://example.org/about)`.
    pub user_agent: String,
    /// Networks that may be polled although they are not public.
    pub allow_networks: Vec<IpNet>,
    /// A proxy for everything (`http://`, `https://`, `socks5://` or `socks5h://`).
    pub proxy: Option<String>,
    /// Requests at a time to one host.
    pub per_host: usize,
    /// Least time between the starts of two requests to one host. Hosts on `allow_networks` are the
    /// operator's own machines (a local bridge, a load test): for them there is none.
    pub host_delay: Duration,
    /// Requests at a time, to all hosts together.
    pub concurrency: usize,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            limits: FetchLimits::default(),
            user_agent: concat!("dibao/", env!("CARGO_PKG_VERSION")).to_owned(),
            allow_networks: Vec::new(),
            proxy: None,
            per_host: 1,
            host_delay: Duration::from_secs(1),
            concurrency: 64,
        }
    }
}

/// The `Accept` of a request for a feed.
pub const ACCEPT_FEED: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
    application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5";
/// The `Accept` of a request for a page.
pub const ACCEPT_PAGE: &str = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5";

/// One request.
#[derive(Clone)]
pub struct FetchRequest {
    /// The address; credentials in it are sent as `Authorization`.
    pub url: String,
    /// What makes it conditional; empty for an unconditional request.
    pub validators: Validators,
    /// The source's own headers; they may hold secrets and are not sent to other hosts.
    pub headers: Vec<(String, String)>,
    /// The `Accept` header.
    pub accept: String,
}

/// Why a fetcher cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum FetchSetupError {
    /// The proxy's address is none.
    #[error("polling.proxy is not the address of a proxy: {0}")]
    Proxy(String),
    /// The user agent cannot be sent.
    #[error("the User-Agent cannot be sent; check polling.contact")]
    UserAgent,
    /// The HTTP client refused its settings.
    #[error("the HTTP client does not start: {0}")]
    Client(String),
}

/// Fetches addresses. Cheap to share by reference; one for the whole process, so that its host queue
/// sees every request.
pub struct Fetcher {
    _options: FetchOptions,
}

impl Fetcher {
    /// Builds one.
    ///
    /// # Errors
    /// [`FetchSetupError`]. A machine without CA certificates is no error: only https then fails.
    pub fn new(options: FetchOptions) -> Result<Self, FetchSetupError> {
        Ok(Self { _options: options })
    }

    /// One exchange: waits for the host's turn, asks, follows redirects, reads the body.
    pub async fn get(&self, _request: &FetchRequest) -> Exchange {
        Exchange::Failed(FetchFault::BadUrl { why: "the fetcher is not built yet".to_owned() })
    }

    /// Leaves the host of `url` alone for `wait`: requests to it end in [`FetchFault::Held`].
    pub fn hold(&self, _url: &str, _wait: Duration) {}

    /// How long the host of `url` is still to be left alone.
    #[must_use]
    pub fn held(&self, _url: &str) -> Option<Duration> {
        None
    }
}
