//! Asks a source and says what its answer meant: chooses the proxy, asks robots.txt for a page, builds the request,
//! fetches, and reads the body on a blocking thread. The worker, `dibao check --online` and `dibao probe` ask in this
//! one way. Knows no stored entry, keeps nothing but what fetchers keep, and reads no clock.

mod fetchers;
mod request;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::config::{Config, Source, SourceKind};
use crate::decide::answer::{self, Answer, BodyReader, Document, EarlierBody, Expected};
use crate::fetch::{ACCEPT_FEED, FetchRequest, FetchSetupError, Fetcher};
use crate::model::exchange::{Exchange, FetchFault, Response, Validators};
use crate::model::time::Time;
use crate::read::link;
use fetchers::Fetchers;
pub use fetchers::fetch_options;

/// Threads that may parse at once. A parse cannot be cancelled; more of them than cores only costs
/// memory.
const PARSERS: usize = 4;

pub struct Asker {
    fetchers: Fetchers,
    parsers: Arc<Semaphore>,
    max_entries: usize,
}

/// One request for a source: address, kind of document, validators.
pub struct Question {
    /// The address: the configured one, or the one the source has moved to.
    pub url: String,
    /// They make the request conditional.
    pub validators: Validators,
    /// True if the Retry-After of a redirect was waited for since.
    pub waited: bool,
    pub known: EarlierBody,
}

impl Question {
    /// The question to a source of which nothing is known.
    pub fn first(source: &Source) -> Self {
        let (validators, known) = (Validators::default(), EarlierBody::default());
        Self { url: source.def.url.clone(), validators, waited: false, known }
    }
}

pub struct Asked {
    pub exchange: Exchange,
    /// Time at which the answer was complete.
    pub at: Time,
    pub answer: Answer<Box<Document>>,
}

impl Asker {
    pub fn new(config: &Config) -> Result<Self, FetchSetupError> {
        let (fetchers, parsers) = (Fetchers::new(config, None)?, Arc::new(Semaphore::new(PARSERS)));
        Ok(Self { fetchers, parsers, max_entries: config.polling.max_entries })
    }

    /// The asker that goes on where `self` was, which ran under the configuration `old`: a host is still asked as
    /// seldom.
    pub fn reloaded(&self, old: &Config, config: &Config) -> Result<Self, FetchSetupError> {
        let fetchers = Fetchers::new(config, Some((old, &self.fetchers)))?;
        Ok(Self { fetchers, parsers: Arc::clone(&self.parsers), max_entries: config.polling.max_entries })
    }

    /// The fetcher of a source, by its proxy.
    pub fn fetcher(&self, source: &Source) -> &Fetcher {
        self.fetchers.of(source)
    }

    /// Leaves the host of `url` alone for `wait`, for all sources.
    pub fn hold(&self, url: &str, wait: Duration) {
        self.fetchers.hold(url, wait);
    }

    /// Has the robots.txt files that could not be fetched asked for again.
    pub fn forget_unknown_robots(&self) {
        // All fetchers share them.
        self.fetchers.any().into_iter().for_each(|fetcher| fetcher.forget_unknown_robots());
    }

    pub async fn ask(&self, source: &Source, question: Question, now: impl Fn() -> Time) -> Asked {
        let Question { url, validators, waited, known } = question;
        let request = FetchRequest { validators, waited, ..request::document(source, &url) };
        let exchange = get(self.fetcher(source), &request).await;
        let at = now();
        let configured = &source.def.url;
        let answer = if answer::has_body(&exchange) {
            let reader = self.reader(source, at, known);
            let (exchange, configured) = (exchange.clone(), configured.clone());
            let read = move || answer::of(&exchange, &url, &configured, &reader);
            self.blocking(read).await.unwrap_or_else(Answer::NotAFeed)
        } else {
            Answer::without_body(&exchange, &url, configured)
        };
        Asked { exchange, at, answer }
    }

    /// Asks for a further page of a source's list, if robots.txt lets programs.
    pub async fn list_page(&self, source: &Source, url: &str) -> Exchange {
        get(self.fetcher(source), &request::page(source, url)).await
    }

    /// Asks for the page of an entry. `outward` is as in [`FetchRequest::outward`]. The error: what stands in the
    /// way if the page is not asked for: its robots.txt, or a host that asked to wait.
    pub async fn article(
        &self,
        source: &Source,
        url: &str,
        waited: bool,
        outward: bool,
    ) -> Result<Exchange, Exchange> {
        let fetcher = self.fetcher(source);
        if let Some(refused) = refusal(fetcher, url, outward).await {
            return Err(refused);
        }
        let request = FetchRequest { waited, outward, ..request::page(source, url) };
        Ok(fetcher.get(&request).await)
    }

    /// Reads a body into a document, and nothing else of its answer.
    pub async fn document(
        &self,
        reader: &BodyReader,
        response: Response,
    ) -> Result<Document, Answer<Box<Document>>> {
        let reader = reader.clone();
        let read = self.blocking(move || reader.document(&response, false)).await;
        read.unwrap_or_else(|why| Err(Answer::NotAFeed(why)))
    }

    pub fn reader(&self, source: &Source, at: Time, known: EarlierBody) -> BodyReader {
        let expected = match &source.kind {
            SourceKind::Feed => Expected::Feed,
            SourceKind::Page(page) => Expected::Page(Box::new(page.rules.list.clone())),
            SourceKind::Json(rules) => Expected::Json(rules.clone()),
        };
        BodyReader { expected, zone: source.zone, at, max_entries: self.max_entries, known }
    }

    /// Runs `work` on a blocking thread, within the bound of parsers. The error: one line for people if it panics.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        let permit = Arc::clone(&self.parsers).acquire_owned().await;
        let task = tokio::task::spawn_blocking(move || {
            // The permit counts until the work really ends, even if nobody waits for it any more.
            let _permit = permit;
            work()
        });
        task.await.map_err(|panic| format!("reading it ended in a panic ({panic})"))
    }
}

/// Asks an address of no source for whatever it gives. `reader` is made when the answer is in. A feed may be asked for
/// whatever robots.txt says, so it is not asked.
pub async fn anything(fetcher: &Fetcher, url: &str, reader: impl FnOnce() -> BodyReader) -> Asked {
    let exchange = fetcher.get(&FetchRequest::new(url, ACCEPT_FEED)).await;
    let reader = reader();
    let answer = answer::of(&exchange, url, url, &reader);
    Asked { exchange, at: reader.at, answer }
}

/// One exchange; if the request obeys robots.txt, only if that lets programs.
pub async fn get(fetcher: &Fetcher, request: &FetchRequest) -> Exchange {
    if request.obeys_robots
        && let Some(refused) = refusal(fetcher, &request.url, request.outward).await
    {
        return refused;
    }
    fetcher.get(request).await
}

/// Asks robots.txt about an address, `outward` as in [`FetchRequest::outward`]. `None` if it lets programs; else the
/// exchange that the address gets: the answer that says when to come back if not even the robots.txt was to be had, or
/// a fault. While the host is held, nothing is asked of it.
async fn refusal(fetcher: &Fetcher, url: &str, outward: bool) -> Option<Exchange> {
    if let Some(wait) = fetcher.held(url) {
        let host = link::server(url).unwrap_or_default();
        return Some(Exchange::Failed(FetchFault::Held { host, wait }));
    }
    match fetcher.admission(url, outward).await {
        (_, Some(head)) => Some(Exchange::Throttled(head)),
        (permission, None) if permission.allowed => None,
        (permission, None) => Some(Exchange::Failed(fetcher.refusal(url, permission.why, outward).await)),
    }
}
