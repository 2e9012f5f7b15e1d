//! The User-Agent, headers that dibao never sends, robots.txt, and the rows that the operator reads.

use std::io::Write as _;

use super::*;

/// What a browser would send and we do not.
const NEVER: [&str; 4] = ["cookie", "referer", "origin", "x-requested-with"];

fn list(asked: &Asked) -> Answer {
    let newest = asked.at.timestamp() / (6 * 3600);
    let links = (newest - 9..=newest).map(|n| {
        let day = Time::from_timestamp(n * 6 * 3600, 0).expect("an instant").format("%Y-%m/%d");
        format!("<li><a href=\"/{day}/content_{n}.htm\">河南第{n}号消息今天发布</a></li>")
    });
    let body = format!("<html><body><ul>{}</ul></body></html>", links.collect::<String>());
    Answer { body: body.into_bytes(), ..Answer::of(200) }.with("Content-Type", "text/html; charset=utf-8")
}

pub(super) fn play(play: &mut Play) {
    play.judge("User-Agent says dibao, its version and whom to write to", |record| {
        let expected = format!("dibao/{} (+https://operator.example/)", env!("CARGO_PKG_VERSION"));
        let other = record.log.iter().find(|asked| asked.header("user-agent") != Some(expected.as_bytes()));
        check(other.is_none(), || format!("{other:?}"))?;
        Ok(record.log.len())
    });
    play.judge("no cookies, though they were handed out; no Referer, though it was redirected", |record| {
        let said = record.log.iter().find(|asked| NEVER.iter().any(|name| asked.header(name).is_some()));
        check(said.is_none(), || format!("{said:?}"))?;
        Ok(record.log.len())
    });
    play.source("query", "http://query.example/feed?b=2&a=1&c=%E6%96%B0", "");
    play.also("query.example", |_, _| Answer::feed(still()).with("ETag", "\"q\""));
    play.judge("GET and the very address of the configuration, with nothing added to it", |record| {
        let asked = record.of("query.example");
        let other = asked.iter().find(|asked| asked.path != "/feed?b=2&a=1&c=%E6%96%B0");
        check(other.is_none(), || format!("{other:?}"))?;
        let method = record.log.iter().find(|asked| asked.method != "GET");
        check(method.is_none(), || format!("{method:?}"))?;
        let added = record.log.iter().find(|asked| asked.host != "query.example" && asked.path.contains('?'));
        check(added.is_none(), || format!("{added:?}"))?;
        Ok(record.log.len())
    });
    play.host("zipped.example", |asked, _| {
        let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        coder.write_all(rss(asked.at, "").as_bytes()).expect("memory");
        Answer { body: coder.finish().expect("memory"), ..Answer::of(200) }.with("Content-Encoding", "gzip")
    });
    play.judge("gzip is accepted, and read", |record| {
        let accepts = |asked: &&Asked| {
            asked.header("accept-encoding").is_some_and(|v| v.windows(4).any(|w| w == b"gzip"))
        };
        let deaf = record.log.iter().find(|asked| !accepts(asked));
        check(deaf.is_none(), || format!("{deaf:?}"))?;
        check(record.row("zipped", "entries").parse::<u32>().is_ok_and(|n| n > 20), || {
            record.row("zipped", "detail")
        })?;
        Ok(record.log.len())
    });
    play.judge("a connection is used again for what follows at once", |record| {
        let asked = record.of("quick.example");
        let connections: std::collections::BTreeSet<_> = asked.iter().map(|asked| asked.connection).collect();
        check(connections.len() * 3 <= asked.len(), || {
            format!("{} connections for {} requests", connections.len(), asked.len())
        })?;
        Ok(asked.len())
    });
    play.source("pages", "http://pages.example/news/", "kind = \"page\"\n");
    play.source("hidden", "http://pages.example/private/", "kind = \"page\"\n");
    play.also("pages.example", |asked, _| match asked.path.as_str() {
        "/robots.txt" => Answer { body: b"User-agent: *\nDisallow: /private/\n".to_vec(), ..Answer::of(200) },
        _ => list(asked),
    });
    play.judge("robots.txt is obeyed for pages, and asked once a day", |record| {
        let asked = record.of("pages.example");
        let hidden = asked.iter().filter(|asked| asked.path.starts_with("/private")).count();
        check(hidden == 0, || format!("what it forbids was asked {hidden} times"))?;
        let shown = asked.iter().filter(|asked| asked.path == "/news/").count();
        check(shown > 100, || format!("what it allows was asked {shown} times"))?;
        let robots: Vec<_> = asked.iter().filter(|asked| asked.path == "/robots.txt").copied().collect();
        check(robots.len() <= 7 + record.starts.len(), || format!("asked {} times", robots.len()))?;
        check(robots.first().map(|r| r.at) <= asked.first().map(|a| a.at), || "after a page".to_owned())?;
        Ok(asked.len())
    });
    play.judge("a feed is asked for without it: to publish one is to allow it", |record| {
        let pages = ["pages.example", "leads.example", "guarded.example", "paced.example"];
        let asked =
            record.log.iter().filter(|a| a.path == "/robots.txt" && !pages.contains(&a.host.as_str()));
        let asked = asked.count();
        check(asked == 0, || format!("asked {asked} times"))?;
        Ok(record.log.len())
    });
    play.judge("`dibao sources` says where asking less often would lose nothing", |record| {
        let advice = record.row("flaky", "advice");
        check(advice.contains("of its polls find nothing"), || advice.clone())?;
        check(record.row("flaky", "in_vain").parse::<u32>().is_ok_and(|share| share > 80), || {
            record.row("flaky", "in_vain")
        })?;
        Ok(1)
    });
    play.host("rushing.example", |asked, _| {
        let hour = asked.at.timestamp() / 3600;
        let entries: String = (0..5)
            .map(|n| {
                format!("<item><guid>http://r.example/{hour}-{n}</guid><title>快讯{hour}之{n}</title></item>")
            })
            .collect();
        Answer::feed(format!("<rss version=\"2.0\"><channel><title>快</title>{entries}</channel></rss>"))
    });
    play.judge("and where entries may have been missed", |record| {
        let advice = record.row("rushing", "advice");
        check(advice.contains("may have been missed"), || advice.clone())?;
        Ok(1)
    });
}
