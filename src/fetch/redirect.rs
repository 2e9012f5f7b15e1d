//! One exchange: ask, follow redirects hop by hop, read the body, all within one time limit. Every hop
//! passes the guard and takes its turn at its own host.
//!
//! A redirect from https down to http is followed: publishers do it, and what is fetched is public
//! news. The source's secrets stay behind, as with every change of origin, and `moved_to` never
//! makes such a step permanent.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use http::header::{HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION};
use tokio::time::Instant;
use url::{Host, Url};

use crate::decide::freshness;
use crate::model::exchange::{Exchange, FetchFault, Hop, Response, ResponseHead};
use crate::model::time::Time;
use crate::read::link;

use super::body::Limit;
use super::cookies::Cookies;
use super::guard::AddressGuard;
use super::hosts::Turn;
use super::{FetchRequest, Fetcher, body, fault, head, kept, request};

/// The longest wait for the redirects of one request together. A longer one is left to another poll.
const SHORT_WAIT: Duration = Duration::from_secs(5);

/// An exchange under way.
struct Redirects<'a> {
    fetcher: &'a Fetcher,
    request: &'a FetchRequest,
    limit: Limit,
    /// The address asked for, with its credentials.
    home: Url,
    /// The address to ask next, without credentials.
    at: Url,
    /// True while the source's secrets go along: never again after a redirect elsewhere.
    at_home: bool,
    hops: Vec<Hop>,
    /// The addresses asked, each with the cookies that were sent: a login gate may lead back to where it was met.
    seen: HashSet<(String, Option<HeaderValue>)>,
    /// Set and sent back within this exchange, and then forgotten.
    cookies: Cookies,
    /// The rest of the time limit; waiting for a turn does not use it up.
    left: Duration,
    /// The rest of [`SHORT_WAIT`].
    wait_left: Duration,
}

/// The result of one hop.
enum Step {
    Ended(Box<Exchange>),
    /// A redirect to that address, to be followed after a wait.
    Redirected(Hop, Url, Duration),
}

/// Performs the exchange.
pub(super) async fn exchange(
    fetcher: &Fetcher,
    request: &FetchRequest,
    limit: Limit,
) -> Result<Exchange, FetchFault> {
    let home = request::target(&request.url).map_err(|why| FetchFault::BadUrl { why })?;
    let mut at = home.clone();
    request::without_credentials(&mut at);
    let seen = HashSet::from([(at.as_str().to_owned(), None)]);
    let left = fetcher.limits.timeout;
    let (at_home, hops, cookies, wait_left) = (true, Vec::new(), Cookies::default(), SHORT_WAIT);
    Redirects { fetcher, request, limit, home, at, at_home, hops, seen, cookies, left, wait_left }.run().await
}

impl Redirects<'_> {
    async fn run(mut self) -> Result<Exchange, FetchFault> {
        let mut turn: Option<(String, Turn)> = None;
        loop {
            let inward = self.is_inward();
            admit_by(self.guard(inward), self.fetcher, &self.at)
                .map_err(|fault| self.explained(inward, fault))?;
            if self.request.obeys_robots
                && !self.hops.is_empty()
                && let Some(head) = self.obey_robots(&mut turn).await?
            {
                return Ok(Exchange::Throttled(head));
            }
            let key = link::server_of(&self.at);
            // A hop within one host is part of the same visit; a turn elsewhere is given back first.
            if turn.as_ref().is_none_or(|(host, _)| *host != key) {
                drop(turn.take());
                turn = Some((key.clone(), self.fetcher.turn(&self.at, &key).await?));
            }
            match self.timed_step(inward).await.map_err(|fault| self.explained(inward, fault))? {
                Step::Ended(exchange) => return Ok(*exchange),
                Step::Redirected(hop, to, wait) => {
                    self.go(hop, to)?;
                    if !wait.is_zero() {
                        // Others have their turns meanwhile.
                        drop(turn.take());
                        self.wait_left = self.wait_left.saturating_sub(wait);
                        tokio::time::sleep(wait).await;
                    }
                }
            }
        }
    }

    /// True if the networks that the operator allowed may be asked now: the address asked for itself, and what it
    /// redirects to if it lies there too. A public publisher must not reach the operator's own machines.
    fn is_inward(&self) -> bool {
        let is_home = || link::server_of(&self.at) == link::server_of(&self.home);
        !self.request.outward && (self.hops.is_empty() || is_home() || self.fetcher.is_own(&self.home))
    }

    fn guard(&self, inward: bool) -> &AddressGuard {
        if inward { &self.fetcher.guard } else { &self.fetcher.outward.1 }
    }

    /// The fault for people: an address in the allowed networks was refused because a public one led there.
    fn explained(&self, inward: bool, fault: FetchFault) -> FetchFault {
        match fault {
            FetchFault::AddressRefused { host, ip, .. } if !inward && self.fetcher.guard.is_own(ip) => {
                let why = "a public address must not lead into polling.allow_networks".to_owned();
                FetchFault::RedirectRefused { to: host, why }
            }
            fault => fault,
        }
    }

    /// Asks robots.txt about the target of a redirect. Returns the answer that says when to come back, if there is one.
    /// A turn is given back before one is taken to ask: two exchanges that wait for each other would wait for ever.
    async fn obey_robots(
        &self,
        turn: &mut Option<(String, Turn)>,
    ) -> Result<Option<ResponseHead>, FetchFault> {
        let verdict = match self.fetcher.known_verdict(&self.at) {
            Some(verdict) => verdict,
            None => {
                drop(turn.take());
                if self.fetcher.held(self.at.as_str()).is_some() {
                    // Taking the turn will fail.
                    return Ok(None);
                }
                let outward = !self.is_inward();
                let (verdict, put_off) = self.fetcher.admission(self.at.as_str(), outward).await;
                if put_off.is_some() {
                    return Ok(put_off);
                }
                verdict
            }
        };
        if verdict.allowed {
            return Ok(None);
        }
        drop(turn.take());
        Err(self.fetcher.refusal(self.at.as_str(), verdict.why, !self.is_inward()).await)
    }

    async fn timed_step(&mut self, inward: bool) -> Result<Step, FetchFault> {
        let began = Instant::now();
        let step = tokio::time::timeout(self.left, self.step(inward)).await;
        self.left = self.left.saturating_sub(began.elapsed());
        step.unwrap_or(Err(FetchFault::Timeout { after: self.fetcher.limits.timeout }))
    }

    async fn step(&mut self, inward: bool) -> Result<Step, FetchFault> {
        let response = self.ask(inward).await?;
        let status = response.status().as_u16();
        let head = head::read(status, &self.at, self.hops.clone(), response.headers());
        if matches!(status, 301 | 302 | 303 | 307 | 308)
            && let Some(location) = response.headers().get(LOCATION)
        {
            let to = self.read_location(location.as_bytes())?;
            self.cookies.take(&self.at, response.headers());
            let wait = if self.request.waited { Duration::ZERO } else { wait_before(&head) };
            if wait > self.wait_left {
                return Ok(Step::Ended(Box::new(Exchange::Throttled(head))));
            }
            return Ok(Step::Redirected(Hop { status, to: to.as_str().to_owned() }, to, wait));
        }
        if let Some(exchange) = head::without_body(&head, response.headers(), self.is_conditional()) {
            return Ok(Step::Ended(Box::new(exchange)));
        }
        let body = body::read(response, self.limit, &head).await?;
        Ok(Step::Ended(Box::new(Exchange::Body(Response { head, body }))))
    }

    /// True if the validators are of the address that is asked now.
    fn is_conditional(&self) -> bool {
        let validators = &self.request.validators;
        !validators.is_empty() && validators.are_of(self.at.as_str(), &self.hops)
    }

    async fn ask(&self, inward: bool) -> Result<reqwest::Response, FetchFault> {
        let mut url = self.at.clone();
        if self.at_home {
            // The client turns these into an `Authorization` header and takes them off the address.
            // Setting them fails only without a host, which `request::target` refused.
            let _ = url.set_username(self.home.username());
            let _ = url.set_password(self.home.password());
        }
        let mut headers = request::headers(self.request, self.at_home)?;
        if !self.is_conditional() {
            headers.remove(IF_NONE_MATCH);
            headers.remove(IF_MODIFIED_SINCE);
        }
        self.cookies.add_to(&mut headers, &self.at);
        let clients = if inward { &self.fetcher.clients } else { &self.fetcher.outward.0 };
        let (mut asked, was_kept) =
            kept::watched(clients.keeping.get(url.clone()).headers(headers.clone()).send()).await;
        // The server may close a kept connection just when a request goes out on it. RFC 9112 section 9.3.1 lets a
        // client send a GET once more then; on a connection of its own, a close is the server's answer.
        if let Err(error) = &asked
            && was_kept
            && fault::is_closed(error)
        {
            asked = clients.dialling.get(url).headers(headers).send().await;
        }
        asked.map_err(|e| self.fetcher.fault(&e, &self.at))
    }

    fn read_location(&self, location: &[u8]) -> Result<Url, FetchFault> {
        request::redirect(&self.at, location).map_err(|why| {
            const LONGEST: usize = 60;
            let shown = String::from_utf8_lossy(location);
            let to = shown.split(['?', '#']).next().unwrap_or_default().chars().take(LONGEST).collect();
            FetchFault::RedirectRefused { to, why }
        })
    }

    fn go(&mut self, hop: Hop, to: Url) -> Result<(), FetchFault> {
        if !self.seen.insert((hop.to.clone(), self.cookies.header(&to))) {
            return Err(FetchFault::RedirectLoop { at: request::brief(&to) });
        }
        let limit = self.fetcher.limits.max_redirects;
        if self.hops.len() >= limit {
            return Err(FetchFault::TooManyRedirects { limit });
        }
        self.at_home &= request::shares_secrets(&self.home, &to);
        self.hops.push(hop);
        self.at = to;
        Ok(())
    }
}

/// The wait that a redirect asks for before it is followed (RFC 9110 section 10.2.3). `MAX` if it is a date that only
/// a clock could turn into a wait: then the caller, who has one, follows it later.
fn wait_before(redirect: &ResponseHead) -> Duration {
    let Some(value) = redirect.retry_after.as_deref() else { return Duration::ZERO };
    let date = redirect.date.as_deref();
    let is_said = || freshness::retry_after(value, date, Time::UNIX_EPOCH, Duration::MAX).is_some();
    freshness::wait(value, date).unwrap_or_else(|| if is_said() { Duration::MAX } else { Duration::ZERO })
}

/// Refuses an address that may not be asked. Names are checked when they are dialled.
pub(super) fn admit(fetcher: &Fetcher, at: &Url) -> Result<(), FetchFault> {
    admit_by(&fetcher.guard, fetcher, at)
}

fn admit_by(guard: &AddressGuard, fetcher: &Fetcher, at: &Url) -> Result<(), FetchFault> {
    let literal = match at.host() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        Some(Host::Domain(name)) if fetcher.proxy.as_ref().is_some_and(|proxy| proxy.is_called(name)) => {
            // The resolver lets the proxy's name pass, for the proxy's sake alone.
            return Err(FetchFault::BadUrl { why: "it is the proxy itself".to_owned() });
        }
        // These never lead anywhere else (RFC 6761 section 6.3), and behind a proxy nobody here resolves them.
        Some(Host::Domain(name)) if is_localhost(name) => {
            let v6 = guard.check(name, IpAddr::V6(Ipv6Addr::LOCALHOST)).is_ok();
            (!v6).then_some(IpAddr::V4(Ipv4Addr::LOCALHOST))
        }
        Some(Host::Domain(_)) | None => None,
    };
    if let Some(ip) = literal {
        guard.check(at.host_str().unwrap_or_default(), ip)?;
    }
    if at.scheme() == "https" && !fetcher.has_roots {
        return Err(FetchFault::NoCertificates);
    }
    Ok(())
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}
