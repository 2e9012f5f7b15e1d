//! A page as the lines a reader sees, each with the element it stands in. Judges none of them.

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::{ElementRef, Node};

use super::dom::is_inline;
use crate::core::text::one_line;

/// A line: its text, and the block it stands in.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) block: NodeId,
}

/// The lines below an element, in document order.
pub(super) fn lines(from: ElementRef<'_>) -> Vec<Line> {
    let mut out = Vec::new();
    let mut blocks = vec![from.id()];
    let mut line = String::new();
    let mut flush = |line: &mut String, block: NodeId| {
        let text = one_line(line);
        line.clear();
        if !text.is_empty() {
            out.push(Line { text, block });
        }
    };
    for edge in from.traverse().skip(1) {
        let (node, opens) = match edge {
            Edge::Open(node) => (node, true),
            Edge::Close(node) => (node, false),
        };
        let here = blocks.last().copied().unwrap_or(from.id());
        match node.value() {
            Node::Text(text) if opens => line.push_str(text),
            Node::Element(element) if element.name() == "br" => flush(&mut line, here),
            Node::Element(element) if !is_inline(element.name()) => {
                flush(&mut line, here);
                if opens {
                    blocks.push(node.id());
                } else if blocks.len() > 1 {
                    blocks.pop();
                }
            }
            _ => {}
        }
    }
    flush(&mut line, from.id());
    out
}
