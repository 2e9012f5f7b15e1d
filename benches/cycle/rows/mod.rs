//! The rows of the table, by what they need.

pub(crate) mod cycle;
pub(crate) mod fresh;
pub(crate) mod large;
pub(crate) mod serve;
