//! What the daemon freed goes back to the system. A process of its own: other tests' memory would blur it.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::fs;

use dibao::daemon::memory::give_back;

/// What this process holds, in KiB (proc(5)).
fn held() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("it is told");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn what_lies_before_something_that_lives_is_given_back() {
    // 64 MiB in pieces too small to be mapped one by one, and one behind them that stays.
    let pieces: Vec<Vec<u8>> = (0..16_384).map(|_| vec![1; 4096]).collect();
    let stays = std::hint::black_box(vec![1_u8; 64]);
    let full = held();
    drop(pieces);
    let kept = held();
    assert!(kept + 16 * 1024 > full, "glibc gives back by itself now: {full} KiB, then {kept}");
    give_back();
    let left = held();
    assert!(left + 48 * 1024 < full, "{full} KiB before, {left} KiB after");
    drop(stays);
}
