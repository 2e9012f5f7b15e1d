//! Scores the classifier on a file of titles: `cargo run --release --example classify -- FILE.tsv`.
//!
//! Each line is a title, a tab, and the short names of its regions with commas between them, or `-`.
//! Prints every title that is not classified as labelled, with the evidence, then one line of figures,
//! micro-averaged over regions.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use dibao::decide::regions::Classifier;
use dibao::model::evidence::Evidence;
use dibao::model::region::RegionTable;

#[derive(Default)]
struct Score {
    right: usize,
    wrong: usize,
    missed: usize,
    exact: usize,
    titles: usize,
}

fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).context("usage: classify FILE.tsv")?;
    let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
    let table = RegionTable::builtin();
    let classifier = Classifier::new(&table);
    let mut score = Score::default();
    for (number, line) in text.lines().enumerate().filter(|(_, l)| !l.is_empty() && !l.starts_with('#')) {
        let Some((title, labels)) = line.split_once('\t') else {
            bail!("{path}:{}: no tab", number + 1);
        };
        let wanted: BTreeSet<&str> = labels.trim().split(',').filter(|l| !matches!(*l, "-" | "")).collect();
        let evidence = classifier.classify(title, None);
        let found: BTreeSet<&str> =
            evidence.iter().filter_map(|e| table.get(e.region.as_str())).map(|r| r.name.as_str()).collect();
        score.right += found.intersection(&wanted).count();
        score.wrong += found.difference(&wanted).count();
        score.missed += wanted.difference(&found).count();
        score.titles += 1;
        if found == wanted {
            score.exact += 1;
        } else {
            println!("{title}\n  wanted {} found {}", list(&wanted), list(&found));
            print_evidence(&evidence);
        }
    }
    println!("{}", score.line());
    Ok(())
}

fn list(names: &BTreeSet<&str>) -> String {
    if names.is_empty() { "-".to_owned() } else { names.iter().copied().collect::<Vec<_>>().join(",") }
}

fn print_evidence(evidence: &[Evidence]) {
    for e in evidence {
        println!("    {} by {} ({}, {})", e.region, e.text, e.rule, e.place);
    }
}

impl Score {
    fn line(&self) -> String {
        let ratio = |part: usize, whole: usize| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        let precision = ratio(self.right, self.right + self.wrong);
        let recall = ratio(self.right, self.right + self.missed);
        let f1 = if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
        let exact = ratio(self.exact, self.titles);
        let n = self.titles;
        format!("precision={precision:.3} recall={recall:.3} f1={f1:.3} exact={exact:.3} n={n}")
    }
}
