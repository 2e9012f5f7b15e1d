//! `dibao probe`: looks at an address as the daemon would, and advises. Asks for its robots.txt, for
//! itself, and with `--follow` for one page that it lists; never for more.

use std::path::Path;

use chrono_tz::Tz;
use ipnet::IpNet;

use super::{BadConfig, Ended, Invocation, Subcommand};
use crate::config::{self, Config, Env};
use crate::daemon::clock::{Clock, SystemClock};
use crate::daemon::worker;
use crate::decide::probe::{self, Followed, Reader, Report, Subject, What};
use crate::decide::robots::{AGENT, page_directives};
use crate::fetch::{ACCEPT_FEED, ACCEPT_PAGE, FetchOptions, FetchRequest, Fetcher};
use crate::model::exchange::{Exchange, Response, Validators};
use crate::model::time::Time;
use crate::read::feed::FeedInput;
use crate::read::page::{self, ArticleRules};

/// Look at an address: what it is, what is wrong with it, and a [[source]] table for it
#[derive(Debug, clap::Args)]
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
fn found(explicit: Option<&Path>) -> Result<Option<Config>, config::Faults> {
    let env = Env::of_process().sparing_secrets();
    let config = config::find(explicit, &env).ok().map(|path| config::load(&path, &env)).transpose()?;
    let proxy =
        config.iter().flat_map(|config| &config.unread).filter(|secret| secret.key == "polling.proxy");
    let faults: Vec<config::Fault> = proxy.cloned().collect();
    // Nobody is asked directly where a proxy was meant.
    if faults.is_empty() { Ok(config) } else { Err(config::Faults { faults, warnings: Vec::new() }) }
}

async fn look(config: Option<&Config>, args: Probe) -> anyhow::Result<bool> {
    let proxy =
        config.and_then(|config| config.polling.proxy.as_ref()).map(|proxy| proxy.expose().to_owned());
    let mut options = config.map_or_else(FetchOptions::default, |c| worker::fetch_options(c, proxy));
    options.allow_networks.extend(&args.allow_network);
    let visit = Visit {
        fetcher: Fetcher::new(options)?,
        zone: config.map_or(Tz::Asia__Shanghai, |config| config.polling.timezone),
        now: || SystemClock.now(),
    };
    let url = if args.url.contains("://") { args.url } else { format!("https://{}", args.url) };
    let report = visit.report(&url, args.follow).await;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{report}");
    }
    Ok(matches!(report.what, What::Feed | What::ListPage | What::Json | What::PageWithFeeds))
}

struct Visit {
    fetcher: Fetcher,
    zone: Tz,
    now: fn() -> Time,
}

impl Visit {
    async fn report(&self, url: &str, follow: bool) -> Report {
        let verdict = self.fetcher.may_fetch(url).await;
        let robots = self.fetcher.robots_of(url, false).await;
        let exchange = self.get(url, ACCEPT_FEED, false).await;
        let at = (self.now)();
        let subject = Subject { url, exchange: &exchange, zone: self.zone, at, reader: Reader::Any };
        let report = probe::examine(&subject);
        let crawl_delay = robots.and_then(|robots| robots.crawl_delay(AGENT));
        let mut report = report.with_robots(verdict, crawl_delay);
        if let Some(link) = probe::to_follow(&report).filter(|_| follow).map(str::to_owned) {
            report.followed = Some(self.follow(link, report.answered.as_deref().unwrap_or(url)).await);
        }
        report
    }

    async fn get(&self, url: &str, accept: &str, obeys_robots: bool) -> Exchange {
        let request = FetchRequest {
            url: url.to_owned(),
            validators: Validators::default(),
            headers: Vec::new(),
            accept: accept.to_owned(),
            obeys_robots,
            waited: false,
            outward: false,
        };
        self.fetcher.get(&request).await
    }

    /// Reads the page of an entry, if robots.txt lets it.
    async fn follow(&self, link: String, from: &str) -> Followed {
        let not = |link: String, why: String| Followed { link, failed: Some(why), ..Followed::default() };
        if !probe::is_same_origin(from, &link) {
            return not(link, "it lies on another host, whose robots.txt was not asked for".to_owned());
        }
        let verdict = self.fetcher.may_fetch(&link).await;
        if !verdict.allowed {
            return not(link, verdict.why);
        }
        match self.get(&link, ACCEPT_PAGE, true).await {
            Exchange::Body(response) => self.article(link, &response),
            other => {
                let subject = Subject {
                    url: &link,
                    exchange: &other,
                    zone: self.zone,
                    at: (self.now)(),
                    reader: Reader::Any,
                };
                let why = probe::examine(&subject).because;
                not(link, why)
            }
        }
    }

    fn article(&self, link: String, response: &Response) -> Followed {
        let head = &response.head;
        let input = FeedInput {
            bytes: &response.body,
            url: &head.final_url,
            content_type: head.content_type.as_deref(),
            zone: self.zone,
            fetched_at: (self.now)(),
        };
        let closed = page_directives(head.x_robots_tag.as_deref(), AGENT).noindex;
        match page::article(&input, &ArticleRules::default()) {
            Ok(article) if article.noindex || closed => Followed {
                link,
                failed: Some("it asks not to be listed (noindex)".to_owned()),
                ..Followed::default()
            },
            Ok(article) => probe::followed(link, &article, self.zone),
            Err(error) => Followed { link, failed: Some(error.to_string()), ..Followed::default() },
        }
    }
}
