//! The requests of a source, with what is meant for it alone.

use url::Url;

use crate::config::{Source, SourceKind};
use crate::fetch::{ACCEPT_FEED, ACCEPT_JSON, ACCEPT_PAGE, FetchRequest};

pub(super) fn document(source: &Source, url: &str) -> FetchRequest {
    let accept = match source.kind {
        SourceKind::Feed => ACCEPT_FEED,
        SourceKind::Page(_) => ACCEPT_PAGE,
        SourceKind::Json(_) => ACCEPT_JSON,
    };
    request(source, url, accept)
}

/// A request for a page that the source's document leads to.
pub(super) fn page(source: &Source, url: &str) -> FetchRequest {
    request(source, url, ACCEPT_PAGE)
}

/// The source's headers may hold secrets, so they go only to the origin they were written for, and not to where a
/// publisher moves or links.
fn request(source: &Source, url: &str, accept: &str) -> FetchRequest {
    let own = source.headers.iter().filter(|_| same_origin(&source.def.url, url));
    let headers = own.map(|(name, value)| (name.clone(), value.expose().to_owned())).collect();
    let obeys_robots = matches!(source.kind, SourceKind::Page(_));
    FetchRequest { headers, obeys_robots, ..FetchRequest::new(url, accept) }
}

/// True if what was meant for one address may be sent to the other.
fn same_origin(a: &str, b: &str) -> bool {
    let (Ok(a), Ok(b)) = (Url::parse(a), Url::parse(b)) else { return false };
    let upgraded = a.scheme() == "http" && a.port().is_none() && b.scheme() == "https" && b.port().is_none();
    a.origin() == b.origin() || (upgraded && a.host() == b.host())
}
