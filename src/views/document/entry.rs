//! The document of one entry.

use super::super::site::Site;
use super::super::sound;
use super::{EntryDoc, Related, SUMMARY_CHARS, Shown, SourceDoc};
use crate::model::entry::{Body, Category, Link, Person};
use crate::model::feed_key::FeedKey;
use crate::model::region::RegionId;
use crate::model::source::ContentPolicy;
use crate::model::state::SourceState;
use crate::model::stored::Entry;
use crate::read::html;
use crate::read::link::{self, is_republished};
use crate::read::text;

/// The document of an entry as a feed shows it.
pub fn entry_doc(site: &Site, feed: &FeedKey, shown: &Shown, source: &SourceState) -> EntryDoc {
    let entry = &shown.entry;
    let body = &entry.body;
    let policy = site.policy(&entry.source);
    let outlet = source.title().to_owned();
    let people = |all: &[Person]| all.iter().filter_map(sound::person).collect::<Vec<_>>();
    let mut authors = people(&body.authors);
    if authors.is_empty() {
        authors.push(Person { name: outlet.clone(), ..Person::default() });
    }
    let summary = (policy != ContentPolicy::Title).then(|| short(entry)).flatten();
    let content = match (policy, &body.content) {
        (ContentPolicy::Full, Some(Body::Html(html))) => Some(html.clone()),
        (ContentPolicy::Full, Some(Body::Text(text))) => Some(from_text(text)),
        _ => None,
    };
    EntryDoc {
        id: entry.id.clone(),
        title: entry_title(entry, &site.shown.title(feed, entry), summary.as_deref()),
        links: links(shown),
        published: entry.published,
        updated: entry.updated,
        surfaced: entry.surfaced,
        authors,
        contributors: people(&body.contributors),
        regions: regions(site, entry),
        categories: categories(site, entry),
        summary,
        reports: shown.related.iter().filter(|other| is_republished(&other.href)).map(related).collect(),
        others: shown.others,
        outlets: shown.outlets,
        content,
        rights: body.rights.clone(),
        language: [&body.language, &source.facts.language]
            .into_iter()
            .flatten()
            .find_map(|l| sound::language(l)),
        source: source_doc(site, entry, source, outlet),
    }
}

fn source_doc(site: &Site, entry: &Entry, source: &SourceState, title: String) -> SourceDoc {
    let self_url = site.said_address(&source.def);
    let own_id = source.facts.id.as_ref().filter(|id| is_republished(id) && !link::is_keyed(id));
    SourceDoc {
        slug: entry.source.clone(),
        id: own_id.unwrap_or(&self_url).clone(),
        author: Person { name: title.clone(), uri: home(source), email: None },
        title,
        self_url,
        home_url: home(source),
        rights: source.def.rights.clone().or_else(|| source.facts.rights.clone()),
        updated: entry.updated,
    }
}

fn related(other: &Related) -> Related {
    let language = other.language.as_deref().and_then(sound::language);
    Related { language, ..other.clone() }
}

/// The source's own site. A bridge may name itself there, with the key it was asked with.
fn home(source: &SourceState) -> Option<String> {
    source.facts.home.clone().filter(|home| is_republished(home) && !link::is_keyed(home))
}

/// The page, the enclosures, and the other reports of the story. Further alternates of a type are not
/// allowed (RFC 4287 section 4.1.2), and a publisher's `self` or `edit` is not ours to offer. An entry without a page
/// gets none: the publisher's feed is nothing to read, and its home page would be the link of many entries.
fn links(shown: &Shown) -> Vec<Link> {
    let own = &shown.entry.body.links;
    let given = |rel: &'static str| {
        own.iter()
            .filter(move |l| l.rel == rel && is_republished(&l.href))
            .map(|l| Link { media_type: l.media_type.as_deref().and_then(sound::media_type), ..l.clone() })
    };
    let page = given("alternate").next();
    let others = shown.related.iter().filter(|other| is_republished(&other.href));
    let related = others.map(|other| Link {
        href: other.href.clone(),
        rel: "related".to_owned(),
        title: Some(other.told()),
        ..Link::default()
    });
    page.into_iter().chain(given("enclosure")).chain(related).collect()
}

/// An entry without a title is shown by the start of its text, or by its date: readers list titles.
fn entry_title(entry: &Entry, title: &str, summary: Option<&str>) -> String {
    match (title.trim(), summary) {
        ("", Some(text)) => html::summary(text, 40),
        ("", None) => format!("（无题，{}）", entry.published.format("%Y-%m-%d")),
        (title, _) => title.to_owned(),
    }
}

fn short(entry: &Entry) -> Option<String> {
    let body = entry.body.summary.as_ref().or(entry.body.content.as_ref())?;
    let text = match body {
        Body::Text(text) => html::summary(&from_text(text), SUMMARY_CHARS),
        Body::Html(markup) => html::summary(markup, SUMMARY_CHARS),
    };
    (!text.is_empty()).then_some(text)
}

/// The text that a feed shows beneath the title, in one line; of a full text its start.
pub(super) fn searched(site: &Site, entry: &Entry, longest: usize) -> Option<String> {
    match (site.policy(&entry.source), &entry.body.content) {
        (ContentPolicy::Title, _) => None,
        (ContentPolicy::Full, Some(Body::Html(markup))) => Some(html::summary(markup, longest)),
        (ContentPolicy::Full, Some(Body::Text(text))) => Some(html::summary(&from_text(text), longest)),
        _ => short(entry),
    }
}

fn regions(site: &Site, entry: &Entry) -> Vec<(RegionId, String)> {
    let named = entry.regions.iter().map(|evidence| {
        let name = site.regions.get(evidence.region.as_str()).map_or(evidence.region.as_str(), |r| &r.name);
        (evidence.region.clone(), name.to_owned())
    });
    named.collect()
}

/// Regions as categories with a scheme of this instance, so that readers can tell them from the
/// publisher's own.
fn categories(site: &Site, entry: &Entry) -> Vec<Category> {
    let scheme = format!("{}/regions", site.public_url);
    let regions = regions(site, entry).into_iter().map(|(id, name)| Category {
        term: id.to_string(),
        scheme: Some(scheme.clone()),
        label: Some(name),
    });
    let own = entry.body.categories.iter().map(|category| Category {
        scheme: category.scheme.clone().filter(|scheme| is_republished(scheme)),
        ..category.clone()
    });
    regions.chain(own).collect()
}

/// Plain text as HTML: line ends become breaks.
fn from_text(text: &str) -> String {
    text::escape(text).replace('\n', "<br>")
}
