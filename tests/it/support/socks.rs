//! A SOCKS5 proxy without passwords (RFC 1928): it writes down what it was asked for and leads every
//! connection to one address, whatever its name.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Where a client wanted to be led, as it said it: `name example.org:80`, `address 192.0.2.1:80`.
type Wishes = Arc<Mutex<Vec<String>>>;

/// The proxy; it takes no more connections once dropped.
pub(crate) struct Socks {
    pub(crate) address: SocketAddr,
    wishes: Wishes,
    serving: JoinHandle<()>,
}

impl Socks {
    /// One that leads everybody to `target`; `None` refuses them, as if nobody were there.
    pub(crate) async fn to(target: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a loopback port");
        let address = listener.local_addr().expect("bound");
        let wishes = Wishes::default();
        let noted = Arc::clone(&wishes);
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A client that leaves early is no matter of the proxy's.
                tokio::spawn(lead(client, target, Arc::clone(&noted)));
            }
        });
        Self { address, wishes, serving }
    }

    /// What was asked for so far, a line a connection.
    pub(crate) fn wishes(&self) -> Vec<String> {
        self.wishes.lock().expect("not poisoned").clone()
    }
}

impl Drop for Socks {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn lead(mut client: TcpStream, target: Option<SocketAddr>, wishes: Wishes) -> io::Result<()> {
    let [version, methods] = bytes(&mut client).await?;
    assert_eq!(version, 5, "SOCKS version");
    client.read_exact(&mut vec![0; methods.into()]).await?;
    client.write_all(&[5, 0]).await?;
    let [_, command, _, kind] = bytes(&mut client).await?;
    assert_eq!(command, 1, "CONNECT");
    let host = match kind {
        1 => format!("address {}", IpAddr::from(Ipv4Addr::from(bytes::<4>(&mut client).await?))),
        4 => format!("address [{}]", IpAddr::from(Ipv6Addr::from(bytes::<16>(&mut client).await?))),
        3 => {
            let [length] = bytes(&mut client).await?;
            let mut name = vec![0; length.into()];
            client.read_exact(&mut name).await?;
            format!("name {}", String::from_utf8_lossy(&name))
        }
        other => panic!("no kind of address: {other}"),
    };
    let port = u16::from_be_bytes(bytes(&mut client).await?);
    wishes.lock().expect("not poisoned").push(format!("{host}:{port}"));
    let Some(target) = target else {
        // 4: host unreachable.
        return client.write_all(&[5, 4, 0, 1, 0, 0, 0, 0, 0, 0]).await;
    };
    let mut publisher = TcpStream::connect(target).await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    tokio::io::copy_bidirectional(&mut client, &mut publisher).await.map(|_| ())
}

async fn bytes<const N: usize>(from: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes).await?;
    Ok(bytes)
}
