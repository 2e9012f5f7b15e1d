//! The evidence for or against matching an entry with a known one, as it is recorded and shown.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One piece of evidence, as it stands in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vote {
    SameGuid,
    OtherGuid,
    SameAddress,
    KinAddress,
    OtherAddress,
    SameTitle,
    LikeTitle,
    NextTitle,
    OtherTitle,
    SameDate,
    SameDay,
    OtherDate,
    SameText,
    LikeText(u8),
    OtherText,
}

impl fmt::Display for Vote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SameGuid => "same guid",
            Self::OtherGuid => "other guid",
            Self::SameAddress => "same address",
            Self::KinAddress => "other address with the same numbers",
            Self::OtherAddress => "other address",
            Self::SameTitle => "same title",
            Self::LikeTitle => "title alike",
            Self::NextTitle => "title with other numbers",
            Self::OtherTitle => "other title",
            Self::SameDate => "same date",
            Self::SameDay => "same day",
            Self::OtherDate => "other date",
            Self::SameText => "same text",
            Self::LikeText(share) => return write!(f, "text {share} % alike"),
            Self::OtherText => "other text",
        })
    }
}
