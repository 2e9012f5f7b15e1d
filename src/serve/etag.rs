//! Entity tags as proxies send them back. A proxy that compresses a response adds a suffix to its tag, and some
//! do not remove the suffix when they ask us.

/// Suffixes that proxies add to the tag of a compressed response: Apache and Caddy, Jetty, Caddy again, LiteSpeed.
const SUFFIXES: [&str; 7] = ["--gzip", "-gzip", "-deflate", "-br", "-zstd", ";gzip", ";br"];

/// The inside of a tag: not weak, without quotes (some readers remove them) and without a proxy's suffix.
pub(super) fn bare(tag: &str) -> &str {
    without_suffix(inside(tag))
}

/// The tag to answer with, if `tag` of an `If-None-Match` names the page by `etag`, the tag of the representation
/// that would be sent, or by a tag that a proxy made of that or of `plain`, the tag of the page as it is. The
/// comparison is the weak one (RFC 9110 section 8.8.3.2): what nginx has compressed it has made weak.
///
/// A proxy that left its suffix in the request expects it in the response: a cache would not find a response of
/// another tag (RFC 9111 section 4.3.4).
pub(super) fn matches<'a>(tag: &'a str, etag: &'a str, plain: &str) -> Option<&'a str> {
    let named = inside(tag);
    if tag == "*" || named == inside(etag) {
        return Some(etag);
    }
    let bare = without_suffix(named);
    let has_suffix = bare.len() < named.len() && (bare == inside(etag) || bare == inside(plain));
    has_suffix.then(|| tag.strip_prefix("W/").unwrap_or(tag)).map(|tag| match tag.starts_with('"') {
        true => tag,
        false => etag,
    })
}

fn inside(tag: &str) -> &str {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(tag)
}

fn without_suffix(inside: &str) -> &str {
    SUFFIXES.iter().find_map(|mark| inside.strip_suffix(mark)).unwrap_or(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_known_by_its_tag_whatever_a_proxy_made_of_it() {
        let (gzip, plain) = ("\"x.gz\"", "\"x\"");
        let cases = [
            ("its own", "\"x.gz\"", Some(gzip)),
            ("any", "*", Some(gzip)),
            ("made weak by nginx", "W/\"x.gz\"", Some(gzip)),
            ("its quotes taken off by a reader", "x.gz", Some(gzip)),
            ("compressed by Apache or Caddy", "\"x-gzip\"", Some("\"x-gzip\"")),
            ("and made weak", "W/\"x-gzip\"", Some("\"x-gzip\"")),
            ("compressed by Jetty", "\"x--gzip\"", Some("\"x--gzip\"")),
            ("compressed by a newer Caddy", "\"x-zstd\"", Some("\"x-zstd\"")),
            ("marked though it was compressed", "\"x.gz-gzip\"", Some("\"x.gz-gzip\"")),
            ("marked, without quotes", "x-gzip", Some(gzip)),
            ("another representation, by our own tag", "\"x\"", None),
            ("another coding of ours", "\"x.br\"", None),
            ("another page", "\"y.gz\"", None),
            ("another page, marked", "\"y-gzip\"", None),
            ("a mark nobody makes", "\"x-lzma\"", None),
            ("nothing", "", None),
            ("a quote", "\"", None),
            ("a mark alone", "\"-gzip\"", None),
        ];
        for (name, tag, expected) in cases {
            assert_eq!(matches(tag, gzip, plain), expected, "{name}");
        }
        assert_eq!(bare("W/\"x-1-2-gzip\""), "x-1-2");
    }
}
