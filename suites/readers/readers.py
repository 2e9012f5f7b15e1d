"""What other people's software makes of dibao's feeds, held against what dibao has stored.

readers.py listed URL-WITHOUT-ENDING ENTRIES.json   the entries of every format, in order
readers.py archives URL   that a feed and its archives hang together
readers.py newsboat CACHE.db ENTRIES.json   newsboat's articles
readers.py rules FEED.atom   what RFC 4287 asks beyond its grammar
readers.py discover URL   autodiscovery links of a page
"""

import calendar
import html.parser
import json
import sqlite3
import sys
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET
from datetime import datetime

ATOM = "{http://www.w3.org/2005/Atom}"


def stored(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def seconds(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}:\n  got    {got}\n  wanted {wanted}")


def of_stories(rows, ids):
    """The stored rows of the ids a reader lists: in the store's order, exactly one of each story."""
    by_id = {row["id"]: row for row in rows}
    expect("ids that the store does not have", [i for i in ids if i not in by_id], [])
    story = lambda row: row["repeats"] or row["id"]
    listed = [by_id[i] for i in ids]
    expect("stories, each listed once", sorted(map(story, listed)), sorted(set(map(story, rows))))
    return listed


def from_feedparser(url, version):
    """What feedparser lists: entries, related links, the feed's date."""
    import feedparser

    feed = feedparser.parse(url)
    expect("well-formed to feedparser", bool(feed.bozo), False)
    expect("version", feed.version, version)
    moment = lambda e, date: calendar.timegm(e[f"{date}_parsed"])
    entries = [(e.id, e.title, e.get("link"), moment(e, "published"), moment(e, "updated")) for e in feed.entries]
    related = [link["href"] for e in feed.entries for link in e.links if link["rel"] == "related"]
    return entries, related, calendar.timegm(feed.feed.updated_parsed)


def from_json(url):
    """The same from a JSON Feed, which feedparser does not read."""
    feed = json.load(urllib.request.urlopen(url))
    entries = [
        (e["id"], e["title"], e["url"], seconds(e["date_published"]), seconds(e["date_modified"]))
        for e in feed["items"]
    ]
    related = [other["url"] for e in feed["items"] for other in e["_dibao"].get("related", [])]
    return entries, related, seconds(feed["_dibao"]["updated"])


READERS = {
    "atom": lambda url: from_feedparser(url, "atom10"),
    "rss": lambda url: from_feedparser(url, "rss20"),
    "json": from_json,
}


def listed(base, path):
    rows = stored(path)
    of_form = {form: read(f"{base}.{form}") for form, read in READERS.items()}
    entries, related, updated = of_form["atom"]
    ids = [entry[0] for entry in entries]
    wanted = of_stories(rows, ids)
    expect("ids, in the store's order", ids, [row["id"] for row in rows if row["id"] in ids])
    for row in rows:
        if row["id"] not in ids:
            expect(f"a link to {row['link']} from its story", row["link"] in related, True)
    told = [(w["id"], w["title"], w["link"], seconds(w["published"]), seconds(w["updated"])) for w in wanted]
    expect("the feed's updated", updated, max(seconds(row["updated"]) for row in rows))
    for form, of in of_form.items():
        expect(f"entries of {form}", of[0], told)
        expect(f"related of {form}", of[1:], (related, updated))
    print(len(wanted), "entries,", len(rows), "stored")


def with_newsboat(cache, path):
    rows = sqlite3.connect(cache).execute("select guid, title, url, pubDate from rss_item").fetchall()
    wanted = of_stories(stored(path), [row[0] for row in rows])
    keys = lambda rows: sorted((str(a), str(b), str(c), int(d)) for a, b, c, d in rows)
    expect(
        "articles",
        keys(rows),
        keys((w["id"], w["title"], w["link"], seconds(w["published"])) for w in wanted),
    )
    print(len(rows), "articles")


def rules(path):
    root = ET.parse(path).getroot()
    links = {link.get("rel", "alternate") for link in root.findall(f"{ATOM}link")}
    expect("links of the feed", {"self", "alternate"} - links, set())
    ids = [entry.findtext(f"{ATOM}id") for entry in root.findall(f"{ATOM}entry")]
    expect("ids that occur twice", sorted({i for i in ids if ids.count(i) > 1}), [])
    for element in [root, *root.findall(f"{ATOM}entry")]:
        name = element.findtext(f"{ATOM}id")
        if not urllib.parse.urlsplit(name).scheme:
            sys.exit(f"{name} is not an absolute IRI")
        alternates = [
            (link.get("type"), link.get("hreflang"))
            for link in element.findall(f"{ATOM}link")
            if link.get("rel", "alternate") == "alternate"
        ]
        expect(f"alternates of one type in {name}", len(alternates), len(set(alternates)))
    for entry in root.findall(f"{ATOM}entry"):
        name = entry.findtext(f"{ATOM}id")
        expect(f"{name} has an author", entry.find(f"{ATOM}author") is not None, True)
        published, updated = entry.findtext(f"{ATOM}published"), entry.findtext(f"{ATOM}updated")
        expect(f"{name} is not updated before it is published", seconds(updated) >= seconds(published), True)
        source = entry.find(f"{ATOM}source")
        expect(f"{name} says where it is from", source is not None and bool(source.findtext(f"{ATOM}title")), True)
        for part in ("id", "updated", "author", "link"):
            expect(f"{part} of the source of {name}", source.find(f"{ATOM}{part}") is not None, True)
        for link in entry.iter(f"{ATOM}link"):
            expect(f"{link.get('href')} is absolute", bool(urllib.parse.urlsplit(link.get("href")).scheme), True)
        if entry.find(f"{ATOM}content") is None:
            rels = [link.get("rel", "alternate") for link in entry.findall(f"{ATOM}link")]
            expect(f"{name} has content or a page (section 4.1.2)", "alternate" in rels, True)
        if seconds(updated) > seconds(root.findtext(f"{ATOM}updated")):
            sys.exit(f"{name} is newer than the feed")
        if not (entry.findtext(f"{ATOM}title") or "").strip():
            sys.exit(f"{name} has no title")


def archives(url):
    """Walks from a feed to its oldest archive (RFC 5005 section 4)."""

    def links(of):
        root = ET.parse(urllib.request.urlopen(of)).getroot()
        ids = [entry.findtext(f"{ATOM}id") for entry in root.findall(f"{ATOM}entry")]
        mark = root.find("{http://purl.org/syndication/history/1.0}archive") is not None
        return {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}, ids, mark

    (at, seen, mark), later, n = links(url), url, 0
    expect("the feed is no archive", mark, False)
    while "prev-archive" in at:
        address = at["prev-archive"]
        at, ids, mark = links(address)
        expect(f"{address} is marked", mark, True)
        expect(f"self of {address}", at["self"], address)
        expect(f"current of {address}", at["current"], url)
        expect(f"next of {address}", at.get("next-archive"), later if n else None)
        expect(f"entries that {address} repeats", sorted(set(ids) & set(seen)), [])
        seen, later, n = seen + ids, address, n + 1
    expect("there are archives", n > 0, True)
    print(n, "archives,", len(seen), "entries")


class Links(html.parser.HTMLParser):
    """The feeds that a page names."""

    def __init__(self):
        super().__init__()
        self.feeds = []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "link" and attrs.get("rel") == "alternate" and attrs.get("type") == "application/atom+xml":
            self.feeds.append(attrs["href"])


def discover(url):
    import feedparser

    links = Links()
    links.feed(urllib.request.urlopen(url).read().decode())
    for name in ("/henan.atom", "/all.atom"):
        expect(f"{name} is among the feeds of the page", name in links.feeds, True)
    for href in links.feeds:
        expect(f"{href} is Atom", feedparser.parse(urllib.parse.urljoin(url, href)).version, "atom10")
    print(len(links.feeds), "feeds")


if __name__ == "__main__":
    commands = {
        "listed": listed,
        "newsboat": with_newsboat,
        "rules": rules,
        "archives": archives,
        "discover": discover,
    }
    commands[sys.argv[1]](*sys.argv[2:])
