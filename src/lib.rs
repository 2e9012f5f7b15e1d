//! dibao polls regional news sources, stores their entries and republishes merged per-province feeds.
pub mod core;
pub mod demo;
pub mod fetch;
