//! `dibao probe`: looks at an address as the daemon would, and advises. Asks for its robots.txt, for
//! itself, and with `--follow` for one page that it lists; never for more. Of saved pages it asks nobody.

mod saved;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

use chrono_tz::Tz;
use ipnet::IpNet;

use super::{BadConfig, Ended, Invocation, Subcommand, columns};
use crate::ask::{self, Asked, fetch_options};
use crate::config::{self, Config, Env};
use crate::daemon::clock::{Clock, SystemClock};
use crate::decide::answer::{self, Answer, BodyReader, Document, EarlierBody, Expected};
use crate::decide::probe::{self, Followed, ProbeReport, Subject};
use crate::decide::robots::{AGENT, page_directives};
use crate::fetch::{ACCEPT_PAGE, FetchOptions, FetchRequest, Fetcher};
use crate::model::exchange::Exchange;
use crate::read::page::{self, ExplainedArticle, ExplainedList, ListRules, PageError};

// Not a doc comment: rustdoc would take the brackets for a link.
#[derive(Debug, clap::Args)]
#[command(about = "Look at an address: what it is, what is wrong with it, and a [[source]] table for it")]
pub struct Probe {
    /// The address of a feed, a list page or a JSON document
    url: String,
    /// Look at the page of one entry too, and show what was taken of both pages and what was left
    #[arg(long)]
    follow: bool,
    /// Write the list, and with --follow the article, to a new file for a browser, with the chosen parts outlined
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    html: Option<PathBuf>,
    /// Read the address's page from this file, and ask nobody
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    saved: Option<PathBuf>,
    /// Read the page of the first entry from this file
    #[arg(long, value_name = "FILE", requires = "saved", value_hint = clap::ValueHint::FilePath)]
    saved_article: Option<PathBuf>,
    /// A private network in which the address may lie, besides polling.allow_networks
    #[arg(long, value_name = "CIDR")]
    allow_network: Vec<IpNet>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl Subcommand for Probe {
    const NAME: &'static str = "probe";

    async fn run(self, invocation: Invocation) -> anyhow::Result<Ended> {
        let config = found(invocation.config.as_deref()).map_err(|faults| BadConfig(faults.to_string()))?;
        look(config.as_ref(), self).await.map(Ended::from)
    }
}

/// The configuration, if there is one. One that is wrong is not passed over: it may say which proxy to use.
pub(super) fn found(explicit: Option<&Path>) -> Result<Option<Config>, config::Faults> {
    let env = Env::of_process().sparing_secrets();
    let config = config::find(explicit, &env).ok().map(|path| config::load(&path, &env)).transpose()?;
    let proxy =
        config.iter().flat_map(|config| &config.unread).filter(|secret| secret.key == "polling.proxy");
    let faults: Vec<config::Fault> = proxy.cloned().collect();
    // Nobody is asked directly where a proxy was meant.
    if faults.is_empty() { Ok(config) } else { Err(config::Faults { faults, warnings: Vec::new() }) }
}

async fn look(config: Option<&Config>, args: Probe) -> anyhow::Result<bool> {
    let prober = Prober::new(config, &args.allow_network)?;
    let url = if args.url.contains("://") { args.url } else { format!("https://{}", args.url) };
    if let Some(path) = args.html.as_ref().filter(|path| path.exists()) {
        anyhow::bail!("{}: exists; name a new file, or remove it", path.display());
    }
    let follow = match (args.follow || args.saved_article.is_some(), &args.html) {
        (true, _) => Follow::Page,
        (false, Some(_)) => Follow::List,
        (false, None) => Follow::Nothing,
    };
    let mut report = match &args.saved {
        Some(list) => prober.saved(&url, list, args.saved_article.as_deref(), follow)?,
        None => prober.report(&url, follow).await,
    };
    if let Some(path) = &args.html {
        // Another program may have made it since.
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        let written = file.and_then(|mut file| file.write_all(probe::outlined(&report).as_bytes()));
        written.with_context(|| format!("{}: cannot be written", path.display()))?;
    }
    let good = matches!(report.answer, Answer::Document(_) | Answer::PageWithFeeds(_));
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        let toml = report.toml.take().map(|toml| format!("\n{toml}"));
        let trees = report.chosen.as_ref().map(|chosen| columns::beside(&chosen.trees(), terminal_width()));
        let text = format!("{report}{}{}", trees.unwrap_or_default(), toml.unwrap_or_default());
        // A publisher's text must not move the cursor.
        print!("{}", text.replace(|c: char| c.is_control() && c != '\n', ""));
    }
    Ok(good)
}

/// Columns of the terminal; `None` if the output goes elsewhere.
fn terminal_width() -> Option<usize> {
    rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| usize::from(size.ws_col))
}

/// The pages that a report explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follow {
    Nothing,
    List,
    /// The list, and the page of one entry.
    Page,
}

pub(super) struct Prober {
    fetcher: Fetcher,
    zone: Tz,
    max_body: u64,
}

impl Prober {
    pub(super) fn new(config: Option<&Config>, allow_networks: &[IpNet]) -> anyhow::Result<Self> {
        let proxy = config.and_then(|config| config.polling.proxy.as_ref());
        let proxy = proxy.map(|proxy| proxy.expose().to_owned());
        let mut options = config.map_or_else(FetchOptions::default, |c| fetch_options(c, proxy));
        options.allow_networks.extend(allow_networks);
        let zone = config.map_or(Tz::Asia__Shanghai, |config| config.polling.timezone);
        let max_body = options.limits.max_body;
        Ok(Self { fetcher: Fetcher::new(options)?, zone, max_body })
    }

    /// Asks an address's robots.txt, then the address, and describes the answer.
    pub(super) async fn report(&self, url: &str, follow: Follow) -> ProbeReport {
        // A feed is asked for whatever robots.txt says, so its answer is only shown.
        let permission = self.fetcher.may_fetch(url).await;
        let robots = self.fetcher.robots_of(url, false).await;
        let asked = ask::anything(&self.fetcher, url, || self.reader()).await;
        let report = self.examine(url, &asked);
        let crawl_delay = robots.and_then(|robots| robots.crawl_delay(AGENT));
        let report = report.with_robots(permission, crawl_delay);
        if follow == Follow::Nothing {
            return report;
        }
        let list = self.list(url, &asked);
        let link = list.entry_of(&report).filter(|_| follow == Follow::Page);
        let nofollow = report.nofollow || list.read.as_ref().is_some_and(|read| read.nofollow);
        let exchange = match &link {
            Some(_) if nofollow => {
                Some(Err("the list asks robots not to follow its links (nofollow)".to_owned()))
            }
            Some(link) => Some(self.page(link, report.answered.as_deref().unwrap_or(url)).await),
            None => None,
        };
        self.explained(report, list, link.zip(exchange))
    }

    /// Describes pages that were saved; the article is taken for the page of the first entry.
    fn saved(
        &self,
        url: &str,
        list: &Path,
        article: Option<&Path>,
        follow: Follow,
    ) -> Result<ProbeReport, saved::SavedError> {
        let exchange = saved::read(list, url, self.max_body)?;
        let reader = self.reader();
        let answer = answer::of(&exchange, url, url, &reader);
        let asked = Asked { exchange, at: reader.at, answer };
        let mut report = self.examine(url, &asked);
        // Nobody answered.
        report.status = None;
        if follow == Follow::Nothing {
            return Ok(report);
        }
        let list = self.list(url, &asked);
        let link = list.entry_of(&report).unwrap_or_else(|| url.to_owned());
        let page = match (article, follow) {
            (Some(article), _) => Some(Ok(saved::read(article, &link, self.max_body)?)),
            (None, Follow::Page) => {
                Some(Err("no page of it was saved; name one with --saved-article".to_owned()))
            }
            (None, _) => None,
        };
        Ok(self.explained(report, list, page.map(|page| (link, page))))
    }

    fn examine(&self, url: &str, asked: &Asked) -> ProbeReport {
        let Asked { exchange, at, answer } = asked;
        probe::examine(&Subject { url, exchange, answer, zone: self.zone, at: *at })
    }

    fn reader(&self) -> BodyReader {
        // What a source may have of it is for its configuration to say.
        let (zone, at, max_entries) = (self.zone, SystemClock.now(), usize::MAX);
        BodyReader { expected: Expected::Any, zone, at, max_entries, known: EarlierBody::default() }
    }

    /// Explains the list, and reads it again as a source with the proposed selectors does.
    fn list(&self, url: &str, asked: &Asked) -> List {
        let Exchange::Body(response) = &asked.exchange else { return List::default() };
        let reader = BodyReader { at: asked.at, ..self.reader() };
        let Ok(explained) = page::explain_list(&reader.input(response)) else { return List::default() };
        let with = |rules: ListRules| {
            let reader = BodyReader { expected: Expected::Page(Box::new(rules)), ..reader.clone() };
            let answer = answer::of(&asked.exchange, url, url, &reader);
            self.examine(url, &Asked { exchange: asked.exchange.clone(), at: asked.at, answer })
        };
        let read = explained.proposal.as_ref().map(|proposal| with(proposal.rules.clone()));
        List { explained: Some(explained), read }
    }

    /// Asks for the page of an entry, if robots.txt lets it. The error: why there is none.
    async fn page(&self, link: &str, from: &str) -> Result<Exchange, String> {
        if !probe::is_same_origin(from, link) {
            return Err("it lies on another host, whose robots.txt was not asked for".to_owned());
        }
        let request = FetchRequest { obeys_robots: true, ..FetchRequest::new(link, ACCEPT_PAGE) };
        Ok(ask::get(&self.fetcher, &request).await)
    }

    /// The report with the list and the page of an entry.
    fn explained(
        &self,
        mut report: ProbeReport,
        list: List,
        page: Option<(String, Result<Exchange, String>)>,
    ) -> ProbeReport {
        let read = page.map(|(link, page)| match page {
            Ok(exchange) => self.article(link, &exchange),
            Err(why) => not_read(link, why),
        });
        let (followed, article) = read.unzip();
        report.followed = followed;
        report.with_chosen(list.explained, article.flatten(), list.read)
    }

    fn article(&self, link: String, exchange: &Exchange) -> (Followed, Option<ExplainedArticle>) {
        let Exchange::Body(response) = exchange else {
            let answer = Answer::<Box<Document>>::without_body(exchange, &link, &link);
            return not_read(link, answer.describe(|_| String::new()));
        };
        let closed = page_directives(response.head.x_robots_tag.as_deref(), AGENT).noindex;
        let explained = match page::explain_article(&self.reader().input(response)) {
            Ok(explained) => explained,
            Err(error) => return not_read(link, error.to_string()),
        };
        let followed = match &explained.article {
            Some(article) if article.noindex || closed => {
                return not_read(link, "it asks not to be listed (noindex)".to_owned());
            }
            Some(article) => probe::followed(link, article, self.zone),
            None => not_read(link, PageError::Empty.to_string()).0,
        };
        (followed, Some(explained))
    }
}

/// A list that was explained, and the report of a source with its selectors.
#[derive(Default)]
struct List {
    explained: Option<ExplainedList>,
    read: Option<ProbeReport>,
}

impl List {
    /// The entry whose page is worth a look: one that was found without selectors, else with them.
    fn entry_of(&self, report: &ProbeReport) -> Option<String> {
        let found = probe::to_follow(report).or_else(|| self.read.as_ref().and_then(probe::to_follow));
        found.map(str::to_owned)
    }
}

fn not_read(link: String, why: String) -> (Followed, Option<ExplainedArticle>) {
    (Followed { link, failed: Some(why), ..Followed::default() }, None)
}
