//! The configuration from the outside: the file we ship, and one sample file for each rule, beside the text that it
//! must give. `BLESS=1 cargo test --test it config::` rewrites the texts; read the diff before you commit it.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use chrono::TimeDelta;
use dibao::config::{Config, Env, NoConfig, Source, find, load};
use dibao::decide::probe::region_of_host;
use dibao::decide::schedule::next_of;
use dibao::model::region::{RegionId, RegionTable};
use dibao::model::source::RegionRule;
use dibao::model::time::Time;
use dibao::read::link::host_key;

use crate::support::{Desk, source};

fn environment() -> Env {
    Env { credentials_directory: Some("tests/config/credentials".into()), ..Env::default() }
}

fn samples(directory: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("the samples are there");
    let paths = entries.map(|entry| entry.expect("a readable directory").path());
    let mut samples: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    samples.sort();
    samples
}

/// Compares each sample's text with the one beside it, and tells all that differ.
#[expect(clippy::disallowed_methods, reason = "whoever runs the test sets BLESS")]
fn check(samples: &[PathBuf], extension: &str, text: impl Fn(&Path) -> String) {
    let mut differing = String::new();
    for sample in samples {
        let beside = sample.with_extension(extension);
        let got = text(sample);
        if env::var_os("BLESS").is_some() {
            fs::write(&beside, &got).expect("the samples can be written");
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        if got != expected {
            write!(differing, "\n== {}\nexpected:\n{expected}got:\n{got}", sample.display())
                .expect("a String takes all");
        }
    }
    assert!(differing.is_empty(), "{differing}");
}

#[test]
fn every_fault_is_told_with_its_place() {
    let samples = samples("tests/config/invalid");
    assert!(samples.len() >= 40);
    check(&samples, "err", |sample| match load(sample, &environment()) {
        Ok(_) => "no fault\n".to_owned(),
        Err(faults) => format!("{faults}\n"),
    });
}

#[test]
fn one_rule_a_sample_gives_one_fault_and_ten_give_ten() {
    for (sample, faults) in [("size_too_large", 1), ("source_id_twice", 1), ("ten_faults", 10)] {
        let path = format!("tests/config/invalid/{sample}.toml");
        let found = load(Path::new(&path), &environment()).expect_err(sample).faults;
        assert_eq!(found.len(), faults, "{sample}");
        assert!(found.is_sorted());
    }
}

#[test]
fn valid_files_mean_what_is_written_beside_them() {
    check(&samples("tests/config/valid"), "txt", |sample| {
        load(sample, &environment()).map_or_else(|faults| format!("{faults}\n"), |config| summary(&config))
    });
}

#[test]
fn the_shipped_configuration_has_no_fault_and_no_warning() {
    let config = load(Path::new("config/dibao.toml"), &Env::default()).expect("the shipped file loads");
    assert_eq!(config.warnings, []);
    assert_eq!(config.sources.len(), 100);
}

#[test]
fn the_shipped_sources_cover_every_region_and_do_not_crowd_a_host() {
    let config = load(Path::new("config/dibao.toml"), &Env::default()).expect("the shipped file loads");
    let enabled = || config.sources.iter().filter(|source| source.enabled);
    for region in RegionTable::builtin().iter() {
        let has = |source: &&Source| matches!(&source.def.region, RegionRule::Fixed(ids) if ids.contains(&region.id));
        assert!(enabled().any(|source| has(&source)), "{} has no source of its own", region.id);
    }
    let day: Time = "2026-11-23T00:00:00Z".parse().expect("an instant");
    let mut taken = HashMap::new();
    for source in enabled() {
        let host = host_key(&source.def.url).expect("an address");
        let mut at = next_of(&source.schedules, source.zone, day);
        while at < day + TimeDelta::days(1) {
            if let Some(other) = taken.insert((host.clone(), at), &source.def.id) {
                panic!("{} and {other} ask one host at {at}", source.def.id);
            }
            at = next_of(&source.schedules, source.zone, at);
        }
    }
}

#[test]
fn known_hosts_have_the_region_that_a_probe_would_suggest() {
    let config = load(Path::new("config/dibao.toml"), &Env::default()).expect("the shipped file loads");
    let mut told = 0;
    for source in &config.sources {
        let region = region_of_host(&source.def.url);
        if let (Some(region), RegionRule::Fixed(ids)) = (region, &source.def.region) {
            assert_eq!(ids.iter().map(RegionId::as_str).collect::<Vec<_>>(), [region], "{}", source.def.id);
            told += 1;
        }
    }
    assert!(told > 70, "{told}");
}

/// The shipped file shows every key it can have: what its comments show is read as well.
#[test]
fn the_comments_of_the_shipped_configuration_show_keys_that_exist() {
    let shipped = fs::read_to_string("config/dibao.toml").expect("it is there");
    let is_key = |line: &str| {
        line.split_once(" = ")
            .is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
    };
    let uncommented = shipped.lines().map(|line| match line.strip_prefix("# ") {
        Some(shown)
            if shown.starts_with("[[")
                || shown.starts_with("[source.")
                || (is_key(shown) && !shown.starts_with("include = [")) =>
        {
            shown
        }
        _ => line,
    });
    let text = uncommented.collect::<Vec<_>>().join("\n").replace("{ credential = \"example\" }", "\"word\"");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("dibao.toml");
    fs::write(&path, text).expect("it can be written");
    let faults = load(&path, &Env::default()).expect_err("the example region lies in one that is not there");
    assert_eq!(faults.faults.len(), 1, "{faults}");
    assert_eq!(faults.faults[0].key, "region.ruhr.parent");
}

#[test]
fn systemd_s_directories_are_the_defaults() {
    let env = Env {
        state_directory: Some("/var/lib/dibao:/var/lib/other".into()),
        runtime_directory: Some("/run/dibao".into()),
        ..Env::default()
    };
    let empty = Path::new("tests/config/valid/empty.toml");
    let config = load(empty, &env).expect("it loads");
    assert_eq!(config.state_dir, Path::new("/var/lib/dibao"));
    assert_eq!(config.server.admin_socket, Path::new("/run/dibao/admin.sock"));
    let alone = load(empty, &Env::default()).expect("it loads");
    assert_eq!(alone.server.admin_socket, Path::new("/var/lib/dibao/admin.sock"));
}

#[test]
fn a_credential_without_systemd_says_what_is_missing() {
    let faults =
        load(Path::new("tests/config/valid/every_key.toml"), &Env::default()).expect_err("no directory");
    assert_eq!(faults.faults.len(), 2, "{faults}");
    assert!(faults.to_string().contains("$CREDENTIALS_DIRECTORY is not set"), "{faults}");
}

#[test]
fn a_command_that_asks_only_the_daemon_needs_no_secrets() {
    let env = Env::default().sparing_secrets();
    let config = load(Path::new("tests/config/valid/every_key.toml"), &env).expect("it loads");
    assert_eq!(config.unread.len(), 2, "{:?}", config.unread);
    let needed = load(Path::new("tests/config/valid/every_key.toml"), &environment()).expect("it loads");
    assert!(needed.unread.is_empty());
    assert_eq!(needed.digest, config.digest, "of the files as they stand");

    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("dibao.toml");
    std::fs::write(&path, "[polling]\nproxy = { file = \"nowhere\" }\n").expect("written");
    let faults = load(&path, &env).expect_err("a file that is missing is missing for everybody");
    assert!(faults.to_string().contains("polling.proxy: cannot read"), "{faults}");
}

#[test]
fn secrets_do_not_print_themselves() {
    let path = Path::new("tests/config/valid/every_key.toml");
    let config = load(path, &environment()).expect("it loads");
    let printed = format!("{config:?}");
    for secret in ["Bearer", "session=1", "user:word", "socks5h:"] {
        assert!(!printed.contains(secret), "{secret}");
    }
}

#[test]
fn a_file_that_is_not_there_is_a_fault() {
    let faults = load(Path::new("nowhere/dibao.toml"), &Env::default()).expect_err("it is not there");
    let expected =
        "nowhere/dibao.toml: cannot read nowhere/dibao.toml: No such file or directory (os error 2)";
    assert_eq!(faults.to_string(), expected);
}

#[test]
fn a_file_that_was_named_is_used_even_if_another_is_there() {
    let named = Env { config: Some("named.toml".into()), ..Env::default() };
    assert_eq!(find(Some(Path::new("explicit.toml")), &named), Ok("explicit.toml".into()));
    assert_eq!(find(None, &named), Ok("named.toml".into()));
    assert_ne!(find(None, &Env::default()), Err(NoConfig), "the tests run where config/dibao.toml is");
}

/// All of a configuration that differs from nothing, a line each.
fn summary(config: &Config) -> String {
    let Config { server, polling, publish, retention, log, .. } = config;
    let proxy = |proxy: &Option<dibao::config::Secret>| proxy.as_ref().map(|p| p.expose().to_owned());
    let schedules = |all: &[dibao::decide::schedule::Schedule]| {
        all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
    };
    let mut lines = vec![
        format!(
            "listen {} as {}, socket {}",
            server.listen.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "),
            server.public_url,
            server.admin_socket.display()
        ),
        format!("state in {}, scrubbed every {:?}", config.state_dir.display(), config.scrub),
        format!("poll at {} in {}", schedules(&polling.schedule), polling.timezone),
        format!("jitter {:?}, floor {:?}, timeout {:?}", polling.jitter, polling.floor, polling.timeout),
        format!(
            "at once {}, per host {} every {:?}",
            polling.concurrency, polling.per_host, polling.host_delay
        ),
        format!("at most {} bytes, {} entries", polling.max_body, polling.max_entries),
        format!("freshness up to {:?}, retry_after {:?}", polling.freshness, polling.retry_after),
        format!("contact {:?}, proxy {:?}", polling.contact, proxy(&polling.proxy)),
        format!("networks {:?}", polling.allow_networks),
        format!(
            "publish {} entries, {} of a first poll, of {:?}, {:?}, rights {:?}",
            publish.entries, publish.first_poll, publish.max_age, publish.content, publish.rights
        ),
        format!("keep {} entries, the others {:?}", retention.keep_at_least, retention.max_age),
        format!("files in {:?}, hub {:?}, deltas {}", publish.static_dir, publish.websub_hub, publish.delta),
    ];
    if *log != dibao::config::Log::default() {
        lines.push(format!("log {:?} as {:?}", log.level, log.format));
    }
    let builtin = RegionTable::builtin();
    for (n, region) in config.regions.iter().enumerate() {
        if builtin.get(region.id.as_str()) != Some(region) {
            lines.push(format!("region {n}: {region:?}"));
        }
    }
    lines.extend(config.rules.iter().map(|rule| format!("{rule:?}")));
    lines.extend(config.shown.everywhere.iter().map(|rule| format!("{rule:?}")));
    lines.extend(config.shown.regions.iter().map(|(id, rules)| format!("region {id}: {rules:?}")));
    lines.extend(config.shown.sources.iter().map(|(id, rules)| format!("source {id}: {rules:?}")));
    for source in &config.sources {
        let Source { def, kind, zone, content, was, enabled, .. } = source;
        lines.push(format!("source {}: {kind:?} {} {:?}", def.id, def.url, def.region));
        lines
            .push(format!("  at {} in {zone}, {content:?}, enabled {enabled}", schedules(&source.schedules)));
        lines.push(format!("  title {:?}, rights {:?}, priority {}", def.title, def.rights, def.priority));
        lines.push(format!("  retry_after {:?}", source.retry_after));
        lines.push(format!("  was {was:?}, proxy {:?}", proxy(&source.proxy)));
        lines.extend(source.headers.iter().map(|(name, value)| format!("  {name}: {}", value.expose())));
    }
    lines.extend(config.warnings.iter().map(|warning| format!("warning: {warning}")));
    lines.join("\n") + "\n"
}

#[test]
fn a_reader_that_has_seen_enough_ends_a_command_well() {
    let desk = Desk::new(&source("a", "http://a.example/feed", "henan"));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_dibao"));
    command.args(["sources", "--json", "--config"]).arg(desk.path()).stdout(writer);
    let ended = command.output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}
