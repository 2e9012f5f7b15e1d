//! `dibao forget`: what is left of a removed source that the operator forgot, in the store, in the journal and in feeds.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;

use dibao::command::forget::Forget;
use dibao::command::sources::Sources;
use dibao::command::withdraw::Withdraw;
use dibao::daemon::engine::Engine;
use dibao::daemon::recorder::Observer as _;
use dibao::demo::script::{Reply, Script};
use dibao::serve::admin::AnswerLine;
use dibao::serve::{View, Views as _};

use crate::support::{Desk, ask, entries, ids_in, output, page, poll_all, source};

/// A report that two papers have.
const SAME: &str = "郑州地铁十二号线一期工程今日开通初期运营";
const TEXT: &str = "郑州地铁十二号线一期工程今天上午开通初期运营，线路全长十七公里，设车站十一座，全部为地下线，\
                    首班车六时整从龙子湖东站发出，末班车二十二时三十分，全程运行时间约二十九分钟。";

fn rss(name: &str, titles: &[&str]) -> Reply {
    let items = titles.iter().enumerate().map(|(n, title)| {
        let text = if *title == SAME { TEXT } else { "" };
        format!(
            "<item><guid>http://{name}.example/{n}</guid><title>{title}</title>\
             <link>http://{name}.example/{n}</link><description>{text}</description></item>"
        )
    });
    let items: String = items.collect();
    let text = format!("<rss version=\"2.0\"><channel><title>报</title>{items}</channel></rss>");
    let headers = ["Content-Type: application/rss+xml; charset=utf-8", "ETag: \"1\""];
    Reply::of(200, &headers, text.as_bytes())
}

async fn forget(engine: &Arc<Engine>, sure: bool) -> Result<Vec<serde_json::Value>, String> {
    match ask(engine, Forget { source: "wire".to_owned(), sure }).await {
        (rows, AnswerLine::Done { .. }) => Ok(rows),
        (_, AnswerLine::Failed(why)) => Err(why),
        (_, AnswerLine::Row(row)) => panic!("{row}"),
    }
}

/// The published ids of a source's entries.
async fn ids_of(engine: &Arc<Engine>, source: &str) -> BTreeSet<String> {
    let rows = entries(engine, None).await.into_iter();
    rows.filter(|row| row["source"] == source).map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// The bytes of the feeds after the store was built from the journal.
async fn rebuilt(engine: &Arc<Engine>) -> Vec<u8> {
    let recorder = engine.recorder.clone();
    tokio::task::spawn_blocking(move || recorder.rebuild("to compare")).await.unwrap().unwrap();
    engine.renderer.everything();
    [page(engine, "henan.atom"), page(engine, "all.atom"), page(engine, "source/paper.atom")].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_forgotten_source_nothing_is_left_but_withdrawals_and_it_comes_back_as_new() {
    let publisher = Script::start().await.unwrap();
    publisher.on("/paper", [rss("paper", &["洛阳牡丹文化节闭幕，接待游客三百万人次", SAME])]);
    let of_wire = ["开封清明上河园修缮完成重新开放", SAME, "安阳殷墟博物馆新馆迎来第一百万名观众"];
    publisher.on("/wire", [rss("wire", &of_wire)]);
    let (paper, wire) = (
        source("paper", &publisher.url("/paper"), "henan"),
        source("wire", &publisher.url("/wire"), "henan"),
    );
    // The wire tells first, so that its entry founds the story.
    let desk = Desk::new(&wire);
    let engine = desk.open().await;
    poll_all(&engine).await;
    engine.close().await.unwrap();
    drop(engine);
    desk.set_sources(&format!("{wire}{paper}"));
    let engine = desk.open().await;
    poll_all(&engine).await;
    let of_wire = ids_of(&engine, "wire").await;
    assert_eq!(of_wire.len(), 3);
    let withdrawn = "http://wire.example/2".to_owned();
    let (_, last) = ask(&engine, Withdraw { entry: withdrawn.clone() }).await;
    assert!(matches!(last, AnswerLine::Done { .. }), "{last:?}");
    let hidden = "http://paper.example/1".to_owned();
    assert!(!ids_in(&page(&engine, "henan.atom")).contains(&hidden), "the wire's report is shown");
    let why = forget(&engine, true).await.unwrap_err();
    assert!(why.starts_with("wire is in the configuration: take out"), "{why}");
    engine.close().await.unwrap();
    drop(engine);

    desk.set_sources(&paper);
    let mut command = Command::new(env!("CARGO_BIN_EXE_dibao"));
    command.arg("--config").arg(desk.path()).args(["forget", "wire"]);
    let refused = tokio::task::spawn_blocking(move || output(&mut command)).await.unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && said.contains("deletes 3 entries of wire (报) for good"), "{said}");
    assert!(said.contains("--yes"), "{said}");

    let engine = desk.open().await;
    assert_eq!(forget(&engine, false).await.unwrap()[0]["entries"], 3);
    forget(&engine, true).await.unwrap();
    assert_eq!(ids_of(&engine, "wire").await, BTreeSet::new());
    let listed = ask(&engine, Sources {}).await.0;
    assert!(listed.iter().all(|row| row["id"] != "wire"), "{listed:?}");
    let henan = ids_in(&page(&engine, "henan.atom"));
    assert_eq!(henan.len(), 2, "what its report hid is shown: {henan:?}");
    assert!(matches!(engine.renderer.view("source/wire.atom"), View::Gone));

    let before = [page(&engine, "henan.atom"), page(&engine, "all.atom"), page(&engine, "source/paper.atom")];
    assert!(rebuilt(&engine).await == before.concat(), "other bytes after a rebuild");
    let recorder = engine.recorder.clone();
    tokio::task::spawn_blocking(move || recorder.compact()).await.unwrap().unwrap();
    assert!(rebuilt(&engine).await == before.concat(), "other bytes from the base");
    engine.close().await.unwrap();
    drop(engine);

    desk.set_sources(&format!("{wire}{paper}"));
    let engine = desk.open().await;
    let asked = publisher.seen().len();
    poll_all(&engine).await;
    let seen = publisher.seen();
    let again = seen[asked..].iter().find(|seen| seen.path == "/wire").unwrap();
    assert!(!again.headers.iter().any(|line| line.starts_with(b"if-none-match")), "it is asked in full");
    let mut expected = of_wire.clone();
    expected.remove(&withdrawn);
    assert_eq!(ids_of(&engine, "wire").await, expected, "all but what was withdrawn");
    assert!(ids_in(&page(&engine, "henan.atom")).contains(&hidden), "it came first now");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_never_was_cannot_be_forgotten() {
    let desk = Desk::new("");
    let engine = desk.open().await;
    let why = forget(&engine, true).await.unwrap_err();
    assert!(why.starts_with("nothing is stored of a source \"wire\""), "{why}");
    engine.close().await.unwrap();
}
