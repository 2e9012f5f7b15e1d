"""What other people's software makes of dibao's feeds, held against what dibao has stored.

readers.py feedparser URL ENTRIES.json   feedparser's entries, in order
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
    story = lambda row: row["story"] or row["id"]
    listed = [by_id[i] for i in ids]
    expect("stories, each listed once", sorted(map(story, listed)), sorted(set(map(story, rows))))
    return listed


def with_feedparser(url, path):
    import feedparser

    rows = stored(path)
    feed = feedparser.parse(url)
    expect("well-formed to feedparser", bool(feed.bozo), False)
    expect("version", feed.version, "atom10")
    ids = [e.id for e in feed.entries]
    wanted = of_stories(rows, ids)
    expect("ids, in the store's order", ids, [row["id"] for row in rows if row["id"] in ids])
    for row in rows:
        if row["id"] not in ids:
            links = [link["href"] for e in feed.entries for link in e.links if link["rel"] == "related"]
            expect(f"a link to {row['link']} from its story", row["link"] in links, True)
    expect("titles", [e.title for e in feed.entries], [w["title"] for w in wanted])
    expect("links", [e.get("link") for e in feed.entries], [w["link"] for w in wanted])
    for date in ("published", "updated"):
        got = [calendar.timegm(e[f"{date}_parsed"]) for e in feed.entries]
        expect(date, got, [seconds(w[date]) for w in wanted])
    newest = max(seconds(row["updated"]) for row in rows)
    expect("the feed's updated", calendar.timegm(feed.feed.updated_parsed), newest)
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
        if seconds(updated) > seconds(root.findtext(f"{ATOM}updated")):
            sys.exit(f"{name} is newer than the feed")
        if not (entry.findtext(f"{ATOM}title") or "").strip():
            sys.exit(f"{name} has no title")


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
    {"feedparser": with_feedparser, "newsboat": with_newsboat, "rules": rules, "discover": discover}[sys.argv[1]](
        *sys.argv[2:]
    )
