//! The integration tests, a module for each suite: `cargo test --test it http::` runs one. They are one binary,
//! because each binary costs a link of the whole crate. Fixtures are in `tests/fixtures`, sample configurations
//! in `tests/config`.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod architecture;
mod config;
mod demo;
mod end_to_end;
mod feeds;
mod fetch;
mod forget;
mod histories;
mod hostile;
mod http;
mod import;
mod kill;
mod lists;
mod log;
mod maintenance;
mod online;
mod pages;
mod probe;
mod regions;
mod reload;
mod search;
mod start;
mod status;
mod stories;
mod support;
mod truncation;
