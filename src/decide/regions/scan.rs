//! Scans a folded title once: the names in it, those that count, and the abbreviations between them.

use super::Classifier;
use super::abbreviation::{self, Char};
use super::around::Around;
use super::gazetteer::Meaning;
use super::guard::{Guard, NameUse};
use super::work;
use crate::model::evidence::Rule;

/// A region and the bytes of the text that name it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finding {
    pub(super) region: u16,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) rule: Rule,
    /// True if something has its name from there: it counts where nothing else does.
    pub(super) origin: bool,
}

/// A name that stands in the text and took its characters.
#[derive(Clone, Copy, Debug)]
struct Taken<'c> {
    from: usize,
    to: usize,
    /// Bytes of the name itself.
    len: usize,
    /// None if something else bears the name.
    meaning: Option<&'c Meaning>,
    /// [`Finding::origin`].
    origin: bool,
}

/// Words of a title about sport. Clubs that are known without their city count beside one of them.
const SPORT: [&str; 48] = [
    "中超",
    "中甲",
    "中乙",
    "足协",
    "足球",
    "联赛",
    "亚冠",
    "cba",
    "男篮",
    "女篮",
    "篮球",
    "wcba",
    "男排",
    "女排",
    "排超",
    "主场",
    "客场",
    "主帅",
    "外援",
    "球迷",
    "球员",
    "球队",
    "转会",
    "续约",
    "中卫",
    "后卫",
    "前锋",
    "中场",
    "门将",
    "进球",
    "战平",
    "击败",
    "不敌",
    "逆转",
    "赛季",
    "俱乐部",
    "国脚",
    "教练",
    "德比",
    "补时",
    "绝杀",
    "点球",
    "首发",
    "自由身",
    "大胜",
    "完胜",
    "争冠",
    "保级",
];

impl Classifier {
    /// What a folded text names, in order of appearance.
    pub(super) fn scan(&self, text: &str) -> Vec<Finding> {
        let taken = self.names(text);
        let mut found: Vec<Finding> = Vec::new();
        for name in &taken {
            let Some(meaning) = name.meaning.filter(|m| m.guard != Guard::Prefer) else { continue };
            let Some(rule) = meaning.rule else { continue };
            let regions = meaning.regions.iter();
            let (from, to, origin) = (name.from, name.from + name.len, name.origin);
            found.extend(regions.map(|&region| Finding { region, from, to, rule, origin }));
        }
        self.add_abbreviations(text, &taken, &mut found);
        add_preferred(&taken, &mut found);
        // What is known for its origin is where the title says that it is.
        if found.iter().any(|f| !f.origin) {
            found.retain(|f| !f.origin);
        }
        found.sort_by_key(|f| f.from);
        found
    }

    /// The names that count and the stop words, from left to right, none over another. At each place the
    /// longest that its guard admits wins; a name that is refused leaves its characters to the others.
    fn names(&self, text: &str) -> Vec<Taken<'_>> {
        let mut all: Vec<(usize, usize, usize)> = self
            .automaton
            .find_overlapping_iter(text)
            .map(|m| (m.start(), m.end(), m.pattern().as_usize()))
            .collect();
        all.sort_unstable_by_key(|&(from, to, _)| (from, usize::MAX - to));
        let (works, branches) = (work::works(text), work::has_branches(text));
        let mut sport = None;
        let mut taken: Vec<Taken<'_>> = Vec::new();
        for (at, &(from, to, pattern)) in all.iter().enumerate() {
            let last = taken.last();
            if last.is_some_and(|t| t.to > from) {
                continue;
            }
            let meaning = &self.meanings[pattern];
            if meaning.rule == Some(Rule::CountyShort) && self.runs_into_larger(&all[at + 1..], to) {
                continue;
            }
            let named = |at: usize, only: fn(Rule) -> bool| {
                let rule = |pattern: usize| self.meanings[pattern].rule;
                let first = all.partition_point(|&(from, ..)| from < at);
                let here = all[first..].iter().take_while(|(from, ..)| *from == at);
                here.map(|&(.., pattern)| rule(pattern)).any(|rule| rule.is_some_and(only))
            };
            if works.iter().any(|work| work.contains(&from)) {
                taken.push(Taken { from, to, len: to - from, meaning: None, origin: false });
                continue;
            }
            let before = last.filter(|t| t.to == from);
            let place = before.and_then(|t| t.meaning);
            let around = Around {
                name: &text[from..to],
                before: &text[..from],
                after: &text[to..],
                follows_place: place.is_some_and(|m| m.rule.is_some()),
                follows_other_region: place.is_some_and(|m| is_elsewhere(m, meaning)),
                follows_word: before.is_some(),
            };
            let about_sport =
                meaning.guard == Guard::Sport && *sport.get_or_insert_with(|| is_about_sport(text));
            let branch = branches
                && meaning.rule.is_some()
                && work::is_branch(&text[to..], |at| named(to + at, is_division));
            let verdict = match meaning.guard.judge(around, text, named(to, |_| true), about_sport) {
                NameUse::Counts if branch => NameUse::Origin(0),
                verdict => verdict,
            };
            let (len, own) = (to - from, Some(meaning));
            match verdict {
                NameUse::Counts => taken.push(Taken { from, to, len, meaning: own, origin: false }),
                NameUse::Origin(more) => {
                    taken.push(Taken { from, to: to + more, len, meaning: own, origin: true });
                }
                NameUse::Swallowed => taken.push(Taken { from, to, len, meaning: None, origin: false }),
                NameUse::Refused => {}
            }
        }
        taken
    }

    /// True if a province or prefecture begins inside a name that ends at `end`, and goes on after it:
    /// 网上杭州 is not 上杭, 从江西 not 从江. Looks no further than the names that begin inside.
    fn runs_into_larger(&self, later: &[(usize, usize, usize)], end: usize) -> bool {
        later.iter().take_while(|(from, ..)| *from < end).any(|&(_, to, pattern)| {
            let rule = self.meanings[pattern].rule;
            to > end && matches!(rule, Some(Rule::Province | Rule::Prefecture | Rule::PrefectureShort))
        })
    }

    fn add_abbreviations(&self, text: &str, taken: &[Taken<'_>], found: &mut Vec<Finding>) {
        let chars = chars(text, taken);
        let byte = |index: usize| chars.get(index).map_or(text.len(), |c| c.at);
        for letter in abbreviation::find(&chars) {
            if let Some(&region) = self.builtin.get(letter.region) {
                let (from, to) = (byte(letter.from), byte(letter.to));
                found.push(Finding { region, from, to, rule: Rule::Abbreviation, origin: false });
            }
        }
    }
}

fn is_division(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::Province | Rule::Prefecture | Rule::PrefectureShort | Rule::County | Rule::CountyShort
    )
}

/// True if the first is a division, and none of its regions is one of the second's.
fn is_elsewhere(place: &Meaning, other: &Meaning) -> bool {
    place.rule.is_some_and(is_division) && !place.regions.iter().any(|region| other.regions.contains(region))
}

/// Shared names mean the first of their regions, unless another of them is named.
fn add_preferred(taken: &[Taken<'_>], found: &mut Vec<Finding>) {
    for name in taken {
        let Some(meaning) = name.meaning.filter(|m| m.guard == Guard::Prefer) else { continue };
        let named = found.iter().any(|f| meaning.regions.contains(&f.region));
        if let (false, Some(&region), Some(rule)) = (named, meaning.regions.first(), meaning.rule) {
            let (from, to, origin) = (name.from, name.from + name.len, name.origin);
            found.push(Finding { region, from, to, rule, origin });
        }
    }
}

fn chars(text: &str, taken: &[Taken<'_>]) -> Vec<Char> {
    let mut names = taken.iter().peekable();
    text.char_indices()
        .map(|(at, char)| {
            while names.next_if(|t| t.to <= at).is_some() {}
            Char { at, char, taken: names.peek().is_some_and(|t| t.from <= at) }
        })
        .collect()
}

fn is_about_sport(text: &str) -> bool {
    SPORT.iter().any(|word| text.contains(word))
}
