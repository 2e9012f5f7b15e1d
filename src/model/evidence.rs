//! The classifier's evidence for a region: the text that named it, the place of that text, and the rule.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::region::RegionId;

/// The evidence that a text belongs to one region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub region: RegionId,
    /// The text that named it, as it was written; empty where the source is fixed to the region.
    pub text: String,
    pub place: Place,
    pub rule: Rule,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    Title,
    /// In the dateline at the start of the summary.
    Dateline,
    /// Not in the text: the source is fixed to the region.
    Source,
    /// In the text, by a pattern of the config.
    Rule,
    /// Not in the text: the publisher gave the region's code.
    Code,
    /// Not in the text: the operator said so of this entry.
    Operator,
}

/// The kind of name that gave the evidence. The names are stored and shown: they are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The short or full name of a region: `河南`, `河南省`.
    Province,
    /// The full name of a prefecture: `安阳市`.
    Prefecture,
    /// The short name of a prefecture: `安阳`.
    PrefectureShort,
    /// The full name of a county: `和静县`.
    County,
    /// The short name of a county: `舟曲`.
    CountyShort,
    /// A division or city of 兵团: `石河子`.
    Bingtuan,
    /// An abbreviation where it means a place: `援鄂`, `津台`.
    Abbreviation,
    /// A name for several regions: `京津冀`.
    Group,
    /// A place, institution or event that is in one region beyond doubt: `鄱阳湖`.
    Landmark,
    /// A sports club that is known without its city, in a sports title: `鲁能`.
    Club,
    /// A name or alias of a region of the config.
    Alias,
    /// The source is fixed to the region.
    Fixed,
    /// A pattern of the config forces the region.
    Pattern,
    Code,
    /// The operator assigned the entry to the region.
    Assigned,
}

impl Rule {
    /// The stable name, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Prefecture => "prefecture",
            Self::PrefectureShort => "prefecture-short",
            Self::County => "county",
            Self::CountyShort => "county-short",
            Self::Bingtuan => "bingtuan",
            Self::Abbreviation => "abbreviation",
            Self::Group => "group",
            Self::Landmark => "landmark",
            Self::Club => "club",
            Self::Alias => "alias",
            Self::Fixed => "fixed",
            Self::Pattern => "pattern",
            Self::Code => "code",
            Self::Assigned => "assigned",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Place {
    /// The stable name, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Dateline => "dateline",
            Self::Source => "source",
            Self::Rule => "rule",
            Self::Code => "code",
            Self::Operator => "operator",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
