//! Texts as tantivy's tokens: each unit at its position, and each pair of characters at the position of its first.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::super::tokens::{Unit, Units, units};

/// The name under which the fields know it.
pub(super) const NAME: &str = "dibao";

#[derive(Clone, Default)]
pub(super) struct Cutter {
    token: Token,
}

impl Tokenizer for Cutter {
    type TokenStream<'a> = Cutting<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Cutting<'a> {
        let mut units = units(text);
        let next = units.next();
        Cutting { units, next, pair: None, token: &mut self.token }
    }
}

pub(super) struct Cutting<'a> {
    units: Units<'a>,
    next: Option<Unit>,
    /// The unit that was given last, if it is the first of a pair.
    pair: Option<Unit>,
    token: &'a mut Token,
}

impl TokenStream for Cutting<'_> {
    fn advance(&mut self) -> bool {
        self.token.text.clear();
        if let (Some(first), Some(second)) = (self.pair.take(), &self.next) {
            self.token.text.push_str(&first.text);
            self.token.text.push_str(&second.text);
            self.token.position = first.at as usize;
            return true;
        }
        let Some(unit) = self.next.take() else { return false };
        self.next = self.units.next();
        self.token.text.push_str(&unit.text);
        self.token.position = unit.at as usize;
        self.pair = Some(unit).filter(|unit| self.next.as_ref().is_some_and(|next| unit.pairs_with(next)));
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

/// The terms that find a phrase, and where each stands behind its start: pairs that cover each run of characters, and
/// single units.
pub(super) fn cover(phrase: &[Unit]) -> Vec<(usize, String)> {
    let start = phrase.first().map_or(0, |unit| unit.at);
    let mut terms = Vec::new();
    for chain in phrase.chunk_by(Unit::pairs_with) {
        let place = |unit: &Unit| (unit.at - start) as usize;
        if let [alone] = chain {
            terms.push((place(alone), alone.text.clone()));
            continue;
        }
        let pair = |n: usize| (place(&chain[n]), format!("{}{}", chain[n].text, chain[n + 1].text));
        let last = chain.len() - 2;
        terms.extend((0..last).step_by(2).chain([last]).map(pair));
    }
    terms
}
