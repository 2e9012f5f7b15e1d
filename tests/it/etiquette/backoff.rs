//! Refusals, failures, 410 Gone and permanent redirects.

use super::*;

const HOUR: i64 = 3600;

fn fine(asked: &Asked) -> Answer {
    if asked.is_conditional() { Answer::of(304) } else { Answer::feed(still()).with("ETag", "\"p\"") }
}

/// Refuses in the hour of the week when it is first asked at `path` from `hour` on, once.
fn refuses(
    path: &'static str,
    from: i64,
    refusal: impl Fn(&Asked) -> Answer + Send + 'static,
) -> impl FnMut(&Asked, usize) -> Answer {
    let mut refused = false;
    move |asked, _| {
        if !refused && asked.path == path && hour(asked.at) >= from {
            refused = true;
            return refusal(asked);
        }
        fine(asked)
    }
}

/// Nothing is asked of a host, at these paths, for so long after its one refusal; but it is within the
/// next hour and a little.
fn waited(record: &Record, host: &str, path: Option<&str>, seconds: i64) -> Verdict {
    let asked = record.of(host);
    let at = asked.iter().position(|asked| asked.status >= 400).ok_or("it never refused")?;
    let refused = asked[at].at;
    let mut after = asked[at + 1..].iter().filter(|asked| path.is_none_or(|path| asked.path == path));
    let next = after.next().ok_or("it was never asked again")?;
    let gap = (next.at - refused).num_seconds();
    check((seconds - 1..=seconds + HOUR + 180).contains(&gap), || {
        format!("{host}: asked again after {gap} s instead of {seconds}")
    })?;
    Ok(after.count() + 1)
}

fn moved(status: u16, to: &'static str) -> impl FnMut(&Asked, usize) -> Answer {
    move |_, _| Answer::of(status).with("Location", to)
}

/// How often both ends of a redirect were asked.
fn both(record: &Record, old: &str, new: &str) -> [usize; 2] {
    [old, new].map(|host| record.of(host).len())
}

pub(super) fn play(play: &mut Play) {
    retry_after(play);
    backoff(play);
    redirects(play);
}

fn retry_after(play: &mut Play) {
    for (id, path) in [("busy", "a"), ("busy-too", "b")] {
        play.source(id, &format!("http://busy.example/{path}"), "");
    }
    play.also("busy.example", refuses("/a", 20, |_| Answer::of(429).with("Retry-After", "18000")));
    play.also("www.busy.example", |asked, _| fine(asked));
    play.judge("429 with Retry-After in seconds is obeyed, by all sources of the host", |record| {
        waited(record, "busy.example", None, 18000)
    });
    for (host, value) in ODD {
        play.host(host, refuses("/feed.xml", 20, move |_| Answer::of(429).with("Retry-After", value)));
    }
    play.host("silent.example", refuses("/feed.xml", 20, |_| Answer::of(429)));
    play.judge("one that is huge is a day; one that cannot be read, or is missing, is a failure", |record| {
        let mut judged = waited(record, "huge.example", None, 24 * HOUR)?;
        for host in ["negative.example", "words.example", "silent.example"] {
            judged += waited(record, host, None, HOUR - 300)?;
        }
        Ok(judged)
    });
    // Pages that a list leads to, and the robots.txt before them.
    for (id, host) in [("leads", "leads.example"), ("guarded", "guarded.example")] {
        play.source(id, &format!("http://{host}/list"), "kind = \"page\"\n[source.page]\nfollow = true\n");
    }
    play.also("leads.example", refusing_page("/2026-11/23/content_1.htm"));
    play.also("guarded.example", refusing_page("/robots.txt"));
    play.judge("that of an entry's page, or of robots.txt, is obeyed by the whole host", |record| {
        Ok(waited(record, "leads.example", None, 18000)? + waited(record, "guarded.example", None, 18000)?)
    });
    play.host("towards.example", |asked, _| match hour(asked.at) {
        0..20 => fine(asked),
        _ => Answer::of(302).with("Location", "http://www.busy.example/c"),
    });
    play.judge("a redirect to a host that is left alone is not followed", |record| {
        let refused = record.of("busy.example").iter().find(|a| a.status == 429).map(|a| a.at);
        let refused = refused.ok_or("it never refused")?;
        let within = refused + TimeDelta::seconds(1)..refused + TimeDelta::seconds(17_999);
        let led = record.of("www.busy.example");
        let early = led.iter().find(|asked| within.contains(&asked.at));
        check(early.is_none(), || format!("{:?}", early.map(|asked| asked.at)))?;
        check(led.len() > 50, || format!("followed {} times in all", led.len()))?;
        Ok(led.len())
    });
    play.source("later", "http://later.example/a", "");
    play.also(
        "later.example",
        refuses("/a", 20, |asked| {
            // A clock that is four days fast.
            let date = |at: Time| httpdate::fmt_http_date((at + TimeDelta::days(4)).into());
            let until = asked.at + TimeDelta::hours(7);
            Answer::of(503).with("Date", date(asked.at)).with("Retry-After", date(until))
        }),
    );
    play.judge("503 with Retry-After as a date is, counted from the server's own Date", |record| {
        waited(record, "later.example", None, 7 * HOUR)
    });
    for (id, path) in [("bridge-a", "a"), ("bridge-b", "b")] {
        play.source(id, &format!("http://bridge.example/{path}"), "retry_after = \"source\"\n");
    }
    play.also("bridge.example", refuses("/a", 20, |_| Answer::of(429).with("Retry-After", "18000")));
    play.judge("by one source, where the configuration says so", |record| {
        let waited = waited(record, "bridge.example", Some("/a"), 18000)?;
        let other: Vec<_> =
            record.of("bridge.example").into_iter().filter(|asked| asked.path == "/b").collect();
        let in_time = other.iter().filter(|asked| (20..26).contains(&hour(asked.at))).count();
        check(in_time >= 5, || format!("the other source was asked {in_time} times meanwhile"))?;
        Ok(waited + other.len())
    });
    for (id, path) in [("over", "a"), ("over-too", "b")] {
        play.source(id, &format!("http://over.example/{path}"), "");
    }
    // Half an hour before the daemon is stopped on Wednesday.
    play.also("over.example", refuses("/a", 59, |_| Answer::of(429).with("Retry-After", "43200")));
    play.judge("and across a restart", |record| {
        let refusal = record.of("over.example").into_iter().find(|asked| asked.status == 429);
        let refused = refusal.ok_or("it never refused")?.at;
        let restart =
            record.starts.iter().any(|start| *start > refused && *start - refused < TimeDelta::hours(12));
        check(restart, || "no restart while it waited".to_owned())?;
        waited(record, "over.example", None, 43200)
    });
}

/// Hosts, and the Retry-After that each says.
const ODD: [(&str, &str); 3] =
    [("huge.example", "99999999999"), ("negative.example", "-120"), ("words.example", "after lunch")];

/// A list of one entry, whose page or robots.txt refuses at first.
fn refusing_page(path: &'static str) -> impl FnMut(&Asked, usize) -> Answer {
    let page = "<html><body><ul><li><a href=\"/2026-11/23/content_1.htm\">河南一地今天发布消息</a></li></ul></body></html>";
    move |asked, n| match asked.path.as_str() {
        refusing if refusing == path && n == 0 => Answer::of(429).with("Retry-After", "18000"),
        "/robots.txt" => Answer::of(200),
        _ => Answer { body: page.as_bytes().to_vec(), ..Answer::of(200) }
            .with("Content-Type", "text/html; charset=utf-8"),
    }
}

/// The hours of the week in which two hosts fail.
const FAILING: std::ops::Range<i64> = 24..95;

fn backoff(play: &mut Play) {
    for host in ["fails.example", "fails-too.example"] {
        play.host(
            host,
            |asked, _| if FAILING.contains(&hour(asked.at)) { Answer::of(500) } else { fine(asked) },
        );
    }
    play.judge("failures back off exponentially, to a daily probe and no further", |record| {
        let asked = record.of("fails.example");
        let failed: Vec<_> = asked.iter().filter(|asked| asked.status == 500).copied().collect();
        let gaps = gaps(&failed);
        check(gaps.len() > 6, || format!("{gaps:?}"))?;
        let mut full = 600;
        for gap in &gaps {
            // The schedule asks no sooner than hourly; the spread takes a quarter at most.
            let least = (full * 3 / 4).min(18 * HOUR);
            check((least..=full.clamp(HOUR, 24 * HOUR) + HOUR).contains(gap), || {
                format!("{gap} s of {gaps:?}")
            })?;
            full *= 2;
        }
        check(gaps.iter().any(|gap| *gap > 12 * HOUR), || format!("never a day: {gaps:?}"))?;
        Ok(gaps.len())
    });
    play.judge("two that fail together are not asked together", |record| {
        let probes = |host: &str| -> Vec<_> {
            let failed = record.of(host).into_iter().filter(|asked| asked.status == 500);
            failed.skip(4).map(|asked| asked.at).collect()
        };
        let (one, two) = (probes("fails.example"), probes("fails-too.example"));
        let close = one.iter().zip(&two).filter(|(a, b)| (**a - **b).abs() < TimeDelta::minutes(2)).count();
        check(close == 0, || format!("{close} probes within two minutes"))?;
        Ok(one.len())
    });
    play.judge("a recovery is noticed at once", |record| {
        let asked = record.of("fails.example");
        let last = asked.iter().rposition(|asked| asked.status == 500).ok_or("it never failed")?;
        let after: Vec<_> = asked[last + 1..].to_vec();
        check(after.len() > 2, || format!("asked {} times after it", after.len()))?;
        let slow = gaps(&after).into_iter().find(|gap| *gap > HOUR + 2 * week::STRIDE.as_secs() as i64);
        check(slow.is_none(), || format!("{slow:?} s after it was well"))?;
        check(record.row("fails", "failures") == "0", || record.row("fails", "failures"))?;
        Ok(after.len())
    });
    play.host("farewell.example", |asked, n| if n >= 5 { Answer::of(410) } else { fine(asked) });
    play.judge("410 ends the asking, and `dibao sources` says so", |record| {
        let asked = record.of("farewell.example").len();
        check(asked == 6, || format!("asked {asked} times"))?;
        let state = record.row("farewell", "state") + " " + &record.row("farewell", "detail");
        check(state.contains("gone"), || state.clone())?;
        Ok(asked)
    });
}

fn redirects(play: &mut Play) {
    play.host("old.example", moved(301, "http://new.example/feed.xml"));
    play.host("old308.example", moved(308, "http://new308.example/feed.xml"));
    for host in ["new.example", "new308.example", "temporary.example", "temporary307.example"] {
        play.also(host, |asked, _| fine(asked));
    }
    play.judge("301 and 308 are remembered only after several that led to a feed", |record| {
        let mut judged = 0;
        for (old, new) in [("old.example", "new.example"), ("old308.example", "new308.example")] {
            let [at_old, at_new] = both(record, old, new);
            check((2..=5).contains(&at_old), || format!("{old} was asked {at_old} times"))?;
            check(at_new > 100, || format!("{new} was asked {at_new} times"))?;
            judged += at_old + at_new;
        }
        Ok(judged)
    });
    play.host("found.example", moved(302, "http://temporary.example/feed.xml"));
    play.host("found307.example", moved(307, "http://temporary307.example/feed.xml"));
    play.judge("302 and 307 never", |record| {
        let mut judged = 0;
        for (old, new) in
            [("found.example", "temporary.example"), ("found307.example", "temporary307.example")]
        {
            let [at_old, at_new] = both(record, old, new);
            check(at_old == at_new && at_old > 100, || format!("{old} {at_old} times, {new} {at_new}"))?;
            judged += at_old;
        }
        Ok(judged)
    });
    for id in ["a", "b"] {
        play.source(&format!("slow-{id}"), &format!("http://slow.example/{id}"), "");
    }
    play.source("slow-c", "http://slow.example/c", "");
    play.also("slow.example", |asked, _| match asked.path.as_str() {
        "/c" => fine(asked),
        path => Answer::of(302)
            .with("Location", format!("http://slowed.example{path}"))
            .with("Retry-After", "7200"),
    });
    play.also("slowed.example", |asked, _| fine(asked));
    play.judge(
        "a redirect with Retry-After is followed after that time, and holds up no other source",
        |record| {
            let mut judged = 0;
            for path in ["/a", "/b"] {
                let of = |host| record.of(host).into_iter().filter(|a| a.path == path).map(|a| a.at);
                let redirects: Vec<_> = of("slow.example").collect();
                for followed in of("slowed.example") {
                    let before: Vec<_> = redirects.iter().filter(|at| **at <= followed).collect();
                    let [.., told, _] = before[..] else { return Err(format!("{path}: followed at once")) };
                    let waited = (followed - *told).num_seconds();
                    check(waited >= 7199, || format!("{path}: followed after {waited} s"))?;
                    judged += 1;
                }
                check(of("slowed.example").count() > 30, || format!("{path}: hardly ever followed"))?;
            }
            let other = record.of("slow.example").into_iter().filter(|asked| asked.path == "/c").count();
            check(other > 100, || format!("the other source was asked {other} times"))?;
            Ok(judged)
        },
    );
    play.host("captive.example", |asked, n| match n {
        0..5 => fine(asked),
        _ => Answer::of(301).with("Location", "http://portal.example/"),
    });
    play.also("portal.example", |_, _| Answer {
        body: b"<html><p>welcome</p></html>".to_vec(),
        ..Answer::of(200)
    });
    play.judge("a redirect to what is no feed changes nothing", |record| {
        let [at_old, at_new] = both(record, "captive.example", "portal.example");
        check(at_new > 3 && at_old == at_new + 5, || format!("{at_old} and {at_new} times"))?;
        check(record.row("captive", "entries") == "10", || record.row("captive", "entries"))?;
        Ok(at_new)
    });
}
