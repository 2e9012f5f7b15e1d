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
///
/// # Errors
/// [`PageError`] when it is no JSON, or has no list where the rules say.
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
mod tests {
    use chrono::{TimeZone as _, Utc};

    use super::*;

    fn reading(text: &str) -> Result<ParsedFeed, PageError> {
        let path = |text: &str| JsonPath::parse(text).expect("a path");
        let rules = JsonRules {
            entries: path("list"),
            title: path("title"),
            link: Some(path("url")),
            link_template: None,
            id: None,
            time: None,
            summary: Some(path("text")),
            outlet: None,
            region_code: None,
        };
        let input = FeedInput {
            bytes: text.as_bytes(),
            url: "https://news.example/list.json",
            content_type: None,
            zone: chrono_tz::Asia::Shanghai,
            fetched_at: Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).single().expect("a real instant"),
        };
        json(&input, &rules)
    }

    #[test]
    fn a_list_with_faults_gives_its_rows() {
        for text in [
            "{\"list\":[{\"title\":\"甲\n\",\"url\":\"/1\"},{\"title\":\"乙\",\"url\":\"/2\"},]}",
            "callback({\"list\":[{\"title\":\"甲\",\"url\":\"/1\"},{\"title\":\"乙\",\"url\":\"/2\",}]});",
        ] {
            let feed = reading(text).expect(text);
            let titles: Vec<_> = feed.entries.iter().filter_map(|entry| entry.title.as_deref()).collect();
            assert_eq!((titles, feed.ending), (vec!["甲", "乙"], Ending::Whole), "{text}");
            assert_eq!(feed.repairs, ["malformed JSON was mended"], "{text}");
        }
        let cut = reading("{\"list\":[{\"title\":\"甲\",\"url\":\"/1\"},{\"title\":\"乙").expect("a list");
        assert_eq!((cut.entries.len(), cut.ending), (2, Ending::InEntry));
        for none in ["{\"list\":[", "{\"other\":[{\"title\":\"甲\"", "{"] {
            assert_eq!(reading(none).err(), Some(PageError::CutShort), "{none}");
        }
    }

    #[test]
    fn a_list_that_grows_at_its_end_is_read_to_its_end() {
        let rows: Vec<String> = (0..2_500).map(|n| format!("{{\"title\":\"第{n}条\"}}")).collect();
        let feed = reading(&format!("{{\"list\":[{}]}}", rows.join(","))).expect("a list");
        assert_eq!(feed.entries.last().and_then(|entry| entry.title.as_deref()), Some("第2499条"));
    }

    #[test]
    fn a_row_without_a_title_is_an_entry_if_it_has_a_text_and_else_it_is_said() {
        let feed = reading(
            "{\"list\":[{\"title\":\"甲\"},{\"title\":\"\",\"text\":\"快讯一条\"},{\"url\":\"/ad\"},7]}",
        );
        let feed = feed.expect("a list");
        assert_eq!(feed.entries.len(), 2);
        assert_eq!(feed.entries[1].summary, Some(Body::Text("快讯一条".to_owned())));
        assert_eq!(feed.repairs, ["rows with neither a title nor a summary were left out: 2"]);
        let stopped = reading("{\"list\":[{\"headline\":\"甲\",\"text\":\"一\"}]}");
        assert!(matches!(stopped, Err(PageError::SelectorsMatchNothing { .. })), "{stopped:?}");
    }
}
