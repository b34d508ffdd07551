"""Decode the sound of a clip to 16 kHz mono PCM, by ffmpeg alone or through MoviePy, with the same result.

PCM here is always 16 bit little-endian, one channel, 16,000 samples a second, as long as the clip says it lasts.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from extract.steps.common import MissingToolError, UsageError, require_module

INSTALL_EXTRACT = "pip install -e '.[extract]'"

ENGINES = ("ffmpeg", "moviepy")
SAMPLE_RATE = 16_000
SAMPLE_BYTES = 2
SETTINGS = f"rate={SAMPLE_RATE} channels=1 codec=pcm_s16le"

DECODE_SECONDS = 600
# A header may say anything: what is longer than this is left as it was decoded
MAX_PADDED_SECONDS = 3600
# A few damaged packets are a crackle; more, and words are lost without anybody noticing
MAX_DAMAGED_SHARE = 0.1
# An AAC packet holds 1,024 samples, nearly always at 44,100 a second
PACKET_SECONDS = 1024 / 44_100
# Older and newer wordings of the same event
_DAMAGED = re.compile(r"Error while decoding stream #|Error submitting packet to decoder")
_NO_STREAM = "matches no streams"


class SoundError(Exception):
    """The sound cannot be had; `status` is no_audio_track, corrupt or failed, `fault` the class for the journal."""

    def __init__(self, status: str, fault: str, reason: str) -> None:
        """Name the outcome and say what happened."""
        super().__init__(reason)
        self.status = status
        self.fault = fault


@dataclass(frozen=True)
class Sound:
    """Decoded PCM, and a remark where the file was damaged but not too badly."""

    pcm: bytes
    remark: str | None = None

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.pcm) / (SAMPLE_RATE * SAMPLE_BYTES)


class SoundDecoder(Protocol):
    """A way to decode; `settings` belongs to the key of the journal."""

    name: str
    version: str
    settings: str

    def decode(self, path: Path, seconds: float | None) -> Sound:
        """Return the sound of a clip that lasts so many seconds (None: unknown). Raises SoundError."""
        ...


def open_decoder(name: str) -> SoundDecoder:
    """Return a decoder; raises MissingToolError with the line that installs it, UsageError for an unknown name."""
    if name == "ffmpeg":
        return FfmpegDecoder()
    if name == "moviepy":
        return MoviePyDecoder()
    raise UsageError(f"--engine: {name} is none of {', '.join(ENGINES)}")


def find_ffmpeg() -> str:
    """Return the ffmpeg that the Python package imageio-ffmpeg carries, or the system's. Raises MissingToolError.

    The package's is linked statically and starts four times as fast as a distribution's with its hundreds of
    libraries; for a short clip starting is nearly all there is. It is also the one that MoviePy takes. The environment
    variable IMAGEIO_FFMPEG_EXE names another one.
    """
    if importlib.util.find_spec("imageio_ffmpeg") is not None:
        import imageio_ffmpeg  # type: ignore[import-untyped, unused-ignore]

        with contextlib.suppress(RuntimeError):  # a platform for which the package carries none
            return str(imageio_ffmpeg.get_ffmpeg_exe())
    found = shutil.which("ffmpeg")
    if found is None:
        raise MissingToolError("ffmpeg", INSTALL_EXTRACT)
    return found


class FfmpegDecoder:
    """One ffmpeg process for a clip; nothing is written but what comes through the pipe."""

    name = "ffmpeg"
    settings = SETTINGS

    def __init__(self) -> None:
        """Find the program and ask its version."""
        self._program = find_ffmpeg()
        banner = subprocess.run([self._program, "-version"], capture_output=True, text=True, check=False).stdout
        match = re.match(r"ffmpeg version (\S+)", banner)
        self.version = match[1] if match else "unknown"

    def decode(self, path: Path, seconds: float | None) -> Sound:
        """Decode the first sound track. Raises SoundError."""
        command = [self._program, "-nostdin", "-v", "repeat+error", "-threads", "1"]
        # Only this file: a playlist in disguise must not make ffmpeg open other files or links
        command += ["-protocol_whitelist", "file,pipe", "-i", f"file:{path}"]
        command += ["-map", "0:a:0", "-vn", "-sn", "-dn", "-ac", "1", "-ar", str(SAMPLE_RATE)]
        command += ["-c:a", "pcm_s16le", "-f", "s16le", "pipe:1"]
        try:
            done = subprocess.run(command, capture_output=True, timeout=DECODE_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise SoundError("failed", "timeout", f"ffmpeg was not done after {DECODE_SECONDS} s") from error
        said = done.stderr.decode("utf-8", "replace")
        if _NO_STREAM in said:
            raise SoundError("no_audio_track", "no_audio_track", "the clip has no sound track")
        pcm = done.stdout[: len(done.stdout) // SAMPLE_BYTES * SAMPLE_BYTES]
        damaged = len(_DAMAGED.findall(said))
        if not pcm:
            last = said.strip().splitlines()[-1:] or ["ffmpeg found no sound in the track"]
            raise SoundError("corrupt", "corrupt", f"nothing could be decoded: {last[0]}")
        whole = len(pcm) / (SAMPLE_RATE * SAMPLE_BYTES * PACKET_SECONDS)
        if damaged > MAX_DAMAGED_SHARE * (damaged + whole):
            raise SoundError("corrupt", "corrupt", f"{damaged} damaged packets, about {whole:.0f} whole ones")
        remark = f"{damaged} damaged packets were left out" if damaged else None
        return Sound(fitted(pcm, seconds), remark)


class MoviePyDecoder:
    """MoviePy, as the original study did it, told to resample; whether the file is sound, ffmpeg says first."""

    name = "moviepy"
    settings = SETTINGS

    def __init__(self) -> None:
        """Find the package."""
        require_module("moviepy", INSTALL_EXTRACT)
        self._judge = FfmpegDecoder()
        self.version = f"{importlib.metadata.version('moviepy')} (ffmpeg {self._judge.version})"

    def decode(self, path: Path, seconds: float | None) -> Sound:
        """Decode the first sound track. Raises SoundError."""
        from moviepy import AudioFileClip  # type: ignore[import-untyped, unused-ignore]

        # MoviePy fills what it cannot decode with silence and says nothing
        remark = self._judge.decode(path, seconds).remark
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "sound.wav"
            try:
                with contextlib.closing(AudioFileClip(str(path), fps=SAMPLE_RATE)) as clip:
                    clip.write_audiofile(
                        str(target),
                        fps=SAMPLE_RATE,
                        nbytes=SAMPLE_BYTES,
                        codec="pcm_s16le",
                        ffmpeg_params=["-ac", "1"],
                        logger=None,
                    )
                pcm = read_wav(target)
            except (OSError, ValueError, KeyError, IndexError) as error:  # how MoviePy says that it cannot read a file
                raise SoundError("corrupt", "corrupt", f"moviepy: {type(error).__name__}: {error}") from error
        return Sound(fitted(pcm, seconds), remark)


def fitted(pcm: bytes, seconds: float | None) -> bytes:
    """Cut the sound, or fill it up with silence, to the length of its clip."""
    if seconds is None or seconds > MAX_PADDED_SECONDS:
        return pcm
    wanted = round(seconds * SAMPLE_RATE) * SAMPLE_BYTES
    return pcm[:wanted].ljust(wanted, b"\x00")


def read_wav(path: Path) -> bytes:
    """Return the PCM of a WAV file of ours. Raises ValueError for anything else, OSError."""
    try:
        with wave.open(str(path), "rb") as file:
            shape = file.getnchannels(), file.getsampwidth(), file.getframerate()
            pcm = file.readframes(file.getnframes())
            missing = file.getnframes() * SAMPLE_BYTES - len(pcm)
    except (wave.Error, EOFError) as error:
        raise ValueError(f"not a WAV file: {str(error) or 'it ends in its header'}") from error
    if shape != (1, SAMPLE_BYTES, SAMPLE_RATE):
        channels, width, rate = shape
        raise ValueError(f"not 16 kHz mono of 16 bit: {channels} channels, {8 * width} bit, {rate} Hz")
    if missing > 0:
        raise ValueError(f"the file is cut: {missing} bytes of sound are missing")
    return pcm


def write_wav(path: Path, pcm: bytes) -> int:
    """Write PCM as a WAV file under its final name only when it is whole; return its size in bytes. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _part_file(path) as part:
        with part.open("wb") as target:
            with wave.open(target, "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(SAMPLE_BYTES)
                file.setframerate(SAMPLE_RATE)
                file.writeframes(pcm)
            target.flush()
            os.fsync(target.fileno())
        size = part.stat().st_size
        part.replace(path)
    return size


@contextlib.contextmanager
def _part_file(path: Path) -> Iterator[Path]:
    # With the process in its name: two runs at once must not write into each other's file
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)
