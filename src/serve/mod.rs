//! The public listener: views over HTTP, read only. It knows nothing of stores or sources; it asks
//! [`Views`] for a path and speaks RFC 9110 about what comes back.

pub mod admin;
mod conditional;
mod routes;

use std::sync::Arc;

use crate::views::page::Page;

pub use routes::public;

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
}
