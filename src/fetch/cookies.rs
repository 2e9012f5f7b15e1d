//! The cookies of one chain of redirects (RFC 6265). A gate that sets a cookie and sends the client back gets it
//! back; when the exchange ends, all cookies are forgotten, so no publisher can tell one poll from another.

use http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use url::{Host, Url};

use super::request;
use crate::read::link::is_registrable;

/// Cookies kept at a time. RFC 6265 section 6.1 asks for 50 a domain; a gate sets one or two.
const MAX_COOKIES: usize = 50;

/// The longest `Cookie` header sent, in bytes. Servers refuse a head of 8 KiB.
const MAX_HEADER: usize = 4096;

#[derive(Debug)]
struct Cookie {
    name: Vec<u8>,
    value: Vec<u8>,
    /// The address whose answer set it.
    setter: Url,
    /// The domain it was set for, where it was set for more than one host.
    domain: Option<String>,
    path: String,
    /// True if it is sent over https only.
    secure: bool,
}

/// The cookies of one exchange.
#[derive(Debug, Default)]
pub(super) struct Cookies(Vec<Cookie>);

impl Cookies {
    /// Takes what the answer of an address sets. A cookie replaces an older one of the same name, domain and path.
    pub(super) fn take(&mut self, at: &Url, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE) {
            let Some((cookie, is_over)) = Cookie::read(at, line.as_bytes()) else { continue };
            self.0.retain(|old| !old.is_replaced_by(&cookie));
            if !is_over && self.0.len() < MAX_COOKIES {
                self.0.push(cookie);
            }
        }
    }

    /// The `Cookie` header for an address.
    pub(super) fn header(&self, at: &Url) -> Option<HeaderValue> {
        let mut line = Vec::new();
        for cookie in self.0.iter().filter(|cookie| cookie.is_for(at)) {
            let length = line.len() + cookie.name.len() + cookie.value.len() + 3;
            if length > MAX_HEADER {
                break;
            }
            if !line.is_empty() {
                line.extend_from_slice(b"; ");
            }
            line.extend_from_slice(&cookie.name);
            line.push(b'=');
            line.extend_from_slice(&cookie.value);
        }
        let mut value = HeaderValue::from_bytes(&line).ok().filter(|_| !line.is_empty())?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Adds the `Cookie` header for an address behind what the source's own headers have.
    pub(super) fn add_to(&self, headers: &mut HeaderMap, at: &Url) {
        let Some(mut ours) = self.header(at) else { return };
        if let Some(own) = headers.get(COOKIE) {
            let joined = [own.as_bytes(), b"; ", ours.as_bytes()].concat();
            let Ok(value) = HeaderValue::from_bytes(&joined) else { return };
            ours = value;
            ours.set_sensitive(true);
        }
        headers.insert(COOKIE, ours);
    }
}

impl Cookie {
    /// Reads a `Set-Cookie` line (section 5.2), and whether it only ends a cookie.
    fn read(at: &Url, line: &[u8]) -> Option<(Self, bool)> {
        let mut parts = line.split(|b| *b == b';');
        let (name, value) = pair(parts.next()?)?;
        if name.is_empty() {
            return None;
        }
        let (mut domain, mut path, mut secure, mut is_over) = (None, None, false, false);
        for part in parts {
            let (key, value) = pair(part).unwrap_or((part.trim_ascii(), b""));
            match key.to_ascii_lowercase().as_slice() {
                b"domain" if !value.is_empty() => domain = Some(domain_for(at, value)?),
                b"path" if value.starts_with(b"/") => path = String::from_utf8(value.to_vec()).ok(),
                b"secure" => secure = true,
                b"max-age" => is_over |= value == b"0" || value.starts_with(b"-"),
                // There is no clock here. Cookies are ended by a date at the beginning of time.
                b"expires" => is_over |= value.windows(4).any(|year| year == b"1970"),
                _ => {}
            }
        }
        let path = path.unwrap_or_else(|| default_path(at.path()).to_owned());
        let domain = domain.flatten();
        let cookie =
            Self { name: name.to_vec(), value: value.to_vec(), setter: at.clone(), domain, path, secure };
        Some((cookie, is_over))
    }

    fn is_replaced_by(&self, newer: &Self) -> bool {
        let place = |cookie: &Self| {
            cookie.domain.clone().or_else(|| cookie.setter.host_str().map(str::to_owned)).unwrap_or_default()
        };
        self.name == newer.name && self.path == newer.path && place(self) == place(newer)
    }

    /// Whether it is sent to an address. Without a domain it goes back to the very origin that set it: RFC 6265
    /// would send it to every port of the host, and those may be somebody else's.
    fn is_for(&self, at: &Url) -> bool {
        let host = at.host_str().unwrap_or_default();
        let in_place = match &self.domain {
            Some(domain) => is_within(host, domain),
            None => request::shares_secrets(&self.setter, at),
        };
        in_place && (!self.secure || at.scheme() == "https") && is_below(at.path(), &self.path)
    }
}

/// `name=value`, both without blanks around them.
fn pair(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = part.iter().position(|b| *b == b'=')?;
    Some((part[..at].trim_ascii(), part[at + 1..].trim_ascii()))
}

/// The domain that a cookie of an address may be set for: one that the host belongs to, and that somebody can own.
/// `None` refuses the cookie (section 5.3 step 6); the inner `None` is the host alone.
fn domain_for(at: &Url, value: &[u8]) -> Option<Option<String>> {
    let domain = std::str::from_utf8(value).ok()?.trim_start_matches('.').to_ascii_lowercase();
    match at.host()? {
        Host::Domain(host) if host == domain => Some(None),
        Host::Domain(host) => (is_within(host, &domain) && is_registrable(&domain)).then_some(Some(domain)),
        // An address of numbers belongs to nobody's domain.
        Host::Ipv4(_) | Host::Ipv6(_) => (at.host_str() == Some(domain.as_str())).then_some(None),
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Section 5.1.4: the path without its last part.
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(at) => &path[..at],
    }
}

/// Section 5.1.4: whether a path is the cookie's, or below it.
fn is_below(path: &str, of: &str) -> bool {
    path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || of.ends_with('/'))
}

#[cfg(test)]
mod tests;
