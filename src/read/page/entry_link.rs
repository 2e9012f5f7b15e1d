//! Links of a list page that may be entries, and the row around each. `generic` and `blocks` choose those that are
//! the page's list.

use std::collections::HashMap;

use chrono::NaiveDate;
use ego_tree::NodeId;
use scraper::{ElementRef, Node};

use super::date_parts::joined;
use crate::read::text::one_line;

/// The maximum of elements between a link and the start of its row.
const MAX_CLIMB: usize = 8;

/// A link that may be an entry.
#[derive(Clone, Debug)]
pub(super) struct EntryLink<'a> {
    pub(super) anchor: ElementRef<'a>,
    pub(super) href: String,
    pub(super) key: String,
    pub(super) title: String,
    pub(super) day: Option<NaiveDate>,
    /// True if it leads to a page of the same site, or of its domain.
    pub(super) is_own: bool,
    pub(super) is_near: bool,
}

/// The entries whose links each element holds: the number of the only one, or `None` if there are more.
pub(super) fn rows(links: &[EntryLink<'_>]) -> HashMap<NodeId, Option<usize>> {
    let mut rows: HashMap<NodeId, Option<usize>> = HashMap::new();
    for (number, link) in links.iter().enumerate() {
        for above in std::iter::once(*link.anchor).chain(link.anchor.ancestors()).take(MAX_CLIMB) {
            let only = rows.entry(above.id()).or_insert(Some(number));
            if *only != Some(number) {
                *only = None;
            }
        }
    }
    rows
}

/// The largest element around a link that has no other entry's link in it: of a list at most an item, unless a list of
/// one item beside it shows that each entry is a list of its own.
pub(super) fn row_of<'a>(anchor: ElementRef<'a>, rows: &HashMap<NodeId, Option<usize>>) -> ElementRef<'a> {
    let mut row = anchor;
    for above in anchor.ancestors().take(MAX_CLIMB - 1).filter_map(ElementRef::wrap) {
        let stop = match above.value().name() {
            "body" | "html" => true,
            "table" | "ul" | "ol" | "dl" => !has_peer(above, rows),
            _ => false,
        };
        if stop || !matches!(rows.get(&above.id()), Some(Some(_))) {
            break;
        }
        row = above;
    }
    row
}

/// True if the element before or after is of the same kind and holds one entry too.
fn has_peer(element: ElementRef<'_>, rows: &HashMap<NodeId, Option<usize>>) -> bool {
    let before = element.prev_siblings().find_map(ElementRef::wrap);
    let after = element.next_siblings().find_map(ElementRef::wrap);
    before.into_iter().chain(after).any(|peer| {
        peer.value().name() == element.value().name() && matches!(rows.get(&peer.id()), Some(Some(_)))
    })
}

/// The texts in a row beside the title of its link. A date that is cut into several is one.
pub(super) fn own_pieces(row: ElementRef<'_>, link: &EntryLink<'_>) -> Vec<String> {
    // What stands on different sides of the title is no one date.
    let (mut own, mut run) = (Vec::new(), Vec::new());
    for node in row.descendants() {
        let Node::Text(said) = node.value() else { continue };
        let said = one_line(said);
        if said.is_empty() {
            continue;
        }
        let is_in_link = || node.ancestors().any(|up| up.id() == link.anchor.id());
        let is_short = said.len() <= 4 && !is_in_link();
        // A date in a headline is not the day it was published; a day's number is not one because the headline has it.
        if !is_short && link.title.contains(said.trim_end_matches(['.', '…'])) {
            own.extend(joined(std::mem::take(&mut run)));
        } else {
            run.push(said);
        }
    }
    own.extend(joined(run));
    own
}
