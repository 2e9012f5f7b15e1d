//! What can be wrong with a document and was mended. Owns the words; mends nothing itself.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repair {
    /// Bytes that no reading of the encoding explains became U+FFFD.
    BadBytes,
    /// The encoding is not the one that was declared.
    LyingLabel,
    /// UTF-8 that had been taken for windows-1252 and encoded once more was put right.
    DoubleEncoded,
    /// Control characters that XML 1.0 forbids were dropped.
    ControlCharacters,
    Junk,
    /// A second `<?xml …?>` stood inside the document.
    SecondProlog,
    /// A `<` that begins no markup was read as text.
    BareAngle,
    /// A `&` that begins no reference was read as text.
    BareAmpersand,
    /// An HTML entity that XML does not know was read as HTML means it.
    HtmlEntity,
    /// Attributes without quotes, with a `<` in them, or never closed.
    Attributes,
    /// A tag, quote or comment was never closed.
    Unclosed,
    /// End tags did not match their start tags.
    Mismatch,
    Truncated,
    /// A prefix was used without a namespace declaration.
    UndeclaredPrefix,
    /// Entity declarations were refused: nested, too long, or too many expansions.
    EntityBomb,
    /// Elements nested deeper than any feed needs were flattened.
    TooDeep,
    /// Entries past the limit were left out.
    TooManyEntries,
    /// JSON with faults was written anew.
    Json,
    /// Items of a JSON Feed that are no objects were left out.
    OddItems,
}

impl Repair {
    const ALL: [(Self, &'static str); 19] = [
        (Self::BadBytes, "bytes that fit no encoding were replaced"),
        (Self::LyingLabel, "the encoding is not the declared one"),
        (Self::DoubleEncoded, "text that was encoded twice was put right"),
        (Self::ControlCharacters, "control characters were dropped"),
        (Self::Junk, "text before the document was skipped"),
        (Self::SecondProlog, "a second XML declaration was skipped"),
        (Self::BareAngle, "a bare < was read as text"),
        (Self::BareAmpersand, "a bare & was read as text"),
        (Self::HtmlEntity, "an HTML entity was read in XML"),
        (Self::Attributes, "malformed attributes were read"),
        (Self::Unclosed, "an unclosed tag, value or comment was closed"),
        (Self::Mismatch, "mismatched end tags were matched"),
        (Self::Truncated, "the document was cut short"),
        (Self::UndeclaredPrefix, "an undeclared namespace prefix was taken for the usual one"),
        (Self::EntityBomb, "entity declarations were refused"),
        (Self::TooDeep, "elements nested too deep were flattened"),
        (Self::TooManyEntries, "entries past the limit were left out"),
        (Self::Json, "malformed JSON was mended"),
        (Self::OddItems, "items that are no objects were left out"),
    ];
}

/// The kinds of mending a document needed, each once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Repairs(u32);

impl Repairs {
    pub(super) fn note(&mut self, repair: Repair) {
        self.0 |= 1 << repair as u32;
    }

    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(super) fn notes(self) -> Vec<String> {
        Repair::ALL
            .iter()
            .filter(|(r, _)| self.0 & (1 << *r as u32) != 0)
            .map(|(_, s)| (*s).to_owned())
            .collect()
    }
}
