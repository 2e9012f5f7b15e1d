//! A feed as JSON Feed 1.1 (jsonfeed.org/version/1.1). The extension `_dibao` has the values without a field there.

use serde_json::{Map, Value, json};

use super::document::EntryDoc;
use super::format::Rendering;
use super::site::PAGE_ENDING;
use crate::model::entry::{Link, Person};
use crate::model::time::rfc3339;
use crate::read::text::xml_legal;

/// The media type of [`render`]'s bytes. JSON is UTF-8 and takes no charset (RFC 8259 section 11).
pub const MEDIA_TYPE: &str = "application/feed+json";

pub fn render(rendering: &Rendering<'_>) -> Vec<u8> {
    let doc = rendering.doc;
    let mut feed = Fields::default();
    feed.put("version", "https://jsonfeed.org/version/1.1");
    feed.put("title", legal(&doc.title));
    feed.put("home_page_url", doc.address(PAGE_ENDING));
    feed.put("feed_url", rendering.address());
    feed.put("language", "zh");
    feed.maybe("hubs", doc.hub.as_ref().map(|hub| json!([{ "type": "WebSub", "url": hub }])));
    let mut own = Fields::default();
    own.put("id", doc.id.clone());
    own.put("updated", rfc3339(doc.updated));
    own.maybe("rights", doc.rights.as_deref().map(legal));
    own.maybe("ttl_minutes", doc.ttl_minutes);
    feed.put("_dibao", own.0);
    feed.put("items", doc.entries.iter().map(entry).collect::<Vec<_>>());
    let mut bytes = serde_json::to_vec(&feed.0).expect("names and texts are plain JSON");
    bytes.push(b'\n');
    bytes
}

fn entry(doc: &EntryDoc) -> Map<String, Value> {
    let links = |rel: &'static str| doc.links.iter().filter(move |link| link.rel == rel);
    let mut entry = Fields::default();
    entry.put("id", legal(&doc.id));
    entry.maybe("url", links("alternate").next().map(|link| legal(&link.href)));
    entry.put("title", legal(&doc.title));
    let summary = doc.counted_summary();
    // One of the two is required; an entry with only a title repeats it there.
    match &doc.content {
        Some(html) => entry.put("content_html", legal(html)),
        None => entry.put("content_text", legal(summary.as_deref().unwrap_or(&doc.title))),
    }
    entry.maybe("summary", summary.as_deref().map(legal));
    entry.put("date_published", rfc3339(doc.published));
    entry.put("date_modified", rfc3339(doc.updated));
    entry.put("authors", doc.authors.iter().map(author).collect::<Vec<_>>());
    let tags = doc.categories.iter().map(|c| legal(c.label.as_deref().unwrap_or(&c.term)));
    entry.some("tags", tags.map(Value::from).collect());
    entry.maybe("language", doc.language.as_deref().map(legal));
    entry.some("attachments", links("enclosure").map(attachment).collect());
    entry.put("_dibao", own(doc));
    entry.0
}

/// Its source, regions and the other reports of its story.
fn own(doc: &EntryDoc) -> Map<String, Value> {
    let mut source = Fields::default();
    source.put("slug", doc.source.slug.as_str());
    source.put("id", legal(&doc.source.id));
    source.put("title", legal(&doc.source.title));
    source.put("feed_url", legal(&doc.source.self_url));
    source.maybe("home_page_url", doc.source.home_url.as_deref().map(legal));
    source.maybe("rights", doc.source.rights.as_deref().map(legal));
    let related = doc.links.iter().filter(|link| link.rel == "related");
    let regions = doc.regions.iter().map(|(id, name)| json!({ "id": id.as_str(), "name": legal(name) }));
    let mut own = Fields::default();
    own.put("source", source.0);
    own.some("regions", regions.collect());
    own.some(
        "related",
        related
            .map(|link| json!({ "url": legal(&link.href), "title": link.title.as_deref().map(legal) }))
            .collect(),
    );
    own.maybe("rights", doc.rights.as_deref().map(legal));
    own.0
}

fn author(person: &Person) -> Map<String, Value> {
    let mut author = Fields::default();
    author.put("name", legal(&person.name));
    author.maybe("url", person.uri.as_deref().map(legal));
    author.0
}

fn attachment(link: &Link) -> Value {
    let mut attachment = Fields::default();
    attachment.put("url", legal(&link.href));
    // Required.
    attachment.put("mime_type", link.media_type.as_deref().unwrap_or("application/octet-stream"));
    attachment.maybe("title", link.title.as_deref().map(legal));
    attachment.maybe("size_in_bytes", link.length);
    Value::Object(attachment.0)
}

/// The fields of an object, without those that have no value.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn maybe(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn some(&mut self, name: &str, values: Vec<Value>) {
        if !values.is_empty() {
            self.put(name, values);
        }
    }
}

/// The same text as the XML formats have.
fn legal(text: &str) -> String {
    xml_legal(text).into_owned()
}
