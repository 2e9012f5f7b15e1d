//! The result of one HTTP exchange with a publisher, as plain values: the fetcher makes them, `decide::answer` says what
//! they mean. Nothing here speaks HTTP, and nothing here is an error to be raised: a refusal, a silence and a broken
//! body are all outcomes of a poll.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// The validators of a response (RFC 9110 section 8.8): opaque bytes, echoed byte for byte, whatever
/// they look like. Serialised each as one string; see [`opaque`] for the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Validators {
    /// The value of `ETag`, quotes and `W/` included.
    #[serde(default, with = "opaque")]
    pub etag: Option<Vec<u8>>,
    /// The value of `Last-Modified`, not read as a date.
    #[serde(default, with = "opaque")]
    pub last_modified: Option<Vec<u8>>,
    /// The address that gave them, where it is not the configured one: a validator tells states of one resource
    /// apart (RFC 9110 section 8.8), so no other is sent it. In journals of before, and in what a response
    /// brings: the one that is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

impl Validators {
    /// True if a request cannot be conditional.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }

    /// True if they are of the address `at`, to which these redirects led: another resource may have the same tag, and its
    /// 304 would say that it was read (RFC 9111 section 4.3.1).
    pub fn are_of(&self, at: &str, hops: &[Hop]) -> bool {
        self.of.as_ref().map_or(hops.is_empty(), |of| of == at)
    }
}

/// Header bytes as one string: the text itself when it is UTF-8, else `base64:` and the standard
/// base64 of the bytes. A text that itself starts with `base64:` is written as base64 too, so that
/// every value reads back as the bytes it was.
pub mod opaque {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    const MARK: &str = "base64:";

    pub fn serialize<S: Serializer>(value: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
        value
            .as_ref()
            .map(|bytes| match std::str::from_utf8(bytes) {
                Ok(text) if !text.starts_with(MARK) => text.to_owned(),
                _ => format!("{MARK}{}", STANDARD.encode(bytes)),
            })
            .serialize(to)
    }

    /// # Errors
    /// Those of the deserializer, and broken base64.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        match text.strip_prefix(MARK) {
            Some(coded) => STANDARD.decode(coded).map(Some).map_err(de::Error::custom),
            None => Ok(Some(text.into_bytes())),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hop {
    /// 301, 302, 303, 307 or 308.
    pub status: u16,
    /// Absolute, without credentials or fragment.
    pub to: String,
}

impl Hop {
    /// True if the publisher calls the move permanent (301 or 308; RFC 9110 sections 15.4.2, 15.4.9).
    pub fn is_permanent(&self) -> bool {
        matches!(self.status, 301 | 308)
    }
}

/// A response without its body. Header values are as sent, and absent when they were not text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseHead {
    pub status: u16,
    /// The address that answered, after redirects; without credentials.
    pub final_url: String,
    pub hops: Vec<Hop>,
    pub validators: Validators,
    pub content_type: Option<String>,
    /// `Cache-Control`, several lines joined by a comma (RFC 9110 section 5.3).
    pub cache_control: Option<String>,
    pub expires: Option<String>,
    pub date: Option<String>,
    pub age: Option<String>,
    /// `Retry-After`: seconds or a date, not read; several lines joined by a line end.
    pub retry_after: Option<String>,
    /// `Link`, several lines joined by a comma: hubs and archives announce themselves there.
    pub link: Option<String>,
    /// `X-Robots-Tag`, several lines joined by a line end, since a name in one speaks for its line alone.
    pub x_robots_tag: Option<String>,
}

impl ResponseHead {
    /// The address to which the source has moved for good: the end of the unbroken run of permanent redirects
    /// that the exchange began with. A step from https down to http ends the run: it is followed, but an
    /// address that was configured as https is never remembered as less.
    pub fn moved_to(&self) -> Option<&str> {
        let mut secure = false;
        self.hops
            .iter()
            .take_while(|hop| hop.is_permanent())
            .map(|hop| hop.to.as_str())
            .take_while(|to| {
                let now_secure = to.starts_with("https:");
                let keeps = now_secure || !secure;
                secure = now_secure;
                keeps
            })
            .last()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    pub head: ResponseHead,
    /// The body, content codings undone, complete.
    pub body: Bytes,
}

/// The result of one HTTP exchange, redirects included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// A success with a complete body.
    Body(Response),
    /// 304 to a conditional request. Its validators, if any, replace those that were sent.
    NotModified(ResponseHead),
    /// 410: the publisher says it will not come back.
    Gone(ResponseHead),
    /// 429, or 503 with `Retry-After`: asked to wait; `retry_after` in the head says how long, if said. Or a
    /// redirect that is to be followed only later, and was not.
    Throttled(ResponseHead),
    /// The publisher does not want this client, or wants a person.
    Blocked {
        head: ResponseHead,
        why: Block,
    },
    /// Any other status that carries no feed.
    Status(ResponseHead),
    Failed(FetchFault),
}

impl Exchange {
    /// The octets of the body, content codings undone.
    pub fn octets(&self) -> usize {
        match self {
            Self::Body(response) => response.body.len(),
            _ => 0,
        }
    }

    /// `None` when no response came.
    pub fn head(&self) -> Option<&ResponseHead> {
        match self {
            Self::Body(response) => Some(&response.head),
            Self::NotModified(head) | Self::Gone(head) | Self::Throttled(head) | Self::Status(head) => {
                Some(head)
            }
            Self::Blocked { head, .. } => Some(head),
            Self::Failed(FetchFault::Truncated { came: Some(part) }) => Some(&part.head),
            Self::Failed(_) => None,
        }
    }
}

/// The way in which a publisher refuses a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Block {
    /// 401 or 407: wants credentials.
    Credentials,
    /// 403.
    Forbidden,
    /// 412 to a plain GET: what several web application firewalls answer to a client without a browser.
    Firewall,
    /// 451.
    Legal,
    /// A page that runs a script to tell people from programs.
    Challenge,
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credentials => "it wants credentials; put them in the source's headers",
            Self::Forbidden => "it forbids this client; ask the publisher, or set a contact",
            Self::Firewall => "its firewall refuses clients that are not browsers; ask the publisher",
            Self::Legal => "it is withheld for legal reasons",
            Self::Challenge => "it challenges clients to prove they are browsers; ask the publisher",
        })
    }
}

/// The fault when no usable response came. The text says the cause and what to do; it never holds a query, a header or
/// a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchFault {
    #[error("cannot poll this address: {why}")]
    BadUrl { why: String },
    #[error("the header {name:?} cannot be sent; check the source's headers")]
    BadHeader { name: String },
    #[error("cannot find the address of {host}: {why}")]
    Resolve { host: String, why: String },
    #[error("{} is {why}; name it in polling.allow_networks to poll it", named(.host, .ip))]
    AddressRefused { host: String, ip: IpAddr, why: &'static str },
    #[error("cannot connect to {host}: {why}")]
    Connect { host: String, why: String },
    #[error("no connection through the proxy {at}: {why}")]
    Proxy { at: String, why: String },
    #[error("no secure connection to {host}: {why}")]
    Tls { host: String, why: String },
    #[error("no CA certificates found, needed for https: install ca-certificates")]
    NoCertificates,
    #[error("no complete response within {} s", .after.as_secs_f32())]
    Timeout { after: Duration },
    #[error("the body is larger than {limit} bytes; raise polling.max_body if it should be")]
    TooLarge { limit: u64 },
    #[error("the response has too many or too long headers")]
    HeadTooLarge,
    #[error("the body cannot be decompressed: {why}")]
    BadEncoding { why: String },
    /// The body ended before its announced end. What came of it, if it was plain and its length announced; without
    /// validators, since they are those of the whole.
    #[error("the connection closed before the end of the response")]
    Truncated { came: Option<Box<Response>> },
    #[error("the connection was reset")]
    Reset,
    #[error("its redirects run in a circle, at {at}")]
    RedirectLoop { at: String },
    #[error("more than {limit} redirects")]
    TooManyRedirects { limit: usize },
    #[error("it redirects to {to}: {why}")]
    RedirectRefused { to: String, why: String },
    #[error("{host} asked to be left alone for another {} s", .wait.as_secs())]
    Held { host: String, wait: Duration },
    #[error("{why}; ask the publisher, or take another address")]
    Robots { why: String },
    /// The robots.txt of the origin cannot be fetched, so nothing else is asked of it.
    #[error("{why}")]
    NoRobots { why: String, silent: bool },
    #[error("not a valid HTTP response: {why}")]
    Http { why: String },
}

impl FetchFault {
    /// True if nobody answered: the host may be down, or its way there, or our own network.
    pub fn is_silence(&self) -> bool {
        use FetchFault::{Connect, NoRobots, Proxy, Resolve, Timeout, Tls};
        match self {
            Resolve { .. } | Connect { .. } | Proxy { .. } | Tls { .. } | Timeout { .. } => true,
            NoRobots { silent, .. } => *silent,
            _ => false,
        }
    }

    /// One word for the kind of fault; the tests of `fetch` compare it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::BadUrl { .. } => "bad-url",
            Self::BadHeader { .. } => "bad-header",
            Self::Resolve { .. } => "resolve",
            Self::AddressRefused { .. } => "address-refused",
            Self::Connect { .. } => "connect",
            Self::Proxy { .. } => "proxy",
            Self::Tls { .. } => "tls",
            Self::NoCertificates => "no-certificates",
            Self::Timeout { .. } => "timeout",
            Self::TooLarge { .. } => "too-large",
            Self::HeadTooLarge => "head-too-large",
            Self::BadEncoding { .. } => "bad-encoding",
            Self::Truncated { .. } => "truncated",
            Self::Reset => "reset",
            Self::RedirectLoop { .. } => "redirect-loop",
            Self::TooManyRedirects { .. } => "too-many-redirects",
            Self::RedirectRefused { .. } => "redirect-refused",
            Self::Held { .. } => "held",
            Self::Robots { .. } => "robots",
            Self::NoRobots { .. } => "no-robots",
            Self::Http { .. } => "http",
        }
    }
}

/// `127.0.0.1`, or `name (127.0.0.1)` when a name led there.
fn named(host: &str, ip: &IpAddr) -> String {
    let literal = ip.to_string();
    if host == literal || host.trim_matches(['[', ']']) == literal {
        literal
    } else {
        format!("{host} ({literal})")
    }
}

#[cfg(test)]
mod tests;
