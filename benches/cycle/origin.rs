//! The publisher: nginx as Debian ships it, on loopback, with ETag and Last-Modified.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Result;

use crate::clock;
use crate::http::Connection;
use crate::process::Process;
use crate::product::free_port;

/// Debian keeps it out of the path of ordinary users.
const PLACES: [&str; 3] = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"];

pub(crate) fn nginx() -> Option<PathBuf> {
    PLACES.iter().map(PathBuf::from).find(|path| path.exists())
}

pub(crate) struct Origin {
    _process: Process,
    pub(crate) address: String,
}

impl Origin {
    /// Serves `root`; its own files are in `work`.
    pub(crate) fn start(nginx: &Path, work: &Path, root: &Path) -> Result<Self> {
        fs::create_dir_all(work)?;
        fs::create_dir_all(root)?;
        fs::set_permissions(work, fs::Permissions::from_mode(0o755))?;
        let address = format!("127.0.0.1:{}", free_port()?);
        // Started by root, its workers would be another user, who may not read the directory.
        let user = if fs::metadata("/proc/self")?.uid() == 0 { "user root;" } else { "" };
        let (at, root) = (work.display(), root.display());
        let config = format!(
            "daemon off; {user} worker_processes 2; pid {at}/nginx.pid; error_log {at}/nginx.err;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ types {{ application/xml xml; application/atom+xml atom; application/feed+json json; }}\n\
             access_log off; gzip_static on; open_file_cache max=4096; open_file_cache_valid 1s;\n\
             keepalive_requests 1000000;\n\
             client_body_temp_path {at}/tmp; proxy_temp_path {at}/tmp; fastcgi_temp_path {at}/tmp;\n\
             uwsgi_temp_path {at}/tmp; scgi_temp_path {at}/tmp;\n\
             server {{ listen {address}; root {root}; }} }}\n"
        );
        let file = work.join("nginx.conf");
        fs::write(&file, config)?;
        let mut command = Command::new(nginx);
        command.arg("-c").arg(&file).arg("-e").arg(work.join("nginx.err"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process::start(&mut command)?;
        clock::until("starting nginx", Duration::from_secs(10), Duration::from_millis(5), || {
            Ok(Connection::tcp(&address).is_ok())
        })?;
        Ok(Self { _process: process, address })
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }
}
