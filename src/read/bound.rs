//! How many entries of a document are taken, and how long the texts of one may be. A document is bounded as a whole
//! when it is fetched; this keeps one text of it from being most of every feed it goes into. Cuts, and judges
//! nothing else.

use crate::model::entry::{Body, Link, ParsedEntry, ParsedFeed, Person};
use crate::read::html::MAX_HTML;
use crate::read::text::truncate_chars;

/// The most characters of a text that stands on one line: a title, a name, a term, a notice. The longest
/// headlines seen, with subtitle and outlet in them, have some two hundred.
pub const MAX_LINE: usize = 1000;

/// The most octets of an id or an address; an address longer than this is not fetched either.
pub const MAX_ADDRESS: usize = 8 << 10;

/// Leaves the newest `limit` entries of a document, in its order. By their dates, where most have one; else by where
/// new ones came earlier: `grows_at_end`. Where neither is known, half from each end, so that new ones are seen
/// wherever they come; once it is, that half alone, for what stands in the middle was never taken, and is old. Returns
/// whether any was left out.
pub fn newest(entries: &mut Vec<ParsedEntry>, limit: usize, grows_at_end: Option<bool>) -> bool {
    let surplus = entries.len().saturating_sub(limit);
    if surplus == 0 {
        return false;
    }
    let date = |entry: &ParsedEntry| entry.published.or(entry.updated);
    let dates: Vec<_> = entries.iter().filter_map(date).map(|stamp| stamp.at).collect();
    // One date for all is that of the document.
    let dated = 2 * dates.len() > entries.len() && dates.windows(2).any(|pair| pair[0] != pair[1]);
    let mut kept = vec![true; entries.len()];
    if dated {
        let mut order: Vec<usize> = (0..entries.len()).collect();
        // The undated go first; of one date, what stands at the end that does not grow.
        order.sort_by_key(|at| {
            let place = if grows_at_end == Some(true) { *at } else { usize::MAX - at };
            (date(&entries[*at]).map(|stamp| stamp.at), place)
        });
        order[..surplus].iter().for_each(|at| kept[*at] = false);
    } else {
        let first = limit.div_ceil(2);
        let last = limit - first;
        let left_out = match grows_at_end {
            Some(true) => 0..kept.len() - last.max(1),
            Some(false) => first..kept.len(),
            None => first..kept.len() - last,
        };
        kept[left_out].fill(false);
    }
    let mut kept = kept.into_iter();
    entries.retain(|_| kept.next().unwrap_or(false));
    true
}

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
    use crate::model::entry::Category;
    use crate::model::time::Stamp;

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

    fn listed(dates: &[i64]) -> Vec<ParsedEntry> {
        let dated = |(n, seconds): (usize, &i64)| {
            let at = chrono::DateTime::from_timestamp(*seconds, 0).expect("an instant");
            let published = (*seconds > 0).then(|| Stamp::second(at));
            ParsedEntry { title: Some(n.to_string()), published, ..ParsedEntry::default() }
        };
        dates.iter().enumerate().map(dated).collect()
    }

    #[test]
    fn a_document_that_is_too_long_keeps_its_newest() {
        type Case = (&'static str, &'static [i64], Option<bool>, &'static str);
        let cases: [Case; 8] = [
            ("newest first", &[5, 4, 3, 2, 1], None, "0 1 2"),
            ("oldest first", &[1, 2, 3, 4, 5], None, "2 3 4"),
            ("in no order", &[3, 5, 1, 4, 2], None, "0 1 3"),
            ("oldest first, one without a date", &[1, 0, 3, 4, 5], None, "2 3 4"),
            ("without dates, grows at its end", &[0; 5], Some(true), "4"),
            ("without dates, grows at its beginning", &[0; 5], Some(false), "0 1"),
            ("without dates, of unknown order", &[0; 5], None, "0 1 4"),
            ("all of one date, grows at its end", &[7; 5], Some(true), "4"),
        ];
        for (name, dates, grows_at_end, want) in cases {
            let mut entries = listed(dates);
            assert!(newest(&mut entries, 3, grows_at_end), "{name}");
            let left: Vec<_> = entries.iter().filter_map(|entry| entry.title.as_deref()).collect();
            assert_eq!(left.join(" "), want, "{name}");
            assert!(!newest(&mut entries, 3, grows_at_end), "{name}: once is enough");
        }
    }

    #[test]
    fn what_an_undated_document_had_from_the_first_never_comes_later_as_news() {
        for at_end in [false, true] {
            let mut known = std::collections::BTreeSet::new();
            // The first poll; one that sees where new ones come; one that goes by that.
            for (polled, grows_at_end) in [None, None, Some(at_end), Some(at_end)].into_iter().enumerate() {
                let mut titles: Vec<usize> = (0..300 + 10 * polled).rev().collect();
                if at_end {
                    titles.reverse();
                }
                let entry = |n: usize| ParsedEntry { title: Some(n.to_string()), ..ParsedEntry::default() };
                let mut entries: Vec<_> = titles.into_iter().map(entry).collect();
                newest(&mut entries, 200, grows_at_end);
                let taken = entries.iter().filter_map(|entry| entry.title.as_ref()?.parse::<usize>().ok());
                let new: Vec<usize> = taken.filter(|n| known.insert(*n)).filter(|_| polled > 0).collect();
                assert_eq!(new.len(), if polled > 0 { 10 } else { 0 }, "poll {polled}: {new:?}");
                assert!(new.iter().all(|n| *n >= 300), "poll {polled}: {new:?}");
            }
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
