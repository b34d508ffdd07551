"""Files of other tools reach the corpus: one invented file of each shape, carried through the build."""

from __future__ import annotations

import json
from typing import Any

import pytest
from warehouses import BuildResult, build

POSTED_AT = 1_650_000_000  # 2022-04-15 05:20 UTC


def identify(number: int) -> str:
    """Return an id that says that it was posted at POSTED_AT."""
    return str((POSTED_AT << 32) + number)


def link(number: int) -> str:
    """Return a link as the personal export writes it."""
    return f"https://www.tiktokv.com/share/video/{identify(number)}/"


def yt_dlp(number: int) -> dict[str, Any]:
    """Make what yt-dlp writes beside a video."""
    return {
        "id": identify(number),
        "title": "how to fold a m...",
        "description": "how to fold a map",
        "webpage_url": f"https://www.tiktok.com/@mapmaker/video/{identify(number)}",
        "extractor": "TikTok",
        "uploader": "mapmaker",
        "channel": "Map Maker",
        "track": "original sound",
        "artists": ["Map Maker"],
        "timestamp": POSTED_AT,
        "epoch": POSTED_AT + 86400,
        "like_count": 12,
        "comment_count": 3,
        "formats": [{"url": "https://v.example/low.mp4"}, {"url": f"https://v.example/{number}.mp4"}],
        "thumbnails": [{"url": f"https://p.example/{number}.jpg"}],
        "subtitles": {
            "eng-US": [
                {
                    "ext": "vtt",
                    "data": "WEBVTT\n\n1\n00:00.000 --> 00:01.000\nfold it\n\n2\n00:01.000 --> 00:02.000\ntwice\n",
                }
            ]
        },
    }


def captured_video(number: int, **fields: Any) -> dict[str, Any]:
    """Make a video as Zeeschuimer captures it."""
    return {
        "id": identify(number),
        "desc": "bread at home",
        "createTime": POSTED_AT,
        "author": {"uniqueId": "baker", "nickname": "The Baker"},
        "music": {"title": "slow song", "authorName": "A Singer", "playUrl": "https://m.example/1.mp3"},
        "stats": {"diggCount": 5, "commentCount": 1},
        "video": {"playAddr": f"https://v.example/{number}.mp4", "cover": f"https://p.example/{number}.jpg"},
        **fields,
    }


def captured_comment(number: int, reply_to: str, text: str) -> dict[str, Any]:
    """Make a comment as Zeeschuimer captures it."""
    return {
        "cid": str((POSTED_AT + 60 << 32) + number),
        "aweme_id": identify(3),
        "user": {"unique_id": "eater", "nickname": "Eater"},
        "text": text,
        "digg_count": 2,
        "reply_comment_total": 1,
        "create_time": POSTED_AT + 60,
        "reply_id": reply_to,
    }


FILES: dict[str, list[Any]] = {
    "yt-dlp/one.info.json": [yt_dlp(1)],
    "yt-dlp/playlist.info.json": [
        {"_type": "playlist", "webpage_url": "https://www.tiktok.com/@m", "entries": [yt_dlp(2)]}
    ],
    "zeeschuimer/session.ndjson": [
        {"item_id": identify(3), "timestamp_collected": (POSTED_AT + 3600) * 1000, "data": captured_video(3)},
        captured_video(
            4, author="baker", imagePost={"images": [{"imageURL": {"urlList": ["https://p.example/a.jpg"]}}]}
        ),
        captured_comment(1, "0", "smells good"),
        captured_comment(2, str((POSTED_AT + 60 << 32) + 1), "thank you"),
        {"something": "else"},
    ],
    "research-api/videos.json": [
        {
            "data": {
                "videos": [
                    {
                        "id": int(identify(5)),
                        "create_time": POSTED_AT,
                        "username": "runner",
                        "video_description": "five kilometres",
                        "like_count": 7,
                        "comment_count": 1,
                        "voice_to_text": "left right",
                    }
                ],
                "has_more": False,
            },
            "error": {"code": "ok"},
        }
    ],
    "research-api/comments.json": [
        {
            "data": {
                "comments": [
                    {
                        "id": (POSTED_AT + 90 << 32) + 9,
                        "video_id": int(identify(5)),
                        "text": "which shoes",
                        "like_count": 1,
                        "reply_count": 0,
                        "parent_comment_id": int(identify(5)),
                        "create_time": POSTED_AT + 90,
                    }
                ]
            },
            "error": {"code": "ok"},
        }
    ],
    "personal-export/old.json": [
        {
            "Profile": {},
            "Activity": {
                "Video Browsing History": {"VideoList": [{"Date": "2022-11-01 10:00:00", "Link": link(1)}]},
                "Like List": {"ItemFavoriteList": [{"Date": "2022-11-01 10:00:05", "Link": link(6)}]},
            },
        }
    ],
    "personal-export/new.json": [
        {
            "Your Activity": {"Watch History": {"VideoList": [{"Date": "2025-02-01 10:00:00", "Link": link(7)}]}},
            "Likes and Favorites": {
                "Favorite Videos": {"FavoriteVideoList": [{"date": "2025-02-01 10:01:05", "link": link(8)}]}
            },
        }
    ],
}


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """Build a corpus from imports alone, which have no media."""
    folder = tmp_path_factory.mktemp("imported")
    for name, values in FILES.items():
        path = folder / "raw" / "imports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(json.dumps(value) for value in values))
    return build(
        folder / "raw",
        folder / "warehouse.duckdb",
        select=["+path:models/corpus"],
        exclude=["test_type:unit"],
        variables={"keep_incomplete_tiktoks": True},
    )


COLUMNS = (
    "creator_username, creator_nickname, description, music_title, like_count, comment_count, caption_text, "
    "media_type, posted_at::varchar, posted_at_check, permalink"
)
AT = "2022-04-15 05:20:00"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (
            1,
            (
                "mapmaker",
                "Map Maker",
                "how to fold a map",
                "original sound - Map Maker",
                12,
                3,
                "fold it twice",
                "video",
            ),
        ),
        (
            2,
            (
                "mapmaker",
                "Map Maker",
                "how to fold a map",
                "original sound - Map Maker",
                12,
                3,
                "fold it twice",
                "video",
            ),
        ),
        (3, ("baker", "The Baker", "bread at home", "slow song - A Singer", 5, 1, None, "video")),
        (4, ("baker", None, "bread at home", "slow song - A Singer", 5, 1, None, "photo")),
        (5, ("runner", None, "five kilometres", None, 7, 1, "left right", "video")),
    ],
)
def test_each_tool_reaches_the_corpus(imported: BuildResult, number: int, expected: tuple[Any, ...]) -> None:
    """yt-dlp alone and in a playlist, Zeeschuimer with and without an envelope, the Research API."""
    assert imported.success, imported.messages
    permalink = f"https://www.tiktok.com/@{expected[0]}/{expected[-1]}/{identify(number)}"
    assert imported.rows(f"select {COLUMNS} from corpus.tiktoks where tiktok_id = '{identify(number)}'") == [
        (*expected, AT, "agreed", permalink)
    ]


def test_links_are_kept(imported: BuildResult) -> None:
    """The last format of yt-dlp is its best."""
    assert imported.rows(f"select video_src, coverphoto_src from corpus.tiktoks where tiktok_id = '{identify(1)}'") == [
        ("https://v.example/1.mp4", "https://p.example/1.jpg")
    ]


def test_comments_of_other_files_reach_their_tiktoks(imported: BuildResult) -> None:
    """Zeeschuimer's with who answers whom, the Research API's without names."""
    first, reply, bare = ((POSTED_AT + 60 << 32) + 1, (POSTED_AT + 60 << 32) + 2, (POSTED_AT + 90 << 32) + 9)
    assert imported.rows(
        "select comment_id, tiktok_id, parent_comment_id, position, commenter_name, comment_text, like_count "
        "from corpus.comments order by comment_id"
    ) == [
        (str(first), identify(3), None, 1, "Eater", "smells good", 2),
        (str(reply), identify(3), str(first), 2, "Eater", "thank you", 2),
        (str(bare), identify(5), None, 1, None, "which shoes", 1),
    ]


def test_the_personal_export_is_a_list_of_what_was_watched_and_liked(imported: BuildResult) -> None:
    """Both shapes; a listed TikTok that another file holds counts as scraped."""
    assert imported.rows(
        "select list, tiktok_id, listed_at::varchar, is_scraped from corpus.listed_tiktoks order by listed_at"
    ) == [
        ("watched", identify(1), "2022-11-01 10:00:00", True),
        ("liked", identify(6), "2022-11-01 10:00:05", False),
        ("watched", identify(7), "2025-02-01 10:00:00", False),
        ("favourite", identify(8), "2025-02-01 10:01:05", False),
    ]


def test_what_an_importer_does_not_know_is_quarantined(imported: BuildResult) -> None:
    """A captured line of another kind."""
    assert imported.rows("select file, position, reason from corpus.quarantined_records") == [
        ("imports/zeeschuimer/session.ndjson", 5, "the record is neither a video nor a comment")
    ]
