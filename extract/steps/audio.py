"""Take the sound out of the videos as 16 kHz mono WAV: one line of audio.ndjson for each video and attempt.

status: ok; no_audio_track (a legitimate outcome); broken: not a whole video, download it again; corrupt: whole, but its
sound cannot be decoded; failed: the tool failed, not the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from extract.journal import OK, Journal, Line, utc_now
from extract.media_checks import MediaCheck, check_video
from extract.media_items import DoneItems, MediaItem, interrupts_held_off, sha256_of, video_items
from extract.raw_zone import audio_path
from extract.sound import SoundDecoder, SoundError, open_decoder, write_wav
from extract.steps.common import Outcome, StepOptions, StepResult, run_items

JOURNAL = "audio.ndjson"
NO_AUDIO_TRACK = "no_audio_track"


def run(options: StepOptions, *, engine: str = "ffmpeg") -> StepResult:
    """Extract the sound of every video that has not been done.

    Raises MissingToolError where the engine is not installed, UsageError for an unknown engine.
    """
    decoder = open_decoder(engine)

    def holds(line: Line) -> bool:
        return line.get("status") == NO_AUDIO_TRACK or audio_path(options.data, str(line["tiktok_id"])).is_file()

    with Journal(options.data / JOURNAL) as journal:
        done = DoneItems(journal, decoder.name, decoder.settings, settled=(OK, NO_AUDIO_TRACK), holds=holds)
        return run_items(
            "audio",
            video_items(options.data),
            lambda item: extract_sound(item, decoder, audio_path(options.data, item.tiktok_id)),
            options,
            id_of=lambda item: item.tiktok_id,
            done=done.__contains__,
            journal=journal,
        )


def extract_sound(item: MediaItem, decoder: SoundDecoder, target: Path) -> Outcome:
    """Extract the sound of one video; whatever is wrong with it becomes a line with a reason."""
    line: dict[str, Any] = {
        "tiktok_id": item.tiktok_id,
        "part": item.part,
        "status": OK,
        "engine": decoder.name,
        "engine_version": decoder.version,
        "settings": decoder.settings,
        "started_at": utc_now(),
    }
    fault: str | None = None
    try:
        line["input_sha256"] = sha256_of(item.path)
        check = check_video(item.path)
        _refuse_faulty(check)
        with interrupts_held_off():
            sound = decoder.decode(item.path, check.seconds)
        if sound.remark:
            line["reason"] = sound.remark
        line["bytes"] = write_wav(target, sound.pcm)
        line["seconds"] = round(sound.seconds, 3)
    except SoundError as error:
        fault = error.fault
        line.update(status=error.status, reason=str(error))
    except OSError as error:
        fault = "file"
        line.update(status="failed", reason=f"{type(error).__name__}: {error}")
    if fault is not None:
        line["class"] = fault
    line["finished_at"] = utc_now()
    status = str(line["status"])
    return Outcome(status, fault=fault, lines=[line], is_failure=status not in (OK, NO_AUDIO_TRACK))


def _refuse_faulty(check: MediaCheck) -> None:
    """Raise SoundError for what a decoder must not see, or would silently take for a whole clip."""
    if check.fault == "corrupt":
        raise SoundError("corrupt", "corrupt", check.reason or "the boxes of the file make no sense")
    if check.fault is not None:
        raise SoundError("broken", check.fault, f"{check.reason}: download it again")
    if not check.has_audio:
        raise SoundError(NO_AUDIO_TRACK, NO_AUDIO_TRACK, "the clip has no sound track")
