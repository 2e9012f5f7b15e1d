//! `dibao probe`: looks at an address as the daemon would, and advises. Asks for its robots.txt, for
//! itself, and with `--follow` for one page that it lists; never for more.

use std::path::Path;

use chrono_tz::Tz;
use ipnet::IpNet;

use super::{BadConfig, Ended, Invocation, Subcommand};
use crate::ask::{self, Asked, fetch_options};
use crate::config::{self, Config, Env};
use crate::daemon::clock::{Clock, SystemClock};
use crate::decide::answer::{Answer, BodyReader, Document, EarlierBody, Expected};
use crate::decide::probe::{self, Followed, ProbeReport, Subject};
use crate::decide::robots::{AGENT, page_directives};
use crate::fetch::{ACCEPT_PAGE, FetchOptions, FetchRequest, Fetcher};
use crate::model::exchange::{Exchange, Response};
use crate::read::page::{self, ArticleRules};

// Not a doc comment: rustdoc would take the brackets for a link.
#[derive(Debug, clap::Args)]
#[command(about = "Look at an address: what it is, what is wrong with it, and a [[source]] table for it")]
pub struct Probe {
    /// The address of a feed, a list page or a JSON document
    url: String,
    /// Look at the page of one entry too
    #[arg(long)]
    follow: bool,
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
    let report = prober.report(&url, args.follow).await;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{report}");
    }
    Ok(matches!(report.answer, Answer::Document(_) | Answer::PageWithFeeds(_)))
}

pub(super) struct Prober {
    fetcher: Fetcher,
    zone: Tz,
}

impl Prober {
    pub(super) fn new(config: Option<&Config>, allow_networks: &[IpNet]) -> anyhow::Result<Self> {
        let proxy = config.and_then(|config| config.polling.proxy.as_ref());
        let proxy = proxy.map(|proxy| proxy.expose().to_owned());
        let mut options = config.map_or_else(FetchOptions::default, |c| fetch_options(c, proxy));
        options.allow_networks.extend(allow_networks);
        let zone = config.map_or(Tz::Asia__Shanghai, |config| config.polling.timezone);
        Ok(Self { fetcher: Fetcher::new(options)?, zone })
    }

    /// Asks an address's robots.txt, then the address, and describes the answer.
    pub(super) async fn report(&self, url: &str, follow: bool) -> ProbeReport {
        // A feed is asked for whatever robots.txt says, so its answer is only shown.
        let permission = self.fetcher.may_fetch(url).await;
        let robots = self.fetcher.robots_of(url, false).await;
        let asked = ask::anything(&self.fetcher, url, || self.reader()).await;
        let (Asked { exchange, at, answer }, zone) = (&asked, self.zone);
        let report = probe::examine(&Subject { url, exchange, answer, zone, at: *at });
        let crawl_delay = robots.and_then(|robots| robots.crawl_delay(AGENT));
        let mut report = report.with_robots(permission, crawl_delay);
        if let Some(link) = probe::to_follow(&report).filter(|_| follow).map(str::to_owned) {
            report.followed = Some(self.follow(link, report.answered.as_deref().unwrap_or(url)).await);
        }
        report
    }

    fn reader(&self) -> BodyReader {
        // What a source may have of it is for its configuration to say.
        let (zone, at, max_entries) = (self.zone, SystemClock.now(), usize::MAX);
        BodyReader { expected: Expected::Any, zone, at, max_entries, known: EarlierBody::default() }
    }

    /// Reads the page of an entry, if robots.txt lets it.
    async fn follow(&self, link: String, from: &str) -> Followed {
        if !probe::is_same_origin(from, &link) {
            let why = "it lies on another host, whose robots.txt was not asked for";
            return not_read(link, why.to_owned());
        }
        let request = FetchRequest { obeys_robots: true, ..FetchRequest::new(&link, ACCEPT_PAGE) };
        match ask::get(&self.fetcher, &request).await {
            Exchange::Body(response) => self.article(link, &response),
            other => {
                let why =
                    Answer::<Box<Document>>::without_body(&other, &link, &link).describe(|_| String::new());
                not_read(link, why)
            }
        }
    }

    fn article(&self, link: String, response: &Response) -> Followed {
        let reader = self.reader();
        let closed = page_directives(response.head.x_robots_tag.as_deref(), AGENT).noindex;
        match page::article(&reader.input(response), &ArticleRules::default()) {
            Ok(article) if article.noindex || closed => {
                not_read(link, "it asks not to be listed (noindex)".to_owned())
            }
            Ok(article) => probe::followed(link, &article, self.zone),
            Err(error) => not_read(link, error.to_string()),
        }
    }
}

fn not_read(link: String, why: String) -> Followed {
    Followed { link, failed: Some(why), ..Followed::default() }
}
