//! Finds the prose of an article on its page. Weighs lines by marks that only sentences have, and elements by the
//! lines close below them. Removes nothing.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use ego_tree::{NodeId, Tree};
use scraper::{ElementRef, Node};

use super::dom::{Page, attr, is_inline};
use super::frame::{is_boxed, is_framed, is_hidden};
use super::lines::TextLine;
use super::meta;
use super::notes::{Note, Notes, Part};

/// Elements that never hold a body of their own: descending stops above them.
pub(super) const WITHIN: &[&str] = &[
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "blockquote", "figure", "table", "tbody",
    "tr", "pre",
];

/// The weight of a line in the element one further out, in hundredths. Low enough that an article wins
/// over what also holds its comments; high enough that two halves of an article lose to what holds both.
const FADE: usize = 60;

/// The number of elements around a line that are credited with it.
const REACH: usize = 6;

/// The number of levels above the best element in which others of its kind are looked for.
const NEARBY: usize = 6;

/// Lines of a page and what of it is prose.
pub(super) struct Prose<'a> {
    tree: &'a Tree<Node>,
    /// Lines with prose: their elements and how much it counts.
    lines: Vec<(ElementRef<'a>, usize)>,
    /// What counts below each element, outside frames.
    below: HashMap<NodeId, usize>,
    /// Prose below each element, frames or not.
    all: HashMap<NodeId, usize>,
    total: usize,
    /// The elements around the page's one `h1`: a frame does not hold the title.
    titled: HashSet<NodeId>,
}

impl<'a> Prose<'a> {
    /// The prose of the lines of a page. `headings` are its `h1` that may be the article's. A line that `is_shared` is
    /// prose, but does not choose the body.
    pub(super) fn of(
        page: &'a Page,
        lines: &[TextLine],
        headings: &[ElementRef<'a>],
        is_shared: impl Fn(&TextLine) -> bool,
    ) -> Self {
        let tree = &page.html.tree;
        let weighty = || lines.iter().filter(|line| weight(line) > 0);
        let of = |line: &TextLine, weight| Some((line.element(page)?, weight));
        let whole: Vec<(ElementRef<'a>, usize)> =
            weighty().filter_map(|line| of(line, weight(line))).collect();
        let all = sums(&whole);
        let total: usize = whole.iter().map(|(_, weight)| weight).sum();
        let own = weighty().filter_map(|line| of(line, if is_shared(line) { 0 } else { weight(line) }));
        let titled = match headings {
            [only] => around(*only).map(|element| element.id()).collect(),
            _ => HashSet::new(),
        };
        let mut prose = Self { tree, lines: Vec::new(), below: HashMap::new(), all, total, titled };
        let mut known: HashMap<NodeId, bool> = HashMap::new();
        prose.lines = own
            .filter(|(block, _)| {
                !around(*block)
                    .any(|element| *known.entry(element.id()).or_insert_with(|| prose.is_out(element)))
            })
            .collect();
        prose.below = sums(&prose.lines);
        if page.notes.are_kept() {
            prose.note_frames(page, known);
        }
        // Some pages go on with further articles: the one with the page's title is meant.
        let headed = headings.first().copied().and_then(article_of);
        if let Some(article) = headed
            && prose
                .below
                .get(&article)
                .is_some_and(|holds| holds * 5 >= prose.lines.iter().map(|(_, w)| w).sum())
        {
            prose.lines.retain(|(block, _)| around(*block).any(|element| element.id() == article));
            prose.below = sums(&prose.lines);
        }
        prose
    }

    /// True if an element is framed, boxed or hidden. None is believed of what holds the title or most of the prose:
    /// that is the article. Boxes hold little of it.
    pub(super) fn is_out(&self, element: ElementRef<'_>) -> bool {
        // Most elements have no such name, and are not looked up.
        let fifths = match is_framed(element) || is_hidden(element) {
            true => 4,
            false if is_boxed(element) => 1,
            false => return false,
        };
        let holds = self.all.get(&element.id()).copied().unwrap_or_default();
        !self.titled.contains(&element.id()) && holds * 5 <= self.total * fifths
    }

    /// True if an element, and all around it, is shown.
    pub(super) fn is_shown(&self, element: ElementRef<'_>) -> bool {
        !around(element).any(|up| is_hidden(up) && self.is_out(up))
    }

    pub(super) fn shown(&self, lines: Vec<TextLine>) -> Vec<TextLine> {
        let mut known: HashMap<NodeId, bool> = HashMap::new();
        let block = |line: &TextLine| self.tree.get(line.block).and_then(ElementRef::wrap);
        let mut is_shown = |line: &TextLine| {
            *known.entry(line.block).or_insert_with(|| block(line).is_none_or(|block| self.is_shown(block)))
        };
        lines.into_iter().filter(|line| is_shown(line)).collect()
    }

    /// True if an element has prose in it.
    pub(super) fn is_in(&self, element: ElementRef<'_>) -> bool {
        self.all.contains_key(&element.id())
    }

    /// The prose in some elements, outside frames.
    pub(super) fn held(&self, elements: &[ElementRef<'_>]) -> usize {
        elements.iter().filter_map(|element| self.below.get(&element.id())).sum()
    }

    /// The elements that hold the article: one, or several side by side of one kind.
    pub(super) fn densest(&self, notes: &Notes) -> Vec<ElementRef<'a>> {
        let (scores, best) = scored(&self.lines);
        let found = best.map(|best| self.with_siblings(best)).unwrap_or_default();
        if notes.are_kept() {
            note_bodies(&found, scores, notes);
        }
        found
    }

    /// Notes the outermost elements whose prose is left out.
    fn note_frames(&self, page: &Page, judged: HashMap<NodeId, bool>) {
        let is_out = |id: NodeId| judged.get(&id).copied().unwrap_or_default();
        let mut frames: Vec<(usize, NodeId)> = (judged.keys().copied())
            .filter(|id| is_out(*id))
            .filter(|id| self.tree.get(*id).is_some_and(|node| !node.ancestors().any(|up| is_out(up.id()))))
            .map(|id| (self.all.get(&id).copied().unwrap_or_default(), id))
            .collect();
        // Ids grow in the order of the page.
        frames.sort_unstable_by_key(|(holds, id)| (Reverse(*holds), *id));
        for (holds, id) in frames.into_iter().take(MAX_NOTED) {
            page.notes.add(|| {
                note(Part::Frame, false, "its name or its style is that of a frame", vec![id], holds)
            });
        }
    }

    /// An element and those beside it that go on with the same article: what holds more of its kind nearby, and
    /// bare paragraphs and figures between.
    fn with_siblings(&self, best: ElementRef<'a>) -> Vec<ElementRef<'a>> {
        let above: Vec<ElementRef<'a>> = best.ancestors().filter_map(ElementRef::wrap).take(NEARBY).collect();
        let mut more = HashSet::from([best.id()]);
        let mut reach = 0;
        let own = article_of(best);
        let of = |element: ElementRef<'_>| self.below.get(&element.id()).copied().unwrap_or_default();
        if let Some(kind) = kind(best) {
            for (block, _) in &self.lines {
                let Some(other) =
                    holders(*block).take(REACH).find(|holder| self::kind(*holder) == Some(kind))
                else {
                    continue;
                };
                if article_of(other) != own || of(other) * 10 < of(best) {
                    continue;
                }
                let shared =
                    other.ancestors().find_map(|up| above.iter().position(|mine| mine.id() == up.id()));
                if let Some(shared) = shared {
                    reach = reach.max(shared);
                    more.extend(
                        around(other).take_while(|up| up.id() != above[shared].id()).map(|up| up.id()),
                    );
                }
            }
        }
        let Some(parent) = above.get(reach) else { return vec![best] };
        more.extend(above[..reach].iter().map(|up| up.id()));
        let goes_on = |element: &ElementRef<'a>| {
            let is_bare = element.value().name() == "p" && self.below.contains_key(&element.id());
            is_bare || more.contains(&element.id())
        };
        let all: Vec<ElementRef<'a>> = parent.child_elements().collect();
        let (Some(first), Some(last)) = (all.iter().position(goes_on), all.iter().rposition(goes_on)) else {
            return vec![best];
        };
        let fits = |element: &ElementRef<'a>| {
            let name = element.value().name();
            goes_on(element) || matches!(name, "figure" | "img") || (WITHIN.contains(&name) && name != "p")
        };
        all[first..=last].iter().copied().filter(fits).collect()
    }
}

/// The score of each element that may hold the article, and the element with the highest.
fn scored<'a>(lines: &[(ElementRef<'a>, usize)]) -> (HashMap<NodeId, usize>, Option<ElementRef<'a>>) {
    let mut scores: HashMap<NodeId, usize> = HashMap::new();
    let mut best: Option<(usize, ElementRef<'a>)> = None;
    for (block, weight) in lines {
        let mut share = *weight * 100;
        for holder in holders(*block).take(REACH) {
            let score = scores.entry(holder.id()).or_default();
            *score += share;
            share = share * FADE / 100;
        }
    }
    for (block, _) in lines {
        for holder in holders(*block).take(REACH) {
            let score = scores[&holder.id()];
            if best.is_none_or(|(most, _)| score > most) {
                best = Some((score, holder));
            }
        }
    }
    (scores, best.map(|(_, best)| best))
}

/// The element with most text that is no link, whether or not it has sentences: a body that no rule would take.
pub(super) fn wordiest<'a>(page: &'a Page, lines: &[TextLine]) -> Option<ElementRef<'a>> {
    /// Less text is a label.
    const MIN_WORDS: usize = 5;
    let words = |line: &TextLine| line.text.chars().count().saturating_sub(line.linked);
    let weighed: Vec<(ElementRef<'a>, usize)> = lines
        .iter()
        .filter(|line| line.linked == 0 && words(line) >= MIN_WORDS)
        .filter_map(|line| Some((line.element(page)?, words(line))))
        .collect();
    scored(&weighed).1
}

/// Elements that are noted, of those that lost: a person compares a few.
const MAX_NOTED: usize = 8;

fn note(part: Part, taken: bool, why: &'static str, nodes: Vec<NodeId>, weight: usize) -> Note {
    Note { part, taken, why, nodes, texts: Vec::new(), weight }
}

/// Notes the elements of the body, and those with the next highest scores.
fn note_bodies(found: &[ElementRef<'_>], scores: HashMap<NodeId, usize>, notes: &Notes) {
    let nodes: Vec<NodeId> = found.iter().map(|element| element.id()).collect();
    let of = |id: &NodeId| scores.get(id).copied().unwrap_or_default() / 100;
    if !nodes.is_empty() {
        let most = nodes.iter().map(of).max().unwrap_or_default();
        notes.add(|| note(Part::Body, true, "the highest score", nodes.clone(), most));
    }
    let mut others: Vec<(usize, NodeId)> =
        scores.keys().filter(|id| !nodes.contains(id)).map(|id| (of(id), *id)).collect();
    others.sort_unstable_by_key(|(score, id)| (Reverse(*score), *id));
    for (score, id) in others.into_iter().take(MAX_NOTED) {
        notes.add(|| note(Part::Body, false, "a lower score", vec![id], score));
    }
}

/// The kind of an element: its tag and its first class, or those of the nearest with a class around it.
fn kind<'a>(element: ElementRef<'a>) -> Option<(usize, &'a str, &'a str)> {
    const UP: usize = 2;
    around(element).take(UP).enumerate().find_map(|(up, element)| {
        let class = attr(element, "class")?.split_whitespace().next()?;
        Some((up, element.value().name(), class))
    })
}

/// The `article` an element stands in.
fn article_of(element: ElementRef<'_>) -> Option<NodeId> {
    around(element).find(|up| up.value().name() == "article").map(|up| up.id())
}

fn sums(lines: &[(ElementRef<'_>, usize)]) -> HashMap<NodeId, usize> {
    let mut found: HashMap<NodeId, usize> = HashMap::new();
    for (block, weight) in lines {
        for element in around(*block) {
            *found.entry(element.id()).or_default() += weight;
        }
    }
    found
}

/// An element and those around it, from the inside out.
pub(super) fn around(element: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    std::iter::once(element).chain(element.ancestors().filter_map(ElementRef::wrap))
}

/// The elements that may be an article's for a line in a block: blocks that hold other blocks, or lines.
fn holders(block: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    let is_paragraph = block.children().all(|child| {
        child.value().as_element().is_none_or(|element| is_inline(element.name()) && element.name() != "br")
    });
    around(block).skip(usize::from(is_paragraph)).filter(|element| {
        let name = element.value().name();
        !is_inline(name) && !matches!(name, "tbody" | "tr" | "table" | "html") && !WITHIN.contains(&name)
    })
}

/// The prose in a line: its length in characters, if it has sentences and is not mostly links.
pub(super) fn weight(line: &TextLine) -> usize {
    *line.weight.get_or_init(|| weigh(line))
}

fn weigh(line: &TextLine) -> usize {
    /// The least prose, in characters, of a script that writes words without spaces, and of the others.
    const MIN_DENSE: usize = 12;
    const MIN_SPACED: usize = 40;
    let text = line.text.as_str();
    if line.linked * 2 > text.len() {
        return 0;
    }
    let size = text.chars().count();
    let least = if text.contains(is_dense) { MIN_DENSE } else { MIN_SPACED };
    if size < least || !has_sentences(text) {
        return 0;
    }
    let framed = meta::rights(text).is_some()
        || size <= meta::MAX_FRAME && (meta::leads_on(text) || size < 80 && text.contains("电话"));
    if framed { 0 } else { size }
}

/// True for characters of scripts without spaces between words: Han, kana, Tibetan, Thai, Lao, Khmer.
fn is_dense(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0FFF}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}')
}

/// True if a text has the marks of sentences of any script: Chinese and Japanese, Latin, Arabic and Uyghur,
/// Devanagari, Tibetan, Mongolian, Khmer, Ethiopic.
pub(super) fn has_sentences(text: &str) -> bool {
    const MARKS: &[char] = &[
        '。', '，', '！', '？', '；', '”', '、', '،', '؟', '؛', '۔', '।', '॥', '།', '༎', '༏', '᠂', '᠃', '។',
        '።',
    ];
    text.contains(MARKS)
        || [". ", ", ", "! ", "? "].iter().any(|mark| text.contains(mark))
        || text.ends_with(['.', '!', '?', '…', '"', '”', '»', '“'])
}
