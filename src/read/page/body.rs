//! Extracts the body of an article: the smallest element that holds the prose, without the frame around it. Keeps
//! every paragraph, subheading, picture and table; the worker sanitises the result.

use std::collections::HashSet;

use ego_tree::iter::Edge;
use ego_tree::{NodeId, NodeRef};
use scraper::{ElementRef, Node};

use super::dom::{Page, attr, text};
use super::lines::TextLine;
use super::prose::{Prose, WITHIN, weight};
use super::{Css, meta};
use crate::read::text::push_escaped;

/// Elements without end tags.
const VOID: &[&str] = &["br", "col", "hr", "img", "input", "link", "meta", "source", "wbr", "base"];

/// The parts by which a body is cut, beside its own frame.
pub(super) struct Cut<'a> {
    pub(super) prose: &'a Prose<'a>,
    pub(super) remove: &'a [Css],
    /// The title: a body repeats it above itself.
    pub(super) title: Option<&'a str>,
}

pub(super) fn find<'a>(page: &'a Page, prose: &Prose<'a>, css: Option<&Css>) -> Vec<ElementRef<'a>> {
    css.map_or_else(|| prose.densest(&page.notes), |css| selected(page, css))
}

/// The elements that a selector chooses; an element inside another one is there already.
pub(super) fn selected<'a>(page: &'a Page, css: &Css) -> Vec<ElementRef<'a>> {
    let mut found: Vec<ElementRef<'a>> = Vec::new();
    let mut within = HashSet::new();
    for element in page.html.select(css.selector()) {
        if !element.ancestors().any(|above| within.contains(&above.id())) {
            within.insert(element.id());
            found.push(element);
        }
    }
    found
}

/// The markup of the elements, without what does not belong to the body.
/// `within` are the lines of each.
pub(super) fn markup(found: &[ElementRef<'_>], within: &[Vec<TextLine>], cut: &Cut<'_>) -> Option<String> {
    let (mut out, mut says) = (String::new(), false);
    for (element, lines) in found.iter().zip(within) {
        let gone = removed(*element, lines, cut);
        // A container's own tag says nothing; that of a paragraph does.
        let inner = !WITHIN.contains(&element.value().name());
        says |= write(*element, inner, &gone, &mut out);
    }
    let out = out.trim();
    (says || out.contains("<img")).then(|| out.to_owned())
}

/// The elements below `from` that are left out.
fn removed(from: ElementRef<'_>, lines: &[TextLine], cut: &Cut<'_>) -> HashSet<NodeId> {
    let mut gone = HashSet::new();
    for css in cut.remove {
        gone.extend(from.select(css.selector()).map(|element| element.id()));
    }
    for element in from.descendent_elements().skip(1) {
        let silent = matches!(element.value().name(), "input" | "link" | "meta");
        let leads = || leads_on(element, cut.prose) || is_card(element, cut.prose);
        if silent || is_fallback(*element) || cut.prose.is_out(element) || leads() {
            gone.insert(element.id());
        }
    }
    let mut heading = true;
    // A block of many lines is looked at once, however many of them are of the frame.
    let mut judged = HashSet::new();
    for line in lines {
        let mut in_heading = false;
        if heading {
            let is_title = cut.title.is_some_and(|title| line.text == title);
            let is_meta = line.text.chars().count() < 80
                && (meta::outlet(&line.text).is_some() || meta::trail(&line.text, cut.title).is_some())
                && !line.text.contains('。');
            in_heading = is_title || is_meta;
            heading = in_heading || weight(line) == 0;
        }
        // What has weight is no frame.
        let leads_away = || line.linked * 2 > line.text.len() && meta::leads_to_more(&line.text);
        let framed = in_heading || weight(line) == 0 && (meta::is_frame(&line.text) || leads_away());
        // The block is the line's alone, or the rest of it would go too.
        if framed && line.block != from.id() && judged.insert(line.block) && is_alone(from, line) {
            gone.insert(line.block);
        }
    }
    gone
}

/// True for what a film or a sound shows where it cannot be played.
fn is_fallback(node: NodeRef<'_, Node>) -> bool {
    let name = |node: NodeRef<'_, Node>, names: &[&str]| {
        node.value().as_element().is_some_and(|element| names.contains(&element.name()))
    };
    node.parent().is_some_and(|up| name(up, &["video", "audio"])) && !name(node, &["source", "track"])
}

fn is_alone(from: ElementRef<'_>, line: &TextLine) -> bool {
    let block = from.tree().get(line.block).and_then(ElementRef::wrap);
    block.is_some_and(|block| {
        text(block) == line.text && !block.descendent_elements().any(|e| e.value().name() == "img")
    })
}

/// True if an element leads elsewhere and has no prose: several links with not many words beside them, or
/// links under a heading that promises others.
fn leads_on(element: ElementRef<'_>, prose: &Prose<'_>) -> bool {
    const MIN_LINKS: usize = 2;
    if !matches!(element.value().name(), "ul" | "ol" | "dl" | "div" | "section") || prose.is_in(element) {
        return false;
    }
    let links = || element.descendent_elements().filter(|inner| inner.value().name() == "a");
    if links().count() < MIN_LINKS {
        return false;
    }
    let said = text(element);
    let linked: usize = links().map(|link| text(link).chars().count()).sum();
    linked * 2 >= said.chars().count() || meta::promises_others(&said)
}

/// True for a link around a heading, to another page: the card of another article. A linked heading is one around a
/// link.
fn is_card(element: ElementRef<'_>, prose: &Prose<'_>) -> bool {
    let heads =
        |inner: ElementRef<'_>| matches!(inner.value().name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6");
    // The name first: most elements are no links.
    element.value().name() == "a"
        && attr(element, "href").is_some_and(|href| !href.starts_with('#'))
        && element.descendent_elements().skip(1).any(heads)
        && !prose.is_in(element)
}

/// Writes the markup of an element. True if any text is in it.
fn write(from: ElementRef<'_>, inner: bool, gone: &HashSet<NodeId>, out: &mut String) -> bool {
    let (mut skipping, mut says): (Option<NodeId>, bool) = (None, false);
    for edge in from.traverse() {
        match edge {
            Edge::Open(node) if skipping.is_none() => {
                if gone.contains(&node.id()) {
                    skipping = Some(node.id());
                    continue;
                }
                match node.value() {
                    Node::Text(_) if is_fallback(node) => {}
                    Node::Text(said) => {
                        says |= said.contains(|c: char| !c.is_whitespace());
                        push_escaped(said, out);
                    }
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
    says
}
