//! The places two entries name, and whether they can be places of one piece of news.

use serde::{Deserialize, Serialize};

use super::{fold, hash};
use crate::core::regions::{Evidence, Rule};

/// Characters of a name that are kept; the longest Chinese division has fewer.
const NAME: usize = 16;
/// What a full name ends with and a short one does not.
const LEVELS: [char; 6] = ['市', '县', '区', '州', '盟', '旗'];

/// A place in a region, or a region as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Hash of the region's id.
    pub(super) region: u32,
    /// The name of a place within it, folded and short; empty for the region.
    pub(super) name: String,
}

impl Place {
    /// The place that a piece of evidence speaks of.
    pub(super) fn of(evidence: &Evidence) -> Self {
        let within = matches!(
            evidence.rule,
            Rule::Prefecture | Rule::PrefectureShort | Rule::County | Rule::CountyShort | Rule::Bingtuan
        );
        let name = if within { short(&evidence.text) } else { String::new() };
        Self { region: region(evidence.region.as_str()), name }
    }

    /// Whether one may lie in the other. A county of a city cannot be told from its neighbour here, so
    /// two names within a region are for the texts to settle.
    fn related(&self, other: &Self) -> bool {
        self.region == other.region
            && (self.name.is_empty() || other.name.is_empty() || self.name == other.name)
    }
}

/// The hash that stands for a region.
pub(super) fn region(id: &str) -> u32 {
    hash::of_text(id) as u32
}

fn short(name: &str) -> String {
    let mut name = fold::fold(name, NAME);
    // 沙市, 泽州: two characters are a name as they stand.
    if name.len() > 2 && name.last().is_some_and(|c| LEVELS.contains(c)) {
        name.pop();
    }
    name.into_iter().collect()
}

/// How the places that two texts name stand to one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// One names none, or a place of one is or holds a place of the other.
    Fits,
    /// No place of one is in a region of the other.
    OtherRegion,
    /// They share a region, and in it each names another place.
    OtherName,
}

/// Compares two sets of places.
pub(super) fn compare(a: &[Place], b: &[Place]) -> Relation {
    let any = |test: fn(&Place, &Place) -> bool| a.iter().any(|x| b.iter().any(|y| test(x, y)));
    if a.is_empty() || b.is_empty() || any(Place::related) {
        Relation::Fits
    } else if any(|x, y| x.region == y.region) {
        Relation::OtherName
    } else {
        Relation::OtherRegion
    }
}

/// Whether both name the same places.
pub(super) fn equal(a: &[Place], b: &[Place]) -> bool {
    a.iter().all(|p| b.contains(p)) && b.iter().all(|p| a.contains(p))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::region::RegionId;
    use crate::core::regions;

    fn places(named: &[(&str, &str, Rule)]) -> Vec<Place> {
        let evidence = |&(id, text, rule): &(&str, &str, Rule)| Evidence {
            region: RegionId::new(id),
            text: text.to_owned(),
            place: regions::Place::Title,
            rule,
        };
        named.iter().map(evidence).map(|e| Place::of(&e)).collect()
    }

    #[test]
    fn places_fit_unless_each_names_another() {
        const HENAN: (&str, &str, Rule) = ("henan", "河南省", Rule::Province);
        const ZHENGZHOU: (&str, &str, Rule) = ("henan", "郑州市", Rule::Prefecture);
        const ZHENGZHOU_SHORT: (&str, &str, Rule) = ("henan", "鄭州", Rule::PrefectureShort);
        const LUOYANG: (&str, &str, Rule) = ("henan", "洛阳", Rule::PrefectureShort);
        const HUBEI: (&str, &str, Rule) = ("hubei", "湖北", Rule::Province);
        type Case = (
            &'static str,
            &'static [(&'static str, &'static str, Rule)],
            &'static [(&'static str, &'static str, Rule)],
            Relation,
        );
        let cases: [Case; 6] = [
            ("a city and its region", &[HENAN], &[ZHENGZHOU], Relation::Fits),
            ("full and short name", &[ZHENGZHOU], &[ZHENGZHOU_SHORT], Relation::Fits),
            ("two cities of a region", &[ZHENGZHOU], &[LUOYANG], Relation::OtherName),
            ("two regions", &[HENAN], &[HUBEI], Relation::OtherRegion),
            ("one in common is enough", &[HUBEI, LUOYANG], &[HUBEI, ZHENGZHOU], Relation::Fits),
            ("nothing named", &[], &[HUBEI], Relation::Fits),
        ];
        for (name, a, b, want) in cases {
            assert_eq!(compare(&places(a), &places(b)), want, "{name}");
            assert_eq!(compare(&places(b), &places(a)), want, "{name}, the other way");
        }
    }
}
