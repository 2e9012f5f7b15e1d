//! The icons of the pages as inline SVG. They repeat the words beside them, so they are hidden from screen readers.

use maud::PreEscaped;

/// An icon: markup of ours, which needs no escaping.
pub(super) type Icon = PreEscaped<&'static str>;

/// The sign of the site: the columns of an old gazette, in a seal.
pub(super) fn seal() -> Icon {
    PreEscaped(
        "<svg class=\"seal\" viewBox=\"0 0 32 32\" aria-hidden=\"true\"><rect width=\"32\" height=\"32\" rx=\"7\"/>\
         <path d=\"M24 7v18M18.7 7v18M13.3 7v12M8 7v7\"/></svg>",
    )
}

/// A lens: search.
pub(super) fn lens() -> Icon {
    PreEscaped(
        "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><circle cx=\"10.5\" cy=\"10.5\" r=\"6.5\"/>\
         <path d=\"m15.5 15.5 5 5\"/></svg>",
    )
}

/// An arrow out of a box: another site.
pub(super) fn outward() -> Icon {
    PreEscaped(
        "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M7 17 17 7M9 7h8v8\"/></svg>",
    )
}

/// Waves: a feed.
pub(super) fn feed() -> Icon {
    PreEscaped(
        "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M5 11a8 8 0 0 1 8 8M5 5a14 14 0 0 1 \
         14 14\"/><circle class=\"dot\" cx=\"6\" cy=\"18\" r=\"1.6\"/></svg>",
    )
}
