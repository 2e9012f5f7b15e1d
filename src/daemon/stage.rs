//! The publisher that is told of what is recorded: another one after each change of the configuration.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::publisher::Publisher;
use super::recorder::Audience;
use crate::model::feed_key::FeedKey;
use crate::model::state::FeedState;

/// Passes on what the recorder tells.
pub struct Stage(ArcSwap<Publisher>);

impl Stage {
    /// With this publisher on it.
    #[must_use]
    pub fn new(publisher: Arc<Publisher>) -> Self {
        Self(ArcSwap::new(publisher))
    }

    /// Another publisher takes over.
    pub fn show(&self, publisher: Arc<Publisher>) {
        self.0.store(publisher);
    }
}

impl Audience for Stage {
    fn touched(&self, feeds: &[(FeedKey, FeedState)]) {
        self.0.load().touched(feeds);
    }

    fn everything(&self) {
        self.0.load().everything();
    }

    fn busy(&self, facts: usize) {
        self.0.load().busy(facts);
    }
}
