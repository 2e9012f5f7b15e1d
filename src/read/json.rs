//! JSON as publishers' templates write it. A sound document goes to `serde_json` as it is. A broken one is mended
//! first: one bad character costs that character, or at most its string, and never the document.
//!
//! Knows no field and no format. It mends in one pass and looks ahead a bounded number of bytes only.

mod strings;
#[cfg(test)]
mod tests;

use serde_json::{Number, Value};

/// The deepest nesting kept, in levels; what lies deeper becomes `null`. `serde_json` refuses a whole document at
/// 128, and feeds nest about 6.
const MAX_DEPTH: usize = 100;

#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) value: Value,
    /// True if it was no JSON as it stood.
    pub(crate) mended: bool,
    /// The number of objects and lists that were open when the text ended; 0 for a whole document.
    pub(crate) open: usize,
}

/// Reads a text that is one value; blanks and byte order marks before it are skipped. The error: the error of
/// `serde_json` about the text as it stood, when mending does not help.
pub(crate) fn read(text: &str) -> Result<Document, serde_json::Error> {
    let text = without_marks(text);
    match serde_json::from_str(text) {
        Ok(value) => Ok(Document { value, mended: false, open: 0 }),
        Err(error) if !text.starts_with(['{', '[']) => Err(error),
        Err(error) => {
            let (mended, open) = Mender::new(text).mend();
            // Brackets alone are no document that breaks off.
            if open > MAX_DEPTH {
                return Err(error);
            }
            let value = serde_json::from_str(&mended).map_err(|_| error)?;
            Ok(Document { value, mended: true, open })
        }
    }
}

/// The text behind blanks and byte order marks.
pub(crate) fn without_marks(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Object,
    List,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Key,
    Value,
    /// A comma, or the end of what is open.
    Separator,
}

struct Mender<'a> {
    text: &'a str,
    at: usize,
    out: String,
    /// The open objects and lists, each with true if it has content.
    open: Vec<(Level, bool)>,
    objects: usize,
    /// True behind a key, until its value is written.
    has_key: bool,
    /// True if the last value written was an object or a list.
    after_close: bool,
}

impl<'a> Mender<'a> {
    fn new(text: &'a str) -> Self {
        let out = String::with_capacity(text.len() + 16);
        Self { text, at: 0, out, open: Vec::new(), objects: 0, has_key: false, after_close: false }
    }

    /// The mended text, and how much was open where the broken one ended.
    fn mend(mut self) -> (String, usize) {
        let mut next = Next::Value;
        // Each step takes a character, but for one that ends in `Separator` or leaves it; two of those never follow
        // each other.
        loop {
            self.skip_blanks();
            let Some(c) = self.rest().chars().next() else { break };
            next = match next {
                Next::Value => self.value(c),
                Next::Key => self.key(c),
                Next::Separator => self.separator(c),
            };
            if self.open.is_empty() && next == Next::Separator {
                // What stands behind the document is none of it.
                return (self.out, 0);
            }
        }
        let open = self.open.len().max(1);
        if self.has_key {
            self.write("null");
        }
        while !self.open.is_empty() {
            self.close();
        }
        (self.out, open)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - without_marks(rest).len();
            let comment = match &rest[blank..] {
                line if line.starts_with("//") => line.find('\n').unwrap_or(line.len()),
                block if block.starts_with("/*") => block.find("*/").map_or(block.len(), |end| end + 2),
                _ => 0,
            };
            if blank + comment == 0 {
                return;
            }
            self.at += blank + comment;
        }
    }

    fn value(&mut self, c: char) -> Next {
        match c {
            '{' => self.begin(Level::Object),
            '[' => self.begin(Level::List),
            '"' | '\'' => {
                self.item();
                self.string(c, false);
                self.written()
            }
            ':' => self.skip(Next::Value),
            // `[1,,2]` leaves nothing out, `"a":,` does.
            ',' if !self.has_key => self.skip(Next::Value),
            ',' | '}' | ']' => {
                if self.has_key {
                    self.write("null");
                    self.has_key = false;
                }
                self.separator(c)
            }
            _ => {
                self.item();
                self.bare(false);
                self.written()
            }
        }
    }

    fn key(&mut self, c: char) -> Next {
        match c {
            ',' | ':' => self.skip(Next::Key),
            '}' | ']' => self.separator(c),
            '{' | '[' => {
                self.item();
                self.write("\"\":");
                self.has_key = true;
                self.value(c)
            }
            _ => {
                self.item();
                if matches!(c, '"' | '\'') {
                    self.string(c, true);
                } else {
                    self.bare(true);
                }
                self.write(":");
                self.has_key = true;
                self.skip_blanks();
                if self.rest().starts_with(':') { self.skip(Next::Value) } else { Next::Value }
            }
        }
    }

    fn separator(&mut self, c: char) -> Next {
        match c {
            ',' => {
                self.at += 1;
                self.following()
            }
            '}' => self.end(Level::Object),
            ']' => self.end(Level::List),
            // A comma is missing.
            _ => self.following(),
        }
    }

    /// The token that is expected after a comma.
    fn following(&self) -> Next {
        match self.open.last() {
            Some((Level::Object, _)) => Next::Key,
            _ => Next::Value,
        }
    }

    fn begin(&mut self, level: Level) -> Next {
        self.item();
        self.at += 1;
        if self.open.len() == MAX_DEPTH {
            self.write("null");
        }
        self.open.push((level, false));
        self.objects += usize::from(level == Level::Object);
        self.write(if level == Level::Object { "{" } else { "[" });
        self.has_key = false;
        if level == Level::Object { Next::Key } else { Next::Value }
    }

    /// Takes a closing bracket. One that fits nothing open is a stray; so is one behind an object in a list, where it
    /// would close all that surrounds the list. Else it closes what was left open within it too.
    fn end(&mut self, level: Level) -> Next {
        self.at += 1;
        let fitting = if level == Level::Object { self.objects } else { self.open.len() - self.objects };
        let fits_last = self.open.last().is_some_and(|(open, _)| *open == level);
        if fitting == 0 || (self.after_close && !fits_last) {
            return Next::Separator;
        }
        // One of them fits, so it ends there; each level is closed once, so all brackets together take one pass.
        while let Some((closed, _)) = self.open.last().copied() {
            self.close();
            if closed == level {
                break;
            }
        }
        Next::Separator
    }

    fn close(&mut self) {
        if let Some((level, _)) = self.open.last() {
            self.objects -= usize::from(*level == Level::Object);
            self.write(if *level == Level::Object { "}" } else { "]" });
        }
        self.open.pop();
        self.has_key = false;
        self.after_close = true;
    }

    /// Writes the comma before whatever comes now, if it needs one.
    fn item(&mut self) {
        if self.has_key {
            return;
        }
        let needs_comma = self.open.last_mut().is_some_and(|(_, some)| std::mem::replace(some, true));
        if needs_comma {
            self.write(",");
        }
    }

    fn written(&mut self) -> Next {
        self.has_key = false;
        self.after_close = false;
        Next::Separator
    }

    fn skip(&mut self, next: Next) -> Next {
        self.at += 1;
        next
    }

    /// A word without quotes: a number, `true`, or what a template left there. As a key it is a text in any case.
    fn bare(&mut self, is_key: bool) {
        let rest = self.rest();
        let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ':' | ']' | '}' | '"');
        // At least one character, so that each step takes some.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest[first..].find(ends).map_or(rest.len(), |end| first + end);
        let word = &rest[..end];
        self.at += end;
        match word {
            _ if is_key => self.write(&Value::from(word).to_string()),
            "true" | "True" => self.write("true"),
            "false" | "False" => self.write("false"),
            "null" | "None" | "nil" | "undefined" | "NaN" | "Infinity" | "-Infinity" => self.write("null"),
            _ if serde_json::from_str::<Number>(word).is_ok() => self.write(word),
            _ => self.write(&Value::from(word).to_string()),
        }
    }

    /// Writes a piece, unless it lies too deep.
    fn write(&mut self, piece: &str) {
        if self.open.len() <= MAX_DEPTH {
            self.out.push_str(piece);
        }
    }
}
