//! Resolves names to addresses, through the guard. The HTTP client dials with this resolver, so it connects only to
//! checked addresses, and an answer that changes between two lookups (DNS rebinding) gains nothing. IP literals are
//! checked hop by hop in `redirect`. The client asks for them here too if a `socks5://` proxy gets addresses from it.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::model::exchange::FetchFault;

use super::guard::AddressGuard;

/// A lookup under way.
pub type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// The resolver of host names.
pub trait Lookup: Send + Sync {
    /// All addresses of `host`, in the order to try them.
    fn lookup(&self, host: &str) -> Looking;
}

/// The system's resolver (`getaddrinfo`), on a blocking thread.
pub(super) struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: &str) -> Looking {
        let host = host.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The maximum of remembered names of own machines. More than any operator has. Names chosen by others
/// could fill it; further names then count as public.
const MAX_OWN_NAMES: usize = 1024;

/// A lookup that returns only addresses that the guard allows.
pub(super) struct GuardedLookup {
    guard: AddressGuard,
    lookup: Arc<dyn Lookup>,
    /// The proxy's name in lower case: the operator chose it, so it may lead anywhere.
    proxy: Option<String>,
    own_names: Arc<Mutex<HashSet<String>>>,
}

/// A fault on its way through the HTTP client's errors.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct Carried(pub(super) FetchFault);

impl GuardedLookup {
    pub(super) fn new(guard: AddressGuard, lookup: Arc<dyn Lookup>, proxy: Option<String>) -> Self {
        Self { guard, lookup, proxy, own_names: Arc::default() }
    }

    /// True if the last lookup of `host` led to machines of the operator's own only.
    pub(super) fn is_own_name(&self, host: &str) -> bool {
        self.own_names.lock().unwrap_or_else(PoisonError::into_inner).contains(host)
    }
}

impl Resolve for GuardedLookup {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let looking = match literal(&host) {
            Some(ip) => Box::pin(async move { Ok(vec![ip]) }),
            None => self.lookup.lookup(&host),
        };
        let trusted = self.proxy.as_deref().is_some_and(|proxy| proxy.eq_ignore_ascii_case(&host));
        let guard = self.guard.clone();
        let own_names = Arc::clone(&self.own_names);
        Box::pin(async move {
            let found = looking.await.map_err(|e| Carried(not_found(host.clone(), trusted, &e)))?;
            let passing = if trusted { found } else { passing(&guard, &host, found)? };
            remember(&own_names, &host, passing.iter().all(|&ip| guard.is_own(ip)));
            // Port 0: the client puts the url's port, or the scheme's, in its place.
            Ok(Box::new(passing.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}

/// The address that a host is, where it is no name; brackets are how an address of version 6 stands in a url.
pub(super) fn literal(host: &str) -> Option<IpAddr> {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).parse().ok()
}

fn not_found(host: String, is_proxy: bool, error: &io::Error) -> FetchFault {
    if is_proxy {
        return FetchFault::Proxy { at: host, why: format!("its address cannot be found: {error}") };
    }
    FetchFault::Resolve { host, why: error.to_string() }
}

/// The addresses that pass; a fault when none does.
fn passing(guard: &AddressGuard, host: &str, found: Vec<IpAddr>) -> Result<Vec<IpAddr>, Carried> {
    let mut refusal = None;
    let passing: Vec<IpAddr> = found
        .into_iter()
        .filter(|&ip| match guard.check(host, ip) {
            Ok(()) => true,
            Err(fault) => {
                refusal.get_or_insert(fault);
                false
            }
        })
        .collect();
    if passing.is_empty() {
        let nothing = || FetchFault::Resolve { host: host.to_owned(), why: "it has no address".to_owned() };
        return Err(Carried(refusal.unwrap_or_else(nothing)));
    }
    Ok(passing)
}

fn remember(own_names: &Mutex<HashSet<String>>, host: &str, own: bool) {
    let mut names = own_names.lock().unwrap_or_else(PoisonError::into_inner);
    if !own {
        names.remove(host);
    } else if names.len() < MAX_OWN_NAMES {
        names.insert(host.to_owned());
    }
}
