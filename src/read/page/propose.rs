//! Proposes selectors for a list and for an article. Each is tested on the page with the code that a poll uses, and
//! one that does not choose exactly its part is not proposed.

use std::collections::HashSet;

use ego_tree::NodeId;

use super::article::chosen;
use super::notes::{Note, Part};
use super::selectors::Selectors;
use super::{Article, ArticleRules, Css, ListRules, article, body, generic, list, meta};
use crate::model::entry::ParsedEntry;
use crate::read::date::find;
use crate::read::feed::FeedInput;

/// Blocks that one selector list joins: a page has few lists, and a longer selector nobody reads.
const MAX_JOINED: usize = 4;

/// Rows in which elements with dates are looked for, and elements of them that are tried.
const DATE_ROWS: usize = 3;
const MAX_DATE_TRIES: usize = 24;

/// Elements of a line in which that of the date is looked for: the line may hold the article too. And the longest text
/// with a date in it, in characters.
const MAX_INNER: usize = 200;
const MAX_DATE: usize = 120;

/// Selectors for a list, and what they give on this page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListProposal {
    pub rules: ListRules,
    pub entries: usize,
    pub dated: usize,
    /// Entries that dibao finds without selectors, and those of them that have a date.
    pub found: usize,
    pub found_dated: usize,
    /// A selector of entries that also takes blocks which were left out, and the number of entries it gives.
    pub wider: Option<(Css, usize)>,
}

impl ListProposal {
    /// True if the selectors give more than dibao finds without.
    pub fn is_better(&self) -> bool {
        self.entries > self.found || self.dated > self.found_dated
    }
}

/// Selectors for an article; a part without one has none that chooses it alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArticleProposal {
    pub rules: ArticleRules,
    /// True if they give a title, a date or a body that dibao does not find without.
    pub is_better: bool,
}

/// The selector of each block of rows.
pub(super) fn rows(selectors: &Selectors<'_>, notes: &[Note]) -> Vec<Option<Css>> {
    let taken: HashSet<String> =
        notes.iter().filter(|note| note.taken).flat_map(|n| keys(selectors, n)).collect();
    let find = |note: &Note| {
        let row = selectors.element(*note.nodes.first()?)?;
        let wanted: HashSet<String> = keys(selectors, note).collect();
        let none = HashSet::new();
        let others = if note.taken { &taken } else { &none };
        let exact = selectors.simplest(row, |css| chooses(selectors, css, &wanted, &none));
        exact
            .or_else(|| selectors.simplest(row, |css| note.taken && chooses(selectors, css, &wanted, others)))
    };
    notes.iter().map(find).collect()
}

/// The addresses to which the rows of a block lead.
fn keys<'n>(selectors: &'n Selectors<'_>, note: &'n Note) -> impl Iterator<Item = String> + 'n {
    let rows = note.nodes.iter().filter_map(|id| selectors.element(*id));
    rows.filter_map(|row| Some(list::link_of(selectors.page, row, &ListRules::default())?.key))
}

/// True if the elements that a selector chooses lead to all wanted addresses, and besides only to the others.
fn chooses(selectors: &Selectors<'_>, css: &Css, wanted: &HashSet<String>, others: &HashSet<String>) -> bool {
    let mut missing: HashSet<&str> = wanted.iter().map(String::as_str).collect();
    let mut last: Option<NodeId> = None;
    for row in selectors.page.html.select(css.selector()) {
        // A row stands in no other row.
        if last.is_some_and(|last| row.ancestors().any(|up| up.id() == last)) {
            return false;
        }
        last = Some(row.id());
        let Some(link) = list::link_of(selectors.page, row, &ListRules::default()) else { continue };
        if !wanted.contains(&link.key) && !others.contains(&link.key) {
            return false;
        }
        missing.remove(link.key.as_str());
    }
    missing.is_empty() && !wanted.is_empty()
}

/// The selectors for a list. `entries` are what was found without; `chosen` is the selector of each note.
pub(super) fn for_list(
    selectors: &Selectors<'_>,
    input: &FeedInput<'_>,
    entries: &[ParsedEntry],
    notes: &[Note],
    chosen: &[Option<Css>],
) -> Option<ListProposal> {
    let with = |wanted: &dyn Fn(&Note) -> bool| joined(notes, chosen, wanted);
    let entry = match entries.is_empty() {
        false => with(&|note| note.taken)?,
        // Nothing was found: the block that has most rows may be the list.
        true => chosen.iter().find_map(Clone::clone)?,
    };
    let read = |rules: &ListRules| {
        let read = list::of_page(selectors.page, input.bytes, rules);
        read.map(|page| page.feed.entries).unwrap_or_default()
    };
    let mut rules = ListRules { entry: Some(entry), ..ListRules::default() };
    let given = read(&rules);
    if given.is_empty() || !has_all(&given, entries) {
        return None;
    }
    let mut dated = count_dated(&given);
    if dated < given.len() {
        for css in date_tries(selectors, rules.entry.as_ref()?) {
            let tried = ListRules { date: Some(css), ..rules.clone() };
            let given = count_dated(&read(&tried));
            if given > dated {
                (rules, dated) = (tried, given);
            }
        }
    }
    // The generic rule takes these blocks for side columns; a person may know better.
    let is_doubtful = |note: &Note| note.taken || note.weight > 0 || is_left_by_doubt(note);
    let wider = with(&is_doubtful).filter(|_| !entries.is_empty()).and_then(|css| {
        let tried = ListRules { entry: Some(css.clone()), ..rules.clone() };
        let given = read(&tried);
        (given.len() > entries.len() && has_all(&given, entries)).then_some((css, given.len()))
    });
    let (found, found_dated) = (entries.len(), count_dated(entries));
    Some(ListProposal { rules, entries: given.len(), dated, found, found_dated, wider })
}

/// True if a block was left though its titles are those of headlines, on the same site.
fn is_left_by_doubt(note: &Note) -> bool {
    note.why != generic::OTHER_SITES
        && note.texts.iter().all(|title| title.chars().count() >= generic::MIN_TITLE)
}

/// A selector list that chooses several blocks; `None` if one of the taken has no selector.
fn joined(notes: &[Note], chosen: &[Option<Css>], wanted: &dyn Fn(&Note) -> bool) -> Option<Css> {
    let mut parts: Vec<&str> = Vec::new();
    for (note, css) in notes.iter().zip(chosen).filter(|(note, _)| wanted(note)) {
        match css {
            Some(css) if !parts.contains(&css.as_str()) => parts.push(css.as_str()),
            None if note.taken => return None,
            _ => {}
        }
    }
    (parts.len() <= MAX_JOINED).then(|| Css::parse(&parts.join(", ")).ok()).flatten()
}

/// True if all entries are among those given, with the same titles.
fn has_all(given: &[ParsedEntry], entries: &[ParsedEntry]) -> bool {
    let of = |entry: &ParsedEntry| (entry.page().map(str::to_owned), entry.title.clone());
    let given: HashSet<_> = given.iter().map(of).collect();
    entries.iter().all(|entry| given.contains(&of(entry)))
}

fn count_dated(entries: &[ParsedEntry]) -> usize {
    entries.iter().filter(|entry| entry.published.is_some()).count()
}

/// Selectors of elements in the first rows that may hold the date.
fn date_tries(selectors: &Selectors<'_>, entry: &Css) -> Vec<Css> {
    let mut tried: Vec<String> = Vec::new();
    for row in selectors.page.html.select(entry.selector()).take(DATE_ROWS) {
        for element in row.descendent_elements().skip(1) {
            let tag = element.value().name();
            let class = element.attr("class").and_then(|names| names.split_whitespace().next());
            for text in class.map(|class| format!("{tag}.{class}")).into_iter().chain([tag.to_owned()]) {
                if tried.len() < MAX_DATE_TRIES && tag != "a" && !tried.contains(&text) {
                    tried.push(text);
                }
            }
        }
    }
    tried.iter().filter_map(|text| Css::parse(text).ok()).collect()
}

/// The selector of each part of an article.
pub(super) fn parts(selectors: &Selectors<'_>, notes: &[Note]) -> Vec<Option<Css>> {
    notes.iter().map(|note| part(selectors, note)).collect()
}

fn part(selectors: &Selectors<'_>, note: &Note) -> Option<Css> {
    let page = selectors.page;
    let element = selectors.element(*note.nodes.first()?)?;
    let first = || note.texts.first().map(String::as_str).unwrap_or_default();
    let gives = |read: &dyn Fn(&str) -> Option<String>| {
        selectors.simplest_alone(element, |css| {
            let said = chosen(page, Some(css));
            said.and_then(|said| read(&said)).is_some_and(|said| said == first())
        })
    };
    match note.part {
        Part::Title => gives(&|said| Some(said.to_owned())),
        Part::Date => {
            let stamp = find(first(), &page.dates)?;
            let dated = |css: &Css| chosen(page, Some(css)).and_then(|said| find(&said, &page.dates));
            // The element of the date alone, else that of its line.
            let inner = element
                .descendent_elements()
                .take(MAX_INNER)
                .filter(|inner| find(&super::dom::text_to(*inner, MAX_DATE), &page.dates) == Some(stamp));
            let inner = inner.last().unwrap_or(element);
            let is_it = |css: &Css| dated(css) == Some(stamp);
            selectors.simplest_alone(inner, is_it).or_else(|| selectors.simplest_alone(element, is_it))
        }
        Part::Outlet => gives(&|said| meta::unlabelled(said, meta::outlet)),
        Part::Editor => gives(&|said| meta::unlabelled(said, meta::editor)),
        Part::Body => selectors.simplest(element, |css| {
            let found = body::selected(page, css);
            found.iter().map(|element| element.id()).eq(note.nodes.iter().copied())
        }),
        Part::Frame => selectors.simplest(element, |css| {
            page.html.select(css.selector()).map(|found| found.id()).eq([element.id()])
        }),
        Part::Rows => None,
    }
}

/// The selectors for an article: those of the parts that were taken, and of the first candidate where none was.
pub(super) fn for_article(
    selectors: &Selectors<'_>,
    input: &FeedInput<'_>,
    read: Option<&Article>,
    notes: &[Note],
    chosen: &[Option<Css>],
) -> ArticleProposal {
    let first = |part: Part| {
        let mut of = notes.iter().zip(chosen).filter(|(note, css)| note.part == part && css.is_some());
        let is_taken = notes.iter().any(|note| note.part == part && note.taken);
        // Where the part taken has no selector, another part's would give something else.
        of.find(|(note, _)| note.taken || !is_taken).and_then(|(_, css)| css.clone())
    };
    let (title, date, body) = (first(Part::Title), first(Part::Date), first(Part::Body));
    let rules = ArticleRules { title, date, body, ..ArticleRules::default() };
    let none = Article::default();
    let without = read.unwrap_or(&none);
    let Ok(given) = article::alone(selectors.page, input.bytes, &rules) else {
        return ArticleProposal::default();
    };
    // A part that comes out otherwise than without selectors is not proposed.
    let ArticleRules { title, date, body, .. } = rules;
    let keeps_body = |without: &str| given.body.as_deref().is_some_and(|body| without.ends_with(body));
    let rules = ArticleRules {
        title: title.filter(|_| without.title.is_none() || given.title == without.title),
        date: date.filter(|_| without.published.is_none() || given.published == without.published),
        // The lead stands before the body that a selector chooses.
        body: body.filter(|_| without.body.as_deref().is_none_or(keeps_body)),
        ..ArticleRules::default()
    };
    let is_better = rules.title.is_some() && without.title.is_none()
        || rules.date.is_some() && without.published.is_none()
        || rules.body.is_some() && without.body.is_none();
    ArticleProposal { rules, is_better }
}
