//! `dibao search`: stored entries by their words, as `/search` finds them.

use serde::{Deserialize, Serialize};
use url::form_urlencoded::Serializer;

use super::host::{Done, Host, Rows, Stop};
use super::{Request, Row, Shown};
use crate::daemon::engine::Engine;
use crate::daemon::renderer::search::{Found, Hit, SearchStop};
use crate::model::region::RegionId;
use crate::model::search::Piece;
use crate::model::source::SourceId;
use crate::model::time::Time;
use crate::search::request;

/// Stories of an answer, unless more are asked for: a screen or two.
const USUAL: usize = 50;

/// The most stories of an answer: no more hits are read for one.
const MOST: usize = 1000;

/// Find stored entries by their words
///
/// All words must occur. "…" is a phrase, -word leaves out (write `--` before it if it comes first), title:word
/// looks at titles only. Stories are folded, as on the page.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize)]
pub struct Search {
    /// The words
    #[arg(required = true, value_name = "WORD")]
    pub words: Vec<String>,
    /// Of one region (`henan`), or `national`
    #[arg(long, add = super::complete::regions())]
    pub region: Option<String>,
    /// Of one source
    #[arg(long, add = super::complete::sources())]
    pub source: Option<String>,
    /// Published on this day or later (`2026-11-30`)
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// Published on this day or earlier
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
    /// In this language (`zh`), if the publisher names it
    #[arg(long, value_name = "TAG")]
    pub language: Option<String>,
    /// The order: newest first, or best first
    #[arg(long, value_name = "ORDER", value_parser = ["time", "relevance"])]
    pub sort: Option<String>,
    /// At most so many stories, to 1000 [default: 50]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// A story that was found.
#[derive(Debug, Serialize, Deserialize)]
pub struct FoundRow {
    pub id: String,
    pub source: SourceId,
    pub regions: Vec<RegionId>,
    pub published: Time,
    pub link: Option<String>,
    pub title: String,
    /// The part of the text that matches, with marks.
    pub excerpt: Vec<Piece>,
}

impl Row for FoundRow {
    const SHOWN: Shown<Self> = Shown::Table(&["published", "source", "regions", "title"]);

    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value> {
        vec![serde_json::json!({
            "id": "http://a.example/2", "source": "a", "regions": ["henan"], "published": "2026-11-20T00:01:00Z",
            "link": "http://a.example/2.html", "title": "漯河防汛",
            "excerpt": [{ "text": "启动", "is_match": false }, { "text": "防汛", "is_match": true }],
        })]
    }
}

impl FoundRow {
    fn of(hit: Hit) -> Self {
        let Hit { doc, excerpt, .. } = hit;
        let page = doc.links.into_iter().find(|link| link.rel == "alternate");
        Self {
            id: doc.id,
            source: doc.source.slug,
            regions: doc.regions.into_iter().map(|(id, _)| id).collect(),
            published: doc.published,
            link: page.map(|link| link.href),
            title: doc.title,
            excerpt,
        }
    }
}

impl Request for Search {
    const NAME: &'static str = "search";
    type Row = FoundRow;

    async fn answer(self, host: &Host, rows: Rows<FoundRow>) -> Result<Done, Stop> {
        let has_index = matches!(host, Host::Daemon(_));
        let summary = host.blocking(move |engine| {
            let (found, scanned) = self.find(engine, has_index)?;
            let summary = summary(&found, scanned);
            found.hits.into_iter().try_for_each(|hit| rows.put(FoundRow::of(hit)))?;
            Ok(summary)
        });
        Ok(Done::saying(summary.await?))
    }
}

impl Search {
    /// The answer, and true if it was found without the index.
    fn find(&self, engine: &Engine, has_index: bool) -> Result<(Found, bool), Stop> {
        let request = request::Request::read(&self.address(), &engine.config.regions);
        if let Some((name, value)) = request.unread.first() {
            return Err(Stop::No(format!("--{name}: {value:?} is not known")));
        }
        if request.query().is_empty() {
            return Err(Stop::No("name at least one word to find".to_owned()));
        }
        let most = self.limit.unwrap_or(USUAL).min(MOST);
        if !has_index {
            match engine.renderer.peek_search() {
                Ok(()) => {}
                Err(SearchStop::Unready(_)) => {
                    return Ok((found(engine.renderer.scan(&request, most))?, true));
                }
                Err(stop) => return Err(stopped(stop)),
            }
        }
        Ok((found(engine.renderer.results(&request, 0, most))?, false))
    }

    fn address(&self) -> String {
        let mut pairs = Serializer::new(String::new());
        pairs.append_pair("q", &self.words.join(" "));
        let given = [
            ("region", &self.region),
            ("source", &self.source),
            ("from", &self.from),
            ("to", &self.to),
            ("language", &self.language),
            ("sort", &self.sort),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                pairs.append_pair(name, value);
            }
        }
        pairs.finish()
    }
}

fn found(result: Result<Found, SearchStop>) -> Result<Found, Stop> {
    result.map_err(stopped)
}

fn stopped(stop: SearchStop) -> Stop {
    match stop {
        SearchStop::Store(error) => error.into(),
        other => Stop::No(other.to_string()),
    }
}

fn summary(found: &Found, scanned: bool) -> String {
    let mut summary = format!("{} entries match", found.total);
    if found.more {
        summary += &format!("; the first {} stories are shown", found.hits.len());
    }
    if scanned {
        summary += "; the search index is not up to date, so all entries were read; the daemon builds it";
    }
    for fault in &found.faults {
        summary += &format!("\n{fault}");
    }
    summary
}
