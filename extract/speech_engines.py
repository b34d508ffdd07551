"""Recognisers of speech behind one interface: a piece of PCM in, timed segments of text out.

All go through the SpeechRecognition library. sphinx works offline with the model in its wheel; google sends the sound
away and is never the default; whisper, faster-whisper and vosk are used where they are installed with their weights.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import importlib
import importlib.metadata
import json
import multiprocessing
import os
import random
import re
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from extract.sound import SAMPLE_BYTES, SAMPLE_RATE
from extract.steps.common import MissingToolError, UsageError, default_jobs, require_module
from extract.voice import PAUSE_SECONDS, VAD_SETTINGS, Piece, halves

INSTALL_EXTRACT = "pip install -e '.[extract]'"

ENGINES = ("sphinx", "google", "whisper", "faster-whisper", "vosk")

# The library's own default is plain http
GOOGLE_ENDPOINT = "https://www.google.com/speech-api/v2/recognize"
GOOGLE_WARNING = (
    "warning: --engine google sends the sound of your clips to Google's servers, under the key that everybody who uses "
    "the SpeechRecognition library shares"
)
NETWORK_SECONDS = 60.0
NETWORK_TRIES = 3
BACK_OFF_SECONDS = 1.0
# What is refused as too long is cut in two, down to this length
SHORTEST_PIECE_SECONDS = 6.0


@dataclass(frozen=True)
class Segment:
    """Words that were spoken together, with their times in seconds; `words` where the engine times each one."""

    begin: float
    end: float
    text: str
    words: tuple[tuple[str, float, float], ...] = field(default=())

    def later(self, seconds: float) -> Segment:
        """Return the segment with its times moved."""
        words = tuple((word, begin + seconds, end + seconds) for word, begin, end in self.words)
        return replace(self, begin=self.begin + seconds, end=self.end + seconds, words=words)

    def as_json(self) -> dict[str, Any]:
        """Return the segment as the journal keeps it."""
        result: dict[str, Any] = {"start": round(self.begin, 2), "end": round(self.end, 2), "text": self.text}
        if self.words:
            result["words"] = [[word, round(begin, 2), round(end, 2)] for word, begin, end in self.words]
        return result


class RecognitionError(Exception):
    """A piece could not be recognised; `fault` is the class for the journal: network, engine."""

    def __init__(self, fault: str, reason: str) -> None:
        """Name the class and say what happened."""
        super().__init__(reason)
        self.fault = fault


class SpeechEngine(Protocol):
    """A recogniser that is ready to listen; `settings` belongs to the key of the journal."""

    name: str
    version: str
    settings: str

    def listen(self, piece: Piece) -> list[Segment]:
        """Return what is said, timed from the piece's begin; [] if it is no speech. Raises RecognitionError."""
        ...


@dataclass(frozen=True)
class SpeechOptions:
    """What an engine may be told: language tag, name of a model, and for google the endpoint and its time-out."""

    language: str | None = None
    model: str | None = None
    endpoint: str = GOOGLE_ENDPOINT
    timeout: float = NETWORK_SECONDS
    jobs: int = 1


@contextlib.contextmanager
def open_speech_engine(name: str, options: SpeechOptions) -> Iterator[SpeechEngine]:
    """Load an engine for the length of a step.

    Raises MissingToolError with the line that installs what is missing, UsageError for an unknown engine or option.
    """
    if name not in ENGINES:
        raise UsageError(f"--engine: {name} is none of {', '.join(ENGINES)}")
    if options.model is not None and name not in ("whisper", "faster-whisper"):
        raise UsageError(f"--model: {name} has only one")
    require_module("speech_recognition", INSTALL_EXTRACT, "the Python package SpeechRecognition")
    if name == "sphinx":
        with SphinxEngine(options) as engine:
            yield engine
    elif name == "google":
        yield GoogleEngine(options)
    elif name == "whisper":
        with _loaded_once("whisper", "load_model", name):
            yield WhisperEngine(options)
    elif name == "faster-whisper":
        with _loaded_once("faster_whisper", "WhisperModel", name):
            yield FasterWhisperEngine(options)
    else:
        with _loaded_once("vosk", "Model", name):
            yield VoskEngine(options)


def _settings(**values: str) -> str:
    return " ".join([*(f"{name}={value}" for name, value in values.items()), VAD_SETTINGS])


def _version(package: str) -> str:
    return (
        f"{importlib.metadata.version(package)} (SpeechRecognition {importlib.metadata.version('SpeechRecognition')})"
    )


# Sphinx


class SphinxEngine:
    """CMU Sphinx. It holds Python's lock while it decodes, so each job has a process of its own."""

    name = "sphinx"

    def __init__(self, options: SpeechOptions) -> None:
        """Find the package; the processes start with the first piece."""
        require_module("pocketsphinx", INSTALL_EXTRACT)
        import speech_recognition  # type: ignore[import-untyped, unused-ignore]

        self._language = options.language or "en-US"
        models = Path(speech_recognition.__file__).parent / "pocketsphinx-data"
        if not (models / self._language).is_dir():
            known = ", ".join(sorted(path.name for path in models.iterdir() if path.is_dir()))
            raise UsageError(f"--language: sphinx has a model for {known}, none for {self._language}")
        self._jobs = max(1, options.jobs)
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self.version = _version("pocketsphinx")
        self.settings = _settings(language=self._language)

    def __enter__(self) -> SphinxEngine:
        """Return the engine."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def listen(self, piece: Piece) -> list[Segment]:
        """Recognise one piece in a process of the pool."""
        pool = self._running_pool()
        try:
            words = pool.submit(_sphinx_words, piece.pcm, self._language).result()
        except BrokenProcessPool as error:
            with self._lock:
                if self._pool is pool:
                    self._pool = None
            raise RecognitionError("engine", "a sphinx process died: is there memory enough?") from error
        return _segments_of_words(words)

    def _running_pool(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    max_workers=self._jobs,
                    mp_context=multiprocessing.get_context("spawn"),
                    initializer=_begin_worker,
                )
            return self._pool


def _segments_of_words(words: Iterable[tuple[str, float, float]]) -> list[Segment]:
    """Gather timed words into segments; a pause begins another one."""
    groups: list[list[tuple[str, float, float]]] = []
    for word in words:
        if groups and word[1] - groups[-1][-1][2] < PAUSE_SECONDS:
            groups[-1].append(word)
        else:
            groups.append([word])
    return [
        Segment(group[0][1], group[-1][2], " ".join(text for text, _, _ in group), tuple(group)) for group in groups
    ]


def _begin_worker() -> None:
    """Leave Ctrl-C to the parent, and end with it however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()


SPHINX_FRAMES_A_SECOND = 100


def _sphinx_words(pcm: bytes, language: str) -> list[tuple[str, float, float]]:
    """Return the words of a piece with their times, [] for none. Runs in a process of its own."""
    import speech_recognition

    recognizer: Any = speech_recognition.Recognizer()
    decoder = recognizer.recognize_sphinx(_audio(pcm), language=language, show_all=True)
    if decoder.hyp() is None:
        return []
    return [
        (
            re.sub(r"\(\d+\)$", "", segment.word),  # and(2): the second pronunciation of "and"
            segment.start_frame / SPHINX_FRAMES_A_SECOND,
            (segment.end_frame + 1) / SPHINX_FRAMES_A_SECOND,
        )
        for segment in decoder.seg()
        if segment.word[:1] not in "<["  # <s>, <sil>, [NOISE]
    ]


def _audio(pcm: bytes) -> Any:
    import speech_recognition

    return speech_recognition.AudioData(pcm, SAMPLE_RATE, SAMPLE_BYTES)


# Google


class GoogleEngine:
    """Google's web service through the library's `recognize_google`; each piece leaves this machine."""

    name = "google"

    def __init__(self, options: SpeechOptions) -> None:
        """Check the endpoint and the encoder. Raises UsageError for a link that is not https."""
        if not options.endpoint.startswith("https://") and not _is_local(options.endpoint):
            raise UsageError("--endpoint: only https, or http on this machine")
        import speech_recognition
        from speech_recognition.audio import get_flac_converter  # type: ignore[import-untyped, unused-ignore]

        try:
            get_flac_converter()
        except OSError as error:
            raise MissingToolError("flac", "apt-get install flac") from error
        self._endpoint = options.endpoint
        self._language = options.language or "en-US"
        self._recognizer: Any = speech_recognition.Recognizer()
        # Without it, a host that never answers would hold the step for ever
        self._recognizer.operation_timeout = options.timeout
        self.version = f"v2 (SpeechRecognition {importlib.metadata.version('SpeechRecognition')})"
        self.settings = _settings(language=self._language)

    def listen(self, piece: Piece) -> list[Segment]:
        """Send one piece; what the service refuses as too long is sent in two parts."""
        try:
            text = self._patient(piece.pcm)
        except _TooLongError as error:
            if piece.seconds < 2 * SHORTEST_PIECE_SECONDS:
                raise RecognitionError("network", str(error)) from error
            parts = halves(piece)
            return [
                segment.later(part.begin - piece.begin)
                for part in parts
                for segment in self.listen(replace(part, begin=part.begin))
            ]
        return [Segment(0.0, piece.seconds, text)] if text else []

    def _patient(self, pcm: bytes) -> str:
        """Ask up to three times. Raises RecognitionError, _TooLongError."""
        for attempt in range(NETWORK_TRIES):
            try:
                return self._ask(pcm)
            except RecognitionError:
                if attempt + 1 == NETWORK_TRIES:
                    raise
                time.sleep(BACK_OFF_SECONDS * 2**attempt * random.uniform(0.5, 1.0))  # noqa: S311 - jitter is no secret
        raise AssertionError("unreachable")

    def _ask(self, pcm: bytes) -> str:
        from speech_recognition import RequestError, UnknownValueError

        try:
            return str(
                self._recognizer.recognize_google(_audio(pcm), language=self._language, endpoint=self._endpoint)
            ).strip()
        except UnknownValueError:
            return ""
        except RequestError as error:
            if re.search(r"bad request|too large", str(error), re.IGNORECASE):
                raise _TooLongError(str(error)) from error
            raise RecognitionError("network", str(error)) from error
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, AttributeError) as error:
            # The library lets these through: a time-out or reset in the body, half an answer, an answer of another form
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            raise RecognitionError("network", f"google: {reason}") from error


class _TooLongError(Exception):
    """The service answered Bad Request, its way to say that a piece is too long."""


def _is_local(link: str) -> bool:
    return re.match(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/|$)", link) is not None


# Engines that bring their own weights

_INSTALL: Mapping[str, str] = {
    "whisper": "pip install 'SpeechRecognition[whisper-local]'",
    "faster-whisper": "pip install 'SpeechRecognition[faster-whisper]'",
    "vosk": "pip install 'SpeechRecognition[vosk]'",
}


@contextlib.contextmanager
def _loaded_once(module: str, loader: str, engine: str) -> Iterator[None]:
    """Let a module's loader load each model once: the library's calls would load it again for every piece."""
    require_module(module, _INSTALL[engine], engine)
    if engine != "vosk":
        require_module("soundfile", _INSTALL[engine])
        require_module("numpy", _INSTALL[engine])
    loaded = importlib.import_module(module)
    load = getattr(loaded, loader)
    setattr(loaded, loader, functools.cache(load))
    try:
        yield
    finally:
        setattr(loaded, loader, load)


class _OwnWeightsEngine:
    """What the three have in common: they use all cores for one piece, so pieces are heard one by one."""

    name: str

    def __init__(self) -> None:
        """Make the library's recogniser."""
        import speech_recognition

        self._recognizer: Any = speech_recognition.Recognizer()
        self._one_at_a_time = threading.Lock()

    def _recognise(self, call: Callable[[], Any]) -> Any:
        """Call the library; whatever goes wrong in a model is a fault of this piece."""
        try:
            with self._one_at_a_time:
                return call()
        except Exception as error:  # models document no exceptions
            raise RecognitionError("engine", f"{self.name}: {type(error).__name__}: {error}") from error

    def _load(self, call: Callable[[], Any], install: str) -> None:
        """Load the weights now. Raises MissingToolError, in one line, if they cannot be had."""
        try:
            call()
        except Exception as error:  # no network, no such model, a damaged file
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            raise MissingToolError(f"{self.name}'s model ({reason})", install) from error


def _whisper_segments(result: Mapping[str, Any]) -> list[Segment]:
    segments: list[Segment] = []
    for entry in result["segments"]:
        values = entry if isinstance(entry, dict) else {name: getattr(entry, name) for name in ("start", "end", "text")}
        text = str(values["text"]).strip()
        if text:
            segments.append(Segment(float(values["start"]), float(values["end"]), text))
    return segments


class WhisperEngine(_OwnWeightsEngine):
    """OpenAI's whisper through `recognize_whisper`; the language is detected unless told."""

    name = "whisper"

    def __init__(self, options: SpeechOptions) -> None:
        """Load the weights."""
        super().__init__()
        import whisper  # type: ignore[import-not-found, import-untyped, unused-ignore]

        self._model = options.model or "base"
        self._options = {"language": options.language} if options.language else {}
        install = f"python -c \"import whisper; whisper.load_model('{self._model}')\""
        self._load(lambda: whisper.load_model(self._model), install)
        self.version = _version("openai-whisper")
        self.settings = _settings(model=self._model, language=options.language or "detected")

    def listen(self, piece: Piece) -> list[Segment]:
        """Recognise one piece; whisper times its own segments."""

        def call() -> Any:
            return self._recognizer.recognize_whisper(
                _audio(piece.pcm), model=self._model, show_dict=True, **self._options
            )

        return _whisper_segments(self._recognise(call))


class FasterWhisperEngine(_OwnWeightsEngine):
    """Whisper on CTranslate2 through `recognize_faster_whisper`; the language is detected unless told."""

    name = "faster-whisper"

    def __init__(self, options: SpeechOptions) -> None:
        """Load the weights."""
        super().__init__()
        import faster_whisper  # type: ignore[import-not-found, import-untyped, unused-ignore]

        self._model = options.model or "base"
        self._options = {"language": options.language} if options.language else {}
        install = f"python -c \"import faster_whisper; faster_whisper.WhisperModel('{self._model}')\""
        # The package's own default is four threads, which on fewer cores wait for each other
        self._loading = {} if "OMP_NUM_THREADS" in os.environ else {"cpu_threads": default_jobs()}
        self._load(lambda: faster_whisper.WhisperModel(self._model, **self._loading), install)
        self.version = _version("faster-whisper")
        self.settings = _settings(model=self._model, language=options.language or "detected")

    def listen(self, piece: Piece) -> list[Segment]:
        """Recognise one piece; the model times its own segments."""

        def call() -> Any:
            return self._recognizer.recognize_faster_whisper(
                _audio(piece.pcm), model=self._model, show_dict=True, init_options=self._loading, **self._options
            )

        return _whisper_segments(self._recognise(call))


class VoskEngine(_OwnWeightsEngine):
    """Vosk through `recognize_vosk`, with the one model that the library knows."""

    name = "vosk"

    def __init__(self, options: SpeechOptions) -> None:
        """Load the weights."""
        super().__init__()
        import speech_recognition
        import vosk  # type: ignore[import-not-found, import-untyped, unused-ignore]

        if options.language is not None:
            raise UsageError("--language: vosk's language is that of its model (sprc download vosk --url ...)")
        path = Path(speech_recognition.__file__).parent / "models" / "vosk"
        if not path.is_dir():
            raise MissingToolError("vosk's model", "sprc download vosk")
        vosk.SetLogLevel(-1)  # it would tell of every file that it loads
        self._load(lambda: vosk.Model(str(path)), "sprc download vosk")
        self.version = _version("vosk")
        self.settings = _settings(model="library")

    def listen(self, piece: Piece) -> list[Segment]:
        """Recognise one piece; it is one segment."""
        result = self._recognise(lambda: self._recognizer.recognize_vosk(_audio(piece.pcm), verbose=True))
        text = str(json.loads(result)["text"] if isinstance(result, str) else result["text"]).strip()
        return [Segment(0.0, piece.seconds, text)] if text else []
