//! dibao's etiquette, scored: the daemon polls publishers for a week of compressed time, they log every request,
//! and each criterion is judged on that log. The criteria are what publishers ask of feed readers (conditional
//! requests, backoff, an honest User-Agent), and RFC 9110 and 9111.
//!
//! `cargo test --test it etiquette:: -- --nocapture` prints the table.

mod backoff;
mod freshness;
mod manners;
mod publisher;
mod queue;
mod validators;
mod week;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::TimeDelta;
use dibao::model::time::Time;

use publisher::{Answer, Asked, Habit};
use week::Record;

/// How many requests, polls or gaps were judged; or what was wrong.
type Verdict = Result<usize, String>;

type Judge = Box<dyn Fn(&Record) -> Verdict>;

/// The publishers, the sources we have of them, and what we want to see of ourselves.
#[derive(Default)]
struct Play {
    sources: String,
    habits: BTreeMap<String, Habit>,
    criteria: Vec<(&'static str, Judge)>,
}

impl Play {
    /// A host with one source, whose id is the first word of its name.
    fn host(&mut self, host: &str, habit: impl FnMut(&Asked, usize) -> Answer + Send + 'static) {
        let id = host.split('.').next().unwrap_or_default();
        self.source(id, &format!("http://{host}/feed.xml"), "");
        self.also(host, habit);
    }

    /// A host that no source names.
    fn also(&mut self, host: &str, habit: impl FnMut(&Asked, usize) -> Answer + Send + 'static) {
        self.habits.insert(host.to_owned(), Box::new(habit));
    }

    fn source(&mut self, id: &str, url: &str, more: &str) {
        writeln!(self.sources, "[[source]]\nid = \"{id}\"\nurl = \"{url}\"\nregion = \"henan\"\n{more}")
            .expect("memory");
    }

    fn judge(&mut self, criterion: &'static str, judge: impl Fn(&Record) -> Verdict + 'static) {
        self.criteria.push((criterion, Box::new(judge)));
    }
}

/// A feed with an entry every six hours, the newest ten of them; `more` goes into its channel.
fn rss(at: Time, more: &str) -> String {
    let newest = at.timestamp() / (6 * 3600);
    let entries = (newest - 9..=newest).fold(String::new(), |mut all, n| {
        let date = Time::from_timestamp(n * 6 * 3600, 0).expect("an instant").to_rfc2822();
        write!(
            all,
            "<item><guid isPermaLink=\"false\">{n}</guid><title>第{n}号消息</title>\
             <link>http://paper.example/{n}</link><pubDate>{date}</pubDate></item>"
        )
        .expect("memory");
        all
    });
    format!("<rss version=\"2.0\"><channel><title>报</title>{more}{entries}</channel></rss>")
}

/// A feed that never changes.
fn still() -> String {
    rss(week::monday(), "")
}

/// Seconds between each request and the next.
fn gaps(asked: &[&Asked]) -> Vec<i64> {
    asked.windows(2).map(|pair| (pair[1].at - pair[0].at).num_seconds()).collect()
}

/// Hours of the week since it began.
fn hour(at: Time) -> i64 {
    (at - week::monday()).num_hours()
}

fn check(good: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if good { Ok(()) } else { Err(why()) }
}

/// All gaps between a least and a most, in seconds; those that span a restart may be longer.
fn gaps_within(record: &Record, host: &str, least: i64, most: i64) -> Verdict {
    let asked = record.of(host);
    check(asked.len() > 3, || format!("{host} was asked {} times", asked.len()))?;
    for pair in asked.windows(2) {
        let gap = (pair[1].at - pair[0].at).num_seconds();
        let down = record.starts.iter().any(|start| pair[0].at < *start && *start <= pair[1].at);
        let most = if down { i64::MAX } else { most };
        check((least..=most).contains(&gap), || format!("{host}: {gap} s after {}", pair[0].at))?;
    }
    Ok(asked.len() - 1)
}

fn table(verdicts: &[(&str, Verdict)]) -> String {
    let mut text = String::new();
    for (n, (criterion, verdict)) in verdicts.iter().enumerate() {
        let line = match verdict {
            Ok(judged) => format!("pass  {judged:>5}"),
            Err(_) => "FAIL       ".to_owned(),
        };
        writeln!(text, "{:>3}  {line}  {criterion}", n + 1).expect("memory");
        if let Err(why) = verdict {
            writeln!(text, "                  {why}").expect("memory");
        }
    }
    text
}

#[tokio::test]
async fn a_week_of_good_manners() {
    let mut play = Play::default();
    validators::play(&mut play);
    freshness::play(&mut play);
    backoff::play(&mut play);
    queue::play(&mut play);
    manners::play(&mut play);
    let Play { sources, habits, criteria } = play;
    let record = week::run(&sources, habits).await;
    let verdicts: Vec<_> = criteria.iter().map(|(criterion, judge)| (*criterion, judge(&record))).collect();
    let passed = verdicts.iter().filter(|(_, verdict)| verdict.is_ok()).count();
    println!("{}", table(&verdicts));
    let days = (record.log.last().map_or(week::monday(), |asked| asked.at) - week::monday()
        + TimeDelta::hours(1))
    .num_days();
    println!(
        "{days} days, {} starts, {} hosts, {} polls, {} requests",
        record.starts.len(),
        record.log.iter().map(|asked| &asked.host).collect::<std::collections::BTreeSet<_>>().len(),
        record.polls,
        record.log.len()
    );
    println!("etiquette: {passed} of {}", verdicts.len());
    assert_eq!(passed, verdicts.len(), "\n{}", table(&verdicts));
}
