//! The rules by which `apply` derives stored entries: regions, the classifier, the sources' present
//! definitions and their renames. The fingerprint shows if a store was derived by other rules.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::decide::regions::{Classifier, RegionPattern};
use crate::model::evidence::{Evidence, Place, Rule};
use crate::model::hash::hex16;
use crate::model::region::{RegionId, RegionTable};
use crate::model::source::{SourceDef, SourceId};

/// The scheme of a category whose term begins with a GB/T 2260 code. Warnings and gazettes name their area
/// by it, more reliably than by their text.
pub const CODE_SCHEME: &str = "urn:gb2260";

/// The version of the derivation apart from regions. Raise it when `ledger::apply` gives another state for
/// the same journal: dibao then rebuilds older stores.
const DERIVATION: u8 = 5;

/// Everything that `apply` depends on besides the journal.
pub struct Rules {
    pub classifier: Classifier,
    /// The `[[rule]]` patterns of the config.
    pub patterns: Vec<RegionPattern>,
    /// Covers the regions, the classifier's version, the patterns and the renames, but not the sources'
    /// definitions: a new source must not cause a rebuild of the store.
    pub fingerprint: String,
    definitions: BTreeMap<SourceId, SourceDef>,
    renames: BTreeMap<SourceId, SourceId>,
    regions: Vec<RegionId>,
    /// By the first two digits of a region's code, which all codes within it share.
    codes: BTreeMap<u32, RegionId>,
}

impl Rules {
    /// `renames` map an old source id to the present one.
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

    /// The region of a text that begins with a GB/T 2260 code of six digits, such as `41010041600000_2026…`.
    pub fn coded(&self, text: &str) -> Option<Evidence> {
        let digits = text.get(..6).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
        let region = self.codes.get(&digits[..2].parse().ok()?)?.clone();
        Some(Evidence { region, text: digits.to_owned(), place: Place::Code, rule: Rule::Code })
    }

    /// The present id of a source that may have been renamed.
    pub fn current_id<'a>(&'a self, id: &'a SourceId) -> &'a SourceId {
        self.renames.get(id).unwrap_or(id)
    }

    pub fn regions(&self) -> impl Iterator<Item = &RegionId> {
        self.regions.iter()
    }

    /// The definition of a source; `None` if the config does not have it.
    pub fn definition(&self, id: &SourceId) -> Option<&SourceDef> {
        self.definitions.get(id)
    }

    /// In the order of ids.
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
