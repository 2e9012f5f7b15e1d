//! What a running daemon tells about itself: the status in its forms, the feed of changes, the metrics; and that
//! documentation, dashboard and alerts name the metrics that there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use dibao::demo::script::Reply;
use dibao::views::metrics::FAMILIES;
use regex::Regex;
use serde_json::json;

use crate::reload::{Desk, LONGEST, Running};
use crate::support::ids_in;

/// A publisher whose /a works and whose /c does not, and a daemon that has polled both.
async fn polled() -> (Desk, Running) {
    let desk = Desk::new().await;
    desk.script.on("/c", [Reply::of(500, &[], b"")]);
    desk.write("127.0.0.1:0", &format!("{}{}", desk.source("a"), desk.source("c")));
    let running = desk.start().await;
    running.henan(1).await;
    until(&running, "/status.json", |text| text.contains("\"failed\":1")).await;
    (desk, running)
}

/// The document at a path, once it is as it should be.
async fn until(running: &Running, path: &str, good: impl Fn(&str) -> bool) -> String {
    let waiting = async {
        loop {
            let (code, text) = running.get(path).await;
            assert_eq!(code, 200, "{path}: {text}");
            if good(&text) {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONGEST, waiting).await.expect("it comes")
}

async fn poll(desk: &Desk, source: &str) {
    desk.ask_for(&json!({ "command": "poll", "sources": [source] })).await;
}

/// A feed of two entries that `/c` has from now on.
fn mend(desk: &Desk) {
    let item = |n: u32, title: &str| {
        format!("<item><guid isPermaLink=\"false\">{n}</guid><title>{title}</title></item>")
    };
    let items = item(1, "开封夜市今起恢复") + &item(2, "信阳新茶上市");
    let text = format!("<rss version=\"2.0\"><channel><title>丙报</title>{items}</channel></rss>");
    desk.script
        .on("/c", [Reply::of(200, &["Content-Type: application/rss+xml; charset=utf-8"], text.as_bytes())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_forms_of_the_status_agree_and_hold_no_address() {
    let (desk, running) = polled().await;
    let (rows, _) = desk.ask("status").await;
    let public: serde_json::Value = serde_json::from_str(&running.get("/status.json").await.1).unwrap();
    for key in ["health", "states", "sources", "polls", "entries", "trouble", "version", "configured"] {
        assert_eq!(rows[0][key], public[key], "{key}");
    }
    assert_eq!(public["states"], json!({ "ok": 1, "failed": 1 }));
    assert!(public["journal_octets"].as_u64().unwrap() > 0 && public.get("config").is_none(), "{public}");
    let page = running.get("/status").await.1;
    let row = |source: &str| page.find(&format!("<tr id=\"{source}\">")).expect("every source has a row");
    assert!(row("c") < row("a"), "trouble comes first: {page}");
    let (code, metrics) = running.get("/metrics").await;
    assert_eq!(code, 200);
    assert!(metrics.contains("\ndibao_source_state{source=\"c\",state=\"failed\"} 1\n"), "{metrics}");
    let publisher = desk.script.url("/");
    let publisher = publisher.trim_start_matches("http://").trim_end_matches('/');
    let state = desk.dir.path().to_str().unwrap();
    for path in ["/status", "/status.json", "/status.atom", "/metrics"] {
        let text = running.get(path).await.1;
        assert!(!text.contains(publisher) && !text.contains(state), "{path}: {text}");
    }
    assert_eq!(running.get("/status/").await.0, 200, "it is redirected");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_a_source_are_told_once_and_survive_a_restart() {
    let (desk, running) = polled().await;
    let first = running.get("/status.atom").await.1;
    assert_eq!(ids_in(first.as_bytes()).len(), 1, "{first}");
    assert!(
        first.contains("<category term=\"failed\"") && first.contains("c：失败 failed</title>"),
        "{first}"
    );
    poll(&desk, "c").await;
    poll(&desk, "a").await;
    assert_eq!(running.get("/status.atom").await.1, first, "nothing has changed with these polls");

    mend(&desk);
    poll(&desk, "c").await;
    let second = running.get("/status.atom").await.1;
    assert!(second.contains("c：恢复 recovered</title>"), "{second}");
    let ids = ids_in(second.as_bytes());
    assert_eq!((ids.len(), &ids[1]), (2, &ids_in(first.as_bytes())[0]));
    running.stop().await;

    let running = desk.start().await;
    assert_eq!(running.get("/status.atom").await.1, second);
    desk.ask("rebuild").await;
    assert_eq!(running.get("/status.atom").await.1, second, "a rebuild reads the same from the journal");
    desk.ask("compact").await;
    desk.ask("rebuild").await;
    assert_eq!(running.get("/status.atom").await.1, second, "a compaction keeps it");

    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let url = format!("http://{}/status.atom", running.at);
    let answer = client.get(&url).send().await.unwrap();
    let tag = answer.headers()["etag"].clone();
    assert_eq!(answer.headers()["content-type"], "application/atom+xml; charset=utf-8");
    let again = client.get(&url).header("If-None-Match", tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    running.stop().await;
}

/// The value of a sample.
fn value(metrics: &str, sample: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {sample} in\n{metrics}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_count_what_has_happened() {
    let (desk, running) = polled().await;
    mend(&desk);
    poll(&desk, "c").await;
    poll(&desk, "c").await;
    let metrics = until(&running, "/metrics", |text| text.contains("{outcome=\"unchanged\"} 1")).await;
    for (sample, expected) in [
        ("dibao_polls_total{outcome=\"fetched\"}", 2.0),
        ("dibao_polls_total{outcome=\"failed\"}", 1.0),
        ("dibao_polls_total{outcome=\"unchanged\"}", 1.0),
        ("dibao_polls_total{outcome=\"gone\"}", 0.0),
        ("dibao_poll_duration_seconds_count", 4.0),
        ("dibao_scheduler_lag_seconds_count", 2.0),
        ("dibao_entries_total{change=\"new\"}", 3.0),
        ("dibao_entries_total{change=\"updated\"}", 0.0),
        ("dibao_odd_pages_total", 0.0),
        ("dibao_stored_entries", 3.0),
        ("dibao_sources{state=\"ok\"}", 2.0),
        ("dibao_source_failing_seconds{source=\"c\"}", 0.0),
        ("dibao_recorder_waiting", 0.0),
        ("dibao_healthy", 1.0),
        ("dibao_ready", 1.0),
    ] {
        assert_eq!(value(&metrics, sample), expected, "{sample} in\n{metrics}");
    }
    for sample in [
        "dibao_read_bytes_total",
        "dibao_journal_sync_duration_seconds_count",
        "dibao_journal_bytes",
        "dibao_views_rendered_total",
        "process_resident_memory_bytes",
    ] {
        assert!(value(&metrics, sample) > 0.0, "{sample} in\n{metrics}");
    }
    assert!(value(&metrics, "dibao_region_freshness_seconds{region=\"henan\"}") >= 0.0);
    let found = value(&metrics, "dibao_requests_total{status=\"200\"}");
    running.get("/nowhere.atom").await;
    let later = running.get("/metrics").await.1;
    assert_eq!(value(&later, "dibao_requests_total{status=\"404\"}"), 1.0);
    assert!(value(&later, "dibao_requests_total{status=\"200\"}") > found);

    desk.write("127.0.0.1:0", &desk.source("a"));
    desk.reload().await.unwrap();
    let reloaded = running.get("/metrics").await.1;
    assert_eq!(value(&reloaded, "dibao_poll_duration_seconds_count"), 4.0, "a reload goes on counting");
    assert!(!reloaded.contains("source=\"c\""), "a removed source has no samples");
    let rendered = value(&reloaded, "dibao_views_rendered_total");
    running.get("/hubei.rss").await;
    assert!(value(&running.get("/metrics").await.1, "dibao_views_rendered_total") > rendered);
    running.stop().await;
}

/// The metrics that a text names.
fn named(text: &str) -> BTreeSet<String> {
    let name = Regex::new(r"\b(?:dibao|process)_[a-z0-9_]*[a-z0-9]\b").unwrap();
    let endings = ["_bucket", "_sum", "_count"];
    let whole = |name: &str| {
        let cut = endings.iter().find_map(|ending| name.strip_suffix(ending));
        cut.filter(|cut| FAMILIES.iter().any(|family| family.name == *cut)).unwrap_or(name).to_owned()
    };
    name.find_iter(text).map(|found| whole(found.as_str())).collect()
}

fn repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The texts under a key, anywhere in a document.
fn under(key: &str, document: &serde_json::Value) -> Vec<String> {
    match document {
        serde_json::Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, field)| match field.as_str() {
                Some(text) if name == key => vec![text.to_owned()],
                _ => under(key, field),
            })
            .collect(),
        serde_json::Value::Array(all) => all.iter().flat_map(|part| under(key, part)).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn dashboard_alerts_and_documentation_name_the_metrics_that_there_are() {
    let exported: BTreeSet<String> = FAMILIES.iter().map(|family| family.name.to_owned()).collect();
    let dashboard: serde_json::Value =
        serde_json::from_str(&repository("packaging/grafana/dibao.json")).unwrap();
    let queries = under("expr", &dashboard);
    assert!(queries.len() > 10, "the dashboard asks for nothing: {queries:?}");
    for query in &queries {
        let names = named(query);
        assert!(!names.is_empty() && names.is_subset(&exported), "the dashboard asks for {query}");
    }
    let alerts = named(&repository("packaging/prometheus/dibao.rules.yml"));
    assert!(
        alerts.len() > 5 && alerts.is_subset(&exported),
        "alerts name {:?}",
        alerts.difference(&exported)
    );
    assert_eq!(named(&repository("docs/metrics.md")), exported, "docs/metrics.md");
}
