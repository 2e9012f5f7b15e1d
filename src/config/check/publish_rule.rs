//! Checks publish rules: `exclude`, `include` and `rewrite` of a `[[rule]]`, a `[[region.rule]]` or a
//! `[[source.rule]]`.

use regex_syntax::hir::Hir;

use super::common::read;
use super::value::pattern;
use crate::config::fault::{At, FaultList, Location};
use crate::config::raw;
use crate::decide::publishing::{Action, Field, PublishRule};
use crate::model::region::RegionTable;

/// The longest text that a rewrite may put in, in characters.
const LONGEST: usize = 200;

pub(super) fn check(
    raw: raw::PublishRule,
    regions: &RegionTable,
    report: &mut FaultList,
) -> Option<PublishRule> {
    let fields = fields(&raw, report);
    let raw::PublishRule { place, exclude, include, rewrite, with, fields: named } = raw;
    let given: Vec<&Location> =
        [&exclude, &include, &rewrite].into_iter().flatten().map(|at| &at.place).collect();
    match given.as_slice() {
        [] => report.missing(
            &place,
            &["exclude", "include", "rewrite"],
            "write one of them, a regular expression",
        ),
        [_] => {}
        [_, others @ ..] => {
            for other in others {
                report.fault(other, "stands beside another of exclude, include and rewrite; write two rules");
            }
        }
    }
    match (&rewrite, &with) {
        (Some(rewrite), None) => report.missing(&rewrite.place, &[], "write with = \"…\" beside it"),
        (None, Some(with)) => report.fault(&with.place, "is what rewrite = \"…\" puts in; that is not there"),
        _ => {}
    }
    if let (Some(_), Some(named)) = (&rewrite, &named) {
        report.fault(&named.place, "does not go with rewrite, which is of titles only");
    }
    let with = read(with, replacement, report);
    let text = exclude.as_ref().or(include.as_ref()).or(rewrite.as_ref()).cloned();
    let action = match (exclude.is_some(), include.is_some()) {
        (true, _) => Some(Action::Exclude),
        (_, true) => Some(Action::Include),
        _ => with.map(Action::Rewrite),
    };
    let pattern = read(text.clone(), pattern, report)?;
    warn_of_nothing(&text?, &fields, regions, report);
    Some(PublishRule { action: action?, pattern, fields })
}

fn fields(raw: &raw::PublishRule, report: &mut FaultList) -> Vec<Field> {
    let Some(named) = &raw.fields else { return vec![Field::Title] };
    let mut fields = Vec::new();
    for name in named.value.as_slice() {
        fields.extend(read(Some(name.clone()), field, report));
    }
    if named.value.as_slice().is_empty() {
        report.fault(&named.place, "is an empty list; leave the key out to look in titles");
    }
    fields
}

fn field(text: &str) -> Result<Field, String> {
    Ok(match text {
        "title" => Field::Title,
        "text" => Field::Text,
        "outlet" => Field::Outlet,
        "section" => Field::Section,
        "region" => Field::Region,
        "link" => Field::Link,
        _ => {
            return Err(format!(
                "{text:?} is none of \"title\", \"text\", \"outlet\", \"section\", \"region\", \"link\""
            ));
        }
    })
}

fn replacement(text: &str) -> Result<String, String> {
    if text.chars().count() > LONGEST {
        Err(format!("is longer than {LONGEST} characters"))
    } else if text.chars().any(char::is_control) {
        Err("must be one line, without control characters".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// Says so of a rule that can match nothing.
fn warn_of_nothing(text: &At<String>, fields: &[Field], regions: &RegionTable, report: &mut FaultList) {
    let Ok(hir) = regex_syntax::parse(&text.value) else { return };
    if never_matches(&hir) {
        report.warn(&text.place, "can match nothing");
        return;
    }
    let Ok(regex) = pattern(&text.value) else { return };
    let of_regions = regions.iter().any(|r| regex.is_match(r.id.as_str()) || regex.is_match(&r.name));
    if fields == [Field::Region] && !of_regions {
        report.warn(&text.place, "can match nothing: no region has such an id or name");
    }
    if fields.iter().all(|field| *field != Field::Text)
        && hir.properties().is_literal()
        && text.value.contains('\n')
    {
        report.warn(&text.place, "can match nothing: titles, outlets and sections are one line");
    }
}

/// True if no text at all matches: an empty class, or an anchor that cannot hold.
fn never_matches(hir: &Hir) -> bool {
    hir.properties().minimum_len().is_none()
}
