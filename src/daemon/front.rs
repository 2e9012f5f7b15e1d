//! The views for the public listener: none until the state directory is open, then the renderer's, with the
//! time from the clock and the next polls from the scheduler.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use chrono::TimeDelta;

use super::clock::Clock;
use super::dues::{Dues, FeedSources};
use super::meter::Requests;
use super::renderer::Renderer;

use crate::config::Config;
use crate::model::time::Time;
use crate::serve::{Live, Share, View, Views};
use crate::views::page::{Mark, Page};
use crate::views::{html, metrics, status};

/// The longest time from the date of a change to its publication: the recorder journals it with others, then the
/// views are rendered. A disk that takes longer is full, and then nothing is polled.
const SETTLED: TimeDelta = TimeDelta::minutes(1);

/// The renderer's views, and how long each stays unchanged.
pub struct Front {
    clock: Arc<dyn Clock>,
    progress: Progress,
    open: ArcSwapOption<Open>,
    is_current: AtomicBool,
    reporter: OnceLock<Weak<dyn Reporter>>,
    requests: Requests,
}

pub trait Reporter: Send + Sync {
    /// Why nothing new comes in, if nothing does.
    fn trouble(&self) -> Option<String>;
    /// A document about the daemon; `None` if the store cannot be read.
    fn live(&self, what: Live) -> Option<Vec<u8>>;
    /// The feed of the changes of the sources' states; `None` if the store cannot be read.
    fn changes(&self) -> Option<Arc<Page>>;
}

/// One line about the progress of the start.
pub type Progress = Box<dyn Fn() -> String + Send + Sync>;

/// The parts that exist once the state directory is open.
struct Open {
    renderer: Arc<Renderer>,
    dues: Arc<Dues>,
    feed_sources: FeedSources,
}

impl Front {
    /// No views yet.
    pub fn new(clock: Arc<dyn Clock>, progress: Progress) -> Self {
        Self {
            clock,
            progress,
            open: ArcSwapOption::empty(),
            is_current: AtomicBool::new(false),
            reporter: OnceLock::new(),
            requests: Requests::default(),
        }
    }

    /// Serves the views of a renderer from now on, even if its store or configuration is about to be replaced.
    pub fn open(&self, renderer: Arc<Renderer>, config: &Config, dues: Arc<Dues>) {
        let feed_sources = FeedSources::new(config, &dues);
        self.open.store(Some(Arc::new(Open { renderer, dues, feed_sources })));
    }

    pub fn reported_by(&self, reporter: Weak<dyn Reporter>) {
        // There is one daemon.
        let _ = self.reporter.set(reporter);
    }

    fn reporter(&self) -> Option<Arc<dyn Reporter>> {
        self.reporter.get()?.upgrade()
    }

    /// The views are up to date from now on.
    pub fn is_current(&self) {
        self.is_current.store(true, Ordering::Relaxed);
    }

    /// The responses so far.
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    fn renderer(&self) -> Option<Arc<Renderer>> {
        self.open.load().as_ref().map(|open| Arc::clone(&open.renderer))
    }
}

impl Views for Front {
    fn view(&self, path: &str) -> View {
        if path == status::FEED {
            let Some(reporter) = self.reporter() else { return View::Missing };
            return reporter.changes().map_or(View::Failed, View::Page);
        }
        self.renderer().map_or(View::Failed, |renderer| renderer.view(path))
    }

    fn at_hand(&self, path: &str) -> Option<Arc<Page>> {
        self.renderer()?.at_hand(path)
    }

    fn takes_query(&self, path: &str) -> bool {
        self.renderer().is_some_and(|renderer| renderer.takes_query(path))
    }

    fn has(&self, path: &str) -> bool {
        let is_status = [status::PAGE, status::FEED].contains(&path);
        is_status || self.renderer().is_some_and(|renderer| renderer.has(path))
    }

    fn share(&self, path: &str) -> Share {
        self.renderer().map_or(Share::Common, |renderer| renderer.share(path))
    }

    fn delta(&self, path: &str, since: Mark) -> Option<Arc<Page>> {
        self.renderer()?.delta(path, since)
    }

    fn fresh_for(&self, path: &str) -> Option<Duration> {
        let open = self.open.load_full()?;
        let next = open.feed_sources.next_change(&open.dues, path)?;
        // A poll that is due is under way: its entries may come at any moment.
        Some((next - self.clock.now()).to_std().unwrap_or(Duration::ZERO))
    }

    fn base(&self) -> Option<Arc<str>> {
        self.open.load().as_ref()?.renderer.base()
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

    fn live(&self, what: Live) -> Option<(&'static str, Vec<u8>)> {
        let media_type = match what {
            Live::Page(_) => html::MEDIA_TYPE,
            Live::Json => "application/json",
            Live::Metrics => metrics::MEDIA_TYPE,
        };
        Some((media_type, self.reporter()?.live(what)?))
    }

    fn answered(&self, status: u16) {
        self.requests.answered(status);
    }

    fn starting(&self) -> Option<String> {
        (!self.is_current.load(Ordering::Relaxed)).then(|| (self.progress)())
    }

    fn serves(&self) -> bool {
        self.open.load().is_some()
    }
}
