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
mod tests;
