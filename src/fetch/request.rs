//! Addresses and request headers: which addresses may be asked, and to which the source's secrets are sent. Does no
//! input or output.

use http::header::{
    ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
};
use url::Url;

use crate::model::exchange::FetchFault;

use super::{FetchRequest, coding};

/// Longest address asked for. Servers take 8 KiB of request line as a rule; a redirect's `Location`
/// could otherwise be as long as a whole header section.
const MAX_URL: usize = 8 * 1024;

/// Reads an address that may be asked: http or https, with a host, without its fragment.
pub(super) fn target(text: &str) -> Result<Url, String> {
    if text.len() > MAX_URL {
        return Err(format!("it is longer than {MAX_URL} bytes"));
    }
    let mut url = Url::parse(text).map_err(|e| e.to_string())?;
    check(&url)?;
    url.set_fragment(None);
    Ok(url)
}

/// Where a `Location` leads from `at` (RFC 9110 section 10.2.2), without credentials: those of a
/// redirect are the publisher's to make up, not the operator's.
pub(super) fn redirect(at: &Url, location: &[u8]) -> Result<Url, String> {
    let text = escape(location);
    if text.len() > MAX_URL {
        return Err(format!("it is longer than {MAX_URL} bytes"));
    }
    let mut url = at.join(&text).map_err(|e| e.to_string())?;
    check(&url)?;
    url.set_fragment(None);
    without_credentials(&mut url);
    Ok(url)
}

fn check(url: &Url) -> Result<(), String> {
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(()),
        "http" | "https" => Err("it has no host".to_owned()),
        _ => Err("only http and https are followed".to_owned()),
    }
}

/// Raw bytes above ASCII appear in `Location`, in UTF-8 and in GBK; the url standard reads escapes
/// as the bytes they stand for, so escaping keeps them whatever their encoding was.
fn escape(location: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(location.len());
    for &byte in location {
        if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("a String takes all writes");
        }
    }
    text
}

pub(super) fn without_credentials(url: &mut Url) {
    // Both refuse only addresses without a host, which `check` does not let through.
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

/// An address as an error may show it: no credentials, no query, not endless.
pub(super) fn brief(url: &Url) -> String {
    const LONGEST: usize = 120;
    let mut text = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
    if let Some(port) = url.port() {
        text.push_str(&format!(":{port}"));
    }
    text.extend(url.path().chars().take(LONGEST));
    text
}

/// True if secrets meant for `home` may be sent to `at`: the same origin, or the same host over https instead of http.
pub(super) fn shares_secrets(home: &Url, at: &Url) -> bool {
    let upgraded = home.scheme() == "http"
        && at.scheme() == "https"
        && home.port_or_known_default() == Some(80)
        && at.port_or_known_default() == Some(443);
    home.host_str() == at.host_str()
        && (upgraded
            || (home.scheme() == at.scheme() && home.port_or_known_default() == at.port_or_known_default()))
}

/// The headers of a request; the source's own only with `secrets`.
pub(super) fn headers(request: &FetchRequest, secrets: bool) -> Result<HeaderMap, FetchFault> {
    let bad = |name: &str| FetchFault::BadHeader { name: name.to_owned() };
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_str(&request.accept).map_err(|_| bad("Accept"))?);
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(coding::ACCEPTED));
    if secrets {
        for (name, value) in &request.headers {
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad(name))?;
            let mut value = HeaderValue::from_str(value).map_err(|_| bad(name))?;
            value.set_sensitive(true);
            headers.insert(header, value);
        }
    }
    let validators = [
        (IF_NONE_MATCH, "ETag", &request.validators.etag),
        (IF_MODIFIED_SINCE, "Last-Modified", &request.validators.last_modified),
    ];
    for (name, came_as, value) in validators {
        if let Some(bytes) = value {
            headers.insert(name, HeaderValue::from_bytes(bytes).map_err(|_| bad(came_as))?);
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests;
