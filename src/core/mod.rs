//! The pure core: bytes and values in, values out.
//!
//! Nothing below this module reads a clock, a socket, a disk or an environment variable, draws
//! randomness, or awaits. Time and randomness are arguments, so every decision can be tested with a
//! table and replayed from the journal to the same bytes.

pub mod date;
pub mod decode;
pub mod entry;
pub mod feed;
pub mod html;
pub mod link;
pub mod region;
pub mod source;
pub mod text;
pub mod time;
