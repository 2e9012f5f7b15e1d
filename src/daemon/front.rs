//! The views as the public listener sees them: none while the state directory is being opened, then the
//! publisher's, and what the clock and the scheduler know of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use chrono::TimeDelta;

use super::clock::Clock;
use super::dues::{Dues, Feeders};
use super::publisher::Publisher;
use crate::config::Config;
use crate::model::time::Time;
use crate::serve::{View, Views};
use crate::views::page::{Mark, Page};

/// How much later than it is dated a change may be published: it is journalled with others, and the views
/// are rendered anew. A disk that takes longer is full, and then nothing is polled.
const SETTLED: TimeDelta = TimeDelta::minutes(1);

/// The publisher's views, with how long they stay as they are.
pub struct Front {
    clock: Arc<dyn Clock>,
    progress: Progress,
    open: ArcSwapOption<Open>,
    is_current: AtomicBool,
    reporter: OnceLock<Weak<dyn Reporter>>,
}

/// Who knows how everything is.
pub trait Reporter: Send + Sync {
    /// Why nothing new comes in, if nothing does.
    fn trouble(&self) -> Option<String>;
    /// How everything is, as JSON; `None` where that cannot be read.
    fn status(&self) -> Option<String>;
}

/// Tells in one line how far a start is.
pub type Progress = Box<dyn Fn() -> String + Send + Sync>;

/// What there is once the state directory is open.
struct Open {
    publisher: Arc<Publisher>,
    dues: Arc<Dues>,
    feeders: Feeders,
}

impl Front {
    /// No views yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, progress: Progress) -> Self {
        Self {
            clock,
            progress,
            open: ArcSwapOption::empty(),
            is_current: AtomicBool::new(false),
            reporter: OnceLock::new(),
        }
    }

    /// The views of a publisher from now on, though they may be of a store or under a configuration that is about to
    /// be replaced.
    pub fn open(&self, publisher: Arc<Publisher>, config: &Config, dues: Arc<Dues>) {
        let feeders = Feeders::new(config, &dues);
        self.open.store(Some(Arc::new(Open { publisher, dues, feeders })));
    }

    /// Whom to ask how everything is.
    pub fn reported_by(&self, reporter: Weak<dyn Reporter>) {
        // There is one daemon.
        let _ = self.reporter.set(reporter);
    }

    fn reporter(&self) -> Option<Arc<dyn Reporter>> {
        self.reporter.get()?.upgrade()
    }

    /// They are up to date from now on.
    pub fn is_current(&self) {
        self.is_current.store(true, Ordering::Relaxed);
    }

    fn publisher(&self) -> Option<Arc<Publisher>> {
        self.open.load().as_ref().map(|open| Arc::clone(&open.publisher))
    }
}

impl Views for Front {
    fn view(&self, path: &str) -> View {
        self.publisher().map_or(View::Failed, |publisher| publisher.view(path))
    }

    fn at_hand(&self, path: &str) -> Option<Arc<Page>> {
        self.publisher()?.at_hand(path)
    }

    fn has(&self, path: &str) -> bool {
        self.publisher().is_some_and(|publisher| publisher.has(path))
    }

    fn is_seldom(&self, path: &str) -> bool {
        self.publisher().is_some_and(|publisher| publisher.is_seldom(path))
    }

    fn delta(&self, path: &str, since: Mark) -> Option<Arc<Page>> {
        self.publisher()?.delta(path, since)
    }

    fn fresh_for(&self, path: &str) -> Option<Duration> {
        let open = self.open.load_full()?;
        let next = open.feeders.next_change(&open.dues, path)?;
        // A poll that is due is under way: what it brings comes at any moment.
        Some((next - self.clock.now()).to_std().unwrap_or(Duration::ZERO))
    }

    fn base(&self) -> Option<Arc<str>> {
        self.open.load().as_ref()?.publisher.base()
    }

    fn now(&self) -> Option<Time> {
        Some(self.clock.now())
    }

    fn is_settled(&self, modified: Time) -> bool {
        self.clock.now() - modified >= SETTLED
    }

    fn trouble(&self) -> Option<String> {
        self.reporter()?.trouble()
    }

    fn status(&self) -> Option<String> {
        self.reporter()?.status()
    }

    fn starting(&self) -> Option<String> {
        (!self.is_current.load(Ordering::Relaxed)).then(|| (self.progress)())
    }

    fn serves(&self) -> bool {
        self.open.load().is_some()
    }
}
