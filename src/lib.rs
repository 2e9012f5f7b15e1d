//! dibao (邸报) polls regional news sources on schedules, journals and stores their entries, and
//! republishes them as merged, per-province feeds.
//!
//! ```text
//! scheduler ─due─▶ worker: ask (fetch ─▶ read) ─▶ diff ──────▶ recorder
//!                                                               │ group commit
//!                                                            ledger: decide (published ids, stories)
//!                                                               │ append + fsync: the journal (NDJSON in zstd frames)
//!                                                               │ apply: one pure function, one atomic batch
//!                                                            store ─▶ views (rendered when asked for) ─▶ HTTP
//! ```
//!
//! The journal is the record, the store is its index, feeds are views. What the modules are, from the
//! pure to the outermost; each names only those above it:
//!
//! - [`model`]: plain values.
//! - [`read`]: octets to a document.
//! - [`decide`]: every decision, as a function of values. These three are pure: no clock, disk, socket, randomness, async.
//! - [`views`]: stored entries as documents, and documents as bytes. Pure too.
//! - [`ledger`]: the state directory. [`ledger::journal`] is the append-only record, [`ledger::store`] sled as an index
//!   that can always be built again from it.
//! - [`fetch`]: one polite, bounded, conditional HTTP exchange.
//! - [`ask`]: a source to an answer: proxy, robots.txt, request, exchange, body read into a document.
//! - [`serve`]: views over HTTP, commands over the admin socket.
//! - [`config`]: the TOML file to a checked configuration, every fault at once.
//! - [`daemon`]: the parts put together: scheduler, worker, recorder, keeper, publisher.
//! - [`demo`]: publishers of our own on loopback, for `dibao demo` and for tests.
//! - [`command`]: one file a command, with its arguments, its work, its rows and their columns.
//! - [`cli`]: arguments in, exit code out.
//!
//! What always holds:
//!
//! 1. A validator is stored only with, or after, the entries it vouches for are durable.
//! 2. What was withdrawn is never published again.
//! 3. A view's bytes change only if its entries or the configuration change; `updated` is never "now".
//! 4. A line of the journal may be applied twice: the store ends the same.
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
pub mod model;
pub mod read;
pub mod serve;
pub mod views;

#[cfg(test)]
mod testing;
