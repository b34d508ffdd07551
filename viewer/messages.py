"""What travels between the viewer's pages and the server."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from viewer.corpus import Card, Post
from viewer.media import Media, MediaFolder

TikTokId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,25}$")]
QueryId = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
]
Pseudonym = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,16}-[a-z]{2,16}-[0-9a-z]{4}$")]
OwnerKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
# A decade: nobody waits longer
Seconds = Annotated[float, Field(ge=0, le=315_360_000, allow_inf_nan=False)]
QUERY_CHARACTERS = 300
# A judge's pseudonym, or nothing
JUDGE = r"^([a-z0-9-]{2,32})?$"
QueryText = Annotated[str, StringConstraints(min_length=1, max_length=QUERY_CHARACTERS, pattern=r"\S")]


class Said(BaseModel):
    """What a page says; what it must not say is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Creator(BaseModel):
    """Who made a TikTok, perhaps under a pseudonym."""

    username: str | None
    nickname: str | None


class CardMessage(BaseModel):
    """What a list shows of a TikTok; the cover is an address relative to the start page."""

    id: str
    media_type: str
    creator: Creator
    description: str | None
    posted_at: datetime | None
    cover: str | None


class CommentMessage(BaseModel):
    """A comment, or a reply to the comment that is its parent."""

    id: str
    parent_id: str | None
    name: str | None
    text: str | None
    like_count: int | None
    posted_at: datetime | None


class PostMessage(CardMessage):
    """A TikTok with all that is shown of it; addresses are relative to the start page, null where there is no file."""

    music_title: str | None
    like_count: int | None
    comment_count: int | None
    caption_text: str | None
    permalink: str | None
    video: str | None
    slides: list[str]
    captions: str | None
    comments: list[CommentMessage]


class QueueMessage(BaseModel):
    """The TikToks to be watched, in the order of their ids; every browser shuffles for itself."""

    ids: list[str]
    snapshot_version: str


class ResultMessage(CardMessage):
    """A TikTok that a search found."""

    rank: int
    score: float


class Results(BaseModel):
    """The best TikToks for a query."""

    query: str
    system_id: str
    results: list[ResultMessage]


class PartMessage(BaseModel):
    """A piece of a text, and whether it matches."""

    text: str
    is_match: bool


class SnippetMessage(BaseModel):
    """Where a field matches."""

    field: str
    parts: list[PartMessage]


class Snippets(BaseModel):
    """Where each TikTok matches, by id."""

    snippets: dict[str, list[SnippetMessage]]


class ShareMessage(BaseModel):
    """What one term in one field adds to the score."""

    term: str
    field: str
    term_frequency: float
    document_frequency: int
    idf: float | None
    contribution: float


class Explanation(BaseModel):
    """Why a TikTok stands where it stands."""

    terms: list[ShareMessage]
    score: float


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str


class Submission(Said):
    """A query with its target. Times are given as seconds before now, because clocks differ."""

    query_id: QueryId
    query_text: QueryText
    target_id: TikTokId
    pseudonym: Pseudonym
    owner_key: OwnerKey
    found_by: Literal["history", "search"]
    submitted_seconds_ago: Seconds = 0
    viewed_seconds_ago: Seconds | None = None
    last_viewed_seconds_ago: Seconds | None = None
    watched_seconds: Seconds | None = None
    is_early: bool = False


class Owner(Said):
    """The secret that only the participant's browser has."""

    owner_key: OwnerKey


class Withdrawal(Owner):
    """Which query its author takes back."""

    query_id: QueryId


class Receipt(BaseModel):
    """What became of what was sent: whether it is new, or was there already."""

    query_id: str
    is_new: bool


class Receipts(BaseModel):
    """How many queries were withdrawn."""

    withdrawn: int


class Given(BaseModel):
    """Every line that a participant gave, as it stands in the file; the owner is left out."""

    lines: list[dict[str, object]]


class Judgement(Said):
    """One judge's answer to the question whether a TikTok is also right for a query."""

    judgement_id: QueryId
    judge: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{2,32}$")]
    query_id: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    doc_id: TikTokId
    answer: Literal["yes", "no", "unsure"]


class Entrance(Said):
    """The token of a hosted study."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=200)]


def cover_address(media: MediaFolder, tiktok_id: str) -> str | None:
    """Return the address of a cover, relative to the start page; None where there is no file."""
    return f"media/covers/{tiktok_id}.jpg" if media.cover(tiktok_id) else None


def card_message(card: Card, cover: str | None) -> CardMessage:
    """Return what a list shows."""
    return CardMessage(
        id=card.tiktok_id,
        media_type=card.media_type,
        creator=Creator(username=card.creator.username, nickname=card.creator.nickname),
        description=card.description,
        posted_at=card.posted_at,
        cover=cover,
    )


def post_message(post: Post, media: Media) -> PostMessage:
    """Return all that is shown of a TikTok."""
    tiktok_id = post.card.tiktok_id
    return PostMessage(
        **card_message(post.card, f"media/covers/{tiktok_id}.jpg" if media.cover else None).model_dump(),
        music_title=post.music_title,
        like_count=post.like_count,
        comment_count=post.comment_count,
        caption_text=post.caption_text,
        permalink=post.permalink,
        video=f"media/videos/{tiktok_id}.mp4" if media.video else None,
        slides=[f"media/slides/{path.stem}.jpg" for path in media.slides],
        captions=f"media/captions/{tiktok_id}.vtt" if media.captions else None,
        comments=[
            CommentMessage(
                id=comment.comment_id,
                parent_id=comment.parent_comment_id,
                name=comment.name,
                text=comment.text,
                like_count=comment.like_count,
                posted_at=comment.posted_at,
            )
            for comment in post.comments
        ],
    )
