//! The index against a plain reference: every filed entry looked at, every candidate judged in full.

use std::collections::BTreeSet;

use chrono::DateTime;

use super::*;
use crate::decide::story::hash::mix;
use crate::decide::story::keys::Stem;
use crate::decide::story::{StoryInput, same, sketch};

struct Draws(u64);

impl Draws {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 += 1;
        mix(self.0) % limit
    }

    /// Reports filled in from few forms, so that keys are shared by many and texts are near or just not.
    fn report(&mut self) -> Sketch {
        const PLACES: [&str; 4] = ["青川", "北川", "南川", "山城"];
        const TOPICS: [&str; 4] = ["新校舍", "滨河大桥", "冷链港口", "老旧电梯"];
        let (place, topic) = (PLACES[self.below(4) as usize], TOPICS[self.below(4) as usize]);
        let clauses = [
            "据当地有关部门今天上午介绍".to_owned(),
            format!("今年以来围绕{topic}工作坚持统筹推进分类施策"),
            format!("{place}各级干部深入一线推动相关项目按期完成"),
            format!("业内人士普遍认为{topic}将带动上下游企业协同发展"),
            format!("截至目前已经累计投入资金{}万元", self.below(3)),
            "下一步还将建立常态化机制并在年底前公布结果".to_owned(),
        ];
        let first = self.below(3) as usize;
        let text: String =
            clauses.iter().skip(first).filter(|_| self.below(5) != 0).flat_map(|c| [c, "，"]).collect();
        let title =
            format!("{place}{topic}今天{}", ["启用", "开工建设并预计年底完成"][self.below(2) as usize]);
        let page = format!("https://example.com/{}.html", self.below(12));
        sketch(&StoryInput {
            title: &title,
            page: (self.below(3) == 0).then_some(&page),
            summary: Some(&text),
            content: None,
            outlet: ["甲报", "乙报", "丙网"][self.below(3) as usize],
            regions: &[],
            named: &[],
            published: DateTime::from_timestamp(1_700_000_000 + 3600 * self.below(240) as i64, 0)
                .expect("an instant"),
        })
    }
}

fn titled(title: &str) -> Sketch {
    let published = DateTime::from_timestamp(1_700_000_000, 0).expect("an instant");
    let (regions, named) = (&[], &[]);
    let (page, summary, content) = (None, None, None);
    sketch(&StoryInput { title, page, summary, content, outlet: "", regions, named, published })
}

/// In the order of filing.
#[derive(Default)]
struct Reference(Vec<(u64, u64, Sketch)>);

impl Reference {
    fn candidates(&self, new: &Sketch, stem: Stem) -> Vec<u64> {
        let reach = if link_stem(new.head.link) == Some(stem) { LINK_MINUTES } else { WINDOW_MINUTES };
        let minute = |at: &usize| self.0[*at].2.head.minute;
        let mut under: Vec<usize> =
            (0..self.0.len()).filter(|at| self.0[*at].2.stems.contains(&stem)).collect();
        under.retain(|at| minute(at).abs_diff(new.head.minute) <= reach);
        under.sort_by_key(minute);
        let (before, after): (Vec<usize>, Vec<usize>) =
            under.into_iter().partition(|at| minute(at) <= new.head.minute);
        let near = before.iter().rev().take(NEAREST).chain(after.iter().take(NEAREST));
        near.map(|at| self.0[*at].1).collect()
    }

    /// The entry that a copy was found of is filed, under that story, and is one.
    fn has_copy(&self, new: &Sketch, found: Joined) -> bool {
        let of = |no: u64| self.0.iter().find(|entry| entry.0 == no && entry.1 == found.founder);
        let verdict = found.copy_of.and_then(of).and_then(|entry| same(new, &entry.2));
        verdict.is_some_and(|verdict| verdict.copy && verdict.reason == found.reason)
    }

    /// The answer where no copy goes before.
    fn find(&self, new: &Sketch) -> Option<Joined> {
        let stories: BTreeSet<u64> = new.stems.iter().flat_map(|stem| self.candidates(new, *stem)).collect();
        let mut set = GramSet::new();
        set.flip(new.view().text());
        let probe = Probe::new(new.view(), &set);
        let (mut first, mut second) = (None, None);
        for founder in stories {
            let mut members: Vec<_> = self.0.iter().filter(|entry| entry.1 == founder).collect();
            members.sort_by_key(|entry| entry.0 != founder);
            members.truncate(MAX_MEMBERS);
            let verdicts: Vec<_> = members.iter().map(|entry| probe.judge(entry.2.view())).collect();
            let alike = verdicts.iter().flatten().count();
            let belongs = verdicts[0].is_some() || alike * 2 >= members.len();
            let Some(verdict) = verdicts.iter().flatten().next().filter(|_| belongs) else { continue };
            let joined = Joined { founder, reason: verdict.reason, copy_of: None };
            let place = if verdict.agrees { &mut first } else { &mut second };
            *place = place.or(Some(joined));
        }
        first.or(second)
    }
}

#[test]
fn answers_are_those_of_a_plain_scan_with_full_judgements() {
    let (mut joined, mut none, mut copied) = (0, 0, 0);
    for seed in 0..60 {
        let mut draws = Draws(seed << 32);
        let (mut index, mut reference) = (Index::new(30), Reference::default());
        for no in 0..150 {
            let new = draws.report();
            let found = index.find(&new);
            let want = reference.find(&new);
            let by_mark = new.link_mark().and_then(|mark| index.links.find(&mark));
            if by_mark.is_none() {
                let copy = found.filter(|found| found.copy_of.is_some());
                match copy {
                    Some(found) => {
                        assert!(reference.has_copy(&new, found), "seed {seed}, entry {no}: {found:?}");
                    }
                    None => assert_eq!(found, want, "seed {seed}, entry {no}"),
                }
            }
            *if found.is_some() { &mut joined } else { &mut none } += 1;
            copied += usize::from(found.is_some_and(|joined| joined.copy_of.is_some()));
            let founder = found.map_or(no, |joined| joined.founder);
            index.file(no, founder, &new);
            reference.0.push((no, founder, new));
            if reference.0.len() > 30 {
                reference.0.remove(0);
            }
            let one = draws.below(reference.0.len() as u64) as usize;
            match draws.below(20) {
                0 => {
                    index.remove(reference.0[one].0);
                    reference.0.remove(one);
                }
                1 => {
                    let (no, founder, sketch) = &reference.0[one];
                    index.file(*no, *founder, sketch);
                }
                _ => {}
            }
            assert_eq!(index.len(), reference.0.len());
        }
    }
    assert!(joined > 1000 && none > 1000 && copied > 100, "{joined} {none} {copied}");
}

#[test]
fn a_quick_rejection_is_never_wrong() {
    let mut draws = Draws(7);
    let reports: Vec<Sketch> = (0..400).map(|_| draws.report()).collect();
    let (mut matched, mut rejected, mut copied) = (0, 0, 0);
    for new in &reports[..100] {
        let mut set = GramSet::new();
        set.flip(new.view().text());
        let probe = Probe::new(new.view(), &set);
        for old in &reports {
            let (may, verdict) = (probe.may_match(old.view()), probe.judge(old.view()));
            assert!(may || verdict.is_none(), "{new:?} {old:?}");
            let copies = verdict.is_some_and(|verdict| verdict.copy);
            assert!(probe.may_be_copy(old.view()) || !copies, "{new:?} {old:?}");
            copied += usize::from(copies);
            matched += usize::from(verdict.is_some());
            rejected += usize::from(!may);
        }
    }
    assert!(matched > 1000 && rejected > 10_000 && copied > 100, "{matched} {rejected} {copied}");
}

#[test]
fn many_are_filed_in_any_order_as_one_after_the_other() {
    let mut draws = Draws(3);
    let all: Vec<(u64, u64, Sketch)> =
        (0..500).map(|no| (no, if no % 7 == 3 { no - 3 } else { no }, draws.report())).collect();
    let (mut one, mut many) = (Index::new(400), Index::new(400));
    all.iter().for_each(|(no, founder, sketch)| one.file(*no, *founder, sketch));
    let mut shuffled = all;
    shuffled.sort_by_key(|(no, _, _)| mix(*no));
    many.file_all(shuffled);
    assert_eq!((one.len(), many.len()), (400, 400));
    for _ in 0..200 {
        let new = draws.report();
        assert_eq!(one.find(&new), many.find(&new));
    }
}

#[test]
fn entries_with_numbers_out_of_order_are_filed_and_leave() {
    let mut draws = Draws(11);
    let mut index = Index::new(20);
    let told = draws.report();
    for no in (0..200).map(|n| if n % 3 == 0 { 1000 - n } else { 1000 + n }) {
        index.file(no, no, &told);
        assert!(index.find(&told).is_some());
        index.remove(no);
        assert_eq!(index.find(&told), None, "{no}");
        index.file(no, 5, &told);
        assert_eq!(index.find(&told).map(|joined| joined.founder), Some(5), "{no}");
        let other: String = (0..12)
            .map(|at| char::from_u32(0x4e00 + mix(no << 8 | at) as u32 % 9000).expect("a letter"))
            .collect();
        index.file(no, no, &titled(&other));
    }
    assert_eq!(index.len(), 20);
}
