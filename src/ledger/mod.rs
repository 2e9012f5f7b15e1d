//! The state directory: the journal, the store that indexes it, and how lines of the one are applied to the other.

pub mod apply;
pub mod journal;
pub mod store;
