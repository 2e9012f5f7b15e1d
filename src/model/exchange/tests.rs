use proptest::prelude::*;

use super::*;

fn hop(status: u16, to: &str) -> Hop {
    Hop { status, to: to.to_owned() }
}

#[test]
fn moved_to_reads_the_permanent_run_at_the_start() {
    let cases: [(&str, Vec<Hop>, Option<&str>); 6] = [
        ("no redirect", vec![], None),
        ("one permanent", vec![hop(301, "http://a/2")], Some("http://a/2")),
        ("permanent twice", vec![hop(308, "http://a/2"), hop(301, "https://a/3")], Some("https://a/3")),
        (
            "a temporary hop ends the run",
            vec![hop(301, "http://a/2"), hop(302, "http://b/3"), hop(301, "http://c/4")],
            Some("http://a/2"),
        ),
        ("temporary first", vec![hop(307, "http://a/2"), hop(301, "http://a/3")], None),
        (
            "a downgrade is not remembered",
            vec![hop(301, "https://a/2"), hop(301, "http://a/3")],
            Some("https://a/2"),
        ),
    ];
    for (name, hops, want) in cases {
        let head = ResponseHead { hops, ..ResponseHead::default() };
        assert_eq!(head.moved_to(), want, "{name}");
    }
}

#[test]
fn faults_say_the_cause_and_what_to_do() {
    let refused = |host: &str| FetchFault::AddressRefused {
        host: host.to_owned(),
        ip: "127.0.0.1".parse().expect("an address"),
        why: "a loopback address",
    };
    assert_eq!(
        refused("127.0.0.1").to_string(),
        "127.0.0.1 is a loopback address; name it in polling.allow_networks to poll it"
    );
    assert_eq!(
        refused("localhost").to_string(),
        "localhost (127.0.0.1) is a loopback address; name it in polling.allow_networks to poll it"
    );
    assert_eq!(
        FetchFault::Timeout { after: Duration::from_millis(1500) }.to_string(),
        "no complete response within 1.5 s"
    );
}

#[test]
fn a_plain_validator_is_plain_json() {
    let validators = Validators { etag: Some(b"W/\"5f-\"".to_vec()), ..Validators::default() };
    let json = serde_json::to_string(&validators).expect("plain values");
    assert_eq!(json, r#"{"etag":"W/\"5f-\"","last_modified":null}"#);
}

proptest! {
    #[test]
    fn validators_read_back_as_they_were(
        etag in proptest::option::of(prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            "base64:[a-z=]{0,8}".prop_map(String::into_bytes),
        ]),
        last_modified in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)),
        of in proptest::option::of("https://[a-z]{1,8}/"),
    ) {
        let validators = Validators { etag, last_modified, of };
        let json = serde_json::to_string(&validators).expect("plain values");
        prop_assert_eq!(&serde_json::from_str::<Validators>(&json).expect("what was written"), &validators);
    }
}
