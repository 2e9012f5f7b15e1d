//! How an entry stands in the story index: one row for all its keys of one era, and one for its link.
//!
//! A row a key would be eighteen rows an entry, each on a page of its own: most of what a store of news
//! would write, and of the room it would take. An era is read as a whole anyway (see `recent.rs`).

use super::{StoreError, key, value};
use crate::core::state::EntryNo;
use crate::core::story::StoryKey;

/// An entry as a row of an era has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filing {
    pub(super) no: EntryNo,
    /// Who founded its story.
    pub(super) founder: EntryNo,
    /// When it was published, in minutes since 1970.
    pub(super) minute: u32,
    /// [`StoryKey::stem`] of each key.
    pub(super) stems: Vec<u64>,
}

/// The rows of an entry under these keys.
pub(super) fn rows(no: EntryNo, founder: EntryNo, keys: &[StoryKey]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let founder = founder.to_be_bytes().to_vec();
    let mut rows = Vec::with_capacity(2);
    let mut of_era: Option<(Vec<u8>, Vec<u8>)> = None;
    for story in keys {
        match story.era() {
            None => rows.push((key::filed(story, no), founder.clone())),
            Some(era) => {
                // The keys of an entry are all of one minute, and so of one era.
                let head = || [founder.as_slice(), &story.minute().to_be_bytes()].concat();
                let (_, value) = of_era.get_or_insert_with(|| (key::filing(era, no), head()));
                value.extend(story.stem().to_be_bytes());
            }
        }
    }
    rows.extend(of_era);
    rows
}

/// Reads a row of an era.
pub(super) fn read(key: &[u8], row: &[u8]) -> Result<Filing, StoreError> {
    let damaged = || value::damaged(key, "it is no row of the story index");
    let (founder, rest) = row.split_first_chunk::<8>().ok_or_else(damaged)?;
    let (minute, stems) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
    let (stems, []) = stems.as_chunks::<8>() else { return Err(damaged()) };
    Ok(Filing {
        no: key::filing_no(key)?,
        founder: EntryNo::from_be_bytes(*founder),
        minute: u32::from_be_bytes(*minute),
        stems: stems.iter().map(|stem| u64::from_be_bytes(*stem)).collect(),
    })
}
