//! A freshness lifetime that a publisher gives delays the next poll, and never hastens it.

use chrono::{Datelike, Timelike};

use super::*;

const HOUR: i64 = 3600;

/// Answers 304 to whatever is conditional, each answer with these headers.
fn says(
    channel: &'static str,
    headers: impl Fn(&Asked) -> Vec<(&'static str, String)> + Send + 'static,
) -> impl FnMut(&Asked, usize) -> Answer {
    move |asked, _| {
        let answer = if asked.is_conditional() {
            Answer::of(304)
        } else {
            Answer::feed(rss(week::monday(), channel)).with("ETag", "\"s\"")
        };
        headers(asked).into_iter().fold(answer, |answer, (name, value)| answer.with(name, value))
    }
}

fn cache_control(value: &'static str) -> impl FnMut(&Asked, usize) -> Answer {
    says("", move |_| vec![("Cache-Control", value.to_owned())])
}

fn date(at: Time) -> String {
    httpdate::fmt_http_date(at.into())
}

fn nothing(_: &Asked) -> Vec<(&'static str, String)> {
    Vec::new()
}

pub(super) fn play(play: &mut Play) {
    play.host("maxage.example", cache_control("public, max-age=9000"));
    play.judge("Cache-Control max-age delays a poll, after a 304 as well", |record| {
        gaps_within(record, "maxage.example", 9000, 9000 + HOUR)
    });
    // Its clock is a year slow.
    let slow = |at: Time| at - TimeDelta::days(365);
    play.host(
        "expires.example",
        says("", move |asked| {
            let later = slow(asked.at) + TimeDelta::hours(3);
            vec![("Date", date(slow(asked.at))), ("Expires", date(later))]
        }),
    );
    play.judge("so does Expires, counted from the server's own Date", |record| {
        gaps_within(record, "expires.example", 3 * HOUR - 2, 4 * HOUR)
    });
    play.host(
        "aged.example",
        says("", |_| vec![("Cache-Control", "max-age=18000".into()), ("Age", "10800".into())]),
    );
    play.judge("less the Age that a cache states", |record| {
        gaps_within(record, "aged.example", 2 * HOUR, 3 * HOUR)
    });
    play.host("ttl.example", says("<ttl>150</ttl>", nothing));
    play.judge("so does the ttl of RSS, after a 304 as well", |record| {
        gaps_within(record, "ttl.example", 9000, 9000 + HOUR)
    });
    play.host(
        "sy.example",
        says(
            "<sy:updatePeriod xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\">daily</sy:updatePeriod>\
             <sy:updateFrequency xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\">6</sy:updateFrequency>",
            nothing,
        ),
    );
    play.judge("so do sy:updatePeriod and sy:updateFrequency", |record| {
        gaps_within(record, "sy.example", 4 * HOUR, 5 * HOUR)
    });
    play.host(
        "hours.example",
        says("<skipHours><hour>1</hour><hour>2</hour><hour>3</hour><hour>4</hour></skipHours>", nothing),
    );
    play.judge("skipHours are not polled", |record| {
        let asked = record.of("hours.example");
        let skipped = asked.iter().find(|asked| (1..=4).contains(&asked.at.hour()));
        check(skipped.is_none(), || format!("asked at {:?}", skipped.map(|asked| asked.at)))?;
        check(asked.len() > 100, || format!("asked {} times", asked.len()))?;
        Ok(asked.len())
    });
    play.host("days.example", says("<skipDays><day>Sunday</day></skipDays>", nothing));
    play.judge("skipDays are, no oftener than the bound", |record| {
        let asked = record.of("days.example");
        let sunday: Vec<_> =
            asked.iter().filter(|a| a.at.weekday() == chrono::Weekday::Sun).copied().collect();
        check(sunday.len() < 6, || format!("{} polls on Sunday", sunday.len()))?;
        check(gaps(&sunday).iter().all(|gap| *gap >= 6 * HOUR), || format!("{:?}", gaps(&sunday)))?;
        Ok(asked.len())
    });
    play.host("century.example", cache_control("max-age=3153600000"));
    play.judge("no delay is longer than polling.freshness", |record| {
        gaps_within(record, "century.example", 6 * HOUR, 7 * HOUR)
    });
    play.host("hasty.example", cache_control("max-age=1"));
    play.host("stale.example", says("<ttl>1</ttl>", |_| vec![("Expires", "0".into())]));
    play.judge("nothing a publisher says hastens a poll", |record| {
        let usual = record.of("plain.example").len();
        let asked = ["hasty.example", "stale.example"].map(|host| record.of(host).len());
        check(asked.iter().all(|n| *n <= usual), || format!("{asked:?} requests instead of {usual}"))?;
        Ok(asked.iter().sum())
    });
    play.host("terse.example", |asked, _| match asked.is_conditional() {
        true => Answer::of(304),
        false => Answer::feed(still()).with("ETag", "\"t\"").with("Cache-Control", "max-age=9000"),
    });
    play.judge("what an answer said of it holds after a 304 that does not repeat it", |record| {
        gaps_within(record, "terse.example", 9000, 9000 + HOUR)
    });
    play.host(
        "expired.example",
        says("", |asked| {
            let past = asked.at - TimeDelta::hours(9);
            vec![("Date", date(asked.at)), ("Expires", date(past)), ("Age", "-5".into())]
        }),
    );
    play.host("nocache.example", cache_control("no-cache, max-age=86400"));
    play.host("garbage.example", cache_control("max-age=soon, , =, max-age=-1"));
    play.judge("Expires in the past, no-cache and garbage delay nothing", |record| {
        let mut judged = 0;
        for host in ["expired.example", "nocache.example", "garbage.example"] {
            judged += gaps_within(record, host, 1, HOUR + 60)?;
        }
        Ok(judged)
    });
}
