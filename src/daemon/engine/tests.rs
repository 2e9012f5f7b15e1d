//! What of a configuration reaches the core and the journal.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::{Engine, Opened, StartError, fingerprint, rules};
use crate::config::{self, Config, Env};
use crate::daemon::clock::TokioClock;
use crate::daemon::recorder::RecordError;
use crate::decide::regions::decide;
use crate::ledger::{Ledger, LedgerError, Room};
use crate::model::region::RegionId;
use crate::model::source::RegionRule;
use crate::model::state::State;
use crate::testing::at;

fn config() -> Config {
    config::load(Path::new("tests/config/valid/rules.toml"), &Env::default()).expect("the sample loads")
}

#[test]
fn the_rules_of_the_configuration_reach_those_of_the_core() {
    let rules = rules(&config());
    let title = "京港澳高速郑州段恢复通行，北京车主先行";
    let regions = |patterns| {
        let found = decide(&RegionRule::Auto, patterns, &rules.classifier, title, None);
        found.into_iter().map(|evidence| evidence.region).collect::<Vec<_>>()
    };
    let (henan, beijing) = (RegionId::new("henan"), RegionId::new("beijing"));
    assert!(regions(&[]).contains(&beijing), "what the rule forbids is there without it");
    assert!(regions(&rules.patterns).contains(&henan));
    assert!(!regions(&rules.patterns).contains(&beijing));
}

#[test]
fn another_rule_is_another_fingerprint() {
    let config = config();
    let mut fewer = config.clone();
    fewer.rules.pop();
    assert_ne!(rules(&config).fingerprint, rules(&fewer).fingerprint);
}

#[tokio::test(start_paused = true)]
async fn a_configuration_that_cannot_be_recorded_is_tried_again_on_the_store_that_is_open() {
    let dir = TempDir::new().expect("a directory");
    let (config, clock) = (Arc::new(config()), Arc::new(TokioClock::starting(at(0))));
    let todays = Arc::new(rules(&config));
    let (mut ledger, _) =
        Ledger::open(dir.path(), Arc::clone(&todays), at(0).date_naive()).expect("it opens");
    let full = Arc::new(AtomicBool::new(true));
    let told = Arc::clone(&full);
    ledger.pretend(move |_| {
        let left = if told.load(Ordering::SeqCst) { 0 } else { 1 << 40 };
        Some(Room { left, size: 1 << 40 })
    });
    let opened = Opened::over(ledger, Arc::clone(&config), Arc::clone(&todays), clock);
    for _ in 0..3 {
        let refused = opened.start().await.err().expect("the disk is full");
        let StartError::Record(RecordError::Ledger(why)) = refused else { panic!("{refused}") };
        assert!(matches!(*why, LedgerError::Full { .. }), "{why}");
        assert!(opened.recorder.stall().is_none(), "nobody was told that feeds are served");
    }
    full.store(false, Ordering::SeqCst);
    for _ in 0..2 {
        let engine = opened.start().await.expect("there is room");
        let meta = engine.store().load().meta().expect("read").expect("it has a head");
        assert_eq!((meta.seq, meta.config), (1, fingerprint(&config, &todays)), "recorded once");
    }
    opened.recorder.close().expect("closed");
}

#[tokio::test]
async fn a_change_that_fails_halfway_leaves_the_configuration_before() {
    let dir = TempDir::new().expect("a directory");
    let config = Config { state_dir: dir.path().join("state"), ..config() };
    let mut fewer = config.clone();
    fewer.rules.pop();
    fewer.sources.pop();
    let clock = Arc::new(TokioClock::starting(at(0)));
    let (engine, _) = Engine::open(Arc::new(config.clone()), clock).await.expect("it opens");
    let recorded = || engine.store().load().meta().expect("read").expect("it has a head").config;
    let stored = || engine.store().load().sources().expect("read").values().filter(|s| !s.gone).count();
    let as_before = (recorded(), stored());
    // Recorded, and never shown.
    engine.under(Arc::new(fewer)).await.expect("there is room");
    assert_ne!(as_before, (recorded(), stored()));
    engine.roll_back().await;
    assert_eq!(as_before, (recorded(), stored()));
    assert_eq!(as_before.0, fingerprint(&config, &rules(&config)));
    engine.close().await.expect("closed");
}
