//! The text of markup, paragraph by paragraph.

use super::MAX_HTML;
use super::looks_like_markup;
use super::tokens::{Token, Tokens};
use crate::read::text::{one_line, unescape};

/// Elements that begin and end a line of their own.
const LINES: &[&str] = &[
    "address", "article", "aside", "caption", "center", "dd", "details", "dir", "div", "dl", "dt",
    "fieldset", "figcaption", "footer", "form", "header", "li", "main", "menu", "nav", "ol", "section",
    "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
];

/// Elements with an empty line before and after them.
const PARAGRAPHS: &[&str] = &["blockquote", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "p", "pre"];

/// The separator between two pieces of text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Break {
    None,
    Space,
    Line,
    Paragraph,
}

/// The text of something that may be plain text, escaped text or markup, on one line.
///
/// A tag of HTML tells markup from text; `a < b` has none. Character references are resolved once.
pub fn plain(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return one_line(text);
    }
    if looks_like_markup(text) {
        return one_line(&to_text(text));
    }
    one_line(&unescape(text))
}

/// The text of HTML: references resolved, blanks folded, one line a block, an empty line between
/// paragraphs. Scripts, styles and other elements without text for readers are left out. At most [`MAX_HTML`] bytes.
pub fn to_text(html: &str) -> String {
    text_up_to(html, MAX_HTML)
}

/// As [`to_text`], up to the line in which the text becomes longer than `most` bytes.
pub fn text_up_to(html: &str, most: usize) -> String {
    let mut out = String::with_capacity(html.len().min(most) / 2);
    let mut line = String::new();
    let mut pending = Break::None;
    for token in Tokens::new(html) {
        let meets = match token {
            Token::Text(text) => {
                line.push_str(&unescape(text));
                continue;
            }
            Token::Literal(text) => {
                line.push_str(text);
                continue;
            }
            Token::Start(name, _) | Token::End(name) => break_of(&name),
            Token::Raw(..) => continue,
        };
        match meets {
            Break::None => {}
            Break::Space => line.push(' '),
            Break::Line | Break::Paragraph => {
                flush(&mut line, &mut pending, &mut out);
                pending = pending.max(meets);
            }
        }
        if out.len() > most {
            break;
        }
    }
    flush(&mut line, &mut pending, &mut out);
    out
}

fn break_of(name: &str) -> Break {
    match name {
        "br" => Break::Line,
        "td" | "th" | "option" | "img" => Break::Space,
        _ if PARAGRAPHS.contains(&name) => Break::Paragraph,
        _ if LINES.contains(&name) => Break::Line,
        _ => Break::None,
    }
}

fn flush(line: &mut String, pending: &mut Break, out: &mut String) {
    let text = one_line(line);
    line.clear();
    if text.is_empty() {
        return;
    }
    if !out.is_empty() {
        out.push_str(if *pending == Break::Paragraph { "\n\n" } else { "\n" });
    }
    *pending = Break::None;
    out.push_str(&text);
}
