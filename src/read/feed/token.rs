//! XML tokens from text that may not be XML: every input has a reading, and what was wrong is noted.
//!
//! Owns where a tag, comment, CDATA section or declaration begins and ends. Must not resolve references,
//! match tags or know any element. Linear: a search that failed once is never made again.

use super::repair::{Repair, Repairs};

/// The longest document type declaration read. Real ones (RSS 0.91's, entity lists) take under 2 KiB.
const MAX_DOCTYPE: usize = 64 * 1024;

/// A piece of a document. Texts are raw: their references stand as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `<name attrs>`; `empty` when it ended in `/>`.
    Start {
        name: &'a str,
        attrs: &'a str,
        empty: bool,
    },
    /// `</name>`.
    End(&'a str),
    Text(&'a str),
    /// The inside of a CDATA section.
    CData(&'a str),
    /// The inside of `<!DOCTYPE …>`.
    Doctype(&'a str),
}

/// Terminators that were searched for once to the end of the text and are not there.
#[derive(Debug, Default)]
struct Absent {
    cdata: bool,
    comment: bool,
    pi: bool,
}

/// Reads tokens off the front of a text.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    absent: Absent,
    seen_prolog: bool,
    seen_doctype: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, absent: Absent::default(), seen_prolog: false, seen_doctype: false }
    }

    /// The next token. `inside` is the name of the innermost open element: where a CDATA section is never
    /// closed, that element's end tag is the best place to stop.
    pub(super) fn next(&mut self, inside: &str, repairs: &mut Repairs) -> Option<Token<'a>> {
        loop {
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return None;
            }
            if !rest.starts_with('<') {
                return Some(self.text_token(rest));
            }
            match rest.as_bytes().get(1) {
                Some(b'!') => {
                    if let Some(token) = self.declaration(rest, inside, repairs) {
                        return Some(token);
                    }
                }
                Some(b'?') => self.skip_instruction(rest, repairs),
                Some(b'/') if rest[2..].starts_with(is_name_start) => {
                    return Some(self.end_tag(rest, repairs));
                }
                Some(_) if rest[1..].starts_with(is_name_start) => {
                    return Some(self.start_tag(rest, repairs));
                }
                _ => {
                    repairs.note(Repair::BareAngle);
                    self.at += 1;
                    return Some(Token::Text(&rest[..1]));
                }
            }
        }
    }

    /// Whether a document of so many elements has nothing, or nothing but its beginning: no text, or a
    /// prolog alone, or a first tag that does not end.
    pub(super) fn ends_at_once(&self, elements: usize) -> bool {
        let text = self.text.trim();
        match elements {
            0 => text.is_empty() || text.starts_with("<?") || starts_with_ignore_case(text, "<!doctype"),
            1 => text.rfind('<').is_some_and(|last| !text[last..].contains('>')),
            _ => false,
        }
    }

    fn text_token(&mut self, rest: &'a str) -> Token<'a> {
        let end = rest.find('<').unwrap_or(rest.len());
        self.at += end;
        Token::Text(&rest[..end])
    }

    /// `<!…`: a comment (skipped), a CDATA section, a DOCTYPE, or a stray.
    fn declaration(&mut self, rest: &'a str, inside: &str, repairs: &mut Repairs) -> Option<Token<'a>> {
        if rest.starts_with("<!--") {
            self.skip_comment(rest, repairs);
            return None;
        }
        if let Some(body) = rest.strip_prefix("<![CDATA[") {
            return Some(self.cdata(body, inside, repairs));
        }
        if starts_with_ignore_case(rest, "<!doctype") {
            return Some(self.doctype(rest, repairs));
        }
        let cut = rest.trim_ascii_end();
        if "<![CDATA[".starts_with(cut) || "<!DOCTYPE".starts_with(cut) {
            repairs.note(Repair::Truncated);
            self.at += rest.len();
            return None;
        }
        repairs.note(Repair::BareAngle);
        self.at += 2;
        Some(Token::Text(&rest[..2]))
    }

    fn skip_comment(&mut self, rest: &str, repairs: &mut Repairs) {
        let end = if self.absent.comment { None } else { rest[4..].find("-->") };
        self.at += match end {
            Some(end) => 4 + end + 3,
            None => {
                self.absent.comment = true;
                repairs.note(Repair::Unclosed);
                comment_stop(rest)
            }
        };
    }

    fn skip_instruction(&mut self, rest: &str, repairs: &mut Repairs) {
        if starts_with_ignore_case(rest, "<?xml ") {
            if self.seen_prolog {
                repairs.note(Repair::SecondProlog);
            } else if self.at > 0 {
                repairs.note(Repair::Junk);
            }
            self.seen_prolog = true;
        }
        let end = if self.absent.pi { None } else { rest.find("?>") };
        self.at += match end {
            Some(end) => end + 2,
            None => {
                self.absent.pi = true;
                repairs.note(Repair::Unclosed);
                rest.find('>').map_or(rest.len(), |i| i + 1)
            }
        };
    }

    fn cdata(&mut self, body: &'a str, inside: &str, repairs: &mut Repairs) -> Token<'a> {
        let end = if self.absent.cdata { None } else { cdata_end(body) };
        let (text, used) = match end {
            Some(end) => (&body[..end], end + 3),
            None => {
                self.absent.cdata = true;
                repairs.note(Repair::Truncated);
                let stop = if inside.is_empty() { None } else { body.find(&format!("</{inside}")) };
                let stop = stop.unwrap_or(body.len());
                (&body[..stop], stop)
            }
        };
        self.at += "<![CDATA[".len() + used;
        Token::CData(text)
    }

    /// The inside of a DOCTYPE. One longer than [`MAX_DOCTYPE`] is cut there: what follows is read as
    /// text outside any element, so it costs nothing.
    fn doctype(&mut self, rest: &'a str, repairs: &mut Repairs) -> Token<'a> {
        let mut quote = None;
        let mut depth = 0_usize;
        let mut end = None;
        // A document has one; the window is not searched again for each of a thousand.
        let window = if self.seen_doctype { 0 } else { MAX_DOCTYPE };
        for (i, b) in rest.bytes().enumerate().take(window) {
            match (quote, b) {
                (Some(q), _) if q == b => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(b),
                (None, b'<') => depth += 1,
                (None, b'>') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        end = Some(i);
                        break;
                    }
                }
                (None, _) => {}
            }
        }
        self.seen_doctype = true;
        let Some(end) = end else {
            repairs.note(Repair::Unclosed);
            let end = rest.find('>').map_or(rest.len(), |i| i + 1);
            self.at += end;
            return Token::Doctype("");
        };
        self.at += end + 1;
        Token::Doctype(&rest["<!doctype".len()..end])
    }

    fn end_tag(&mut self, rest: &'a str, repairs: &mut Repairs) -> Token<'a> {
        let inner = &rest[2..];
        let stop = inner.find(['>', '<']).unwrap_or(inner.len());
        if inner[stop..].starts_with('>') {
            self.at += 2 + stop + 1;
        } else {
            repairs.note(Repair::Unclosed);
            self.at += 2 + stop;
        }
        Token::End(inner[..stop].trim())
    }

    fn start_tag(&mut self, rest: &'a str, repairs: &mut Repairs) -> Token<'a> {
        let inner = &rest[1..];
        let name_end = inner.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '<'));
        let name_end = name_end.unwrap_or(inner.len());
        let (stop, closed, sound) = tag_end(inner, name_end);
        if !closed {
            repairs.note(Repair::Unclosed);
        }
        if !sound {
            repairs.note(Repair::Attributes);
        }
        self.at += 1 + stop + usize::from(closed);
        let attrs = inner[name_end..stop].trim_ascii();
        let empty = attrs.ends_with('/');
        let attrs = if empty { attrs[..attrs.len() - 1].trim_ascii_end() } else { attrs };
        Token::Start { name: &inner[..name_end], attrs, empty }
    }
}

/// Where the first `]]>` stands. Looks for the bracket alone, which is rare in prose and much faster to find.
pub(super) fn cdata_end(text: &str) -> Option<usize> {
    text.match_indices(']').map(|(at, _)| at).find(|at| text[*at..].starts_with("]]>"))
}

/// Where a comment that is never closed ends: before the next tag, or behind its own `>`.
fn comment_stop(rest: &str) -> usize {
    match rest[4..].find(['<', '>']) {
        Some(at) => 4 + at + usize::from(rest[4 + at..].starts_with('>')),
        None => rest.len(),
    }
}

/// Where the tag whose text begins `inner` ends, whether a `>` stands there, and whether its attributes are
/// as XML has them. A quote opens a value only after `=`; if it is never closed, the tag ends at its first
/// `>`.
fn tag_end(inner: &str, from: usize) -> (usize, bool, bool) {
    let bytes = inner.as_bytes();
    let mut at = from;
    let mut after_equals = false;
    let mut sound = true;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'>' => return (at, true, sound),
            b'<' => return (at, false, sound),
            b'"' | b'\'' if after_equals => match value_end(bytes, at, b) {
                Some(end) => {
                    sound &= !bytes[at..end].contains(&b'<');
                    at = end;
                    after_equals = false;
                }
                None => {
                    let (stop, closed) = unquoted_end(bytes, at);
                    return (stop, closed, false);
                }
            },
            b'=' => after_equals = true,
            _ if b.is_ascii_whitespace() => {}
            _ => {
                sound &= !after_equals;
                after_equals = false;
            }
        }
        at += 1;
    }
    (bytes.len(), false, sound)
}

/// The closing quote of a value opened at `open`. A `<` inside is tolerated only where the quote closes
/// before the tag that `<` begins would.
fn value_end(bytes: &[u8], open: usize, quote: u8) -> Option<usize> {
    let mut angle = false;
    for (i, &b) in bytes.iter().enumerate().skip(open + 1) {
        if b == quote {
            return Some(i);
        }
        if b == b'<' {
            angle = true;
        } else if b == b'>' && angle && matches!(bytes.get(i + 1), Some(b'\n' | b'\r')) {
            return None;
        }
    }
    None
}

fn unquoted_end(bytes: &[u8], open: usize) -> (usize, bool) {
    let end = bytes[open..].iter().position(|&b| b == b'>' || b == b'<');
    match end {
        Some(i) => (open + i, bytes[open + i] == b'>'),
        None => (bytes.len(), false),
    }
}

fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || c == ':' || !c.is_ascii()
}

/// Whether `text` begins with the ASCII `prefix`, in any case.
pub(super) fn starts_with_ignore_case(text: &str, prefix: &str) -> bool {
    text.as_bytes().get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
}
