"""Find where somebody speaks, and cut the sound there into pieces that a recogniser takes.

Recognisers make words of silence and hum, so they only get what a voice-activity detector lets through. The sound is
sliced as PCM: reading on from a file piece by piece would lose a little at each boundary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extract.sound import SAMPLE_BYTES, SAMPLE_RATE
from extract.steps.common import require_module

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INSTALL_EXTRACT = "pip install -e '.[extract]'"

FRAME_SECONDS = 0.03
FRAME_SAMPLES = int(FRAME_SECONDS * SAMPLE_RATE)
FRAME_BYTES = FRAME_SAMPLES * SAMPLE_BYTES

AGGRESSIVENESS = 2
# About -56 dB: below it there is nothing that a recogniser could understand
MIN_LOUDNESS = 50.0
# Speech swells and fades with its syllables; a tone or hum, which the detector also takes for a voice, does not
MIN_MODULATION = 0.2
MIN_VOICED_SECONDS = 0.24
PAUSE_SECONDS = 0.6
MARGIN_SECONDS = 0.3
# A longer silence is not handed on at all
LONG_SILENCE_SECONDS = 2.0

MAX_PIECE_SECONDS = 55.0
# Where nobody pauses, the quietest moment among the last seconds of a full piece is cut
SEARCH_SECONDS = 15.0

VAD_SETTINGS = f"vad={AGGRESSIVENESS} piece={MAX_PIECE_SECONDS:.0f}s"


@dataclass(frozen=True)
class Span:
    """A stretch of sound, in frames of 30 ms; the end is not part of it."""

    begin: int
    end: int

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return (self.end - self.begin) * FRAME_SECONDS


@dataclass(frozen=True)
class Piece:
    """What a recogniser gets: PCM, and when it begins in the clip, in seconds."""

    begin: float
    pcm: bytes

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.pcm) / (SAMPLE_RATE * SAMPLE_BYTES)


def require_voice_detection() -> None:
    """Raise MissingToolError unless the detector can be imported."""
    require_module("webrtcvad", INSTALL_EXTRACT)
    require_module("numpy", INSTALL_EXTRACT)


def spoken_pieces(pcm: bytes, max_seconds: float = MAX_PIECE_SECONDS) -> list[Piece]:
    """Cut 16 kHz mono PCM into pieces with speech, none longer than `max_seconds`; [] where nobody speaks."""
    loudness = frame_loudness(pcm)
    voiced = voiced_frames(pcm, loudness)
    spans = gathered(speech_spans(voiced, loudness), max_seconds)
    pieces: list[Piece] = []
    for span in spans:
        for part in cut_at_quiet(span, loudness, max_seconds):
            content = pcm[part.begin * FRAME_BYTES : part.end * FRAME_BYTES]
            pieces.append(Piece(part.begin * FRAME_SECONDS, content))
    return pieces


def halves(piece: Piece) -> list[Piece]:
    """Cut a piece in two at the quietest moment of its middle third."""
    loudness = frame_loudness(piece.pcm)
    count = len(loudness)
    middle = _quietest(loudness, count // 3, max(count // 3 + 1, 2 * count // 3))
    at = middle * FRAME_BYTES
    parts = [Piece(piece.begin, piece.pcm[:at]), Piece(piece.begin + middle * FRAME_SECONDS, piece.pcm[at:])]
    return [part for part in parts if part.pcm]


def frame_loudness(pcm: bytes) -> NDArray[np.float64]:
    """Return the root mean square of each frame of 30 ms, the last one filled up with silence."""
    import numpy as np

    frames = -(-len(pcm) // FRAME_BYTES)
    samples = np.frombuffer(pcm.ljust(frames * FRAME_BYTES, b"\x00"), dtype="<i2").reshape(frames, FRAME_SAMPLES)
    result: NDArray[np.float64] = np.sqrt(np.mean(np.square(samples.astype(np.float64)), axis=1))
    return result


def voiced_frames(pcm: bytes, loudness: NDArray[np.float64]) -> list[bool]:
    """Say for each frame whether it sounds like a voice and is loud enough to be understood."""
    import webrtcvad  # type: ignore[import-untyped, unused-ignore]

    detector = webrtcvad.Vad(AGGRESSIVENESS)
    result: list[bool] = []
    for index, loud in enumerate(loudness):
        frame = pcm[index * FRAME_BYTES : (index + 1) * FRAME_BYTES].ljust(FRAME_BYTES, b"\x00")
        # The detector learns from every frame, so it hears the quiet ones as well
        is_voice = detector.is_speech(frame, SAMPLE_RATE)
        result.append(bool(is_voice and loud >= MIN_LOUDNESS))
    return result


def speech_spans(voiced: Sequence[bool], loudness: NDArray[np.float64]) -> list[Span]:
    """Join voiced frames over short pauses, drop what is too short or too steady, leave a margin around the rest."""
    pause = round(PAUSE_SECONDS / FRAME_SECONDS)
    margin = round(MARGIN_SECONDS / FRAME_SECONDS)
    joined: list[Span] = []
    for index in (index for index, is_voice in enumerate(voiced) if is_voice):
        if joined and index - joined[-1].end < pause:
            joined[-1] = Span(joined[-1].begin, index + 1)
        else:
            joined.append(Span(index, index + 1))
    spoken: list[Span] = []
    for span in joined:
        frames = loudness[span.begin : span.end]
        long_enough = sum(voiced[span.begin : span.end]) * FRAME_SECONDS >= MIN_VOICED_SECONDS
        if long_enough and frames.std() >= MIN_MODULATION * frames.mean():
            spoken.append(Span(max(0, span.begin - margin), min(len(voiced), span.end + margin)))
    return spoken


def gathered(spans: Sequence[Span], max_seconds: float) -> list[Span]:
    """Put neighbours into one piece as long as it fits and no long silence lies between: context helps recognisers."""
    result: list[Span] = []
    for span in spans:
        if result:
            silence = (span.begin - result[-1].end) * FRAME_SECONDS
            together = Span(result[-1].begin, max(span.end, result[-1].end))
            if silence < LONG_SILENCE_SECONDS and together.seconds <= max_seconds:
                result[-1] = together
                continue
            # Margins may overlap: no sound is heard twice
            span = Span(max(span.begin, result[-1].end), span.end)
        result.append(span)
    return result


def cut_at_quiet(span: Span, loudness: NDArray[np.float64], max_seconds: float) -> list[Span]:
    """Cut a span that is too long at quiet moments, so that no part is longer than `max_seconds`."""
    most = int(max_seconds / FRAME_SECONDS)
    parts: list[Span] = []
    begin = span.begin
    while span.end - begin > most:
        search = max(begin + most // 2, begin + most - round(SEARCH_SECONDS / FRAME_SECONDS))
        cut = _quietest(loudness, search, begin + most)
        parts.append(Span(begin, cut))
        begin = cut
    return [*parts, Span(begin, span.end)]


def _quietest(loudness: NDArray[np.float64], begin: int, end: int) -> int:
    """Return the frame in a range around which it is most quiet."""
    import numpy as np

    window = loudness[begin:end]
    if len(window) == 0:
        return begin
    width = min(5, len(window))
    return begin + int(np.argmin(np.convolve(window, np.ones(width) / width, mode="same")))
