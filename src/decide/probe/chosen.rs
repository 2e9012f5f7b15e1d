//! What the readers of a list and of an article took and left, as a report shows it: a tree of the candidates, and the
//! `[source.page]` table of their selectors.

use std::fmt::Write;

use serde::Serialize;

use super::suggest::quoted;
use crate::read::page::{ArticleProposal, Candidate, Css, Explained, ListProposal, Part};

/// The parts of the pages that an address gave.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Chosen {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<Explained>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<Explained>,
}

impl Chosen {
    /// The tree of each page under a heading, as lines.
    pub fn trees(&self) -> Vec<Vec<String>> {
        let headed = |heading: &str, explained: &Explained| {
            let mut lines = vec![heading.to_owned()];
            lines.extend(tree(&explained.candidates));
            lines.extend((explained.more > 0).then(|| format!("and {} smaller ones", explained.more)));
            lines
        };
        let list = self.list.iter().map(|list| headed("the list: ✓ taken, ✗ left", list));
        list.chain(self.article.iter().map(|article| headed("the article: ✓ taken, ✗ left", article)))
            .collect()
    }
}

#[derive(Default)]
struct Branch<'a> {
    label: String,
    inner: Vec<Branch<'a>>,
    here: Vec<&'a Candidate>,
}

fn tree(candidates: &[Candidate]) -> Vec<String> {
    let mut root = Branch::default();
    for candidate in candidates {
        let mut branch = &mut root;
        let nowhere = ["(no element: in the head or the address)".to_owned()];
        let path = if candidate.path.is_empty() { &nowhere[..] } else { &candidate.path[..] };
        for label in path {
            let at = branch.inner.iter().position(|inner| inner.label == *label);
            let at = at.unwrap_or_else(|| {
                branch.inner.push(Branch { label: label.clone(), ..Branch::default() });
                branch.inner.len() - 1
            });
            branch = &mut branch.inner[at];
        }
        branch.here.push(candidate);
    }
    let mut lines = Vec::new();
    write_inner(&root, "", &mut lines);
    lines
}

/// Writes the branches below one. A path has at most nine elements, so this calls itself nine times at most.
fn write_inner(branch: &Branch<'_>, before: &str, lines: &mut Vec<String>) {
    for (n, inner) in branch.inner.iter().enumerate() {
        let is_last = n + 1 == branch.inner.len();
        let (mut shown, mut label) = (inner, inner.label.clone());
        while let ([only], []) = (shown.inner.as_slice(), shown.here.as_slice()) {
            (shown, label) = (only, format!("{label} > {}", only.label));
        }
        lines.push(format!("{before}{} {label}", if is_last { "└" } else { "├" }));
        let before = format!("{before}{} ", if is_last { " " } else { "│" });
        let below = format!("{before}{} ", if shown.inner.is_empty() { " " } else { "│" });
        for candidate in &shown.here {
            write_candidate(candidate, &below, lines);
        }
        write_inner(shown, &before, lines);
    }
}

fn write_candidate(candidate: &Candidate, before: &str, lines: &mut Vec<String>) {
    let mark = if candidate.taken { "✓" } else { "✗" };
    let what = match (candidate.part, candidate.rows, candidate.score) {
        (Part::Rows, Some(rows), _) => {
            let plural = if rows == 1 { "" } else { "s" };
            format!("{rows} row{plural}, {} with a date", candidate.dated.unwrap_or_default())
        }
        (part, _, Some(score)) if score > 0 => format!("{}, score {score}", name(part)),
        (part, ..) => name(part).to_owned(),
    };
    lines.push(format!("{before}{mark} {what}: {}", candidate.why));
    lines.extend(candidate.selector.as_ref().map(|css| format!("{before}  selector {css}")));
    lines.extend(candidate.texts.iter().map(|text| format!("{before}  {text}")));
}

fn name(part: Part) -> &'static str {
    match part {
        Part::Rows => "rows",
        Part::Title => "title",
        Part::Date => "date",
        Part::Outlet => "outlet",
        Part::Editor => "editor",
        Part::Body => "body",
        Part::Frame => "frame",
    }
}

/// The `[source.page]` table of the selectors. Those that are no better than none are comments. `entries` is the number
/// of entries that a poll takes with the selectors of the list.
pub(super) fn table(list: Option<(&ListProposal, usize)>, article: Option<&ArticleProposal>) -> String {
    let list_is_better = list.is_some_and(|(list, _)| list.is_better());
    let article_is_better = article.is_some_and(|article| article.is_better);
    let mut out = String::new();
    match list {
        Some((list, entries)) => {
            let ListProposal { dated, found, found_dated, .. } = list;
            let verdict = if list_is_better { "" } else { "No selector does better for the list. " };
            let without = format!("without selectors dibao finds {found} ({found_dated})");
            let _ =
                writeln!(out, "# {verdict}With these: {entries} entries ({dated} with a date); {without}.");
        }
        None => out.push_str("# No selector without positions chooses the rows of the list alone.\n"),
    }
    let rules = article.map(|article| &article.rules);
    let rules = rules.filter(|rules| rules.title.is_some() || rules.date.is_some() || rules.body.is_some());
    if list.is_none() && rules.is_none() {
        return out;
    }
    let _ = writeln!(out, "{}[source.page]", mark(list_is_better || article_is_better));
    if let Some((list, _)) = list {
        line(&mut out, list_is_better, "entry", list.rules.entry.as_ref());
        line(&mut out, list_is_better, "entry_date", list.rules.date.as_ref());
        if let Some((css, entries)) = &list.wider {
            let _ = writeln!(out, "# {entries} entries, with the rows that dibao takes for side columns:");
            line(&mut out, false, "entry", Some(css));
        }
    }
    if let Some(rules) = rules {
        if !article_is_better {
            out.push_str("# On an entry's page these choose what dibao finds without them:\n");
        }
        let _ = writeln!(out, "{}follow = true", mark(article_is_better));
        line(&mut out, article_is_better, "title", rules.title.as_ref());
        line(&mut out, article_is_better, "date", rules.date.as_ref());
        line(&mut out, article_is_better, "body", rules.body.as_ref());
    }
    out
}

fn mark(live: bool) -> &'static str {
    if live { "" } else { "# " }
}

fn line(out: &mut String, live: bool, key: &str, css: Option<&Css>) {
    if let Some(css) = css {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{}{key} = {}", mark(live), quoted(css.as_str()));
    }
}
