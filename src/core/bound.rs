//! How long the texts of an entry may be. A document is bounded as a whole when it is fetched; this keeps
//! one text of it from being most of every feed it goes into. Cuts, and judges nothing else.

use super::entry::{Body, Link, ParsedEntry, ParsedFeed, Person};
use super::html::MAX_HTML;
use super::text::truncate_chars;

/// The most characters of a text that stands on one line: a title, a name, a term, a notice. The longest
/// headlines seen, with subtitle and outlet in them, have some two hundred.
pub const MAX_LINE: usize = 1000;

/// The most octets of an id or an address; an address longer than this is not fetched either.
pub const MAX_ADDRESS: usize = 8 << 10;

/// Cuts what is too long in a feed. Returns whether anything was.
pub fn feed(feed: &mut ParsedFeed) -> bool {
    let mut cut = drop_long(&mut feed.id);
    for text in [&mut feed.title, &mut feed.subtitle, &mut feed.rights].into_iter().flatten() {
        cut |= line(text);
    }
    cut |= links(&mut feed.links);
    feed.entries.iter_mut().fold(cut, |cut, one| entry(one) | cut)
}

/// Cuts what is too long in an entry. Returns whether anything was.
pub fn entry(entry: &mut ParsedEntry) -> bool {
    // Half an id would be another's.
    let mut cut = drop_long(&mut entry.id);
    for text in [&mut entry.title, &mut entry.rights].into_iter().flatten() {
        cut |= line(text);
    }
    cut |= links(&mut entry.links);
    for Person { name, email, uri } in entry.authors.iter_mut().chain(&mut entry.contributors) {
        cut |= line(name) | drop_long(email) | drop_long(uri);
    }
    for category in &mut entry.categories {
        cut |= line(&mut category.term) | drop_long(&mut category.scheme);
        cut |= category.label.as_mut().is_some_and(line);
    }
    for body in [&mut entry.summary, &mut entry.content].into_iter().flatten() {
        // HTML is cut where it is sanitised: between two elements.
        if let Body::Text(text) = body
            && text.len() > MAX_HTML
        {
            text.truncate(text.floor_char_boundary(MAX_HTML));
            cut = true;
        }
    }
    cut
}

fn line(text: &mut String) -> bool {
    // Each character has an octet at least, so that most texts need no counting.
    let long = text.len() > MAX_LINE && text.chars().nth(MAX_LINE).is_some();
    if long {
        *text = truncate_chars(text, MAX_LINE);
    }
    long
}

fn links(links: &mut Vec<Link>) -> bool {
    let before = links.len();
    links.retain(|link| link.href.len() <= MAX_ADDRESS);
    let titles = links.iter_mut().filter_map(|link| link.title.as_mut()).fold(false, |cut, t| line(t) | cut);
    titles | (links.len() < before)
}

fn drop_long(text: &mut Option<String>) -> bool {
    text.take_if(|text| text.len() > MAX_ADDRESS).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::entry::Category;

    fn with(title: &str, id: &str, href: &str, text: &str) -> ParsedEntry {
        let link = Link { href: href.to_owned(), rel: "alternate".to_owned(), ..Link::default() };
        ParsedEntry {
            id: Some(id.to_owned()),
            title: Some(title.to_owned()),
            links: vec![link],
            summary: Some(Body::Text(text.to_owned())),
            ..ParsedEntry::default()
        }
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let mut one = with(&"长".repeat(MAX_LINE), "urn:x", "https://a.example/", &"文".repeat(10_000));
        let before = one.clone();
        assert!(!entry(&mut one));
        assert_eq!(one, before);
    }

    #[test]
    fn what_does_not_is_cut_or_left_out() {
        let long = "长".repeat(2_500_000);
        let mut one = with(&long, &long, &long, &long);
        one.authors = vec![Person { name: long.clone(), uri: Some(long.clone()), email: None }];
        one.categories = vec![Category { term: long.clone(), label: Some(long.clone()), scheme: None }];
        let mut all = ParsedFeed { title: Some(long), entries: vec![one], ..ParsedFeed::default() };
        assert!(feed(&mut all));
        let one = &all.entries[0];
        let title = one.title.as_deref().expect("a title");
        assert_eq!(title.chars().count(), MAX_LINE);
        assert!(title.ends_with('…'));
        assert_eq!((&one.id, one.links.len(), &one.authors[0].uri), (&None, 0, &None));
        assert!(one.summary.as_ref().is_some_and(|body| body.as_str().len() <= MAX_HTML));
        let size = serde_json::to_string(&all).expect("plain values").len();
        assert!(size < MAX_HTML + 20 * MAX_LINE, "{size} octets");
        assert!(!feed(&mut all), "once is enough");
    }
}
