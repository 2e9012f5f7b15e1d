//! The HTTP client's errors as faults. The errors come nested and with texts of their own; the innermost cause counts,
//! and a fault of our own that was carried through them.

use std::error::Error;
use std::io;

use crate::model::exchange::FetchFault;

use super::resolve::Carried;

/// The client's error when a SOCKS proxy cannot be reached. The cause is lost on its way (hyper-util 0.1.21).
const SOCKS_DOWN: &str = "SOCKS error: failed to create underlying connection";

/// The fault when no response came from `host`. Behind a proxy a failure to connect is a fault of `proxy`: nobody else
/// was spoken to.
pub(super) fn of_request(error: &reqwest::Error, host: &str, proxy: Option<&str>) -> FetchFault {
    let mut while_connecting = error.is_connect();
    let mut last = String::new();
    for cause in Causes::of(error) {
        last = cause.to_string();
        if let Some(Carried(fault)) = cause.downcast_ref() {
            return fault.clone();
        }
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return FetchFault::Tls { host: host.to_owned(), why: tls.to_string() };
        }
        if let Some(hyper) = cause.downcast_ref::<hyper::Error>()
            && let Some(fault) = of_hyper(hyper)
        {
            return fault;
        }
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            while_connecting |= io.kind() == io::ErrorKind::ConnectionRefused;
            if !while_connecting && is_reset(io) {
                return FetchFault::Reset;
            }
            // The error of TLS when a connection is closed without close_notify.
            if !while_connecting && io.kind() == io::ErrorKind::UnexpectedEof {
                return FetchFault::Truncated { came: None };
            }
        }
    }
    if error.is_timeout() {
        "no answer in time".clone_into(&mut last);
    }
    match (while_connecting, proxy) {
        (true, Some(at)) => {
            let why = if last == SOCKS_DOWN { "it cannot be reached".to_owned() } else { last };
            FetchFault::Proxy { at: at.to_owned(), why }
        }
        (true, None) => FetchFault::Connect { host: host.to_owned(), why: last },
        (false, _) => FetchFault::Http { why: last },
    }
}

/// True if the connection was closed before a whole response head came.
pub(super) fn is_closed(error: &reqwest::Error) -> bool {
    matches!(of_request(error, "", None), FetchFault::Reset | FetchFault::Truncated { .. })
}

/// The fault of a body that broke off.
pub(super) fn of_body(error: &reqwest::Error) -> FetchFault {
    let mut last = String::new();
    for cause in Causes::of(error) {
        last = cause.to_string();
        if let Some(hyper) = cause.downcast_ref::<hyper::Error>()
            && let Some(fault) = of_hyper(hyper)
        {
            return fault;
        }
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return match io.kind() {
                io::ErrorKind::UnexpectedEof => FetchFault::Truncated { came: None },
                _ if is_reset(io) => FetchFault::Reset,
                _ => FetchFault::Http { why: io.to_string() },
            };
        }
    }
    FetchFault::Http { why: last }
}

fn of_hyper(error: &hyper::Error) -> Option<FetchFault> {
    if error.is_parse_too_large() {
        Some(FetchFault::HeadTooLarge)
    } else if error.is_parse() {
        Some(FetchFault::Http { why: error.to_string() })
    } else if error.is_incomplete_message() {
        Some(FetchFault::Truncated { came: None })
    } else {
        None
    }
}

fn is_reset(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), ConnectionReset | ConnectionAborted | BrokenPipe)
}

/// An error and its causes. `io::Error::source` hides the error it was made of, and TLS puts its own there.
struct Causes<'a>(Option<&'a (dyn Error + 'static)>);

impl<'a> Causes<'a> {
    fn of(error: &'a (dyn Error + 'static)) -> Self {
        Self(Some(error))
    }
}

impl<'a> Iterator for Causes<'a> {
    type Item = &'a (dyn Error + 'static);

    fn next(&mut self) -> Option<Self::Item> {
        let now = self.0?;
        let inner = now.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        self.0 = inner.map(|e| e as &(dyn Error + 'static)).or_else(|| now.source());
        Some(now)
    }
}
