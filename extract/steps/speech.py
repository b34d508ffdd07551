"""Write down what is said in the clips: one line of speech.ndjson for each clip and attempt.

The platform's own captions are kept beside it, as a text of their own (see captions.py).

status ok: text is what was said, '' where nobody speaks. unreadable: the file is no whole sound. failed: the engine or
the network failed, text is null and the clip is tried again by the next run; nothing half heard counts as ok.
"""

from __future__ import annotations

import re
import sys
import threading
from dataclasses import replace
from typing import Any

from extract.journal import OK, Journal, utc_now
from extract.media_items import DoneItems, MediaItem, audio_items, interrupts_held_off, sha256_of
from extract.sound import SAMPLE_BYTES, SAMPLE_RATE, read_wav
from extract.speech_engines import (
    GOOGLE_ENDPOINT,
    GOOGLE_WARNING,
    NETWORK_SECONDS,
    RecognitionError,
    Segment,
    SpeechEngine,
    SpeechOptions,
    open_speech_engine,
)
from extract.steps import captions
from extract.steps.common import Outcome, StepOptions, StepResult, run_items
from extract.voice import require_voice_detection, spoken_pieces

JOURNAL = "speech.ndjson"
REPETITION_LOOP = "repetition_loop"

# So many clips in a row without an answer are no accident
MAX_NETWORK_FAULTS = 5
# The same words so often in a row are a model that is stuck, not a chorus
LOOP_REPEATS = 5
LOOP_WORDS = 12


def run(
    options: StepOptions,
    *,
    engine: str = "sphinx",
    language: str | None = None,
    model: str | None = None,
    endpoint: str = GOOGLE_ENDPOINT,
    timeout: float = NETWORK_SECONDS,
) -> StepResult:
    """Transcribe every sound file that this engine has not heard yet with these settings.

    Raises MissingToolError where the engine or its model is not installed, UsageError for an unknown engine or option.
    """
    require_voice_detection()
    kept = captions.run(options)
    items = audio_items(options.data)
    told = SpeechOptions(language, model, endpoint, timeout, options.jobs)
    with open_speech_engine(engine, told) as listener, Journal(options.data / JOURNAL) as journal:
        done = DoneItems(journal, listener.name, listener.settings)
        if engine == "google" and not options.dry_run:
            print(GOOGLE_WARNING, file=sys.stderr, flush=True)
        result = run_items(
            "speech",
            items,
            Transcriber(listener).transcribe,
            options,
            id_of=lambda item: item.tiktok_id,
            done=done.__contains__,
            journal=journal,
        )
    return replace(result, details={**result.details, "captions": {"ok": kept.ok, "failed": kept.failed}})


class Transcriber:
    """Listens to items, and gives up where the network is gone."""

    def __init__(self, engine: SpeechEngine) -> None:
        """Keep the engine."""
        self._engine = engine
        self._lock = threading.Lock()
        self._network_faults = 0

    def transcribe(self, item: MediaItem) -> Outcome:
        """Listen to one clip; whatever is wrong with it becomes a line with a reason."""
        engine = self._engine
        line: dict[str, Any] = {
            "tiktok_id": item.tiktok_id,
            "part": item.part,
            "status": OK,
            "text": None,
            "engine": engine.name,
            "engine_version": engine.version,
            "settings": engine.settings,
            "started_at": utc_now(),
        }
        fault: str | None = None
        stop: str | None = None
        try:
            line["input_sha256"] = sha256_of(item.path)
            pcm = read_wav(item.path)
            with interrupts_held_off():
                segments, spoken_seconds = heard(pcm, engine)
            line["text"] = " ".join(segment.text for segment in segments)
            line["extra"] = {
                "seconds": round(len(pcm) / (SAMPLE_RATE * SAMPLE_BYTES), 2),
                "spoken_seconds": round(spoken_seconds, 2),
                "segments": [segment.as_json() for segment in segments],
            }
            loop = repeated_words(line["text"])
            if loop is not None:
                line["class"] = REPETITION_LOOP
                line["reason"] = f"the same words again and again: {loop}"
            self._answered()
        except RecognitionError as error:
            fault = error.fault
            line.update(status="failed", reason=str(error))
            stop = self._not_answered() if fault == "network" else None
        except ValueError as error:
            fault = "corrupt"
            line.update(status="unreadable", reason=str(error))
        except OSError as error:
            fault = "file"
            line.update(status="failed", reason=f"{type(error).__name__}: {error}")
        if fault is not None:
            line["class"] = fault
        line["finished_at"] = utc_now()
        return Outcome(str(line["status"]), fault=fault, lines=[line], stop=stop)

    def _answered(self) -> None:
        with self._lock:
            self._network_faults = 0

    def _not_answered(self) -> str | None:
        """Count, and say why to stop when it is no accident any more."""
        with self._lock:
            self._network_faults += 1
            faults = self._network_faults
        return (
            f"{self._engine.name} did not answer for {faults} clips in a row" if faults >= MAX_NETWORK_FAULTS else None
        )


def heard(pcm: bytes, engine: SpeechEngine) -> tuple[list[Segment], float]:
    """Return what is said in 16 kHz mono PCM, timed from its begin, and how many seconds of speech were listened to.

    Raises RecognitionError if any piece fails: a transcript with a hole would look like a whole one.
    """
    pieces = spoken_pieces(pcm)
    segments = [segment.later(piece.begin) for piece in pieces for segment in engine.listen(piece)]
    return segments, sum(piece.seconds for piece in pieces)


def repeated_words(text: str) -> str | None:
    """Return the words that a transcript repeats like a stuck record, None if it does not."""
    words = re.findall(r"[^\W_]+(?:'[^\W_]+)?", text.lower())
    for period in range(1, LOOP_WORDS + 1):
        same = 0  # words in a row that equal the word one period before
        for index in range(period, len(words)):
            same = same + 1 if words[index] == words[index - period] else 0
            if same >= period * (LOOP_REPEATS - 1):
                return " ".join(words[index - period + 1 : index + 1])
    return None
