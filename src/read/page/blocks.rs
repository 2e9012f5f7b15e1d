//! Groups the links of a page into blocks, and separates the blocks of the page's list from side columns. Blocks of
//! the same shape are one list. Knows links and rows; reads no titles.

use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;
use scraper::ElementRef;

use super::dom::{Page, attr};
use super::entry_link::{EntryLink, own_pieces, row_of, rows};
use super::near::date_in;
use super::prose::has_sentences;

/// So many links make a list, where their paths prove nothing.
const MIN_LIST: usize = 5;

/// The number of rows of a block that make a row beside them part of it.
const MIN_ROWS: usize = 2;

/// The number of names around a row that distinguish its block: those of the list and of the column it stands in.
const NAMES: usize = 2;

/// The shape that blocks of one list share: the tags and classes around its rows, and the row's tag.
type Shape = (String, String);

pub(super) struct Block<'a> {
    pub(super) links: Vec<(usize, EntryLink<'a>)>,
    /// The row of each link.
    pub(super) rows: Vec<NodeId>,
    /// The number of its rows with a date.
    pub(super) dated: usize,
    /// The number of its rows with a date and a sentence.
    told: usize,
}

/// Blocks that are the page's list, and those that were left out, each with the reason.
#[derive(Default)]
pub(super) struct Sorted<'a> {
    pub(super) kept: Vec<Block<'a>>,
    pub(super) left: Vec<(Block<'a>, &'static str)>,
}

impl<'a> Sorted<'a> {
    fn by(blocks: Vec<Block<'a>>, why_left: impl Fn(&Block<'a>) -> Option<&'static str>) -> Self {
        let mut sorted = Self::default();
        for block in blocks {
            match why_left(&block) {
                None => sorted.kept.push(block),
                Some(why) => sorted.left.push((block, why)),
            }
        }
        sorted
    }

    /// The number of links that were left out.
    pub(super) fn left(&self) -> usize {
        self.left.iter().map(|(block, _)| block.links.len()).sum()
    }

    /// The links of the list, in the order of the page.
    pub(super) fn found(self) -> Vec<EntryLink<'a>> {
        let mut links: Vec<(usize, EntryLink<'a>)> =
            self.kept.into_iter().flat_map(|block| block.links).collect();
        links.sort_by_key(|(place, _)| *place);
        links.into_iter().map(|(_, link)| link).collect()
    }
}

impl Block<'_> {
    fn shows_dates(&self) -> bool {
        self.dated * 2 > self.links.len()
    }

    /// True if its rows tell what their articles say, and when: a side column has titles only.
    fn tells(&self) -> bool {
        self.links.len() >= MIN_LIST && self.told * 2 > self.links.len()
    }
}

/// Blocks of links with days in their paths.
///
/// A block is a side column if it shows no dates, and the longest block shows them and has more rows or tells what
/// its articles say.
pub(super) fn main<'a>(links: Vec<EntryLink<'a>>, page: &Page) -> Sorted<'a> {
    let blocks = blocks(links, page);
    let Some(longest) = longest_of(&blocks) else { return Sorted::default() };
    let (shows, most) = (blocks[longest].shows_dates(), blocks[longest].links.len());
    let tells = blocks[longest].tells();
    Sorted::by(blocks, |block| {
        if !shows || most < MIN_LIST || block.shows_dates() {
            None
        } else if block.links.len() < most {
            Some("it shows no dates and has fewer rows than the longest block, which does")
        } else {
            tells.then_some(
                "it shows no dates, and the rows of the list show dates and tell of their articles",
            )
        }
    })
}

/// The longest list of links without days in their paths, with the other blocks that are of its kind: they
/// show dates as it does, or lead to addresses of the same form where no row shows a date.
pub(super) fn longest<'a>(links: Vec<EntryLink<'a>>, page: &Page) -> Sorted<'a> {
    let blocks = blocks(links, page);
    let Some(longest) = longest_of(&blocks) else { return Sorted::default() };
    let forms: HashSet<String> = blocks[longest].links.iter().map(|(_, link)| form(&link.href)).collect();
    let (shows, first) = (blocks[longest].shows_dates(), blocks[longest].links[0].0);
    let mut sorted = Sorted::by(blocks, |block| {
        let alike = block.links.iter().filter(|(_, link)| forms.contains(&form(&link.href))).count();
        if block.links[0].0 == first {
            None
        } else if block.links.len() < MIN_ROWS {
            Some("it has one row only")
        } else if alike * 2 <= block.links.len() {
            Some("its addresses have another form than those of the longest block")
        } else {
            (shows && !block.shows_dates()).then_some("it shows no dates, and the longest block does")
        }
    });
    if sorted.kept.iter().map(|block| block.links.len()).sum::<usize>() < MIN_LIST {
        let few = sorted.kept.drain(..).map(|block| (block, "fewer than five rows are no list"));
        sorted.left.extend(few.collect::<Vec<_>>());
    }
    sorted
}

/// The links with those of the rows beside them that have none: rows of one block count together, whatever
/// their host and however short their titles, if a date in the row or a number in the address vouches.
pub(super) fn completed<'a>(
    found: Vec<EntryLink<'a>>,
    all: &[EntryLink<'a>],
    page: &Page,
) -> Vec<EntryLink<'a>> {
    let own = rows(&found);
    let mut lists: HashMap<NodeId, (usize, &str)> = HashMap::new();
    for link in &found {
        let row = row_of(link.anchor, &own);
        if let Some(list) = row.parent() {
            let known = lists.entry(list.id()).or_insert((0, row.value().name()));
            known.0 += 1;
        }
    }
    let mut taken: HashSet<NodeId> = found.iter().map(|link| row_of(link.anchor, &own).id()).collect();
    let mut known: HashSet<&str> = found.iter().map(|link| link.key.as_str()).collect();
    let mut more = Vec::new();
    for link in all {
        let row = link.anchor.ancestors().filter_map(ElementRef::wrap).take(ROW).find(|up| {
            let list = up.parent().and_then(|list| lists.get(&list.id()));
            list.is_some_and(|(count, tag)| *count >= MIN_ROWS && up.value().name() == *tag)
        });
        let Some(row) = row.filter(|row| !taken.contains(&row.id())) else { continue };
        let vouched = link.day.is_some()
            || shows_date(&own_pieces(row, link), page)
            || (link.is_near && link.href.bytes().any(|b| b.is_ascii_digit()));
        if vouched && link.title.chars().count() >= SHORT && known.insert(&link.key) {
            taken.insert(row.id());
            more.push(link.clone());
        }
    }
    drop(known);
    let place: HashMap<NodeId, usize> =
        all.iter().enumerate().map(|(at, link)| (link.anchor.id(), at)).collect();
    let mut whole = found;
    whole.extend(more);
    whole.sort_by_key(|link| place.get(&link.anchor.id()).copied());
    whole
}

/// The maximum of elements between a link and its row.
const ROW: usize = 6;

/// The shortest title of a link that only its row makes an entry, in characters.
const SHORT: usize = 3;

/// Links by the shape of the block they stand in, in the order of the page.
pub(super) fn blocks<'a>(links: Vec<EntryLink<'a>>, page: &Page) -> Vec<Block<'a>> {
    let rows = rows(&links);
    let mut at: HashMap<Shape, usize> = HashMap::new();
    let mut found: Vec<Block<'a>> = Vec::new();
    for (place, link) in links.into_iter().enumerate() {
        let row = row_of(link.anchor, &rows);
        let number = *at.entry(shape(row)).or_insert(found.len());
        if number == found.len() {
            found.push(Block { links: Vec::new(), rows: Vec::new(), dated: 0, told: 0 });
        }
        let pieces = own_pieces(row, &link);
        if shows_date(&pieces, page) {
            found[number].dated += 1;
            found[number].told += usize::from(pieces.iter().any(|piece| is_told(piece)));
        }
        found[number].rows.push(row.id());
        found[number].links.push((place, link));
    }
    found
}

fn shape(row: ElementRef<'_>) -> Shape {
    let list = row.ancestors().filter_map(ElementRef::wrap);
    let named = |element: &ElementRef<'_>| {
        attr(*element, "class").or(attr(*element, "id")).is_some_and(|n| !n.is_empty())
    };
    let (mut path, mut names) = (String::new(), 0);
    for up in list.take(ROW) {
        path.push_str(up.value().name());
        if named(&up) {
            path.push('.');
            path.push_str(attr(up, "class").or(attr(up, "id")).unwrap_or_default().trim());
            names += 1;
        }
        if names == NAMES {
            break;
        }
        path.push('<');
    }
    (path, row.value().name().to_owned())
}

/// True if a row shows a date outside its title; `pieces` are its texts.
fn shows_date(pieces: &[String], page: &Page) -> bool {
    pieces.iter().any(|piece| piece.bytes().any(|b| b.is_ascii_digit()))
        && date_in(pieces, None, &page.dates).is_some()
}

/// True if a text is sentences of an article, not a label.
fn is_told(piece: &str) -> bool {
    /// Shorter ones are notes: a place, a number of readers.
    const MIN_TOLD: usize = 20;
    piece.chars().count() >= MIN_TOLD && has_sentences(piece)
}

/// The block that tells of its articles; else that with most rows, where those that show dates count twice; the first
/// of equals.
fn longest_of(blocks: &[Block<'_>]) -> Option<usize> {
    let weight = |block: &Block<'_>| (block.tells(), block.links.len() + block.dated);
    (0..blocks.len()).rev().max_by_key(|at| weight(&blocks[*at]))
}

/// The form of an address: what it has before its first number, and how it ends, so that `/info/1040/3807.html`
/// and `/info/1012/3.html` are alike.
fn form(href: &str) -> String {
    let (place, path) =
        href.splitn(4, '/').nth(3).map_or((href, ""), |path| (&href[..href.len() - path.len()], path));
    let start =
        path.split('/').take_while(|part| !part.bytes().any(|b| b.is_ascii_digit())).collect::<Vec<_>>();
    let end = path.rsplit_once('.').map_or("", |(_, end)| end);
    format!("{place}{}.{end}", start.join("/"))
}
