//! The demo's publisher, which the end-to-end tests rely on, asked by the daemon's own fetcher.

use std::sync::Arc;

use dibao::demo::publisher::Publisher;
use dibao::demo::world::World;
use dibao::fetch::{ACCEPT_FEED, FetchOptions, FetchRequest, Fetcher};
use dibao::model::exchange::{Exchange, Response, Validators};
use tokio::net::TcpListener;

struct Demo {
    publisher: Arc<Publisher>,
    base: String,
    fetcher: Fetcher,
}

async fn demo() -> Demo {
    let world = World::new(1, "2026-11-23T08:00:00.5Z".parse().expect("a time"));
    let publisher = Publisher::new(world, 0);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(Arc::clone(&publisher).serve(listener));
    let fetcher = Fetcher::new(FetchOptions {
        allow_networks: vec!["127.0.0.0/8".parse().expect("a network")],
        ..FetchOptions::default()
    })
    .expect("a fetcher");
    Demo { publisher, base, fetcher }
}

impl Demo {
    async fn get(&self, path: &str, validators: Validators) -> Exchange {
        let url = format!("{}{path}", self.base);
        let request = FetchRequest {
            url,
            validators,
            headers: vec![],
            accept: ACCEPT_FEED.to_owned(),
            obeys_robots: false,
            waited: false,
            outward: false,
        };
        self.fetcher.get(&request).await
    }

    async fn body(&self, path: &str) -> Response {
        match self.get(path, Validators::default()).await {
            Exchange::Body(response) => response,
            other => panic!("{path}: {other:?}"),
        }
    }
}

/// Every paper that serves its feed at step 0, and whether it hands out validators.
const SERVED: [(&str, bool); 8] = [
    ("/national/rss.xml", true),
    ("/henan/rss.xml", true),
    ("/guangdong/rss.xml", true),
    ("/sichuan/atom.xml", true),
    ("/zhejiang/index.rdf", true),
    ("/xinjiang/feed.json", false),
    ("/shaanxi/rss.xml", true),
    ("/hubei/rss.xml", true),
];

#[tokio::test]
async fn an_unchanged_feed_answers_304_and_a_changed_one_its_body() {
    let demo = demo().await;
    for (path, hands_out) in SERVED {
        let first = demo.body(path).await;
        assert_eq!(first.head.validators.is_empty(), !hands_out, "{path}");
        let again = demo.get(path, first.head.validators.clone()).await;
        assert_eq!(matches!(again, Exchange::NotModified(_)), hands_out, "{path}");
        let counts = demo.publisher.counts();
        assert_eq!(counts.of(path, 304), u64::from(hands_out), "{path}");
        assert_eq!(counts.conditional.get(path), hands_out.then_some(&1), "{path}");
    }
    let henan = demo.body("/henan/rss.xml").await;
    assert_eq!(demo.publisher.advance(), 1);
    let Exchange::Body(changed) = demo.get("/henan/rss.xml", henan.head.validators).await else {
        panic!("the Henan paper reports at step 1")
    };
    assert_ne!(changed.body, henan.body);
    let zhejiang = demo.body("/zhejiang/index.rdf").await;
    demo.publisher.set_step(2);
    let same = demo.get("/zhejiang/index.rdf", zhejiang.head.validators).await;
    assert!(matches!(same, Exchange::NotModified(_)), "the Zhejiang paper reports every fourth step");
}

#[tokio::test]
async fn what_is_served_is_what_the_world_publishes() {
    let demo = demo().await;
    let world = World::new(1, "2026-11-23T08:00:00.5Z".parse().expect("a time"));
    let published = world.at(0);
    for (path, _) in SERVED {
        let response = demo.body(path).await;
        let feed = published.iter().find(|feed| feed.path == path).expect("published");
        assert_eq!(response.body, feed.bytes, "{path}");
        assert_eq!(response.head.content_type.as_deref(), Some(feed.media_type), "{path}");
    }
}

#[tokio::test]
async fn failing_throttling_and_unknown_papers_answer_so() {
    let demo = demo().await;
    let none = Validators::default;
    assert!(matches!(demo.get("/hunan/rss.xml", none()).await, Exchange::Status(head) if head.status == 500));
    assert!(matches!(demo.get("/nowhere", none()).await, Exchange::Status(head) if head.status == 404));
    demo.publisher.set_step(2);
    let Exchange::Throttled(head) = demo.get("/hubei/rss.xml", none()).await else {
        panic!("step 2 throttles")
    };
    assert_eq!(head.retry_after.as_deref(), Some("30"));
    let counts = demo.publisher.counts();
    assert_eq!((counts.of("*", 404), counts.with_status(429), counts.with_status(500)), (1, 1, 1));
}
