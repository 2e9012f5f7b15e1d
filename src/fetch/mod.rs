//! The fetcher: one conditional GET with its redirects, within limits, at the pace of the host's queue. The only place
//! that names `reqwest`. Takes an address and validators, returns an [`Exchange`]. Knows no source, store or feed.

mod body;
mod coding;
mod cookies;
mod fault;
pub mod guard;
mod head;
pub mod hosts;
mod kept;
mod post;
mod redirect;
mod request;
mod resolve;
mod robots;
pub mod socket;
mod tls;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use ipnet::IpNet;
use url::{Host, Url};

use crate::model::exchange::{Exchange, FetchFault, Validators};
use crate::read::link;

use body::Limit;
use guard::AddressGuard;
use hosts::{HostQueue, Turn};
use resolve::GuardedLookup;
pub use resolve::{Looking, Lookup};
use robots::RobotsCache;

/// Limits of one exchange.
#[derive(Clone, Debug)]
pub struct FetchLimits {
    /// For the whole exchange, redirects and body included; waiting for the host's turn is not counted.
    pub timeout: Duration,
    /// For name lookup, TCP and TLS of one connection.
    pub connect_timeout: Duration,
    /// Of the body in bytes, after decompression.
    pub max_body: u64,
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

/// The settings of a fetcher, the same for every host.
#[derive(Clone)]
pub struct FetchOptions {
    pub limits: FetchLimits,
    /// The User-Agent, such as `dibao/0.1.0 (+https://example.org/about)`.
    pub user_agent: String,
    /// Private networks that may be polled.
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

/// Written out so that no log shows the proxy's password.
impl fmt::Debug for FetchOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchOptions")
            .field("limits", &self.limits)
            .field("user_agent", &self.user_agent)
            .field("allow_networks", &self.allow_networks)
            .field("proxied", &self.proxy.is_some())
            .field("per_host", &self.per_host)
            .field("host_delay", &self.host_delay)
            .field("concurrency", &self.concurrency)
            .finish()
    }
}

/// The `Accept` of a request for a feed.
pub const ACCEPT_FEED: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
    application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5";
/// The `Accept` of a request for a page.
pub const ACCEPT_PAGE: &str = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5";

/// The `Accept` of a request for JSON.
pub const ACCEPT_JSON: &str = "application/json, */*;q=0.5";

/// One request.
#[derive(Clone)]
pub struct FetchRequest {
    /// The address; credentials in it are sent as `Authorization`.
    pub url: String,
    /// Empty for an unconditional request.
    pub validators: Validators,
    /// The source's own headers; they may hold secrets and are not sent to other hosts.
    pub headers: Vec<(String, String)>,
    pub accept: String,
    /// True if a redirect is followed only where the robots.txt of its target allows it. The caller asks about the
    /// robots.txt of `url` itself.
    pub obeys_robots: bool,
    /// True if the Retry-After of a redirect is over, so that the redirect is followed whatever it asks.
    pub waited: bool,
    /// True if only public addresses may be asked, whatever [`FetchOptions::allow_networks`] names: for addresses that a
    /// public publisher chose, such as the pages that its list links to. Redirects of a public address are bounded so
    /// in any case.
    pub outward: bool,
}

impl FetchRequest {
    /// An unconditional request without headers of a source.
    pub fn new(url: &str, accept: &str) -> Self {
        let (validators, headers) = (Validators::default(), Vec::new());
        let (url, accept) = (url.to_owned(), accept.to_owned());
        Self { url, validators, headers, accept, obeys_robots: false, waited: false, outward: false }
    }
}

/// Why a fetcher cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum FetchSetupError {
    #[error("polling.proxy is not the address of a proxy: {0}")]
    Proxy(String),
    #[error("the User-Agent cannot be sent; check polling.contact")]
    UserAgent,
    #[error("the HTTP client does not start: {0}")]
    Client(String),
}

/// Fetches addresses. One for the whole process, so that its host queue sees every request.
pub struct Fetcher {
    clients: Clients,
    guard: AddressGuard,
    /// The same for public addresses alone.
    outward: (Clients, AddressGuard),
    lookup: Arc<GuardedLookup>,
    queue: Arc<HostQueue>,
    robots: Arc<RobotsCache>,
    limits: FetchLimits,
    proxy: Option<ProxyPlace>,
    has_roots: bool,
}

/// The HTTP client, with and without a pool of connections.
#[derive(Clone)]
struct Clients {
    /// Keeps connections for further requests.
    keeping: reqwest::Client,
    /// Opens a connection for each request.
    dialling: reqwest::Client,
}

impl Fetcher {
    /// # Errors
    /// [`FetchSetupError`]. A machine without CA certificates is no error: only https then fails.
    pub fn new(options: FetchOptions) -> Result<Self, FetchSetupError> {
        Self::with_lookup(options, Arc::new(resolve::SystemLookup))
    }

    /// A fetcher that asks `lookup`, instead of the system, for the addresses of names.
    pub fn with_lookup(options: FetchOptions, lookup: Arc<dyn Lookup>) -> Result<Self, FetchSetupError> {
        let FetchOptions { limits, user_agent, allow_networks, proxy, per_host, host_delay, concurrency } =
            options;
        let proxy = proxy.as_deref().map(read_proxy).transpose()?;
        let guard = AddressGuard::new(allow_networks);
        let place = proxy.as_ref().map(ProxyPlace::of);
        let proxy_name = place.as_ref().and_then(|place| place.name.clone());
        let guarded = |guard: &AddressGuard| {
            Arc::new(GuardedLookup::new(guard.clone(), Arc::clone(&lookup), proxy_name.clone()))
        };
        let tls = tls::from_system()?;
        let agent = HeaderValue::from_str(&user_agent).map_err(|_| FetchSetupError::UserAgent)?;
        let client = |lookup: &Arc<GuardedLookup>, idle: usize| {
            let mut builder = reqwest::Client::builder()
                .tls_backend_preconfigured(tls.config.clone())
                .dns_resolver(Arc::clone(lookup))
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .user_agent(agent.clone())
                .connect_timeout(limits.connect_timeout)
                .pool_max_idle_per_host(idle)
                .connector_layer(kept::Watch)
                // One malformed line among good ones is common, and no reason to lose a feed.
                .http1_ignore_invalid_headers_in_responses(true)
                // The environment's proxy variables are not the operator's word; the config is.
                .no_proxy();
            if let Some(url) = &proxy {
                builder = builder.proxy(reqwest::Proxy::all(url.clone()).map_err(client_error)?);
            }
            builder.build().map_err(client_error)
        };
        let clients = |lookup: &Arc<GuardedLookup>| {
            Ok::<_, FetchSetupError>(Clients {
                keeping: client(lookup, per_host.max(1))?,
                dialling: client(lookup, 0)?,
            })
        };
        let own_names = guarded(&guard);
        let inward = clients(&own_names)?;
        // Without allowed networks the two would be the same.
        let outward = match guard.is_plain() {
            true => inward.clone(),
            false => clients(&guarded(&AddressGuard::default()))?,
        };
        Ok(Self {
            clients: inward,
            guard,
            outward: (outward, AddressGuard::default()),
            lookup: own_names,
            queue: Arc::new(HostQueue::new(per_host, host_delay, concurrency)),
            robots: Arc::default(),
            limits,
            proxy: place,
            has_roots: tls.has_roots,
        })
    }

    /// The same fetcher with the host queues and the known robots.txt files of another.
    pub fn queueing_with(mut self, other: &Self) -> Self {
        self.queue = Arc::clone(&other.queue);
        self.robots = Arc::clone(&other.robots);
        self
    }

    /// One exchange: waits for the host's turn, asks, follows redirects, reads the body. Dropping the
    /// future gives it up at once.
    pub async fn get(&self, request: &FetchRequest) -> Exchange {
        redirect::exchange(self, request, Limit::Whole(self.limits.max_body))
            .await
            .unwrap_or_else(Exchange::Failed)
    }

    /// Holds the host of `url` for `wait`: requests to it, also those that wait for their turn, end in
    /// [`FetchFault::Held`].
    pub fn hold(&self, url: &str, wait: Duration) {
        if let Ok(url) = request::target(url) {
            self.queue.hold(&link::server_of(&url), wait);
        }
    }

    /// The time for which the host of `url` is still held.
    pub fn held(&self, url: &str) -> Option<Duration> {
        self.queue.held(&link::server_of(&request::target(url).ok()?))
    }

    fn fault(&self, error: &reqwest::Error, at: &Url) -> FetchFault {
        let proxy = self.proxy.as_ref().map(|proxy| proxy.at.as_str());
        fault::of_request(error, at.host_str().unwrap_or_default(), proxy)
    }

    /// Host and port of the proxy.
    pub fn proxy(&self) -> Option<&str> {
        self.proxy.as_ref().map(|proxy| proxy.at.as_str())
    }

    /// True if an address is known to lie in the networks that the operator allowed.
    pub fn is_own_address(&self, url: &str) -> bool {
        request::target(url).is_ok_and(|at| self.is_own(&at))
    }

    fn is_own(&self, at: &Url) -> bool {
        match at.host() {
            Some(Host::Ipv4(ip)) => self.guard.is_own(ip.into()),
            Some(Host::Ipv6(ip)) => self.guard.is_own(ip.into()),
            Some(Host::Domain(name)) => self.lookup.is_own_name(name),
            None => false,
        }
    }

    async fn turn(&self, at: &Url, key: &str) -> Result<Turn, FetchFault> {
        let own = || self.is_own(at);
        let held = |wait| FetchFault::Held { host: key.to_owned(), wait };
        self.queue.turn(key, self.robots.delay(at), own).await.map_err(held)
    }
}

/// The address of the proxy, without its password.
struct ProxyPlace {
    /// Host and port.
    at: String,
    /// Its name in lower case, where it has one.
    name: Option<String>,
}

impl ProxyPlace {
    fn of(url: &Url) -> Self {
        // The url standard knows the scheme socks5 as none of the web's: it leaves literals and capitals be.
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let at = url.port_or_known_default().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        let name = resolve::literal(&host).is_none().then_some(host);
        Self { at, name }
    }

    fn is_called(&self, name: &str) -> bool {
        self.name.as_deref().is_some_and(|own| own.trim_end_matches('.') == name.trim_end_matches('.'))
    }
}

fn read_proxy(text: &str) -> Result<Url, FetchSetupError> {
    // The address may hold a password, so the error does not repeat it.
    let bad = |why: &str| FetchSetupError::Proxy(why.to_owned());
    let url = Url::parse(text).map_err(|e| FetchSetupError::Proxy(e.to_string()))?;
    match url.scheme() {
        "http" | "https" | "socks5" | "socks5h" if url.has_host() => Ok(url),
        _ => Err(bad("write http://, https://, socks5:// or socks5h:// and a host")),
    }
}

fn client_error(error: reqwest::Error) -> FetchSetupError {
    FetchSetupError::Client(error.without_url().to_string())
}
