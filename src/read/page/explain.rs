//! Explains a page: what its readers weighed, took and left, each with the simplest selector that chooses it. Owns the
//! values that a person sees; the notes are of the readers themselves, and the selectors are tested by them.

use std::collections::HashMap;

use ego_tree::NodeId;
use scraper::ElementRef;
use serde::Serialize;

use super::dom::{Page, select, text_to};
use super::lines::lines;
use super::list::ListPage;
use super::notes::{Note, Part};
use super::outline::{Mark, outline};
use super::propose::{self, ArticleProposal, ListProposal};
use super::selectors::Selectors;
use super::{Article, ArticleRules, ListRules, PageError, article, list, prose};
use crate::read::feed::FeedInput;
use crate::read::text::{one_line, truncate_chars};

/// Candidates that are shown: a screen of them. Those that were taken come first, then the largest.
const MAX_CANDIDATES: usize = 24;

/// Elements of a path that are shown, from the inside.
const MAX_PATH: usize = 8;

/// The longest name of an element that is shown, in characters.
const MAX_LABEL: usize = 40;

/// The texts of a candidate that are shown, and the longest of them, in characters.
const MAX_TEXTS: usize = 2;
const MAX_TEXT: usize = 60;

/// A part of a page that a reader weighed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    pub part: Part,
    pub taken: bool,
    /// The rule by which it was taken or left.
    pub why: &'static str,
    /// The elements around it and itself, from the outermost in, each as `tag.class` or `tag#id`. Empty if it stands
    /// in the head or in the address.
    pub path: Vec<String>,
    /// Its first texts, cut.
    pub texts: Vec<String>,
    /// The number of rows, of a block of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// The number of rows that show a date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dated: Option<usize>,
    /// The score of a body, or the prose in a frame, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<usize>,
    /// The simplest selector that chooses it and nothing else. Where none is soon found for a title, a date, an outlet
    /// or an editor, the first element that it chooses is the part.
    pub selector: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    pub candidates: Vec<Candidate>,
    /// The number of smaller ones that are not among them.
    pub more: usize,
    /// The page as markup that loads and runs nothing, with the candidates outlined: elements of the class `taken`,
    /// `left` or `frame`, each with a `data-label`.
    #[serde(skip)]
    pub outline: String,
}

#[derive(Clone, Debug)]
pub struct ExplainedList {
    pub explained: Explained,
    /// Selectors for the list; `None` if none gives what dibao finds without, or more.
    pub proposal: Option<ListProposal>,
}

#[derive(Clone, Debug)]
pub struct ExplainedArticle {
    pub explained: Explained,
    /// What was read without selectors.
    pub article: Option<Article>,
    pub proposal: ArticleProposal,
}

/// Explains how a list page is read without selectors. A page on which nothing is found is explained too.
///
/// # Errors
/// The errors of [`list`](super::list) other than an empty page.
pub fn explain_list(input: &FeedInput<'_>) -> Result<ExplainedList, PageError> {
    let page = Page::noting(input)?;
    let read = match list::of_page(&page, input.bytes, &ListRules::default()) {
        Err(PageError::Empty) => ListPage::default(),
        read => read?,
    };
    let (notes, more) = bounded(page.notes.take());
    let selectors = Selectors::of(&page);
    let chosen = propose::rows(&selectors, &notes);
    let proposal = propose::for_list(&selectors, input, &read.feed.entries, &notes, &chosen);
    let candidates = candidates(&page, &notes, chosen.iter().map(Option::as_ref));
    let outline = outline(&page, &marks(&notes));
    Ok(ExplainedList { explained: Explained { candidates, more, outline }, proposal })
}

/// Explains how an article page is read without selectors.
///
/// # Errors
/// The errors of [`article`](super::article()) other than an empty page.
pub fn explain_article(input: &FeedInput<'_>) -> Result<ExplainedArticle, PageError> {
    let page = Page::noting(input)?;
    let read = match article::alone(&page, input.bytes, &ArticleRules::default()) {
        Err(PageError::Empty) => None,
        read => Some(read?),
    };
    if read.as_ref().is_none_or(|article| article.body.is_none()) {
        note_wordiest(&page);
    }
    let (notes, more) = bounded(page.notes.take());
    let selectors = Selectors::of(&page);
    let chosen = propose::parts(&selectors, &notes);
    let proposal = propose::for_article(&selectors, input, read.as_ref(), &notes, &chosen);
    let candidates = candidates(&page, &notes, chosen.iter().map(Option::as_ref));
    let outline = outline(&page, &marks(&notes));
    Ok(ExplainedArticle { explained: Explained { candidates, more, outline }, article: read, proposal })
}

fn note_wordiest(page: &Page) {
    let lines = select(&page.html, "body").next().map(lines).unwrap_or_default();
    if let Some(element) = prose::wordiest(page, &lines) {
        page.notes.add(|| Note {
            part: Part::Body,
            taken: false,
            why: "the most text, but without the marks of sentences",
            nodes: vec![element.id()],
            texts: Vec::new(),
            weight: 0,
        });
    }
}

/// The notes that are shown, and the number of the others.
fn bounded(mut notes: Vec<Note>) -> (Vec<Note>, usize) {
    // Stable: of equals the first on the page comes first.
    notes.sort_by_key(|note| {
        let rows = if note.part == Part::Rows { note.nodes.len() + note.weight } else { 0 };
        (!note.taken, std::cmp::Reverse(rows))
    });
    let more = notes.len().saturating_sub(MAX_CANDIDATES);
    notes.truncate(MAX_CANDIDATES);
    (notes, more)
}

fn candidates<'a>(
    page: &Page,
    notes: &[Note],
    selectors: impl Iterator<Item = Option<&'a super::Css>>,
) -> Vec<Candidate> {
    let first = |note: &Note| page.html.tree.get(*note.nodes.first()?).and_then(ElementRef::wrap);
    let of = |(note, css): (&Note, Option<&super::Css>)| {
        let is_rows = note.part == Part::Rows;
        let element = first(note);
        let own = || element.map(|element| text_to(element, MAX_TEXT)).into_iter().collect();
        let texts: Vec<String> = if note.texts.is_empty() { own() } else { note.texts.clone() };
        Candidate {
            part: note.part,
            taken: note.taken,
            why: note.why,
            path: element.map(path).unwrap_or_default(),
            texts: texts
                .iter()
                .take(MAX_TEXTS)
                .map(|said| truncate_chars(&one_line(said), MAX_TEXT))
                .collect(),
            rows: is_rows.then_some(note.nodes.len()),
            dated: is_rows.then_some(note.weight),
            score: matches!(note.part, Part::Body | Part::Frame).then_some(note.weight),
            selector: css.map(|css| css.as_str().to_owned()),
        }
    };
    let mut all: Vec<(&Note, Option<&super::Css>)> = notes.iter().zip(selectors).collect();
    // Ids grow in the order of the page.
    all.sort_by_key(|(note, _)| note.nodes.first().copied());
    all.into_iter().map(of).collect()
}

/// The elements around one and itself, from the outermost in.
fn path(element: ElementRef<'_>) -> Vec<String> {
    let around = std::iter::once(element).chain(element.ancestors().filter_map(ElementRef::wrap));
    let mut path: Vec<String> = around
        .filter(|up| *up == element || !matches!(up.value().name(), "html" | "body"))
        .take(MAX_PATH + 1)
        .map(label)
        .collect();
    if path.len() > MAX_PATH {
        path[MAX_PATH] = "…".to_owned();
    }
    path.reverse();
    path
}

/// `div.list`, `div#main`: names that a browser's inspector shows too.
fn label(element: ElementRef<'_>) -> String {
    let class = element.attr("class").and_then(|names| names.split_whitespace().next());
    let name = class.map(|class| format!(".{class}"));
    let name =
        name.or_else(|| element.attr("id").filter(|id| !id.trim().is_empty()).map(|id| format!("#{id}")));
    let label = format!("{}{}", element.value().name(), name.unwrap_or_default());
    truncate_chars(&one_line(&label), MAX_LABEL)
}

fn marks(notes: &[Note]) -> HashMap<NodeId, Mark> {
    let mut marks: HashMap<NodeId, Mark> = HashMap::new();
    // What was taken is marked last: an element may be a candidate for several parts.
    for note in notes.iter().rev() {
        let class = match (note.taken, note.part) {
            (true, _) => "taken",
            (false, Part::Frame) => "frame",
            (false, _) => "left",
        };
        for (n, id) in note.nodes.iter().enumerate() {
            let name = match note.part {
                Part::Rows => format!("row {}", n + 1),
                Part::Title => "title".to_owned(),
                Part::Date => "date".to_owned(),
                Part::Outlet => "outlet".to_owned(),
                Part::Editor => "editor".to_owned(),
                Part::Body => "body".to_owned(),
                Part::Frame => "frame".to_owned(),
            };
            let mark = match marks.remove(id) {
                Some(mark) if mark.class == class && mark.label != name => {
                    Mark { class, label: format!("{name}, {}", mark.label) }
                }
                _ if class == "taken" => Mark { class, label: name },
                _ => Mark { class, label: format!("{name}, not taken") },
            };
            marks.insert(*id, mark);
        }
    }
    marks
}
