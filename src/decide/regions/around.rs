//! The surroundings of a name, as the rules about names read them.

#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'t> {
    pub(super) name: &'t str,
    pub(super) before: &'t str,
    pub(super) after: &'t str,
    /// True if another place's name ends where this one starts.
    pub(super) follows_place: bool,
    /// True if that place is of another region: a smaller place right after a larger one lies in it, so
    /// 台北故宫 and 惠州西湖 are not the famous ones.
    pub(super) follows_other_region: bool,
    /// True if the characters right before it belong to another word that was found.
    pub(super) follows_word: bool,
}

/// The first three characters, a border where there are fewer.
pub(super) fn first(text: &str) -> [char; 3] {
    let mut chars = text.chars();
    std::array::from_fn(|_| chars.next().unwrap_or(' '))
}

/// True between words: a space, a sign.
pub(super) fn is_border(c: char) -> bool {
    !c.is_alphanumeric()
}
