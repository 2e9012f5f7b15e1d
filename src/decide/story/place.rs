//! The places that two entries name, and the check if one piece of news can be in both.

use super::hash;
use super::letter::{self, Letter, char_of};
use crate::model::evidence::{Evidence, Rule};
use crate::model::region::RegionId;

/// Characters of a name that are kept; the longest Chinese division has fewer.
const NAME: usize = 16;
/// The last character of a full name, which a short name lacks.
const LEVELS: [char; 7] = ['省', '市', '县', '区', '州', '盟', '旗'];

/// A place in a region, or a region as a whole.
#[derive(Clone, Debug)]
pub(super) struct NamedPlace {
    region: u32,
    /// True for the region itself, not a place within it.
    whole: bool,
    /// Its name, folded and short; empty where the source alone says which region it is.
    name: Vec<Letter>,
}

impl NamedPlace {
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
        Self { region: region(id.as_str()), whole: true, name: Vec::new() }
    }

    /// Appends it to the words of a sketch: the region, a flag and the length of the name, the name.
    pub(super) fn write(&self, words: &mut Vec<u16>) {
        words.extend([self.region as u16, (self.region >> 16) as u16]);
        words.push((u16::from(self.whole) << 8) | self.name.len() as u16);
        words.extend(&self.name);
    }
}

/// A place as the words of a sketch have it.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    region: u32,
    whole: bool,
    pub(super) name: &'a [Letter],
}

impl Named<'_> {
    /// True if one may lie in the other. A county cannot be told from a neighbour of its city here.
    fn related(self, other: Named<'_>) -> bool {
        self.region == other.region && (self.whole || other.whole || self.name == other.name)
    }

    fn equals(self, other: Named<'_>) -> bool {
        self.region == other.region && self.whole == other.whole && (self.whole || self.name == other.name)
    }
}

#[derive(Clone, Copy, Default)]
pub(super) struct Places<'a> {
    words: &'a [u16],
    left: usize,
}

impl<'a> Places<'a> {
    /// The first `count` places that stand in `words`.
    pub(super) fn new(words: &'a [u16], count: usize) -> Self {
        Self { words, left: count }
    }

    /// The words behind these places.
    pub(super) fn rest(mut self) -> &'a [u16] {
        while self.next().is_some() {}
        self.words
    }

    pub(super) fn is_empty(self) -> bool {
        self.left == 0
    }
}

impl<'a> Iterator for Places<'a> {
    type Item = Named<'a>;

    fn next(&mut self) -> Option<Named<'a>> {
        self.left = self.left.checked_sub(1)?;
        let [low, high, kind, rest @ ..] = self.words else { return None };
        let (name, rest) = rest.split_at_checked(usize::from(kind & 0xff))?;
        self.words = rest;
        let region = (u32::from(*high) << 16) | u32::from(*low);
        Some(Named { region, whole: kind >> 8 != 0, name })
    }
}

/// The hash that stands for a region.
pub(super) fn region(id: &str) -> u32 {
    hash::of_text(id) as u32
}

fn short(name: &str) -> Vec<Letter> {
    let mut name = letter::fold(name, NAME);
    // 沙市, 泽州: two characters are a name as they stand.
    if name.len() > 2 && name.last().is_some_and(|c| LEVELS.contains(&char_of(*c))) {
        name.pop();
    }
    name
}

/// True if each text names places, and no place of one may be or hold one of the other.
pub(super) fn apart<'a, 'b>(
    a: impl Iterator<Item = Named<'a>> + Clone,
    b: impl Iterator<Item = Named<'b>> + Clone,
) -> bool {
    let named = a.clone().next().is_some() && b.clone().next().is_some();
    named && !a.into_iter().any(|x| b.clone().any(|y| x.related(y)))
}

/// True if both name the same places.
pub(super) fn equal(a: Places<'_>, b: Places<'_>) -> bool {
    let within = |a: Places<'_>, b: Places<'_>| a.into_iter().all(|x| b.into_iter().any(|y| x.equals(y)));
    within(a, b) && within(b, a)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::evidence;

    fn place(id: &str, text: &str, rule: Rule) -> NamedPlace {
        let place = evidence::Place::Title;
        NamedPlace::of(&Evidence { region: RegionId::new(id), text: text.to_owned(), place, rule })
    }

    #[test]
    fn places_are_apart_if_each_text_names_another() {
        let henan = place("henan", "河南省", Rule::Province);
        let zhengzhou = place("henan", "郑州市", Rule::Prefecture);
        let traditional = place("henan", "鄭州", Rule::PrefectureShort);
        let luoyang = place("henan", "洛阳", Rule::PrefectureShort);
        let hubei = place("hubei", "湖北", Rule::Province);
        let ours = NamedPlace::published_for(&RegionId::new("henan"));
        let cases = [
            ("a city and its region", vec![&henan], vec![&zhengzhou], false),
            ("full and short name, in both scripts", vec![&zhengzhou], vec![&traditional], false),
            ("two cities of a region", vec![&zhengzhou], vec![&luoyang], true),
            ("two regions", vec![&henan], vec![&hubei], true),
            ("one in common is enough", vec![&hubei, &luoyang], vec![&hubei, &zhengzhou], false),
            ("nothing named", vec![], vec![&hubei], false),
            ("the region it was published for", vec![&ours], vec![&luoyang], false),
        ];
        let written = |places: &[&NamedPlace]| {
            let mut words = Vec::new();
            places.iter().for_each(|place| place.write(&mut words));
            words
        };
        for (name, a, b, want) in cases {
            let (of_a, of_b) = (written(&a), written(&b));
            let (a, b) = (Places::new(&of_a, a.len()), Places::new(&of_b, b.len()));
            assert_eq!(apart(a, b), want, "{name}");
            assert_eq!(apart(b, a), want, "{name}, the other way");
            assert!(equal(a, a) && a.rest().is_empty());
        }
    }
}
