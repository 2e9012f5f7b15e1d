//! The same news told twice: decides which entries tell one story. Owns what makes two entries the
//! same, the keys a store files them under, and which story a new one joins. Pure: the store behind it
//! is a [`Shelf`]; which member a feed shows is not decided here.
//!
//! An entry becomes a [`Sketch`]; [`index_keys`] files it, [`join`] looks a new one up through
//! [`lookups`] and compares it with what it finds. The cost of an entry does not depend on how many
//! are stored, and the result only on what was filed before it.

mod fold;
mod hash;
mod join;
mod keys;
mod memory;
mod mentions;
mod place;
mod same;
mod sample;
mod sketch;
mod subject;
mod text;
mod title;

pub use join::{Joined, MAX_MEMBERS, MAX_STORIES, NEAREST, Shelf, join};
pub use keys::{KEY_LEN, Lookup, MAX_KEYS, StoryKey, index_keys, lookups};
pub use memory::MemoryShelf;
pub use same::{Reason, same};
pub use sketch::{Sketch, StoryInput, VERSION, sketch};
