//! Checks the `Host` header. Nothing here depends on the host, but a proxy may understand a request without one, or
//! with two, differently.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Version, header};

/// True if there is one well-formed `Host`; HTTP/1.0 needs none (RFC 9112 section 3.2).
pub(super) fn is_named(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        // An address without an authority has an empty one.
        (Some(host), None) => host.to_str().is_ok_and(|host| host.is_empty() || is_authority(host)),
        _ => false,
    }
}

/// A host and perhaps a port; no user (RFC 9110 section 7.2).
fn is_authority(host: &str) -> bool {
    !host.contains('@') && host.parse::<Authority>().is_ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_request_names_one_host() {
        let cases: [(&str, Version, &[&str], bool); 13] = [
            ("a name", Version::HTTP_11, &["news.example"], true),
            ("with a port", Version::HTTP_11, &["news.example:8080"], true),
            ("an address", Version::HTTP_11, &["127.0.0.1:80"], true),
            ("one of six", Version::HTTP_11, &["[::1]:80"], true),
            ("none at all", Version::HTTP_11, &[""], true),
            ("nothing said", Version::HTTP_11, &[], false),
            ("nothing said, as was usual", Version::HTTP_10, &[], true),
            ("two", Version::HTTP_11, &["a", "b"], false),
            ("two alike", Version::HTTP_10, &["a", "a"], false),
            ("a user", Version::HTTP_11, &["me@news.example"], false),
            ("a path", Version::HTTP_11, &["news.example/a"], false),
            ("a blank", Version::HTTP_11, &["news example"], false),
            ("a port that is none", Version::HTTP_11, &["[::1"], false),
        ];
        for (name, version, hosts, expected) in cases {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, HeaderValue::from_str(host).expect("a header"));
            }
            assert_eq!(is_named(version, &headers), expected, "{name}");
        }
    }
}
