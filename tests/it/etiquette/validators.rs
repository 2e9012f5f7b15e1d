//! Conditional requests (RFC 9110 section 13): dibao sends back a server's validators byte for byte.

use super::*;

/// What a request must come with after an answer: that answer's validators; after a 304 those it repeats,
/// and of the others what there was (RFC 9111 section 3.2).
fn kept(before: [Option<Vec<u8>>; 2], answer: &Asked) -> [Option<Vec<u8>>; 2] {
    let [etag, modified] = answer.gave.clone();
    let [old_etag, old_modified] = before;
    match answer.status {
        200 => [etag, modified],
        304 => [etag.or(old_etag), modified.or(old_modified)],
        _ => [old_etag, old_modified],
    }
}

/// Every request of these hosts comes with exactly the validators it should.
fn echoed(record: &Record, hosts: &[&str]) -> Verdict {
    let mut judged = 0;
    for host in hosts {
        let asked = record.of(host);
        check(asked.len() > 100, || format!("{host} was asked {} times", asked.len()))?;
        let mut expected = [None, None];
        for one in asked {
            let came = one.validators();
            check(came == expected, || format!("{host} at {}: {came:?}, not {expected:?}", one.at))?;
            expected = kept(expected, one);
            judged += 1;
        }
    }
    Ok(judged)
}

/// A host that answers 304 to just these validators.
fn strict(etag: &'static [u8], modified: &'static [u8]) -> impl FnMut(&Asked, usize) -> Answer {
    move |asked, _| {
        let some = |value: &'static [u8]| (!value.is_empty()).then(|| value.to_vec());
        if asked.validators() == [some(etag), some(modified)] {
            return Answer::of(304);
        }
        let mut answer = Answer::feed(still());
        if !etag.is_empty() {
            answer = answer.with("ETag", etag);
        }
        if !modified.is_empty() {
            answer = answer.with("Last-Modified", modified);
        }
        answer
    }
}

const ODD: [&str; 6] =
    ["weak.example", "bare.example", "bytes.example", "nodate.example", "early.example", "modified.example"];

pub(super) fn play(play: &mut Play) {
    play.host(ODD[0], strict(b"W/\"one\"", b"Mon, 23 Nov 2026 00:00:00 GMT"));
    play.host(ODD[1], strict(b"no-quotes-at-all", b""));
    play.host(ODD[2], strict(b"\"\xff\xe6\x96\xb0\"", b""));
    play.host(ODD[3], strict(b"\"a, b\"", b"the day before yesterday"));
    play.host(ODD[4], strict(b"", b"Thu, 01 Jan 1970 00:00:00 GMT"));
    play.host(ODD[5], strict(b"", b"Mon, 23 Nov 2026 00:00:00 +0800"));
    play.judge(
        "validators come back byte for byte, odd ones too: weak, bare, not ASCII, no date",
        |record| {
            echoed(record, &ODD)?;
            let asked: Vec<_> = ODD.iter().flat_map(|host| record.of(host)).collect();
            let in_full = asked.iter().filter(|asked| asked.status == 200).count();
            check(in_full == ODD.len(), || format!("{in_full} full answers for {} hosts", ODD.len()))?;
            Ok(asked.len())
        },
    );

    play.host("renews.example", |_, n| Answer::feed(still()).with("ETag", format!("\"{n}\"")));
    play.host("freshens.example", |asked, n| {
        let answer = if asked.is_conditional() { Answer::of(304) } else { Answer::feed(still()) };
        answer.with("ETag", format!("W/\"{n}\"")).with("Last-Modified", format!("never {}", n / 5))
    });
    play.judge("the newest pair comes back, though the body did not change", |record| {
        echoed(record, &["renews.example"])
    });
    play.judge("and the pair of a 304; but what that is of is asked for in full, once a day", |record| {
        let (mut expected, mut in_full) = ([None, None], Vec::new());
        let asked = record.of("freshens.example");
        for one in &asked {
            if one.is_conditional() {
                let came = one.validators();
                check(came == expected, || format!("at {}: {came:?}, not {expected:?}", one.at))?;
            } else {
                in_full.push(*one);
            }
            expected = kept(expected, one);
        }
        check((6..=7).contains(&in_full.len()), || format!("{} times in full", in_full.len()))?;
        check(gaps(&in_full).iter().all(|gap| *gap >= 24 * 3600), || format!("{:?}", gaps(&in_full)))?;
        Ok(asked.len())
    });
    // Asked about one body, it speaks of the next one.
    play.host("ahead.example", |asked, n| match asked.is_conditional() {
        true => Answer::of(304).with("ETag", format!("\"{}\"", n + 1)),
        false => Answer::feed(rss(asked.at, "")).with("ETag", format!("\"{n}\"")),
    });
    play.judge(
        "but no other strong tag, which proves nothing: what it names is asked for, once a day",
        |record| {
            let asked = record.of("ahead.example");
            let (mut ours, mut in_full) = (None, 0);
            for one in &asked {
                if one.is_conditional() {
                    let came = one.header("if-none-match").map(<[u8]>::to_vec);
                    check(came == ours, || format!("at {}: {came:?}, not {ours:?}", one.at))?;
                } else {
                    in_full += 1;
                    ours.clone_from(&one.gave[0]);
                }
            }
            check((6..=7).contains(&in_full), || format!("{in_full} times in full"))?;
            Ok(asked.len())
        },
    );
    // A redirect that leads elsewhere from the fourth day on, to a feed with the same tag.
    play.host("roll.example", |asked, _| {
        let to = if hour(asked.at) < 80 { "http://hall.example/a" } else { "http://hall.example/b" };
        Answer::of(302).with("Location", to)
    });
    play.also("hall.example", |asked, _| match asked.is_conditional() {
        true => Answer::of(304),
        false => Answer::feed(rss(asked.at, "")).with("ETag", "W/\"1\""),
    });
    play.judge("where a redirect leads is asked with its own validators, and in full once", |record| {
        let asked = record.of("hall.example");
        for path in ["/a", "/b"] {
            let own: Vec<_> = asked.iter().filter(|asked| asked.path == path).collect();
            let in_full = own.iter().filter(|asked| !asked.is_conditional()).count();
            check(in_full == 1 && own.len() > 50, || format!("{path}: {in_full} of {}", own.len()))?;
        }
        Ok(asked.len())
    });
    play.judge("a body with the bytes of last time is not read again", |record| {
        check(record.row("renews", "detail") == "unchanged", || record.row("renews", "detail"))?;
        check(record.row("renews", "entries") == "10", || record.row("renews", "entries"))?;
        Ok(record.of("renews.example").len() - 1)
    });

    play.host("plain.example", |_, _| Answer::feed(still()));
    play.judge("none is invented", |record| echoed(record, &["plain.example"]));
    play.host("drops.example", |asked, n| match n / 5 % 2 {
        0 => Answer::feed(rss(asked.at, "")).with("ETag", format!("\"{n}\"")).with("Last-Modified", "today"),
        _ => Answer::feed(rss(asked.at, "")),
    });
    play.host("halves.example", |asked, n| {
        let answer = Answer::feed(rss(asked.at, "")).with("ETag", format!("\"{n}\""));
        if n % 2 == 0 { answer.with("Last-Modified", format!("day {n}")) } else { answer }
    });
    play.judge("those that a server stops sending are dropped, each for itself", |record| {
        echoed(record, &["drops.example", "halves.example"])
    });

    play.host("flaky.example", |asked, n| match n % 6 {
        1 | 2 => Answer::of(500),
        _ if asked.header("if-none-match") == Some(b"\"f\"") => Answer::of(304),
        _ => Answer::feed(still()).with("ETag", "\"f\""),
    });
    play.judge("a failure in between does not make the next request unconditional", |record| {
        let asked = record.of("flaky.example");
        let bare = asked.iter().filter(|asked| !asked.is_conditional()).count();
        check(bare == 1, || format!("{bare} of {} were unconditional", asked.len()))?;
        Ok(asked.len())
    });

    let wall = |asked: &Asked, _| match asked.header("if-none-match") {
        Some(b"\"wall\"") => Answer::of(304),
        _ => {
            Answer { body: b"<html><p>soon</p></html>".to_vec(), ..Answer::of(200) }.with("ETag", "\"wall\"")
        }
    };
    play.host("wall.example", wall);
    play.judge("one unconditional request a day at most, where validators are handed out", |record| {
        let mut judged = 0;
        let more = ["renews.example", "freshens.example", "ahead.example", "flaky.example", "wall.example"];
        let hosts = ODD.iter().chain(&more);
        for host in hosts {
            let asked = record.of(host);
            let bare: Vec<_> = asked.iter().filter(|asked| !asked.is_conditional()).copied().collect();
            let quick = gaps(&bare).into_iter().find(|gap| *gap < 24 * 3600);
            check(quick.is_none(), || format!("{host}: again after {quick:?} s"))?;
            judged += asked.len();
        }
        Ok(judged)
    });

    // A feed, then for three days a page that is older than it, then the feed of before with one entry more.
    // Whatever is dated so that it was there is "not modified" (RFC 9110 section 13.1.3).
    let mut walled = false;
    play.host("restored.example", move |asked, _| {
        let (body, date) = match hour(asked.at) {
            0..30 => (still(), "Mon, 23 Nov 2026 00:00:00 GMT"),
            30..102 => ("<html><p>soon</p></html>".to_owned(), "Sun, 22 Nov 2026 00:00:00 GMT"),
            _ => (rss(week::monday() + TimeDelta::hours(6), ""), "Fri, 27 Nov 2026 00:00:00 GMT"),
        };
        let since = asked.header("if-modified-since").and_then(|value| std::str::from_utf8(value).ok());
        let read = |text: &str| httpdate::parse_http_date(text).expect("a date of ours");
        let first = !std::mem::replace(&mut walled, (30..102).contains(&hour(asked.at)));
        if !first && since.is_some_and(|since| read(date) <= read(since)) {
            return Answer::of(304);
        }
        Answer::feed(body).with("Last-Modified", date)
    });
    play.judge("a 304 never makes a feed of a page: it is asked for in full, once a day", |record| {
        let asked = record.of("restored.example");
        let walled: Vec<_> = asked.iter().filter(|a| (30..102).contains(&hour(a.at))).copied().collect();
        let in_full: Vec<_> = walled.iter().filter(|asked| !asked.is_conditional()).copied().collect();
        check(!in_full.is_empty() && gaps(&in_full).iter().all(|gap| *gap >= 24 * 3600), || {
            format!("in full: {:?}", gaps(&in_full))
        })?;
        // The polls of a source that fails back off.
        let told = walled.iter().filter(|asked| asked.status == 304).count();
        check(told < 30, || format!("{told} of {} polls were told that all is well", walled.len()))?;
        check(record.row("restored", "entries") == "11", || record.row("restored", "entries"))?;
        Ok(asked.len())
    });
}
