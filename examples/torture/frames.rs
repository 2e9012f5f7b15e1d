//! Reads the frames of a journal's segments without dibao's journal code, so that the allowed losses do not
//! depend on the code under test.

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A frame, and the published ids that it names: of entries that it brought, or that it let expire.
pub(crate) struct Frame {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) brought: Vec<String>,
    pub(crate) expired: Vec<String>,
}

/// The segments, in order.
pub(crate) fn segments(state: &Path) -> Vec<PathBuf> {
    let listing = fs::read_dir(state.join("journal")).into_iter().flatten();
    let paths = listing.filter_map(|entry| Some(entry.ok()?.path()));
    let mut segments: Vec<_> = paths.filter(|path| path.extension() == Some("zst".as_ref())).collect();
    segments.sort();
    segments
}

/// The whole frames of a file, as far as it is one after the other.
pub(crate) fn read(path: &Path) -> Vec<Frame> {
    let bytes = fs::read(path).unwrap_or_default();
    let mut frames = Vec::new();
    let mut from = 0;
    while from < bytes.len() {
        let mut cursor = Cursor::new(&bytes[from..]);
        let mut text = String::new();
        let decoder = zstd::Decoder::with_buffer(&mut cursor);
        let whole = decoder.and_then(|decoder| decoder.single_frame().read_to_string(&mut text)).is_ok();
        let len = usize::try_from(cursor.position()).expect("a position in memory");
        if !whole || len == 0 {
            // Damaged before: what it held is known since then. On to the next magic number.
            let magic = bytes[from + 1..].windows(4).position(|four| four == [0x28, 0xb5, 0x2f, 0xfd]);
            match magic {
                Some(at) => from += 1 + at,
                None => break,
            }
            continue;
        }
        let (brought, expired) = ids(&text);
        frames.push(Frame { from: from as u64, to: (from + len) as u64, brought, expired });
        from += len;
    }
    frames
}

fn ids(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut brought, mut expired) = (Vec::new(), Vec::new());
    for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let new = line["new"].as_array().into_iter().flatten();
        brought.extend(new.filter_map(|entry| Some(entry["published_id"].as_str()?.to_owned())));
        if line["kind"] == "expire" {
            let old = line["entries"].as_array().into_iter().flatten();
            expired.extend(old.filter_map(|id| Some(id.as_str()?.to_owned())));
        }
    }
    (brought, expired)
}
