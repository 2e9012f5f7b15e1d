//! The times of requests: one at a time to a host, spread, in the schedule's phase, and no burst after a restart.

use std::time::Duration;

use super::*;

const CROWD: usize = 12;

/// A second between two requests, as far as it can be measured: while they are under way, the clock moves in steps.
fn a_second() -> TimeDelta {
    TimeDelta::milliseconds(998) - TimeDelta::from_std(week::SHORT_STRIDE).expect("small")
}

pub(super) fn play(play: &mut Play) {
    for n in 0..CROWD {
        let url = format!("http://crowd.example/{n}.xml");
        play.source(&format!("crowd-{n}"), &url, "schedule = \"0 6 * * *\"\n");
    }
    play.also("crowd.example", |asked, _| Answer {
        after: Duration::from_secs(4),
        ..Answer::feed(rss(asked.at, ""))
    });
    play.judge("a host is asked one thing at a time", |record| {
        let asked = record.of("crowd.example");
        check(asked.len() >= CROWD * 7, || format!("asked {} times", asked.len()))?;
        let early = asked.windows(2).find(|pair| pair[1].at < pair[0].answered);
        check(early.is_none(), || format!("{:?}", early.map(|pair| (pair[0].answered, pair[1].at))))?;
        Ok(asked.len())
    });
    // Two sources of a host that answers at once, at the very same second.
    for n in 0..CROWD {
        let url = format!("http://quick.example/{n}.xml");
        play.source(&format!("quick-{n}"), &url, "schedule = \"0 7 * * *\"\n");
    }
    play.also("quick.example", |asked, _| Answer::feed(rss(asked.at, "")));
    play.judge("and no sooner than a second after the last", |record| {
        let asked = record.of("quick.example");
        check(asked.len() >= CROWD * 7, || format!("asked {} times", asked.len()))?;
        let quick = asked.windows(2).find(|pair| pair[1].at - pair[0].at < a_second());
        check(quick.is_none(), || format!("{:?}", quick.map(|pair| (pair[0].at, pair[1].at))))?;
        Ok(asked.len())
    });
    for (n, host) in ["twin.example", "www.twin.example", "TWIN.example."].iter().cycle().take(6).enumerate()
    {
        play.source(&format!("twin-{n}"), &format!("http://{host}/{n}.xml"), "schedule = \"0 8 * * *\"\n");
    }
    for host in ["twin.example", "www.twin.example", "twin.example."] {
        play.also(host, |asked, _| Answer::feed(rss(asked.at, "")));
    }
    play.judge("under all its names", |record| {
        let twins = record.log.iter().filter(|a| a.host.contains("twin.example"));
        let asked: Vec<_> = twins.collect();
        check(asked.len() >= 6 * 7, || format!("asked {} times", asked.len()))?;
        let quick = asked.windows(2).find(|pair| pair[1].at - pair[0].at < a_second());
        check(quick.is_none(), || format!("{:?}", quick.map(|pair| (pair[0].at, pair[1].at))))?;
        Ok(asked.len())
    });
    for n in 0..3 {
        play.source(&format!("same-{n}"), "http://same.example/feed.xml", "schedule = \"0 9 * * *\"\n");
    }
    play.also("same.example", |asked, _| match asked.is_conditional() {
        true => Answer::of(304),
        false => Answer::feed(still()).with("ETag", "\"s\""),
    });
    play.judge(
        "several sources of one address ask for it one after the other, in full once each",
        |record| {
            let asked = record.of("same.example");
            let in_full = asked.iter().filter(|asked| !asked.is_conditional()).count();
            check(in_full == 3 && asked.len() >= 18, || format!("{in_full} of {}", asked.len()))?;
            check(gaps(&asked).iter().all(|gap| *gap >= 1), || format!("{:?}", gaps(&asked)))?;
            Ok(asked.len())
        },
    );
    play.source("paced", "http://paced.example/a", "kind = \"page\"\nschedule = \"0 10 * * *\"\n");
    play.source("paced-too", "http://paced.example/b", "kind = \"page\"\nschedule = \"0 10 * * *\"\n");
    play.also("paced.example", |asked, _| match asked.path.as_str() {
        "/robots.txt" => Answer { body: b"User-agent: *\nCrawl-delay: 40\n".to_vec(), ..Answer::of(200) },
        _ => Answer {
            body: b"<html><body><a href=\"/2026-11/23/content_1.htm\">one</a></body></html>".to_vec(),
            ..Answer::of(200)
        },
    });
    play.judge("a Crawl-delay is kept between two pages", |record| {
        let pages: Vec<_> =
            record.of("paced.example").into_iter().filter(|a| a.path != "/robots.txt").collect();
        check(pages.len() > 10, || format!("asked {} times", pages.len()))?;
        check(gaps(&pages).iter().all(|gap| *gap >= 39), || format!("{:?}", gaps(&pages)))?;
        Ok(pages.len())
    });
    play.judge("the phase of the schedule is kept all week, within the jitter", |record| {
        let mut judged = 0;
        for host in ["plain.example", "renews.example", "hasty.example"] {
            let asked = record.of(host);
            // But for those that made up for what was missed while the daemon was down.
            let in_turn = asked
                .iter()
                .filter(|a| record.starts.iter().all(|s| (a.at - *s).abs() > TimeDelta::minutes(3)));
            let seconds: Vec<_> = in_turn.map(|asked| asked.at.timestamp() % 3600).collect();
            let (least, most) = (seconds.iter().min().copied(), seconds.iter().max().copied());
            let late = i64::try_from(week::STRIDE.as_secs()).expect("small") + 1;
            check(most <= Some(120 + late), || format!("{host}: {most:?} s past the hour"))?;
            check(most.zip(least).is_some_and(|(a, b)| a - b <= late), || {
                format!("{host}: {least:?} to {most:?}")
            })?;
            judged += seconds.len();
        }
        Ok(judged)
    });
    play.judge("a restart asks nothing early and nothing again", |record| {
        let restart = record.starts[1];
        let early =
            record.log.iter().find(|asked| (restart..restart + TimeDelta::minutes(15)).contains(&asked.at));
        check(early.is_none(), || format!("{:?}", early.map(|asked| (&asked.host, asked.at))))?;
        let hourly = record.of("plain.example");
        let across = hourly.windows(2).find(|pair| pair[0].at < restart && pair[1].at >= restart);
        let gap = across.map(|pair| (pair[1].at - pair[0].at).num_seconds());
        check(gap.is_some_and(|gap| (3570..=3630).contains(&gap)), || format!("{gap:?} s across it"))?;
        Ok(record.polls)
    });
    play.judge(
        "turns missed while the daemon was down are made up for once, spread over the jitter",
        |record| {
            let back = record.starts[2];
            let made_up: Vec<_> =
                record.log.iter().filter(|a| (back..back + TimeDelta::minutes(3)).contains(&a.at)).collect();
            let mut sources: Vec<_> = made_up.iter().map(|asked| (&asked.host, &asked.path)).collect();
            sources.sort();
            sources.dedup();
            check(sources.len() == made_up.len(), || "one was asked twice".to_owned())?;
            check(made_up.len() > 15, || format!("only {} were", made_up.len()))?;
            let most = (0..12).map(|n| {
                let from = back + TimeDelta::seconds(n * 15);
                made_up.iter().filter(|a| (from..from + TimeDelta::seconds(15)).contains(&a.at)).count()
            });
            let most = most.max().unwrap_or(0);
            check(most * 3 <= made_up.len(), || format!("{most} of {} within 15 s", made_up.len()))?;
            Ok(made_up.len())
        },
    );
}
