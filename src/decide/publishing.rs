//! The operator's publishing rules: they exclude entries, include only some, or rewrite titles. They act when a feed
//! is rendered and change nothing stored, so removing a rule shows its entries again.

use std::borrow::Cow;
use std::collections::BTreeMap;

use regex::Regex;

use crate::model::entry::Body;
use crate::model::feed_key::FeedKey;
use crate::model::region::{RegionId, RegionTable};
use crate::model::source::SourceId;
use crate::model::stored::Entry;
use crate::read::html;

/// Bytes of a text that a rule searches: rules are a few words, and stand near the start.
const LOOKED_AT: usize = 16 * 1024;

/// The effect of a rule on a match.
#[derive(Clone, Debug)]
pub enum Action {
    Exclude,
    /// Only entries that match this, or another include rule of the same place, are shown.
    Include,
    /// The matched part of the title becomes this; `$1` is its first group.
    Rewrite(String),
}

/// The part of an entry that a rule searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Title,
    /// The title, the summary and the body, as plain text.
    Text,
    /// The outlet: the source's title, and the authors the entry names.
    Outlet,
    Section,
    /// The regions, by id and by name.
    Region,
    Link,
}

#[derive(Clone, Debug)]
pub struct PublishRule {
    pub action: Action,
    pub pattern: Regex,
    pub fields: Vec<Field>,
}

/// All rules. Those of a source act on its entries wherever they are shown, those of a region in its
/// feeds, the others everywhere.
#[derive(Clone, Debug, Default)]
pub struct PublishRules {
    /// `[[rule]]`.
    pub everywhere: Vec<PublishRule>,
    /// `[[region.rule]]`.
    pub regions: BTreeMap<RegionId, Vec<PublishRule>>,
    /// `[[source.rule]]`.
    pub sources: BTreeMap<SourceId, Vec<PublishRule>>,
}

impl PublishRules {
    /// True if a feed shows an entry; `outlet` is the title of its source.
    pub fn shows(&self, feed: &FeedKey, entry: &Entry, outlet: &str, table: &RegionTable) -> bool {
        self.hidden_by(feed, entry, outlet, table).is_none()
    }

    /// The rule that hides an entry from a feed, as the operator wrote it; `None` if none does.
    pub fn hidden_by(
        &self,
        feed: &FeedKey,
        entry: &Entry,
        outlet: &str,
        table: &RegionTable,
    ) -> Option<String> {
        self.sets(feed, &entry.source).find_map(|rules| {
            let matches = |rule: &&PublishRule| rule.matches(entry, outlet, table);
            if let Some(rule) = of(rules, |action| matches!(action, Action::Exclude)).find(matches) {
                return Some(format!("exclude = {:?}", rule.pattern.as_str()));
            }
            let mut wanted = of(rules, |action| matches!(action, Action::Include)).peekable();
            let first = wanted.peek()?.pattern.as_str();
            let why = || format!("it matches no include, such as include = {first:?}");
            (!wanted.any(|rule| matches(&rule))).then(why)
        })
    }

    pub fn title<'e>(&self, feed: &FeedKey, entry: &'e Entry) -> Cow<'e, str> {
        let mut title = Cow::Borrowed(entry.title());
        for rule in self.sets(feed, &entry.source).flatten() {
            if let Action::Rewrite(with) = &rule.action
                && rule.pattern.is_match(&title)
            {
                title = Cow::Owned(rule.pattern.replace_all(&title, with.as_str()).into_owned());
            }
        }
        title
    }

    /// The rules that rewrite titles in the feed of everything: their places, patterns and titles.
    pub fn rewrites(&self) -> Vec<(Option<&SourceId>, &str, &str)> {
        let of_sources = self.sources.iter().map(|(id, rules)| (Some(id), rules));
        let mut rewrites = Vec::new();
        for (place, rules) in std::iter::once((None, &self.everywhere)).chain(of_sources) {
            for rule in rules {
                if let Action::Rewrite(with) = &rule.action {
                    rewrites.push((place, rule.pattern.as_str(), with.as_str()));
                }
            }
        }
        rewrites
    }

    pub fn is_empty(&self) -> bool {
        self.everywhere.is_empty() && self.regions.is_empty() && self.sources.is_empty()
    }

    /// The rules that act on a source's entries in a feed, the widest first.
    fn sets<'a>(&'a self, feed: &FeedKey, source: &SourceId) -> impl Iterator<Item = &'a [PublishRule]> {
        let region = match feed {
            FeedKey::Region(id) => self.regions.get(id),
            FeedKey::All | FeedKey::National | FeedKey::Source(_) => None,
        };
        let some = region.into_iter().chain(self.sources.get(source)).map(Vec::as_slice);
        std::iter::once(self.everywhere.as_slice()).chain(some)
    }
}

fn of(rules: &[PublishRule], is: impl Fn(&Action) -> bool) -> impl Iterator<Item = &PublishRule> {
    rules.iter().filter(move |rule| is(&rule.action))
}

impl PublishRule {
    fn matches(&self, entry: &Entry, outlet: &str, table: &RegionTable) -> bool {
        self.fields.iter().any(|field| self.matches_in(*field, entry, outlet, table))
    }

    fn matches_in(&self, field: Field, entry: &Entry, outlet: &str, table: &RegionTable) -> bool {
        let found = |text: &str| self.pattern.is_match(text);
        let body = &entry.body;
        match field {
            Field::Title => found(entry.title()),
            Field::Text => {
                let bodies = [&body.summary, &body.content];
                found(entry.title()) || bodies.into_iter().flatten().any(|body| found(&plain(body)))
            }
            Field::Outlet => found(outlet) || body.authors.iter().any(|author| found(&author.name)),
            Field::Section => {
                body.categories.iter().any(|c| found(&c.term) || c.label.as_deref().is_some_and(found))
            }
            Field::Region => entry.regions.iter().any(|evidence| {
                let name = table.get(evidence.region.as_str()).map(|region| region.name.as_str());
                found(evidence.region.as_str()) || name.is_some_and(found)
            }),
            Field::Link => body.page().is_some_and(found),
        }
    }
}

fn plain(body: &Body) -> Cow<'_, str> {
    match body {
        Body::Text(text) => Cow::Borrowed(&text[..text.floor_char_boundary(LOOKED_AT)]),
        Body::Html(markup) => {
            Cow::Owned(html::summary(&markup[..markup.floor_char_boundary(LOOKED_AT)], LOOKED_AT))
        }
    }
}

#[cfg(test)]
mod tests;
