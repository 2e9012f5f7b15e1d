//! The generic rule for list pages, used where the operator gives no selectors: an entry is a link to the same site
//! with a date in its path and a long text. If no path has a date, the longest list of long titles. `blocks`
//! decides which blocks of links are lists.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use scraper::ElementRef;
use url::Url;

use super::blocks;
use super::date_parts::date_at;
use super::dom::{Page, select};
use super::entry_link::EntryLink;
use super::near::of_piece;
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

pub(super) fn links(page: &Page) -> Links<'_> {
    let all = all_links(page);
    let is_entry = |link: &&EntryLink<'_>| link.title.chars().count() >= MIN_TITLE && link.is_own;
    let dated: Vec<EntryLink<'_>> =
        all.iter().filter(|link| is_entry(link) && link.day.is_some()).cloned().collect();
    if !dated.is_empty() {
        let (found, left) = blocks::main(dated, page);
        return Links { found: merged(blocks::completed(found, &all, page)), undated: false, left };
    }
    let site =
        |link: &&EntryLink<'_>| link.title.chars().count() >= MIN_TITLE && link.is_near && has_id(&link.href);
    for own in [true, false] {
        let some: Vec<EntryLink<'_>> =
            all.iter().filter(|link| site(link) && (link.is_own || !own)).cloned().collect();
        let (found, left) = blocks::longest(some, page);
        if !found.is_empty() {
            let undated = found.iter().all(|link| link.day.is_none());
            return Links { found: merged(blocks::completed(found, &all, page)), undated, left };
        }
    }
    Links::default()
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
                let is_date = of_piece(&said, &page.dates).is_some() || is_cut_date(inner);
                if !is_date || said.chars().count() > 24 {
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
