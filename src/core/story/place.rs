//! The places two entries name, and whether they can be places of one piece of news.

use serde::{Deserialize, Serialize};

use super::{fold, hash};
use crate::core::region::RegionId;
use crate::core::regions::{Evidence, Rule};

/// Characters of a name that are kept; the longest Chinese division has fewer.
const NAME: usize = 16;
/// What a full name ends with and a short one does not.
const LEVELS: [char; 7] = ['省', '市', '县', '区', '州', '盟', '旗'];

/// A place in a region, or a region as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Hash of the region's id.
    pub(super) region: u32,
    /// Whether it is the region itself, not a place within it.
    whole: bool,
    /// What it was called, folded and short; empty where the source alone says which region it is.
    pub(super) name: String,
}

impl Place {
    /// The place that a piece of evidence speaks of.
    pub(super) fn of(evidence: &Evidence) -> Self {
        let within = matches!(
            evidence.rule,
            Rule::Prefecture | Rule::PrefectureShort | Rule::County | Rule::CountyShort | Rule::Bingtuan
        );
        Self { region: region(evidence.region.as_str()), whole: !within, name: short(&evidence.text) }
    }

    /// The region an entry was published for.
    pub(super) fn published_for(id: &RegionId) -> Self {
        Self { region: region(id.as_str()), whole: true, name: String::new() }
    }

    /// Whether one may lie in the other. A county cannot be told from a neighbour of its city here.
    fn related(&self, other: &Self) -> bool {
        self.region == other.region && (self.whole || other.whole || self.name == other.name)
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

/// Whether each text names places, and no place of one may be or hold one of the other.
pub(super) fn apart(a: &[Place], b: &[Place]) -> bool {
    !a.is_empty() && !b.is_empty() && !a.iter().any(|x| b.iter().any(|y| x.related(y)))
}

/// Whether both name the same places.
pub(super) fn equal(a: &[Place], b: &[Place]) -> bool {
    let within = |a: &[Place], b: &[Place]| {
        a.iter().all(|x| {
            b.iter().any(|y| x.region == y.region && x.whole == y.whole && (x.whole || x.name == y.name))
        })
    };
    within(a, b) && within(b, a)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::regions;

    fn place(id: &str, text: &str, rule: Rule) -> Place {
        let place = regions::Place::Title;
        Place::of(&Evidence { region: RegionId::new(id), text: text.to_owned(), place, rule })
    }

    #[test]
    fn places_are_apart_if_each_text_names_another() {
        let henan = place("henan", "河南省", Rule::Province);
        let zhengzhou = place("henan", "郑州市", Rule::Prefecture);
        let traditional = place("henan", "鄭州", Rule::PrefectureShort);
        let luoyang = place("henan", "洛阳", Rule::PrefectureShort);
        let hubei = place("hubei", "湖北", Rule::Province);
        let ours = Place::published_for(&RegionId::new("henan"));
        let cases = [
            ("a city and its region", vec![&henan], vec![&zhengzhou], false),
            ("full and short name, in both scripts", vec![&zhengzhou], vec![&traditional], false),
            ("two cities of a region", vec![&zhengzhou], vec![&luoyang], true),
            ("two regions", vec![&henan], vec![&hubei], true),
            ("one in common is enough", vec![&hubei, &luoyang], vec![&hubei, &zhengzhou], false),
            ("nothing named", vec![], vec![&hubei], false),
            ("the region it was published for", vec![&ours], vec![&luoyang], false),
        ];
        let owned = |places: &[&Place]| places.iter().copied().cloned().collect::<Vec<_>>();
        for (name, a, b, want) in cases {
            assert_eq!(apart(&owned(&a), &owned(&b)), want, "{name}");
            assert_eq!(apart(&owned(&b), &owned(&a)), want, "{name}, the other way");
        }
    }
}
