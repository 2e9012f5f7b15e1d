//! Disks that take nothing while a store is opened.

use std::cell::RefCell;

use rustix::io::Errno;

use super::*;

thread_local! {
    static REFUSED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What sled says when it is opened in this thread, if a test wants it to fail.
pub(in crate::daemon::vault) fn refuse() -> Result<(), StoreError> {
    REFUSED.with_borrow(|text| text.clone().map_or(Ok(()), |text| Err(StoreError::Backend(text))))
}

fn refused<T>(text: impl ToString, work: impl FnOnce() -> T) -> T {
    REFUSED.set(Some(text.to_string()));
    let done = work();
    REFUSED.set(None);
    done
}

fn try_open(dir: &TempDir) -> Result<OpenNotes, VaultError> {
    Vault::open(dir.path(), Arc::new(rules(&sources())), today()).map(|(_, notes)| notes)
}

#[test]
fn a_store_that_sled_cannot_open_on_a_disk_that_takes_nothing_stays_as_it_is() {
    for errno in [Errno::NOSPC, Errno::DQUOT, Errno::ROFS, Errno::IO] {
        for (clean, rotten) in [(true, false), (false, false), (true, true)] {
            let name = format!("{errno:?}, clean {clean}, rotten {rotten}");
            let dir = left(clean);
            let segment = &segments(dir.path())[0];
            if rotten {
                healing::flip(segment, healing::frames(segment)[5] + 9);
            }
            let (marked, recorded) =
                (fs::read_to_string(mark(&dir)).expect("a mark"), fs::read(segment).expect("read"));
            // What a disk that fails to write did not write it may have told sled alone.
            let marked = if errno == Errno::IO { marked.replace("true", "false") } else { marked };
            let said = format!("IO error: {}", std::io::Error::from(errno));
            for _ in 0..2 {
                let stopped = refused(&said, || try_open(&dir));
                assert!(matches!(&stopped, Err(VaultError::Store(_))), "{name}: {stopped:?}");
            }
            assert_eq!(fs::read_to_string(mark(&dir)).expect("a mark"), marked, "{name}");
            assert_eq!(fs::read(segment).expect("read"), recorded, "{name}");
            assert!(!dir.path().join("store/damaged").exists(), "{name}");
            let (vault, notes) = open(&dir);
            assert_eq!((notes.rebuilt, notes.wound.is_some()), (None, rotten), "{name}");
            assert_eq!(dump(&vault), reference(), "{name}");
        }
    }
}

#[test]
fn what_the_disk_does_not_read_is_no_refusal_to_write() {
    let (dir, vault) = filled();
    vault.close().expect("closed");
    let store = generation(&dir);
    // A file that nobody reads for what it says.
    std::os::unix::fs::symlink("/proc/self/mem", store.join("rotten")).expect("linked");
    let disk = std::io::Error::from(Errno::IO);
    assert!(!refusal::is_on_writing(&store, &StoreError::Backend(format!("IO error: {disk}")).into()));
    let full = std::io::Error::from(Errno::NOSPC);
    assert!(refusal::is_on_writing(&store, &StoreError::Backend(format!("IO error: {full}")).into()));
    assert!(!refusal::is_on_writing(&store, &StoreError::Backend("corruption".to_owned()).into()));
}
