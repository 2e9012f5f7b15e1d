//! The client's side of the admin socket: one request, and its answer line by line.

use std::path::Path;

/// Why a running daemon could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The HTTP client does not start.
    #[error(transparent)]
    Client(#[from] super::FetchSetupError),
    /// The socket does not answer as a daemon would.
    #[error("the daemon does not answer on its admin socket: {0}")]
    Http(#[from] reqwest::Error),
    /// It answered that it does not understand.
    #[error("the running daemon does not know this command (status {0}); is it an older dibao?")]
    Refused(u16),
}

/// Posts JSON to the socket and hands each line of the answer to `each`.
///
/// # Errors
/// Fails if the daemon does not answer, or not to the end.
pub async fn post_lines(
    socket: &Path,
    json: String,
    each: &mut (dyn FnMut(&[u8]) + Send),
) -> Result<(), SocketError> {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(super::tls::without_roots()?)
        .no_proxy()
        .unix_socket(socket)
        .build()?;
    let request = client.post("http://dibao/").header("content-type", "application/json").body(json);
    let mut response = request.send().await?;
    if !response.status().is_success() {
        return Err(SocketError::Refused(response.status().as_u16()));
    }
    let mut rest = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        rest.extend_from_slice(&chunk);
        while let Some(end) = rest.iter().position(|b| *b == b'\n') {
            each(&rest[..end]);
            rest.drain(..=end);
        }
    }
    Ok(())
}
