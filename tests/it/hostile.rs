//! Hostile publishers through the whole engine: each attack is polled beside a source that behaves. It ends in a
//! named outcome within its limits, memory stays flat, and stored entries stay.
//!
//! `cargo test --test it hostile:: -- --nocapture` prints the table.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use std::{fs, process};

use dibao::command::entries::Entries;
use dibao::command::poll::Poll;
use dibao::config::{self, Env};
use dibao::daemon::engine::Engine;
use dibao::demo::script::{Reply, Script};
use tokio::time::Instant;

use crate::support::{self, ask, entries, output, poll_all, source};

/// The limit of one exchange, in seconds.
const TIMEOUT: u64 = 1;
/// A poll that lasts longer hangs: there is time in it to read what came, on a busy machine.
const LONGEST: Duration = Duration::from_secs(30);

/// What memory may grow by, in MiB: a few bodies of the largest size, decompressed and parsed, at once.
const ROOM: u64 = 300;

/// An attack, the outcome it ends in, and words that name it.
struct Attack {
    name: &'static str,
    replies: Vec<(&'static str, Reply)>,
    outcome: &'static str,
    says: &'static str,
}

fn attack(name: &'static str, reply: Reply, outcome: &'static str, says: &'static str) -> Attack {
    Attack { name, replies: vec![("", reply)], outcome, says }
}

fn head(lines: &str) -> Reply {
    Reply::raw(format!("HTTP/1.1 200 OK\r\n{lines}\r\n"))
}

fn feed(inside: &str) -> Vec<u8> {
    format!("<rss version=\"2.0\"><channel><title>报</title>{inside}</channel></rss>").into_bytes()
}

fn item(n: usize) -> String {
    format!("<item><guid isPermaLink=\"false\">n{n}</guid><title>第{n}条</title></item>")
}

fn ok(body: &[u8]) -> Reply {
    Reply::of(200, &["Content-Type: application/rss+xml; charset=utf-8"], body)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    coder.write_all(bytes).unwrap();
    coder.finish().unwrap()
}

/// A gzip body of a beginning, then so many MiB of one letter.
fn bomb(begins: &[u8], mebibytes: usize) -> Vec<u8> {
    let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    coder.write_all(begins).unwrap();
    let mebibyte = vec![b'x'; 1 << 20];
    (0..mebibytes).for_each(|_| coder.write_all(&mebibyte).unwrap());
    coder.finish().unwrap()
}

fn drops(mut reply: Reply) -> Reply {
    for _ in 0..20 {
        reply = reply.send(b"x").pause(Duration::from_millis(100));
    }
    reply.stall()
}

/// Those that never end, or not in time.
fn slow() -> Vec<Attack> {
    let late = "no complete response within 1 s";
    let chunk = format!("2000\r\n{}\r\n", "x".repeat(0x2000));
    let large = "larger than 4194304 bytes";
    vec![
        attack("silence", Reply::default().stall(), "failed", late),
        attack("half a head", Reply::raw("HTTP/1.1 200 OK\r\nX-Slow: ").stall(), "failed", late),
        attack("a head in drops", drops(Reply::raw("HTTP/1.1 200 OK\r\nX-Slow: ")), "failed", late),
        attack("half a body", head("Content-Length: 100\r\n").send(b"<rss").stall(), "failed", late),
        attack("a body in drops", drops(head("Content-Length: 100\r\n")), "failed", late),
        attack("an endless body", Reply::open(200, &[]).forever(&[b'x'; 8192]), "failed", large),
        attack(
            "endless chunks",
            head("Transfer-Encoding: chunked\r\n").forever(chunk.as_bytes()),
            "failed",
            large,
        ),
        attack("a terabyte announced", head("Content-Length: 1099511627776\r\n").stall(), "failed", large),
        attack(
            "endless headers",
            Reply::raw("HTTP/1.1 200 OK\r\n").forever(b"X-Flood: yyyyyyyyyyyyyyyyyyyyyy\r\n"),
            "failed",
            "too many or too long headers",
        ),
    ]
}

/// Those that are small on the wire and large in memory.
fn bombs() -> Vec<Attack> {
    let large = "larger than 4194304 bytes";
    let coded = |coding: &str, body: &[u8]| Reply::of(200, &[&format!("Content-Encoding: {coding}")], body);
    let zeroes = bomb(b"<rss version='2.0'><channel><title>", 16);
    let title = b"<rss version='2.0'><channel><title>t</title><item><title>"
        .chain(std::io::repeat(b'x').take(50 << 20));
    let title = zstd::encode_all(title, 1).unwrap();
    let fourfold = gzip(&gzip(&gzip(&gzip(&feed(&item(1))))));
    let zstd = zstd::encode_all(std::io::repeat(b' ').take(1 << 30), 1).unwrap();
    vec![
        attack("a gzip bomb of 16 MiB", coded("gzip", &zeroes), "failed", large),
        attack("a zstd bomb of 1 GiB", coded("zstd", &zstd), "failed", large),
        attack("a gzip bomb in gzip", coded("gzip, gzip", &gzip(&zeroes)), "failed", large),
        attack(
            "gzip in gzip in gzip in gzip",
            coded("gzip, gzip, gzip, gzip", &fourfold),
            "failed",
            "codings",
        ),
        attack("a title of 50 MB, compressed", coded("zstd", &title), "failed", large),
        attack(
            "a title of 50 MB",
            Reply::open(200, &[])
                .send(b"<rss version='2.0'><channel><item><title>")
                .send(&vec![b'x'; 50 << 20])
                .close(),
            "failed",
            large,
        ),
    ]
}

/// Documents that are too much of something, each within the limit of a body.
fn documents() -> Vec<Attack> {
    let many: String = (0..100_000).map(|n| format!("<item><title>{n}</title></item>")).collect();
    let title =
        format!("<item><guid isPermaLink=\"false\">t</guid><title>{}</title></item>", "长".repeat(330_000));
    let laughs = (1..10).fold("<!DOCTYPE lolz [<!ENTITY l0 \"lol\">".to_owned(), |mut all, n| {
        let inner = format!("&l{};", n - 1).repeat(10);
        write!(all, "<!ENTITY l{n} \"{inner}\">").unwrap();
        all
    });
    let laughs = format!(
        "<?xml version=\"1.0\"?>{laughs}]><rss version=\"2.0\"><channel><title>&l9;</title>{}</channel></rss>",
        item(1)
    );
    let quadratic = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE r [<!ENTITY a \"{}\">]><rss version=\"2.0\"><channel><title>t</title>\
         <item><guid>q</guid><title>x</title><description>{}</description></item></channel></rss>",
        "a".repeat(50_000),
        "&a;".repeat(50_000)
    );
    let external = b"<?xml version=\"1.0\"?><!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\
        <rss version=\"2.0\"><channel><title>t</title><item><guid>x</guid><title>&x;</title></item></channel></rss>";
    let deep = feed(&"<a>".repeat(100_000));
    let deep_html = feed(&format!(
        "<item><guid>d</guid><title>t</title><description>{}</description></item>",
        "&lt;div&gt;".repeat(50_000)
    ));
    let attributes = feed(&format!(
        "<item {}><title>t</title></item>",
        (0..50_000).map(|n| format!("a{n}=\"\" ")).collect::<String>()
    ));
    let deep_json =
        format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":{}", "[".repeat(200_000));
    let unclosed = feed(&"<![CDATA[".repeat(100_000));
    vec![
        attack("100,000 entries", ok(&feed(&many)), "fetched", "only the newest 2000 entries were taken"),
        attack("a title of 1 MB", ok(&feed(&title)), "fetched", "texts that are too long were cut"),
        attack("a billion laughs", ok(laughs.as_bytes()), "fetched", ""),
        attack("an entity of 50 kB, 50,000 times", ok(quadratic.as_bytes()), "fetched", ""),
        attack("an entity from a file", ok(external), "fetched", ""),
        attack("elements 100,000 deep", ok(&deep), "fetched", ""),
        attack("HTML 50,000 deep", ok(&deep_html), "fetched", ""),
        attack("50,000 attributes", ok(&attributes), "fetched", ""),
        attack("JSON 200,000 deep", ok(deep_json.as_bytes()), "not-a-feed", ""),
        attack("CDATA that never ends", ok(&unclosed), "fetched", ""),
        attack("1 MB of nothing", ok(&vec![0; 1 << 20]), "failed", "ends before its first entry"),
        attack("1 MB of open brackets", ok(&vec![b'<'; 1 << 20]), "not-a-feed", ""),
        attack("1 MB of ampersands", ok(&feed(&"&".repeat(1_000_000))), "fetched", ""),
    ]
}

/// Those that break the protocol.
fn liars() -> Vec<Attack> {
    let body = feed(&item(1));
    let cut = "the connection closed before the end of the response";
    let invalid = "not a valid HTTP response";
    let many: String = (0..20_000).map(|i| format!("X-{i}: y\r\n")).collect();
    let zipped = gzip(&body);
    let wait = Duration::from_millis(50);
    let loops = vec![
        ("", Reply::of(302, &["Location: ./around"], b"")),
        ("around", Reply::of(302, &["Location: ./"], b"")),
    ];
    let chain = (0..12).map(|n| {
        const STEPS: [&str; 13] = ["", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"];
        (STEPS[n], Reply::of(302, &[&format!("Location: ./{}", n + 1)], b""))
    });
    vec![
        Attack { name: "redirects in a circle", replies: loops, outcome: "failed", says: "run in a circle" },
        Attack {
            name: "redirects without end",
            replies: chain.collect(),
            outcome: "failed",
            says: "more than 5 redirects",
        },
        attack(
            "a redirect to a file",
            Reply::of(302, &["Location: file:///etc/passwd"], b""),
            "failed",
            "only http and https",
        ),
        attack(
            "a redirect to the metadata",
            Reply::of(302, &["Location: http://169.254.169.254/"], b""),
            "failed",
            "metadata",
        ),
        attack("too much promised", head("Content-Length: 9999\r\n").send(&body).close(), "failed", cut),
        attack(
            "too little promised",
            head("Content-Length: 9\r\n").send(&body).close(),
            "failed",
            "ends before",
        ),
        attack(
            "two lengths",
            head("Content-Length: 4\r\nContent-Length: 5\r\n").send(&body).close(),
            "failed",
            invalid,
        ),
        attack("a length of words", head("Content-Length: many\r\n").send(&body).close(), "failed", invalid),
        attack("a reset before the head", Reply::default().reset(), "failed", "reset"),
        attack(
            "a reset in the body",
            head("Content-Length: 999\r\n").send(b"<rss").pause(wait).reset(),
            "failed",
            "reset",
        ),
        attack("no answer at all", Reply::default().close(), "failed", cut),
        attack("20,000 headers", head(&many).send(&body).close(), "failed", "too many or too long headers"),
        attack(
            "a header of 4 MB",
            head(&format!("X: {}\r\n", "y".repeat(4 << 20))).close(),
            "failed",
            "too many or too long headers",
        ),
        attack("HTTP/0.9", Reply::raw(body.clone()).send(b"\r\n\r\n").close(), "failed", invalid),
        attack("noise", Reply::raw(vec![0, 159, 146, 150, 13, 10, 13, 10]).close(), "failed", invalid),
        attack(
            "chunks of no size",
            head("Transfer-Encoding: chunked\r\n").send(b"zz\r\n<rss\r\n").close(),
            "failed",
            invalid,
        ),
        attack(
            "chunks without their end",
            head("Transfer-Encoding: chunked\r\n").send(b"4\r\n<rss\r\n").close(),
            "failed",
            cut,
        ),
        attack(
            "a chunk of 2^64",
            head("Transfer-Encoding: chunked\r\n").send(b"ffffffffffffffffff\r\nx").close(),
            "failed",
            invalid,
        ),
        attack(
            "gzip cut short",
            Reply::of(200, &["Content-Encoding: gzip"], &zipped[..zipped.len() / 2]),
            "failed",
            "cannot be decompressed",
        ),
        attack(
            "gzip that is none",
            Reply::of(200, &["Content-Encoding: gzip"], &body),
            "failed",
            "cannot be decompressed",
        ),
        attack("a status of words", Reply::raw("HTTP/1.1 abc\r\n\r\n").close(), "failed", invalid),
    ]
}

/// Memory the process has in use, in MiB.
fn resident() -> u64 {
    const PAGE: u64 = 4096;
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * PAGE / (1 << 20)
}

/// Looks at the memory until stopped; gives back the most there was.
fn watch() -> impl FnOnce() -> u64 {
    let (stop, stopped) = mpsc::channel::<()>();
    let watcher = std::thread::spawn(move || {
        let mut most = resident();
        while stopped.recv_timeout(Duration::from_millis(5)) == Err(mpsc::RecvTimeoutError::Timeout) {
            most = most.max(resident());
        }
        most
    });
    move || {
        drop(stop);
        watcher.join().unwrap()
    }
}

async fn open(dir: &Path, sources: &str) -> Arc<Engine> {
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://news.example\"\n[state]\ndir = \"state\"\n\
         [polling]\nschedule = \"0 0 1 1 *\"\njitter = \"0s\"\nmax_body = \"4MiB\"\ntimeout = \"{TIMEOUT}s\"\n\
         allow_networks = [\"127.0.0.0/8\"]\n{sources}"
    );
    let path = dir.join("dibao.toml");
    fs::write(&path, text).unwrap();
    let config = config::load(&path, &Env::default()).unwrap_or_else(|faults| panic!("{faults}"));
    support::open(Arc::new(config)).await
}

async fn titles(engine: &Arc<Engine>, source: &str) -> usize {
    let command = Entries { source: Some(source.to_owned()), ..Entries::default() };
    ask(engine, command).await.0.len()
}

/// Runs the attacks in a process of their own: the memory that they measure is the whole process's.
#[test]
fn every_attack_ends_in_a_named_outcome_and_harms_nobody() {
    let mut command = process::Command::new(std::env::current_exe().unwrap());
    let output = output(command.args(["hostile::attacks", "--exact", "--ignored", "--nocapture"]));
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    println!("{said}");
    assert!(output.status.success() && said.contains("1 passed"), "{said}{failed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the test above runs it"]
async fn attacks() {
    let attacks: Vec<Attack> = [slow(), bombs(), documents(), liars()].into_iter().flatten().collect();
    let script = Script::start().await.unwrap();
    let steady = feed(&(0..5).map(item).collect::<String>());
    // Another port is another host: each has a queue of its own.
    let good = Script::start().await.unwrap();
    let mut sources = source("well", &good.url("/well"), "henan");
    for (n, _) in attacks.iter().enumerate() {
        // What each brought before it turned: it must stay.
        script.on(&format!("/{n}/"), [ok(&steady)]);
        sources += &source(&format!("a{n}"), &script.url(&format!("/{n}/")), "hubei");
    }
    good.on("/well", [ok(&steady)]);
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path(), &sources).await;
    let rows = poll_all(&engine).await;
    assert!(rows.iter().all(|row| row["outcome"] == "fetched"), "{rows:?}");
    let stored = entries(&engine, None).await.len();
    assert_eq!(stored, 5 * (attacks.len() + 1));

    for (n, attack) in attacks.iter().enumerate() {
        for (path, reply) in &attack.replies {
            script.on(&format!("/{n}/{path}"), [reply.clone()]);
        }
    }
    let before = resident();
    let stop = watch();
    let mut text = String::new();
    let (mut named, mut hangs, mut panics) = (0, 0, 0);
    for (n, attack) in attacks.iter().enumerate() {
        let fresh = feed(&(0..=n + 5).map(item).collect::<String>());
        good.on("/well", [ok(&fresh)]);
        let began = Instant::now();
        let polled = ask(&engine, Poll::of(&format!("a{n}")));
        let beside = ask(&engine, Poll::of("well"));
        let both = async {
            let well = async {
                let rows = beside.await.0;
                (rows[0]["outcome"].as_str() == Some("fetched"), began.elapsed())
            };
            tokio::join!(polled, well)
        };
        let Ok(((rows, _), (well, answered))) = tokio::time::timeout(LONGEST, both).await else {
            hangs += 1;
            writeln!(text, "  HANG  {}", attack.name).unwrap();
            continue;
        };
        let outcome = rows[0]["outcome"].as_str().unwrap_or_default();
        let detail = rows[0]["detail"].as_str().unwrap_or_default();
        panics += usize::from(detail.contains("panic") || outcome.is_empty());
        let expected =
            (attack.outcome.is_empty() || outcome == attack.outcome) && detail.contains(attack.says);
        let kept = titles(&engine, &format!("a{n}")).await >= 5;
        let good = expected && well && kept && !outcome.is_empty();
        named += usize::from(good);
        writeln!(
            text,
            "  {}  {:<34} {:>5} ms, beside it {:>4} ms  {}",
            if good { "ok  " } else { "FAIL" },
            attack.name,
            began.elapsed().as_millis(),
            answered.as_millis(),
            detail.chars().take(90).collect::<String>()
        )
        .unwrap();
    }
    let most = stop();
    let left = entries(&engine, None).await.len();
    engine.close().await.unwrap();
    println!("{text}");
    println!("memory: {before} MiB before, {most} MiB at most; {left} entries, {stored} before");
    println!("hostile: {} attacks, {named} named outcomes, {hangs} hangs, {panics} panics", attacks.len());
    assert_eq!((named, hangs, panics), (attacks.len(), 0, 0), "\n{text}");
    assert!(most - before < ROOM, "{before} MiB grew to {most} MiB");
    assert!(left >= stored, "{stored} entries became {left}");
}
