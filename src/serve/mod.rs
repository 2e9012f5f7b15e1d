//! Views over HTTP (RFC 9110), read only, and the admin socket. It knows neither stores nor sources: it asks
//! [`Views`] for the view at a path.

mod accept;
pub mod admin;
mod answer;
mod conditional;
mod etag;
mod host;
mod language;
pub mod listener;
mod live;
mod pool;
mod redirect;
mod response;
mod slots;
mod socket;
mod target;
mod write_timeout;

use std::sync::Arc;
use std::time::Duration;

use crate::model::time::Time;
use crate::views::page::{Mark, Page};
pub use live::Live;

/// The answer for a path.
#[derive(Clone, Debug)]
pub enum View {
    Page(Arc<Page>),
    /// There was a view, and there will be none again.
    Gone,
    Missing,
    /// There is a view, but it cannot be rendered now.
    Failed,
    /// An answer that is no view: 400, 404 or 503, with a page that says why.
    Refused(u16, Arc<Page>),
}

/// The views that share a part of the machine. Whoever asks for all of one share delays nobody in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Clients ask for it all the time, so it is usually in memory.
    Common,
    /// A feed or an archive that few ask for.
    RareFeed,
    /// A page for people that few ask for. There is one for each entry, and crawlers ask for them all.
    RarePage,
    Search,
}

/// The views of an instance, by path.
pub trait Views: Send + Sync + 'static {
    /// The view at a path, without its leading slash. The path of a page has its language as `Tongue::at` writes it.
    /// May block while it is rendered.
    fn view(&self, path: &str) -> View;

    /// The view at a path if it is rendered and current. Does not block.
    fn at_hand(&self, path: &str) -> Option<Arc<Page>> {
        let _ = path;
        None
    }

    /// True if the query of an address is a part of the path of the view at `path`, which has none.
    fn takes_query(&self, path: &str) -> bool {
        let _ = path;
        false
    }

    /// True if there is a view at a path. Renders nothing. May block.
    fn has(&self, path: &str) -> bool;

    /// The share of the machine that the view at a path is rendered with. Does not block.
    fn share(&self, path: &str) -> Share {
        let _ = path;
        Share::Common
    }

    /// The feed at a path with only the entries that changed since an earlier state (RFC 3229, `A-IM: feed`);
    /// `None` if the state is unknown or the format has no deltas. May block.
    fn delta(&self, path: &str, since: Mark) -> Option<Arc<Page>> {
        let _ = (path, since);
        None
    }

    /// Time until the view at a path can change: until one of its sources is next polled. `None` if unknown.
    fn fresh_for(&self, path: &str) -> Option<Duration> {
        let _ = path;
        None
    }

    /// The path of the public address, such as `/news`. Requests may begin with it: some proxies pass it on, others
    /// remove it.
    fn base(&self) -> Option<Arc<str>> {
        None
    }

    /// The current time, if known: no date in a response may be later than the response (RFC 9110 section
    /// 8.8.2.1).
    fn now(&self) -> Option<Time> {
        None
    }

    /// True if no further change will get this date.
    fn is_settled(&self, modified: Time) -> bool {
        let _ = modified;
        true
    }

    /// One line about the progress of the start, until the views are up to date.
    fn starting(&self) -> Option<String> {
        None
    }

    /// Why nothing new comes in, if nothing does.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// A document about the daemon, with its media type. May block.
    fn live(&self, what: Live) -> Option<(&'static str, Vec<u8>)> {
        let _ = what;
        None
    }

    /// Notes the status of a response.
    fn answered(&self, status: u16) {
        let _ = status;
    }

    /// False while there are no views at all.
    fn serves(&self) -> bool {
        true
    }
}
