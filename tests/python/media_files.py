"""Make the media that the tests look at: drawn covers, clips, tones and speech, whole and broken. Nothing is kept."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import re
import shutil
import subprocess
import wave
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from extract.sound import find_ffmpeg

SAMPLE_RATE = 16_000

needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs tesseract")
needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None and importlib.util.find_spec("imageio_ffmpeg") is None, reason="needs ffmpeg"
)
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")


@cache
def ffmpeg() -> str:
    """Return the program that the audio step takes as well."""
    return find_ffmpeg()


def shared_data() -> Path:
    """Return the folder with the real corpus, or skip the test: it never becomes part of the project."""
    given = os.environ.get("TIKTOK_SHARED")
    folder = (Path(given) if given else Path(__file__).parents[2].parent / "shared") / "data"
    if not folder.is_dir():
        pytest.skip("needs ../shared")
    return folder


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


# Covers


def photo(size: tuple[int, int] = (405, 720), seed: int = 7) -> Image.Image:
    """Draw something like a photo without text: soft patches of colour, a few shapes, and grain."""
    rng = random.Random(seed)
    width, height = size
    small = Image.new("RGB", (6, 9))
    small.putdata([(rng.randrange(230), rng.randrange(230), rng.randrange(230)) for _ in range(54)])
    image = small.resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(8):
        x, y, r = rng.randrange(width), rng.randrange(height), rng.randrange(20, width // 3)
        colour = rng.randrange(256), rng.randrange(256), rng.randrange(256)
        draw.ellipse((x - r, y - r // 2, x + r, y + r), fill=colour)
    image = image.filter(ImageFilter.GaussianBlur(3))
    grain = Image.frombytes("L", size, rng.randbytes(width * height)).convert("RGB")
    return Image.blend(image, grain, 0.08)


def noise(size: tuple[int, int] = (405, 720), seed: int = 3) -> Image.Image:
    """Draw pure colour noise."""
    return Image.frombytes("RGB", size, random.Random(seed).randbytes(size[0] * size[1] * 3))


def gradient(size: tuple[int, int] = (405, 720)) -> Image.Image:
    """Draw a sweep from black to white."""
    return Image.linear_gradient("L").resize(size).convert("RGB")


def caption(
    image: Image.Image,
    text: str,
    *,
    top: int = 120,
    left: int = 30,
    size: int = 30,
    fill: str = "white",
    stroke: str | None = "black",
) -> Image.Image:
    """Write a caption over an image as the site does: white letters with a dark edge."""
    font = ImageFont.load_default(size=size)
    draw = ImageDraw.Draw(image)
    draw.multiline_text(
        (left, top), text, font=font, fill=fill, stroke_width=2 if stroke else 0, stroke_fill=stroke or fill, spacing=8
    )
    return image


def save_cover(data: Path, name: str, image: Image.Image) -> Path:
    """Save an image as a JPEG cover of the raw zone."""
    path = data / "coverphotos" / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, "JPEG", quality=90)
    return path


def words(text: str) -> Counter[str]:
    """Count the words of a text, without case and punctuation."""
    return Counter(re.findall(r"[a-z0-9']+", text.lower()))


def recall_and_precision(pairs: list[tuple[str, str]]) -> tuple[float, float]:
    """Compare (found, true) texts by their words, over all of them."""
    shared = sum((words(found) & words(true)).total() for found, true in pairs)
    return (
        shared / max(1, sum(words(true).total() for _, true in pairs)),
        shared / max(1, sum(words(found).total() for found, _ in pairs)),
    )


# Sound


def run_quietly(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def silence(seconds: float) -> bytes:
    """Return PCM silence: 16 kHz, 16 bit, mono."""
    return bytes(2 * int(seconds * SAMPLE_RATE))


def write_wav(path: Path, pcm: bytes, *, rate: int = SAMPLE_RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return path


def read_wav(path: Path) -> tuple[int, int, int, bytes]:
    """Return channels, bytes a sample, samples a second, and the samples."""
    with wave.open(str(path), "rb") as file:
        return file.getnchannels(), file.getsampwidth(), file.getframerate(), file.readframes(file.getnframes())


@cache
def spoken(text: str, speed: int = 130) -> bytes:
    """Return a sentence as espeak-ng says it: PCM, 16 kHz, 16 bit, mono."""
    said = subprocess.run(
        ["espeak-ng", "-v", "en-us", "-s", str(speed), "--stdout", text], check=True, capture_output=True
    ).stdout
    return subprocess.run(
        [ffmpeg(), "-v", "error", "-i", "-", "-f", "s16le", "-ac", "1", "-ar", str(SAMPLE_RATE), "-"],
        input=said,
        check=True,
        capture_output=True,
    ).stdout


# Clips


def make_clip(
    path: Path,
    *,
    seconds: float = 2.0,
    sound: str | None = "sine=frequency=440:sample_rate=44100",
    wav: Path | None = None,
    moov_first: bool = False,
) -> Path:
    """Encode a small MP4: a still colour with a tone, a given WAV, or without any sound track."""
    path.parent.mkdir(parents=True, exist_ok=True)
    command: list[str | Path] = [ffmpeg(), "-v", "error", "-y"]
    command += ["-f", "lavfi", "-i", f"testsrc=size=64x112:rate=10:duration={seconds}"]
    if wav is not None:
        command += ["-i", wav]
    elif sound is not None:
        command += ["-f", "lavfi", "-i", f"{sound}:duration={seconds}" if "=" in sound else sound, "-t", str(seconds)]
    command += ["-c:v", "mpeg4", "-pix_fmt", "yuv420p"]
    command += ["-c:a", "aac", "-ac", "2", "-ar", "44100"] if wav is not None or sound is not None else ["-an"]
    command += ["-movflags", "+faststart"] if moov_first else []
    run_quietly(*command, path)
    return path


def cut(path: Path, share: float = 0.6) -> Path:
    """Cut a file's end off."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def journal_lines(path: Path) -> list[dict[str, Any]]:
    """Read the lines of a journal."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
