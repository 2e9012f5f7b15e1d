//! The rules that stored entries are derived under: regions, the classifier, today's definitions of the
//! sources and their renames. Their fingerprint tells a store derived under other rules.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::decide::regions::{Classifier, RegionPattern};
use crate::model::evidence::{Evidence, Place, Rule};
use crate::model::hash::hex16;
use crate::model::region::{RegionId, RegionTable};
use crate::model::source::{SourceDef, SourceId};

/// The scheme of a category whose term begins with a GB/T 2260 code: warnings and gazettes say by it
/// where they hold, better than any text does.
pub const CODE_SCHEME: &str = "urn:gb2260";

/// The version of what is derived from a line besides regions. Raise it when `ledger::apply`
/// gives another state for the same journal: stores of before are then built anew.
const DERIVATION: u8 = 4;

/// Everything `apply` depends on besides the journal.
pub struct Rules {
    /// Finds regions in texts.
    pub classifier: Classifier,
    /// The config's own patterns.
    pub patterns: Vec<RegionPattern>,
    /// Over the regions, the classifier's version and the patterns. Definitions of sources have their
    /// own: adding a source must not derive a whole store anew.
    pub fingerprint: String,
    definitions: BTreeMap<SourceId, SourceDef>,
    renames: BTreeMap<SourceId, SourceId>,
    regions: Vec<RegionId>,
    /// The first two digits of a region's code, which all codes within it share.
    codes: BTreeMap<u32, RegionId>,
}

impl Rules {
    /// The rules of a configuration; `renames` lead from an old source id to today's.
    #[must_use]
    pub fn new(
        table: &RegionTable,
        patterns: Vec<RegionPattern>,
        definitions: impl IntoIterator<Item = SourceDef>,
        renames: impl IntoIterator<Item = (SourceId, SourceId)>,
    ) -> Self {
        let definitions: BTreeMap<_, _> = definitions.into_iter().map(|def| (def.id.clone(), def)).collect();
        let renames: BTreeMap<_, _> = renames.into_iter().collect();
        let fingerprint = fingerprint(table, &patterns, &renames);
        let regions = table.iter().map(|region| region.id.clone()).collect();
        let code = |code: u32| code / 10_000;
        let codes = table.iter().filter_map(|r| Some((code(r.code?), r.id.clone()))).collect();
        Self {
            classifier: Classifier::new(table),
            patterns,
            fingerprint,
            definitions,
            renames,
            regions,
            codes,
        }
    }

    /// The region of a text that begins with a GB/T 2260 code of six digits, as `41010041600000_2026…`.
    #[must_use]
    pub fn coded(&self, text: &str) -> Option<Evidence> {
        let digits = text.get(..6).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
        let region = self.codes.get(&digits[..2].parse().ok()?)?.clone();
        Some(Evidence { region, text: digits.to_owned(), place: Place::Code, rule: Rule::Code })
    }

    /// Today's id of a source that may have been renamed.
    #[must_use]
    pub fn current_id<'a>(&'a self, id: &'a SourceId) -> &'a SourceId {
        self.renames.get(id).unwrap_or(id)
    }

    /// The regions an entry can be in.
    pub fn regions(&self) -> impl Iterator<Item = &RegionId> {
        self.regions.iter()
    }

    /// Today's definition of a source, if it is in the config.
    #[must_use]
    pub fn definition(&self, id: &SourceId) -> Option<&SourceDef> {
        self.definitions.get(id)
    }

    /// Today's definitions, by id.
    pub fn definitions(&self) -> impl Iterator<Item = &SourceDef> {
        self.definitions.values()
    }
}

fn fingerprint(
    table: &RegionTable,
    patterns: &[RegionPattern],
    renames: &BTreeMap<SourceId, SourceId>,
) -> String {
    let mut hash = Sha256::new();
    hash.update(Classifier::RULES_VERSION.to_be_bytes());
    hash.update([DERIVATION]);
    for region in table.iter() {
        hash.update(format!("{region:?}\n"));
    }
    for pattern in patterns {
        hash.update(format!("{pattern:?}\n"));
    }
    for (old, new) in renames {
        hash.update(format!("{old} {new}\n"));
    }
    hex16(&hash.finalize())
}
