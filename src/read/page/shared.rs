//! What the last pages of a source share with the page that is read, and the traits that this page adds. Knows texts and
//! places of a page by hashes; what counts as shared, `model::page_habits` says.

use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::ElementRef;

use super::dom::{Page, attr, select, text};
use super::lines::TextLine;
use super::notes::Notes;
use super::prose::{Prose, around, weight};
use crate::model::hash::short;
use crate::model::page_habits::{PageHabits, PageTraits};

/// Lines of prose remembered at the beginning and at the end of a body, and outside: frames stand there.
const FIRST: usize = 3;
const LAST: usize = 5;

/// Headings remembered: a logo is among the first.
const MAX_HEADINGS: usize = 4;

/// The elements that tell a place: enough to tell two blocks of a template apart.
const PLACE: usize = 5;

/// The places of values that stand in no line: chosen by a selector, in the head of the page, in its address.
pub(super) const CHOSEN: u32 = 1;
pub(super) const HEAD: u32 = 2;
pub(super) const ADDRESS: u32 = 3;

/// A value of a page, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) place: u32,
}

#[derive(Clone, Copy)]
pub(super) struct Shared<'a>(&'a PageHabits);

impl<'a> Shared<'a> {
    pub(super) fn of(habits: &'a PageHabits) -> Self {
        Self(habits)
    }

    /// True if other pages have the same line: it belongs to the frame.
    pub(super) fn is_frame(self, line: &str) -> bool {
        let hash = short(line);
        !self.0.is_none() && self.0.shares(|page| page.lines.contains(&hash))
    }

    /// True if a heading, `<title>` or `og:title` of other pages is the same: it is a logo, a rubric or a column.
    pub(super) fn is_logo(self, title: &str) -> bool {
        let hash = short(title);
        !self.0.is_none() && self.0.shares(|page| page.headings.contains(&hash))
    }

    /// The description of a page, unless other pages have the same.
    pub(super) fn description(self, page: &Page) -> Option<String> {
        let own = |said: &String| {
            let hash = short(said);
            !self.0.shares(|page| page.description == Some(hash))
        };
        description(page).filter(own)
    }

    /// A title without the end that other titles have too.
    pub(super) fn own_title(self, title: &str) -> &str {
        self.0.without_suffix(title)
    }

    pub(super) fn is_time_place(self, page: &Page, line: &TextLine) -> bool {
        self.0.place(|page| page.time).is_some_and(|known| Some(known) == line_place(page, line))
    }

    pub(super) fn is_outlet_place(self, page: &Page, line: &TextLine) -> bool {
        self.0.place(|page| page.outlet).is_some_and(|known| Some(known) == line_place(page, line))
    }

    /// The prose of a page. The lines that other pages have too do not choose its body, unless the body would lack more
    /// than a fifth of the article.
    pub(super) fn prose<'p>(self, page: &'p Page, lines: &[TextLine]) -> Prose<'p> {
        let headings: Vec<ElementRef<'_>> = select(&page.html, "h1")
            .filter(|heading| self.0.is_none() || !self.is_logo(&text(*heading)))
            .collect();
        let whole = || Prose::of(page, lines, &headings, |_| false);
        if self.0.is_none() {
            return whole();
        }
        let (framed, rest): (Vec<&TextLine>, Vec<&TextLine>) =
            lines.iter().filter(|line| weight(line) > 0).partition(|line| self.is_frame(&line.text));
        if framed.is_empty() {
            return whole();
        }
        let size = |lines: &[&TextLine]| lines.iter().map(|line| weight(line)).sum::<usize>();
        let is_little = size(&framed) * 4 <= size(&rest);
        let own = Prose::of(page, lines, &headings, |line| self.is_frame(&line.text));
        if is_little {
            return own;
        }
        let whole = whole();
        // What is compared here is no decision yet.
        let none = &Notes::default();
        let (found, before) = (own.held(&own.densest(none)), own.held(&whole.densest(none)));
        if found > 0 && found * 5 >= before * 4 { own } else { whole }
    }
}

/// The title that the head of a page has for other sites.
pub(super) fn social_title(page: &Page) -> Option<String> {
    page.meta(&["og:title", "twitter:title"])
}

fn description(page: &Page) -> Option<String> {
    page.meta(&["description", "og:description"])
}

/// The place of a line.
pub(super) fn line_place(page: &Page, line: &TextLine) -> Option<u32> {
    line.element(page).map(place)
}

/// The place of the first line that has a text in it.
pub(super) fn place_of(page: &Page, lines: &[TextLine], said: &str) -> Option<u32> {
    lines.iter().find(|line| line.text.contains(said)).and_then(|line| line_place(page, line))
}

/// The place of an element: its tag and first class and those around it. Numbers in them are of one page.
pub(super) fn place(element: ElementRef<'_>) -> u32 {
    let mut path = String::new();
    for up in around(element).take(PLACE) {
        path.push('>');
        path.push_str(up.value().name());
        if let Some(class) = attr(up, "class").and_then(|class| class.split_whitespace().next()) {
            path.push('.');
            path.extend(class.chars().filter(|c| !c.is_ascii_digit()));
        }
    }
    short(&path)
}

/// The traits of a page, but for the places of time and outlet. `found` are the elements of its body, `within` their lines.
pub(super) fn traits(
    page: &Page,
    lines: &[TextLine],
    found: &[ElementRef<'_>],
    within: &[Vec<TextLine>],
    body: Option<&str>,
) -> PageTraits {
    let head = page.title.clone().into_iter().chain(social_title(page));
    let mut headings: Vec<u32> = Vec::new();
    for said in select(&page.html, "h1").take(MAX_HEADINGS).map(text).chain(head) {
        let hash = short(&said);
        if !headings.contains(&hash) {
            headings.push(hash);
        }
    }
    let inside: HashSet<NodeId> = within.iter().flatten().map(|line| line.block).collect();
    let is_outside = |line: &&TextLine| weight(line) > 0 && !inside.contains(&line.block);
    let mut hashes = ends(within.iter().flatten().filter(|line| weight(line) > 0));
    hashes.extend(ends(lines.iter().filter(is_outside)));
    PageTraits {
        title_end: page.title.as_deref().map(PageTraits::title_end).unwrap_or_default(),
        headings,
        description: description(page).map(|said| short(&said)),
        lines: hashes,
        text: body.map(short),
        body: body.and(found.first()).map(|found| place(*found)),
        time: None,
        outlet: None,
    }
}

/// The first and the last of some lines, each once.
fn ends<'l>(lines: impl DoubleEndedIterator<Item = &'l TextLine> + Clone) -> Vec<u32> {
    let first: Vec<&TextLine> = lines.clone().take(FIRST).collect();
    let is_new = |line: &&TextLine| first.iter().all(|known| !std::ptr::eq(*known, *line));
    let last = lines.rev().take(LAST).filter(is_new);
    first.iter().copied().chain(last).map(|line| short(&line.text)).collect()
}
