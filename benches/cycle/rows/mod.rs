//! The rows of the table, grouped by the setup that they need.

pub(crate) mod cycle;
pub(crate) mod fresh;
pub(crate) mod large;
pub(crate) mod serve;
