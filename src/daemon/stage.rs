//! Passes the recorder's reports to the current publisher. Each reload of the configuration replaces the publisher.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::publisher::Publisher;
use super::recorder::Audience;
use crate::model::feed_key::FeedKey;
use crate::model::state::FeedState;

/// The current publisher.
pub struct Stage(ArcSwap<Publisher>);

impl Stage {
    #[must_use]
    pub fn new(publisher: Arc<Publisher>) -> Self {
        Self(ArcSwap::new(publisher))
    }

    /// Replaces the publisher.
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
