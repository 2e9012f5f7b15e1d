//! Finds the lead of an article: the sentences between its title and its body. Takes a line for the lead only if the
//! name of its element or the description of the page says so.

use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::ElementRef;

use super::dom::{Page, text};
use super::frame::for_words;
use super::lines::TextLine;
use super::prose::{Prose, weight};
use super::title;
use crate::read::text::push_escaped;

/// Words in the names of elements that hold a lead.
const NAMES: &[&str] = &[
    "lead", "lede", "standfirst", "intro", "dek", "deck", "subtitle", "subheadline", "subhead", "teaser",
    "vorspann", "chapo", "entradilla", "abstract", "excerpt", "ingress", "daodu", "sapo", "sommario",
];

/// The maximum length of a lead, in characters. A longer text is another article's.
const MAX_LEAD: usize = 800;

/// The lead as paragraphs. `lines` are the lines of the page, `at` that of its title; `body` the elements of the body.
pub(super) fn lead(
    page: &Page,
    prose: &Prose<'_>,
    lines: &[TextLine],
    at: Option<usize>,
    body: &[ElementRef<'_>],
) -> Option<String> {
    let holders: HashSet<NodeId> = body.iter().map(|element| element.id()).collect();
    let element = |line: &TextLine| page.html.tree.get(line.block).and_then(ElementRef::wrap);
    let is_body = |line: &TextLine| {
        element(line).is_some_and(|block| {
            std::iter::once(*block).chain(block.ancestors()).any(|up| holders.contains(&up.id()))
        })
    };
    let after = lines.get(at? + 1..)?;
    let between = &after[..after.iter().position(is_body)?];
    let described = page.meta(&["description", "og:description"]).unwrap_or_default();
    let said: Vec<String> = body.iter().map(|element| text(*element)).collect();
    let mut out = String::new();
    let mut left = MAX_LEAD;
    for line in between {
        let fits = weight(line) > 0
            && element(line).is_some_and(|block| {
                !block
                    .ancestors()
                    .filter_map(ElementRef::wrap)
                    .any(|up| prose.is_out(up) && !is_lead_name(up))
                    && (title::likeness(&line.text, &described) >= 80 || is_named(block))
            });
        let size = line.text.chars().count();
        if !fits || size > left || said.iter().any(|said| said.contains(&line.text)) {
            continue;
        }
        left -= size;
        out.push_str("<p>");
        push_escaped(&line.text, &mut out);
        out.push_str("</p>");
    }
    (!out.is_empty()).then_some(out)
}

/// True if an element or one close around it is named as a lead.
fn is_named(block: ElementRef<'_>) -> bool {
    const OUTER: usize = 2;
    std::iter::once(block).chain(block.ancestors().filter_map(ElementRef::wrap).take(OUTER)).any(is_lead_name)
}

fn is_lead_name(element: ElementRef<'_>) -> bool {
    let mut found = false;
    for name in ["class", "id", "itemprop"].iter().filter_map(|key| element.attr(key)) {
        for_words(name, |word| found |= NAMES.contains(&word));
    }
    found
}
