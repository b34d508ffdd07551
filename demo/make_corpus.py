"""Write the raw zone of the demo corpus: `python demo/make_corpus.py [FOLDER]` (default: the folder of this file).

The words are in corpus_words.py. Everything else a page would show (ids, dates, counts of comments, links) is derived
here from the post time and the TikTok's slug, without randomness, so that running it again changes no byte.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from corpus_words import QUERIES, TIKTOKS, TikTok

Record = dict[str, Any]

SCRAPED = {
    1: datetime(2023, 12, 2, 18, 30, 4, 596000, UTC),
    2: datetime(2024, 1, 9, 9, 0, 11, 218000, UTC),
    3: datetime(2024, 6, 14, 21, 15, 0, 0, UTC),
    4: datetime(2025, 10, 11, 12, 0, 7, 431000, UTC),
}
WEB_ID = "7307984400112233445"
LINK_LIFE = timedelta(hours=5, minutes=30)
MEDIA = "http://demo-media.test/"
SCRAPER = "tiktok-retrieval-scraper 1"
TIKTOKS_BY_SLUG = {tiktok.slug: tiktok for tiktok in TIKTOKS}
WRITTEN_TO_MASTER = {"open", "cookie", "blob", "torn"}
READ_BY_THE_ORIGINAL = {"open", "cookie", "torn"}


def digest(*parts: object) -> bytes:
    """Return 32 bytes that depend on the parts alone."""
    return hashlib.sha256("/".join(str(part) for part in parts).encode()).digest()


def fraction(*parts: object) -> float:
    """Return a number in [0, 1) that depends on the parts alone."""
    return int.from_bytes(digest(*parts)[:6], "big") / 2**48


def posted_at(tiktok: TikTok) -> datetime:
    """Return the post time (UTC; the seconds are derived from the slug)."""
    return datetime.strptime(tiktok.posted, "%Y-%m-%d %H:%M").replace(
        tzinfo=UTC, second=int(60 * fraction(tiktok.slug, "second"))
    )


def id_for(slug: str, moment: datetime) -> str:
    """Return a 19-digit id whose upper half is the time in UNIX seconds, as the site's ids have it."""
    return str(int(moment.timestamp()) << 32 | int.from_bytes(digest(slug)[:4], "big"))


def tiktok_id(tiktok: TikTok) -> str:
    """Return the invented id of a TikTok."""
    return id_for(tiktok.slug, posted_at(tiktok))


def shown_date(moment: datetime, now: datetime, *, weeks: bool = False) -> str:
    """Return a date as the page shows it: '22m ago', '14h ago', '3d ago', '11-19' or '2021-4-7'; UTC days."""
    age = now - moment
    if age < timedelta(hours=1):
        return f"{max(1, int(age.total_seconds() // 60))}m ago"
    if age < timedelta(days=1):
        return f"{int(age.total_seconds() // 3600)}h ago"
    if age < timedelta(days=7):
        return f"{age.days}d ago"
    if weeks and age < timedelta(days=28):
        return f"{age.days // 7}w ago"
    day = f"{moment.month}-{moment.day}"
    return day if moment.year == now.year else f"{moment.year}-{day}"


def shown_count(count: int) -> str:
    """Return a count as the page shows it: 9999 and below in full, then 22.6K, 88K, 1.3M."""
    if count < 10_000:
        return str(count)
    size, unit = (1_000_000, "M") if count >= 1_000_000 else (1_000, "K")
    return f"{count // (size // 10) / 10:g}{unit}"


def read_count(shown: str) -> int:
    """Return the number that a shown count stands for."""
    units = {"K": 1_000, "M": 1_000_000}
    return round(float(shown.rstrip("KM")) * units.get(shown[-1], 1))


def answers_end(tiktok: TikTok, position: int) -> int:
    """Return the position behind the last answer to the comment at this position."""
    end = position + 1
    if not tiktok.comments[position][0].startswith("> "):
        while end < len(tiktok.comments) and tiktok.comments[end][0].startswith("> "):
            end += 1
    return end


def comments_of(tiktok: TikTok, now: datetime) -> list[Record]:
    """Return the comments as the scraper writes them: most liked first, relative dates with a trailing blank."""
    life = now - posted_at(tiktok)
    likes = read_count(tiktok.likes)
    comments: list[Record] = []
    ages: list[timedelta] = []
    for position, (name, text) in enumerate(tiktok.comments):
        age = life * fraction(tiktok.slug, position, "age") ** 0.5
        opener = max((n for n in range(position + 1) if not tiktok.comments[n][0].startswith("> ")), default=0)
        if opener != position:
            # Nobody answers a comment before it is there
            age = ages[opener] * fraction(tiktok.slug, position, "age")
        if position == len(tiktok.comments) - 1 and life < timedelta(days=1):
            age = timedelta(minutes=22)
        ages.append(age)
        date = shown_date(now - age, now, weeks=tiktok.batch != 2)
        share = fraction(tiktok.slug, position, "likes")
        replies = int(likes**0.4 * share / (position + 1) - 1.5)
        if tiktok.batch == 4:
            # This scraper opens the replies, so that what it counts is what it lists
            replies = answers_end(tiktok, position) - position - 1
        comments.append(
            {
                "commenter-username": "@" + name.removeprefix("> "),
                "comment-text": text,
                "time-posted": date + " " if date.endswith("ago") else date,
                "like-count": shown_count(int(likes * 0.03 * (0.2 + share) / (position + 1))),
                "replies-count": str(replies) if replies > 0 else "",
            }
        )
        if tiktok.batch == 4:
            is_answer = opener != position
            comments[-1] |= {
                "reply-to": opener if is_answer else None,
                "reply-to-username": comments[opener]["commenter-username"] if is_answer else None,
                "comment-id": id_for(f"{tiktok.slug}-{position}", now - age),
            }
    return comments


def links_of(tiktok: TikTok, now: datetime) -> tuple[str, str]:
    """Return the links of video and cover; those of `live` media are rewritten to the local server's address."""
    name = digest(tiktok.slug, "file").hex()
    expiry = int((now + LINK_LIFE).timestamp())
    cover = (
        f"https://p16-sign.covers-cdn.test/tos-demo-p-0068/{name[:32]}~tplv.jpeg?x-expires={expiry}&x-signature=demo%3D"
    )
    live_cover = f"{MEDIA}coverphotos/{tiktok.slug}.jpg"
    video = {
        "cookie": f"https://v16-webapp-prime.clips-cdn.test/video/tos/demo/{name[:32]}/?a=1988&mime_type=video_mp4"
        f"&expire={expiry}&policy=2&signature={name[32:48]}&tk=tt_chain_token",
        "blob": f"blob:https://page.demo.test/{name[:8]}-{name[8:12]}-4{name[13:16]}-a{name[17:20]}-{name[20:32]}",
        "live": "" if tiktok.slides else f"{MEDIA}videos/{tiktok.slug}.mp4?mime_type=video_mp4",
        "locked": f"http://demo-media-prime.test/locked/{tiktok.slug}.mp4?mime_type=video_mp4&tk=tt_chain_token",
        "gone": f"{MEDIA}videos/{tiktok.slug}.mp4?mime_type=video_mp4",
        "page": f"{MEDIA}{tiktok.by}/video/{tiktok_id(tiktok)}",
    }
    if tiktok.link in ("live", "locked", "gone", "page"):
        return video[tiktok.link], live_cover
    if tiktok.link in video:
        return video[tiktok.link], cover
    if digest(tiktok.slug)[0] < 170:
        return (
            f"https://v16m-webapp.clips-cdn.test/{name[:32]}/{expiry:x}/video/tos/demo/tos-demo-ve-0068/{name[32:]}/"
            "?a=1988&mime_type=video_mp4&qs=0",
            cover,
        )
    return (
        f"https://v19-webapp-prime.clips-cdn.test/video/tos/demo/{name[:32]}/?a=1988&mime_type=video_mp4"
        f"&expire={expiry}&policy=2&signature={name[32:48]}",
        cover,
    )


def record_of(tiktok: TikTok, now: datetime) -> Record:
    """Return one record with the keys, their order and the types of the console scraper."""
    number = tiktok_id(tiktok)
    video, cover = links_of(tiktok, now)
    kind = "photo" if tiktok.slides else "video"
    likes = read_count(tiktok.likes)
    slug = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in tiktok.music)
    count = max(len(tiktok.comments), int(likes * (0.004 + 0.01 * fraction(tiktok.slug))))
    if tiktok.batch == 4 and likes < 20_000:
        count = len(tiktok.comments)
    music_id = id_for(tiktok.music, posted_at(tiktok))
    record: Record = {
        "video-src": video,
        "coverphoto-src": cover,
        "permalink": f"https://www.tiktok.com/{tiktok.by}/{kind}/{number}"
        f"?is_from_webapp=1&sender_device=pc&web_id={WEB_ID}",
        "web-id": WEB_ID,
        "id": number,
        "like-count": tiktok.likes,
        "comment-count": shown_count(count),
        "creator-username": tiktok.by,
        "creator-nickname": tiktok.nickname,
        "timeposted" if tiktok.batch <= 2 else "time-posted": shown_date(posted_at(tiktok), now),
        "music-title": tiktok.music,
        "music-src": f"https://music.demo.test/music/{slug}-{music_id}" if tiktok.music else "https://music.demo.test/",
        "description": tiktok.description,
        "comments": comments_of(tiktok, now),
        "scrape-timestamp": javascript_seconds(now),
    }
    if tiktok.batch == 4:
        record |= keys_of_the_present_scraper(tiktok, record)
    return record


def keys_of_the_present_scraper(tiktok: TikTok, record: Record) -> Record:
    """Return what this project's scraper writes beside the original's keys, and what it writes differently."""
    is_exact = record["comment-count"].isdigit()
    is_whole = int(record["comment-count"]) == len(record["comments"]) if is_exact else None
    segments = [{"start": 0.2, "end": 3.4, "text": tiktok.captions}]
    captions = {"language": "en", "label": "English", "src": None, "text": tiktok.captions, "segments": segments}
    keys: Record = {
        "status": "ok",
        "reason": None,
        "missing": [],
        "media-type": "photo" if tiktok.slides else "video",
        "slide-srcs": [f"{MEDIA}coverphotos/{tiktok.slug}_{n}.jpg" for n in range(1, len(tiktok.slides) + 1)],
        "captions": [captions] if tiktok.captions else [],
        "comments-complete": is_whole,
        "comments-end": "count reached" if is_whole else "limit",
        "scraper": SCRAPER,
    }
    if tiktok.slides:
        keys |= {"video-src": None, "coverphoto-src": None, "missing": ["video-src", "coverphoto-src"]}
    return keys


def error_record(address: str, number: str, reason: str, now: datetime) -> Record:
    """Return what this project's scraper leaves of a page that it could not read."""
    record = dict.fromkeys(record_of(TIKTOKS_BY_SLUG["live-cat-tree"], now))
    return record | {
        "permalink": address,
        "id": number,
        "scrape-timestamp": javascript_seconds(now),
        "status": "error",
        "reason": reason,
        "missing": ["video-src", "coverphoto-src", "description", "music-title"],
        "scraper": SCRAPER,
    }


def javascript_seconds(moment: datetime) -> float | int:
    """Return UNIX seconds as Date.now() / 1000 prints them: a whole number has no decimals."""
    seconds = round(moment.timestamp(), 3)
    return int(seconds) if seconds == int(seconds) else seconds


def batch(number: int) -> list[Record]:
    """Return the clean records of one batch, one second or so apart, in an order that mixes the topics."""
    now = SCRAPED[number]
    records = []
    for tiktok in sorted((t for t in TIKTOKS if t.batch == number), key=lambda t: digest(t.slug, "order")):
        records.append(record_of(tiktok, now))
        now += timedelta(milliseconds=700 + int(600 * fraction(tiktok.slug, "pause")))
    return records


def soiled(records: list[Record]) -> list[Record]:
    """Return batch 3 with what a long session leaves behind: repeats, a failed page and records of wrong shapes."""
    now = SCRAPED[3] + timedelta(minutes=2)
    sword = record_of(TIKTOKS_BY_SLUG["renfaire-sword"], now)
    sword |= {"like-count": "1.5M", "music-title": "", "music-src": "https://music.demo.test/"}
    sword["comments"] = [
        {
            "commenter-username": "@Hazel of the Ferry",
            "comment-text": "here again in june, still the best duel on this app",
            "time-posted": "1d ago ",
            "like-count": "12",
            "replies-count": "",
        },
        *sword["comments"][:17],
    ]
    horn = record_of(TIKTOKS_BY_SLUG["train-horn"], now + timedelta(seconds=1.1)) | {"like-count": "160.3K"}
    glass = TIKTOKS_BY_SLUG["cat-glass"]
    failed_again = {
        "id": tiktok_id(glass),
        "permalink": f"https://www.tiktok.com/{glass.by}/video/{tiktok_id(glass)}",
        "error": "TimeoutError: the page did not show this video within 2000 ms",
        "scrape-timestamp": javascript_seconds(now + timedelta(seconds=3.4)),
    }
    advert = record_of(TIKTOKS_BY_SLUG["thrift-lamp"], now + timedelta(seconds=7.2))
    advert |= {
        "permalink": "",
        "creator-username": "@definitely_an_advert",
        "creator-nickname": "Sponsored",
        "description": "NOW 40% OFF everything you did not know you wanted",
        "comments": [],
    }
    del advert["id"]
    for record in records:
        if record["id"] == tiktok_id(TIKTOKS_BY_SLUG["garden-giant-marrow"]):
            record["comments"] = "Log in to see comments"
    return [*records[:4], sword, *records[4:9], failed_again, advert, *records[9:], horn]


def with_failed_pages(records: list[Record]) -> list[Record]:
    """Return batch 4 with two pages that failed: one whose TikTok was read before, one that was never read."""
    now = SCRAPED[4] + timedelta(minutes=1)
    tree = tiktok_id(TIKTOKS_BY_SLUG["live-cat-tree"])
    never_read = id_for("never-read", datetime(2025, 10, 8, 11, 2, 30, tzinfo=UTC))
    page = "https://www.tiktok.com/@half_a_page/video/" + never_read
    return [
        *records,
        error_record(f"https://www.tiktok.com/@mochi.and.toast/video/{tree}", tree, "the post did not change", now),
        error_record(page, never_read, "no permalink, no creator and no description came", now + timedelta(seconds=4)),
    ]


def as_console_output(records: list[Record]) -> str:
    """Return the text of `console.log(JSON.stringify(results))`."""
    return json.dumps(records, ensure_ascii=False, separators=(",", ":")) + "\n"


def as_python_output(value: object) -> str:
    """Return the text of the original tools' `json.dump(value, file, indent=4)`."""
    return json.dumps(value, indent=4)


def known_to_the_original() -> Iterator[TikTok]:
    """Yield the TikToks that the original's downloader came past."""
    return (t for t in TIKTOKS if t.link in WRITTEN_TO_MASTER)


def master() -> dict[str, Record]:
    """Return the original's master.json: every record it came past, download-timestamp null where the link failed."""
    records = {record["id"]: record for number in SCRAPED for record in batch(number)}
    entries = {}
    for tiktok in known_to_the_original():
        record = records[tiktok_id(tiktok)]
        delay = 600 + 900 * fraction(tiktok.slug, "download")
        moment = None if tiktok.link == "blob" else round(record["scrape-timestamp"] + delay, 6)
        entries[record["id"]] = record | {"download-timestamp": moment}
    return entries


def corpus_files() -> dict[str, str]:
    """Return path -> text of every file of the demo's raw zone."""
    readable = [t for t in TIKTOKS if t.link in READ_BY_THE_ORIGINAL]
    # The first paste of batch 4 was cut off; the batch was pasted again, whole.
    cut_off = as_console_output(with_failed_pages(batch(4)))
    queries = [
        {
            "text": query.text,
            "target": next(tiktok_id(t) for t in TIKTOKS if t.slug == query.target),
            "author": query.author,
            "useful-description": query.useful_description,
            "comments-on-topic": query.comments_on_topic,
            "purely-visual": query.purely_visual,
            "important-lyrics": query.important_lyrics,
            "subtextual": query.subtextual,
        }
        for query in QUERIES
    ]
    return {
        "info/batch_1.json": as_console_output(batch(1)),
        "info/batch_2.json": as_console_output(batch(2)),
        "info/batch_3.json": as_console_output(soiled(batch(3))),
        "info/batch_4.json": as_console_output(with_failed_pages(batch(4))),
        "info/batch_4_cut_off.json": cut_off[: len(cut_off) * 2 // 5],
        "master.json": as_python_output(master()),
        "ocr.json": as_python_output({tiktok_id(t): t.cover for t in readable}),
        "speech_to_text.json": as_python_output({tiktok_id(t): t.speech for t in readable}),
        "queries.json": as_python_output(queries),
    }


def main(folder: Path) -> None:
    """Write every file below the folder; a file that is right already is left alone."""
    for name, text in corpus_files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != text.encode():
            path.write_bytes(text.encode())
            print(f"wrote {path}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
