//! The operator's word on what is shown: rules that leave entries out, let only some in, or write titles
//! anew. They act when a feed is rendered and on nothing that is stored, so taking a rule out brings
//! back what it hid.

use std::borrow::Cow;
use std::collections::BTreeMap;

use regex::Regex;

use crate::model::entry::Body;
use crate::model::feed_key::FeedKey;
use crate::model::region::{RegionId, RegionTable};
use crate::model::source::SourceId;
use crate::model::stored::Entry;
use crate::read::html;

/// How much of a text a rule looks at, in bytes: a rule is a few words, and they stand near the start.
const LOOKED_AT: usize = 16 * 1024;

/// What a rule does with what matches it.
#[derive(Clone, Debug)]
pub enum Action {
    /// It is not shown.
    Exclude,
    /// Only what matches this, or another such rule of the same place, is shown.
    Include,
    /// Its title is written anew: what matched becomes this, `$1` being its first group.
    Rewrite(String),
}

/// Where a rule looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The title.
    Title,
    /// The title, the summary and the body, as plain text.
    Text,
    /// The outlet: the source's title, and the authors the entry names.
    Outlet,
    /// The publisher's own categories.
    Section,
    /// The regions, by id and by name.
    Region,
    /// The address of its page.
    Link,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct PublishRule {
    /// What it does.
    pub action: Action,
    /// What it looks for.
    pub pattern: Regex,
    /// Where.
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
    /// Whether a feed shows an entry, whose source is called `outlet`.
    #[must_use]
    pub fn shows(&self, feed: &FeedKey, entry: &Entry, outlet: &str, table: &RegionTable) -> bool {
        self.hidden_by(feed, entry, outlet, table).is_none()
    }

    /// The rule by which a feed does not show an entry, as it is written; `None` where it does.
    #[must_use]
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
            let told = || format!("it matches no include, such as include = {first:?}");
            (!wanted.any(|rule| matches(&rule))).then(told)
        })
    }

    /// The title a feed gives to an entry.
    #[must_use]
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

    /// Whether there is no rule at all.
    #[must_use]
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
