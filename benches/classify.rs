//! Measures the classifier: titles a second on one core, and the time to build it.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dibao::decide::regions::Classifier;
use dibao::model::region::RegionTable;

fn classify(c: &mut Criterion) {
    let titles: Vec<&str> = include_str!("../tests/fixtures/regions/own.tsv")
        .lines()
        .filter_map(|line| line.split('\t').next())
        .collect();
    let classifier = Classifier::new(&RegionTable::builtin());
    let mut group = c.benchmark_group("regions");
    group.throughput(Throughput::Elements(titles.len() as u64));
    group.bench_function("classify titles", |b| {
        b.iter(|| titles.iter().map(|t| classifier.classify(black_box(t), None).len()).sum::<usize>());
    });
    group.throughput(Throughput::Elements(1));
    group.sample_size(20);
    group.bench_function("build the classifier", |b| {
        b.iter(|| Classifier::new(black_box(&RegionTable::builtin())));
    });
    group.finish();
}

criterion_group!(benches, classify);
criterion_main!(benches);
