//! dibao (邸报) polls regional news sources on schedules, journals and stores their entries, and republishes
//! them as merged Atom feeds, one a province.
//!
//! ```text
//!             ask                         decide                    ledger                       show
//! scheduler ─due─▶ worker: proxy, robots, ─▶ poll, identity, diff, ─▶ journal (append + fsync), ─▶ views ─▶ HTTP,
//!                  fetch, read               follow, regions, story    then store (apply)           files, WebSub
//! ```
//!
//! The journal is the record, the store is an index of it, and feeds are views of the store.
//!
//! The modules, from the purest outwards. A module names only modules above it; `tests/it/architecture.rs`
//! checks that.
//!
//! Pure, without clock, disk, socket, randomness or async:
//!
//! - [`model`]: the plain values: source, entry, region, poll state, record, state.
//! - [`read`]: turns octets into a document: charsets, markup, dates, feeds, pages, JSON.
//! - [`decide`]: makes every decision: when to poll, the outcome of a poll, an entry's identity, regions, stories, retention.
//! - [`views`]: turns stored entries into documents, and documents into bytes, one file a format.
//!
//! With input and output:
//!
//! - [`config`]: turns the TOML files into a checked configuration, and reports all faults at once.
//! - [`log`]: writes the log to stderr, as text or JSON.
//! - [`ledger`]: owns the state directory: [`ledger::journal`] appends and replays, [`ledger::store`] is sled as an
//!   index that dibao can always rebuild from the journal.
//! - [`fetch`]: makes one polite, bounded, conditional HTTP exchange.
//! - [`ask`]: asks a source and returns an answer: proxy, robots.txt, fetch, read. A poll, `dibao check --online` and
//!   `dibao probe` all use it.
//! - [`search`]: a cache beside the store, that finds entries by their words; tantivy is its index.
//! - [`serve`]: answers HTTP requests from views, and commands on the admin socket. Changes nothing.
//! - [`daemon`]: runs everything: scheduler, worker, recorder, renderer, keeper, outlets. [`daemon::run`] is the
//!   way from configuration to exit.
//! - [`demo`]: serves invented newspapers on loopback, for `dibao demo` and for tests.
//! - [`command`]: one file a command: its arguments, its work, its rows and their columns.
//! - [`cli`]: turns arguments into a command, and its rows into text or JSON.
//!
//! Invariants:
//!
//! 1. dibao stores a validator only with the entries it vouches for, or after they are durable.
//! 2. After a tombstone an entry is never published again.
//! 3. A view's bytes change only if its entries or the configuration change; `updated` is the newest entry's time,
//!    never "now".
//! 4. `apply` may run twice on a line of the journal: the store ends the same.
//! 5. Every task is bounded: bodies, redirects, entries, queues, time, memory.

pub mod ask;
pub mod cli;
pub mod command;
pub mod config;
pub mod daemon;
pub mod decide;
pub mod demo;
pub mod fetch;
pub mod ledger;
pub mod log;
pub mod model;
pub mod read;
pub mod search;
pub mod serve;
pub mod views;

#[cfg(test)]
mod testing;
