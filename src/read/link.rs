//! Addresses: resolved as a browser does, and reduced to one canonical form per page. Fetches nothing and knows no
//! source.

mod canonical;
mod keyed;
#[cfg(test)]
mod tests;

use url::Url;

pub(crate) use canonical::is_registrable;
pub use canonical::{canonical, host_key, server, server_of};
pub use keyed::{is_keyed, masked};

/// The longest address that is read, in bytes. Browsers allow far more, but a longer one is data.
pub const MAX_LINK: usize = 4096;

/// Schemes that are republished. Every other one (`javascript:`, `data:`, `file:`, `blob:`, private ones) could run,
/// leak or mislead, or needs a program that a reader may not have.
pub const SCHEMES: &[&str] = &["http", "https", "mailto", "tag", "urn"];

/// True if an IRI may be republished: it has one of [`SCHEMES`], a host if the scheme needs one, and no blank or
/// control character.
#[must_use]
pub fn is_republished(iri: &str) -> bool {
    let Some((scheme, rest)) = iri.split_once(':') else { return false };
    let is_known = SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme));
    let needs_host = scheme.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http"));
    let has_host = rest.strip_prefix("//").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    is_known
        && !rest.is_empty()
        && (!needs_host || has_host)
        && !iri.contains(|c: char| c.is_whitespace() || c.is_control() || crate::read::text::is_invisible(c))
}

/// A base that links resolve against, read once for many links.
#[derive(Clone, Debug, Default)]
pub(crate) struct Base(Option<Url>);

impl Base {
    pub(crate) fn new(base: Option<&str>) -> Self {
        Self(base.and_then(|b| Url::parse(b.trim()).ok()))
    }

    pub(crate) fn resolve(&self, href: &str) -> Option<String> {
        let href = tidy(href)?;
        if is_clean_absolute(&href) {
            return Some(href);
        }
        let url = Url::options().base_url(self.0.as_ref()).parse(&href).ok()?;
        let web = matches!(url.scheme(), "http" | "https");
        if !SCHEMES.contains(&url.scheme()) || (web && url.host_str().is_none_or(str::is_empty)) {
            return None;
        }
        Some(url.into()).filter(|u: &String| u.len() <= MAX_LINK)
    }
}

/// Makes a link absolute, as a browser does (WHATWG URL): blanks trimmed, tabs and line ends inside
/// taken out, backslashes turned, spaces and non-ASCII characters percent-encoded, host names in
/// punycode.
///
/// An address that is already absolute and clean comes back as it was written, without so much as a
/// slash added. `None` for an empty link, one without a base it needs, a scheme that is not for readers
/// to follow, or over [`MAX_LINK`] bytes.
#[must_use]
pub fn resolve(base: Option<&str>, href: &str) -> Option<String> {
    Base::new(base).resolve(href)
}

/// Repairs links that publishers' programs have damaged, before the URL parser reads them.
fn tidy(href: &str) -> Option<String> {
    let href = href.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{FEFF}');
    if href.is_empty() || href.len() > MAX_LINK {
        return None;
    }
    // `&amp;` survives in links that were escaped twice; no parameter is called `amp;id`.
    let mut href = href.replace("&amp;", "&");
    href.retain(|c| !c.is_control() && !crate::read::text::is_invisible(c));
    let lower = href.get(..7).map(str::to_ascii_lowercase).unwrap_or_default();
    // `feed://host/` is how some sites spell a subscription link.
    if lower == "feed://" {
        href.replace_range(..7, "http://");
    } else if lower.starts_with("www.") {
        // A host without its scheme; nobody has a folder called `www.chinanews.com.cn`.
        href.insert_str(0, "http://");
    } else if lower.starts_with("http:/") && !lower.ends_with('/') || lower.starts_with("http:\\") {
        // `http:/host/x`: a browser would take it for a path of the base.
        let rest = href[5..].trim_start_matches(['/', '\\']).to_owned();
        href = format!("http://{rest}");
    }
    Some(href)
}

/// True if an address needs no change: `http` or `https`, a host, and only characters that RFC 3986 allows.
fn is_clean_absolute(href: &str) -> bool {
    let Some(rest) = href.strip_prefix("http://").or_else(|| href.strip_prefix("https://")) else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // Dot segments need resolving; a user part or an upper-case host is for the parser to judge.
    let host_ok = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b':'))
        && !host.starts_with(['.', ':'])
        && host.split_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_ok())
        && !host.ends_with(|c: char| c.is_ascii_digit());
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b);
    host_ok
        && rest.bytes().all(legal)
        && !rest.contains("/./")
        && !rest.contains("/..")
        && whole_escapes(rest)
}

fn whole_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let mut hex = after.bytes().take(2).filter(u8::is_ascii_hexdigit);
        hex.next().is_some() && hex.next().is_some()
    })
}
