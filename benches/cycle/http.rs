//! A small HTTP/1.1 client over one connection, TCP or Unix socket. It costs nearly nothing, and does not
//! decompress bodies.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

pub(crate) struct Connection<S: Read + Write> {
    stream: BufReader<S>,
    host: String,
}

pub(crate) struct Response {
    pub(crate) status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

impl Connection<TcpStream> {
    pub(crate) fn tcp(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| address.to_owned())?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), host: address.to_owned() })
    }
}

impl Connection<UnixStream> {
    pub(crate) fn unix(path: &Path) -> Result<Self> {
        let stream = UnixStream::connect(path).with_context(|| path.display().to_string())?;
        Ok(Self { stream: BufReader::new(stream), host: "dibao".to_owned() })
    }
}

impl<S: Read + Write> Connection<S> {
    pub(crate) fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Result<Response> {
        self.request("GET", path, headers, "")
    }

    pub(crate) fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Response> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.host);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        let head = format!("{head}\r\n{body}");
        self.stream.get_mut().write_all(head.as_bytes())?;
        self.response()
    }

    fn response(&mut self) -> Result<Response> {
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no status line")?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').context("not a header")?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut response = Response { status, headers, body: Vec::new() };
        if status != 304 && status != 204 {
            response.body = self.body(&response)?;
        }
        Ok(response)
    }

    fn body(&mut self, head: &Response) -> Result<Vec<u8>> {
        if let Some(length) = head.header("content-length") {
            let mut body = vec![0; length.parse()?];
            self.stream.read_exact(&mut body)?;
            return Ok(body);
        }
        if head.header("transfer-encoding") != Some("chunked") {
            bail!("a body without a length");
        }
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let length = usize::from_str_radix(line.trim(), 16).context("not the length of a chunk")?;
            let at = body.len();
            body.resize(at + length, 0);
            self.stream.read_exact(&mut body[at..])?;
            self.line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            bail!("the connection was closed");
        }
        Ok(line.trim_end().to_owned())
    }
}
