//! What deciding a new entry's story costs, over stores of 10 thousand and of 1 million entries, and
//! how fast sketches are made. The index is in memory, with the key ranges of the store's.
//!
//! `cargo bench --bench stories`. Filling the larger store takes minutes and about 3 GB.

use std::cell::LazyCell;
use std::hint::black_box;

use chrono::DateTime;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dibao::core::story::{MemoryShelf, Sketch, StoryInput, sketch};

/// Entries that come in a day, a large instance's.
const A_DAY: u64 = 2_000;
const FIRST_DAY: i64 = 1_700_000_000;

/// A small generator of its own: the same world on every run and machine.
struct World {
    state: u64,
}

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

fn sketched(draft: &Draft) -> Sketch {
    sketch(&StoryInput {
        title: &draft.title,
        page: None,
        summary: Some(&draft.summary),
        content: None,
        outlet: &draft.outlet,
        regions: &[],
        named: &[],
        published: DateTime::from_timestamp(draft.at, 0).unwrap_or_default(),
    })
}

/// A store of `stored` entries, and the entries that come next.
fn filled(stored: u64, fresh: u64) -> (MemoryShelf, Vec<Draft>) {
    let mut world = World { state: 7 };
    let mut shelf = MemoryShelf::default();
    let mut coming: Vec<Draft> = Vec::new();
    let mut last: Option<Draft> = None;
    for number in 0..stored + fresh {
        let draft = world.draft(number, last.as_ref());
        if number < stored {
            shelf.place(sketched(&draft));
            last = Some(draft);
        } else {
            coming.push(draft);
        }
    }
    (shelf, coming)
}

fn new_entry(c: &mut Criterion) {
    let mut group = c.benchmark_group("new_entry");
    group.throughput(Throughput::Elements(1));
    for stored in [10_000, 1_000_000] {
        // Filled only if this one is asked for.
        let world = LazyCell::new(|| filled(stored, 2_000));
        group.bench_function(BenchmarkId::new("sketch_and_join", stored), |b| {
            let (shelf, coming) = &*world;
            let mut next = coming.iter().cycle();
            b.iter_batched(
                || next.next().expect("a cycle has no end"),
                |draft| black_box(shelf.find(&sketched(draft))),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn sketching(c: &mut Criterion) {
    let (_, coming) = filled(0, 1_000);
    let mut group = c.benchmark_group("sketch");
    group.throughput(Throughput::Elements(coming.len() as u64));
    group.bench_function("usual_summary", |b| {
        b.iter(|| coming.iter().map(sketched).filter(|s| *s == *black_box(s)).count());
    });
    group.finish();
}

criterion_group!(benches, sketching, new_entry);
criterion_main!(benches);
