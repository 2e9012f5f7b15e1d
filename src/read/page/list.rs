//! Reads list pages, by the generic rule or by the operator's selectors. An empty page and a selector that stopped
//! matching are errors; it must never return an empty list for either.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use ego_tree::NodeId;
use scraper::{ElementRef, Node};

use super::dom::{Page, select, text, text_to};
use super::entry_link::{EntryLink, own_pieces, row_of, rows};
use super::generic::{self, last_day, title_of};
use super::near::{date_in, of_piece};
use super::{Css, ListRules, PageError, dated, meta};
use crate::model::entry::{Body, Category, Ending, Link, ParsedEntry, ParsedFeed};
use crate::model::time::Stamp;
use crate::read::date::{DateContext, find, parse};
use crate::read::feed::FeedInput;
use crate::read::link::canonical;

/// Words on the link to the following page.
const NEXT: &[&str] = &["下一页", "下页", "后一页", "下一頁", "next", "next page", ">", ">>", "»"];

/// The number of a row's siblings that are searched for its date.
const MAX_SIBLINGS: usize = 4;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListPage {
    /// Its entries, as a feed would list them.
    pub feed: ParsedFeed,
    /// The following list page, absolute, of the same site.
    pub next: Option<String>,
    pub encoding: String,
}

/// Reads a list page.
pub fn list(input: &FeedInput<'_>, rules: &ListRules) -> Result<ListPage, PageError> {
    of_page(&Page::read(input)?, input.bytes, rules)
}

/// Reads the list of a page; `bytes` are the page's.
pub(super) fn of_page(page: &Page, bytes: &[u8], rules: &ListRules) -> Result<ListPage, PageError> {
    let mut repairs = page.repairs.clone();
    let entries = match rules.entry.as_ref().or(rules.link.as_ref()) {
        Some(css) => selected(page, rules, css, &mut repairs)?,
        None => by_rule(page, rules, &mut repairs)?,
    };
    Ok(ListPage {
        next: next(page, rules),
        encoding: page.encoding.clone(),
        feed: ParsedFeed {
            title: page.title.as_deref().map(meta::list_title),
            links: vec![alternate(page.url.clone())],
            language: page.language(),
            entries,
            repairs,
            ending: ending(bytes),
            nofollow: page.robots(&["nofollow"]),
            ..ParsedFeed::default()
        },
    })
}

/// True if a page opens and is never closed: it may have been cut; where its publisher never closes it, it
/// will end with the same bytes again.
pub fn breaks_off(bytes: &[u8]) -> bool {
    has(bytes, b"<html") && !ends_with(bytes, b"</html")
}

/// The ending of a page. If it ends within its last link, the entry of that link may lack most of its title.
fn ending(bytes: &[u8]) -> Ending {
    let last = |tag: &[u8]| bytes.windows(tag.len()).rposition(|window| window.eq_ignore_ascii_case(tag));
    // A tag that is not whole is none.
    let within = last(b"<a ").filter(|at| last(b"</a") < Some(*at) && bytes[*at..].contains(&b'>'));
    match (breaks_off(bytes), within) {
        (true, Some(_)) => Ending::InEntry,
        (true, None) => Ending::Early,
        (false, _) => Ending::Whole,
    }
}

/// True if a tag is in a page, in letters of either case.
pub(super) fn has(bytes: &[u8], tag: &[u8]) -> bool {
    bytes.windows(tag.len()).any(|window| window.eq_ignore_ascii_case(tag))
}

/// As [`has`], for a tag that stands near the end.
pub(super) fn ends_with(bytes: &[u8], tag: &[u8]) -> bool {
    bytes.windows(tag.len()).rev().any(|window| window.eq_ignore_ascii_case(tag))
}

fn alternate(href: String) -> Link {
    Link { href, rel: "alternate".to_owned(), ..Link::default() }
}

/// Entries by the generic rule.
fn by_rule(page: &Page, rules: &ListRules, repairs: &mut Vec<String>) -> Result<Vec<ParsedEntry>, PageError> {
    let links = generic::links(page);
    if links.found.is_empty() {
        return Err(PageError::Empty);
    }
    if links.undated {
        repairs.push("no address has a day in its path: the longest list of titles was taken".to_owned());
    }
    if links.left > 0 {
        repairs.push(format!("links of other blocks than the list's were left out: {}", links.left));
    }
    let rows = rows(&links.found);
    let entries = links.found.iter().map(|link| {
        let row = row_of(link.anchor, &rows);
        let beside = || date_in(&pieces(row, link, &rows), link.day, &page.dates);
        let published = within(row, rules.date.as_ref())
            .and_then(|said| of_text(&text(said), link.day, &page.dates))
            .or_else(beside);
        entry(page, row, rules, link, published)
    });
    Ok(entries.collect())
}

/// Entries where an operator says they are.
fn selected(
    page: &Page,
    rules: &ListRules,
    css: &Css,
    repairs: &mut Vec<String>,
) -> Result<Vec<ParsedEntry>, PageError> {
    let mut entries = Vec::new();
    let mut seen = HashSet::new();
    let mut titled = rules.title.is_none();
    let mut dated = rules.date.is_none();
    for row in page.html.select(css.selector()) {
        let Some(mut link) = link_of(page, row, rules) else { continue };
        let title = within(row, rules.title.as_ref()).map(|said| match said.value().name() {
            "a" => title_of(said, page),
            _ => text(said),
        });
        titled |= title.is_some();
        if let Some(title) = title.filter(|title| !title.is_empty()) {
            link.title = title;
        }
        if link.title.is_empty() || !seen.insert(link.key.clone()) {
            continue;
        }
        let said = within(row, rules.date.as_ref());
        dated |= said.is_some();
        let published = match said {
            Some(said) => of_text(&text(said), link.day, &page.dates),
            None => date_in(&pieces(row, &link, &HashMap::new()), link.day, &page.dates),
        };
        entries.push(entry(page, row, rules, &link, published));
        // Which of them are the newest is said later: a list may grow at its end.
        if entries.len() == generic::MAX_LINKS {
            break;
        }
    }
    if entries.is_empty() {
        return Err(stopped(page, css));
    }
    if !titled && let Some(css) = &rules.title {
        return Err(stopped(page, css));
    }
    if !dated && let Some(css) = &rules.date {
        repairs.push(format!("the selector {:?} matches nothing", css.as_str()));
    }
    Ok(entries)
}

/// The error when a selector finds nothing: the page is empty, or its markup changed.
fn stopped(page: &Page, css: &Css) -> PageError {
    let generic = generic::links(page).found.len();
    let headlines = select(&page.html, "a[href]").filter(|a| text(*a).chars().count() >= generic::MIN_TITLE);
    if generic == 0 && headlines.count() == 0 {
        return PageError::Empty;
    }
    PageError::SelectorsMatchNothing { selector: css.as_str().to_owned(), generic }
}

/// The first element in a row that a selector names; the row itself may be it.
fn within<'a>(row: ElementRef<'a>, css: Option<&Css>) -> Option<ElementRef<'a>> {
    let css = css?;
    if css.selector().matches(&row) {
        return Some(row);
    }
    row.select(css.selector()).next()
}

/// The link of a row: where the rules say, else the first whose path has a day, else the longest.
pub(super) fn link_of<'a>(page: &Page, row: ElementRef<'a>, rules: &ListRules) -> Option<EntryLink<'a>> {
    let last = last_day(page);
    let found = |anchor: ElementRef<'a>| {
        let href = page.resolve(anchor.attr("href")?)?;
        let day = dated::day_of(&href, last);
        let (key, title, is_own) = (canonical(&href), title_of(anchor, page), page.is_own(&href));
        Some(EntryLink { anchor, key, title, href, day, is_own, is_near: is_own })
    };
    let from = within(row, rules.link.as_ref()).unwrap_or(row);
    let anchors = std::iter::once(from).chain(from.descendent_elements().skip(1));
    let own = canonical(&page.url);
    let links: Vec<EntryLink<'a>> = anchors
        .filter(|element| element.value().name() == "a")
        .filter_map(found)
        .filter(|link| link.key != own)
        .collect();
    let dated = links.iter().find(|link| link.day.is_some());
    // The picture of a row leads where its title does, and has no text.
    let dated = dated.map(|first| {
        links.iter().find(|link| link.key == first.key && !link.title.is_empty()).unwrap_or(first)
    });
    // The last of equals is what `max_by_key` takes; the first is the title.
    dated.or_else(|| links.iter().rev().max_by_key(|link| link.title.chars().count())).cloned()
}

/// The day in the address, where the list says no more.
fn path_stamp(day: Option<NaiveDate>, dates: &DateContext) -> Option<Stamp> {
    parse(&day?.format("%Y-%m-%d").to_string(), dates)
}

/// The date in a text that a selector chose.
fn of_text(said: &str, day: Option<NaiveDate>, dates: &DateContext) -> Option<Stamp> {
    let context = DateContext { near: day, ..*dates };
    parse(said, &context).or_else(|| find(said, &context)).or_else(|| of_piece(said, &context))
}

fn entry(
    page: &Page,
    row: ElementRef<'_>,
    rules: &ListRules,
    link: &EntryLink<'_>,
    published: Option<Stamp>,
) -> ParsedEntry {
    let said = |css: &Option<Css>| {
        within(row, css.as_ref()).map(text).filter(|said| !said.is_empty() && *said != link.title)
    };
    let section = said(&rules.section).map(|name| name.trim_matches(['[', ']', '【', '】', ' ']).to_owned());
    ParsedEntry {
        title: Some(link.title.clone()),
        links: vec![alternate(link.href.clone())],
        published: published.or_else(|| path_stamp(link.day, &page.dates)),
        categories: section.map(|term| Category { term, ..Category::default() }).into_iter().collect(),
        summary: said(&rules.summary).map(Body::Text),
        ..ParsedEntry::default()
    }
}

/// The texts near a link: in its row, else after the row up to the next, else before it.
fn pieces(row: ElementRef<'_>, link: &EntryLink<'_>, rows: &HashMap<NodeId, Option<usize>>) -> Vec<String> {
    let own = own_pieces(row, link);
    if own.iter().any(|piece| piece.bytes().any(|b| b.is_ascii_digit())) || rows.is_empty() {
        return own;
    }
    let is_end = |node: &ego_tree::NodeRef<'_, Node>| {
        let line_end = node.value().as_element().is_some_and(|e| matches!(e.name(), "br" | "hr"));
        line_end || rows.contains_key(&node.id())
    };
    let said = |node: ego_tree::NodeRef<'_, Node>| match node.value() {
        Node::Text(said) => Some(crate::read::text::one_line(said)),
        Node::Element(_) => ElementRef::wrap(node).map(text),
        _ => None,
    };
    let before: Vec<String> =
        row.prev_siblings().take(MAX_SIBLINGS).take_while(|node| !is_end(node)).filter_map(said).collect();
    let after: Vec<String> =
        row.next_siblings().take(MAX_SIBLINGS).take_while(|node| !is_end(node)).filter_map(said).collect();
    let has_digits = |pieces: &[String]| pieces.iter().any(|piece| piece.bytes().any(|b| b.is_ascii_digit()));
    // Dates lead or trail throughout a list; which, its first row shows.
    let first = row.parent().and_then(|list| list.children().find(|node| rows.contains_key(&node.id())));
    let leads = first.is_some_and(|first| {
        let pieces: Vec<String> = first.prev_siblings().take(MAX_SIBLINGS).filter_map(said).collect();
        has_digits(&pieces)
    });
    if leads && has_digits(&before) { before } else { after }
}

/// The following list page, of the same site and not this one.
fn next(page: &Page, rules: &ListRules) -> Option<String> {
    /// A longer text is none of [`NEXT`], in characters.
    const LONGEST: usize = 12;
    let own = canonical(&page.url);
    let lead = |element: ElementRef<'_>| {
        let anchor = match element.value().name() {
            "a" | "link" => element,
            _ => element.descendent_elements().find(|inner| inner.value().name() == "a")?,
        };
        let href = page.resolve(anchor.attr("href")?)?;
        (page.is_own(&href) && canonical(&href) != own).then_some(href)
    };
    if let Some(css) = &rules.next {
        return page.html.select(css.selector()).find_map(lead);
    }
    let is_next = |element: &ElementRef<'_>| {
        let rel = element.attr("rel").unwrap_or_default();
        rel.split_whitespace().any(|word| word.eq_ignore_ascii_case("next"))
            || NEXT.contains(&text_to(*element, LONGEST).to_ascii_lowercase().as_str())
    };
    let leads = |element: &ElementRef<'_>| matches!(element.value().name(), "a" | "link");
    page.html.root_element().descendent_elements().filter(leads).filter(is_next).find_map(lead)
}
