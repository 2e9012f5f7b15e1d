//! Measures a sketch, the search for an entry's story, and the filing of the entry, in a full index: with mostly
//! unrelated news, and in the worst case, with reports made from a few templates. Also prints the index's octets
//! for each entry.
//!
//! `cargo bench --bench stories`.

use std::cell::LazyCell;
use std::hint::black_box;

use chrono::DateTime;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dibao::decide::story::{Index, Sketch, StoryInput, sketch};

/// Entries kept with their sketches.
const FILED: u64 = 100_000;
/// Entries that come in a day, a large instance's.
const A_DAY: u64 = 33_000;
const FIRST_DAY: i64 = 1_700_000_000;

/// A small generator of its own: the same world on every run and machine.
struct World {
    state: u64,
}

#[derive(Default)]
struct Draft {
    title: String,
    summary: String,
    outlet: String,
    at: i64,
}

impl World {
    fn draw(&mut self, below: u64) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % below
    }

    /// A word of two characters; few are common and many are rare, as in a language.
    fn word(&mut self, text: &mut String) {
        let ceiling = 1 + self.draw(6_000);
        let rank = self.draw(ceiling);
        for part in [rank / 80, 100 + rank % 80] {
            text.extend(char::from_u32(0x4e00 + part as u32 * 7));
        }
    }

    fn words(&mut self, count: u64) -> String {
        let mut text = String::new();
        for n in 1..=count {
            self.word(&mut text);
            if n % 6 == 0 {
                text.push('，');
            }
        }
        text
    }

    /// Words of the text and words of its own.
    fn headline(&mut self, summary: &str) -> String {
        let from = self.draw(40) as usize;
        let told: String = summary.chars().filter(|c| *c != '，').skip(from).take(10).collect();
        told + &self.words(4)
    }

    /// One entry in eight is a bulletin filled in from one of 40 forms, one in ten tells again what the
    /// one before told; the rest are alone.
    fn draft(&mut self, number: u64, last: Option<&Draft>) -> Draft {
        let at = FIRST_DAY + (number * 86_400 / A_DAY) as i64;
        let outlet = format!("outlet {}", self.draw(300));
        if let Some(last) = last.filter(|_| number % 10 == 3) {
            let summary = format!("{}{}", last.summary, self.words(6));
            return Draft { title: self.headline(&summary), summary, outlet, at };
        }
        if number % 8 == 5 {
            let mut form = Self { state: self.draw(40) };
            let (title, text) = (form.words(7), form.words(40));
            let figures = (self.draw(10_000), self.draw(10_000));
            let summary = format!("{text}{}例{}例，{}", figures.0, figures.1, self.words(8));
            return Draft { title: format!("{}{title}", self.words(1)), summary, outlet, at };
        }
        let summary = self.words(60);
        Draft { title: self.headline(&summary), summary, outlet, at }
    }
}

/// Reports filled in from six clauses about some hundreds of subjects: their keys are shared by thousands.
struct Templates {
    draws: World,
}

const CLAUSES: [&str; 6] = [
    "据当地有关部门介绍，今年以来围绕T工作，坚持统筹推进、分类施策",
    "记者在现场看到，R各级干部深入一线，V相关项目",
    "下一步，R将继续在T领域发力，E",
    "业内人士认为，T的V将带动上下游企业协同发展",
    "截至目前，累计投入资金N万元，惠及群众M人次",
    "同时，R还建立了常态化机制，E",
];

impl Templates {
    fn name(&mut self, kind: u64, of: u64, length: u64) -> String {
        let mut letters = World { state: kind * 1000 + self.draws.draw(of) };
        (0..length).filter_map(|_| char::from_u32(0x4e00 + letters.draw(3000) as u32)).collect()
    }

    fn draft(&mut self, number: u64) -> Draft {
        let (region, topic, verb) = (self.name(1, 31, 2), self.name(2, 30, 2), self.name(3, 20, 2));
        let tail = self.name(4, 10, 7);
        let (n, m) = (self.draws.draw(99_999).to_string(), self.draws.draw(999_999).to_string());
        let filled = |clause: &str| {
            let parts = [('R', &region), ('T', &topic), ('V', &verb), ('E', &tail), ('N', &n), ('M', &m)];
            parts.iter().fold(clause.to_owned(), |text, (mark, part)| text.replace(*mark, part)) + "。"
        };
        let clauses = 2 + self.draws.draw(4);
        let summary = (0..clauses).map(|_| filled(CLAUSES[self.draws.draw(6) as usize])).collect();
        let title = format!("{region}{verb}{topic}工作：{tail}（{}）", self.draws.draw(10_000));
        let at = FIRST_DAY + self.draws.draw(62 * 3600) as i64;
        Draft { title, summary, outlet: format!("outlet {}", number / 100), at }
    }
}

fn sketched(draft: &Draft, number: u64) -> Sketch {
    sketch(&StoryInput {
        title: &draft.title,
        page: Some(&format!("http://news.example.com/2026/11-23/{number}.shtml")),
        summary: Some(&draft.summary),
        content: None,
        outlet: &draft.outlet,
        regions: &[],
        named: &[],
        published: DateTime::from_timestamp(draft.at, 0).unwrap_or_default(),
    })
}

/// An index that is full, and where it stands.
struct Full {
    index: Index,
    coming: Vec<Sketch>,
    next: u64,
}

impl Full {
    /// Fills it with the first of these, and prints what it takes.
    fn of(name: &str, mut drafts: impl FnMut(u64) -> Draft) -> Self {
        let empty = Index::new(1).octets();
        let mut full = Self { index: Index::new(FILED as usize), coming: Vec::new(), next: 0 };
        let mut found = 0;
        for number in 0..FILED {
            found += u32::from(full.place(&sketched(&drafts(number), number)));
        }
        full.coming = (FILED..FILED + 30_000).map(|number| sketched(&drafts(number), number)).collect();
        let octets = (full.index.octets() - empty) / full.index.len();
        println!("{name}: {octets} octets an entry, {found} of {FILED} joined a story");
        full
    }

    /// Finds an entry's story, files the entry, and returns true if it joined one.
    fn place(&mut self, sketch: &Sketch) -> bool {
        let joined = self.index.find(sketch);
        self.index.file(self.next, joined.map_or(self.next, |joined| joined.founder), sketch);
        self.next += 1;
        joined.is_some()
    }
}

fn filling(c: &mut Criterion, name: &str, drafts: impl FnMut(u64) -> Draft) {
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(1));
    // Filled only if this one is asked for.
    let full = LazyCell::new(|| std::cell::RefCell::new(Full::of(name, drafts)));
    let mut next = 0;
    group.bench_function("find", |b| {
        let full = full.borrow();
        b.iter(|| {
            next = (next + 1) % full.coming.len();
            black_box(full.index.find(&full.coming[next]))
        });
    });
    group.bench_function("find_and_file", |b| {
        let mut full = full.borrow_mut();
        let coming = std::mem::take(&mut full.coming);
        b.iter(|| {
            next = (next + 1) % coming.len();
            full.place(&coming[next])
        });
        full.coming = coming;
    });
    group.finish();
}

fn variety(c: &mut Criterion) {
    let mut world = World { state: 7 };
    let mut last: Option<Draft> = None;
    filling(c, "variety_100000_filed", move |number| {
        let draft = world.draft(number, last.take().as_ref());
        last = Some(Draft { title: draft.title.clone(), summary: draft.summary.clone(), ..Draft::default() });
        draft
    });
}

fn templates(c: &mut Criterion) {
    let mut templates = Templates { draws: World { state: 7 } };
    filling(c, "templates_100000_filed", move |number| templates.draft(number));
}

fn sketching(c: &mut Criterion) {
    let mut world = World { state: 7 };
    let drafts: Vec<Draft> = (0..1000).map(|number| world.draft(number, None)).collect();
    let long = drafts.chunks(10).map(|ten| Draft {
        title: ten[0].title.clone(),
        summary: ten.iter().map(|draft| draft.summary.as_str()).collect(),
        ..Draft::default()
    });
    let long: Vec<Draft> = long.collect();
    let mut group = c.benchmark_group("sketch");
    for (name, drafts) in [("summary_of_120_letters", &drafts), ("text_of_600_letters", &long)] {
        group.throughput(Throughput::Elements(drafts.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| drafts.iter().map(|draft| sketched(draft, 1)).filter(|s| *s == *black_box(s)).count());
        });
    }
    group.finish();
}

criterion_group!(benches, sketching, variety, templates);
criterion_main!(benches);
