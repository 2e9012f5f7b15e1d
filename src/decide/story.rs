//! Decides which entries tell the same story. Owns the comparison of two entries, the index of recent entries, and
//! the choice of the story that a new entry joins. Pure and in memory; the publisher decides which member of a
//! story a feed shows.
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
mod members;
mod mentions;
mod numerals;
mod place;
mod postings;
mod same;
mod sample;
mod sketch;
mod subject;
mod text;
mod timeline;
mod title;

pub use index::{Index, Joined, MAX_MEMBERS, MAX_STORIES, NEAREST};
pub use links::{LinkMark, MAX_LINKS};
pub use same::{SameStory, same};
pub use sketch::{Sketch, StoryInput, sketch};
