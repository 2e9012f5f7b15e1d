//! What the exchange of one poll shows of the network.

use sha2::{Digest, Sha256};

use crate::model::exchange::{Exchange, FetchFault};
use crate::model::hash::hex16;
use crate::read::link;

/// Network Authentication Required (RFC 6585 section 6): only a captive portal says it.
const PORTAL: u16 = 511;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The publisher answered.
    Answer,
    /// Nobody answered.
    Silence,
    /// The answer may be a captive portal's. One portal gives the same text for all hosts: the host that it redirects
    /// to, the address that all names lead to, or the hash of its page.
    Stranger(String),
    /// Nobody was asked, or the poll says nothing of the network.
    Nothing,
}

/// The sign of an exchange with the address `asked`. `is_good` if its answer was a document of the source.
pub fn sign(exchange: &Exchange, asked: &str, is_good: bool) -> Sign {
    if is_good {
        return Sign::Answer;
    }
    let head = match exchange {
        Exchange::Failed(fault) if fault.is_silence() => return Sign::Silence,
        Exchange::Failed(FetchFault::AddressRefused { ip, .. }) => return Sign::Stranger(ip.to_string()),
        // A redirect or a longer body than is read is an answer, but it may be a portal's.
        Exchange::Failed(_) => return Sign::Nothing,
        answered => answered.head(),
    };
    let Some(head) = head else { return Sign::Nothing };
    let led_to = link::host_key(&head.final_url);
    match exchange {
        _ if head.status == PORTAL => Sign::Silence,
        _ if led_to != link::host_key(asked) => Sign::Stranger(led_to.unwrap_or_default()),
        Exchange::Body(response) => Sign::Stranger(hex16(&Sha256::digest(&response.body))),
        _ => Sign::Answer,
    }
}
