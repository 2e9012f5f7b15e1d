#!/usr/bin/env python3
"""Reads feedparser's own test feeds with feedparser and with dibao, and says where they differ.

    pip download --no-deps --no-binary :all: feedparser==6.0.14 && tar xzf feedparser-6.0.14.tar.gz
    python3 -m venv venv && venv/bin/pip install feedparser chardet
    cargo build --release --example read_feeds
    venv/bin/python suites/tools/compare_feedparser.py feedparser-6.0.14/tests target/release/examples/read_feeds

Compared are, for every entry: title, body, link, id and date; for the feed, its title. Texts are compared
without tags, references and blanks; dates by `published`, else `updated`. A day without a time is dibao's
end of that day. Feeds in EBCDIC, DOS and old Macintosh charsets are left out (--all keeps them), and
feeds in which feedparser finds neither a title nor an entry say nothing. The test files stay where they
were unpacked: they are feedparser's, not ours.
"""

import argparse
import calendar
import html
import json
import os
import re
import subprocess
import time
import urllib.parse
import warnings

import feedparser

warnings.simplefilter("ignore")
HEADER = re.compile(rb"^Header:\s+([^:]+):(.+)$", re.M)
MODERN = r"windows|cp125|cp874|cskoi|koi8-[ru]|ms-|winbal|x80_(ibm)?866|cp866|csibm866"
OLD_CHARSET = re.compile(rf"x80_(?!.*({MODERN}))")
HOST = "http://127.0.0.1:8097/"


def feeds(tests):
    """Every test feed with its bytes, headers and address, as feedparser's own server would send it."""
    for folder, _, names in sorted(os.walk(tests)):
        if os.path.relpath(folder, tests) == "http":
            continue  # redirects and status codes, not feeds
        for name in sorted(n for n in names if n.endswith(".xml")):
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                data = file.read()
            headers = {k.decode().lower(): v.decode().strip() for k, v in HEADER.findall(data)}
            headers.setdefault("content-type", "application/xml")
            url = HOST + "tests/" + os.path.relpath(path, tests)
            yield path, data, headers, urllib.parse.urljoin(url, headers.get("content-location", ""))


def dibao(program, cases, now):
    """dibao's reading of all cases, by path."""
    lines = [
        json.dumps({"id": p, "file": p, "url": u, "content_type": h["content-type"], "zone": "UTC", "fetched_at": now})
        for p, _, h, u in cases
    ]
    out = subprocess.run([program], input="\n".join(lines).encode(), stdout=subprocess.PIPE, check=True)
    return {answer["id"]: answer for answer in map(json.loads, out.stdout.decode().splitlines())}


def text(value):
    """The text of a title or body, so that only a difference a reader would see is one."""
    value = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>", " ", value or "")
    value = re.sub(r"<!--.*?-->", "", value, flags=re.S)
    value = html.unescape(html.unescape(re.sub(r"<[^<>]*>", "", value)))
    return re.sub(r"\s+", "", re.sub(r"<[^<>]*>", "", value))


def address(value):
    return html.unescape((value or "").strip()).rstrip("/")


def same_date(theirs, ours, now):
    if theirs is None or ours in (theirs, now):
        return True
    return ours is not None and 0 <= ours - theirs < 86400 and (ours + 1) % 86400 == 0


def differences(theirs, ours, now):
    if not ours["ok"]:
        return [("read", len(theirs.entries), ours["error"])]
    found = []

    def check(what, same, a, b):
        if not same:
            found.append((what, a, b))

    title = theirs.feed.get("title")
    check("feed title", text(title) == text(ours["feed_title"]), title, ours["feed_title"])
    check("entries", len(theirs.entries) == len(ours["entries"]), len(theirs.entries), len(ours["entries"]))
    for a, b in zip(theirs.entries, ours["entries"]):
        check("title", text(a.get("title")) == text(b["title"]), a.get("title"), b["title"])
        page = next((link["href"] for link in b["links"] if link["rel"] == "alternate"), "")
        check("link", address(a.get("link")) == address(page), a.get("link"), page)
        if a.get("id"):
            check("id", address(a.id) == address(b["id"]), a.id, b["id"])
        parsed = a.get("published_parsed") or (a.get("updated_parsed") if "updated_parsed" in a else None)
        date = calendar.timegm(parsed) if parsed else None
        own = b["published"] if b["published"] is not None else b["updated"]
        check("date", same_date(date, own, now), date, own)
        body = (a.content[0].value if a.get("content") else None) or a.get("summary")
        check("body", text(body) == text(b["content"] or b["summary"]), body, b["content"] or b["summary"])
    return found


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("tests")
    options.add_argument("read_feeds")
    options.add_argument("--all", action="store_true", help="keep EBCDIC, DOS and old Macintosh charsets")
    options = options.parse_args()
    now = int(time.time())
    cases = [c for c in feeds(options.tests) if options.all or not OLD_CHARSET.search(os.path.basename(c[0]))]
    readings = dibao(options.read_feeds, cases, now)
    total = good = 0
    for path, data, headers, url in cases:
        theirs = feedparser.parse(data, response_headers={**headers, "content-location": url})
        if not theirs.entries and not theirs.feed.get("title"):
            continue
        total += 1
        found = differences(theirs, readings[path], now)
        good += not found
        if found:
            print(os.path.relpath(path, options.tests))
        for what, a, b in found:
            print(f"    {what}\n        feedparser {a!r:.200}\n        dibao      {b!r:.200}")
    print(f"{good} of {total} read alike: {100 * good / max(total, 1):.2f} %")


if __name__ == "__main__":
    main()
