//! Finds the date of an article: in the text near its title, in its head, below it, and last in its address. Reads
//! no clock; `date` refuses dates in the future.

use std::iter;

use chrono::NaiveDate;
use ego_tree::NodeId;
use scraper::ElementRef;
use serde_json::Value;

use super::date_parts::date_at;
use super::dom::{Page, select, text};
use super::lines::TextLine;
use super::notes::{Found, Part};
use super::shared::{ADDRESS, HEAD, Placed, Shared, line_place};
use super::{dated, generic};
use crate::model::time::{Precision, Stamp};
use crate::read::date::{DateContext, find, parse};
use crate::read::json;
use crate::read::text::one_line;

/// The publication date that the page gives. `heading` are the lines about the article, `is_titled` if the title is the
/// first of them; `lines` are all. Where other pages of the source have theirs comes before the rest, for which rivals
/// could be taken.
pub(super) fn published(
    page: &Page,
    heading: &[TextLine],
    is_titled: bool,
    lines: &[TextLine],
    shared: Shared<'_>,
) -> Option<Placed<Stamp>> {
    let day = dated::day_of(&page.url, generic::last_day(page));
    let seen = || heading.iter().skip(1).take_while(|line| !is_prose(&line.text));
    let of_usual = |line| of_line(page, line, "the line where other pages of the source have theirs");
    let usual = seen().filter(|line| shared.is_time_place(page, line)).filter_map(of_usual);
    let below = seen().filter_map(|line| of_line(page, line, "a line below the title"));
    // Calendars and page numbers are parts of dates too: what the head or the address says comes first.
    let agrees = |dated: &Dated| day.is_none_or(|day| day == day_in(page, dated.stamp.value));
    let cut = || in_parts(page, &seen().collect::<Vec<_>>()).filter(|dated| is_titled && agrees(dated));
    let labelled = lines.iter().filter(|line| is_labelled(&line.text));
    let labelled = labelled.filter_map(|line| of_line(page, line, "a line with a label"));
    let found = usual.chain(below).chain(iter::once_with(|| declared(page)).flatten());
    let found = found.chain(iter::once_with(cut).flatten()).chain(labelled);
    if page.notes.are_kept() {
        let found: Vec<Dated> = found.collect();
        let stamp = or_elsewhere(page, chosen(found.iter().cloned()), day);
        note(page, lines, found, stamp);
        return stamp;
    }
    or_elsewhere(page, chosen(found), day)
}

/// A date, and where the page has it.
#[derive(Clone)]
struct Dated {
    stamp: Placed<Stamp>,
    node: Option<NodeId>,
    /// Its words.
    said: String,
    from: &'static str,
}

fn of_line(page: &Page, line: &TextLine, from: &'static str) -> Option<Dated> {
    let value = find(&line.text, &page.dates)?;
    let stamp = Placed { value, place: line_place(page, line).unwrap_or_default() };
    Some(Dated { stamp, node: Some(line.block), said: line.text.clone(), from })
}

/// The first date with a time of day, else the first.
fn chosen(found: impl Iterator<Item = Dated>) -> Option<Placed<Stamp>> {
    let mut coarse: Option<Placed<Stamp>> = None;
    for Dated { stamp, .. } in found {
        match stamp.value.precision {
            Precision::Second => return Some(stamp),
            Precision::Day => coarse = coarse.or(Some(stamp)),
        }
    }
    coarse
}

/// The date that was found, unless it is a day and scripts hold the instant; else that of scripts or of the address.
fn or_elsewhere(page: &Page, found: Option<Placed<Stamp>>, day: Option<NaiveDate>) -> Option<Placed<Stamp>> {
    if let Some(exact) = found.filter(|stamp| stamp.value.precision == Precision::Second) {
        return Some(exact);
    }
    let known = found.map(|found| day_in(page, found.value)).or(day);
    let by_script = of_scripts(page, known).map(|value| Placed { value, place: HEAD });
    let by_address = || Some(Placed { value: of_day(day?, &page.dates)?, place: ADDRESS });
    by_script
        .filter(|stamp| found.is_none() || stamp.value.precision == Precision::Second)
        .or(found)
        .or_else(by_address)
}

/// Notes the date and the others. Without one, notes the first lines that have a date anywhere.
fn note(page: &Page, lines: &[TextLine], found: Vec<Dated>, stamp: Option<Placed<Stamp>>) {
    /// The first few: comments below an article have a date each.
    const MAX_DATES: usize = 8;
    let mut is_taken = false;
    for dated in found.iter().take(MAX_DATES) {
        let taken = !is_taken && Some(dated.stamp.value) == stamp.map(|stamp| stamp.value);
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
        let value = day_in(page, stamp.value).to_string();
        let why = "a script, or the day in the address";
        page.notes.add_found(Part::Date, true, &Found { value, node: None, why });
    }
}

/// A date that is cut into several elements of some lines.
fn in_parts(page: &Page, lines: &[&TextLine]) -> Option<Dated> {
    let mut texts: Vec<String> = Vec::new();
    let mut of: Vec<&TextLine> = Vec::new();
    for line in lines {
        let parts = text_parts(page, line);
        of.extend(std::iter::repeat_n(*line, parts.len()));
        texts.extend(parts);
    }
    (0..texts.len()).find_map(|at| {
        let (date, _) = date_at(&texts[at..])?;
        let place = line_place(page, of[at]).unwrap_or_default();
        let stamp = Placed { value: parse(&date, &page.dates)?, place };
        Some(Dated { stamp, node: Some(of[at].block), said: date, from: "parts of lines below the title" })
    })
}

/// The texts that a short line is made of, if its block holds nothing else; else the line.
fn text_parts(page: &Page, line: &TextLine) -> Vec<String> {
    const LONGEST: usize = 40;
    const MOST: usize = 8;
    let whole = || vec![line.text.clone()];
    let Some(block) = line.element(page).filter(|_| line.text.len() <= LONGEST) else { return whole() };
    let parts: Vec<String> = block.text().map(one_line).filter(|said| !said.is_empty()).take(MOST).collect();
    let blank = |text: &str| text.split_whitespace().collect::<String>();
    if blank(&parts.concat()) == blank(&line.text) { parts } else { whole() }
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

/// The day of an instant in the zone of the page.
fn day_in(page: &Page, stamp: Stamp) -> NaiveDate {
    stamp.at.with_timezone(&page.dates.zone).date_naive()
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
    let marked: Vec<ElementRef<'_>> = select(&page.html, "[itemprop=datePublished]").collect();
    for name in ["datetime", "content"] {
        said.extend(marked.iter().find_map(|element| element.attr(name)).map(str::to_owned));
    }
    said.extend(marked.first().copied().map(text));
    said.extend(attribute("time[datetime]", "datetime"));
    said.extend(attribute("input#newsdate", "value"));
    let dated = |said: String| {
        let value = parse(&said, &page.dates).or_else(|| find(&said, &page.dates))?;
        Some(Dated { stamp: Placed { value, place: HEAD }, node: None, said, from: "the head of the page" })
    };
    said.into_iter().filter_map(dated).collect()
}

/// The date that scripts hold, if they hold one instant or its day: others are those of other articles. `known` is the
/// day that the page says elsewhere.
fn of_scripts(page: &Page, known: Option<NaiveDate>) -> Option<Stamp> {
    let found: Vec<Stamp> = page.script_dates.iter().filter_map(|said| parse(said, &page.dates)).collect();
    let day = |stamp: &Stamp| day_in(page, *stamp);
    let is_exact = |stamp: &&Stamp| stamp.precision == Precision::Second;
    let first = found.iter().find(is_exact).or(found.first())?;
    let agree = found.iter().all(|stamp| day(stamp) == day(first))
        && found.iter().filter(is_exact).all(|stamp| stamp == first);
    (agree && known.is_none_or(|known| known == day(first))).then_some(*first)
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
