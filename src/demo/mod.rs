//! Publishers on loopback: the news world of `dibao demo`, and the publishers that tests poll. Nothing here polls,
//! stores or reads a configuration.

pub mod publisher;
pub mod script;
pub mod world;
