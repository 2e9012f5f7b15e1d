//! Opens the daemon's sockets: public addresses, Unix sockets with their file modes, and those that systemd passes.
//! Serves nothing.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;

use listenfd::ListenFd;
use tokio::net::{TcpListener, TcpSocket, UnixListener};

use super::RunError;
use crate::config::Listen;
use crate::serve::listener::Socket;

/// The maximum number of connections that wait for accept: Linux's default limit. A client that meets a full
/// queue retries after a second at the earliest.
const BACKLOG: u32 = 4096;

/// Every user who can reach a public socket may read feeds, as on an address. The directory's permissions
/// decide who can reach it.
const PUBLIC_MODE: u32 = 0o666;
const ADMIN_MODE: u32 = 0o600;

pub(super) fn public(at: &Listen) -> Result<Socket, RunError> {
    match at {
        Listen::Tcp(address) => tcp(*address).map(Socket::Tcp),
        Listen::Unix(path) => unix(path, PUBLIC_MODE).map(Socket::Unix),
    }
}

/// The sockets that the service manager passes (sd_listen_fds(3)); none without socket activation.
pub(super) fn inherited() -> Result<Vec<Socket>, RunError> {
    let mut passed = ListenFd::from_env();
    (0..passed.len())
        .map(|n| {
            let take = |passed: &mut ListenFd| -> io::Result<Socket> {
                if let Ok(Some(socket)) = passed.take_tcp_listener(n) {
                    socket.set_nonblocking(true)?;
                    return TcpListener::from_std(socket).map(Socket::Tcp);
                }
                let socket = passed.take_unix_listener(n)?.ok_or(io::ErrorKind::NotFound)?;
                socket.set_nonblocking(true)?;
                UnixListener::from_std(socket).map(Socket::Unix)
            };
            take(&mut passed).map_err(|source| RunError::Inherited { n, source })
        })
        .collect()
}

/// The caller holds the lock of the state directory, so an existing socket is left from a killed daemon.
pub(super) fn admin(path: &Path) -> Result<UnixListener, RunError> {
    unix(path, ADMIN_MODE)
}

/// Replaces a socket that nobody listens on: a killed daemon leaves its socket behind. Fails if another file
/// is at `path`, because the operator may have named it by mistake.
fn unix(path: &Path, mode: u32) -> Result<UnixListener, RunError> {
    let bind = || {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        if path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket()) {
            if UnixStream::connect(path).is_ok() {
                return Err(io::ErrorKind::AddrInUse.into());
            }
            fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        Ok(listener)
    };
    bind().map_err(|source| RunError::Listen { at: path.display().to_string(), source })
}

fn tcp(at: SocketAddr) -> Result<TcpListener, RunError> {
    let bind = || {
        let socket = if at.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // Without it, a restart fails while the kernel remembers connections of the last run.
        socket.set_reuseaddr(true)?;
        socket.bind(at)?;
        socket.listen(BACKLOG)
    };
    bind().map_err(|source| RunError::Listen { at: at.to_string(), source })
}
