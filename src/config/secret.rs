//! Secrets: values that must not reach a log. A secret is in the configuration file, in another file, or in a
//! systemd credential.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::env::Env;
use super::fault::{FaultList, Location};
use super::table::SecretRef;

/// The largest secret read, in bytes: headers beyond 8 KiB are refused by most servers.
const LARGEST: u64 = 8 << 10;

/// A text that does not print itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, to be sent and never logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The text a reference leads to, without the line end that editors leave behind it. Relative paths
/// start from `base`.
pub(super) fn text(reference: &SecretRef, base: &Path, env: &Env) -> Result<String, Unreadable> {
    match reference {
        SecretRef::Plain(text) => Ok(text.clone()),
        SecretRef::File(file) => read(&base.join(file)),
        SecretRef::Credential(name) => read(&credential(name, env)?),
    }
}

/// The reason why a secret cannot be read.
pub(super) struct Unreadable {
    pub(super) why: String,
    /// True if another user, or the service, may be able to.
    elsewhere: bool,
}

impl Unreadable {
    fn anywhere(why: String) -> Self {
        Self { why, elsewhere: false }
    }

    /// Reports it: as a fault, but where the secret is not needed and the daemon may well be able to read it.
    pub(super) fn report(self, place: &Location, env: &Env, report: &mut FaultList) {
        match self.elsewhere && env.spare_secrets {
            true => report.unread(place, self.why),
            false => report.fault(place, self.why),
        }
    }
}

impl From<String> for Unreadable {
    fn from(why: String) -> Self {
        Self::anywhere(why)
    }
}

fn credential(name: &str, env: &Env) -> Result<PathBuf, Unreadable> {
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return Err(format!("{name:?} is not the name of a credential").into());
    }
    let Some(directory) = &env.credentials_directory else {
        let why = format!(
            "the credential {name:?} is only there under systemd: $CREDENTIALS_DIRECTORY is not set; \
             add LoadCredential={name}:/path to the unit"
        );
        return Err(Unreadable { why, elsewhere: true });
    };
    Ok(directory.join(name))
}

fn read(path: &Path) -> Result<String, Unreadable> {
    let unreadable = |what: &dyn fmt::Display| format!("cannot read {}: {what}", path.display());
    let failed = |error: io::Error| Unreadable {
        why: unreadable(&error),
        elsewhere: error.kind() == io::ErrorKind::PermissionDenied,
    };
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > LARGEST {
        return Err(unreadable(&format_args!("larger than {LARGEST} bytes")).into());
    }
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() { Err(unreadable(&"it is empty").into()) } else { Ok(text.to_owned()) }
}
