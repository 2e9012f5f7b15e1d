//! Reads JSON documents that list entries, by the operator's paths. A value of the wrong type is dropped; the rest
//! of the document is read.

use serde_json::Value;

use super::PageError;
use super::rules::{JsonPath, JsonRules};
use crate::model::entry::{Body, Category, Ending, Link, ParsedEntry, ParsedFeed, Person};
use crate::read::date::{self, DateContext};
use crate::read::decode::decode;
use crate::read::feed::{FeedInput, MAX_ENTRIES};
use crate::read::html::plain;
use crate::read::json::{self, Document, without_marks};
use crate::read::link::Base;
use crate::read::text::xml_legal;

/// The scheme of a category that is a code of GB/T 2260.
const REGION_SCHEME: &str = "urn:gb2260";

/// Digits of a code of GB/T 2260: province, prefecture, county.
const CODE_DIGITS: usize = 6;

/// Reads a document that lists entries.
pub fn json(input: &FeedInput<'_>, rules: &JsonRules) -> Result<ParsedFeed, PageError> {
    let decoded = decode(input.bytes, input.content_type, None);
    let text = xml_legal(&decoded.text);
    let start = without_marks(&text);
    // The caller of a script's callback asked for `callback({…})`.
    let Document { value: document, mended, open } = json::read(start)
        .or_else(|error| unwrapped(start).ok_or(error))
        .map_err(|error| match super::is_challenge(&text) {
            Some(wall) => PageError::Challenge(wall),
            None if error.is_eof() => PageError::CutShort,
            None => PageError::NotJson(error.to_string()),
        })?;
    let missing = || match open {
        0 => PageError::NotJson(format!("nothing is at {:?}", rules.entries.as_str())),
        _ => PageError::CutShort,
    };
    let list = rules.entries.of(&document).ok_or_else(missing)?;
    let Some(list) = list.as_array() else {
        return Err(PageError::NotJson(format!("no list is at {:?}", rules.entries.as_str())));
    };
    let base = Base::new(Some(input.url));
    let dates = DateContext { zone: input.zone, seen: input.fetched_at, near: None };
    let entries: Vec<ParsedEntry> =
        list.iter().take(MAX_ENTRIES).filter_map(|value| entry(value, rules, &base, &dates)).collect();
    if entries.is_empty() && open > 0 {
        return Err(PageError::CutShort);
    }
    // A row without a title may be a short message; rows that all have none were not understood.
    if entries.iter().all(|entry| entry.title.is_none()) && !list.is_empty() {
        let selector = rules.title.as_str().to_owned();
        return Err(PageError::SelectorsMatchNothing { selector, generic: 0 });
    }
    let mut repairs = Vec::new();
    if decoded.mislabelled {
        repairs.push("the encoding is not the declared one".to_owned());
    }
    if mended {
        repairs.push("malformed JSON was mended".to_owned());
    }
    let left_out = list.len().min(MAX_ENTRIES) - entries.len();
    if left_out > 0 {
        repairs.push(format!("rows with neither a title nor a summary were left out: {left_out}"));
    }
    if list.len() > MAX_ENTRIES {
        repairs.push(format!("only the first {MAX_ENTRIES} rows were taken"));
    }
    // Where the text ends within its list, it may end within an entry.
    let ending = if open > 0 { Ending::InEntry } else { Ending::Whole };
    let links = vec![Link { href: input.url.to_owned(), rel: "alternate".to_owned(), ..Link::default() }];
    Ok(ParsedFeed { links, entries, repairs, ending, ..ParsedFeed::default() })
}

/// The value in `callback({…});`.
fn unwrapped(text: &str) -> Option<Document> {
    let (name, rest) = text.split_once('(')?;
    let is_name = name.trim().bytes().all(|b| b.is_ascii_alphanumeric() || b"_.$".contains(&b));
    let inner = rest.trim_end().trim_end_matches(';').trim_end().strip_suffix(')')?;
    is_name.then(|| json::read(inner).ok()).flatten()
}

fn entry(value: &Value, rules: &JsonRules, base: &Base, dates: &DateContext) -> Option<ParsedEntry> {
    let said = |path: &Option<JsonPath>| path.as_ref().and_then(|path| scalar(path.of(value)?));
    let line = |text: String| Some(plain(&text)).filter(|line| !line.is_empty());
    let title = rules.title.of(value).and_then(scalar).and_then(line);
    let summary = said(&rules.summary).and_then(line);
    if title.is_none() && summary.is_none() {
        return None;
    }
    let written = match &rules.link_template {
        Some(template) => filled(template, value),
        None => said(&rules.link),
    };
    let link = written.and_then(|href| base.resolve(&href));
    let code = said(&rules.region_code).and_then(|text| region_code(&text));
    Some(ParsedEntry {
        id: said(&rules.id),
        title,
        links: link
            .map(|href| Link { href, rel: "alternate".to_owned(), ..Link::default() })
            .into_iter()
            .collect(),
        published: said(&rules.time).and_then(|text| date::parse(&text, dates)),
        authors: said(&rules.outlet)
            .map(|name| Person { name: plain(&name), ..Person::default() })
            .filter(|outlet| !outlet.name.is_empty())
            .into_iter()
            .collect(),
        categories: code
            .map(|term| Category { term, scheme: Some(REGION_SCHEME.to_owned()), label: None })
            .into_iter()
            .collect(),
        summary: summary.map(Body::Text),
        ..ParsedEntry::default()
    })
}

/// A text or number as a text that is not blank.
fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => xml_legal(text).trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// A template with its `{field}`s filled in; none, if one of them is not there.
fn filled(template: &str, value: &Value) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        out.push_str(before);
        out.push_str(&scalar(JsonPath::parse(name).ok()?.of(value)?)?);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// The code a value begins with.
fn region_code(text: &str) -> Option<String> {
    let code = text.get(..CODE_DIGITS)?;
    code.bytes().all(|b| b.is_ascii_digit()).then(|| code.to_owned())
}

#[cfg(test)]
mod tests;
