//! Directories: creates them durably (a power cut removes a directory whose parent was not synced), syncs, locks
//! and removes them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::fault::{LedgerError, io_error};

/// Makes a directory and those above it that are missing, for good.
pub fn create(dir: &Path) -> io::Result<()> {
    create_with(dir, &mut sync)
}

/// Makes the names in a directory durable.
pub fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Removes a directory with all that is in it, if there is one.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

pub(super) fn lock(dir: &Path) -> Result<File, LedgerError> {
    let file = File::open(dir).map_err(io_error(dir, "open it"))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(LedgerError::Locked(dir.to_owned())),
        Err(e) => Err(io_error(dir, "lock it")(e.into())),
    }
}

fn create_with(dir: &Path, sync: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    let missing: Vec<_> = dir.ancestors().take_while(|above| !above.exists()).collect();
    fs::create_dir_all(dir)?;
    for parent in missing.into_iter().filter_map(parent) {
        match sync(&parent) {
            // Where one may write, but not list, there is no way to.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            synced => synced?,
        }
    }
    Ok(())
}

fn parent(dir: &Path) -> Option<PathBuf> {
    let parent = dir.parent()?;
    Some(if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_owned() })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn every_directory_that_gets_another_one_is_synced() {
        let root = TempDir::new().expect("a directory");
        let create = |below: &str, answer: io::ErrorKind| {
            let mut synced = Vec::new();
            let made = create_with(&root.path().join(below), &mut |dir| {
                let there = fs::read_dir(dir).expect("it is there").count();
                synced.push((dir.strip_prefix(root.path()).expect("below").display().to_string(), there));
                if answer == io::ErrorKind::Other { Ok(()) } else { Err(answer.into()) }
            });
            (made.is_ok(), synced)
        };
        let name = |name: &str| (name.to_owned(), 1);
        assert_eq!(create("a/b/c", io::ErrorKind::Other), (true, vec![name("a/b"), name("a"), name("")]));
        assert_eq!(create("a/b/c", io::ErrorKind::Other), (true, vec![]), "it was there");
        assert_eq!(create("a/b/c/d", io::ErrorKind::PermissionDenied), (true, vec![name("a/b/c")]));
        assert_eq!(create("a/b/c/d/e", io::ErrorKind::StorageFull), (false, vec![name("a/b/c/d")]));
    }

    #[test]
    fn a_relative_directory_stands_in_the_one_one_is_in() {
        assert_eq!(parent(Path::new("state")), Some(PathBuf::from(".")));
        assert_eq!(parent(Path::new("a/state")), Some(PathBuf::from("a")));
        assert_eq!(parent(Path::new("/")), None);
    }
}
