//! Selects the language of a page for a request: the one that the address asks for (`?lang=en`), else the one that
//! the reader prefers (RFC 9110 section 12.5.4).

use std::borrow::Cow;

use axum::http::{HeaderMap, header};

use super::accept;
use crate::views::html::lang::{Lang, Tongue};

/// The languages that are read of a header: browsers send about five.
const READ: usize = 20;

/// The language for a request, and whether its address asks for it.
pub(super) fn of(query: Option<&str>, headers: &HeaderMap) -> Tongue {
    let mut asked = query.unwrap_or_default().split('&').filter_map(|pair| pair.strip_prefix("lang="));
    match asked.next_back().and_then(Lang::parse) {
        Some(lang) => Tongue { lang, kept: true },
        None => Tongue { lang: preferred(headers), kept: false },
    }
}

/// The view at a path in a language, if it is a page: only names of files have a dot.
pub(super) fn view(path: &str, tongue: Tongue) -> Cow<'_, str> {
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.contains('.') { Cow::Borrowed(path) } else { tongue.at(path) }
}

/// The language that the reader prefers; that of the site for a reader who says nothing.
fn preferred(headers: &HeaderMap) -> Lang {
    let values = headers.get_all(header::ACCEPT_LANGUAGE).into_iter().filter_map(|value| value.to_str().ok());
    let mut best = (0, Lang::default());
    for part in values.flat_map(|value| value.split(',')).take(READ) {
        let mut pieces = part.split(';');
        let tag = pieces.next().unwrap_or_default().trim();
        let Some(weight) = accept::weight(pieces).filter(|weight| *weight > best.0) else { continue };
        if !tag.is_empty() && tag != "*" {
            best = (weight, Lang::nearest(tag));
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_address_comes_before_the_header_and_the_site_after_it() {
        let (zh, en) = (Lang::Zh, Lang::En);
        let cases = [
            ("nothing is said", None, None, (zh, false)),
            ("anything will do", None, Some("*"), (zh, false)),
            ("a Chinese browser", None, Some("zh-CN,zh;q=0.9,en;q=0.8"), (zh, false)),
            ("an English one", None, Some("en-GB,en;q=0.9,zh;q=0.5"), (en, false)),
            ("by weight, not by place", None, Some("zh;q=0.3, de;q=0.8"), (en, false)),
            ("none with weight nought", None, Some("en;q=0"), (zh, false)),
            ("a weight that is no number", None, Some("en;q=x, zh"), (zh, false)),
            ("the address", Some("lang=en"), Some("zh"), (en, true)),
            ("the address among others", Some("q=x&lang=zh"), Some("en"), (zh, true)),
            ("a language there is not", Some("lang=fr"), Some("zh"), (zh, false)),
            ("a query of a tracker", Some("utm_source=x"), None, (zh, false)),
        ];
        for (name, query, header, (lang, kept)) in cases {
            let mut headers = HeaderMap::new();
            if let Some(header) = header {
                headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(header));
            }
            assert_eq!(of(query, &headers), Tongue { lang, kept }, "{name}");
        }
    }

    #[test]
    fn only_pages_have_a_language() {
        let english = Tongue { lang: Lang::En, kept: false };
        let cases = [("", "?en"), ("henan/", "henan/?en"), ("entry/00ff", "entry/00ff?en")];
        for (path, expected) in cases {
            assert_eq!(view(path, english), expected);
        }
        for path in ["henan.atom", "feeds.opml", "assets/style-00.css"] {
            assert_eq!(view(path, english), path);
        }
    }
}
