//! When requests come: one at a time to a host, spread, in the schedule's phase, and no burst after a
//! restart.

use std::time::Duration;

use super::*;

const CROWD: usize = 12;

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
        let quick = asked.windows(2).find(|pair| pair[1].at - pair[0].at < TimeDelta::milliseconds(998));
        check(quick.is_none(), || format!("{:?}", quick.map(|pair| (pair[0].at, pair[1].at))))?;
        Ok(asked.len())
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
