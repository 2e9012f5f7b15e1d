//! Documents about the daemon itself: they change with every moment, so they are made for each request and not kept by
//! caches.

use super::pool::Pool;
use super::response::{self, Response};
use crate::views::html::lang::Tongue;

/// A document about the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    /// The status for people.
    Page(Tongue),
    Json,
    /// For Prometheus.
    Metrics,
}

impl Live {
    pub(super) fn at(path: &str, tongue: Tongue) -> Option<Self> {
        match path {
            "status" => Some(Self::Page(tongue)),
            "status.json" => Some(Self::Json),
            "metrics" => Some(Self::Metrics),
            _ => None,
        }
    }
}

/// The document at a path.
pub(super) async fn show(pool: &Pool, what: Live, path: &str) -> Response {
    match pool.run(path, move |views| views.live(what)).await {
        Ok(Some((media_type, bytes))) => {
            let mut response = response::live(media_type, bytes);
            if matches!(what, Live::Page(_)) {
                response::protect(response.headers_mut());
            }
            response
        }
        Ok(None) => response::missing(),
        Err(why) => response::failed(why),
    }
}
