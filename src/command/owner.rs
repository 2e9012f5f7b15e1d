//! The owner of the state directory. A command of another user would leave files there that the daemon cannot write, or
//! not even read.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::ledger::Paths;

/// Names of users (passwd(5)). Users of a directory service are not in this file; messages name them by number.
const USERS: &str = "/etc/passwd";

/// The reason why this user must not start a daemon on a state directory, and the command that works. The owner of the
/// journal counts: an empty directory may be a volume that belongs to somebody else.
pub(super) fn refusal_to_start(dir: &Path) -> Option<String> {
    refusal_by(dir, &Paths::new(dir).journal())
}

/// The reason why this user must not touch a state directory, and the command that works; `None` if there is no such
/// directory yet.
pub(super) fn refusal(dir: &Path) -> Option<String> {
    refusal_to_start(dir).or_else(|| refusal_by(dir, dir).filter(|_| !Paths::new(dir).journal().exists()))
}

/// The number of the user that this process acts as.
fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The same, by the owner of a file of the directory.
fn refusal_by(dir: &Path, file: &Path) -> Option<String> {
    let owner = fs::metadata(file).ok()?.uid();
    let us = user();
    let users = fs::read_to_string(USERS).unwrap_or_default();
    (owner != us).then(|| text(dir, owner, us, &users, std::env::args().skip(1)))
}

fn text(dir: &Path, owner: u32, us: u32, users: &str, arguments: impl Iterator<Item = String>) -> String {
    let name = |uid| name(users, uid);
    let arguments = arguments.map(|argument| quoted(&argument)).collect::<Vec<_>>().join(" ");
    let command = match name(owner) {
        Some(owner) => format!("sudo -u {owner} dibao {arguments}"),
        None => format!("sudo -u '#{owner}' dibao {arguments}"),
    };
    let called = |uid| name(uid).map_or_else(|| format!("user {uid}"), str::to_owned);
    format!("{} belongs to {}, and you are {}; run: {command}", dir.display(), called(owner), called(us))
}

fn name(users: &str, uid: u32) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid)).then_some(name)
    })
}

/// The argument, quoted so that a shell takes it for one word.
fn quoted(argument: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    match !argument.is_empty() && argument.chars().all(is_plain) {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_the_command_to_run() {
        let users =
            "root:x:0:0:root:/root:/bin/sh\nbroken\ndibao:x:998:998::/var/lib/dibao:/usr/sbin/nologin\n";
        let text_of = |owner, arguments: &[&str]| {
            let arguments = arguments.iter().map(|argument| (*argument).to_owned());
            text(Path::new("/var/lib/dibao"), owner, 0, users, arguments)
        };
        assert_eq!(
            text_of(998, &["explain", "urn:a b's"]),
            "/var/lib/dibao belongs to dibao, and you are root; run: sudo -u dibao dibao explain 'urn:a b'\\''s'"
        );
        assert_eq!(
            text_of(1234, &["sources"]),
            "/var/lib/dibao belongs to user 1234, and you are root; run: sudo -u '#1234' dibao sources"
        );
    }

    #[test]
    fn a_directory_that_is_not_there_belongs_to_nobody() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(refusal(&dir.path().join("none")), None);
        assert_eq!(refusal_to_start(dir.path()), None, "nothing is written yet");
        assert_eq!(refusal(dir.path()), None, "our own");
        let journal = Paths::new(dir.path()).journal();
        fs::create_dir(&journal).expect("made");
        assert_eq!(refusal(dir.path()), None, "our own");
        if user() == 0 {
            std::os::unix::fs::chown(dir.path(), Some(1234), None).expect("root may");
            assert_eq!(refusal(dir.path()), None, "the journal is ours, on somebody's volume");
            std::os::unix::fs::chown(&journal, Some(1234), None).expect("root may");
            assert!(refusal(dir.path()).is_some() && refusal_to_start(dir.path()).is_some());
            fs::remove_dir(&journal).expect("removed");
            assert_eq!(refusal_to_start(dir.path()), None, "a volume that nothing was written to");
            assert!(refusal(dir.path()).is_some(), "a command is for the owner all the same");
        }
    }
}
