//! The body of an article: the tightest element that holds the prose, without the frame about it. Every
//! paragraph, subheading, picture and table of it stays; sanitising is left to whoever records it.

use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::{ElementRef, Node};

use super::dom::{Page, is_inline, select, text};
use super::lines::lines;
use super::{Css, meta};
use crate::core::text::push_escaped;

/// Parts of class names and ids that only frames have.
const FRAME: &[&str] = &[
    "share",
    "bdsharebuttonbox",
    "related",
    "adeditor",
    "copyright",
    "function_code_page",
    "pagination",
    "paging",
    "footer",
    "breadcrumb",
    "crumb",
    "comment",
    "recommend",
    "toolbar",
    "sidebar",
    "qrcode",
    "hotnews",
    "pagenav",
    "prevnext",
    "print",
];

/// Elements that never hold a body of their own: descending stops above them.
const WITHIN: &[&str] = &[
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "ul",
    "ol",
    "blockquote",
    "figure",
    "table",
    "tbody",
    "tr",
    "pre",
];

/// The share of prose that an element must hold for the search to go on in it, in hundredths: what stands
/// beside it then is a lead, a credit or the frame.
const SHARE: usize = 80;

/// Elements without end tags.
const VOID: &[&str] = &["br", "col", "hr", "img", "input", "link", "meta", "source", "wbr", "base"];

/// What a body is cut by, beside its own frame.
pub(super) struct Cut<'a> {
    pub(super) remove: &'a [Css],
    /// The title: a body repeats it above itself.
    pub(super) title: Option<&'a str>,
}

/// The elements that hold the body.
pub(super) fn find<'a>(page: &'a Page, css: Option<&Css>) -> Vec<ElementRef<'a>> {
    if let Some(css) = css {
        let mut found: Vec<ElementRef<'a>> = Vec::new();
        let mut within = HashSet::new();
        for element in page.html.select(css.selector()) {
            // An element inside one that was taken is there already.
            if !element.ancestors().any(|above| within.contains(&above.id())) {
                within.insert(element.id());
                found.push(element);
            }
        }
        return found;
    }
    densest(page).into_iter().collect()
}

/// The tightest element that holds nearly all prose.
fn densest(page: &Page) -> Option<ElementRef<'_>> {
    let prose = prose(page);
    let of = |element: &ElementRef<'_>| prose.get(&element.id()).copied().unwrap_or_default();
    let mut here = select(&page.html, "body").next()?;
    if of(&here) == 0 {
        return None;
    }
    loop {
        let children: Vec<ElementRef<'_>> = here.child_elements().collect();
        let Some(best) = children.iter().rev().max_by_key(|child| of(child)).copied() else {
            return Some(here);
        };
        let name = best.value().name();
        let enough = of(&best) * 100 >= of(&here) * SHARE;
        if !enough || is_inline(name) || (WITHIN.contains(&name) && name != "table") {
            // Tables lay pages out on old sites, so they are gone through, to the cell.
            return Some(here);
        }
        if is_paragraph_among(best, &children) {
            return Some(here);
        }
        here = match name {
            "table" => match cell(best, &prose) {
                Some(cell) => cell,
                None => return Some(here),
            },
            _ => best,
        };
    }
}

/// The cell of a table that holds nearly all its prose: one that lays out. Else it is a table of figures.
fn cell<'a>(table: ElementRef<'a>, prose: &HashMap<NodeId, usize>) -> Option<ElementRef<'a>> {
    let of = |element: ElementRef<'_>| prose.get(&element.id()).copied().unwrap_or_default();
    let rows = table.child_elements().flat_map(|part| match part.value().name() {
        "tr" => vec![part],
        _ => part.child_elements().collect(),
    });
    let best = rows.flat_map(|row| row.child_elements()).max_by_key(|cell| of(*cell))?;
    (of(best) * 100 >= of(table) * SHARE && of(best) > 0).then_some(best)
}

/// Whether an element is one paragraph of several: a leaf with siblings of its kind that say something.
fn is_paragraph_among(element: ElementRef<'_>, siblings: &[ElementRef<'_>]) -> bool {
    let is_leaf = |e: &ElementRef<'_>| e.child_elements().all(|child| is_inline(child.value().name()));
    let kind =
        |e: &ElementRef<'_>| (e.value().name().to_owned(), e.attr("class").unwrap_or_default().to_owned());
    is_leaf(&element)
        && siblings.iter().any(|other| {
            other.id() != element.id()
                && is_leaf(other)
                && kind(other) == kind(&element)
                && !text(*other).is_empty()
        })
}

/// How much prose there is in each element: text in sentences, outside links and frames.
fn prose(page: &Page) -> HashMap<NodeId, usize> {
    let mut found: HashMap<NodeId, usize> = HashMap::new();
    let mut above: Vec<NodeId> = Vec::new();
    let mut skipped = 0_usize;
    for edge in page.html.root_element().traverse() {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Element(element) if !VOID.contains(&element.name()) => {
                    let skips = skipped > 0
                        || matches!(element.name(), "a" | "nav" | "footer" | "button" | "aside")
                        || ElementRef::wrap(node).is_some_and(is_framed);
                    skipped += usize::from(skips);
                    above.push(node.id());
                }
                Node::Text(said) if skipped == 0 => {
                    let size = weight(said);
                    if size > 0 {
                        above.iter().for_each(|id| *found.entry(*id).or_default() += size);
                    }
                }
                _ => {}
            },
            Edge::Close(node) => {
                if node.value().as_element().is_some_and(|e| !VOID.contains(&e.name())) {
                    skipped = skipped.saturating_sub(1);
                    above.pop();
                }
            }
        }
    }
    found
}

/// How much of a text is prose: its length in characters, if it has sentences.
fn weight(said: &str) -> usize {
    const MIN_PROSE: usize = 12;
    let line = said.trim();
    let size = line.chars().count();
    let sentences = line.contains(['。', '，', '！', '？', '；', '”', '、']) || line.contains(". ");
    let framed = meta::is_frame(line) || meta::rights(line).is_some() || line.contains("电话");
    if size < MIN_PROSE || !sentences || framed { 0 } else { size }
}

fn is_framed(element: ElementRef<'_>) -> bool {
    if matches!(element.value().name(), "body" | "html") {
        return false;
    }
    let names = [element.attr("class"), element.attr("id")];
    names.into_iter().flatten().any(|names| {
        let names = names.to_ascii_lowercase();
        FRAME.iter().any(|part| names.contains(part)) && !names.contains("content")
    })
}

/// The markup of the elements, without what does not belong to the body.
pub(super) fn markup(found: &[ElementRef<'_>], cut: &Cut<'_>) -> Option<String> {
    let mut out = String::new();
    for element in found {
        let gone = removed(*element, cut);
        // A container's own tag says nothing; that of a paragraph does.
        let inner = !WITHIN.contains(&element.value().name());
        write(*element, inner, &gone, &mut out);
    }
    let out = out.trim();
    let says = !crate::core::html::to_text(out).is_empty() || out.contains("<img");
    (says && !out.is_empty()).then(|| out.to_owned())
}

/// What is left out below an element.
fn removed(from: ElementRef<'_>, cut: &Cut<'_>) -> HashSet<NodeId> {
    let mut gone = HashSet::new();
    for css in cut.remove {
        gone.extend(from.select(css.selector()).map(|element| element.id()));
    }
    for element in from.descendent_elements().skip(1) {
        let name = element.value().name();
        let silent =
            matches!(name, "input" | "button" | "form" | "nav" | "footer" | "link" | "meta" | "aside");
        if silent || is_framed(element) || is_list_of_links(element) {
            gone.insert(element.id());
        }
    }
    let mut heading = true;
    // A block of many lines is looked at once, however many of them are of the frame.
    let mut judged = HashSet::new();
    for line in lines(from) {
        let is_title = cut.title.is_some_and(|title| line.text == title);
        let is_meta = line.text.chars().count() < 80
            && (meta::outlet(&line.text).is_some() || meta::trail(&line.text, cut.title).is_some())
            && !line.text.contains('。');
        heading &= is_title || is_meta || weight(&line.text) == 0;
        let framed = meta::is_frame(&line.text) || (heading && (is_title || is_meta));
        // The block is the line's alone, or the rest of it would go too.
        if framed && line.block != from.id() && judged.insert(line.block) && is_alone(from, &line) {
            gone.insert(line.block);
        }
    }
    gone
}

fn is_alone(from: ElementRef<'_>, line: &super::lines::Line) -> bool {
    let block = from.tree().get(line.block).and_then(ElementRef::wrap);
    block.is_some_and(|block| {
        text(block) == line.text && !block.descendent_elements().any(|e| e.value().name() == "img")
    })
}

/// Whether an element is a list that leads elsewhere: several links and hardly a word beside them.
fn is_list_of_links(element: ElementRef<'_>) -> bool {
    const MIN_LINKS: usize = 3;
    if !matches!(element.value().name(), "ul" | "ol" | "dl" | "div") {
        return false;
    }
    let links: Vec<ElementRef<'_>> =
        element.descendent_elements().filter(|inner| inner.value().name() == "a").collect();
    if links.len() < MIN_LINKS || element.descendent_elements().any(|inner| inner.value().name() == "p") {
        return false;
    }
    let linked: usize = links.iter().map(|link| text(*link).chars().count()).sum();
    linked * 10 >= text(element).chars().count() * 8
}

fn write(from: ElementRef<'_>, inner: bool, gone: &HashSet<NodeId>, out: &mut String) {
    let mut skipping: Option<NodeId> = None;
    for edge in from.traverse() {
        match edge {
            Edge::Open(node) if skipping.is_none() => {
                if gone.contains(&node.id()) {
                    skipping = Some(node.id());
                    continue;
                }
                match node.value() {
                    Node::Text(said) => push_escaped(said, out),
                    Node::Element(element) if !(inner && node.id() == from.id()) => {
                        out.push('<');
                        out.push_str(element.name());
                        for (name, value) in element.attrs() {
                            out.push(' ');
                            out.push_str(name);
                            out.push_str("=\"");
                            push_escaped(value, out);
                            out.push('"');
                        }
                        out.push('>');
                    }
                    _ => {}
                }
            }
            Edge::Open(_) => {}
            Edge::Close(node) => {
                if skipping == Some(node.id()) {
                    skipping = None;
                } else if skipping.is_none()
                    && let Some(element) = node.value().as_element()
                    && !VOID.contains(&element.name())
                    && !(inner && node.id() == from.id())
                {
                    out.push_str("</");
                    out.push_str(element.name());
                    out.push('>');
                }
            }
        }
    }
}
