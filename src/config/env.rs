//! The environment variables that dibao reads, and how it finds its configuration file.

use std::path::{Path, PathBuf};

/// The environment variables that a configuration depends on, as a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Env {
    pub config: Option<PathBuf>,
    /// `STATE_DIRECTORY`, set by systemd.
    pub state_directory: Option<PathBuf>,
    /// `RUNTIME_DIRECTORY`, set by systemd.
    pub runtime_directory: Option<PathBuf>,
    /// `CREDENTIALS_DIRECTORY`, set by systemd.
    pub credentials_directory: Option<PathBuf>,
    /// True for a command that asks nobody but the daemon: it need not be able to read what only the daemon may.
    pub spare_secrets: bool,
}

impl Env {
    /// The process's own environment. Variables that are empty count as unset.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads it")]
    pub fn of_process() -> Self {
        let get = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            config: get("DIBAO_CONFIG"),
            state_directory: get("STATE_DIRECTORY"),
            runtime_directory: get("RUNTIME_DIRECTORY"),
            credentials_directory: get("CREDENTIALS_DIRECTORY"),
            spare_secrets: false,
        }
    }

    /// The same for a command that can do without secrets.
    pub fn sparing_secrets(self) -> Self {
        Self { spare_secrets: true, ..self }
    }
}

/// The paths that are tried when neither `--config` nor `$DIBAO_CONFIG` names a configuration.
const USUAL_PLACES: [&str; 2] = ["/etc/dibao/dibao.toml", "config/dibao.toml"];

/// The configuration file to use: `explicit` (`--config`), `$DIBAO_CONFIG`, `/etc/dibao/dibao.toml`,
/// `config/dibao.toml`. A file that was named is used even if it is not there, so that its absence is reported
/// rather than another file used in its place. Fails with [`NoConfig`] when none was named and none is in the usual
/// places.
pub fn find(explicit: Option<&Path>, env: &Env) -> Result<PathBuf, NoConfig> {
    let named = explicit.map(Path::to_owned).or_else(|| env.config.clone());
    let usual = || USUAL_PLACES.iter().map(PathBuf::from).find(|path| path.exists());
    named.or_else(usual).ok_or(NoConfig)
}

/// No configuration file was named or found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no configuration: name one with --config or $DIBAO_CONFIG, or write /etc/dibao/dibao.toml")]
pub struct NoConfig;
