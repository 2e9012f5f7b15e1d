//! `dibao explain`: why an entry is one entry, and why it is in its regions and its story.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::explain_source::ExplainSource;
use super::host::{Done, Host, Rows, Stop};
use super::table::{self, Output};
use super::{Ended, Invocation, Request, Row, Shown, Subcommand, client, entries};
use crate::daemon::engine::Engine;
use crate::ledger::store::{Store, StoreError};
use crate::model::evidence::{Evidence, Place};
use crate::model::identity::{IdentityKey, KeyKind};
use crate::model::source::SourceId;
use crate::model::state::{SourceState, State};
use crate::model::stored::{self, Entry, EntryNo};
use crate::model::story::{Membership, Reason};
use crate::model::time::Time;
use crate::views::document::Site;

/// The most reports of a story that are named.
const REPORTS: usize = 64;

/// Say why an entry is where it is: identity, regions, story, origin; or how reliable a source is
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// Its id, or the address of its page
    #[arg(required_unless_present = "source", conflicts_with = "source")]
    entry: Option<String>,
    /// A source instead of an entry
    #[arg(long, value_name = "ID", add = super::complete::sources())]
    source: Option<String>,
    #[command(flatten)]
    output: Output,
}

impl Subcommand for ExplainArgs {
    const NAME: &'static str = "explain";

    async fn run(self, invocation: Invocation) -> anyhow::Result<Ended> {
        let (config, json) = (invocation.config()?, self.output.json);
        match self.source {
            Some(source) => client::show(&config, ExplainSource { source }, json).await,
            None => client::show(&config, Explain { entry: self.entry.unwrap_or_default() }, json).await,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Explain {
    /// The published id of an entry, or the address of its page.
    pub entry: String,
}

/// An entry, with the reasons of every decision about it.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExplainedRow {
    pub id: String,
    pub title: String,
    pub link: Option<String>,
    pub source: SourceId,
    pub outlet: Option<String>,
    /// The address of its source.
    pub polled_at: Option<String>,
    pub published: Time,
    pub updated: Time,
    pub first_seen: Time,
    pub rewrites: u32,
    pub withdrawn: Option<Time>,
    pub expired: Option<Time>,
    pub identity: IdentityRow,
    pub regions: Vec<Evidence>,
    /// The paths of the feeds it belongs to.
    pub feeds: Vec<String>,
    pub not_shown: Vec<AbsenceRow>,
    /// `None` if no other entry tells the same story.
    pub story: Option<StoryRow>,
}

/// Why it is one entry.
#[derive(Debug, Serialize, Deserialize)]
pub struct IdentityRow {
    /// The kinds of keys that it is recognised by.
    pub known_by: Vec<String>,
    pub decision: Option<DecisionRow>,
}

/// The decision that it is a known entry, or a new one in spite of a resemblance.
#[derive(Debug, Serialize, Deserialize)]
pub struct DecisionRow {
    pub evidence: Vec<String>,
    /// The published id of the entry that it resembles, and is not.
    pub apart_from: Option<String>,
    /// The title it had before.
    pub was: Option<String>,
}

/// A feed that the entry belongs to and does not stand in.
#[derive(Debug, Serialize, Deserialize)]
pub struct AbsenceRow {
    pub feed: String,
    pub why: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct StoryRow {
    pub founded_by_this: bool,
    pub reports: Vec<ReportRow>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct ReportRow {
    pub id: String,
    pub source: SourceId,
    pub first_seen: Time,
    /// Why it joined the story; `None` for the entry that founded it.
    pub why: Option<Reason>,
    pub repeats: Option<String>,
    pub withdrawn: Option<Time>,
    pub title: String,
}

impl Row for ExplainedRow {
    const SHOWN: Shown<Self> = Shown::Text(text);

    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value> {
        vec![serde_json::json!({
            "id": "http://a.example/2", "title": "河南一条", "link": "http://a.example/2.html", "source": "a",
            "outlet": "报", "polled_at": "http://a.example/feed", "published": "2026-11-20T00:01:00Z",
            "updated": "2026-11-20T00:01:00Z", "first_seen": "2026-11-20T00:02:00Z", "rewrites": 1,
            "withdrawn": null, "expired": null,
            "identity": {
                "known_by": ["guid", "address"],
                "decision": { "evidence": ["same guid"], "apart_from": null, "was": "河南旧题" },
            },
            "regions": [{ "region": "henan", "text": "河南", "place": "title", "rule": "province" }],
            "feeds": ["all", "henan"], "not_shown": [{ "feed": "henan", "why": "hidden by a rule" }],
            "story": { "founded_by_this": false, "reports": [{
                "id": "http://a.example/1", "source": "b", "first_seen": "2026-11-20T00:00:00Z", "why": null,
                "repeats": null, "withdrawn": null, "title": "河南首发",
            }, {
                "id": "http://a.example/2", "source": "a", "first_seen": "2026-11-20T00:02:00Z",
                "why": { "near_text": { "percent": 90 } }, "repeats": "http://a.example/1", "withdrawn": null,
                "title": "河南一条",
            }] },
        })]
    }
}

impl Request for Explain {
    const NAME: &'static str = "explain";
    type Row = ExplainedRow;

    async fn answer(self, host: &Host, rows: Rows<ExplainedRow>) -> Result<Done, Stop> {
        host.blocking(move |engine| rows.put(explained(engine, &self.entry)?)).await?;
        Ok(Done::silently())
    }
}

fn explained(engine: &Engine, named: &str) -> Result<ExplainedRow, Stop> {
    let (no, entry) = entries::find(engine, named)?;
    let store = engine.store().load_full();
    let source = store.source(&entry.source)?;
    let mut not_shown = Vec::new();
    // An entry that was withdrawn or has expired belongs to no feed.
    for feed in entry.feeds() {
        if let Some(why) = engine.renderer.absence(&feed, no, &entry)? {
            not_shown.push(AbsenceRow { feed: Site::path(&feed), why });
        }
    }
    Ok(ExplainedRow {
        id: entry.id.clone(),
        title: entry.title().to_owned(),
        link: entry.body.page().map(str::to_owned),
        source: entry.source.clone(),
        outlet: source.as_ref().map(|source| SourceState::title(source).to_owned()),
        polled_at: source.map(|source| source.def.url),
        published: entry.published,
        updated: entry.updated,
        first_seen: entry.first_seen,
        rewrites: entry.rewrites,
        withdrawn: entry.withdrawn,
        expired: entry.expired,
        identity: identity(&entry),
        regions: entry.regions.clone(),
        feeds: entry.feeds().iter().map(Site::path).collect(),
        not_shown,
        story: story(&store, no, &entry)?,
    })
}

fn identity(entry: &Entry) -> IdentityRow {
    let name = |kind| match kind {
        KeyKind::Guid => "guid",
        KeyKind::Link => "address",
        KeyKind::TitleDate => "title and date",
        KeyKind::TitleText => "title and text",
        KeyKind::Content => "content",
    };
    let mut known_by: Vec<_> = entry.keys.iter().filter_map(IdentityKey::kind).map(name).collect();
    known_by.dedup();
    let decision = entry.decision.clone().map(|stored::Decision { votes, apart, was }| DecisionRow {
        evidence: votes.iter().map(ToString::to_string).collect(),
        apart_from: apart,
        was,
    });
    IdentityRow { known_by: known_by.into_iter().map(str::to_owned).collect(), decision }
}

fn story(store: &Store, no: EntryNo, entry: &Entry) -> Result<Option<StoryRow>, StoreError> {
    let founder = entry.story.as_ref().map_or(no, |story| story.founder);
    let members = store.members(founder, REPORTS)?;
    if members.is_empty() {
        return Ok(None);
    }
    let mut reports = Vec::with_capacity(members.len());
    for (other, _) in members {
        if let Some(report) = store.entry(other)? {
            let repeats = report.story.as_ref().and_then(Membership::repeats);
            reports.push(ReportRow {
                id: report.id.clone(),
                source: report.source.clone(),
                first_seen: report.first_seen,
                why: report.story.as_ref().map(|story| story.reason),
                repeats: entries::published(store, repeats)?,
                withdrawn: report.withdrawn,
                title: report.title().to_owned(),
            });
        }
    }
    Ok(Some(StoryRow { founded_by_this: founder == no, reports }))
}

/// One fact a line.
fn text(row: &ExplainedRow) -> String {
    let mut facts = vec!["title", "id"];
    facts.extend(row.link.as_ref().map(|_| "link"));
    facts.push("source");
    facts.extend(row.outlet.as_ref().map(|_| "outlet"));
    facts.extend(["published", "updated", "first_seen", "rewrites"]);
    facts.extend(row.withdrawn.map(|_| "withdrawn"));
    facts.extend(row.expired.map(|_| "expired"));
    facts.push("feeds");
    let mut out = table::facts(row, &facts, 12);
    let mut fact = |name: &str, fact: String| {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{name:<12} {fact}");
    };
    fact("known by", listed(&row.identity.known_by));
    if let Some(DecisionRow { evidence, apart_from, was }) = &row.identity.decision {
        match apart_from {
            None => fact("one entry", listed(evidence)),
            Some(other) => fact("new", format!("not {}: {}", table::json(other), listed(evidence))),
        }
        if let Some(was) = was {
            fact("was", was.clone());
        }
    }
    for AbsenceRow { feed, why } in &row.not_shown {
        fact("not shown", format!("in {feed}: {why}"));
    }
    for Evidence { region, text, place, rule } in &row.regions {
        let why = match place {
            Place::Source => "its source is fixed to it".to_owned(),
            place => format!("{rule}: {text:?} in the {}", place.as_str()),
        };
        fact("region", format!("{region}: {why}"));
    }
    for ReportRow { source, title, why, .. } in row.story.iter().flat_map(|story| &story.reports) {
        let why = why.as_ref().map_or_else(|| "told it first".to_owned(), |why| table::json(why).to_string());
        fact("story", format!("{source}: {title} ({why})"));
    }
    out.trim_end().to_owned()
}

fn listed(texts: &[String]) -> String {
    if texts.is_empty() { "-".to_owned() } else { texts.join(", ") }
}
