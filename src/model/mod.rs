//! Plain values: what the other modules hand to each other, and what the journal and the store keep. Nothing here
//! decides, and nothing here names another part of the crate.

pub mod base;
pub mod counts;
pub mod departed;
pub mod entry;
pub mod entry_key;
pub mod evidence;
pub mod exchange;
pub mod feed_key;
pub mod habits;
pub mod hash;
pub mod identity;
pub mod month;
pub mod outcome;
pub mod page_habits;
pub mod poll_state;
pub mod record;
pub mod region;
pub mod search;
pub mod skip;
pub mod source;
pub mod state;
pub mod stored;
pub mod story;
pub mod time;
pub mod turn;
pub mod window;

/// For `skip_serializing_if`.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
