//! Derives what depends on an entry's own text under today's rules: its date, its regions, and the sketch by which
//! stories are found.

use std::borrow::Cow;

use crate::decide::regions;
use crate::decide::rules::{CODE_SCHEME, Rules};
use crate::decide::story::{self, Sketch, StoryInput};
use crate::model::entry::{Body, ParsedEntry};
use crate::model::evidence::{Evidence, Place, Rule};
use crate::model::region::RegionId;
use crate::model::source::RegionRule;
use crate::model::stored::Entry;
use crate::model::time::Time;
use crate::read::html;

fn plain(body: &Body) -> Cow<'_, str> {
    match body {
        Body::Text(text) => Cow::Borrowed(text),
        Body::Html(markup) => Cow::Owned(html::to_text(markup)),
    }
}

/// The regions of an entry: by a code that its publisher gave, and by its texts.
#[must_use]
pub fn regions_of(rules: &Rules, rule: &RegionRule, body: &ParsedEntry) -> Vec<Evidence> {
    let Rules { patterns, classifier, .. } = rules;
    let title = body.title.as_deref().unwrap_or("");
    if let RegionRule::Fixed(_) = rule {
        return regions::decide(rule, patterns, classifier, title, None);
    }
    let summary = body.summary.as_ref().map(plain);
    let mut found = regions::decide(rule, patterns, classifier, title, summary.as_deref());
    let coded = body.categories.iter().find(|category| category.scheme.as_deref() == Some(CODE_SCHEME));
    if let Some(evidence) = coded.and_then(|category| rules.coded(&category.term)) {
        found.retain(|other| other.region != evidence.region);
        found.insert(0, evidence);
    }
    found
}

/// The regions of a stored entry: those that the operator assigned it to, as far as there are such regions today;
/// else by its texts.
#[must_use]
pub fn regions_of_stored(rules: &Rules, rule: &RegionRule, entry: &Entry) -> Vec<Evidence> {
    let Some(assigned) = &entry.assigned else { return regions_of(rules, rule, &entry.body) };
    let there = assigned.iter().filter(|id| rules.regions().any(|region| region == *id));
    let (place, rule) = (Place::Operator, Rule::Assigned);
    there.map(|id| Evidence { region: id.clone(), text: String::new(), place, rule }).collect()
}

/// The sketch of an entry that a source of this title and region rule has at a time.
#[must_use]
pub fn sketch(rules: &Rules, rule: &RegionRule, outlet: &str, body: &ParsedEntry, at: Time) -> Sketch {
    let found = regions_of(rules, rule, body);
    let regions: Vec<RegionId> = found.into_iter().map(|evidence| evidence.region).collect();
    sketch_of(rules, outlet, &regions, body, dated(body, at))
}

/// The sketch of an entry in these regions, whose source has this title.
#[must_use]
pub fn sketch_of(
    rules: &Rules,
    outlet: &str,
    regions: &[RegionId],
    body: &ParsedEntry,
    published: Time,
) -> Sketch {
    let title = body.title.as_deref().unwrap_or("");
    let (summary, content) = (body.summary.as_ref().map(plain), body.content.as_ref().map(plain));
    story::sketch(&StoryInput {
        title,
        page: body.page(),
        summary: summary.as_deref(),
        content: content.as_deref(),
        outlet,
        regions,
        named: &rules.classifier.classify(title, summary.as_deref()),
        published,
    })
}

/// The publisher's date of an entry, never after it was seen; else that.
#[must_use]
pub fn dated(body: &ParsedEntry, at: Time) -> Time {
    body.published.or(body.updated).map_or(at, |stamp| stamp.not_after(at))
}
