//! Finds the lead of an article: the sentences between its title and its body. Takes a line for the lead only if the
//! name of its element or the description of the page says so.

use std::cell::LazyCell;
use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;
use scraper::ElementRef;

use super::dom::{Page, text};
use super::frame::has_word;
use super::lines::TextLine;
use super::prose::{Prose, around, weight};
use super::title;
use crate::read::text::push_escaped;

/// Words in the names of elements that hold a lead.
const NAMES: &[&str] = &[
    "lead", "lede", "standfirst", "intro", "dek", "deck", "subtitle", "subheadline", "subhead", "teaser",
    "vorspann", "chapo", "entradilla", "abstract", "excerpt", "ingress", "daodu", "sapo", "sommario",
];

/// The maximum length of a lead, in characters. A longer text is another article's.
const MAX_LEAD: usize = 800;

/// The maximum number of lines that are looked for in the body: each search reads all of it, and a lead has no more.
const MAX_LINES: usize = 100;

/// The lead as paragraphs. `lines` are the lines of the page, `at` that of its title; `body` the elements of the body, `described`
/// the description of the article.
pub(super) fn lead(
    page: &Page,
    prose: &Prose<'_>,
    lines: &[TextLine],
    at: Option<usize>,
    body: &[ElementRef<'_>],
    described: Option<&str>,
) -> String {
    let mut out = String::new();
    let Some(after) = at.and_then(|at| lines.get(at + 1..)) else { return out };
    let holders: HashSet<NodeId> = body.iter().map(|element| element.id()).collect();
    let is_body = |line: &TextLine| {
        line.element(page).is_some_and(|block| around(block).any(|up| holders.contains(&up.id())))
    };
    let Some(between) = after.iter().position(is_body).map(|end| &after[..end]) else { return out };
    let described = title::units(described.unwrap_or_default());
    let said = LazyCell::new(|| body.iter().map(|element| text(*element)).collect::<Vec<_>>());
    let mut judge = Judge { prose, leads: HashMap::new(), outs: HashMap::new() };
    let fits = |line: &&TextLine| {
        weight(line) > 0
            && line.element(page).is_some_and(|block| {
                (judge.is_named(block) || title::share(&title::units(&line.text), &described) >= 80)
                    && !judge.is_out(block)
            })
    };
    let mut left = MAX_LEAD;
    for line in between.iter().filter(fits).take(MAX_LINES) {
        let size = line.text.chars().count();
        if size > left || said.iter().any(|said| said.contains(&line.text)) {
            continue;
        }
        left -= size;
        out.push_str("<p>");
        push_escaped(&line.text, &mut out);
        out.push_str("</p>");
    }
    out
}

/// Judges blocks by the names around them. Reads the names of an element once, however many blocks are in it.
struct Judge<'a> {
    prose: &'a Prose<'a>,
    leads: HashMap<NodeId, bool>,
    outs: HashMap<NodeId, bool>,
}

impl Judge<'_> {
    /// True if an element or one close around it is named as a lead.
    fn is_named(&mut self, block: ElementRef<'_>) -> bool {
        const OUTER: usize = 2;
        around(block).take(1 + OUTER).any(|up| self.is_lead(up))
    }

    /// True if a block is in a frame that is not named as a lead.
    fn is_out(&mut self, block: ElementRef<'_>) -> bool {
        around(block).skip(1).any(|up| {
            let is_out = *self.outs.entry(up.id()).or_insert_with(|| self.prose.is_out(up));
            is_out && !self.is_lead(up)
        })
    }

    fn is_lead(&mut self, element: ElementRef<'_>) -> bool {
        *self.leads.entry(element.id()).or_insert_with(|| is_lead_name(element))
    }
}

fn is_lead_name(element: ElementRef<'_>) -> bool {
    has_word(element, &["class", "id", "itemprop"], NAMES)
}
