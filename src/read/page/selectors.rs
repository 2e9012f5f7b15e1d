//! Finds simple selectors for elements of a page: tags, classes and ids, of the element and of those around it. Counts
//! no positions (`:nth-child`), which change with each entry. A caller tests each selector on the page.

use std::cell::Cell;

use ego_tree::NodeId;
use scraper::ElementRef;

use super::Css;
use super::dom::Page;

/// Elements around one whose names are tried: a row's list and column stand closer.
const MAX_UP: usize = 6;

/// Classes of an element that are tried. Frameworks give an element dozens, and the first names it.
const MAX_CLASSES: usize = 3;

/// The longest name that is tried, in octets: longer ones are made by programs, for one build of a site.
const MAX_NAME: usize = 40;

/// Selectors that are tried for one element, and for all of a page: most elements have one among the first five.
const MAX_EACH: usize = 24;
const MAX_TRIES: usize = 300;

/// Selectors that are tried after one that chooses other elements too.
const MAX_FURTHER: usize = 8;

/// Nodes that all tries together may visit. A page of 5,000 nodes, as most have, gets all its tries; one of the largest
/// size gets about ten.
const MAX_VISITS: usize = 1_500_000;

/// Tries selectors on a page, in bounds.
pub(super) struct Selectors<'a> {
    pub(super) page: &'a Page,
    tries: Cell<usize>,
}

impl<'a> Selectors<'a> {
    pub(super) fn of(page: &'a Page) -> Self {
        let nodes = page.html.tree.values().count().max(1);
        Self { page, tries: Cell::new(MAX_TRIES.min(MAX_VISITS / nodes)) }
    }

    pub(super) fn element(&self, id: NodeId) -> Option<ElementRef<'a>> {
        self.page.html.tree.get(id).and_then(ElementRef::wrap)
    }

    /// The simplest selector of an element that passes the test.
    pub(super) fn simplest(&self, of: ElementRef<'_>, passes: impl Fn(&Css) -> bool) -> Option<Css> {
        self.tried(of).find(|css| passes(css))
    }

    /// The simplest selector of an element that passes the test and chooses no other element; where none is soon found,
    /// the simplest that passes.
    pub(super) fn simplest_alone(&self, of: ElementRef<'_>, passes: impl Fn(&Css) -> bool) -> Option<Css> {
        let is_alone = |css: &Css| self.page.html.select(css.selector()).nth(1).is_none();
        let mut tried = self.tried(of);
        let first = tried.find(|css| passes(css))?;
        if is_alone(&first) {
            return Some(first);
        }
        tried.take(MAX_FURTHER).find(|css| is_alone(css) && passes(css)).or(Some(first))
    }

    /// Selectors of an element, the simplest first, as long as tries are left.
    fn tried(&self, of: ElementRef<'_>) -> impl Iterator<Item = Css> {
        let take_try = |text: String| {
            self.tries.set(self.tries.get().checked_sub(1)?);
            Some(text)
        };
        simple(of).into_iter().take(MAX_EACH).map_while(take_try).filter_map(|text| Css::parse(&text).ok())
    }
}

/// The selectors of an element, the simplest first.
fn simple(of: ElementRef<'_>) -> Vec<String> {
    let tag = of.value().name();
    let own = names(of);
    let ups: Vec<(usize, Vec<String>)> = of
        .ancestors()
        .filter_map(ElementRef::wrap)
        .take_while(|up| !matches!(up.value().name(), "body" | "html"))
        .take(MAX_UP)
        .map(names)
        .enumerate()
        .filter(|(_, names)| !names.is_empty())
        .collect();
    let steps: Vec<&str> =
        of.ancestors().filter_map(ElementRef::wrap).take(MAX_UP).map(|up| up.value().name()).collect();
    let mut found: Vec<String> = own.clone();
    found.extend(own.is_empty().then(|| tag.to_owned()).filter(|_| matches!(tag, "h1" | "article" | "time")));
    let inner = |found: &mut Vec<String>, around: &str| {
        found.extend(own.iter().map(|own| format!("{around} {own}")));
        found.push(format!("{around} {tag}"));
    };
    for (_, names) in &ups {
        names.iter().for_each(|name| inner(&mut found, name));
    }
    // `div.main > ul > li`: the same without what stands deeper.
    for (at, names) in &ups {
        let path: String = steps[..*at].iter().rev().map(|step| format!("{step} > ")).collect();
        found.extend(names.iter().map(|name| format!("{name} > {path}{tag}")));
    }
    for (near, nearer) in ups.iter().enumerate() {
        for (_, outer) in &ups[near + 1..] {
            if let (Some(near), Some(outer)) = (nearer.1.first(), outer.first()) {
                inner(&mut found, &format!("{outer} {near}"));
            }
        }
    }
    found.extend(steps.first().filter(|step| **step != "html").map(|parent| format!("{parent} > {tag}")));
    found.push(tag.to_owned());
    found
}

/// The names of an element as selectors: `div.list`, `#main`.
fn names(element: ElementRef<'_>) -> Vec<String> {
    let tag = element.value().name();
    let classes = element.attr("class").unwrap_or_default().split_whitespace().filter(|name| is_stable(name));
    let mut found: Vec<String> = classes.take(MAX_CLASSES).map(|class| format!("{tag}.{class}")).collect();
    found.extend(element.attr("id").filter(|id| is_stable(id)).map(|id| format!("#{id}")));
    found
}

/// True if a name needs no escapes in CSS, and no number in it may be an entry's (`post-40112`).
fn is_stable(name: &str) -> bool {
    const MAX_DIGITS: usize = 3;
    let is_letter = |c: char| c.is_alphabetic() || c == '_';
    name.len() <= MAX_NAME
        && name.starts_with(is_letter)
        && name.chars().all(|c| is_letter(c) || c.is_ascii_digit() || c == '-')
        && name.bytes().filter(u8::is_ascii_digit).count() <= MAX_DIGITS
}
