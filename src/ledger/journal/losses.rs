//! The parts of a journal that could not be read.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::segment::Damage;

/// Stretches and gaps that a summary names; the rest it counts.
const NAMED: usize = 3;

/// The lines that a replay could not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losses {
    pub damage: Vec<Damage>,
    /// Positions no line was found for: the first and the last of each gap.
    pub gaps: Vec<(u64, u64)>,
}

impl Losses {
    pub fn is_empty(&self) -> bool {
        self.damage.is_empty() && self.gaps.is_empty()
    }

    /// The first range that the disk did not read, if there is one: other tools may be able to read it.
    pub fn refused(&self) -> Option<&Damage> {
        self.damage.iter().find(|damage| damage.refused)
    }
}

impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let damage = self.damage.iter().map(ToString::to_string);
        let gaps = self.gaps.iter().map(|(first, last)| match first == last {
            true => format!("line {first} is missing"),
            false => format!("lines {first} to {last} are missing"),
        });
        let mut places: Vec<String> = damage.take(NAMED).chain(gaps.take(NAMED)).collect();
        let more = self.damage.len() + self.gaps.len() - places.len();
        if more > 0 {
            places.push(format!("and {more} more such places"));
        }
        f.write_str(&places.join("; "))
    }
}
