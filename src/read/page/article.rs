//! Reads article pages: title, time, outlet, editor, section, summary, body and rights, by the operator's selectors
//! or by rules that fit most news sites. A field that the page does not have stays empty.

use std::collections::HashMap;

use ego_tree::NodeId;
use scraper::{ElementRef, Node};

use super::body::{self, Cut};
use super::dom::{Page, is_inline, select, text};
use super::lines::{TextLine, lines};
use super::list::{breaks_off, ends_with};
use super::notes::{Found, Part};
use super::prose::{around, weight};
use super::shared::{self, Placed, Shared};
use super::{ArticleRules, Css, PageError, lead, meta, outlet, title, when};
use crate::model::page_habits::{PageHabits, PageTraits};
use crate::model::time::Stamp;
use crate::read::date::find;
use crate::read::feed::FeedInput;
use crate::read::html;

/// The maximum of lines after the title that may be about the article, not of it.
const MAX_HEADING: usize = 12;

/// The maximum length of a summary, in characters.
const MAX_SUMMARY: usize = 200;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Article {
    pub title: Option<String>,
    pub published: Option<Stamp>,
    pub outlet: Option<String>,
    /// The editors: one name or several, as written.
    pub editor: Option<String>,
    /// Its section, from the outermost in.
    pub section: Vec<String>,
    /// Its short text, plain.
    pub summary: Option<String>,
    /// Its body, HTML, not sanitised, without the page's frame.
    pub body: Option<String>,
    /// The page's notice of rights, plain text.
    pub rights: Option<String>,
    /// The address the page says it has, absolute.
    pub canonical: Option<String>,
    /// True if it asks robots to take nothing of it.
    pub noindex: bool,
    /// True if it asks robots to show no part of its text.
    pub nosnippet: bool,
    /// True if the page breaks off within the body or before it: more of it may be to come.
    pub breaks_off: bool,
}

/// Reads an article page, without any other page of its source.
pub fn article(input: &FeedInput<'_>, rules: &ArticleRules) -> Result<Article, PageError> {
    article_among(input, rules, &PageHabits::default()).map(|(article, _)| article)
}

/// Reads an article page with what the last pages of its source have in common, and says what it may share with them.
/// Whatever these have in common, the title stays a title, and no line is cut from the body.
pub fn article_among(
    input: &FeedInput<'_>,
    rules: &ArticleRules,
    habits: &PageHabits,
) -> Result<(Article, PageTraits), PageError> {
    of_page(&Page::read(input)?, input.bytes, rules, habits)
}

/// Reads the article of a page without any other page of its source; `bytes` are the page's.
pub(super) fn alone(page: &Page, bytes: &[u8], rules: &ArticleRules) -> Result<Article, PageError> {
    of_page(page, bytes, rules, &PageHabits::default()).map(|(article, _)| article)
}

fn of_page(
    page: &Page,
    bytes: &[u8],
    rules: &ArticleRules,
    habits: &PageHabits,
) -> Result<(Article, PageTraits), PageError> {
    let shared = Shared::of(habits);
    let open = breaks_off(bytes) && !ends_with(bytes, b"</body");
    let lines = select(&page.html, "body").next().map(lines).unwrap_or_default();
    let prose = shared.prose(page, &lines);
    let lines = prose.shown(lines);
    let nothing = PageHabits::default();
    let titled = |shared| title::title(page, &prose, &lines, shared);
    let title = chosen(page, rules.title.as_ref())
        .or_else(|| titled(shared))
        .or_else(|| titled(Shared::of(&nothing)));
    let at = title.as_ref().and_then(|title| lines.iter().position(|line| line.text == *title));
    let found = body::find(page, &prose, rules.body.as_ref());
    let within: Vec<Vec<TextLine>> = found.iter().map(|element| lines_in(page, *element, &lines)).collect();
    let cut = Cut { prose: &prose, remove: &rules.remove, title: title.as_deref() };
    let body = body::markup(&found, &within, &cut);
    let described = shared.description(page);
    let mut traits = shared::traits(page, &lines, &found, &within, body.as_deref());
    let body = body.map(|body| match &rules.body {
        None => lead::lead(page, &prose, &lines, at, &found, described.as_deref()) + &body,
        Some(_) => body,
    });
    if open && (body.is_none() && title.is_none() || rules.body.is_some() && found.is_empty()) {
        return Err(PageError::CutShort);
    }
    if let Some(css) = rules.body.as_ref().filter(|_| found.is_empty()) {
        let generic = usize::from(!body::find(page, &prose, None).is_empty());
        return Err(PageError::SelectorsMatchNothing { selector: css.as_str().to_owned(), generic });
    }
    if body.is_none() && title.is_none() {
        return Err(PageError::Empty);
    }
    let heading = heading(&lines, at);
    let said = |css: &Option<Css>, read| chosen(page, css.as_ref()).and_then(|t| meta::unlabelled(&t, read));
    let published = chosen(page, rules.date.as_ref())
        .and_then(|said| Some(Placed { value: find(&said, &page.dates)?, place: shared::CHOSEN }))
        .or_else(|| when::published(page, heading, at.is_some(), &lines, shared));
    traits.time = published.as_ref().map(|published| published.place);
    let outlet = said(&rules.outlet, meta::outlet).or_else(|| outlet::outlet(page, heading, &lines, shared));
    traits.outlet = outlet.as_deref().and_then(|outlet| shared::place_of(page, heading, outlet));
    let article = Article {
        published: published.map(|published| published.value),
        outlet,
        editor: said(&rules.editor, meta::editor)
            .or_else(|| page.notes.first(Part::Editor, lines.iter().filter_map(editor))),
        section: section(page, rules, &lines, title.as_deref()),
        summary: chosen(page, rules.summary.as_ref())
            .or_else(|| summary(described, body.as_deref(), title.as_deref())),
        rights: rights(&lines),
        canonical: select(&page.html, "link[rel=canonical]")
            .next()
            .and_then(|link| page.resolve(link.attr("href")?)),
        noindex: page.robots(&["noindex"]),
        nosnippet: page.robots(&["nosnippet"]),
        breaks_off: open && found.last().is_none_or(|body| ends_the_page(*body)),
        title,
        body,
    };
    Ok((article, traits))
}

/// The lines of an element. Those of a block are lines of the page, and were weighed with it.
fn lines_in(page: &Page, element: ElementRef<'_>, all: &[TextLine]) -> Vec<TextLine> {
    if is_inline(element.value().name()) {
        return lines(element);
    }
    let mut known: HashMap<NodeId, bool> = HashMap::new();
    let mut is_within = |line: &&TextLine| {
        *known.entry(line.block).or_insert_with(|| {
            line.element(page).is_some_and(|block| around(block).any(|up| up.id() == element.id()))
        })
    };
    all.iter().filter(|line| is_within(line)).cloned().collect()
}

fn editor(line: &TextLine) -> Option<Found> {
    Some(Found { value: meta::editor(&line.text)?, node: Some(line.block), why: "a label" })
}

/// True if nothing comes after an element. Where something does, the element was there to its end.
fn ends_the_page(element: ElementRef<'_>) -> bool {
    let says_nothing = |node: ego_tree::NodeRef<'_, Node>| match node.value() {
        Node::Text(said) => said.trim().is_empty(),
        Node::Element(_) => false,
        _ => true,
    };
    std::iter::successors(Some(*element), ego_tree::NodeRef::parent)
        .all(|node| node.next_siblings().all(says_nothing))
}

fn section(page: &Page, rules: &ArticleRules, lines: &[TextLine], title: Option<&str>) -> Vec<String> {
    chosen(page, rules.section.as_ref())
        .map(|said| meta::trail(&said, title).unwrap_or_else(|| vec![said]))
        .or_else(|| lines.iter().find_map(|line| meta::trail(&line.text, title)))
        .or_else(|| page.meta(&["columnname", "article:section"]).map(|said| vec![said]))
        .unwrap_or_default()
}

/// The text of the first element that a selector names.
pub(super) fn chosen(page: &Page, css: Option<&Css>) -> Option<String> {
    let found = page.html.select(css?.selector()).map(text);
    found.into_iter().find(|said| !said.is_empty())
}

/// The lines that are about the article: the title's, those after it and a few before.
fn heading(lines: &[TextLine], at: Option<usize>) -> &[TextLine] {
    let from = at.unwrap_or(0);
    // Without a title's line the heading may begin anywhere above the prose.
    let reach = if at.is_some() { MAX_HEADING } else { MAX_HEADING * 8 };
    &lines[from..lines.len().min(from + 1 + reach)]
}

/// The notice of rights: of several lines the one that says what may not be done.
fn rights(lines: &[TextLine]) -> Option<String> {
    // A notice has no weight.
    let others = lines.iter().rev().filter(|line| weight(line) == 0);
    let notices: Vec<&TextLine> = others.filter(|line| meta::rights(&line.text).is_some()).collect();
    let strict = notices.iter().find(|line| line.text.contains("未经") || line.text.contains("不得"));
    strict.or(notices.first()).and_then(|line| meta::rights(&line.text))
}

/// The description, if the body has most of it: what it has not is about the site. Else how the body begins.
fn summary(described: Option<String>, body: Option<&str>, title: Option<&str>) -> Option<String> {
    const MIN_SUMMARY: usize = 20;
    /// The beginning of a body, in octets, that holds a summary in any script and an advertisement before it.
    const BEGINNING: usize = MAX_SUMMARY * 16;
    let said = described.filter(|said| {
        // Keywords after a title are no description.
        said.chars().count() >= MIN_SUMMARY
            && title.is_none_or(|title| !said.starts_with(title))
            && body
                .map(html::to_text)
                .is_none_or(|text| text.is_empty() || title::likeness(said, &text) >= 50)
    });
    if let Some(said) = said {
        return Some(html::summary(&said, MAX_SUMMARY));
    }
    let text = html::text_up_to(body?, BEGINNING);
    let lead = text.lines().next().filter(|line| meta::is_advertisement(line)).unwrap_or_default();
    let begins = text.strip_prefix(lead).unwrap_or(&text);
    // Cut before it is read once more: the rest is cut after.
    let begins = &begins[..begins.floor_char_boundary(BEGINNING)];
    Some(html::summary(begins, MAX_SUMMARY)).filter(|begins| !begins.is_empty())
}
