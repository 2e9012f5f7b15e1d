//! Reads publishers' documents: octets in, a document out. Pure: no clock, disk, socket, randomness, async. Reading
//! never panics on any document, and ends within a stated number of steps.

pub mod bound;
pub mod date;
pub mod decode;
pub mod feed;
pub mod html;
pub(crate) mod json;
pub mod link;
pub mod page;
pub mod subscriptions;
pub mod text;
