//! Finds the date of an article: in the text near its title, in its head, below it, and last in its address. Reads
//! no clock; `date` refuses dates in the future.

use std::iter;

use chrono::NaiveDate;
use ego_tree::NodeId;
use serde_json::Value;

use super::dom::{Page, select, text};
use super::lines::TextLine;
use super::notes::{Found, Part};
use super::{dated, generic};
use crate::model::time::{Precision, Stamp};
use crate::read::date::{DateContext, find, parse};
use crate::read::json;

/// The publication date that the page gives. `heading` are the lines about the article, `lines` all of them.
pub(super) fn published(page: &Page, heading: &[TextLine], lines: &[TextLine]) -> Option<Stamp> {
    let day = dated::day_of(&page.url, generic::last_day(page));
    let seen = heading.iter().skip(1).take_while(|line| !is_prose(&line.text));
    let seen = seen.filter_map(|line| of_line(page, line, "a line below the title"));
    let labelled = lines.iter().filter(|line| is_labelled(&line.text));
    let labelled = labelled.filter_map(|line| of_line(page, line, "a line with a label"));
    let found = seen.chain(iter::once_with(|| declared(page)).flatten()).chain(labelled);
    let of_day = || day.and_then(|day| of_day(day, &page.dates));
    if page.notes.are_kept() {
        let found: Vec<Dated> = found.collect();
        let stamp = chosen(found.iter().cloned()).or_else(of_day);
        note(page, lines, found, stamp);
        return stamp;
    }
    chosen(found).or_else(of_day)
}

/// A date, and where the page has it.
#[derive(Clone)]
struct Dated {
    stamp: Stamp,
    node: Option<NodeId>,
    /// Its words.
    said: String,
    from: &'static str,
}

fn of_line(page: &Page, line: &TextLine, from: &'static str) -> Option<Dated> {
    let stamp = find(&line.text, &page.dates)?;
    Some(Dated { stamp, node: Some(line.block), said: line.text.clone(), from })
}

/// The first date with a time of day, else the first.
fn chosen(found: impl Iterator<Item = Dated>) -> Option<Stamp> {
    let mut coarse: Option<Stamp> = None;
    for Dated { stamp, .. } in found {
        match stamp.precision {
            Precision::Second => return Some(stamp),
            Precision::Day => coarse = coarse.or(Some(stamp)),
        }
    }
    coarse
}

/// Notes the date and the others. Without one, notes the first lines that have a date anywhere.
fn note(page: &Page, lines: &[TextLine], found: Vec<Dated>, stamp: Option<Stamp>) {
    /// The first few: comments below an article have a date each.
    const MAX_DATES: usize = 8;
    let mut is_taken = false;
    for dated in found.iter().take(MAX_DATES) {
        let taken = !is_taken && Some(dated.stamp) == stamp;
        is_taken |= taken;
        let found = Found { value: dated.said.clone(), node: dated.node, why: dated.from };
        page.notes.add_found(Part::Date, taken, &found);
    }
    if found.is_empty() {
        let other = lines.iter().filter(|line| !is_prose(&line.text));
        let other =
            other.filter_map(|line| of_line(page, line, "a line without a label, far from the title"));
        for Dated { node, said, from, .. } in other.take(MAX_DATES) {
            page.notes.add_found(Part::Date, false, &Found { value: said, node, why: from });
        }
    }
    if let Some(stamp) = stamp.filter(|_| !is_taken) {
        let value = stamp.at.with_timezone(&page.dates.zone).date_naive().to_string();
        let why = "the day in the address";
        page.notes.add_found(Part::Date, true, &Found { value, node: None, why });
    }
}

pub(super) fn is_prose(line: &str) -> bool {
    line.contains('。') && line.chars().count() > 40
}

/// True for a short line that says of a date that something was published then.
fn is_labelled(line: &str) -> bool {
    const LABELS: &[&str] = &["发布", "发表", "日期", "时间", "發佈", "發表", "更新"];
    const LONGEST: usize = 60;
    line.chars().count() <= LONGEST && !line.contains('。') && LABELS.iter().any(|label| line.contains(label))
}

fn of_day(day: NaiveDate, dates: &DateContext) -> Option<Stamp> {
    parse(&day.format("%Y-%m-%d").to_string(), dates)
}

/// Dates in the head of the page: `meta`, JSON-LD, microdata, `time`, hidden inputs.
fn declared(page: &Page) -> Vec<Dated> {
    const NAMES: &[&str] = &[
        "article:published_time",
        "og:published_time",
        "og:release_date",
        "datepublished",
        "firstpublishedtime",
        "pubdate",
        "publishdate",
        "publish-date",
        "publishtime",
        "publish_time",
        "publishedtime",
        "weibo: article:create_at",
        "apub:time",
        "dc.date.issued",
        "dc.date",
        "parsely-pub-date",
        "sailthru.date",
        "date",
        "dateupdate",
    ];
    let mut said: Vec<String> = page.meta(NAMES).into_iter().collect();
    let data: Vec<Value> =
        page.data.iter().filter_map(|data| json::read(data).ok()).map(|data| data.value).collect();
    for key in ["datePublished", "pubDate", "dateCreated"] {
        said.extend(data.iter().filter_map(|data| find_key(data, key, 0)));
    }
    let attribute = |selector: &str, name: &str| {
        select(&page.html, selector).find_map(|e| e.attr(name).map(str::to_owned)).into_iter()
    };
    said.extend(attribute("[itemprop=datePublished]", "datetime"));
    said.extend(attribute("[itemprop=datePublished]", "content"));
    said.extend(select(&page.html, "[itemprop=datePublished]").next().map(text));
    said.extend(attribute("time[datetime]", "datetime"));
    said.extend(attribute("input#newsdate", "value"));
    let dated = |said: String| {
        let stamp = parse(&said, &page.dates).or_else(|| find(&said, &page.dates))?;
        Some(Dated { stamp, node: None, said, from: "the head of the page" })
    };
    said.into_iter().filter_map(dated).collect()
}

/// A text under a key of JSON-LD: at the top, in its graph, in an array or what the page is about.
fn find_key(data: &Value, key: &str, depth: usize) -> Option<String> {
    const DEEPEST: usize = 4;
    if depth > DEEPEST {
        return None;
    }
    match data {
        Value::Object(fields) => match fields.get(key).and_then(Value::as_str) {
            Some(said) => Some(said.to_owned()),
            None => ["@graph", "mainEntity", "mainEntityOfPage"]
                .iter()
                .find_map(|inner| find_key(fields.get(*inner)?, key, depth + 1)),
        },
        Value::Array(all) => all.iter().find_map(|one| find_key(one, key, depth + 1)),
        _ => None,
    }
}
