//! The pure core: bytes and values in, values out.
//!
//! Nothing below this module reads a clock, a socket, a disk or an environment variable, draws
//! randomness, or awaits. Time and randomness are arguments, so every decision can be tested with a
//! table and replayed from the journal to the same bytes.

pub mod backoff;
pub mod base;
pub mod bound;
pub mod date;
pub mod decode;
pub mod derive;
pub mod diff;
pub mod entry;
pub mod exchange;
pub mod feed;
pub mod follow;
pub mod freshness;
pub mod habits;
pub mod html;
pub mod identity;
pub(crate) mod json;
pub mod left;
pub mod link;
pub mod month;
pub mod outcome;
pub mod page;
pub mod poll;
pub mod probe;
pub mod publishing;
pub mod record;
pub mod region;
pub mod regions;
pub mod retention;
pub mod robots;
pub mod rules;
pub mod schedule;
pub mod source;
pub mod state;
pub mod story;
pub mod text;
pub mod time;
pub mod window;
