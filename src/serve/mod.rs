//! The public listener: views over HTTP, read only. It knows nothing of stores or sources; it asks
//! [`Views`] for a path and speaks RFC 9110 about what comes back.

mod accept;
pub mod admin;
mod answer;
mod conditional;
mod door;
mod host;
pub mod listener;
mod nearby;
mod patience;
mod press;
mod proxied;
mod seats;
mod target;

use std::sync::Arc;
use std::time::Duration;

use crate::model::time::Time;
use crate::views::page::{Mark, Page};

/// What there is at a path.
#[derive(Clone, Debug)]
pub enum View {
    /// A view.
    Page(Arc<Page>),
    /// There was one, and there will be none again.
    Gone,
    /// Nothing.
    Missing,
    /// There is one, but it cannot be rendered just now.
    Failed,
}

/// Whoever has the views.
pub trait Views: Send + Sync + 'static {
    /// The view at a path, without its leading slash. May block while it is rendered.
    fn view(&self, path: &str) -> View;

    /// The view at a path, if nothing has to be rendered or read for it. Does not block.
    fn at_hand(&self, path: &str) -> Option<Arc<Page>> {
        let _ = path;
        None
    }

    /// Whether there is a view at a path, which is not rendered for this. May block.
    fn has(&self, path: &str) -> bool;

    /// Whether few ask for the view at a path, so that it is made for whoever does.
    fn is_seldom(&self, path: &str) -> bool {
        let _ = path;
        false
    }

    /// The feed at a path with only what is new or changed since an earlier state of it (RFC 3229, `A-IM:
    /// feed`); `None` where that state is not known, or the feed knows no such form. May block.
    fn delta(&self, path: &str, since: Mark) -> Option<Arc<Page>> {
        let _ = (path, since);
        None
    }

    /// How long until the view at a path can change: until a source that feeds it is next polled. `None`
    /// where that is not known.
    fn fresh_for(&self, path: &str) -> Option<Duration> {
        let _ = path;
        None
    }

    /// The path that proxies put before the views' own, such as `/news`: one that passes it on is answered as one
    /// that takes it off.
    fn base(&self) -> Option<Arc<str>> {
        None
    }

    /// The time, where it is known: nothing may be dated later than the response it stands in (RFC 9110 section
    /// 8.8.2.1).
    fn now(&self) -> Option<Time> {
        None
    }

    /// Whether an instant is long enough ago that nothing more will be dated by it.
    fn is_settled(&self, modified: Time) -> bool {
        let _ = modified;
        true
    }

    /// While the views are not up to date yet: one line about how far the start is.
    fn starting(&self) -> Option<String> {
        None
    }

    /// Why nothing new comes into the views, if nothing does.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// How everything is, as JSON. May block.
    fn status(&self) -> Option<String> {
        None
    }

    /// False while there are no views at all.
    fn serves(&self) -> bool {
        true
    }
}
