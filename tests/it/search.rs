//! Searches, from a publisher to a reader: sixty judged queries, feeds that keep their bytes, what leaves the feeds,
//! hostile queries, the command.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dibao::command::search::Search;
use dibao::command::withdraw::Withdraw;
use dibao::daemon::clock::SystemClock;
use dibao::daemon::engine::Engine;
use dibao::daemon::run;
use dibao::demo::script::{Reply, Script};
use dibao::search::Step;
use dibao::serve::admin::AnswerLine;
use dibao::serve::{View, Views};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};

use crate::support::{Desk, ask, ids_in, no_child_is_starting, poll_all, source};

/// Invented entries: name, title, summary.
const NEWS: [(&str, &str, &str); 24] = [
    ("1", "漯河启动防汛Ⅱ级应急响应", "漯河市防汛抗旱指挥部决定，自8日18时起启动应急响应。"),
    ("2", "许昌举行防汛应急演练", "演练模拟颍河出现险情，五百人参加。"),
    ("3", "南阳月季花会开幕 游客逾十万", "花会持续到五月底。"),
    ("4", "北大荒集团秋粮收获过半", "黑龙江垦区晴好天气利于收割。"),
    ("5", "北京大学与河南大学签约", "北大将派教师到开封授课。"),
    ("6", "暴雨橙色预警：郑州部分地铁停运", "雨势预计夜间减弱。"),
    ("7", "郑州地铁5号线恢复运营", "5G信号已覆盖全线车站。"),
    ("8", "洛阳博物馆新展 展出唐三彩百件", "展品多为首次公开。"),
    ("9", "台风“山猫”登陆 福建转移群众两万人", "沿海渔船全部回港。"),
    ("10", "颱風過後：花蓮復電九成", "臺灣電力公司搶修人員連夜趕工。"),
    ("11", "COVID-19疫苗接种点公布", "全省设接种点1200个。"),
    ("12", "信阳毛尖今年首采", "茶农说，今年雨水好。"),
    ("13", "2022年高考报名人数公布", "比上年增加三万人。"),
    ("14", "新乡小麦机收率达99.8%", "农机手跨区作业。"),
    ("15", "开封：清明上河园夜游开放", "夜游票价六十元。"),
    ("16", "安阳殷墟新发现车马坑", "考古队清理出马车两辆。"),
    ("17", "Hello Henan: 外籍教师看中原", "A teacher from Luoyang writes about Kaifeng."),
    ("18", "雨", "一字标题。"),
    ("19", "平顶山：煤矿安全检查", "检查组下井三次。"),
    ("20", "三门峡黄河湿地迎来白天鹅", "天鹅数量创新高，河面未封冻。"),
    ("21", "焦作太极拳进校园", "学生每天练二十分钟。"),
    ("22", "商丘古城修缮完工", "工程历时两年，未发生事故。"),
    ("23", "周口港集装箱吞吐量翻番", "港口新开两条航线，直达上海。"),
    ("24", "驻马店会展：中国农产品加工洽谈会", "签约项目百余个，涉及小麦、花生。"),
];

/// Queries and the names of all entries that a reader would expect.
const JUDGED: [(&str, &[u8]); 60] = [
    ("漯河", &[1]),
    ("防汛", &[1, 2]),
    ("漯河 防汛", &[1]),
    ("漯河防汛", &[]),
    ("漯河启动防汛", &[1]),
    ("应急", &[1, 2]),
    ("应急响应", &[1]),
    ("防汛 -演练", &[1]),
    ("防汛 -title:演练", &[1]),
    ("\"应急演练\"", &[2]),
    ("“应急响应”", &[1]),
    ("title:防汛 title:许昌", &[2]),
    ("title:演练", &[2]),
    ("title:颍河", &[]),
    ("颍河", &[2]),
    ("北大", &[4, 5]),
    ("北大 -北大荒", &[5]),
    ("北京大学", &[5]),
    ("河南大学", &[5]),
    ("大学", &[5]),
    ("雨", &[6, 12, 18]),
    ("title:雨", &[6, 18]),
    ("暴雨", &[6]),
    ("雨水", &[12]),
    ("地铁", &[6, 7]),
    ("郑州 地铁 停运", &[6]),
    ("地铁5号线", &[7]),
    ("5号线", &[7]),
    ("5G", &[7]),
    ("5g信号", &[7]),
    ("台风", &[9, 10]),
    ("颱風", &[9, 10]),
    ("台湾", &[10]),
    ("臺灣", &[10]),
    ("花蓮復電", &[10]),
    ("花莲复电", &[10]),
    ("山猫", &[9]),
    ("台风山猫", &[]),
    ("\"台风“山猫”登陆\"", &[9]),
    ("covid", &[11]),
    ("COVID-19", &[11]),
    ("ＣＯＶＩＤ", &[11]),
    ("19疫苗", &[11]),
    ("1200", &[11]),
    ("2022年", &[13]),
    ("2022 年", &[13]),
    ("99.8", &[14]),
    ("小麦", &[14, 24]),
    ("河园", &[15]),
    ("上河园 夜游", &[15]),
    ("hello", &[17]),
    ("henan", &[17]),
    ("luo", &[17]),
    ("\"luo\"", &[]),
    ("Kaifeng teacher", &[17]),
    ("Ⅱ级", &[1]),
    ("2级", &[1]),
    ("湿地 天鹅", &[20]),
    ("上海", &[23]),
    ("没有的词", &[]),
];

fn rss(entries: &[(&str, &str, &str)]) -> Vec<u8> {
    let item = |(name, title, text): &(&str, &str, &str)| {
        format!(
            "<item><guid isPermaLink=\"false\">{name}</guid><title>{title}</title>\
             <link>http://paper.example/{name}</link><description>{text}</description></item>"
        )
    };
    let items: String = entries.iter().map(item).collect();
    format!("<rss version=\"2.0\"><channel><title>报</title>{items}</channel></rss>").into_bytes()
}

fn publish(script: &Script, path: &str, entries: &[(&str, &str, &str)]) {
    script.on(path, [Reply::of(200, &["Content-Type: application/rss+xml; charset=utf-8"], &rss(entries))]);
}

/// Indexes all that is recorded.
fn index(engine: &Engine) {
    while engine.renderer.index_step().unwrap() == Step::More {}
}

/// A desk, its publisher, and an engine with all news polled and indexed.
async fn newsroom() -> (Desk, Script, Arc<Engine>) {
    let script = Script::start().await.unwrap();
    let desk =
        Desk::new(&(source("a", &script.url("/a"), "henan") + &source("b", &script.url("/b"), "fujian")));
    publish(&script, "/a", &NEWS);
    publish(&script, "/b", &[("b1", "福州防汛部署", "福州市启动响应。")]);
    let engine = desk.open().await;
    poll_all(&engine).await;
    index(&engine);
    (desk, script, engine)
}

fn path(ending: &str, query: &str) -> String {
    let pairs: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", query).finish();
    format!("search{ending}?{pairs}")
}

fn bytes(engine: &Engine, path: &str) -> Vec<u8> {
    match engine.renderer.view(path) {
        View::Page(page) => page.plain.to_vec(),
        other => panic!("{path}: {other:?}"),
    }
}

fn html(engine: &Engine, path: &str) -> String {
    String::from_utf8(bytes(engine, path)).unwrap()
}

/// The links of the entries in a feed of a search.
fn found(engine: &Engine, path: &str) -> BTreeSet<String> {
    let text = String::from_utf8(bytes(engine, path)).unwrap();
    let feed: Value = serde_json::from_str(&text).unwrap();
    let entries = feed["items"].as_array().unwrap().iter();
    entries.map(|entry| entry["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_judged_queries_find_what_readers_expect() {
    let (_desk, _script, engine) = newsroom().await;
    for (query, expected) in JUDGED {
        let mut found = found(&engine, &(path(".json", query) + "&source=a"));
        let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{query}");
        // A page says the same as the feed.
        let page = html(&engine, &(path("", query) + "&source=a"));
        found.retain(|name| !page.contains(&format!("http://paper.example/{name}\"")));
        assert_eq!(found, BTreeSet::new(), "{query}");
        assert!(expected.is_empty() || page.contains("<mark>"), "{query}");
    }
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_of_a_search_changes_only_with_its_entries() {
    let (desk, script, engine) = newsroom().await;
    let atom = path(".atom", "防汛") + "&region=henan";
    let before = bytes(&engine, &atom);
    assert_eq!(ids_in(&before).len(), 2);
    let text = String::from_utf8(before.clone()).unwrap();
    let own = "http://news.example/search.atom?q=%E9%98%B2%E6%B1%9B&amp;region=henan";
    assert!(text.contains("rel=\"self\" type=\"application/atom+xml\"") && text.contains(own), "{text}");
    // Other news change nothing, and the feed has the same bytes after a restart and from another index.
    let mut news = NEWS.to_vec();
    news.insert(0, ("25", "鹤壁樱花开放", "花期两周。"));
    publish(&script, "/a", &news);
    poll_all(&engine).await;
    index(&engine);
    assert_eq!(bytes(&engine, &atom), before);
    engine.close().await.unwrap();
    drop(engine);
    let engine = desk.open().await;
    index(&engine);
    assert_eq!(bytes(&engine, &atom), before);
    engine.close().await.unwrap();
    drop(engine);
    dibao::search::Search::remove(&desk.config().state_dir).unwrap();
    let engine = desk.open().await;
    index(&engine);
    assert_eq!(bytes(&engine, &atom), before);
    news.insert(0, ("26", "濮阳防汛物资到位", "编织袋十万条。"));
    publish(&script, "/a", &news);
    poll_all(&engine).await;
    index(&engine);
    let after = bytes(&engine, &atom);
    assert_eq!((ids_in(&after).len(), &ids_in(&after)[1..]), (3, &ids_in(&before)[..]));
    let id = |feed: &[u8]| String::from_utf8_lossy(feed).split("<id>").nth(1).unwrap()[..45].to_owned();
    assert_eq!(id(&before), id(&after));
    for ending in [".rss", ".json"] {
        assert!(!bytes(&engine, &path(ending, "防汛")).is_empty());
    }
    engine.close().await.unwrap();
}

/// The index still has it for a moment: the store has the last word.
#[tokio::test(flavor = "multi_thread")]
async fn what_leaves_the_feeds_leaves_the_searches_at_once() {
    let (desk, script, engine) = newsroom().await;
    let json = path(".json", "防汛");
    assert_eq!(found(&engine, &json).len(), 3);
    ask(&engine, Withdraw { entry: "http://paper.example/1".to_owned() }).await;
    assert_eq!(found(&engine, &json), ["2".to_owned(), "b1".to_owned()].into(), "withdrawn");
    index(&engine);
    assert_eq!(found(&engine, &json).len(), 2);
    // A rule hides, and hides from searches too.
    engine.close().await.unwrap();
    drop(engine);
    let rule = "[[source.rule]]\nexclude = \"演练\"\n";
    desk.set_sources(
        &(source("a", &script.url("/a"), "henan") + rule + &source("b", &script.url("/b"), "fujian")),
    );
    let engine = desk.open().await;
    index(&engine);
    assert_eq!(found(&engine, &json), ["b1".to_owned()].into(), "excluded");
    engine.close().await.unwrap();
    drop(engine);
    // So does taking the source out of the configuration, until it is back.
    desk.set_sources(&source("a", &script.url("/a"), "henan"));
    let engine = desk.open().await;
    index(&engine);
    assert_eq!(found(&engine, &json), ["2".to_owned()].into(), "its source is removed");
    engine.close().await.unwrap();
}

/// In the feed of its region a rule hides an entry. A search there hides it too, and one of its source alone does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_of_a_region_acts_in_searches_of_the_region() {
    let script = Script::start().await.unwrap();
    let rule = "[[region]]\nid = \"henan\"\n[[region.rule]]\nexclude = \"演练\"\n";
    let desk = Desk::new(&(source("a", &script.url("/a"), "henan") + rule));
    publish(&script, "/a", &NEWS);
    let engine = desk.open().await;
    poll_all(&engine).await;
    index(&engine);
    let json = path(".json", "防汛");
    for filter in ["&region=henan", "&region=henan&source=a"] {
        assert_eq!(found(&engine, &format!("{json}{filter}")), ["1".to_owned()].into(), "{filter}");
    }
    assert_eq!(found(&engine, &(json + "&source=a")), ["1".to_owned(), "2".to_owned()].into());
    engine.close().await.unwrap();
}

/// The rest of a first poll is in no feed but its own, and pages find it. However much it is, the others are found.
#[tokio::test(flavor = "multi_thread")]
async fn a_feed_of_a_search_leaves_out_the_rest_of_a_first_poll() {
    let script = Script::start().await.unwrap();
    let sources = source("a", &script.url("/a"), "henan") + &source("b", &script.url("/b"), "fujian");
    let desk = Desk::new(&source("b", &script.url("/b"), "fujian"));
    publish(&script, "/b", &[("b1", "福州防汛部署", "福州市启动响应。")]);
    let items: Vec<_> = (0..1100).map(|n| (format!("a{n}"), format!("防汛 {}", n * 7919 + 1))).collect();
    let items: Vec<_> = items.iter().map(|(name, title)| (name.as_str(), title.as_str(), "")).collect();
    publish(&script, "/a", &items);
    let engine = desk.open().await;
    poll_all(&engine).await;
    engine.close().await.unwrap();
    drop(engine);
    desk.set_sources(&sources);
    let engine = desk.open().await;
    poll_all(&engine).await;
    index(&engine);
    let in_feed = found(&engine, &path(".json", "防汛"));
    assert_eq!((in_feed.len(), in_feed.contains("b1")), (21, true), "{in_feed:?}");
    assert!(
        html(&engine, &path("", "防汛")).contains("1,101")
            || html(&engine, &path("", "防汛")).contains("1101")
    );
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_pages_and_faults_are_said() {
    let (_desk, _script, engine) = newsroom().await;
    assert_eq!(found(&engine, &(path(".json", "防汛") + "&region=fujian")), ["b1".to_owned()].into());
    assert_eq!(found(&engine, &(path(".json", "防汛") + "&source=b")), ["b1".to_owned()].into());
    assert_eq!(found(&engine, &(path(".json", "防汛") + "&to=2020-01-01")), BTreeSet::new());
    let page = html(&engine, &(path("", "\"防汛") + "&region=nowhere"));
    assert!(
        page.contains("有一个引号没有关上") && page.contains("nowhere") && page.contains("<mark>防汛</mark>")
    );
    let english = html(&engine, "search?en&q=%E9%98%B2%E6%B1%9B");
    assert!(english.contains("3 entries found") && english.contains("rel=\"alternate\""), "{english}");
    assert!(english.contains("href=\"/search.atom?q=%E9%98%B2%E6%B1%9B\""), "{english}");
    // A page has twenty stories.
    let all = html(&engine, &path("", "\"。\" 的 OR"));
    assert!(all.contains("没有找到") || all.contains("条"));
    let description = html(&engine, "opensearch.xml");
    assert!(description.contains("template=\"http://news.example/search?q={searchTerms}\""), "{description}");
    for path in [
        "search.atom",
        "search.atom?q=%EF%BC%9F",
        "search.rss?q=a&region=nowhere",
        "search.atom?q=a&source=nosuch",
        "search.json?q=a&from=2026-11-02&to=2026-11-01",
    ] {
        let View::Refused(400, _) = engine.renderer.view(path) else { panic!("{path}") };
        let page = html(&engine, &path.replace(".atom", "").replace(".rss", "").replace(".json", ""));
        assert!(!page.contains("application/atom+xml"), "{path}: the page offers no feed");
        assert!(!path.contains('&') || page.contains("class=\"faults\""), "{path}: {page}");
    }
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_says_that_its_index_is_being_built_or_that_it_is_off() {
    let script = Script::start().await.unwrap();
    let desk = Desk::new(&source("a", &script.url("/a"), "henan"));
    publish(&script, "/a", &NEWS);
    let engine = desk.open().await;
    poll_all(&engine).await;
    let View::Refused(503, page) = engine.renderer.view("search?q=a") else { panic!("it is not built") };
    assert!(String::from_utf8_lossy(&page.plain).contains("搜索索引正在建立"));
    let View::Refused(503, _) = engine.renderer.view("search.atom?q=a") else { panic!("it is not built") };
    // The command reads all entries then.
    let search = Search { words: vec!["防汛".to_owned()], ..Search::default() };
    let (rows, last) = ask(&engine, search).await;
    assert_eq!(rows.len(), 2);
    let AnswerLine::Done { summary: Some(summary), good: true, .. } = last else { panic!("{last:?}") };
    assert!(summary.starts_with("2 entries match") && summary.contains("all entries were read"), "{summary}");
    index(&engine);
    let (rows, _) = ask(&engine, Search { words: vec!["防汛 -演练".to_owned()], ..Search::default() }).await;
    assert_eq!(rows[0]["title"], "漯河启动防汛Ⅱ级应急响应");
    let none = ask(&engine, Search { words: vec!["？".to_owned()], ..Search::default() }).await;
    assert!(matches!(none.1, AnswerLine::Failed(why) if why.contains("at least one word")));
    engine.close().await.unwrap();
    drop(engine);

    let state = desk.config().state_dir.join("search");
    assert!(state.exists());
    desk.set_sources(&format!("{}[search]\nenabled = false\n", source("a", &script.url("/a"), "henan")));
    let engine = desk.open().await;
    assert!(!state.exists(), "without search there is no index on the disk");
    let View::Refused(404, page) = engine.renderer.view("search?q=a") else { panic!("it is off") };
    assert!(String::from_utf8_lossy(&page.plain).contains("search is off here"));
    assert!(matches!(engine.renderer.view("opensearch.xml"), View::Missing));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_queries_are_answered_and_bounded() {
    let (_desk, _script, engine) = newsroom().await;
    let long = "防汛".repeat(3000);
    let many: String = (0..500).map(|n| format!("-{n} \"a title:的 ")).collect();
    for query in [
        &long, &many, "\"\"\"\"", "title:title:title:", "a* OR (b AND [c TO d])", "\u{0}\u{202e}\u{feff}",
        "的 一 是 了 在",
    ] {
        match engine.renderer.view(&path("", query)) {
            View::Page(page) => assert!(page.plain.len() < 200_000, "{query}"),
            other => panic!("{query}: {other:?}"),
        }
        assert!(matches!(engine.renderer.view(&path(".atom", query)), View::Page(_) | View::Refused(400, _)));
    }
    engine.close().await.unwrap();
}

async fn get(at: SocketAddr, target: &str) -> String {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: news.example\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The daemon indexes by itself, what was there before it and what comes later.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_answers_searches_over_http() {
    let script = Script::start().await.unwrap();
    let desk = Desk::new(&source("a", &script.url("/a"), "henan"));
    publish(&script, "/a", &NEWS);
    let engine = desk.open().await;
    poll_all(&engine).await;
    engine.close().await.unwrap();
    drop(engine);
    no_child_is_starting();
    let config = desk.config();
    let (stop, stopped) = oneshot::channel::<()>();
    let (up, address) = oneshot::channel();
    let running = Arc::clone(&config);
    let daemon = tokio::spawn(async move {
        let shutdown = async { stopped.await.unwrap_or(()) };
        let ready = |at| up.send(at).unwrap();
        run::run(running, Arc::new(SystemClock), ready, shutdown, None, mpsc::channel(1).1).await.unwrap();
    });
    let at = address.await.unwrap();
    // Looked at again and again, until the index is built.
    let target = format!("/{}", path(".atom", "防汛"));
    let within = |target: String, what: &'static str| async move {
        for _ in 0..600 {
            let answer = get(at, &target).await;
            if answer.contains(what) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{target} does not say {what:?}");
    };
    let answer = within(target.clone(), "200 OK").await;
    assert!(
        answer.contains("etag: ") && answer.contains("cache-control: ") && answer.contains("漯河"),
        "{answer}"
    );
    let status = get(at, "/status.json").await;
    assert!(status.contains("\"indexed\":24") && status.contains("\"searchable\":true"), "{status}");
    let metrics = get(at, "/metrics").await;
    assert!(metrics.contains("dibao_search_entries 24\n") && metrics.contains("dibao_search_ready 1\n"));
    assert!(get(at, "/search/?q=a").await.contains("location: ../search?q=a"));
    // A new entry is found without anybody's doing.
    let mut news = NEWS.to_vec();
    news.insert(0, ("27", "鹤壁防汛演练", "参加者二百人。"));
    publish(&script, "/a", &news);
    let command = r#"{"command":"poll","sources":["a"]}"#.to_owned();
    dibao::fetch::socket::post_lines(&config.server.admin_socket, command, &mut |_| {}).await.unwrap();
    within(target, "鹤壁").await;
    stop.send(()).unwrap();
    daemon.await.unwrap();
}
