//! The regions that border on each other on the map, for the pages of regions.

use crate::model::region::{Region, RegionTable};

/// Each built-in region with its neighbours by land, and for islands those across the strait.
const BORDERS: &[(&str, &str)] = &[
    ("anhui", "jiangsu zhejiang jiangxi hubei henan shandong"),
    ("beijing", "hebei tianjin"),
    ("chongqing", "hubei hunan guizhou sichuan shaanxi"),
    ("fujian", "zhejiang jiangxi guangdong taiwan"),
    ("gansu", "shaanxi ningxia neimenggu xinjiang qinghai sichuan"),
    ("guangdong", "fujian jiangxi hunan guangxi hainan xianggang aomen"),
    ("guangxi", "guangdong hunan guizhou yunnan"),
    ("guizhou", "chongqing hunan guangxi yunnan sichuan"),
    ("hainan", "guangdong"),
    ("hebei", "beijing tianjin liaoning neimenggu shanxi henan shandong"),
    ("heilongjiang", "jilin neimenggu"),
    ("henan", "hebei shanxi shaanxi hubei anhui shandong"),
    ("hubei", "henan anhui jiangxi hunan chongqing shaanxi"),
    ("hunan", "hubei jiangxi guangdong guangxi guizhou chongqing"),
    ("jiangsu", "shandong anhui zhejiang shanghai"),
    ("jiangxi", "hubei anhui zhejiang fujian guangdong hunan"),
    ("jilin", "heilongjiang neimenggu liaoning"),
    ("liaoning", "jilin neimenggu hebei"),
    ("neimenggu", "heilongjiang jilin liaoning hebei shanxi shaanxi ningxia gansu"),
    ("ningxia", "neimenggu shaanxi gansu"),
    ("qinghai", "gansu xinjiang xizang sichuan"),
    ("shaanxi", "neimenggu shanxi henan hubei chongqing sichuan gansu ningxia"),
    ("shandong", "hebei henan anhui jiangsu"),
    ("shanghai", "jiangsu zhejiang"),
    ("shanxi", "hebei henan shaanxi neimenggu"),
    ("sichuan", "qinghai gansu shaanxi chongqing guizhou yunnan xizang"),
    ("taiwan", "fujian"),
    ("tianjin", "beijing hebei"),
    ("xianggang", "guangdong aomen"),
    ("aomen", "guangdong xianggang"),
    ("xinjiang", "gansu qinghai xizang bingtuan"),
    ("bingtuan", "xinjiang"),
    ("xizang", "xinjiang qinghai sichuan yunnan"),
    ("yunnan", "xizang sichuan guizhou guangxi"),
    ("zhejiang", "shanghai jiangsu anhui jiangxi fujian"),
];

/// The neighbours of a region that this instance has.
pub(super) fn of<'a>(regions: &'a RegionTable, id: &str) -> impl Iterator<Item = &'a Region> {
    let named = BORDERS.iter().find(|(region, _)| *region == id).map_or("", |(_, others)| *others);
    named.split(' ').filter_map(|other| regions.get(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_neighbours_and_they_have_it() {
        let regions = RegionTable::builtin();
        for region in regions.iter() {
            let id = region.id.as_str();
            let neighbours: Vec<&str> = of(&regions, id).map(|other| other.id.as_str()).collect();
            assert!(!neighbours.is_empty(), "{id}");
            for other in neighbours {
                assert!(of(&regions, other).any(|back| back.id.as_str() == id), "{id} and {other}");
            }
        }
        assert_eq!(BORDERS.len(), regions.len());
        assert_eq!(of(&regions, "bayern").count(), 0);
    }
}
