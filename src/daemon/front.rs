//! The views as the public listener sees them: the publisher's, and what the clock and the scheduler
//! know of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;

use super::clock::Clock;
use super::dues::{Dues, Feeders};
use super::publisher::Publisher;
use crate::config::Config;
use crate::core::time::Time;
use crate::serve::{View, Views};
use crate::views::page::{Mark, Page};

/// How much later than it is dated a change may be published: it is journalled with others, and the views
/// are rendered anew. A disk that takes longer is full, and then nothing is polled.
const SETTLED: TimeDelta = TimeDelta::minutes(1);

/// The publisher's views, with how long they stay as they are.
pub struct Front {
    publisher: Arc<Publisher>,
    dues: Arc<Dues>,
    feeders: Feeders,
    clock: Arc<dyn Clock>,
    rendered: AtomicBool,
}

impl Front {
    /// The views of a publisher.
    #[must_use]
    pub fn new(publisher: Arc<Publisher>, config: &Config, dues: Arc<Dues>, clock: Arc<dyn Clock>) -> Self {
        let feeders = Feeders::new(config, &dues);
        Self { publisher, feeders, dues, clock, rendered: AtomicBool::new(false) }
    }

    /// The views are in memory from now on.
    pub fn is_rendered(&self) {
        self.rendered.store(true, Ordering::Relaxed);
    }
}

impl Views for Front {
    fn view(&self, path: &str) -> View {
        self.publisher.view(path)
    }

    fn has(&self, path: &str) -> bool {
        self.publisher.has(path)
    }

    fn is_seldom(&self, path: &str) -> bool {
        self.publisher.is_seldom(path)
    }

    fn delta(&self, path: &str, since: Mark) -> Option<Arc<Page>> {
        self.publisher.delta(path, since)
    }

    fn fresh_for(&self, path: &str) -> Option<Duration> {
        let next = self.feeders.next_change(&self.dues, path)?;
        // A poll that is due is under way: what it brings comes at any moment.
        Some((next - self.clock.now()).to_std().unwrap_or(Duration::ZERO))
    }

    fn is_settled(&self, modified: Time) -> bool {
        self.clock.now() - modified >= SETTLED
    }

    fn ready(&self) -> bool {
        self.rendered.load(Ordering::Relaxed)
    }
}
