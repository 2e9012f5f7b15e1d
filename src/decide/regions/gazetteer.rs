//! The names of places and their meanings, read once from the two data files and the table of regions.
//!
//! Owns the reading of the data, and which meaning wins where a name has several. When a name counts
//! is `guard`'s business.

use std::collections::HashMap;

use super::guard::Guard;
use super::spelling::Folder;
use crate::model::evidence::Rule;
use crate::model::region::{Region, RegionTable};

const DIVISIONS: &str = include_str!("divisions.tsv");
const NAMES: &str = include_str!("names.tsv");

#[derive(Clone, Debug)]
pub(super) struct Meaning {
    /// Its regions, as places in the table's order; empty for a stop word.
    pub(super) regions: Box<[u16]>,
    /// The rule that the evidence names; none for a stop word.
    pub(super) rule: Option<Rule>,
    pub(super) guard: Guard,
}

/// Every name once, folded, with its meaning.
#[derive(Debug, Default)]
pub(super) struct Gazetteer {
    names: HashMap<String, Meaning>,
    /// Short names of divisions that one region alone has, for datelines, where nothing but a place stands.
    pub(super) places: HashMap<String, u16>,
    /// The built-in regions that the config left alone, by id.
    pub(super) builtin: HashMap<String, u16>,
}

impl Gazetteer {
    pub(super) fn new(table: &RegionTable, folder: &Folder) -> Self {
        let known = BuiltinNames::new(table);
        let mut gazetteer = Self::default();
        gazetteer.add_regions(table, &known, folder);
        gazetteer.add_names(&known);
        gazetteer.add_divisions(&known);
        gazetteer.builtin = known.by_slug.iter().map(|(&slug, &at)| (slug.to_owned(), at)).collect();
        gazetteer
    }

    /// The names with their meanings, in an order that does not depend on the hash.
    pub(super) fn into_sorted(self) -> Vec<(String, Meaning)> {
        let mut names: Vec<_> = self.names.into_iter().collect();
        names.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        names
    }

    /// The region table's own names come first: what a config says about a name wins.
    fn add_regions(&mut self, table: &RegionTable, known: &BuiltinNames<'_>, folder: &Folder) {
        for (at, region) in (0u16..).zip(table.iter()) {
            let builtin = known.get(region.id.as_str()).is_some();
            let rule = if builtin { Rule::Province } else { Rule::Alias };
            for name in [&region.full_name, &region.name] {
                self.add_own_name(&folder.fold(name), at, rule);
            }
            for name in &region.aliases {
                self.add_own_name(&folder.fold(name), at, Rule::Alias);
            }
        }
    }

    fn add_own_name(&mut self, name: &str, at: u16, rule: Rule) {
        let name = name.trim();
        if name.is_empty() {
            return;
        }
        let guard = match name {
            "兵团" => Guard::Corps,
            _ if name.chars().any(char::is_lowercase) => Guard::Word,
            _ => Guard::Place,
        };
        self.names
            .entry(name.to_owned())
            .and_modify(|m| {
                if !m.regions.contains(&at) {
                    m.regions = m.regions.iter().copied().chain([at]).collect();
                }
            })
            .or_insert_with(|| Meaning { regions: [at].into(), rule: Some(rule), guard });
    }

    fn add_names(&mut self, known: &BuiltinNames<'_>) {
        for line in rows(NAMES) {
            let mut columns = line.split('\t');
            let (Some(kind), Some(slugs), Some(names)) = (columns.next(), columns.next(), columns.next())
            else {
                continue;
            };
            let (rule, guard) = meaning_of(kind);
            let regions: Box<[u16]> = slugs.split(',').filter_map(|slug| known.get(slug)).collect();
            let wanted = if slugs == "-" { 0 } else { slugs.split(',').count() };
            // A name whose regions a config has replaced is not ours to explain any more.
            if regions.is_empty() && wanted > 0 {
                continue;
            }
            for name in names.split(' ') {
                let meaning = Meaning { regions: regions.clone(), rule, guard };
                self.names.entry(name.to_owned()).or_insert(meaning);
            }
        }
    }

    fn add_divisions(&mut self, known: &BuiltinNames<'_>) {
        let mut full: HashMap<&str, Vec<u16>> = HashMap::new();
        let mut short: HashMap<&str, Vec<u16>> = HashMap::new();
        let mut rules: Vec<(&str, Rule)> = Vec::new();
        for line in rows(DIVISIONS) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [level, code, _, name] = columns[..] else { continue };
            let rule = match level {
                "2" => Rule::Prefecture,
                "3" => Rule::County,
                _ => continue,
            };
            let Some(region) = known.of_code(code) else { continue };
            push_new(full.entry(name).or_default(), region);
            push_new(short.entry(shorten(name)).or_default(), region);
            rules.push((name, rule));
        }
        for (name, rule) in rules {
            // A full name that several regions have is undecided, but still keeps its characters.
            let (regions, rule) = match &full[name][..] {
                &[one] => (Box::from([one]), Some(rule)),
                _ => (Box::default(), None),
            };
            let guard = full_guard(name);
            self.names.entry(name.to_owned()).or_insert(Meaning { regions, rule, guard });
        }
        for (name, regions) in short {
            if let [one] = regions[..] {
                self.places.insert(name.to_owned(), one);
            }
        }
    }
}

/// The built-in regions that the config has left as they are: those the gazetteer speaks of.
struct BuiltinNames<'a> {
    by_slug: HashMap<&'a str, u16>,
    by_code: HashMap<u32, u16>,
}

impl<'a> BuiltinNames<'a> {
    fn new(table: &'a RegionTable) -> Self {
        let builtin = RegionTable::builtin();
        let same = |r: &Region| {
            builtin.get(r.id.as_str()).is_some_and(|b| b.name == r.name && b.full_name == r.full_name)
        };
        let mut known = Self { by_slug: HashMap::new(), by_code: HashMap::new() };
        for (at, region) in (0u16..).zip(table.iter()).filter(|(_, r)| same(r)) {
            known.by_slug.insert(region.id.as_str(), at);
            if let Some(code) = builtin.get(region.id.as_str()).and_then(|b| b.code) {
                known.by_code.insert(code / 10_000, at);
            }
        }
        known
    }

    fn get(&self, slug: &str) -> Option<u16> {
        self.by_slug.get(slug).copied()
    }

    /// The region of a six-digit code: its first two digits name the province.
    fn of_code(&self, code: &str) -> Option<u16> {
        let code: u32 = code.parse().ok()?;
        self.by_code.get(&(code / 10_000)).copied()
    }
}

fn rows(data: &'static str) -> impl Iterator<Item = &'static str> {
    data.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn push_new(list: &mut Vec<u16>, region: u16) {
    if !list.contains(&region) {
        list.push(region);
    }
}

/// The short name of a division; for the autonomous ones, whose short names drop the peoples' names too,
/// `names.tsv` has them.
fn shorten(name: &str) -> &str {
    let short = name.trim_end_matches(['省', '市', '县', '区', '旗', '盟']);
    if short.chars().count() < 2 { name } else { short.trim_end_matches("地") }
}

/// Full names of two characters (新县, 高县) are also the border of two words; the others only have to
/// end where they seem to.
fn full_guard(name: &str) -> Guard {
    if name.chars().count() <= 2 { Guard::Boundary } else { Guard::Full }
}

fn meaning_of(kind: &str) -> (Option<Rule>, Guard) {
    let (rule, guard) = match kind {
        "province" => (Rule::Province, Guard::Place),
        "prefecture" => (Rule::Prefecture, Guard::Place),
        "prefecture-short" => (Rule::PrefectureShort, Guard::Place),
        "prefecture-person" => (Rule::PrefectureShort, Guard::Person),
        "prefecture-weak" => (Rule::PrefectureShort, Guard::Boundary),
        "county" => (Rule::County, Guard::Full),
        "county-short" => (Rule::CountyShort, Guard::Person),
        "county-weak" => (Rule::CountyShort, Guard::Boundary),
        "prefer" => (Rule::PrefectureShort, Guard::Prefer),
        "bingtuan" => (Rule::Bingtuan, Guard::None),
        "landmark" => (Rule::Landmark, Guard::Sight),
        "landmark-bare" => (Rule::Landmark, Guard::Bare),
        "club" => (Rule::Club, Guard::Sport),
        "line" => (Rule::Group, Guard::Line),
        "straits" => (Rule::Group, Guard::Straits),
        "group" => (Rule::Group, Guard::None),
        "full-never" => return (None, Guard::Full),
        _ => return (None, Guard::None),
    };
    (Some(rule), guard)
}

/// The lines of `names.tsv`, for the tests.
#[cfg(test)]
pub(super) fn rows_of_names() -> impl Iterator<Item = &'static str> {
    rows(NAMES)
}

/// The kinds of `names.tsv`, for the test that no line has a misspelt one.
#[cfg(test)]
pub(super) const KINDS: [&str; 18] = [
    "province", "prefecture", "prefecture-short", "prefecture-person", "prefecture-weak", "county",
    "county-short", "county-weak", "prefer", "full-never", "bingtuan", "landmark", "landmark-bare", "club",
    "line", "straits", "group", "stop",
];
