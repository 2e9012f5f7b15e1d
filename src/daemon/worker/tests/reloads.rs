//! Polls that are under way, or wait, when another configuration is recorded.

use tokio::sync::oneshot;

use super::*;

/// A publisher that says that the feed is gone once it is let: that it was asked, and how to let it.
async fn slow_publisher() -> (String, oneshot::Receiver<()>, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let url = format!("http://{}/feed", listener.local_addr().expect("it is bound"));
    let ((asked, was_asked), (answer, may_answer)) = (oneshot::channel(), oneshot::channel::<()>());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let _ = stream.read(&mut [0; 4096]).await;
        asked.send(()).expect("the test waits");
        may_answer.await.expect("the test lets it");
        let _ = stream.write_all(b"HTTP/1.1 410 Gone\r\nConnection: close\r\n\r\n").await;
    });
    (url, was_asked, answer)
}

#[tokio::test]
async fn what_an_address_said_is_not_recorded_of_the_next_one() {
    let moved = Some("http://moved.example/feed");
    for (what, new_id, new_url) in [("moves", "a", moved), ("is renamed", "b", None), ("leaves", "", None)] {
        let (url, was_asked, answer) = slow_publisher().await;
        let dir = tempfile::tempdir().expect("a directory");
        let (config, ledger) = set_up(&dir, &url);
        let (recorder, worker) = at_work(&config, ledger);
        record_config(&recorder, &config).await;
        let (worker, id) = (Arc::new(worker), SourceId::new("a"));
        let polled = tokio::spawn(Poller::poll(&worker, id.clone(), at(0)));
        was_asked.await.expect("it is asked");

        let mut next = config.clone();
        next.sources[0].def.id = SourceId::new(new_id);
        next.sources[0].def.url = new_url.unwrap_or(&url).to_owned();
        next.sources[0].was = if new_id == "b" { vec![id.clone()] } else { Vec::new() };
        next.sources.retain(|source| source.def.id != SourceId::new(""));
        let adopting = recorder.clone();
        let rules = Arc::new(crate::daemon::engine::rules(&next));
        tokio::task::spawn_blocking(move || adopting.adopt(rules)).await.expect("no panic").expect("adopted");
        let sources: Vec<_> = next.sources.iter().map(|source| source.def.clone()).collect();
        let record = crate::testing::config(1, &sources, if sources.is_empty() { &["a"] } else { &[] });
        let crate::model::record::Record::Config(record) = record else { panic!("it is one") };
        recorder.record(Fact::Config(record)).await.expect("recorded");
        answer.send(()).expect("it waits");
        let past = polled.await.expect("no panic");
        let sources = recorder.store().load().sources().expect("sound");
        assert_eq!(sources.len(), 1, "{what}");
        assert!(sources.values().all(|stored| stored.outcome.is_none()) && !past.gone, "{what}");

        // What waited is not asked at the old address, where nobody listens any more.
        let waited = Worker::poll(&worker, &id, Some(at(0))).await;
        assert!(matches!(waited, Err(PollError::Overtaken(_))), "{waited:?}");
    }
}
