//! A page's text and structure as markup that loads and runs nothing, with some elements outlined. Of the page come
//! only names of a few tags and escaped text: no attribute, no address, no script, no style.

use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::Node;

use super::dom::{Page, is_inline};
use crate::read::text::{push_escaped, push_escaped_char};

/// Octets of an outline: four times the markup of a large page. The rest of a larger one is left out, so that a browser
/// can show it.
const MAX_OUTLINE: usize = 2 << 20;

/// Tags that are kept. Others become `div`, or `span` within a line.
const KEPT: &[&str] = &[
    "b", "blockquote", "br", "dd", "dl", "dt", "em", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
];

/// Elements that are left out with all in them.
const DROPPED: &[&str] = &[
    "applet", "audio", "canvas", "embed", "frame", "frameset", "head", "iframe", "math", "noembed",
    "noframes", "noscript", "object", "script", "select", "style", "svg", "template", "textarea", "title",
    "video", "xmp",
];

/// An outlined element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Its class in the stylesheet of the page that the outline is put into.
    pub(super) class: &'static str,
    pub(super) label: String,
}

pub(super) fn outline(page: &Page, marks: &HashMap<NodeId, Mark>) -> String {
    let mut out = String::new();
    let mut open: HashSet<NodeId> = HashSet::new();
    let mut dropping: Option<NodeId> = None;
    for edge in page.html.tree.root().traverse() {
        match edge {
            Edge::Open(node) if dropping.is_none() => match node.value() {
                Node::Element(element) if DROPPED.contains(&element.name()) => dropping = Some(node.id()),
                _ if out.len() >= MAX_OUTLINE => {}
                Node::Element(element) if matches!(element.name(), "html" | "body") => {}
                Node::Element(element) => {
                    open.insert(node.id());
                    start(tag(element.name()), marks.get(&node.id()), &mut out);
                }
                Node::Text(said) => {
                    for c in said.chars() {
                        if out.len() >= MAX_OUTLINE {
                            break;
                        }
                        push_escaped_char(c, &mut out);
                    }
                }
                _ => {}
            },
            Edge::Open(_) => {}
            Edge::Close(node) if dropping == Some(node.id()) => dropping = None,
            Edge::Close(node) => {
                if let (Some(element), true) = (node.value().as_element(), open.contains(&node.id()))
                    && !matches!(element.name(), "br" | "hr")
                {
                    out.push_str("</");
                    out.push_str(tag(element.name()));
                    out.push('>');
                }
            }
        }
    }
    out
}

fn tag(name: &str) -> &'static str {
    let kept = KEPT.iter().find(|kept| **kept == name);
    kept.copied().unwrap_or(if is_inline(name) { "span" } else { "div" })
}

fn start(tag: &str, mark: Option<&Mark>, out: &mut String) {
    out.push('<');
    out.push_str(tag);
    if let Some(Mark { class, label }) = mark {
        out.push_str(" class=\"");
        out.push_str(class);
        out.push_str("\" data-label=\"");
        push_escaped(label, out);
        out.push('"');
    }
    out.push('>');
}
