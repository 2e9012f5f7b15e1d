//! A page as the lines that a reader sees, each with its element. Decides nothing about them.

use std::cell::OnceCell;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::{ElementRef, Node};

use super::dom::{Page, is_inline};
use crate::read::text::one_line;

/// A line: its text, and the block it stands in.
#[derive(Clone, Debug)]
pub(super) struct TextLine {
    pub(super) text: String,
    pub(super) block: NodeId,
    /// The part of it that is links, in bytes.
    pub(super) linked: usize,
    /// Its weight as prose, once it was asked for.
    pub(super) weight: OnceCell<usize>,
}

impl TextLine {
    /// The block it stands in.
    pub(super) fn element<'a>(&self, page: &'a Page) -> Option<ElementRef<'a>> {
        page.html.tree.get(self.block).and_then(ElementRef::wrap)
    }
}

/// The lines below an element, in document order.
pub(super) fn lines(from: ElementRef<'_>) -> Vec<TextLine> {
    let mut out = Vec::new();
    let mut blocks = vec![from.id()];
    let mut line = String::new();
    let (mut links, mut linked) = (0_usize, 0_usize);
    let mut flush = |line: &mut String, linked: &mut usize, block: NodeId| {
        let text = one_line(line);
        line.clear();
        let linked = std::mem::take(linked);
        if !text.is_empty() {
            out.push(TextLine { text, block, linked, weight: OnceCell::new() });
        }
    };
    for edge in from.traverse().skip(1) {
        let (node, opens) = match edge {
            Edge::Open(node) => (node, true),
            Edge::Close(node) => (node, false),
        };
        let here = blocks.last().copied().unwrap_or(from.id());
        match node.value() {
            Node::Text(text) if opens => {
                line.push_str(text);
                linked += if links > 0 { text.trim().len() } else { 0 };
            }
            Node::Element(element) if element.name() == "br" => flush(&mut line, &mut linked, here),
            Node::Element(element) if element.name() == "a" => {
                links = if opens { links + 1 } else { links.saturating_sub(1) };
            }
            Node::Element(element) if !is_inline(element.name()) => {
                flush(&mut line, &mut linked, here);
                if opens {
                    blocks.push(node.id());
                } else if blocks.len() > 1 {
                    blocks.pop();
                }
            }
            _ => {}
        }
    }
    flush(&mut line, &mut linked, from.id());
    out
}
