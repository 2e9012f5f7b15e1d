//! The generic rule for list pages, used where the operator gives no selectors: an entry is a link to the same site
//! with a date in its path and a long text. If no path has a date, the longest list of long titles. `blocks`
//! decides which blocks of links are lists.

use std::collections::{HashMap, HashSet};

use chrono::{Days, NaiveDate};
use ego_tree::NodeId;
use scraper::ElementRef;
use url::Url;

use super::blocks::{self, Block, Sorted};
use super::date_parts::date_at;
use super::dom::{Page, select};
use super::entry_link::EntryLink;
use super::near::of_piece;
use super::notes::{Note, Part};
use crate::read::link::canonical;
use crate::read::text::one_line;

/// A headline is longer than a menu's word, in characters.
pub(super) const MIN_TITLE: usize = 8;

/// Links of a page that are looked at, and rows of one.
pub(super) const MAX_LINKS: usize = 10_000;

/// Words of links that lead through lists.
const PAGING: &[&str] =
    &["上一页", "下一页", "上页", "下页", "首页", "末页", "尾页", "后一页", "更多", "more"];

#[derive(Debug, Default)]
pub(super) struct Links<'a> {
    pub(super) found: Vec<EntryLink<'a>>,
    /// True if it had to do without days in paths.
    pub(super) undated: bool,
    /// The number of links of side columns that were left out.
    pub(super) left: usize,
}

/// The last day a path may name: tomorrow, for who is ahead of us.
pub(super) fn last_day(page: &Page) -> NaiveDate {
    let today = page.dates.seen.with_timezone(&page.dates.zone).date_naive();
    today.checked_add_days(Days::new(1)).unwrap_or(today)
}

/// The sign by which links without a row around them count as entries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// A day in the address, on the same site.
    Day,
    /// A number in the address, on the same site.
    OwnNumber,
    /// A number in the address, on a site of the same domain.
    NearNumber,
}

/// The reason to leave links that lead elsewhere.
pub(super) const OTHER_SITES: &str = "it leads to other sites";

/// The reason why a link by itself is no entry.
fn unfit(link: &EntryLink<'_>, sign: Sign) -> Option<&'static str> {
    let is_of_site = if sign == Sign::NearNumber { link.is_near } else { link.is_own };
    if link.title.chars().count() < MIN_TITLE {
        Some("its titles are shorter than eight characters")
    } else if !is_of_site {
        Some(OTHER_SITES)
    } else {
        match sign {
            Sign::Day => {
                link.day.is_none().then_some("its addresses have no day, as those of other links do")
            }
            _ => (!has_id(&link.href)).then_some("its addresses have no number"),
        }
    }
}

pub(super) fn links(page: &Page) -> Links<'_> {
    let all = all_links(page);
    let fit = |sign| all.iter().filter(|link| unfit(link, sign).is_none()).cloned().collect::<Vec<_>>();
    let dated = fit(Sign::Day);
    if !dated.is_empty() {
        return taken(page, &all, blocks::main(dated, page), Sign::Day);
    }
    let own = blocks::longest(fit(Sign::OwnNumber), page);
    if !own.kept.is_empty() {
        return taken(page, &all, own, Sign::OwnNumber);
    }
    taken(page, &all, blocks::longest(fit(Sign::NearNumber), page), Sign::NearNumber)
}

/// The list that the kept blocks make, with the rows beside theirs.
fn taken<'a>(page: &Page, all: &[EntryLink<'a>], sorted: Sorted<'a>, sign: Sign) -> Links<'a> {
    sorted.kept.iter().for_each(|block| note(page, block, true, "its rows are of the list"));
    sorted.left.iter().for_each(|(block, why)| note(page, block, false, why));
    let left = sorted.left();
    let found = sorted.found();
    let undated = sign != Sign::Day && found.iter().all(|link| link.day.is_none());
    let found = blocks::completed(found, all, page);
    if page.notes.are_kept() {
        note_unfit(page, all, &found, sign);
    }
    if found.is_empty() { Links::default() } else { Links { found: merged(found), undated, left } }
}

fn note(page: &Page, block: &Block<'_>, taken: bool, why: &'static str) {
    page.notes.add(|| Note {
        part: Part::Rows,
        taken,
        why,
        nodes: block.rows.clone(),
        texts: block.links.iter().map(|(_, link)| link.title.clone()).collect(),
        weight: block.dated,
    });
}

/// Notes the blocks of links that by themselves are no entries: those that the rows beside them made entries, and the
/// others.
fn note_unfit(page: &Page, all: &[EntryLink<'_>], found: &[EntryLink<'_>], sign: Sign) {
    /// Fewer links side by side are no block that a person would miss.
    const MIN_NOTED: usize = 3;
    let is_found: HashSet<NodeId> = found.iter().map(|link| link.anchor.id()).collect();
    let known: HashSet<&str> = found.iter().map(|link| link.key.as_str()).collect();
    let unfit = all.iter().filter_map(|link| Some((link, unfit(link, sign)?)));
    let (among, others): (Vec<_>, Vec<_>) = unfit.partition(|(link, _)| is_found.contains(&link.anchor.id()));
    let among = among.into_iter().map(|(link, _)| link.clone()).collect();
    for block in blocks::blocks(among, page) {
        note(page, &block, true, "its rows stand among those of the list");
    }
    let others: Vec<_> = others.into_iter().filter(|(link, _)| !known.contains(link.key.as_str())).collect();
    let whys: HashMap<NodeId, &'static str> =
        others.iter().map(|(link, why)| (link.anchor.id(), *why)).collect();
    for block in blocks::blocks(others.into_iter().map(|(link, _)| link.clone()).collect(), page) {
        let why = whys.get(&block.links[0].1.anchor.id()).copied().unwrap_or_default();
        if block.links.len() >= MIN_NOTED {
            note(page, &block, false, why);
        }
    }
}

/// Links that lead to another page, in document order.
fn all_links(page: &Page) -> Vec<EntryLink<'_>> {
    let own = canonical(&page.url);
    let last = last_day(page);
    let domain = domain(&page.url);
    let mut found = Vec::new();
    for anchor in select(&page.html, "a[href]").take(MAX_LINKS) {
        let Some(href) = anchor.attr("href").and_then(|href| page.resolve(href)) else { continue };
        let key = canonical(&href);
        if key == own {
            continue;
        }
        let title = title_of(anchor, page);
        if title.is_empty() || PAGING.contains(&title.to_ascii_lowercase().as_str()) {
            continue;
        }
        let day = super::dated::day_of(&href, last);
        let is_own = page.is_own(&href);
        let is_near = is_own || (domain.is_some() && self::domain(&href) == domain);
        found.push(EntryLink { anchor, href, key, title, day, is_own, is_near });
    }
    found
}

/// The domain a host is of: `163.com` of `news.163.com`, `example.gov.cn` of `www.example.gov.cn`.
fn domain(address: &str) -> Option<String> {
    const SHARED: &[&str] = &["com", "net", "org", "gov", "edu", "ac", "co"];
    let url = Url::parse(address).ok()?;
    let labels: Vec<&str> = url.domain()?.rsplit('.').collect();
    let is_shared = labels.len() > 2 && labels[0].len() == 2 && SHARED.contains(&labels[1]);
    let parts = labels.get(..if is_shared { 3 } else { 2 })?;
    Some(parts.join("."))
}

/// One of each address, at its first place, with its best title.
fn merged(links: Vec<EntryLink<'_>>) -> Vec<EntryLink<'_>> {
    let mut at: HashMap<String, usize> = HashMap::new();
    let mut out: Vec<EntryLink<'_>> = Vec::new();
    for link in links {
        if let Some(&known) = at.get(&link.key) {
            if is_better(&link.title, &out[known].title) {
                // The row of the picture before it has no date beside it; that of the text has.
                (out[known].title, out[known].anchor) = (link.title, link.anchor);
            }
            continue;
        }
        at.insert(link.key.clone(), out.len());
        out.push(link);
    }
    out
}

fn is_better(new: &str, old: &str) -> bool {
    let long = |title: &str| title.chars().count() >= MIN_TITLE;
    (long(new) && !long(old)) || (is_cut(old) && !is_cut(new) && long(new))
}

/// True if a title was cut to fit.
pub(super) fn is_cut(title: &str) -> bool {
    title.ends_with('…') || title.ends_with("...") || title.ends_with("。。。")
}

/// The title a link gives: its text, or what it shows to a mouse where the text was cut or says less.
pub(super) fn title_of(anchor: ElementRef<'_>, page: &Page) -> String {
    let shown = own_text(anchor, page);
    let hidden = one_line(anchor.attr("title").unwrap_or_default());
    let stem = shown.trim_end_matches(['.', '…', '。']);
    let whole = is_cut(&shown) || shown.chars().count() < MIN_TITLE || hidden.starts_with(stem);
    if whole && hidden.chars().count() > stem.chars().count() { hidden } else { shown }
}

/// The text of a link without a date in it, and only of its heading if it has one.
fn own_text(anchor: ElementRef<'_>, page: &Page) -> String {
    /// The longest date, in characters.
    const MAX_DATE: usize = 24;
    let heading = anchor.descendent_elements().skip(1).find(|inner| {
        let name = inner.value().name();
        let class = inner.attr("class").unwrap_or_default().to_ascii_lowercase();
        matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6") || class.contains("tit")
    });
    let from = heading.unwrap_or(anchor);
    let mut shown = String::new();
    for child in from.children() {
        match ElementRef::wrap(child) {
            Some(inner) => {
                let said = super::dom::text(inner);
                let may_be_date = said.chars().count() <= MAX_DATE;
                if !may_be_date || of_piece(&said, &page.dates).is_none() && !is_cut_date(inner) {
                    shown.push_str(&said);
                }
            }
            None => shown.push_str(child.value().as_text().map_or("", |text| text)),
        }
    }
    one_line(&shown).trim_start_matches(['·', '•', '■', '▪', '●', ' ']).to_owned()
}

/// True if the texts in an element are one date that is cut into them.
fn is_cut_date(element: ElementRef<'_>) -> bool {
    const MOST: usize = 8;
    let said: Vec<String> = element.text().map(one_line).filter(|said| !said.is_empty()).take(MOST).collect();
    date_at(&said).is_some_and(|(_, used)| used == said.len())
}

/// True if an address has a number that can be an entry's.
fn has_id(href: &str) -> bool {
    let after_host = href.splitn(4, '/').nth(3).unwrap_or_default();
    after_host.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() >= 4)
}
