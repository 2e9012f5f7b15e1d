//! JSON Feed 1.0 and 1.1 to entries. One value of the wrong type costs that value, not the feed; so
//! does one bad character (`read/json.rs`).

use serde_json::{Map, Value};
use url::Url;

use super::builder::{self, EntryBuilder, Head, Prose, add_link, alternate};
use super::names::{Field, Role};
use super::repair::{Repair, Repairs};
use super::{Context, MAX_ENTRIES, ReadError, finish};
use crate::model::entry::{Category, Ending, Link, Person};
use crate::read::date::{self, DateContext};
use crate::read::json::{self, Document};
use crate::read::text::one_line;

type Object = Map<String, Value>;

pub(super) fn read(
    text: &str,
    context: &Context,
    mut repairs: Repairs,
) -> Result<builder::Document, ReadError> {
    let Document { value, mended, open } = json::read(text).map_err(|e| match e.is_eof() {
        true => ReadError::CutShort,
        false => ReadError::NotAFeed(format!("JSON: {e}")),
    })?;
    let Some(feed) = value.as_object() else {
        return Err(ReadError::NotAFeed("JSON, but no object".to_owned()));
    };
    let Some(items) = feed.get("items").and_then(listed) else {
        let missing = || ReadError::NotAFeed("JSON, but without items".to_owned());
        return Err(if open > 0 { ReadError::CutShort } else { missing() });
    };
    if mended {
        repairs.note(Repair::Json);
    }
    if open > 0 {
        repairs.note(Repair::Truncated);
    }
    if items.len() > MAX_ENTRIES {
        repairs.note(Repair::TooManyEntries);
    }
    if items.iter().any(|item| !item.is_object() && !item.is_null()) {
        repairs.note(Repair::OddItems);
    }
    // Relative addresses of items start at the site, as those of RSS do; the feed may live elsewhere.
    let home = address(feed, "home_page_url", context).and_then(|home| Url::parse(&home).ok());
    let of_items = &Context { url: home.or_else(|| context.url.clone()), dates: context.dates };
    let mut entries = Vec::new();
    let mut head = head(feed, context);
    // The feed and its list of items are two of what is open; a third is an item.
    head.ending = match open {
        0 => Ending::Whole,
        1..=2 => Ending::Early,
        _ => Ending::InEntry,
    };
    let mut items = items.into_iter().take(MAX_ENTRIES).filter_map(Value::as_object).peekable();
    while let Some(item) = items.next() {
        let builder = entry(item, of_items);
        if head.ending == Ending::InEntry && items.peek().is_none() && builder.is_blank() {
            // Nothing of it had come.
            head.ending = Ending::Early;
        } else {
            entries.push(finish::entry(builder));
        }
    }
    if open > 0 && entries.is_empty() {
        return Err(ReadError::CutShort);
    }
    Ok(builder::Document { head, entries, repairs })
}

/// The entries of a list. PHP writes a list that has gaps as an object, with the places as keys.
fn listed(items: &Value) -> Option<Vec<&Value>> {
    match items {
        Value::Array(items) => Some(items.iter().collect()),
        Value::Object(places) => {
            let mut items: Vec<(u64, &Value)> =
                places.iter().map(|(at, item)| Some((at.parse().ok()?, item))).collect::<Option<_>>()?;
            items.sort_by_key(|(at, _)| *at);
            Some(items.into_iter().map(|(_, item)| item).collect())
        }
        _ => None,
    }
}

fn head(feed: &Object, context: &Context) -> Head {
    let mut head = Head { language: string(feed, "language"), ..Head::default() };
    if let Some(text) = string(feed, "title") {
        head.title.offer(0, 0, plain(text));
    }
    if let Some(text) = string(feed, "description") {
        head.subtitle.offer(0, 0, plain(text));
    }
    head.links.extend(address(feed, "home_page_url", context).map(alternate));
    let own =
        address(feed, "feed_url", context).map(|href| Link { rel: "self".to_owned(), ..alternate(href) });
    head.links.extend(own);
    for hub in objects(feed, "hubs") {
        let hub = address(hub, "url", context).map(|href| Link { rel: "hub".to_owned(), ..alternate(href) });
        head.links.extend(hub);
    }
    head
}

fn entry(item: &Object, context: &Context) -> EntryBuilder {
    let mut builder = EntryBuilder { language: string(item, "language"), ..EntryBuilder::default() };
    if let Some(id) = scalar(item, "id") {
        if id.starts_with("http://") || id.starts_with("https://") {
            builder.permalink = Some(id.clone());
        }
        builder.id.offer(0, 0, id);
    }
    if let Some(title) = string(item, "title") {
        builder.title.offer(0, 0, plain(title));
    }
    links(item, context, &mut builder);
    if let Some(html) = string(item, "content_html") {
        builder.contents.push(Prose { html: true, text: html });
    }
    if let Some(text) = string(item, "content_text") {
        builder.contents.push(plain(text));
    }
    if let Some(text) = string(item, "summary") {
        builder.add_summary(Field::Summary, 0, plain(text));
    }
    // A date without a year is of the day in the entry's address.
    let dates = DateContext { near: builder.page().and_then(date::day_in_address), ..context.dates };
    for (key, slot) in [("date_published", &mut builder.published), ("date_modified", &mut builder.updated)] {
        if let Some(stamp) = date_text(item, key).and_then(|d| date::parse(&d, &dates)) {
            slot.offer(0, 0, stamp);
        }
    }
    people(item, context, &mut builder);
    for term in item.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        builder.add_category(Category { term: one_line(term), ..Category::default() });
    }
    builder
}

fn links(item: &Object, context: &Context, builder: &mut EntryBuilder) {
    // The page on this site; where a link log has none, what it links to.
    if let Some(href) = address(item, "url", context).or_else(|| address(item, "external_url", context)) {
        add_link(&mut builder.links, alternate(href));
    }
    for file in objects(item, "attachments") {
        let Some(href) = address(file, "url", context) else { continue };
        add_link(
            &mut builder.links,
            Link {
                href,
                rel: "enclosure".to_owned(),
                media_type: string(file, "mime_type"),
                title: string(file, "title").map(|t| one_line(&t)),
                length: file.get("size_in_bytes").and_then(Value::as_u64),
            },
        );
    }
}

/// `authors` of 1.1, `author` of 1.0.
fn people(item: &Object, context: &Context, builder: &mut EntryBuilder) {
    let one = item.get("author").and_then(Value::as_object);
    for author in objects(item, "authors").chain(one) {
        if let Some(name) = string(author, "name") {
            let uri = address(author, "url", context);
            builder.add_person(Role::Author, Person { name: one_line(&name), email: None, uri });
        }
    }
}

fn plain(text: String) -> Prose {
    Prose { html: false, text }
}

fn objects<'a>(object: &'a Object, key: &str) -> impl Iterator<Item = &'a Object> {
    object.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

fn string(object: &Object, key: &str) -> Option<String> {
    let text = object.get(key)?.as_str()?;
    let legal: String = text.chars().filter(|c| crate::read::text::is_xml_char(*c)).collect();
    Some(legal).filter(|t| !t.trim().is_empty())
}

/// A date is a text. A number is believed where it can be nothing but seconds or milliseconds since 1970.
fn date_text(object: &Object, key: &str) -> Option<String> {
    const LEAST: u64 = 100_000_000;
    match object.get(key)? {
        Value::Number(n) => n.as_u64().filter(|n| *n >= LEAST).map(|n| n.to_string()),
        _ => string(object, key),
    }
}

/// An id may be a number: 1.0 let publishers write one.
fn scalar(object: &Object, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::Number(n) => Some(n.to_string()),
        Value::String(_) => string(object, key).map(|s| s.trim().to_owned()),
        _ => None,
    }
}

fn address(object: &Object, key: &str, context: &Context) -> Option<String> {
    let text = string(object, key)?;
    let text = text.trim();
    let joined = match &context.url {
        Some(base) => base.join(text).ok()?,
        None => Url::parse(text).ok()?,
    };
    matches!(joined.scheme(), "http" | "https" | "ftp" | "mailto" | "magnet").then(|| joined.into())
}
