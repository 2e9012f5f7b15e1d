//! The address guard: which IP addresses a source may lead to. A feed's address, and every redirect,
//! is chosen by someone else; without this guard a publisher could make the daemon read the services
//! of the operator's own network. Decides by numbers alone; who looks names up is `resolve`'s business.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::model::exchange::FetchFault;

/// The public internet, plus the networks the operator named.
#[derive(Clone, Debug, Default)]
pub struct AddressGuard {
    allowed: Vec<IpNet>,
}

impl AddressGuard {
    /// A guard that lets these networks pass too.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// Refuses a connection to `ip`, to which `host` resolved, unless it is public or allowed.
    pub fn check(&self, host: &str, ip: IpAddr) -> Result<(), FetchFault> {
        let refuse = |why| Err(FetchFault::AddressRefused { host: host.to_owned(), ip, why });
        if let Some(why) = not_public(ip)
            && !self.names(ip)
        {
            return refuse(why);
        }
        // Allowing a translation prefix (as a NAT64 network must) does not allow the addresses embedded in it.
        match hidden_v4(ip).map(IpAddr::V4) {
            Some(inner) if !self.names(inner) => match not_public(inner) {
                Some(why) => refuse(why),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// True if nothing is allowed besides the public internet.
    pub fn is_plain(&self) -> bool {
        self.allowed.is_empty()
    }

    /// True if `ip` is on a machine of the operator's own: not public, and named as allowed.
    pub fn is_own(&self, ip: IpAddr) -> bool {
        not_public(ip).is_some() && hidden_v4(ip).is_none() && self.names(ip)
    }

    fn names(&self, ip: IpAddr) -> bool {
        self.allowed.iter().any(|net| net.contains(&ip))
    }
}

/// The kind of address, if it is not a plain public one.
fn not_public(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => not_public_v4(ip),
        IpAddr::V6(ip) => not_public_v6(ip),
    }
}

const METADATA: &str = "a cloud metadata address";

/// The IANA special-purpose registry (RFC 6890), and the metadata services of clouds.
fn not_public_v4(ip: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, d] = ip.octets();
    Some(match (a, b, c, d) {
        // AWS, GCP, Azure, Tencent · Alibaba · Oracle · Azure's wire server, which is a public number.
        (169, 254, 169, 254) | (100, 100, 100, 200) | (192, 0, 0, 192) | (168, 63, 129, 16) => METADATA,
        (0, ..) => "an unspecified address",
        (10, ..) | (172, 16..=31, ..) | (192, 168, ..) => "a private address",
        (100, 64..=127, ..) => "a carrier-grade NAT address",
        (127, ..) => "a loopback address",
        (169, 254, ..) => "a link-local address",
        (192, 0, 0, _) | (192, 88, 99, _) => "a protocol assignment address",
        (192, 0, 2, _) | (198, 51, 100, _) | (203, 0, 113, _) => "a documentation address",
        (198, 18..=19, ..) => "a benchmarking address",
        (224..=239, ..) => "a multicast address",
        (240..=255, ..) => "a reserved address",
        _ => return None,
    })
}

fn not_public_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let s = ip.segments();
    Some(match s {
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254] => METADATA,
        [0, 0, 0, 0, 0, 0, 0, 0] => "an unspecified address",
        [0, 0, 0, 0, 0, 0, 0, 1] => "a loopback address",
        [0, 0, 0, 0, 0, 0xffff, ..] => "an IPv4-mapped address",
        [0, 0, 0, 0, 0xffff, 0, ..] => "an IPv4-translated address",
        [0, 0, 0, 0, 0, 0, ..] => "an IPv4-compatible address",
        [0x64, 0xff9b, ..] => "a NAT64 address",
        [0x2002, ..] => "a 6to4 address",
        [0x2001, 0, ..] => "a Teredo address",
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => "a documentation address",
        [0x2001, 0..=0x1ff, ..] => "a protocol assignment address",
        [0xfc00..=0xfdff, ..] => "a private address",
        [0xfe80..=0xfebf, ..] => "a link-local address",
        [0xff00..=0xffff, ..] => "a multicast address",
        // All of the public internet is in 2000::/3 so far; the rest is unassigned.
        [first, ..] if first & 0xe000 != 0x2000 => "a reserved address",
        _ => return None,
    })
}

/// The IPv4 address that a packet to `ip` really ends at, for the forms that carry one.
fn hidden_v4(ip: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(ip) = ip else { return None };
    let join = |hi: u16, lo: u16| Ipv4Addr::from((u32::from(hi) << 16) | u32::from(lo));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, hi, lo] | [0, 0, 0, 0, 0xffff, 0, hi, lo] => Some(join(hi, lo)),
        [0x64, 0xff9b, .., hi, lo] | [0x2002, hi, lo, ..] => Some(join(hi, lo)),
        // Teredo keeps the client's address with its bits turned over (RFC 4380 section 4).
        [0x2001, 0, .., hi, lo] => Some(join(!hi, !lo)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
