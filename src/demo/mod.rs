//! Publishers of our own on loopback: the news world of `dibao demo`, and what tests poll. Nothing
//! here polls, stores or reads a config.

pub mod publisher;
pub mod script;
pub mod world;
