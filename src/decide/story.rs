//! The same news told twice: decides which entries tell one story. Owns what makes two entries the
//! same, the index of the entries filed last, and which story a new one joins. Pure and in memory only;
//! which member a feed shows is not decided here.
//!
//! A worker makes a [`Sketch`] of an entry. Before an entry is recorded, [`Index::find`] looks up its
//! story; once it is recorded, [`Index::file`] files it. The cost of an entry does not depend on how many
//! are filed, and the result only on what was filed before it.

mod copy;
mod filed;
pub(super) mod hash;
mod index;
mod keys;
mod letter;
mod links;
mod marks;
mod mentions;
mod numerals;
mod place;
mod postings;
mod same;
mod sample;
mod sketch;
mod stories;
mod subject;
mod text;
mod timeline;
mod title;

pub use index::{Index, Joined, MAX_MEMBERS, MAX_STORIES, NEAREST};
pub use links::{LinkMark, MAX_LINKS};
pub use same::{SameStory, same};
pub use sketch::{Sketch, StoryInput, sketch};
