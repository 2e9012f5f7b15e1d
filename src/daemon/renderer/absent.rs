//! The reason why a feed does not show an entry, for `dibao explain`.

use super::Renderer;
use super::selection::FeedStories;
use crate::ledger::store::StoreError;
use crate::model::feed_key::FeedKey;
use crate::model::month::Month;
use crate::model::state::{SourceState, State};
use crate::model::stored::{Entry, EntryNo};
use crate::views::document;
use crate::views::site::Site;
use crate::views::window::share;

impl Renderer {
    /// The reason why a feed does not show an entry that belongs to it, and what would change that; `None` if the
    /// feed shows it. Reads as much as rendering the feed does.
    pub fn absence(&self, feed: &FeedKey, no: EntryNo, entry: &Entry) -> Result<Option<String>, StoreError> {
        let doc = self.doc(feed)?;
        let shown = &doc.value.1.entries;
        if shown.iter().any(|shown| shown.id == entry.id) {
            return Ok(None);
        }
        let (site, store) = (&self.site, self.store.load_full());
        let removed = self.removed(&store)?;
        if removed.has(&entry.source) {
            return Ok(Some(
                "its source is not in the configuration; its entries come back with it".to_owned(),
            ));
        }
        let source = store.source(&entry.source)?;
        let outlet = source.as_ref().map_or(entry.source.as_str(), SourceState::title);
        if let Some(rule) = site.shown.hidden_by(feed, entry, outlet, &site.regions) {
            return Ok(Some(format!("hidden by a rule: {rule}; it is shown when the rule is changed")));
        }
        let founder = entry.story.as_ref().map_or(no, |story| story.founder);
        if let Some(other) = FeedStories::new(site, &store, &removed, feed).shown_for(founder, no)?
            && let Some(other) = store.entry(other)?
        {
            let (title, source) = (other.title(), &other.source);
            return Ok(Some(format!(
                "the same report is shown as {source} has it, and links to this; this is shown when that one is \
                 withdrawn or expires: {title}"
            )));
        }
        let place = entry.backlog.map_or(0, |place| place as usize);
        if place >= site.first_poll && !matches!(feed, FeedKey::Source(_)) {
            return Ok(Some(format!(
                "its source brought it with its first poll, as its number {}; publish.first_poll = {} are shown",
                place + 1,
                site.first_poll
            )));
        }
        // Entries that stand behind it have places that its source may not take.
        let order = (entry.surfaced, entry.published);
        let before_others = shown.iter().any(|other| (other.surfaced, other.published) < order);
        Ok(Some(self.aged_or_crowded_out(feed, entry, before_others)?))
    }

    fn aged_or_crowded_out(
        &self,
        feed: &FeedKey,
        entry: &Entry,
        before_others: bool,
    ) -> Result<String, StoreError> {
        let (site, meta) = (&self.site, self.meta()?);
        let days = site.max_age.map_or(0, |age| age.num_days());
        if document::too_old_at_first(site, entry) {
            return Ok(format!("it was older than publish.max_age = {days} days when it was first seen"));
        }
        let month = Month::of(entry.first_seen, site.zone);
        let archive = match self.has_archive(feed, month)? {
            true => format!("; it stands in /{}", Site::archive_path(feed, month)),
            false => String::new(),
        };
        if site.max_age.is_some_and(|age| entry.surfaced < document::today(&meta) - age) {
            return Ok(format!("it is older than publish.max_age = {days} days{archive}"));
        }
        let (most, source) = (site.entries, &entry.source);
        if before_others {
            return Ok(format!(
                "newer entries of {source} have the {} places that one source has while others have entries; \
                 /source/{source}.atom has more of it, and so has a larger publish.entries, now {most}{archive}",
                share(most)
            ));
        }
        Ok(format!(
            "newer entries have the places; a larger publish.entries has more, now publish.entries = {most}{archive}"
        ))
    }
}

#[cfg(test)]
mod tests;
