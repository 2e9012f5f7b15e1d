//! A report of what an address answers, for `dibao check --online` and for a person who is about to write a
//! `[[source]]`. Fetches nothing and reads no body: it describes an [`Answer`] and advises.

mod chosen;
mod defects;
mod hosts;
mod look;
mod outlined;
mod rhythm;
mod shown;
pub(super) mod suggest;
#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono_tz::Tz;
use serde::Serialize;
use url::Url;

use crate::decide::answer::{Answer, Document, FeedLink, Form};
use crate::decide::identity::candidates;
use crate::decide::robots::Permission;
use crate::model::entry::ParsedEntry;
use crate::model::exchange::{Exchange, ResponseHead};
use crate::model::identity::{IdentityKey, KeyKind};
use crate::model::outcome::Outcome;
use crate::model::time::{Precision, Stamp, Time};
use crate::read::html;
use crate::read::link;
use crate::read::page::{Article, ExplainedArticle, ExplainedList};
pub use chosen::Chosen;
pub use outlined::outlined;
pub use rhythm::Rhythm;
pub use shown::span;

const SHOWN: usize = 10;

/// An answer, and what it is described by.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub url: &'a str,
    pub exchange: &'a Exchange,
    pub answer: &'a Answer<Box<Document>>,
    /// The zone in which dates are shown.
    pub zone: Tz,
    /// Time at which the answer was complete.
    pub at: Time,
}

#[derive(Clone, Debug, Serialize)]
pub struct ProbeReport {
    pub url: String,
    /// The address that answered, where redirects led elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<String>,
    /// The status of the answer, if one came.
    pub status: Option<u16>,
    #[serde(rename = "what")]
    pub answer: Answer<Form>,
    /// The reason for that answer, for a person.
    pub because: String,
    pub title: Option<String>,
    /// The encoding, and what it was found by.
    pub encoding: Option<String>,
    /// `None` if robots.txt was not asked for.
    pub robots: Option<RobotsReport>,
    pub freshness: Freshness,
    pub count: usize,
    pub rhythm: Option<Rhythm>,
    /// Entries by the kind of key they are recognised by.
    pub ids: Vec<(&'static str, usize)>,
    /// Defects that did not keep it from being read, the graver first.
    pub defects: Vec<String>,
    /// The first of its entries.
    pub entries: Vec<Shown>,
    pub feeds: Vec<FeedLink>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<Followed>,
    /// What was taken of the pages and what was left, if somebody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Chosen>,
    /// True if it has been silent for longer than its own rhythm explains.
    pub silent: bool,
    /// True if it asks robots not to follow its links.
    #[serde(skip)]
    pub nofollow: bool,
    /// A `[[source]]` table for it.
    pub toml: Option<String>,
}

/// The rules of robots.txt for the address.
#[derive(Clone, Debug, Serialize)]
pub struct RobotsReport {
    pub allowed: bool,
    /// The rule that decided.
    pub why: String,
    /// Crawl-delay in seconds.
    pub crawl_delay: Option<f64>,
}

/// The headers that spare a poll its body.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Freshness {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub cache_control: Option<String>,
    pub expires: Option<String>,
    pub x_robots_tag: Option<String>,
}

/// An entry as a report shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// Its date in the source's zone, to the day or to the second.
    pub date: Option<String>,
    /// The kind of key by which the next poll recognises it.
    pub id: &'static str,
    pub title: Option<String>,
    pub link: Option<String>,
}

/// The fields that were read from an entry's own page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Followed {
    pub link: String,
    pub failed: Option<String>,
    pub title: Option<String>,
    pub date: Option<String>,
    pub outlet: Option<String>,
    pub editor: Option<String>,
    pub section: Option<String>,
    /// Characters of its body.
    pub characters: usize,
}

pub fn examine(subject: &Subject<'_>) -> ProbeReport {
    let text = look::Text::of(subject.exchange);
    let document = look::document(subject.answer);
    let entries = document.map(|document| &*document.feed.entries).unwrap_or_default();
    let head = subject.exchange.head();
    let dates = rhythm::dates(entries);
    let kinds = kinds(entries, subject.zone);
    let relative_links = text.as_ref().map_or(0, look::Text::relative_links);
    let mut report = ProbeReport {
        url: subject.url.to_owned(),
        answered: head.map(|head| head.final_url.clone()).filter(|url| url != subject.url),
        status: head.map(|head| head.status),
        answer: subject.answer.form(),
        because: look::because(subject, text.as_ref()),
        title: document.and_then(|document| document.feed.title.clone()),
        encoding: text.as_ref().map(look::Text::encoding),
        robots: None,
        freshness: head.map(freshness).unwrap_or_default(),
        count: entries.len(),
        rhythm: rhythm::of(&dates, subject.at),
        ids: count(&kinds),
        defects: document.map(|d| defects::of(d, relative_links, &kinds, subject.at)).unwrap_or_default(),
        entries: shown(entries, &kinds, subject.zone),
        feeds: feeds(subject.answer),
        followed: None,
        chosen: None,
        silent: rhythm::is_silent(&dates, subject.at),
        nofollow: document.is_some_and(|document| document.feed.nofollow),
        toml: None,
    };
    report.toml = document.and_then(|document| suggest::table(&report, document, subject));
    report
}

impl ProbeReport {
    /// Takes in what robots.txt says of the address. It binds the polling of pages; a feed is made for
    /// programs, whoever asks for it.
    pub fn with_robots(mut self, permission: Permission, crawl_delay: Option<Duration>) -> Self {
        let Permission { allowed, why } = permission;
        let is_page = matches!(self.answer, Answer::Document(Form::ListPage) | Answer::PageWithFeeds(_));
        if !allowed && is_page {
            self.defects.insert(0, "robots.txt forbids it: as a page it is not polled".to_owned());
            self.toml = None;
        }
        let crawl_delay = crawl_delay.map(|delay| delay.as_secs_f64());
        self.robots = Some(RobotsReport { allowed, why, crawl_delay });
        self
    }

    /// Adds what the readers of the list and of an article took and left, and their selectors. `read` is the report of
    /// a source that has the selectors of the list.
    pub fn with_chosen(
        mut self,
        list: Option<ExplainedList>,
        article: Option<ExplainedArticle>,
        read: Option<ProbeReport>,
    ) -> Self {
        let is_allowed = self.robots.as_ref().is_none_or(|robots| robots.allowed);
        let proposal = list.as_ref().and_then(|list| list.proposal.as_ref());
        // A poll that takes nothing with the selectors proves them wrong.
        let proven = read.as_ref().filter(|read| read.has_entries());
        let proposal = proposal.and_then(|proposal| Some((proposal, proven?.count)));
        let is_page = matches!(self.answer, Answer::Document(Form::ListPage)) || proposal.is_some();
        if is_page && is_allowed {
            let table = self.toml.take().or_else(|| proven.and_then(|read| read.toml.clone()));
            let selectors = chosen::table(proposal, article.as_ref().map(|article| &article.proposal));
            self.toml = table.map(|table| format!("{table}{selectors}"));
        }
        let (list, article) = (list.map(|list| list.explained), article.map(|article| article.explained));
        self.chosen = (list.is_some() || article.is_some()).then_some(Chosen { list, article });
        self
    }

    /// The state of a configured source that gave this answer, as in [`Outcome::state`].
    pub fn state(&self) -> &'static str {
        let outcome = self.answer.outcome(|_| match self.count {
            0 => Outcome::Emptied { why: String::new() },
            _ => Outcome::NotModified,
        });
        Outcome::state(Some(&outcome), || self.silent)
    }

    pub fn has_entries(&self) -> bool {
        matches!(self.answer, Answer::Document(_)) && self.count > 0
    }
}

fn feeds(answer: &Answer<Box<Document>>) -> Vec<FeedLink> {
    match answer {
        Answer::Document(document) => document.feeds.clone(),
        Answer::PageWithFeeds(feeds) => feeds.clone(),
        _ => Vec::new(),
    }
}

/// The kind of key by which the next poll would recognise each entry.
fn kinds(entries: &[ParsedEntry], zone: Tz) -> Vec<&'static str> {
    let name = |kind| match kind {
        Some(KeyKind::Guid) => "guid",
        Some(KeyKind::Link) => "link",
        Some(KeyKind::TitleText) => "title and text",
        _ => "title and date",
    };
    candidates(entries, zone).iter().map(|c| name(c.keys.first().and_then(IdentityKey::kind))).collect()
}

fn count(kinds: &[&'static str]) -> Vec<(&'static str, usize)> {
    let all = ["guid", "link", "title and date", "title and text"].into_iter();
    all.map(|kind| (kind, kinds.iter().filter(|k| **k == kind).count())).filter(|(_, n)| *n > 0).collect()
}

fn freshness(head: &ResponseHead) -> Freshness {
    let text = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|b| String::from_utf8_lossy(b).into_owned());
    Freshness {
        etag: text(&head.validators.etag),
        last_modified: text(&head.validators.last_modified),
        cache_control: head.cache_control.clone(),
        expires: head.expires.clone(),
        x_robots_tag: head.x_robots_tag.clone(),
    }
}

fn shown(entries: &[ParsedEntry], kinds: &[&'static str], zone: Tz) -> Vec<Shown> {
    let show = |(entry, id): (&ParsedEntry, &&'static str)| {
        let date = entry.published.or(entry.updated).map(|stamp| local(stamp, zone));
        Shown { date, id, title: entry.title.clone(), link: entry.page().map(str::to_owned) }
    };
    entries.iter().zip(kinds).take(SHOWN).map(show).collect()
}

/// A date as the source's readers would write it, with no more precision than it has.
pub fn local(stamp: Stamp, zone: Tz) -> String {
    let at = stamp.at.with_timezone(&zone);
    match stamp.precision {
        Precision::Day => at.format("%Y-%m-%d").to_string(),
        Precision::Second => at.format("%Y-%m-%d %H:%M:%S %:z").to_string(),
    }
}

/// The fields of an entry's page, for the report.
pub fn followed(link: String, article: &Article, zone: Tz) -> Followed {
    let characters = article.body.as_deref().map_or(0, |body| html::to_text(body).chars().count());
    Followed {
        link,
        failed: None,
        title: article.title.clone(),
        date: article.published.map(|stamp| local(stamp, zone)),
        outlet: article.outlet.clone(),
        editor: article.editor.clone(),
        section: (!article.section.is_empty()).then(|| article.section.join(" > ")),
        characters,
    }
}

/// The region that the host of an address is known to be of.
pub fn region_of_host(url: &str) -> Option<&'static str> {
    hosts::of(&Url::parse(url).ok()?).region
}

/// True if two addresses have the same robots.txt.
pub fn is_same_origin(a: &str, b: &str) -> bool {
    let origin = |text| Url::parse(text).ok().map(|url| url.origin());
    origin(a).is_some() && origin(a) == origin(b)
}

/// The entry whose page is worth a look when one is to be followed: the first that has one on the same site.
pub fn to_follow(report: &ProbeReport) -> Option<&str> {
    let site = link::host_key(report.answered.as_deref().unwrap_or(&report.url));
    report.entries.iter().filter_map(|entry| entry.link.as_deref()).find(|to| link::host_key(to) == site)
}
