//! Reads a page from disk as if its address had answered with it. Names what is no page to read; asks nobody.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use url::Url;

use crate::model::exchange::{Exchange, Response, ResponseHead};

/// The reason why a file cannot be read as a page.
#[derive(Debug, thiserror::Error)]
pub(super) enum SavedError {
    #[error("{0}: cannot be read: {1}")]
    Io(PathBuf, io::Error),
    /// A pipe may never end, and a directory has no octets.
    #[error("{0}: is no regular file; save the page to one")]
    NoFile(PathBuf),
    #[error("{0}: is empty; save the page again")]
    Empty(PathBuf),
    #[error("{0}: has more than {1} bytes, the most that a poll reads (polling.max_body)")]
    TooLarge(PathBuf, u64),
    #[error("{0}: is no address of the web; links of a saved page start at its address: write https://…")]
    NoAddress(String),
}

/// The answer that an address would have given: the octets of the file.
pub(super) fn read(path: &Path, url: &str, max_body: u64) -> Result<Exchange, SavedError> {
    let is_web = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !is_web {
        return Err(SavedError::NoAddress(url.to_owned()));
    }
    let failed = |error| SavedError::Io(path.to_owned(), error);
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(SavedError::NoFile(path.to_owned()));
    }
    let mut body = Vec::new();
    // It may grow while it is read.
    File::open(path).map_err(failed)?.take(max_body + 1).read_to_end(&mut body).map_err(failed)?;
    match body.len() as u64 {
        0 => Err(SavedError::Empty(path.to_owned())),
        size if size > max_body => Err(SavedError::TooLarge(path.to_owned(), max_body)),
        _ => {
            let head = ResponseHead { status: 200, final_url: url.to_owned(), ..ResponseHead::default() };
            Ok(Exchange::Body(Response { head, body: body.into() }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://a.example/";

    #[test]
    fn a_file_that_is_no_page_is_named_with_the_reason() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = |name: &str, body: &[u8]| {
            let path = directory.path().join(name);
            fs::write(&path, body).expect("it can be written");
            path
        };
        let cases = [
            (directory.path().join("none.html"), URL, "cannot be read"),
            (directory.path().to_owned(), URL, "is no regular file"),
            (file("empty.html", b""), URL, "is empty"),
            (file("large.html", b"<html>"), URL, "has more than 5 bytes"),
            (file("good.html", b"<p>"), "file:///etc", "is no address of the web"),
        ];
        for (path, url, why) in cases {
            let said = read(&path, url, 5).expect_err("it is no page").to_string();
            assert!(said.contains(why), "{said}");
        }
        let whole = read(&file("whole.html", b"<br/>"), URL, 5).expect("it has as much as it may");
        assert!(matches!(whole, Exchange::Body(response) if &*response.body == b"<br/>"));
    }
}
