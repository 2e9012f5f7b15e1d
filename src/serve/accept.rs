//! Selects the representation of a page for a request (RFC 9110 section 12.5.3).

use axum::http::{HeaderMap, header};

use crate::views::page::{Coding, Page};

/// A weight in thousandths (RFC 9110 section 12.4.2).
type Weight = u16;

/// A representation: its coding, or the page as it is.
pub(super) type Chosen = Option<Coding>;

/// The representation that the client prefers; among equal ones the usually shortest. `None` if the client refuses
/// the page as it is and every coding of it.
pub(super) fn choose(page: &Page, headers: &HeaderMap) -> Option<Chosen> {
    let Some(wishes) = Wishes::read(headers) else { return Some(None) };
    let mut best: Option<(Weight, Coding)> = None;
    for coding in Coding::ALL.into_iter().filter(|_| page.has_codings()) {
        let weight = wishes.coding(coding);
        if weight > best.map_or(0, |(weight, _)| weight) {
            best = Some((weight, coding));
        }
    }
    match (best, wishes.identity()) {
        (Some((weight, _)), Wish::Said(identity)) if identity > weight => Some(None),
        (Some((_, coding)), _) => Some(Some(coding)),
        // A page too short to be worth a coding is no reason to refuse a client that takes one.
        (None, Wish::Said(0)) if !Coding::ALL.iter().any(|coding| wishes.coding(*coding) > 0) => None,
        (None, _) => Some(None),
    }
}

/// The client's weight for the page without coding.
enum Wish {
    Said(Weight),
    /// Acceptable, and preferred least.
    Unsaid,
}

/// An `Accept-Encoding`.
#[derive(Default)]
struct Wishes {
    codings: [Option<Weight>; 3],
    identity: Option<Weight>,
    any: Option<Weight>,
}

impl Wishes {
    /// `None` without the header: then the client gets the page as it is.
    fn read(headers: &HeaderMap) -> Option<Self> {
        let mut wishes = Self::default();
        let mut said = false;
        for value in headers.get_all(header::ACCEPT_ENCODING) {
            said = true;
            for part in value.to_str().unwrap_or_default().split(',') {
                let mut pieces = part.split(';');
                let name = pieces.next().unwrap_or_default().trim();
                let Some(weight) = weight(pieces) else { continue };
                if let Some(slot) = wishes.slot(name) {
                    *slot = Some(weight);
                }
            }
        }
        said.then_some(wishes)
    }

    fn slot(&mut self, name: &str) -> Option<&mut Option<Weight>> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        // RFC 9110 section 8.4.1.3: the old name for the same.
        if is("gzip") || is("x-gzip") {
            return Some(&mut self.codings[Coding::Gzip as usize]);
        }
        if let Some(coding) = Coding::ALL.into_iter().find(|coding| is(coding.name())) {
            return Some(&mut self.codings[coding as usize]);
        }
        if is("identity") {
            return Some(&mut self.identity);
        }
        is("*").then_some(&mut self.any)
    }

    fn coding(&self, coding: Coding) -> Weight {
        self.codings[coding as usize].or(self.any).unwrap_or(0)
    }

    fn identity(&self) -> Wish {
        self.identity.or(self.any).map_or(Wish::Unsaid, Wish::Said)
    }
}

/// The weight among the parameters, 1 if there is none; `None` if it is malformed: then what it weighs is ignored.
pub(super) fn weight<'a>(parameters: impl Iterator<Item = &'a str>) -> Option<Weight> {
    let mut found = 1000;
    for parameter in parameters {
        let parameter = parameter.trim();
        if let Some(text) = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")) {
            found = thousandths(text)?;
        }
    }
    Some(found)
}

fn thousandths(text: &str) -> Option<Weight> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if rest.len() > 3 || !rest.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let rest: Weight = format!("{rest:0<3}").parse().ok()?;
    match (whole, rest) {
        ("0", rest) => Some(rest),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

/// True if a comma-separated header has a token with a weight above zero.
pub(super) fn names(headers: &HeaderMap, header: &str, token: &str) -> bool {
    headers.get_all(header).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.split(',').any(|part| {
            let mut pieces = part.split(';');
            let name = pieces.next().unwrap_or_default().trim();
            name.eq_ignore_ascii_case(token) && weight(pieces).is_some_and(|weight| weight > 0)
        })
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use chrono::DateTime;

    use super::*;

    fn chosen(page: &Page, accept: &str) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(accept).expect("a header"));
        choose(page, &headers).map(|coding| coding.map_or("identity", Coding::name))
    }

    #[test]
    fn codings_are_chosen_by_weight_then_by_what_they_save() {
        let text: String = (0..500).map(|n| format!("第{n}条 ")).collect();
        let page = Page::new(text.into_bytes(), "text/plain", DateTime::UNIX_EPOCH);
        let shortest = "br";
        let cases = [
            ("every coding alike: the shortest", "gzip, br, zstd", Some(shortest)),
            ("the order of naming means nothing", "zstd, gzip, br", Some(shortest)),
            ("gzip alone", "gzip", Some("gzip")),
            ("its old name", "x-gzip", Some("gzip")),
            ("names in any case", "GZip", Some("gzip")),
            ("the heavier wins", "br;q=0.2, gzip;q=0.9, zstd;q=0.3", Some("gzip")),
            ("a weight of zero refuses", "br;q=0, zstd;q=0.000, gzip", Some("gzip")),
            ("identity before a lighter coding", "identity, gzip;q=0.5", Some("identity")),
            ("a coding before a lighter identity", "identity;q=0.4, gzip;q=0.5", Some("gzip")),
            ("identity when nothing we have is named", "compress, deflate", Some("identity")),
            ("nothing is acceptable but identity", "", Some("identity")),
            ("all refused but identity, by silence", "br;q=0, zstd;q=0, gzip;q=0", Some("identity")),
            ("a star takes all", "*", Some(shortest)),
            ("a star stands for what is not named", "br;q=0, zstd;q=0, *;q=0.1", Some("gzip")),
            ("what is named is not the star's", "gzip;q=0.1, *;q=0", Some("gzip")),
            ("a star at zero refuses identity too", "*;q=0", None),
            ("identity refused, nothing else named", "identity;q=0", None),
            ("identity refused, one coding named", "identity;q=0, zstd", Some("zstd")),
            ("a weight that cannot be read is no wish", "gzip;q=high", Some("identity")),
            ("nor one above one", "gzip;q=1.5", Some("identity")),
            ("nor one too exact", "gzip;q=0.12345", Some("identity")),
            ("odd blanks are fine", " gzip ;  q=0.5 , br ; q=0.1, zstd;q=0.01", Some("gzip")),
        ];
        for (name, accept, expected) in cases {
            assert_eq!(chosen(&page, accept), expected, "{name}");
        }
        assert_eq!(choose(&page, &HeaderMap::new()), Some(None), "nothing said");
    }

    #[test]
    fn a_page_too_short_for_codings_is_sent_as_it_is_to_whoever_takes_one() {
        let page = Page::new(b"short".to_vec(), "text/plain", DateTime::UNIX_EPOCH);
        assert_eq!(chosen(&page, "gzip, identity;q=0"), Some("identity"));
        assert_eq!(chosen(&page, "identity;q=0"), None);
    }
}
