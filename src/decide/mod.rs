//! Every decision, as a function of values: when to poll, what an answer means, who an entry is, where it belongs,
//! what it repeats, what is shown and how long it is kept. Pure: time and random draws are arguments, so each
//! decision can be tested with a table and replayed from the journal to the same bytes.

pub mod answer;
pub mod backoff;
pub mod derive;
pub mod diff;
pub mod follow;
pub mod freshness;
pub mod health;
pub mod identity;
pub mod import;
pub mod outage;
pub mod poll;
pub mod probe;
pub mod publishing;
pub mod regions;
pub mod retention;
pub mod robots;
pub mod rules;
pub mod schedule;
pub mod story;
pub mod turn;
