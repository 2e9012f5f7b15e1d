//! dibao polls regional news sources, stores their entries and republishes merged per-province feeds.
pub mod cli;
pub mod config;
pub mod core;
pub mod daemon;
pub mod demo;
pub mod fetch;
pub mod journal;
pub mod serve;
pub mod store;
pub mod views;

#[cfg(test)]
mod testing;
