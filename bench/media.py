"""Time the media steps against what one would write first, in one run: ratios say more than seconds.

OCR: our two or three looks at a cover against one plain `pytesseract.image_to_string` with Tesseract's default threads.
Audio: the fast path (sums, box walk, decoding, fsync) against `VideoFileClip(...).audio.write_audiofile(...)`.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from extract.media_checks import load_image
from extract.media_items import MediaItem
from extract.ocr_engines import open_ocr_engine
from extract.sound import open_decoder
from extract.steps.audio import extract_sound
from extract.steps.common import default_jobs

if TYPE_CHECKING:
    from PIL.Image import Image

DEMO_MEDIA = Path(__file__).parents[1] / "demo" / "media"
AUDIO_AIM = 4.0
FILES = 6


@dataclass(frozen=True)
class Comparison:
    """Seconds for each file of the plain way and of ours."""

    name: str
    plain: Sequence[float]
    ours: Sequence[float]
    aim: float | None = None

    @property
    def ratio(self) -> float:
        """How many times faster ours is: the median over the files, so one hiccup of the machine does not count."""
        return statistics.median(plain / ours for plain, ours in zip(self.plain, self.ours, strict=True))

    def __str__(self) -> str:
        """Say it in a line."""
        aim = "" if self.aim is None else f" (aim: {self.aim:.0f}x, {'met' if self.ratio >= self.aim else 'MISSED'})"
        return (
            f"{self.name}: {statistics.median(self.plain):.3f} s a file, ours {statistics.median(self.ours):.3f} s, "
            f"{self.ratio:.1f}x as fast over {len(self.ours)} files{aim}"
        )


def seconds(work: Callable[..., object], *arguments: object) -> float:
    """Return how long a call takes."""
    begin = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begin


def compare_ocr(covers: Sequence[Path]) -> list[Comparison]:
    """Time reading covers: all looks, the first alone, and covers side by side as the step does, against plain."""
    import pytesseract  # type: ignore[import-untyped, unused-ignore]

    from extract.ocr_engines import TesseractEngine, bright_mask, scaled_for_reading

    def look_once(engine: TesseractEngine, image: Image) -> None:
        engine.look([bright_mask(scaled_for_reading(image), 200)])

    images = [load_image(path) for path in covers]
    limit = os.environ.pop("OMP_THREAD_LIMIT", None)
    plain: list[float] = []
    whole: list[float] = []
    first: list[float] = []
    try:
        pytesseract.image_to_string(images[0])  # the first call finds the program and warms the disk
        engine = TesseractEngine()
        for image in images:
            plain.append(seconds(pytesseract.image_to_string, image))
            with open_ocr_engine("pytesseract"):  # the engine's environment, for as long as it reads
                whole.append(seconds(engine.read, image))
                first.append(seconds(look_once, engine, image))
        with open_ocr_engine("pytesseract"), ThreadPoolExecutor(default_jobs()) as pool:
            step = seconds(lambda: list(pool.map(engine.read, images))) / len(images)
    finally:
        if limit is not None:
            os.environ["OMP_THREAD_LIMIT"] = limit
    return [
        Comparison("OCR, all looks, against image_to_string", plain, whole),
        Comparison("OCR, one look, against image_to_string", plain, first),
        Comparison(f"OCR, {default_jobs()} at a time, against image_to_string", [sum(plain) / len(plain)], [step]),
    ]


def compare_audio(videos: Sequence[Path]) -> Comparison:
    """Time taking the sound out of clips that have some."""
    from moviepy import VideoFileClip  # type: ignore[import-untyped, unused-ignore]

    decoder = open_decoder("ffmpeg")
    plain: list[float] = []
    ours: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def write_plainly(video: Path) -> None:
            with VideoFileClip(str(video)) as clip:
                clip.audio.write_audiofile(str(folder / "plain.wav"), logger=None)

        for index, video in enumerate(videos):
            item = MediaItem(video.stem, "video", video)
            if index == 0:
                write_plainly(video)
            plain.append(seconds(write_plainly, video))
            ours.append(seconds(extract_sound, item, decoder, folder / "ours.wav"))
    return Comparison("audio, against VideoFileClip", plain, ours, AUDIO_AIM)


def clips_with_sound(videos: Path) -> list[Path]:
    """Return the clips of a folder that have a sound track."""
    from extract.media_checks import check_video

    return [path for path in sorted(videos.glob("*.mp4")) if check_video(path).has_audio]


def run(covers: Path | None = None, videos: Path | None = None, files: int = FILES) -> list[Comparison]:
    """Compare on the media of a folder each, the demo's unless told; returns the comparisons."""
    covers = covers or DEMO_MEDIA / "coverphotos"
    videos = videos or DEMO_MEDIA / "videos"
    return [
        *compare_ocr(sorted(covers.glob("*.jpg"))[:files]),
        compare_audio(clips_with_sound(videos)[:files]),
    ]


def main(arguments: Sequence[str]) -> None:
    """Print the ratios; arguments: a folder of covers and a folder of videos, or none."""
    covers, videos = (Path(argument) for argument in arguments) if arguments else (None, None)
    for comparison in run(covers, videos):
        print(comparison)


if __name__ == "__main__":
    main(sys.argv[1:])
