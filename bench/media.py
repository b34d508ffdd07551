"""Time the media steps against what one would write first, in one run: ratios say more than seconds.

OCR: our two or three looks at a cover against one plain `pytesseract.image_to_string` with Tesseract's default threads.
Audio: the fast path (sums, box walk, decoding, fsync) against `VideoFileClip(...).audio.write_audiofile(...)`.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

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


class Cost(NamedTuple):
    """What a call took: seconds by the clock, and seconds of processors, those of the programs it started included."""

    seconds: float
    cpu: float

    def shared(self, files: int) -> Cost:
        """Return the share of one of so many files."""
        return Cost(self.seconds / files, self.cpu / files)


@dataclass(frozen=True)
class Comparison:
    """What each file cost the plain way and ours."""

    name: str
    plain: Sequence[Cost]
    ours: Sequence[Cost]
    files: int
    aim: float | None = None

    @property
    def ratio(self) -> float:
        """How many times faster ours is: the median over the files, so one hiccup of the machine does not count."""
        return statistics.median(plain.seconds / ours.seconds for plain, ours in self._pairs())

    @property
    def cpu_ratio(self) -> float:
        """How many times less it asks of the processors, which another load on the machine does not blur."""
        return statistics.median(plain.cpu / ours.cpu for plain, ours in self._pairs())

    def _pairs(self) -> list[tuple[Cost, Cost]]:
        return list(zip(self.plain, self.ours, strict=True))

    def __str__(self) -> str:
        """Say it in a line."""
        aim = "" if self.aim is None else f" (aim: {self.aim:.0f}x, {'met' if self.ratio >= self.aim else 'MISSED'})"
        plain, ours = (statistics.median(cost.seconds for cost in costs) for costs in (self.plain, self.ours))
        return (
            f"{self.name}: {plain:.3f} s a file, ours {ours:.3f} s, {self.ratio:.1f}x as fast, "
            f"{self.cpu_ratio:.1f}x by processor time, over {self.files} files{aim}"
        )


def cost(work: Callable[..., object], *arguments: object) -> Cost:
    """Return what a call takes."""
    begin, cpu = time.perf_counter(), _cpu_seconds()
    work(*arguments)
    return Cost(time.perf_counter() - begin, _cpu_seconds() - cpu)


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def compare_ocr(covers: Sequence[Path]) -> list[Comparison]:
    """Time reading covers: all looks, the first alone, and covers side by side as the step does, against plain."""
    import pytesseract  # type: ignore[import-untyped, unused-ignore]

    from extract.ocr_engines import TesseractEngine, bright_mask, scaled_for_reading

    def look_once(engine: TesseractEngine, image: Image) -> None:
        engine.look([bright_mask(scaled_for_reading(image), 200)])

    images = [load_image(path) for path in covers]
    limit = os.environ.pop("OMP_THREAD_LIMIT", None)
    plain: list[Cost] = []
    whole: list[Cost] = []
    first: list[Cost] = []
    try:
        pytesseract.image_to_string(images[0])  # the first call finds the program and warms the disk
        engine = TesseractEngine()
        for image in images:
            plain.append(cost(pytesseract.image_to_string, image))
            with open_ocr_engine("pytesseract"):  # the engine's environment, for as long as it reads
                whole.append(cost(engine.read, image))
                first.append(cost(look_once, engine, image))
        with open_ocr_engine("pytesseract"), ThreadPoolExecutor(default_jobs()) as pool:
            step = cost(lambda: list(pool.map(engine.read, images))).shared(len(images))
    finally:
        if limit is not None:
            os.environ["OMP_THREAD_LIMIT"] = limit
    together = Cost(*(sum(values) for values in zip(*plain, strict=True))).shared(len(images))
    return [
        Comparison("OCR, all looks, against image_to_string", plain, whole, len(images)),
        Comparison("OCR, one look, against image_to_string", plain, first, len(images)),
        Comparison(f"OCR, {default_jobs()} at a time, against image_to_string", [together], [step], len(images)),
    ]


def compare_audio(videos: Sequence[Path]) -> Comparison:
    """Time taking the sound out of clips that have some."""
    from moviepy import VideoFileClip  # type: ignore[import-untyped, unused-ignore]

    decoder = open_decoder("ffmpeg")
    plain: list[Cost] = []
    ours: list[Cost] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def write_plainly(video: Path) -> None:
            with VideoFileClip(str(video)) as clip:
                clip.audio.write_audiofile(str(folder / "plain.wav"), logger=None)

        for index, video in enumerate(videos):
            item = MediaItem(video.stem, "video", video)
            if index == 0:
                write_plainly(video)
            plain.append(cost(write_plainly, video))
            ours.append(cost(extract_sound, item, decoder, folder / "ours.wav"))
    return Comparison("audio, against VideoFileClip", plain, ours, len(ours), AUDIO_AIM)


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
