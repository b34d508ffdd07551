"""Say whether a media file is whole, without trusting its name, its content type or a decoder's good will.

A cut MP4 whose `moov` box lies in front decodes without any error, and an error page saved as .mp4 or .jpg is only
found out hours later: so the boxes are walked, the magic bytes looked at, and images decoded under a bound on pixels.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from extract.steps.common import require_module

if TYPE_CHECKING:
    from PIL.Image import Image

# 40 million pixels are 120 MB as RGB; the site's covers have less than two million
MAX_PIXELS = 40_000_000

VIDEO_KINDS = frozenset({"mp4"})
IMAGE_KINDS = frozenset({"jpeg", "png", "webp", "gif", "bmp", "tiff"})

INSTALL_PILLOW = "pip install -e '.[extract]'"


@dataclass(frozen=True)
class MediaCheck:
    """What was found.

    `fault` is None for a good file, else empty, not_media, truncated, corrupt or too_large; `reason` says it to a
    person. `tracks` are the handlers of a video's tracks (vide, soun, ...), `seconds` is how long it says it lasts;
    width and height are in pixels.
    """

    kind: str | None
    fault: str | None = None
    reason: str | None = None
    tracks: tuple[str, ...] = field(default=())
    width: int | None = None
    height: int | None = None
    seconds: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the file is whole."""
        return self.fault is None

    @property
    def has_audio(self) -> bool:
        """Whether a video holds at least one sound track."""
        return "soun" in self.tracks


class MediaError(ValueError):
    """An image that cannot be read; `check.fault` says which kind of fault it is."""

    def __init__(self, check: MediaCheck) -> None:
        """Keep the check; its reason is the message."""
        super().__init__(check.reason or "unreadable media")
        self.check = check


def sniff(head: bytes) -> str | None:
    """Name the kind of file that begins with these bytes (16 are enough, 512 for text); None if unknown."""
    if head[4:8] == b"ftyp":
        return "avif" if head[8:12] in (b"avif", b"avis", b"heic", b"mif1") else "mp4"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if head.startswith(b"BM") and len(head) >= 6 and b"\x00" in head[:14]:
        return "bmp"
    if head[:4] in (b"II*\x00", b"MM\x00*"):
        return "tiff"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "webm"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<?xml")):
        return "html"
    if start[:1] in (b"{", b"["):
        return "json"
    if head and all(byte >= 32 or byte in b"\t\r\n\f" for byte in head[:512]):
        return "text"
    return None


@dataclass(frozen=True)
class Box:
    """One MP4 box: its four-letter name, where its content begins, and where it ends (byte offsets)."""

    name: str
    content: int
    end: int


def _boxes(file: BinaryIO, begin: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two offsets; the last one may reach beyond the end. Raises ValueError for nonsense."""
    position = begin
    while position < end:
        file.seek(position)
        header = file.read(min(16, end - position))
        if len(header) < 8:
            raise EOFError(f"{end - position} bytes are left where a box should begin")
        size, name, content = int.from_bytes(header[:4], "big"), header[4:8], position + 8
        if not all(32 <= byte < 127 or byte == 0xA9 for byte in name):
            raise ValueError(f"no box at byte {position}")
        if size == 1:
            if len(header) < 16:
                raise EOFError(f"the box at byte {position} is cut in its header")
            size, content = int.from_bytes(header[8:16], "big"), position + 16
        elif size == 0:  # reaches to the end of what holds it
            size = end - position
        if size < content - position:
            raise ValueError(f"the box at byte {position} says it is {size} bytes long")
        yield Box(name.decode("latin-1"), content, position + size)
        position += size


def _track_kinds(file: BinaryIO, moov: Box) -> tuple[str, ...]:
    """Name the handler of each track in the movie box: vide, soun, ..."""
    kinds: list[str] = []
    for track in _boxes(file, moov.content, moov.end):
        if track.name != "trak":
            continue
        for media in _boxes(file, track.content, track.end):
            if media.name != "mdia":
                continue
            for handler in _boxes(file, media.content, media.end):
                if handler.name == "hdlr":
                    file.seek(handler.content + 8)  # version and flags, then a reserved word
                    kinds.append(file.read(4).decode("latin-1"))
    return tuple(kinds)


def _seconds(file: BinaryIO, moov: Box) -> float | None:
    """Read how long the movie header says that the video lasts; None where it does not say (0, as in fragments)."""
    for header in _boxes(file, moov.content, moov.end):
        if header.name != "mvhd":
            continue
        file.seek(header.content)
        content = file.read(32)
        wide = content[:1] == b"\x01"
        unit = int.from_bytes(content[20:24] if wide else content[12:16], "big")
        length = int.from_bytes(content[24:32] if wide else content[16:20], "big")
        return length / unit if unit and length else None
    return None


def check_video(path: Path) -> MediaCheck:
    """Walk the boxes of an MP4: `ftyp` first, `moov`, `mdat` and a video track there, no byte missing or left over."""
    size = path.stat().st_size
    if size == 0:
        return MediaCheck(None, "empty", "the file is empty")
    with path.open("rb") as file:
        kind = sniff(file.read(512))
        if kind not in VIDEO_KINDS:
            return MediaCheck(kind, "not_media", f"not an MP4 file but {kind or 'something unknown'}")
        moov: Box | None = None
        media_bytes = 0
        try:
            for box in _boxes(file, 0, size):
                if box.end > size:
                    return MediaCheck(
                        kind, "truncated", f"the {box.name} box ends at byte {box.end}, the file at byte {size}"
                    )
                if box.name == "moov":
                    moov = box
                elif box.name == "mdat":
                    media_bytes += box.end - box.content
            if moov is None:
                return MediaCheck(kind, "truncated", "no moov box: the end of the file is missing")
            if media_bytes == 0:
                return MediaCheck(kind, "truncated", "no media data")
            tracks = _track_kinds(file, moov)
            seconds = _seconds(file, moov)
        except EOFError as error:
            return MediaCheck(kind, "truncated", str(error))
        except ValueError as error:
            return MediaCheck(kind, "corrupt", str(error))
    if "vide" not in tracks:
        return MediaCheck(kind, "corrupt", "no video track", tracks)
    return MediaCheck(kind, tracks=tracks, seconds=seconds)


def load_image(path: Path, max_pixels: int = MAX_PIXELS) -> Image:
    """Decode an image of any kind into RGB pixels.

    Raises MediaError: empty, not_media (not an image), too_large (more than `max_pixels`; nothing is decoded),
    truncated, corrupt.
    """
    require_module("PIL", INSTALL_PILLOW)
    import PIL.Image
    from PIL import UnidentifiedImageError

    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        raise MediaError(MediaCheck(None, "empty", "the file is empty"))
    kind = sniff(head)
    if kind not in IMAGE_KINDS:
        raise MediaError(MediaCheck(kind, "not_media", f"not an image but {kind or 'something unknown'}"))
    try:
        with warnings.catch_warnings():
            # The bound below is ours; Pillow's own warning about large images would only be noise
            warnings.simplefilter("ignore")
            image = PIL.Image.open(path)
    except PIL.Image.DecompressionBombError as error:
        raise MediaError(MediaCheck(kind, "too_large", str(error))) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise MediaError(MediaCheck(kind, "corrupt", f"unreadable header: {error}")) from error
    with image:
        width, height = image.size
        if width * height > max_pixels:
            reason = f"{width} x {height} pixels, more than the {max_pixels} that are decoded"
            raise MediaError(MediaCheck(kind, "too_large", reason, width=width, height=height))
        try:
            image.load()
            return image.convert("RGB")
        except (
            Exception
        ) as error:  # Pillow's plugins raise OSError, SyntaxError, ValueError, EOFError, struct.error ...
            fault = "truncated" if "truncated" in str(error) else "corrupt"
            raise MediaError(MediaCheck(kind, fault, str(error), width=width, height=height)) from error


def check_image(path: Path, max_pixels: int = MAX_PIXELS) -> MediaCheck:
    """Decode an image under a bound on its pixels and say what was found."""
    try:
        image = load_image(path, max_pixels)
    except MediaError as error:
        return error.check
    with path.open("rb") as file:
        return MediaCheck(sniff(file.read(512)), width=image.width, height=image.height)
