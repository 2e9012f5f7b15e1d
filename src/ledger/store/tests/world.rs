//! A small sound store, as changes made by hand: a first poll, news, a story of two, an entry with parts, one
//! that was withdrawn, and one that expired.

use super::*;
use crate::model::entry::ParsedEntry;
use crate::model::evidence::{Evidence, Place as Where, Rule};
use crate::model::left::Left;
use crate::model::story::Reason;

/// Entries, and the rows that they call for.
pub(super) struct World {
    pub(super) changes: Changes,
}

impl Default for World {
    fn default() -> Self {
        let mut changes = Changes::default();
        for (no, source) in (1..).zip(["fixed", "auto"]) {
            changes.sources.insert(id(source), SourceState::new(no, def(source, fixed(&[]))));
        }
        Self { changes }
    }
}

impl World {
    pub(super) fn add(&mut self, no: EntryNo, entry: Entry) {
        let changes = &mut self.changes;
        let source = changes.sources.get_mut(&entry.source).expect("one of the two");
        *(if entry.expired.is_some() { &mut source.stubs } else { &mut source.entries }) += 1;
        changes.owners.insert(entry.id.clone(), Some(no));
        changes.known.extend(entry.keys.iter().map(|key| ((entry.source.clone(), *key), Some(no))));
        let place = Listing { source: source.no, backlog: entry.backlog, story: None };
        for feed in entry.feeds() {
            let rank = Rank::of(no, &entry);
            let key = ListingKey { feed: feed.clone(), backlog: entry.backlog.is_some(), rank };
            changes.places.insert(key, Some(place));
            if entry.backlog.is_some() {
                let poll = BacklogKey { feed: feed.clone(), first_seen: entry.first_seen, seq: entry.seq };
                changes.backlogs.entry(poll).or_default().push(no);
            }
            changes.feeds.entry(feed).or_insert_with(feed_state).entries += 1;
        }
        if let Some(at) = entry.withdrawn {
            for feed in (Entry { withdrawn: None, ..entry.clone() }).feeds() {
                changes.withdrawn.insert((feed.clone(), at, no), entry.id.clone());
                changes.feeds.entry(feed).or_insert_with(feed_state);
            }
        }
        changes.entries.insert(no, Some(entry));
    }

    /// Says that these tell one story, the first of them founded it.
    pub(super) fn tell(&mut self, story: &[EntryNo]) {
        let changes = &mut self.changes;
        for no in story {
            let entry = changes.entries[no].as_ref().expect("added before");
            changes.members.insert((story[0], *no), Some(entry.member()));
        }
        for (key, place) in &mut changes.places {
            if let Some(place) = place.as_mut().filter(|_| story.contains(&key.rank.no)) {
                place.story = Some(story[0]);
            }
        }
    }

    pub(super) fn finish(mut self) -> Changes {
        let sum = |of: fn(&SourceState) -> u64| self.changes.sources.values().map(of).sum();
        let next_no = self.changes.entries.keys().last().map_or(1, |no| no + 1);
        let (entries, stubs) = (sum(|s| s.entries), sum(|s| s.stubs));
        self.changes.meta = Some(Meta { next_no, entries, stubs, ..meta() });
        self.changes.position = Some(Reached { position: Position { segment: 1, offset: 1000 }, seal: None });
        self.changes
    }
}

pub(super) fn meta() -> Meta {
    Meta { seq: 1_000, sources: 2, newest_at: at(600), ..Meta::empty("rules") }
}

fn feed_state() -> FeedState {
    FeedState {
        updated: at(0),
        changed_at: at(0),
        changed_seq: 10,
        revised_at: at(0),
        revised_seq: 0,
        entries: 0,
        left: Left::default(),
    }
}

/// An entry with two keys that came as news.
pub(super) fn entry(no: EntryNo, source: &str, seconds: i64) -> Entry {
    let first_seen = at(seconds);
    Entry {
        id: format!("urn:entry:{no}"),
        source: id(source),
        first_seen,
        surfaced: first_seen,
        backlog: None,
        published: at(seconds - 60),
        updated: at(seconds - 60),
        fingerprint: fingerprint(no),
        rewrites: 0,
        keys: vec![world_key(no), world_key(no + 1_000_000)],
        regions: Vec::new(),
        story: None,
        assigned: None,
        withdrawn: None,
        expired: None,
        seq: no + 10,
        changed_seq: 0,
        round: no,
        decision: None,
        body: ParsedEntry {
            title: Some(format!("河南安阳殷墟发现新的甲骨坑（{no}）")),
            ..ParsedEntry::default()
        },
    }
}

/// A key whose digits differ where a row has them.
pub(super) fn world_key(n: u64) -> crate::model::identity::IdentityKey {
    serde_json::from_str(&format!("\"0101{n:012x}{:016x}\"", 0)).expect("a key")
}

pub(super) fn henan() -> Vec<Evidence> {
    let region = RegionId::new("henan");
    vec![Evidence { region, text: "河南".to_owned(), place: Where::Title, rule: Rule::Province }]
}

/// What the store holds in most tests.
pub(super) fn world() -> Changes {
    let mut world = World::default();
    for (no, backlog) in [(1, 0), (2, 1)] {
        let entry = Entry {
            backlog: Some(backlog),
            surfaced: at(-5_000 - i64::from(backlog)),
            published: at(-5_000 - i64::from(backlog)),
            first_seen: at(100),
            seq: 20,
            regions: henan(),
            ..entry(no, "fixed", 100)
        };
        world.add(no, entry);
    }
    let mut long = entry(3, "auto", 200);
    long.body.content = Some(Body::Text(Draw::new(3).noise(10_000)));
    world.add(3, long);
    let story = Some(Membership { founder: 3, reason: Reason::SameTitle, related: false, report: None });
    world.add(4, Entry { story, regions: henan(), ..entry(4, "fixed", 300) });
    world.add(5, Entry { withdrawn: Some(at(500)), ..entry(5, "auto", 400) });
    world.add(6, Entry { expired: Some(at(600)), ..entry(6, "auto", 450) });
    world.tell(&[3, 4]);
    world.finish()
}
