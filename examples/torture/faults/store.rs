//! Damages or removes the store: dibao must rebuild it from the journal. dibao finds damage when it opens or reads
//! the store, and at the latest by the scrub.

use std::fs;
use std::path::{Path, PathBuf};

use super::{KILLED, Told, told};
use crate::rig::Rig;

impl Rig {
    pub(super) fn harm_store(&mut self) -> Told {
        self.kill();
        let mut files = Vec::new();
        files_below(&self.state.join("store"), &mut files);
        files.sort();
        if files.is_empty() {
            return told(KILLED);
        }
        let path = &files[self.chance.index(files.len())];
        let mut bytes = fs::read(path).expect("it was listed");
        match self.chance.below(3) {
            0 => fs::remove_file(path).expect("it can be removed"),
            1 => {
                bytes.truncate(self.chance.index(bytes.len()));
                fs::write(path, bytes).expect("it can be written");
            }
            _ if bytes.is_empty() => {}
            _ => {
                for _ in 0..=self.chance.below(16) {
                    let at = self.chance.index(bytes.len());
                    bytes[at] ^= 1 << self.chance.below(8);
                }
                fs::write(path, bytes).expect("it can be written");
            }
        }
        // sled may not have needed those octets; otherwise the store is built anew.
        told(&["the last run was not shut down cleanly", "rebuilt the store"]).after_a_scrub()
    }

    pub(super) fn remove_store(&mut self) -> Told {
        self.kill();
        fs::remove_dir_all(self.state.join("store")).expect("it can be removed");
        told(&["rebuilt the store"])
    }
}

fn files_below(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        match path.is_dir() {
            // What was set aside is read by nobody.
            true if path.ends_with("damaged") => {}
            true => files_below(&path, files),
            false => files.push(path),
        }
    }
}
