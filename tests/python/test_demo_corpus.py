"""The demo corpus: it is what its script writes, and it holds every kind of dirt the real data has."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from unidecode import unidecode

from extract.media_checks import check_image, check_video

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "demo"
BATCHES = [DEMO / f"info/batch_{number}.json" for number in (1, 2, 3, 4)]
SHARED = Path(os.environ.get("TIKTOK_SHARED", ROOT.parent / "shared"))
QUERY_KEYS = ["text", "target", "author"]
JUDGEMENTS = ["useful-description", "comments-on-topic", "purely-visual", "important-lyrics", "subtextual"]

Record = dict[str, Any]


def read(path: Path) -> Any:
    """Return what a JSON file of the demo holds."""
    return json.loads((DEMO / path).read_text())


def records_of(*paths: Path) -> list[Record]:
    """Return the records of these batches, in order."""
    return [record for path in paths for record in read(path)]


RECORDS = records_of(*BATCHES)
FAILED = [record for record in RECORDS if record.get("status") == "error" or "error" in record]
WHOLE = [record for record in RECORDS if record.get("id") and record not in FAILED]
NEWEST = {record["id"]: record for record in sorted(WHOLE, key=lambda record: float(record["scrape-timestamp"]))}
COMMENTS = [comment for record in WHOLE if isinstance(record["comments"], list) for comment in record["comments"]]
TEXTS = [
    text
    for record in WHOLE
    for text in (
        record["creator-nickname"],
        record["description"],
        record["music-title"],
        *(f"{c['commenter-username']} {c['comment-text']}" for c in COMMENTS),
    )
]
QUERIES = read(Path("queries.json"))
MASTER = read(Path("master.json"))
OCR = read(Path("ocr.json"))
SPEECH = read(Path("speech_to_text.json"))


def posted(record: Record) -> str:
    """Return the date a record shows, under either of its keys."""
    return str(record.get("timeposted", record.get("time-posted")))


def test_committed_files_are_what_the_script_writes(tmp_path: Path) -> None:
    """Running the script elsewhere gives the same bytes, so words and files never drift apart."""
    subprocess.run([sys.executable, str(DEMO / "make_corpus.py"), str(tmp_path)], check=True, capture_output=True)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.json")}
    committed = {path.relative_to(DEMO): path.read_bytes() for path in DEMO.rglob("*.json")}
    assert made == committed


def test_size() -> None:
    """At least 60 TikToks, 36 queries by nine authors, and 40 TikToks that need no media."""
    assert len(NEWEST) == 82
    assert len(QUERIES) == 50
    assert len({query["author"] for query in QUERIES}) == 10
    complete = [id_ for id_ in OCR if OCR[id_] is not None and SPEECH.get(id_) is not None]
    assert len(complete) == 55


def test_batches_have_the_scraper_s_form() -> None:
    """Key order and types are the console scraper's; batches 1 and 2 say timeposted, 3 and 4 time-posted."""
    keys = "video-src coverphoto-src permalink web-id id like-count comment-count creator-username creator-nickname "
    keys += "{} music-title music-src description comments scrape-timestamp"
    for number, path in enumerate(BATCHES, 1):
        expected = keys.format("timeposted" if number <= 2 else "time-posted").split()
        raw = path.read_text()
        assert raw == json.dumps(json.loads(raw), ensure_ascii=False, separators=(",", ":")) + "\n"
        for record in (record for record in json.loads(raw) if record in WHOLE):
            assert [key for key in record if key in {*expected, "timeposted", "time-posted"}][:15] in (
                expected,
                # A TikTok of batch 1 that was seen again keeps the keys of its time
                ["timeposted" if key == "time-posted" else key for key in expected],
            )
            if "/photo/" not in record["permalink"]:
                texts = {key: value for key, value in record.items() if key in expected[:13]}
                assert all(isinstance(value, str) for value in texts.values()), texts
                assert isinstance(record["scrape-timestamp"], float | int)
    assert {"float", "int"} <= {type(record["scrape-timestamp"]).__name__ for record in WHOLE}
    assert all(list(query) == [*QUERY_KEYS, *JUDGEMENTS] for query in QUERIES)
    assert all(isinstance(query[key], bool) for query in QUERIES for key in JUDGEMENTS)
    assert all({query[key] for query in QUERIES} == {True, False} for key in JUDGEMENTS)


def test_ids_hold_the_post_time() -> None:
    """An id has 19 digits, its upper half is the post time in UNIX seconds, and the shown date agrees with it."""
    for record in WHOLE:
        assert re.fullmatch(r"\d{19}", record["id"])
        assert record["id"] in record["permalink"]
        moment = datetime.fromtimestamp(int(record["id"]) >> 32, UTC)
        scraped = datetime.fromtimestamp(record["scrape-timestamp"], UTC)
        shown = posted(record)
        assert moment < scraped
        if match := re.fullmatch(r"(\d+)([hd]) ago", shown):
            unit = timedelta(hours=1) if match[2] == "h" else timedelta(days=1)
            assert abs(scraped - moment - int(match[1]) * unit) <= unit
        else:
            day = shown if re.match(r"\d{4}-", shown) else f"{scraped.year}-{shown}"
            assert datetime.strptime(day, "%Y-%m-%d").date() == moment.date()
    assert len(NEWEST) == len({id_[:19] for id_ in NEWEST})


@pytest.mark.parametrize(
    ("kind", "values", "pattern"),
    [
        ("K counts", [r["like-count"] for r in WHOLE], r"\d+\.\dK"),
        ("whole K counts", [r["like-count"] for r in WHOLE], r"\d+K"),
        ("M counts", [r["like-count"] for r in WHOLE], r"\d\.\dM"),
        ("plain counts", [r["like-count"] for r in WHOLE], r"\d{2,4}"),
        ("K counts of comments", [c["like-count"] for c in COMMENTS], r"\d+\.\dK"),
        ("no replies", [c["replies-count"] for c in COMMENTS], r""),
        ("full dates", [posted(r) for r in WHOLE], r"20\d\d-\d{1,2}-\d{1,2}"),
        ("dates without a year", [posted(r) for r in WHOLE], r"\d{1,2}-\d{1,2}"),
        ("days ago", [posted(r) for r in WHOLE], r"\dd ago"),
        ("hours ago", [posted(r) for r in WHOLE], r"\d+h ago"),
        ("minutes ago, trailing blank", [c["time-posted"] for c in COMMENTS], r"\d+m ago "),
        ("hours ago, trailing blank", [c["time-posted"] for c in COMMENTS], r"\d+h ago "),
        ("days ago, trailing blank", [c["time-posted"] for c in COMMENTS], r"\dd ago "),
        ("weeks ago, trailing blank", [c["time-posted"] for c in COMMENTS], r"\dw ago "),
        ("query with a trailing blank", [q["text"] for q in QUERIES], r".*\S "),
        ("query with a trailing comma", [q["text"] for q in QUERIES], r".*,"),
        ("blob link", [r["video-src"] or "" for r in WHOLE], r"blob:.*"),
        ("page link", [r["video-src"] or "" for r in WHOLE], r"http://[^/]*/@[\w.]+/video/\d+"),
        ("cookie-bound link", [r["video-src"] or "" for r in WHOLE], r".*tk=tt_chain_token"),
        ("stamp in the path", [r["video-src"] or "" for r in WHOLE], r"https://[^/]+/\w{32}/[0-9a-f]{8}/.*"),
        ("expire=", [r["video-src"] or "" for r in WHOLE], r".*[&?]expire=\d{10}.*"),
        ("x-expires=", [r["coverphoto-src"] or "" for r in WHOLE], r".*x-expires=\d{10}.*"),
        ("photo post", [r["permalink"] for r in WHOLE], r".*/photo/\d{19}\?.*"),
        ("empty description", [r["description"] for r in WHOLE], r""),
        ("a bare @", [r["description"] for r in WHOLE], r"@"),
        ("emoji with a joiner", TEXTS, r".*\u200d.*"),
        ("skin tone", TEXTS, r".*[\U0001f3fb-\U0001f3ff].*"),
        ("flag", TEXTS, r".*[\U0001f1e6-\U0001f1ff]{2}.*"),
        ("keycap", TEXTS, r".*\d\ufe0f\u20e3.*"),
        ("variation selector", TEXTS, r".*\ufe0f.*"),
        ("Japanese", TEXTS, r".*[\u3040-\u30ff].*"),
        ("Cyrillic", TEXTS, r".*[\u0400-\u04ff]{3}.*"),
        ("Greek", TEXTS, r".*[\u0370-\u03ff]{3}.*"),
        ("styled letters", TEXTS, r".*[\U0001d400-\U0001d7ff]{3}.*"),
        ("full-width letters", TEXTS, r".*[\uff21-\uff5a]{3}.*"),
        ("HTML in a comment", [c["comment-text"] for c in COMMENTS], r".*<script>.*"),
        ("hashtags run together", [r["description"] for r in WHOLE], r".*#renfairefail .*"),
        ("Japanese query", [q["text"] for q in QUERIES], r".*[\u3040-\u30ff].*"),
        ("blank cover text", [text or "-" for text in [" " if t == "" else t for t in OCR.values()]], r" "),
        ("broken lines in a cover text", [text or "" for text in OCR.values()], r"(?s).*\n\n.*"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_dirt(kind: str, values: list[str], pattern: str) -> None:
    """Each kind of dirt of the real data is there."""
    assert any(re.fullmatch(pattern, value) for value in values), kind


def test_comments_come_in_every_amount() -> None:
    """Some TikToks have no comments, one has twenty, one has a text where the list should be."""
    amounts = {len(record["comments"]) for record in WHOLE if isinstance(record["comments"], list)}
    assert {0, 1, 2, 3, 20} <= amounts
    assert [type(record["comments"]).__name__ for record in WHOLE].count("str") == 1
    answers = [comment for comment in COMMENTS if comment.get("reply-to") is not None]
    assert len(answers) >= 4


def test_repeats_and_broken_records() -> None:
    """A TikTok seen twice with newer counts, a record without an id, and error records after and without a good one."""
    twice = [id_ for id_, times in Counter(record["id"] for record in WHOLE).items() if times == 2]
    for id_ in twice:
        older, newer = (record for record in WHOLE if record["id"] == id_)
        assert older["scrape-timestamp"] < newer["scrape-timestamp"]
        assert older["like-count"] != newer["like-count"]
    assert len(twice) == 2
    older, newer = (record for record in WHOLE if record["id"] == twice[0])
    assert older["music-title"] and not newer["music-title"]
    assert newer["comments"][0] not in older["comments"]
    assert older["comments"][-1] not in newer["comments"]
    assert sum("id" not in record for record in RECORDS) == 1
    assert [record["id"] in NEWEST for record in FAILED] == [True, True, False]
    for record in FAILED[:2]:
        others = [other["scrape-timestamp"] for other in WHOLE if other["id"] == record["id"]]
        assert record["scrape-timestamp"] > max(others)


def test_one_file_is_cut_off() -> None:
    """The cut file is no JSON, and loses nothing that the whole one does not have."""
    text = (DEMO / "info/batch_4_cut_off.json").read_text()
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    assert BATCHES[3].read_text().startswith(text)


def test_each_reason_to_exclude_is_there() -> None:
    """Null transcripts of one host, a null cover text, blob links, nobody asked; the rest is seen at run time."""
    hosts = {record["id"]: str(record["video-src"]).split("/")[2] for record in WHOLE if record["video-src"]}
    deaf = {id_ for id_, text in SPEECH.items() if text is None}
    assert deaf == {id_ for id_, host in hosts.items() if host.startswith("v16-webapp-prime.")}
    assert len(deaf) == 4
    assert sum(text is None for text in OCR.values()) == 1
    missing = [id_ for id_, record in MASTER.items() if record["download-timestamp"] is None]
    assert len(missing) == 2
    assert all(MASTER[id_]["video-src"].startswith("blob:") for id_ in missing)
    assert len({record["id"] for record in records_of(*BATCHES[:3]) if "id" in record} - MASTER.keys()) == 1
    assert OCR.keys() == SPEECH.keys() == MASTER.keys() - set(missing)


def test_queries_have_targets() -> None:
    """Every target was scraped; exactly one did not make it into the corpus, and nobody asks twice."""
    links = [str(NEWEST[query["target"]]["video-src"]) for query in QUERIES]
    assert sum("/locked/" in link for link in links) == 1
    assert sum(bool(query["target"] in OCR) for query in QUERIES) >= 36
    assert len({query["text"] for query in QUERIES}) == len(QUERIES)
    assert all(1 <= len(query["text"].split()) <= 7 for query in QUERIES)


def test_links_lead_nowhere_but_here() -> None:
    """Apart from permalinks, every link is under the reserved .test, so that no demo run can reach a stranger."""
    for record in WHOLE:
        for link in (record["video-src"], record["coverphoto-src"], record["music-src"], *record.get("slide-srcs", ())):
            assert not link or re.match(r"(blob:)?https?://[^/:]+\.test(/|$)", link), link


def words(text: str) -> list[str]:
    """Return plain words."""
    return re.findall(r"[a-z0-9]+", unidecode(unicodedata.normalize("NFKC", text)).lower())


def four_grams(text: str) -> list[str]:
    """Return 4-grams inside words with their edges marked."""
    edged = [f"_{word}_" for word in words(text)]
    return [word[i : i + 4] for word in edged for i in range(max(1, len(word) - 3))]


@pytest.mark.parametrize(("tokenise", "low", "high"), [(words, 0.55, 0.75), (four_grams, 0.80, 0.95)])
def test_retrieval_is_neither_hopeless_nor_trivial(tokenise: Any, low: float, high: float) -> None:
    """BM25 on words finds two targets in three at once; 4-grams inside words find clearly more."""
    ids = [id_ for id_ in OCR if OCR[id_] is not None and SPEECH[id_] is not None]
    documents = []
    for id_ in ids:
        record = MASTER[id_]
        fields = [record[key] for key in ("creator-username", "creator-nickname", "description", "music-title")]
        fields += [f"{c['commenter-username']} {c['comment-text']}" for c in record["comments"] if isinstance(c, dict)]
        documents.append(tokenise(" ".join([*fields, OCR[id_], SPEECH[id_]])))
    index = importlib.import_module("bm25s").BM25(k1=1.2, b=0.75)
    index.index(documents, show_progress=False)
    found = []
    for query in (query for query in QUERIES if query["target"] in ids):
        known = [token for token in tokenise(query["text"]) if token in index.vocab_dict]
        scores = index.get_scores(known) if known else [0.0] * len(ids)
        mine = scores[ids.index(query["target"])]
        found.append(mine > 0 and sum(score >= mine for score in scores) == 1)
    assert low <= sum(found) / len(found) <= high


def test_media_are_small_and_whole() -> None:
    """At most 5 MB; every file is whole; no file without a TikTok and no TikTok without its files."""
    media = DEMO / "media"
    files = [path for path in media.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 5_000_000
    wanted = set()
    for record in read(BATCHES[3]):
        for link in (record["video-src"], record["coverphoto-src"], *(record["slide-srcs"] or ())):
            wanted.add(str(link).partition(".test/")[2].partition("?")[0])
    silent = []
    served = {str(path.relative_to(media)) for path in files}
    assert served <= wanted
    assert {path for path in wanted - served if path and not path.startswith("@")} == {"videos/gone-balloon.mp4"}
    for path in files:
        if path.suffix == ".jpg":
            assert check_image(path).ok
            with Image.open(path) as image:
                assert image.size == (320, 568)
        else:
            clip = check_video(path)
            assert clip.ok
            silent.append(not clip.has_audio)
    assert sum(silent) == 1


def test_nobody_of_the_real_corpus_is_here() -> None:
    """No id, name or text of the real corpus occurs in the demo."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared")

    def traces(records: list[Record]) -> set[str]:
        found = set()
        for record in records:
            found |= {
                record[key] for key in ("id", "creator-username", "creator-nickname", "music-title", "description")
            }
            for comment in record["comments"] if isinstance(record["comments"], list) else ():
                found |= {comment["commenter-username"].removeprefix("@"), comment["comment-text"]}
        # An empty text and a bare @ belong to nobody
        return {trace.strip().lower() for trace in found} - {"", "@"}

    real = traces(records_of(*(SHARED / "data/tiktok/info").glob("*.json")))
    assert len(real) > 3000
    assert not real & traces(WHOLE)
