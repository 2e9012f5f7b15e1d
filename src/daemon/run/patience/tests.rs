//! Attempts that fail for a while, in paused time.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;

use rustix::io::Errno;
use tokio::time::Instant;

use super::*;
use crate::daemon::vault::VaultError;

fn refused(errno: Errno) -> RunError {
    let path = PathBuf::from("/state/store/00000001.json");
    StartError::from(VaultError::Io { path, what: "write it", source: errno.into() }).into()
}

/// Fails so often, with this error each time.
async fn attempts(fail: u32, error: impl Fn(u32) -> RunError) -> (Result<(), RunError>, u32, Duration) {
    let (made, since) = (Cell::new(0), Instant::now());
    let outcome = patiently(Path::new("/state"), || async {
        made.set(made.get() + 1);
        if made.get() > fail { Ok(()) } else { Err(error(made.get())) }
    });
    (outcome.await, made.get(), since.elapsed())
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again_ever_more_seldom_until_it_works() {
    let cases = [(0, 0), (1, 1), (2, 3), (3, 7), (5, 31), (6, 61), (7, 91)];
    for (fail, seconds) in cases {
        let (outcome, made, took) = attempts(fail, |_| refused(Errno::NOSPC)).await;
        outcome.expect("it works in the end");
        assert_eq!((made, took.as_secs()), (fail + 1, seconds), "{fail} failures");
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_ends_it_at_once() {
    let (outcome, made, took) = attempts(9, |_| refused(Errno::ACCESS)).await;
    assert!(outcome.is_err_and(|e| e.to_string().contains("cannot write it")));
    assert_eq!((made, took), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_directory_in_use_ends_it_but_for_one_that_waits() {
    let locked = || StartError::from(VaultError::Locked("/state".into())).into();
    let (outcome, made, _) = attempts(9, |_| locked()).await;
    assert!(outcome.is_err() && made == 1, "another daemon has it");
    let (outcome, made, _) = attempts(3, |n| if n == 2 { locked() } else { refused(Errno::ROFS) }).await;
    assert!(outcome.is_ok() && made == 4, "somebody looks at it meanwhile");
    let (outcome, made, _) = attempts(9, |n| if n > 2 { locked() } else { refused(Errno::NOSPC) }).await;
    assert!(outcome.is_ok() && made == 10, "a command takes its time");
}

#[tokio::test(start_paused = true)]
async fn only_work_that_gets_on_is_told_of() {
    let done = Cell::new(5_u64);
    let told = RefCell::new(Vec::new());
    let since = Instant::now();
    let work = async {
        for step in [1, 7, 0, 0, 0, 2] {
            tokio::time::sleep(LOOK - Duration::from_secs(1)).await;
            done.set(done.get() + step);
            tokio::time::sleep(Duration::from_secs(1) + Duration::from_millis(1)).await;
        }
    };
    let tell = |n: u64| told.borrow_mut().push((since.elapsed().as_secs(), n));
    watched(work, || done.get(), tell).await;
    assert_eq!(*told.borrow(), [(10, 1), (20, 8), (60, 10)]);
}
