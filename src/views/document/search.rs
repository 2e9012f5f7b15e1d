//! A search as a document: the same as a feed's, with an id made from what is searched for.

use std::collections::BTreeMap;

use super::entry::entry_doc;
use super::{EMPTY_UPDATED, FeedDoc, Issues, Shown, urn};
use crate::model::feed_key::FeedKey;
use crate::model::source::SourceId;
use crate::model::state::{FeedState, Meta, SourceState};
use crate::model::stored::Entry;
use crate::views::site::Site;

pub struct SearchInput<'a> {
    /// The query of its address in canonical form.
    pub address: &'a str,
    /// What is searched for, for people.
    pub words: &'a str,
    /// The feed that all entries are in; its state.
    pub scope: &'a FeedKey,
    pub state: Option<&'a FeedState>,
    pub meta: &'a Meta,
    pub entries: &'a [Shown],
    /// The sources of these entries.
    pub sources: &'a BTreeMap<SourceId, SourceState>,
}

/// The path of searches, without an ending.
pub const PATH: &str = "search";

/// `modified` is the time of the newest entry, or of the last change of any entry in the scope: no other change of
/// the bytes leaves a trace. It has no hub: a hub is told of feeds alone.
pub fn search(site: &Site, input: &SearchInput<'_>) -> FeedDoc {
    let docs = input.entries.iter().filter_map(|shown| {
        input.sources.get(&shown.entry.source).map(|source| entry_doc(site, input.scope, shown, source))
    });
    let entries: Vec<_> = docs.collect();
    let came = input.entries.iter().map(|shown| shown.entry.first_seen).max();
    let revised = input.state.map(|state| state.revised_at);
    FeedDoc {
        id: urn(input.meta.instance, &format!("{PATH}?{}", input.address)),
        title: format!("邸报：搜索 {}", input.words),
        base: site.public_url.clone(),
        path: PATH.to_owned(),
        query: format!("?{}", input.address),
        hub: None,
        ttl_minutes: site.minutes(input.scope),
        issues: Issues::default(),
        updated: entries.iter().map(|entry| entry.updated).max().unwrap_or(EMPTY_UPDATED),
        modified: came
            .into_iter()
            .chain(revised)
            .chain([input.meta.config_at])
            .max()
            .unwrap_or(EMPTY_UPDATED),
        rights: site.rights.clone(),
        entries,
        withdrawn: Vec::new(),
    }
}

/// Characters of a text that feeds show in full and that are searched: a long report.
const SEARCHED: usize = 8_000;

/// The title and the text of an entry that a feed shows, for searching: nothing is found by what nobody can read.
pub fn searched_text(site: &Site, feed: &FeedKey, entry: &Entry) -> (String, String) {
    (
        site.shown.title(feed, entry).into_owned(),
        super::entry::searched(site, entry, SEARCHED).unwrap_or_default(),
    )
}
