"""What is said in clips: where somebody speaks, what each engine is given, and what becomes of what it answers."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import media_files as media
import pytest
from fault_server import run_cli
from tiny_models import SAID, make_vosk, make_whisper

from extract import speech_engines
from extract.media_checks import check_video
from extract.sound import SAMPLE_RATE, open_decoder
from extract.speech_engines import (
    GOOGLE_ENDPOINT,
    RecognitionError,
    Segment,
    SpeechOptions,
    open_speech_engine,
)
from extract.steps import speech
from extract.steps.common import ExitCode, MissingToolError, StepOptions, UsageError
from extract.voice import Piece, halves, spoken_pieces

pytest.importorskip("webrtcvad")
pytest.importorskip("speech_recognition")

np = pytest.importorskip("numpy")

needs_espeak = media.needs_espeak
REPOSITORY = Path(__file__).parents[2]

SENTENCE = "the quick brown fox jumps over the lazy dog near the river bank"
GREETING = "good morning ladies and gentlemen"


def clip(data: Path, name: str, pcm: bytes) -> Path:
    return media.write_wav(data / "audios" / f"{name}.wav", pcm)


def lines_by_id(data: Path) -> dict[str, dict[str, Any]]:
    return {line["tiktok_id"]: line for line in media.journal_lines(data / "speech.ndjson")}


def hum(seconds: float, loudness: float = 6000) -> bytes:
    """Return a steady tone, which a voice-activity detector takes for a voice."""
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return bytes((loudness * np.sin(2 * np.pi * 220 * times)).astype("<i2").tobytes())


def hiss(seconds: float, loudness: float) -> bytes:
    """Return white noise."""
    noise = np.random.default_rng(1).normal(0, loudness, int(seconds * SAMPLE_RATE))
    return bytes(np.clip(noise, -32_000, 32_000).astype("<i2").tobytes())


def talk(seconds: float) -> bytes:
    """Return so many seconds of speech without a pause."""
    said = media.spoken(SENTENCE).strip(b"\x00")
    said = said[: len(said) // 2 * 2]
    length = int(seconds * SAMPLE_RATE) * 2
    return (said * (length // len(said) + 1))[:length]


# Where somebody speaks


@pytest.mark.parametrize(
    "sound",
    [b"", media.silence(5), hiss(5, 20), hiss(5, 2000), hum(5), hum(1, 40)],
    ids=["nothing", "silence", "faint hiss", "loud hiss", "hum", "faint hum"],
)
def test_nobody_speaks_in_silence_hiss_or_hum(sound: bytes) -> None:
    assert spoken_pieces(sound) == []


@needs_espeak
def test_speech_is_found_where_it_is_and_no_long_silence_is_handed_on() -> None:
    said = media.spoken(SENTENCE)
    pieces = spoken_pieces(media.silence(10) + said + media.silence(20) + said + media.silence(10))
    assert len(pieces) == 2
    second = 30 + len(said) / (2 * SAMPLE_RATE)
    for piece, begin in zip(pieces, (10, second), strict=True):
        assert piece.begin == pytest.approx(begin, abs=0.5)
        assert piece.seconds == pytest.approx(len(said) / (2 * SAMPLE_RATE), abs=1)


@needs_espeak
def test_sentences_close_to_each_other_stay_together() -> None:
    said = media.spoken(SENTENCE)
    assert len(spoken_pieces(said + media.silence(1) + said)) == 1


@needs_espeak
def test_no_piece_is_too_long_and_nothing_is_lost_or_heard_twice() -> None:
    sound = talk(165)
    pieces = spoken_pieces(sound)
    assert len(pieces) >= 3
    assert all(0 < piece.seconds <= 55 for piece in pieces)
    assert b"".join(piece.pcm for piece in pieces) == sound[: sum(len(piece.pcm) for piece in pieces)]
    assert sum(piece.seconds for piece in pieces) == pytest.approx(165, abs=0.1)
    for before, after in itertools.pairwise(pieces):
        assert after.begin == pytest.approx(before.begin + before.seconds, abs=0.001)


@needs_espeak
def test_long_talk_is_cut_at_its_pauses() -> None:
    sound = (talk(20) + media.silence(0.8)) * 6
    pieces = spoken_pieces(sound)
    assert all(piece.seconds <= 55 for piece in pieces)
    for piece in pieces[1:]:
        # a piece begins in one of the pauses, which end every 20.8 seconds
        assert piece.begin % 20.8 > 19.5 or piece.begin % 20.8 < 0.1


def test_a_piece_is_halved_at_its_quiet_moment() -> None:
    piece = Piece(100.0, hum(9) + media.silence(1) + hum(10))
    first, second = halves(piece)
    assert first.begin == 100.0
    assert 108.9 < second.begin < 110.1
    assert first.pcm + second.pcm == piece.pcm


# The step


class Recorder:
    """An engine that keeps what it was given and answers as told."""

    name = "recorder"
    version = "1"
    settings = "none"

    def __init__(self) -> None:
        """Begin with an engine that understands everything."""
        self.pieces: list[Piece] = []
        self.answer: Callable[[Piece], list[Segment]] = lambda piece: [Segment(0.5, 1.0, "words")]

    def listen(self, piece: Piece) -> list[Segment]:
        """Keep the piece and answer."""
        self.pieces.append(piece)
        return self.answer(piece)

    def __enter__(self) -> Recorder:
        """Return the engine."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    engine = Recorder()
    monkeypatch.setattr(speech, "open_speech_engine", lambda name, options: engine)
    return engine


def test_silence_gives_an_empty_text_and_the_engine_is_never_asked(tmp_path: Path, recorder: Recorder) -> None:
    clip(tmp_path, "1", media.silence(3))
    clip(tmp_path, "2", b"")
    assert speech.run(StepOptions(tmp_path)).ok == 2
    assert recorder.pieces == []
    lines = lines_by_id(tmp_path)
    assert [(lines[key]["status"], lines[key]["text"]) for key in ("1", "2")] == [("ok", ""), ("ok", "")]
    assert lines["1"]["extra"] == {"seconds": 3.0, "spoken_seconds": 0, "segments": []}


@needs_espeak
def test_segments_are_timed_from_the_begin_of_the_clip(tmp_path: Path, recorder: Recorder) -> None:
    clip(tmp_path, "1", media.silence(8) + media.spoken(SENTENCE) + media.silence(30) + media.spoken(SENTENCE))
    speech.run(StepOptions(tmp_path))
    line = lines_by_id(tmp_path)["1"]
    assert line["text"] == "words words"
    begins = [segment["start"] for segment in line["extra"]["segments"]]
    assert begins == [pytest.approx(piece.begin + 0.5, abs=0.01) for piece in recorder.pieces]
    assert begins[0] < 10 and begins[1] > 38


def test_sound_files_that_are_none_fail_only_their_row(tmp_path: Path, recorder: Recorder) -> None:
    clip(tmp_path, "1", media.silence(1))
    folder = tmp_path / "audios"
    (folder / "2.wav").write_bytes(b"")
    (folder / "3.wav").write_text("<html>no</html>")
    media.cut(clip(tmp_path, "4", hum(2)))
    media.write_wav(folder / "5.wav", hum(1), rate=44_100)
    result = speech.run(StepOptions(tmp_path))
    assert (result.ok, result.failed) == (1, 4)
    lines = lines_by_id(tmp_path)
    assert {(lines[key]["status"], lines[key]["class"], lines[key]["text"]) for key in "2345"} == {
        ("unreadable", "corrupt", None)
    }


@needs_espeak
def test_a_piece_that_fails_leaves_no_half_transcript_and_is_tried_again(tmp_path: Path, recorder: Recorder) -> None:
    clip(tmp_path, "1", media.spoken(SENTENCE) + media.silence(30) + media.spoken(SENTENCE))

    def fail_late(piece: Piece) -> list[Segment]:
        if piece.begin > 20:
            raise RecognitionError("engine", "out of memory")
        return [Segment(0, 1, "first half")]

    recorder.answer = fail_late
    assert speech.run(StepOptions(tmp_path)).failed == 1
    line = lines_by_id(tmp_path)["1"]
    assert (line["status"], line["class"], line["text"]) == ("failed", "engine", None)
    recorder.answer = lambda piece: [Segment(0, 1, "all")]
    assert speech.run(StepOptions(tmp_path)).ok == 1
    assert speech.run(StepOptions(tmp_path)).skipped == 1


@needs_espeak
def test_a_recogniser_that_cannot_be_reached_ends_the_step(tmp_path: Path, recorder: Recorder) -> None:
    for number in range(9):
        clip(tmp_path, str(number), media.spoken("hello my friends"))

    def unreachable(piece: Piece) -> list[Segment]:
        raise RecognitionError("network", "no route")

    recorder.answer = unreachable
    result = speech.run(StepOptions(tmp_path))
    assert result.failed == 5
    assert result.stopped is not None and "5 clips" in result.stopped


@needs_espeak
def test_a_repetition_loop_is_flagged_and_kept(tmp_path: Path, recorder: Recorder) -> None:
    clip(tmp_path, "1", media.spoken(SENTENCE))
    recorder.answer = lambda piece: [Segment(0, 2, "so I said " + "thank you. " * 20)]
    speech.run(StepOptions(tmp_path))
    line = lines_by_id(tmp_path)["1"]
    assert (line["status"], line["class"]) == ("ok", "repetition_loop")
    assert "thank you" in line["reason"]
    assert line["text"].startswith("so I said thank you.")


def test_what_counts_as_a_repetition_loop() -> None:
    assert speech.repeated_words("one zero zero zero one nine") is None
    assert speech.repeated_words("we will we will rock you we will we will rock you") is None
    assert speech.repeated_words("the the the the the") == "the"
    assert speech.repeated_words("and go to the shop, and go to the shop, " * 3) is not None
    assert speech.repeated_words("Don't stop! Don't stop. don't stop DON'T STOP don't stop now") in (
        "don't stop",
        "stop don't",
    )
    assert speech.repeated_words("") is None


# Sphinx, for real


@pytest.fixture(scope="module")
def sphinx_lines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Hear three made clips in one run, each process loads once."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng")
    pytest.importorskip("pocketsphinx")
    data = tmp_path_factory.mktemp("data")
    said = media.spoken(GREETING, 110)
    rest = media.silence(40 - len(said) / (2 * SAMPLE_RATE))
    clip(data, "1", said + rest + media.silence(85) + rest + said)
    clip(data, "2", media.silence(6))
    clip(data, "3", hum(4))
    result = speech.run(StepOptions(data, jobs=2))
    assert result.ok == 3
    return lines_by_id(data)


def test_sphinx_hears_the_second_half_after_a_long_silence(sphinx_lines: dict[str, dict[str, Any]]) -> None:
    line = sphinx_lines["1"]
    assert line["extra"]["seconds"] == pytest.approx(165, abs=0.1)
    segments = line["extra"]["segments"]
    early = media.words(" ".join(segment["text"] for segment in segments if segment["end"] < 41))
    late = media.words(" ".join(segment["text"] for segment in segments if segment["start"] > 124))
    assert early.total() + late.total() == media.words(line["text"]).total()
    # a synthetic voice is hard to understand: two words that were said are enough to know where they were heard
    assert (early & media.words(GREETING)).total() >= 2
    assert (late & media.words(GREETING)).total() >= 2
    for segment in segments:
        assert [word for word, _, _ in segment["words"]] == segment["text"].split()
        assert all(segment["start"] <= begin < end <= segment["end"] for _, begin, end in segment["words"])
    assert line["engine"] == "sphinx" and line["engine_version"].startswith("5.")


def test_sphinx_invents_no_word_for_silence_or_hum(sphinx_lines: dict[str, dict[str, Any]]) -> None:
    assert [(sphinx_lines[key]["status"], sphinx_lines[key]["text"]) for key in "23"] == [("ok", ""), ("ok", "")]


def die(pcm: bytes, language: str) -> None:
    """Do what a process without memory does; runs in a process of its own."""
    os._exit(9)


def test_a_sphinx_process_that_dies_fails_only_its_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pocketsphinx")
    with open_speech_engine("sphinx", SpeechOptions()) as engine:
        with monkeypatch.context() as patch:
            patch.setattr(speech_engines, "_sphinx_words", die)
            with pytest.raises(RecognitionError, match="died"):
                engine.listen(Piece(0, media.silence(1)))
        assert isinstance(engine.listen(Piece(0, media.silence(0.1))), list)


def test_a_language_that_sphinx_has_no_model_for_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="en-US"):
        speech.run(StepOptions(tmp_path), language="xx")


def test_human_speech_is_understood() -> None:
    folder = media.shared_data() / "media"
    pytest.importorskip("pocketsphinx")
    truth = media.read_json(folder / "truth.json")["hu01"]["speech"].split()
    path = folder / "hu01.mp4"
    pcm = open_decoder("ffmpeg").decode(path, check_video(path).seconds).pcm
    with open_speech_engine("sphinx", SpeechOptions()) as engine:
        segments, _ = speech.heard(pcm, engine)
    rate = edit_distance(" ".join(segment.text for segment in segments).split(), truth) / len(truth)
    print(f"sphinx: word error rate {rate:.3f}")
    assert rate <= 0.35


def edit_distance(found: list[str], true: list[str]) -> int:
    row = list(range(len(true) + 1))
    for index, word in enumerate(found, start=1):
        before, row[0] = row[0], index
        for column, wanted in enumerate(true, start=1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (word != wanted))
    return row[-1]


# Google: the real client against a service of ours


class Service(ThreadingHTTPServer):
    """Answers like the web service, or as a test wants, and keeps how long each piece was."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port of this machine."""
        self.seconds: list[float] = []
        self.queries: list[str] = []
        self.reply: Callable[[ServiceHandler, float], None] = lambda handler, seconds: handler.say("hello there")
        super().__init__(("127.0.0.1", 0), ServiceHandler)

    @property
    def link(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self.server_address[1]}/recognize"


class ServiceHandler(BaseHTTPRequestHandler):
    """One request."""

    server: Service

    def do_POST(self) -> None:
        """Take the FLAC, note its length, answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert body[:4] == b"fLaC" and self.headers["Content-Type"] == "audio/x-flac; rate=16000"
        # STREAMINFO: 20 bits of rate, 3 of channels, 5 of sample size, 36 of the number of samples
        info = int.from_bytes(body[18:26], "big")
        seconds = (info & (2**36 - 1)) / (info >> 44)
        self.server.seconds.append(seconds)
        self.server.queries.append(self.path)
        self.server.reply(self, seconds)

    def answer(self, status: int, body: bytes, length: int | None = None) -> None:
        """Send a status and a body."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def say(self, text: str) -> None:
        """Answer with a transcript, in the service's two lines."""
        best = {"alternative": [{"transcript": text, "confidence": 0.9}, {"transcript": "no"}], "final": True}
        lines = [json.dumps({"result": []}), json.dumps({"result": [best], "result_index": 0})]
        self.answer(200, "\n".join(lines).encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    from speech_recognition.audio import get_flac_converter  # type: ignore[import-untyped, unused-ignore]

    try:
        get_flac_converter()
    except OSError:
        pytest.skip("needs flac")
    monkeypatch.setattr(speech_engines, "BACK_OFF_SECONDS", 0.0)
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask_google(data: Path, server: Service, **more: Any) -> dict[str, Any]:
    speech.run(StepOptions(data), engine="google", endpoint=server.link, **more)
    return media.journal_lines(data / "speech.ndjson")[-1]


@needs_espeak
def test_no_piece_over_a_minute_reaches_the_network_recogniser(
    tmp_path: Path, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    clip(tmp_path, "1", talk(165))
    line = ask_google(tmp_path, service, language="en-GB")
    assert line["status"] == "ok"
    assert len(service.seconds) >= 3
    assert max(service.seconds) <= 55
    assert sum(service.seconds) == pytest.approx(165, abs=0.5)
    assert line["text"] == " ".join(["hello there"] * len(service.seconds))
    assert all("lang=en-GB" in query for query in service.queries)
    warnings = [text for text in capsys.readouterr().err.splitlines() if text.startswith("warning:")]
    assert len(warnings) == 1 and "Google" in warnings[0]


@needs_espeak
def test_what_the_service_refuses_as_too_long_is_sent_in_parts(tmp_path: Path, service: Service) -> None:
    clip(tmp_path, "1", talk(50))

    def refuse_long(handler: ServiceHandler, seconds: float) -> None:
        handler.answer(400, b"Bad Request") if seconds > 20 else handler.say("part")

    service.reply = refuse_long
    line = ask_google(tmp_path, service)
    assert line["status"] == "ok"
    heard = [seconds for seconds in service.seconds if seconds <= 20]
    assert sum(heard) == pytest.approx(50, abs=0.5)
    assert line["text"] == " ".join(["part"] * len(heard))
    begins = [segment["start"] for segment in line["extra"]["segments"]]
    assert begins == sorted(begins) and begins[-1] > 25


@needs_espeak
def test_a_service_that_refuses_everything_fails_the_clip(tmp_path: Path, service: Service) -> None:
    clip(tmp_path, "1", talk(14))
    service.reply = lambda handler, seconds: handler.answer(400, b"")
    line = ask_google(tmp_path, service)
    assert (line["status"], line["class"], line["text"]) == ("failed", "network", None)
    assert "Bad Request" in line["reason"]


def hang(handler: ServiceHandler, seconds: float) -> None:
    time.sleep(1.5)


FAULTS: dict[str, Callable[[ServiceHandler, float], None]] = {
    "server error": lambda handler, seconds: handler.answer(500, b"oops"),
    "refused": lambda handler, seconds: handler.answer(403, b""),
    "half an answer": lambda handler, seconds: handler.answer(200, b'{"result": [{"alternat'),
    "body cut": lambda handler, seconds: handler.answer(200, b'{"result": []}', length=500),
    "another form": lambda handler, seconds: handler.answer(200, b'["hello"]'),
    "a page": lambda handler, seconds: handler.answer(200, b"<html>login</html>"),
    "no UTF-8": lambda handler, seconds: handler.answer(200, b'{"result": "\xff"}'),
    "hangs up": lambda handler, seconds: handler.connection.close(),
    "hangs": hang,
}


@needs_espeak
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_of_the_service_fails_only_its_clip(fault: str, tmp_path: Path, service: Service) -> None:
    clip(tmp_path, "1", media.spoken("hello my friends"))
    service.reply = FAULTS[fault]
    line = ask_google(tmp_path, service, timeout=0.5)
    assert (line["status"], line["class"], line["text"]) == ("failed", "network", None)
    assert len(service.seconds) == 3
    service.reply = lambda handler, seconds: handler.say("hello my friends")
    assert ask_google(tmp_path, service)["text"] == "hello my friends"


@needs_espeak
def test_a_service_that_recovers_is_not_a_fault(tmp_path: Path, service: Service) -> None:
    clip(tmp_path, "1", media.spoken("hello my friends"))

    def second_time(handler: ServiceHandler, seconds: float) -> None:
        handler.say("well") if len(service.seconds) > 1 else handler.answer(503, b"")

    service.reply = second_time
    assert ask_google(tmp_path, service)["text"] == "well"


@needs_espeak
def test_what_the_service_does_not_understand_is_an_empty_text(tmp_path: Path, service: Service) -> None:
    clip(tmp_path, "1", media.spoken("hello my friends"))
    service.reply = lambda handler, seconds: handler.answer(200, b'{"result":[]}\n')
    line = ask_google(tmp_path, service)
    assert (line["status"], line["text"]) == ("ok", "")


def test_silence_never_leaves_this_machine(tmp_path: Path, service: Service) -> None:
    clip(tmp_path, "1", media.silence(4))
    assert ask_google(tmp_path, service)["text"] == ""
    assert service.seconds == []


def test_google_is_asked_over_https_and_never_by_default(tmp_path: Path) -> None:
    assert GOOGLE_ENDPOINT.startswith("https://")
    with pytest.raises(UsageError, match="https"):
        speech.run(StepOptions(tmp_path), engine="google", endpoint="http://www.google.com/speech-api/v2/recognize")
    with pytest.raises(UsageError, match="https"):
        speech.run(StepOptions(tmp_path), engine="google", endpoint="http://localhost.example.org/")
    with open_speech_engine("google", SpeechOptions()) as engine:
        assert engine._recognizer.operation_timeout == speech.NETWORK_SECONDS  # type: ignore[attr-defined]


# Engines with weights of their own: the real packages with models of a few hundred weights. whisper's needs torch,
# which is not installed here: a module of ours stands in its place


@pytest.fixture
def made_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Put a small module in the place of whisper; return what it loads."""
    loaded: list[str] = []

    class WhisperLike:
        def transcribe(self, sound: Any, **options: Any) -> Any:
            seconds = len(sound) / SAMPLE_RATE
            assert sound.dtype == np.float32 and abs(sound).max() <= 1
            return {
                "text": " one two",
                "language": options.get("language", "xx"),
                "segments": [
                    {"start": 0.0, "end": 1.0, "text": " one"},
                    {"start": 1.0, "end": seconds, "text": " two"},
                ],
            }

    def load_model(name: str) -> WhisperLike:
        loaded.append(name)
        return WhisperLike()

    made: dict[str, dict[str, Any]] = {
        "whisper": {"load_model": load_model},
        "torch": {"cuda": types.SimpleNamespace(is_available=lambda: False)},  # the library asks it for whisper
    }
    find = importlib.util.find_spec
    for name, members in made.items():
        module = types.ModuleType(name)
        module.__dict__.update(members)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: True if name in made else find(name))
    monkeypatch.setattr(speech_engines, "_version", lambda package: f"1 ({package})")
    return loaded


@needs_espeak
def test_whisper_loads_once_and_keeps_its_own_segments(tmp_path: Path, made_models: list[str]) -> None:
    clip(tmp_path, "1", media.spoken(SENTENCE) + media.silence(20) + media.spoken(SENTENCE))
    clip(tmp_path, "2", media.silence(3))
    speech.run(StepOptions(tmp_path), engine="whisper", model="tiny", language="en")
    assert made_models == ["tiny"]
    lines = lines_by_id(tmp_path)
    assert (lines["1"]["status"], lines["1"]["text"], lines["2"]["text"]) == ("ok", "one two one two", "")
    segments = lines["1"]["extra"]["segments"]
    assert [segment["text"] for segment in segments] == ["one", "two", "one", "two"]
    assert segments[2]["start"] > 20
    assert "model=tiny language=en" in lines["1"]["settings"]


@pytest.fixture
def vosk_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the library look for vosk's model in a folder of ours; return where it has to lie."""
    import speech_recognition  # type: ignore[import-untyped, unused-ignore]
    from speech_recognition.recognizers import vosk as recogniser  # type: ignore[import-untyped, unused-ignore]

    library = tmp_path / "speech_recognition"
    monkeypatch.setattr(speech_recognition, "__file__", str(library / "__init__.py"))
    monkeypatch.setattr(recogniser, "__file__", str(library / "recognizers" / "vosk.py"))
    return library / "models" / "vosk"


@needs_espeak
def test_vosk_runs_its_real_code(
    tmp_path: Path, vosk_models: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import vosk  # type: ignore[import-untyped]

    make_vosk(vosk_models)
    loaded: list[str] = []
    load = vosk.Model.__init__

    def counted(self: Any, path: str) -> None:
        loaded.append(path)
        load(self, path)

    monkeypatch.setattr(vosk.Model, "__init__", counted)
    clip(tmp_path, "1", media.spoken(SENTENCE) + media.silence(20) + media.spoken(SENTENCE))
    clip(tmp_path, "2", media.silence(2))
    result = speech.run(StepOptions(tmp_path), engine="vosk")
    assert (result.ok, result.failed) == (2, 0)
    assert loaded == [str(vosk_models)]
    lines = lines_by_id(tmp_path)
    assert (lines["1"]["text"], lines["2"]["text"]) == (f"{SAID} {SAID}", "")
    assert lines["1"]["extra"]["segments"][1]["start"] > 20
    assert "VoskAPI" not in capfd.readouterr().err


def test_vosk_without_its_model_or_with_a_damaged_one_stops_the_step(tmp_path: Path, vosk_models: Path) -> None:
    clip(tmp_path, "1", media.silence(1))
    for kind in ("none", "empty", "cut"):
        if kind == "empty":
            vosk_models.mkdir(parents=True)
        elif kind == "cut":
            vosk_models.rmdir()
            os.truncate(make_vosk(vosk_models) / "am" / "final.mdl", 300)
        with pytest.raises(MissingToolError, match="vosk's model") as caught:
            speech.run(StepOptions(tmp_path), engine="vosk")
        assert caught.value.install == "sprc download vosk"
        assert ("Failed to create a model" in str(caught.value)) == (kind != "none")
    assert not (tmp_path / "speech.ndjson").exists()


@needs_espeak
def test_a_model_that_breaks_on_a_clip_fails_only_its_row(
    tmp_path: Path, made_models: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> Any:
        def transcribe(sound: Any, **options: Any) -> Any:
            raise RuntimeError("out of memory")

        return types.SimpleNamespace(transcribe=transcribe)

    monkeypatch.setattr(sys.modules["whisper"], "load_model", refuse)
    clip(tmp_path, "1", media.spoken(SENTENCE))
    clip(tmp_path, "2", media.silence(2))
    result = speech.run(StepOptions(tmp_path), engine="whisper")
    assert (result.ok, result.failed) == (1, 1)
    assert lines_by_id(tmp_path)["1"]["class"] == "engine"


@pytest.fixture(scope="session")
def tiny_whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whisper model that says "good morning" to everything."""
    return make_whisper(tmp_path_factory.mktemp("models") / "whisper")


@needs_espeak
@pytest.mark.parametrize(("language", "told"), [(None, "detected"), ("de", "de")])
def test_faster_whisper_runs_its_real_code(
    language: str | None, told: str, tmp_path: Path, tiny_whisper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import faster_whisper  # type: ignore[import-untyped]

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    loaded: list[str] = []
    load = faster_whisper.WhisperModel.__init__

    def counted(self: Any, name: str, **options: Any) -> None:
        loaded.append(name)
        load(self, name, **options)

    monkeypatch.setattr(faster_whisper.WhisperModel, "__init__", counted)
    clip(tmp_path, "1", media.spoken(SENTENCE) + media.silence(20) + media.spoken(SENTENCE))
    clip(tmp_path, "2", media.silence(3))
    result = speech.run(StepOptions(tmp_path), engine="faster-whisper", model=str(tiny_whisper), language=language)
    assert (result.ok, result.failed) == (2, 0)
    assert loaded == [str(tiny_whisper)]
    lines = lines_by_id(tmp_path)
    assert (lines["1"]["text"], lines["2"]["text"]) == (f"{SAID} {SAID}", "")
    first, second = lines["1"]["extra"]["segments"]
    assert (first["text"], second["text"]) == (SAID, SAID)
    assert first["end"] - first["start"] == pytest.approx(1.0, abs=0.02)
    assert second["start"] > 20
    assert f"model={tiny_whisper} language={told}" in lines["1"]["settings"]
    assert lines["1"]["engine_version"].startswith(importlib.metadata.version("faster-whisper"))


def test_a_damaged_or_missing_model_ends_in_one_line_and_exit_code_3(tmp_path: Path, tiny_whisper: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(tiny_whisper, damaged)
    os.truncate(damaged / "model.bin", 1000)
    clip(tmp_path, "1", media.silence(1))
    for model in (damaged, tmp_path / "no-such-model"):
        done = run_cli(
            *("speech", "--data", tmp_path, "--engine", "faster-whisper", "--model", model),
            env=os.environ | {"HF_HUB_OFFLINE": "1"},
        )
        assert done.returncode == ExitCode.MISSING_TOOL
        told = done.stderr.strip().splitlines()
        assert len(told) == 1, done.stderr
        assert told[0].startswith("error: faster-whisper's model (")
        assert told[0].endswith(f"WhisperModel('{model}')\"")
    assert not (tmp_path / "speech.ndjson").exists()


@pytest.mark.parametrize("engine", ["whisper", "faster-whisper", "vosk"])
def test_an_engine_without_its_weights_stops_the_step(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs the real package where it is installed: weights that are not there are a missing tool, like the package."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    clip(tmp_path, "1", media.silence(1))
    model = None if engine == "vosk" else str(tmp_path / "no-such-model")
    with pytest.raises(MissingToolError) as caught:
        speech.run(StepOptions(tmp_path), engine=engine, model=model)
    is_installed = importlib.util.find_spec(engine.replace("-", "_")) is not None
    assert ("model" in caught.value.tool) == is_installed
    assert caught.value.install


@pytest.mark.parametrize(
    ("engine", "module", "line"),
    [
        ("sphinx", "pocketsphinx", "pip install -e '.[extract]'"),
        ("sphinx", "webrtcvad", "pip install -e '.[extract]'"),
        ("google", "speech_recognition", "pip install -e '.[extract]'"),
        ("whisper", "whisper", "pip install 'SpeechRecognition[whisper-local]'"),
        ("faster-whisper", "faster_whisper", "pip install 'SpeechRecognition[faster-whisper]'"),
        ("vosk", "vosk", "pip install 'SpeechRecognition[vosk]'"),
    ],
)
def test_a_missing_engine_stops_the_step_with_the_line_that_installs_it(
    engine: str, module: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else find(name))
    clip(tmp_path, "1", media.silence(1))
    with pytest.raises(MissingToolError) as caught:
        speech.run(StepOptions(tmp_path), engine=engine)
    assert caught.value.install == line
    assert caught.value.exit_code == ExitCode.MISSING_TOOL
    assert not (tmp_path / "speech.ndjson").exists()


def test_engines_and_options_that_make_no_sense_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="sphinx, google"):
        speech.run(StepOptions(tmp_path), engine="magic")
    with pytest.raises(UsageError, match="--model"):
        speech.run(StepOptions(tmp_path), model="tiny")


# Ctrl-C


@needs_espeak
def test_ctrl_c_finishes_the_clip_in_hand_and_a_further_run_does_the_rest(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    for number in range(4):
        clip(tmp_path, str(number), media.spoken("good morning"))
    command = [sys.executable, "extract/run.py", "speech", "--data", str(tmp_path), "--jobs", "1"]
    process = subprocess.Popen(
        command, cwd=REPOSITORY, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    journal = tmp_path / "speech.ndjson"
    try:
        deadline = time.monotonic() + 90
        while not (journal.exists() and journal.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.02)
        # as a terminal does: to every process in the foreground
        os.killpg(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=90)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130, said
    lines = media.journal_lines(journal)
    assert 1 <= len(lines) <= 3
    assert {line["status"] for line in lines} == {"ok"}
