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
    for leaves in [false, true] {
        let (url, was_asked, answer) = slow_publisher().await;
        let dir = tempfile::tempdir().expect("a directory");
        let (config, ledger) = set_up(&dir, &url);
        let (recorder, worker) = at_work(&config, ledger);
        record_config(&recorder, &config).await;
        let (worker, id) = (Arc::new(worker), SourceId::new("a"));
        let polled = tokio::spawn(Poller::poll(&worker, id.clone(), at(0)));
        was_asked.await.expect("it is asked");

        let mut next = config.clone();
        next.sources[0].def.url = "http://moved.example/feed".to_owned();
        let (sources, gone) =
            if leaves { (Vec::new(), vec!["a"]) } else { (vec![next.sources[0].def.clone()], vec![]) };
        let record = crate::testing::config(1, &sources, &gone);
        let crate::core::record::Record::Config(record) = record else { panic!("it is one") };
        recorder.record(Fact::Config(record)).await.expect("recorded");
        answer.send(()).expect("it waits");
        let past = polled.await.expect("no panic");
        let stored = recorder.store().load().source(&id).expect("sound").expect("stored");
        assert_eq!((stored.outcome, past.gone), (None, false), "leaves: {leaves}");

        // What waited is not asked at the old address, where nobody listens any more.
        let waited = Worker::poll(&worker, &id, Some(at(0))).await;
        assert!(matches!(waited, Err(PollError::Overtaken(_))), "{waited:?}");
    }
}
