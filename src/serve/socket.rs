//! Listening sockets: TCP addresses, and Unix sockets for a proxy on the same machine.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// A listening socket.
pub enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Socket {
    /// The address of a TCP socket.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        match self {
            Self::Tcp(listener) => listener.poll_accept(cx).map_ok(|(stream, _)| {
                // Head and body are two writes; without this the second waits for a delayed acknowledgement.
                let _ = stream.set_nodelay(true);
                Box::new(stream) as Stream
            }),
            Self::Unix(listener) => listener.poll_accept(cx).map_ok(|(stream, _)| Box::new(stream) as Stream),
        }
    }
}

/// Accepts the next client of any socket. Begins at the socket after `last`, which the last client came by: a
/// socket that always has a client starves no other.
pub(super) async fn accept(sockets: &[Socket], last: &mut usize) -> io::Result<Stream> {
    poll_fn(|cx| {
        for at in (1..=sockets.len()).map(|n| (*last + n) % sockets.len()) {
            if let Poll::Ready(accepted) = sockets[at].poll_accept(cx) {
                *last = at;
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    })
    .await
}

/// A connection.
pub(super) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}
impl Connection for TcpStream {}
impl Connection for UnixStream {}

pub(super) type Stream = Box<dyn Connection>;
