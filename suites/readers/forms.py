"""What the specifications of RSS 2.0, JSON Feed 1.1, OPML 2.0 and HTML ask of dibao's views.

forms.py rss|json|opml|html FILE ADDRESS
"""

import email.utils
import json
import re
import sys
import urllib.parse
import xml.etree.ElementTree as ET
from datetime import datetime

DATE = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT"
)
CHANNEL = {
    "title", "link", "description", "language", "copyright", "pubDate", "lastBuildDate", "category",
    "generator", "docs", "ttl", "image", "item",
}  # fmt: skip
ITEM = {"title", "link", "description", "author", "category", "comments", "enclosure", "guid", "pubDate", "source"}


def must(what, holds):
    if not holds:
        sys.exit(what)


def absolute(url, schemes=None):
    parts = urllib.parse.urlsplit(url or "")
    return bool(parts.scheme) and (schemes is None or parts.scheme in schemes)


def rfc822(text):
    must(f"{text} is a date of RFC 822", DATE.fullmatch(text or ""))
    day = email.utils.parsedate_to_datetime(text).strftime("%a")
    must(f"{text} is a {day}", text.startswith(day))


def own(element):
    """The children without a namespace: RSS's own."""
    return [child for child in element if not child.tag.startswith("{")]


def rss(path, address):
    root = ET.parse(path).getroot()
    must("rss 2.0", root.tag == "rss" and root.get("version") == "2.0")
    (channel,) = own(root)
    names = [child.tag for child in own(channel)]
    must(f"elements of the channel: {set(names) - CHANNEL}", set(names) <= CHANNEL)
    for name in ("title", "link", "description"):
        must(f"one {name} of the channel", names.count(name) == 1 and channel.findtext(name))
    must("at most one of each", all(names.count(n) <= 1 for n in set(names) - {"item", "category"}))
    must("the channel's link is absolute", absolute(channel.findtext("link"), {"http", "https"}))
    rfc822(channel.findtext("lastBuildDate"))
    ttl = channel.findtext("ttl")
    must("ttl is a number of minutes", ttl is None or (ttl.isdigit() and int(ttl) > 0))
    links = channel.findall("{http://www.w3.org/2005/Atom}link")
    must("it says where it is", [link.get("href") for link in links if link.get("rel") == "self"] == [address])
    guids = [item.findtext("guid") for item in channel.findall("item")]
    must("guids, each once", len(set(guids)) == len(guids) and all(guids))
    for item in channel.findall("item"):
        names = [child.tag for child in own(item)]
        must(f"elements of an item: {set(names) - ITEM}", set(names) <= ITEM)
        must("at most one of each", all(names.count(n) <= 1 for n in set(names) - {"category"}))
        must("a title or a description", item.findtext("title") or item.findtext("description"))
        must("a guid that is no link says so", item.find("guid").get("isPermaLink") == "false")
        must("the link is absolute", absolute(item.findtext("link")))
        rfc822(item.findtext("pubDate"))
        source = item.find("source")
        must("the source's address", absolute(source.get("url")) and source.text)
        enclosure = item.find("enclosure")
        if enclosure is not None:
            must("url of the enclosure", absolute(enclosure.get("url"), {"http", "https"}))
            must("length of the enclosure", (enclosure.get("length") or "").isdigit())
            must("type of the enclosure", "/" in (enclosure.get("type") or ""))


FEED_KEYS = {
    "version", "title", "home_page_url", "feed_url", "description", "user_comment", "next_url", "icon",
    "favicon", "authors", "language", "expired", "hubs", "items",
}  # fmt: skip
ITEM_KEYS = {
    "id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image",
    "date_published", "date_modified", "authors", "tags", "language", "attachments",
}  # fmt: skip


def keys(value, known):
    strange = {key for key in value if key not in known and not key.startswith("_")}
    must(f"unknown keys {strange}", not strange)
    must("no key without a value", all(v is not None for v in value.values()))


def rfc3339(text):
    must(f"{text} has a zone", datetime.fromisoformat(text.replace("Z", "+00:00")).tzinfo is not None)


def json_feed(path, address):
    with open(path, encoding="utf-8") as file:
        feed = json.load(file)
    keys(feed, FEED_KEYS)
    must("version", feed["version"] == "https://jsonfeed.org/version/1.1")
    must("title", isinstance(feed["title"], str) and feed["title"])
    must("it says where it is", feed["feed_url"] == address)
    must("home_page_url", absolute(feed["home_page_url"], {"http", "https"}))
    for hub in feed.get("hubs", []):
        must("hub", hub.get("type") and absolute(hub.get("url")))
    ids = [item["id"] for item in feed["items"]]
    must("ids are texts, each once", all(isinstance(i, str) and i for i in ids) and len(set(ids)) == len(ids))
    for item in feed["items"]:
        keys(item, ITEM_KEYS)
        must("content_html or content_text", ("content_html" in item) != ("content_text" in item))
        must("url is absolute", absolute(item["url"]))
        rfc3339(item["date_published"])
        rfc3339(item["date_modified"])
        for author in item["authors"]:
            keys(author, {"name", "url", "avatar"})
            must("an author has a name, an address or a picture", author)
        for attachment in item.get("attachments", []):
            keys(attachment, {"url", "mime_type", "title", "size_in_bytes", "duration_in_seconds"})
            must("url of the attachment", absolute(attachment["url"]))
            must("mime_type of the attachment", "/" in attachment["mime_type"])
        must("tags are texts", all(isinstance(tag, str) for tag in item.get("tags", [])))


def opml(path, address):
    root = ET.parse(path).getroot()
    must("opml 2.0", root.tag == "opml" and root.get("version") == "2.0")
    must("a head and a body", [child.tag for child in root] == ["head", "body"])
    head, body = root
    must("a title", head.findtext("title"))
    rfc822(head.findtext("dateModified"))
    outlines = list(body.iter("outline"))
    must("outlines", outlines)
    must("nothing else", {element.tag for element in body.iter()} == {"body", "outline"})
    feeds = [outline for outline in outlines if outline.get("type") is not None]
    for outline in outlines:
        must("every outline has a text", outline.get("text"))
    for outline in feeds:
        must("type", outline.get("type") == "rss")
        must("xmlUrl", absolute(outline.get("xmlUrl"), {"http", "https"}))
    addresses = [outline.get("xmlUrl") for outline in feeds]
    must("each once", len(set(addresses)) == len(addresses))


def html(path, address):
    import html5lib

    with open(path, "rb") as file:
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        page = parser.parse(file, transport_encoding="utf-8")
    must("a language", page.get("lang"))
    must("a title", page.findtext("head/title"))
    must("one heading of the page", len(list(page.iter("h1"))) == 1)
    for script in page.iter("script"):
        ours = "/assets/" in script.get("src", "") and not (script.text or "").strip()
        must("no script but ours, and none in the page", ours or script.get("type") == "application/ld+json")
    ids = {element.get("id") for element in page.iter() if element.get("id")}
    for link in page.iter("a"):
        href = link.get("href")
        here = href.startswith("/") or href.removeprefix("#") in ids
        must(f"{href} leads somewhere", here or absolute(href, {"http", "https"}))
        must(f"{href} has a text", "".join(link.itertext()).strip())


if __name__ == "__main__":
    {"rss": rss, "json": json_feed, "opml": opml, "html": html}[sys.argv[1]](*sys.argv[2:])
