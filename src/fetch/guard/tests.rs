use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn guard(allowed: &[&str]) -> AddressGuard {
    AddressGuard::new(allowed.iter().map(|net| net.parse().expect("a network")).collect())
}

/// `None` when it passes, else the reason.
fn refusal(guard: &AddressGuard, address: &str) -> Option<&'static str> {
    match guard.check("host", ip(address)) {
        Ok(()) => None,
        Err(FetchFault::AddressRefused { why, .. }) => Some(why),
        Err(other) => panic!("the guard refuses addresses only, got {other}"),
    }
}

#[test]
fn only_public_addresses_pass() {
    let cases = [
        ("8.8.8.8", None),
        ("100.63.255.255", None),
        ("100.128.0.1", None),
        ("172.15.255.255", None),
        ("172.32.0.1", None),
        ("192.167.1.1", None),
        ("223.255.255.255", None),
        ("2400:3200::1", None),
        ("2606:4700::1111", None),
        ("0.0.0.0", Some("an unspecified address")),
        ("0.1.2.3", Some("an unspecified address")),
        ("10.0.0.1", Some("a private address")),
        ("172.16.0.1", Some("a private address")),
        ("172.31.255.255", Some("a private address")),
        ("192.168.1.1", Some("a private address")),
        ("100.64.0.1", Some("a carrier-grade NAT address")),
        ("100.100.100.200", Some("a cloud metadata address")),
        ("127.0.0.1", Some("a loopback address")),
        ("127.255.255.254", Some("a loopback address")),
        ("169.254.1.1", Some("a link-local address")),
        ("169.254.169.254", Some("a cloud metadata address")),
        ("168.63.129.16", Some("a cloud metadata address")),
        ("192.0.2.1", Some("a documentation address")),
        ("198.19.0.1", Some("a benchmarking address")),
        ("224.0.0.1", Some("a multicast address")),
        ("255.255.255.255", Some("a reserved address")),
        ("::", Some("an unspecified address")),
        ("::1", Some("a loopback address")),
        ("::ffff:127.0.0.1", Some("an IPv4-mapped address")),
        ("::ffff:8.8.8.8", Some("an IPv4-mapped address")),
        ("::127.0.0.1", Some("an IPv4-compatible address")),
        ("::ffff:0:127.0.0.1", Some("an IPv4-translated address")),
        ("64:ff9b::7f00:1", Some("a NAT64 address")),
        ("64:ff9b:1::7f00:1", Some("a NAT64 address")),
        ("2002:7f00:1::1", Some("a 6to4 address")),
        ("2001:0:53aa:64c::1", Some("a Teredo address")),
        ("2001:db8::1", Some("a documentation address")),
        ("3fff:0:1::1", Some("a documentation address")),
        ("fc00::1", Some("a private address")),
        ("fd00:ec2::254", Some("a cloud metadata address")),
        ("fe80::1", Some("a link-local address")),
        ("fec0::1", Some("a reserved address")),
        ("ff02::1", Some("a multicast address")),
        ("100::1", Some("a reserved address")),
        ("4000::1", Some("a reserved address")),
    ];
    for (address, want) in cases {
        assert_eq!(refusal(&AddressGuard::default(), address), want, "{address}");
    }
}

#[test]
fn a_named_network_passes_and_nothing_beside_it() {
    let guard = guard(&["127.0.0.0/8", "192.168.7.0/24"]);
    for (address, passes) in [
        ("127.0.0.1", true),
        ("192.168.7.9", true),
        ("192.168.8.9", false),
        ("::1", false),
        ("::ffff:127.0.0.1", false),
    ] {
        assert_eq!(refusal(&guard, address).is_none(), passes, "{address}");
    }
}

#[test]
fn naming_a_translation_prefix_does_not_open_what_hides_behind_it() {
    let guard = guard(&["64:ff9b::/96", "::ffff:0:0/96", "2002::/16", "2001::/32", "10.1.0.0/16"]);
    for (address, want) in [
        ("64:ff9b::808:808", None),
        ("64:ff9b::7f00:1", Some("a loopback address")),
        ("64:ff9b::a9fe:a9fe", Some("a cloud metadata address")),
        ("64:ff9b::a01:1", None),
        ("64:ff9b::a02:1", Some("a private address")),
        ("::ffff:127.0.0.1", Some("a loopback address")),
        ("2002:7f00:1::1", Some("a loopback address")),
        // 80ff:fffe is 7f00:1 with its bits turned over.
        ("2001:0:1:2:3:4:80ff:fffe", Some("a loopback address")),
    ] {
        assert_eq!(refusal(&guard, address), want, "{address}");
    }
}

#[test]
fn own_machines_are_those_on_named_networks_that_are_not_public() {
    let guard = guard(&["127.0.0.0/8", "8.8.8.0/24", "64:ff9b::/96"]);
    for (address, own) in
        [("127.0.0.1", true), ("8.8.8.8", false), ("64:ff9b::808:808", false), ("10.0.0.1", false)]
    {
        assert_eq!(guard.is_own(ip(address)), own, "{address}");
    }
}
