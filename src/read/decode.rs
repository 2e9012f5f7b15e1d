//! Bytes to text, whatever they are labelled: byte order marks, HTTP charset, XML prolog, HTML meta, detection.
//! Used by feeds and pages alike. Must not parse beyond the label at a document's head.
//!
//! Labels lie more often than bytes do. So bytes that can only be one thing are that thing; a label decides
//! between readings that are all possible; detection decides where no label helps; and a run of bytes that fits
//! nothing costs one U+FFFD, never the document and never the encoding that it declares.

mod damage;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, ISO_2022_JP, REPLACEMENT, SHIFT_JIS, UTF_8, UTF_16BE,
    UTF_16LE, WINDOWS_1252,
};

use damage::{damaged_utf8, with_runs_replaced};

/// Octets of a document in which its own label is looked for (HTML asks for 1,024).
const LABEL_WINDOW: usize = 2048;
/// Detection reads this many bytes: enough for any verdict, and a bound on its time.
const DETECTION_WINDOW: usize = 64 * 1024;

/// The source of the decision for an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Mark,
    /// The zero bytes around the first character, as UTF-16 and UTF-32 have them.
    Shape,
    /// The document is ASCII, which is the same in every encoding it may name.
    Ascii,
    /// The charset of the Content-Type, which the bytes bear out.
    Header,
    /// The document's XML declaration, which the bytes bear out.
    Declaration,
    /// The document's HTML `meta`, which the bytes bear out.
    Meta,
    /// The bytes alone.
    Bytes,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mark => "by its byte order mark",
            Self::Shape => "by the shape of its first bytes",
            Self::Ascii => "plain ASCII",
            Self::Header => "as its Content-Type says",
            Self::Declaration => "as its XML declaration says",
            Self::Meta => "as its <meta> says",
            Self::Bytes => "detected from the bytes",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text, without a byte order mark.
    pub text: Cow<'a, str>,
    /// The name of the encoding it was read in.
    pub encoding: &'static str,
    /// Bytes that fitted no reading became U+FFFD.
    pub lossy: bool,
    /// The document or the server named another encoding.
    pub mislabelled: bool,
    pub by: By,
}

/// The labels of the octets, in the order of trust: the server's word is often a server-wide default,
/// but where it says anything but Latin-1 it was set for these documents.
struct Labels {
    http: Option<&'static Encoding>,
    own: Option<&'static Encoding>,
    /// The kind of its own label.
    own_by: By,
}

/// Decodes a document; never fails.
///
/// `content_type` is the HTTP header's value; `host` is the name of the server, whose top-level domain helps
/// detection.
pub fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>, host: Option<&str>) -> Decoded<'a> {
    if let Some(decoded) = by_mark(bytes).or_else(|| by_shape(bytes)) {
        return decoded;
    }
    let valid = std::str::from_utf8(bytes).ok();
    let head = match valid {
        Some(text) => Cow::Borrowed(&text[..text.floor_char_boundary(LABEL_WINDOW)]),
        None => String::from_utf8_lossy(&bytes[..bytes.len().min(LABEL_WINDOW)]),
    };
    let (own, own_by) = own_label(&head);
    let labels = Labels { http: content_type.and_then(http_label), own, own_by };
    if let Some(text) = valid.filter(|text| text.is_ascii() && !bytes.contains(&0x1b)) {
        return utf8(text, &labels);
    }
    if let Some(text) = valid {
        if is_ambiguous(bytes)
            && let Some((label, text)) = labels.fitting(bytes)
        {
            return labels.decoded(Cow::Owned(text), label, false);
        }
        return labels.decoded(Cow::Borrowed(text), UTF_8, false);
    }
    if let Some((text, lossy)) = damaged_utf8(bytes) {
        return labels.decoded(Cow::Owned(text), UTF_8, lossy);
    }
    // Detection is the dearest step by far, and no guess comes before such a label.
    if let Some((label, text)) = labels.fitting(bytes) {
        return labels.decoded(Cow::Owned(text), label, false);
    }
    let guess = detect(bytes, host);
    for encoding in labels.candidates(guess) {
        // Every byte fits an encoding of one byte a character, so that proves nothing against the label.
        let damaged = labels.multibyte().filter(|_| !is_multibyte(encoding));
        if let Some((encoding, text)) = damaged.and_then(|label| nearly(label, bytes)) {
            return labels.decoded(Cow::Owned(text), encoding, true);
        }
        if let Some(text) = strictly(encoding, bytes) {
            return labels.decoded(Cow::Owned(text), encoding, false);
        }
    }
    let (encoding, text) = least_damaged(bytes, &labels, guess);
    labels.decoded(Cow::Owned(text), encoding, true)
}

fn utf8<'a>(text: &'a str, labels: &Labels) -> Decoded<'a> {
    let text = Cow::Borrowed(text);
    // Plain ASCII is the same in every encoding a label may name, so no label lied.
    let label = labels.http.or(labels.own).unwrap_or(UTF_8);
    Decoded { text, encoding: label.name(), lossy: false, mislabelled: false, by: By::Ascii }
}

impl Labels {
    fn decoded<'a>(&self, text: Cow<'a, str>, encoding: &'static Encoding, lossy: bool) -> Decoded<'a> {
        let said = self.own.or(self.http);
        let mislabelled = said.is_some_and(|label| superset(label) != superset(encoding));
        Decoded { text, encoding: encoding.name(), lossy, mislabelled, by: self.agreeing(encoding) }
    }

    /// The label that names an encoding; the bytes, where none does.
    fn agreeing(&self, encoding: &'static Encoding) -> By {
        let names = |label: Option<&'static Encoding>| label.map(superset) == Some(superset(encoding));
        match (names(self.own), names(self.http)) {
            (true, _) => self.own_by,
            (_, true) => By::Header,
            _ => By::Bytes,
        }
    }

    /// A label that names a multi-byte encoding of East Asia.
    fn multibyte(&self) -> Option<&'static Encoding> {
        [self.http, self.own].into_iter().flatten().map(superset).find(|e| is_multibyte(e))
    }

    /// The text as such a label has it, if every byte fits.
    fn fitting(&self, bytes: &[u8]) -> Option<(&'static Encoding, String)> {
        let label = self.multibyte()?;
        Some((label, strictly(label, bytes)?))
    }

    /// The readings to try, most trusted first. Multi-byte labels come before Latin-1 ones, because a text
    /// that fits them by chance is rare, while Latin-1 fits everything and proves nothing.
    fn candidates(&self, guess: &'static Encoding) -> Vec<&'static Encoding> {
        let labels = || [self.http, self.own].into_iter().flatten().map(superset);
        let mut order: Vec<_> = labels().filter(|e| is_multibyte(e)).collect();
        if is_multibyte(guess) && labels().all(|e| e == WINDOWS_1252 || e == UTF_8) {
            order.push(guess);
        }
        order.extend(labels().filter(|e| *e != WINDOWS_1252 && *e != UTF_8));
        order.extend(labels().filter(|e| *e == WINDOWS_1252));
        order.push(guess);
        order
    }
}

/// gb2312 and GBK are in practice written with characters that only GB18030 has.
fn superset(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == GBK { GB18030 } else { encoding }
}

fn is_multibyte(encoding: &'static Encoding) -> bool {
    [GB18030, GBK, BIG5, EUC_KR, EUC_JP, SHIFT_JIS, ISO_2022_JP].contains(&encoding)
}

/// A byte order mark says what it says, even against every label.
fn by_mark(bytes: &[u8]) -> Option<Decoded<'_>> {
    let own = |encoding: &'static Encoding, at: usize| {
        let (text, lossy) = encoding.decode_without_bom_handling(&bytes[at..]);
        Decoded { text, encoding: encoding.name(), lossy, mislabelled: false, by: By::Mark }
    };
    match bytes {
        [0, 0, 0xfe, 0xff, rest @ ..] => Some(utf32(rest, u32::from_be_bytes, "UTF-32BE", By::Mark)),
        [0xff, 0xfe, 0, 0, rest @ ..] => Some(utf32(rest, u32::from_le_bytes, "UTF-32LE", By::Mark)),
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            let decoded = own(UTF_8, 3);
            // A mark that some editor put before a document in another encoding.
            let honest = !decoded.lossy || damaged_utf8(rest).is_some();
            honest.then_some(decoded)
        }
        [0xff, 0xfe, ..] => Some(own(UTF_16LE, 2)),
        [0xfe, 0xff, ..] => Some(own(UTF_16BE, 2)),
        _ => None,
    }
}

/// UTF-16 and UTF-32 without a mark show in the zero bytes around the first `<` or `{`.
fn by_shape(bytes: &[u8]) -> Option<Decoded<'_>> {
    let own = |encoding: &'static Encoding| {
        let (text, lossy) = encoding.decode_without_bom_handling(bytes);
        Decoded { text, encoding: encoding.name(), lossy, mislabelled: false, by: By::Shape }
    };
    match bytes {
        [0, 0, 0, b'<' | b'{', ..] => Some(utf32(bytes, u32::from_be_bytes, "UTF-32BE", By::Shape)),
        [b'<' | b'{', 0, 0, 0, ..] => Some(utf32(bytes, u32::from_le_bytes, "UTF-32LE", By::Shape)),
        [0, b'<' | b'{' | b'\n' | b'\r' | b' ', 0, b, ..] if *b != 0 => Some(own(UTF_16BE)),
        [b'<' | b'{' | b'\n' | b'\r' | b' ', 0, b, 0, ..] if *b != 0 => Some(own(UTF_16LE)),
        _ => None,
    }
}

fn utf32(bytes: &[u8], read: fn([u8; 4]) -> u32, encoding: &'static str, by: By) -> Decoded<'static> {
    let mut lossy = !bytes.len().is_multiple_of(4);
    let mut text = String::with_capacity(bytes.len() / 4);
    for unit in bytes.chunks_exact(4) {
        let code = read([unit[0], unit[1], unit[2], unit[3]]);
        let c = char::from_u32(code).unwrap_or_else(|| {
            lossy = true;
            char::REPLACEMENT_CHARACTER
        });
        text.push(c);
    }
    Decoded { text: Cow::Owned(text), encoding, lossy, mislabelled: false, by }
}

fn http_label(content_type: &str) -> Option<&'static Encoding> {
    let parameters = content_type.split(';').skip(1);
    let charset =
        parameters.filter_map(|p| p.split_once('=')).find(|(k, _)| k.trim().eq_ignore_ascii_case("charset"));
    charset.and_then(|(_, v)| named(v))
}

/// The label in the document's head: `encoding=` of an XML prolog, `charset=` of an HTML meta.
fn own_label(head: &str) -> (Option<&'static Encoding>, By) {
    let prolog = head.find("<?xml").and_then(|at| head[at..].split_once("?>")).map(|(prolog, _)| prolog);
    if let Some(label) = prolog.and_then(|p| value_after(p, "encoding")) {
        return (named(label), By::Declaration);
    }
    let is_meta =
        |at: &usize| head.as_bytes().get(at + 1..at + 5).is_some_and(|n| n.eq_ignore_ascii_case(b"meta"));
    let meta = head.match_indices('<').map(|(at, _)| at).find(is_meta);
    let meta = meta.map(|at| head[at..].to_ascii_lowercase());
    (meta.and_then(|meta| value_after(&meta, "charset").and_then(named)), By::Meta)
}

/// The value in `key = "value"`, quoted or not.
fn value_after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(key)?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start_matches(['"', '\'', ' ']);
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '>' | ';' | '?'))
        .unwrap_or(rest.len());
    Some(&rest[..end])
}

/// An encoding by any name in use. Names that mean "whatever the bytes are", such as UTF-16 on a document
/// that was read as bytes this far, name none.
fn named(label: &str) -> Option<&'static Encoding> {
    let label = label.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    let found = Encoding::for_label(label.as_bytes())
        .or_else(|| Encoding::for_label(label.replace('_', "-").as_bytes()))
        .or_else(|| Encoding::for_label(alias(&label)?.as_bytes()))?;
    (found != REPLACEMENT && found != UTF_16LE && found != UTF_16BE).then_some(found)
}

/// Names that the web platform's table lacks but feeds use.
fn alias(label: &str) -> Option<&'static str> {
    Some(match label {
        "ms-ansi" | "cp_1252" | "ansi" | "windows1252" | "latin-1" => "windows-1252",
        "ms-arab" => "windows-1256",
        "ms-cyrl" => "windows-1251",
        "ms-ee" => "windows-1250",
        "ms-greek" => "windows-1253",
        "ms-hebr" => "windows-1255",
        "ms-turk" => "windows-1254",
        "winbaltrim" => "windows-1257",
        "macroman" | "mac-roman" | "mac_roman" => "macintosh",
        "maccyrillic" | "mac-cyrillic" | "mac_cyrillic" => "x-mac-cyrillic",
        "cp874" => "windows-874",
        "cp932" | "ms932" => "shift_jis",
        "cp936" | "ms936" | "gb-2312" | "gbk2312" | "gb2312-80" | "gb18030-2000" | "gb_18030" => "gb18030",
        "cp949" | "uhc" => "euc-kr",
        "cp950" | "big5hkscs" | "big5-eten" | "big-5" => "big5",
        "utf8mb4" | "utf-8-sig" | "unicode" => "utf-8",
        _ => return None,
    })
}

fn strictly(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(Cow::into_owned)
}

/// True if valid UTF-8 might still be GBK and its like: a few two-byte sequences and nothing longer. Real
/// UTF-8 Chinese is three bytes a character; "联通" in GBK is the classic that is both.
fn is_ambiguous(bytes: &[u8]) -> bool {
    const FEW: usize = 8;
    let longer = bytes.iter().any(|&b| b >= 0xe0);
    !longer && bytes.iter().filter(|&&b| b >= 0xc0).count() <= FEW
}

fn detect(bytes: &[u8], host: Option<&str>) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    // The head of a feed is ASCII; the verdict needs the text.
    let from = bytes.iter().position(|b| *b >= 0x80 || *b == 0x1b).unwrap_or(0);
    let window = &bytes[from..bytes.len().min(from + DETECTION_WINDOW)];
    detector.feed(window, true);
    let domain =
        host.and_then(|h| h.rsplit('.').next()).filter(|d| d.bytes().all(|b| b.is_ascii_lowercase()));
    superset(detector.guess(domain.filter(|d| !d.is_empty()).map(str::as_bytes), Utf8Detection::Allow))
}

/// A reading in which most characters beyond ASCII are whole: at least [`SOUND`] for each run of broken bytes. Text of
/// another encoding has a broken run every few characters.
fn nearly(encoding: &'static Encoding, bytes: &[u8]) -> Option<(&'static Encoding, String)> {
    const SOUND: usize = 4;
    let text = with_runs_replaced(encoding, bytes);
    let broken = text.matches(char::REPLACEMENT_CHARACTER).count();
    let beyond = text.chars().filter(|c| !c.is_ascii()).count() - broken;
    (broken * SOUND <= beyond).then_some((encoding, text))
}

/// The reading with the fewest replaced bytes; the most trusted of equals.
fn least_damaged(bytes: &[u8], labels: &Labels, guess: &'static Encoding) -> (&'static Encoding, String) {
    let readings = labels.candidates(guess).into_iter().chain([UTF_8]).map(|encoding| {
        let text = with_runs_replaced(encoding, bytes);
        let damage = text.matches(char::REPLACEMENT_CHARACTER).count();
        (damage, encoding, text)
    });
    let best = readings.min_by_key(|(damage, ..)| *damage).expect("at least UTF-8 was read");
    (best.1, best.2)
}
