//! Article pages: title, time, outlet, editor, section, summary, body and rights, by selectors or by what
//! the pages of news sites have in common. What is not said is left out.

use chrono::NaiveDate;
use scraper::{ElementRef, Node};
use serde_json::Value;

use super::body::{self, Cut};
use super::dom::{Page, select, text};
use super::generic::last_day;
use super::lines::{Line, lines};
use super::list::{breaks_off, has};
use super::prose::Prose;
use super::{ArticleRules, Css, PageError, dated, meta};
use crate::core::date::{DateContext, find, parse};
use crate::core::feed::FeedInput;
use crate::core::html;
use crate::core::time::{Precision, Stamp};

/// How many lines after the title may be about the article, not of it.
const MAX_HEADING: usize = 12;

/// How long a summary may be, in characters.
const MAX_SUMMARY: usize = 200;

/// An article page, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Article {
    /// Its title, plain text.
    pub title: Option<String>,
    /// When it was published.
    pub published: Option<Stamp>,
    /// The outlet it came from.
    pub outlet: Option<String>,
    /// Who edited it: one name or several, as written.
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
    /// Whether it asks robots to take nothing of it.
    pub noindex: bool,
    /// Whether it asks robots to show no part of its text.
    pub nosnippet: bool,
    /// Whether the page breaks off within the body or before it: more of it may be to come.
    pub breaks_off: bool,
}

/// Reads an article page.
///
/// # Errors
/// [`PageError`] when it is none, or nothing is on it.
pub fn article(input: &FeedInput<'_>, rules: &ArticleRules) -> Result<Article, PageError> {
    let page = Page::read(input)?;
    let open = breaks_off(input.bytes) && !has(input.bytes, b"</body");
    let lines = select(&page.html, "body").next().map(lines).unwrap_or_default();
    let title = chosen(&page, rules.title.as_ref()).or_else(|| title(&page, &lines));
    let at = title.as_ref().and_then(|title| lines.iter().position(|line| line.text == *title));
    let prose = Prose::of(&page, &lines);
    let found = body::find(&page, &prose, rules.body.as_ref());
    let cut = Cut { prose: &prose, remove: &rules.remove, title: title.as_deref() };
    let body = body::markup(&found, &cut);
    if open && (body.is_none() && title.is_none() || rules.body.is_some() && found.is_empty()) {
        return Err(PageError::CutShort);
    }
    if let Some(css) = rules.body.as_ref().filter(|_| found.is_empty()) {
        let generic = usize::from(!body::find(&page, &prose, None).is_empty());
        return Err(PageError::SelectorsMatchNothing { selector: css.as_str().to_owned(), generic });
    }
    if body.is_none() && title.is_none() {
        return Err(PageError::Empty);
    }
    let heading = heading(&lines, at);
    let said = |css: &Option<Css>, read| chosen(&page, css.as_ref()).and_then(|t| meta::unlabelled(&t, read));
    let section = chosen(&page, rules.section.as_ref())
        .map(|said| meta::trail(&said, title.as_deref()).unwrap_or_else(|| vec![said]))
        .or_else(|| lines.iter().find_map(|line| meta::trail(&line.text, title.as_deref())));
    Ok(Article {
        published: published(&page, rules, heading),
        outlet: said(&rules.outlet, meta::outlet).or_else(|| outlet(heading)),
        editor: said(&rules.editor, meta::editor)
            .or_else(|| lines.iter().find_map(|line| meta::editor(&line.text))),
        section: section.unwrap_or_default(),
        summary: chosen(&page, rules.summary.as_ref())
            .or_else(|| summary(&page, body.as_deref(), title.as_deref())),
        rights: rights(&lines),
        canonical: select(&page.html, "link[rel=canonical]")
            .next()
            .and_then(|link| page.resolve(link.attr("href")?)),
        noindex: page.robots(&["noindex"]),
        nosnippet: page.robots(&["nosnippet"]),
        breaks_off: open && found.last().is_none_or(|body| ends_the_page(*body)),
        title,
        body,
    })
}

/// Whether nothing comes after an element. Where something does, the element was there to its end.
fn ends_the_page(element: ElementRef<'_>) -> bool {
    let says_nothing = |node: ego_tree::NodeRef<'_, Node>| match node.value() {
        Node::Text(said) => said.trim().is_empty(),
        Node::Element(_) => false,
        _ => true,
    };
    std::iter::successors(Some(*element), ego_tree::NodeRef::parent)
        .all(|node| node.next_siblings().all(says_nothing))
}

/// The text of the first element that a selector names.
fn chosen(page: &Page, css: Option<&Css>) -> Option<String> {
    let found = page.html.select(css?.selector()).map(text);
    found.into_iter().find(|said| !said.is_empty())
}

/// The headline: what the head of the page and its text agree on.
fn title(page: &Page, lines: &[Line]) -> Option<String> {
    const MIN_LINE: usize = 5;
    let declared = page.title.clone().unwrap_or_default();
    let headings: Vec<String> =
        select(&page.html, "h1").map(text).filter(|heading| !heading.is_empty()).collect();
    let agreed =
        headings.iter().find(|heading| heading.chars().count() >= 4 && declared.contains(heading.as_str()));
    if let Some(heading) = agreed {
        return Some(heading.clone());
    }
    let starts =
        lines.iter().filter(|line| line.text.chars().count() >= MIN_LINE && declared.starts_with(&line.text));
    if let Some(line) = starts.max_by_key(|line| line.text.len()) {
        return Some(line.text.clone());
    }
    let shared = page.meta(&["og:title", "twitter:title"]).map(|said| meta::article_title(&said));
    let long = headings.into_iter().find(|heading| heading.chars().count() >= 8);
    let declared = Some(meta::article_title(&declared)).filter(|title| !title.is_empty());
    shared.filter(|title| !title.is_empty()).or(long).or(declared)
}

/// The lines that are about the article: the title's, those after it and a few before.
fn heading(lines: &[Line], at: Option<usize>) -> &[Line] {
    let from = at.unwrap_or(0);
    // Without a title's line the heading may begin anywhere above the prose.
    let reach = if at.is_some() { MAX_HEADING } else { MAX_HEADING * 8 };
    &lines[from..lines.len().min(from + 1 + reach)]
}

/// When the page says it was published: what readers see, then what its head says, then its address.
fn published(page: &Page, rules: &ArticleRules, heading: &[Line]) -> Option<Stamp> {
    if let Some(said) = chosen(page, rules.date.as_ref())
        && let Some(stamp) = read_date(&said, &page.dates)
    {
        return Some(stamp);
    }
    let day = dated::day_of(&page.url, last_day(page));
    let mut coarse = None;
    let seen = heading.iter().skip(1).take_while(|line| !is_prose(&line.text));
    let seen = seen.filter_map(|line| read_date(&line.text, &page.dates));
    for stamp in seen.chain(declared_dates(page)) {
        match stamp.precision {
            Precision::Second => return Some(stamp),
            Precision::Day => coarse = coarse.or(Some(stamp)),
        }
    }
    coarse.or_else(|| day.and_then(|day| of_day(day, &page.dates)))
}

fn is_prose(line: &str) -> bool {
    line.contains('。') && line.chars().count() > 40
}

fn of_day(day: NaiveDate, dates: &DateContext) -> Option<Stamp> {
    parse(&day.format("%Y-%m-%d").to_string(), dates)
}

/// A date in a line; one without a year is no date of publication.
fn read_date(line: &str, dates: &DateContext) -> Option<Stamp> {
    find(line, dates)
}

/// Dates in the head of the page: `meta`, JSON-LD, `time`, hidden inputs.
fn declared_dates(page: &Page) -> Vec<Stamp> {
    const NAMES: &[&str] = &[
        "article:published_time",
        "og:release_date",
        "datepublished",
        "pubdate",
        "publishdate",
        "publish-date",
        "publishtime",
        "weibo: article:create_at",
        "date",
    ];
    let mut said: Vec<String> = page.meta(NAMES).into_iter().collect();
    let data = page.data.iter().filter_map(|data| serde_json::from_str::<Value>(data).ok());
    said.extend(data.filter_map(|data| find_key(&data, "datePublished", 0)));
    said.extend(
        select(&page.html, "time[datetime]").filter_map(|e| e.attr("datetime").map(str::to_owned)).take(1),
    );
    said.extend(
        select(&page.html, "input#newsdate").filter_map(|e| e.attr("value").map(str::to_owned)).take(1),
    );
    said.iter().filter_map(|said| parse(said, &page.dates).or_else(|| find(said, &page.dates))).collect()
}

/// A text under a key, at the top of JSON-LD or in its graph.
fn find_key(data: &Value, key: &str, depth: usize) -> Option<String> {
    const DEEPEST: usize = 3;
    if depth > DEEPEST {
        return None;
    }
    match data {
        Value::Object(fields) => match fields.get(key).and_then(Value::as_str) {
            Some(said) => Some(said.to_owned()),
            None => find_key(fields.get("@graph")?, key, depth + 1),
        },
        Value::Array(all) => all.iter().find_map(|one| find_key(one, key, depth + 1)),
        _ => None,
    }
}

/// The outlet, on a line about the article or on the line after its label.
fn outlet(heading: &[Line]) -> Option<String> {
    let about = heading.iter().take_while(|line| !is_prose(&line.text));
    let about: Vec<&Line> = about.collect();
    about.iter().find_map(|line| meta::outlet(&line.text)).or_else(|| {
        let at = about.iter().position(|line| meta::is_bare_outlet(&line.text))?;
        let next = &about.get(at + 1)?.text;
        (next.chars().count() <= 20 && !next.contains([':', '：'])).then(|| next.clone())
    })
}

/// The notice of rights: of several lines the one that says what may not be done.
fn rights(lines: &[Line]) -> Option<String> {
    let notices: Vec<&Line> = lines.iter().rev().filter(|line| meta::rights(&line.text).is_some()).collect();
    let strict = notices.iter().find(|line| line.text.contains("未经") || line.text.contains("不得"));
    strict.or(notices.first()).and_then(|line| meta::rights(&line.text))
}

/// The description, if it is one of this article; else how its body begins.
fn summary(page: &Page, body: Option<&str>, title: Option<&str>) -> Option<String> {
    const MIN_SUMMARY: usize = 20;
    let text = body.map(html::to_text).unwrap_or_default();
    let said = page.meta(&["description", "og:description"]).filter(|said| {
        let start: String = said.chars().take(10).collect();
        let own = text.contains(&start) || said.ends_with(['。', '！', '？', '…']) || said.ends_with("...");
        own && said.chars().count() >= MIN_SUMMARY && title != Some(said.as_str())
    });
    let first = || Some(html::summary(&text, MAX_SUMMARY)).filter(|begins| !begins.is_empty());
    said.map(|said| html::summary(&said, MAX_SUMMARY)).or_else(first)
}
