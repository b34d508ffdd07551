"""Sound out of videos: its form, and what becomes of clips that are silent, mute, cut or damaged."""

from __future__ import annotations

import importlib.util
import random
from array import array
from pathlib import Path
from typing import Any

import media_files as media
import pytest

from extract.media_checks import check_video
from extract.sound import SAMPLE_RATE, SoundError, find_ffmpeg, fitted, open_decoder, read_wav, write_wav
from extract.steps import audio
from extract.steps.common import ExitCode, MissingToolError, StepOptions, UsageError

pytestmark = media.needs_ffmpeg


def lines_by_id(data: Path) -> dict[str, dict[str, Any]]:
    return {line["tiktok_id"]: line for line in media.journal_lines(data / "audio.ndjson")}


def samples(path: Path) -> array[int]:
    return array("h", media.read_wav(path)[3])


def damage_sound(path: Path, share: float) -> Path:
    """Overwrite a share of the media data with noise, the boxes stay as they are."""
    content = bytearray(path.read_bytes())
    begin = content.index(b"mdat") + 4
    end = content.index(b"moov") - 4
    length = int((end - begin) * share)
    begin += (end - begin - length) // 2
    content[begin : begin + length] = random.Random(5).randbytes(length)
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a raw zone with a good video and every kind of bad one, and run the step over it."""
    data = tmp_path_factory.mktemp("data")
    videos = data / "videos"
    media.make_clip(videos / "201.mp4", seconds=2)
    media.make_clip(videos / "202.mp4", sound="anullsrc")
    media.make_clip(videos / "203.mp4", sound=None)
    media.cut(media.make_clip(videos / "204.mp4", seconds=4, moov_first=True))
    media.cut(media.make_clip(videos / "205.mp4", seconds=4))
    (videos / "206.mp4").write_bytes(b"")
    (videos / "207.mp4").write_text("<!DOCTYPE html><html><body>Access denied</body></html>")
    damage_sound(media.make_clip(videos / "208.mp4", seconds=4), 0.6)
    damage_sound(media.make_clip(videos / "209.mp4", seconds=4), 1)
    nonsense = bytearray(media.make_clip(videos / "210.mp4").read_bytes())
    nonsense[:4] = (28).to_bytes(4, "big")
    nonsense[28:40] = bytes(range(12))
    (videos / "210.mp4").write_bytes(nonsense)
    (videos / "211.mp4.part").write_bytes(b"half a download")
    return data


def test_every_kind_of_video_ends_in_its_class(clips: Path) -> None:
    result = audio.run(StepOptions(clips, jobs=2))

    lines = lines_by_id(clips)
    assert {key: (line["status"], line.get("class")) for key, line in lines.items()} == {
        "201": ("ok", None),
        "202": ("ok", None),
        "203": ("no_audio_track", "no_audio_track"),
        "204": ("broken", "truncated"),
        "205": ("broken", "truncated"),
        "206": ("broken", "empty"),
        "207": ("broken", "not_media"),
        "208": ("corrupt", "corrupt"),
        "209": ("corrupt", "corrupt"),
        "210": ("corrupt", "corrupt"),
    }
    assert sorted(path.name for path in (clips / "audios").iterdir()) == ["201.wav", "202.wav"]
    assert all("download it again" in line["reason"] for line in lines.values() if line["status"] == "broken")
    # a clip without sound is no failure
    assert (result.ok, result.failed) == (3, 7)
    assert result.exit_code(strict=False) == ExitCode.DONE
    assert result.exit_code(strict=True) == ExitCode.FAILED


def test_a_clip_that_is_cut_behind_its_moov_box_would_decode_without_this_check(clips: Path) -> None:
    sound = open_decoder("ffmpeg").decode(clips / "videos" / "204.mp4", None)
    assert 0 < sound.seconds < 4
    assert check_video(clips / "videos" / "204.mp4").fault == "truncated"


def test_the_sound_is_mono_of_16_bit_at_16_khz_and_as_long_as_the_clip(clips: Path) -> None:
    audio.run(StepOptions(clips))
    path = clips / "audios" / "201.wav"
    assert media.read_wav(path)[:3] == (1, 2, 16_000)
    length = check_video(clips / "videos" / "201.mp4").seconds
    assert length is not None
    assert len(samples(path)) == round(length * SAMPLE_RATE)
    line = lines_by_id(clips)["201"]
    assert line["bytes"] == path.stat().st_size
    assert line["seconds"] == pytest.approx(length, abs=0.001)
    assert line["part"] == "video" and line["engine"] == "ffmpeg" and line["engine_version"] and line["settings"]


def test_silence_is_sound_too(clips: Path) -> None:
    audio.run(StepOptions(clips))
    assert set(samples(clips / "audios" / "202.wav")) == {0}


def test_a_few_damaged_packets_are_told_and_the_rest_is_kept(tmp_path: Path) -> None:
    damage_sound(media.make_clip(tmp_path / "videos" / "1.mp4", seconds=8), 0.05)
    audio.run(StepOptions(tmp_path))
    line = lines_by_id(tmp_path)["1"]
    assert line["status"] == "ok"
    assert "damaged packets" in line["reason"]


def test_moviepy_and_ffmpeg_give_the_same_sound(tmp_path: Path) -> None:
    pytest.importorskip("moviepy")
    media.make_clip(tmp_path / "videos" / "1.mp4", sound="aevalsrc=0.4*sin(600*t*t)|0.2*sin(2000*t):s=44100", seconds=3)
    results: dict[str, array[int]] = {}
    for engine in ("ffmpeg", "moviepy"):
        assert audio.run(StepOptions(tmp_path), engine=engine).ok == 1
        results[engine] = samples(tmp_path / "audios" / "1.wav")
    one, other = results["ffmpeg"], results["moviepy"]
    assert len(one) == len(other)
    shared = sum(a * b for a, b in zip(one, other, strict=True))
    norm = (sum(a * a for a in one) * sum(b * b for b in other)) ** 0.5
    assert shared / norm > 0.999


def test_moviepy_tells_the_same_outcomes(clips: Path, tmp_path: Path) -> None:
    pytest.importorskip("moviepy")
    (tmp_path / "videos").symlink_to(clips / "videos")
    audio.run(StepOptions(tmp_path), engine="moviepy")
    audio.run(StepOptions(tmp_path), engine="ffmpeg")
    lines = media.journal_lines(tmp_path / "audio.ndjson")
    outcomes = {
        engine: {line["tiktok_id"]: (line["status"], line.get("class")) for line in lines if line["engine"] == engine}
        for engine in ("ffmpeg", "moviepy")
    }
    assert outcomes["ffmpeg"] == outcomes["moviepy"]
    assert len(outcomes["ffmpeg"]) == 10


def test_what_is_done_is_skipped_unless_its_file_is_gone_or_the_video_is_another(tmp_path: Path) -> None:
    video = media.make_clip(tmp_path / "videos" / "1.mp4", seconds=1)
    media.make_clip(tmp_path / "videos" / "2.mp4", sound=None, seconds=1)
    assert audio.run(StepOptions(tmp_path)).ok == 2
    assert audio.run(StepOptions(tmp_path)).skipped == 2
    (tmp_path / "audios" / "1.wav").unlink()
    assert audio.run(StepOptions(tmp_path)).ok == 1
    media.make_clip(video, seconds=2)
    assert audio.run(StepOptions(tmp_path)).ok == 1
    assert len(samples(tmp_path / "audios" / "1.wav")) > 1.5 * SAMPLE_RATE
    assert audio.run(StepOptions(tmp_path, force=True)).ok == 2


def test_a_broken_video_is_tried_again_when_it_was_downloaded_again(tmp_path: Path) -> None:
    video = media.cut(media.make_clip(tmp_path / "videos" / "1.mp4"))
    assert audio.run(StepOptions(tmp_path)).failed == 1
    media.make_clip(video)
    assert audio.run(StepOptions(tmp_path)).ok == 1
    assert [line["status"] for line in media.journal_lines(tmp_path / "audio.ndjson")] == ["broken", "ok"]


def test_a_decoder_that_hangs_fails_only_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    media.make_clip(tmp_path / "videos" / "1.mp4")
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\n[ "$1" = -version ] && echo "ffmpeg version 9" && exit\nexec sleep 60\n')
    program.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(program))
    monkeypatch.setattr("extract.sound.DECODE_SECONDS", 0.3)
    assert audio.run(StepOptions(tmp_path)).failed == 1
    line = lines_by_id(tmp_path)["1"]
    assert (line["status"], line["class"], line["engine_version"]) == ("failed", "timeout", "9")


@pytest.fixture
def no_packaged_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "imageio_ffmpeg" else find(name))


def test_without_the_python_package_the_system_s_ffmpeg_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_packaged_ffmpeg: None
) -> None:
    media.make_clip(tmp_path / "videos" / "1.mp4")
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.symlink_to(media.ffmpeg())
    monkeypatch.setenv("PATH", str(program.parent))
    assert find_ffmpeg() == str(program)
    assert audio.run(StepOptions(tmp_path)).ok == 1


def test_no_ffmpeg_at_all_stops_the_step_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_packaged_ffmpeg: None
) -> None:
    media.make_clip(tmp_path / "videos" / "1.mp4")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="install"):
        audio.run(StepOptions(tmp_path))
    assert not (tmp_path / "audio.ndjson").exists()


def test_a_missing_moviepy_stops_the_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "moviepy" else find(name))
    with pytest.raises(MissingToolError, match="pip install"):
        audio.run(StepOptions(tmp_path), engine="moviepy")


def test_an_unknown_engine_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ffmpeg, moviepy"):
        audio.run(StepOptions(tmp_path), engine="magic")


def test_a_playlist_in_disguise_opens_nothing_else(tmp_path: Path) -> None:
    playlist = tmp_path / "1.mp4"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/secret.ts\n")
    with pytest.raises(SoundError) as caught:
        open_decoder("ffmpeg").decode(playlist, None)
    assert caught.value.status == "corrupt"


def test_sound_is_fitted_to_its_clip() -> None:
    assert fitted(b"\x01\x00" * 16_000, 1.5) == b"\x01\x00" * 16_000 + bytes(16_000)
    assert fitted(b"\x01\x00" * 16_000, 0.5) == b"\x01\x00" * 8_000
    assert fitted(b"\x01\x00", None) == b"\x01\x00"
    assert fitted(b"\x01\x00", 1e9) == b"\x01\x00"


def test_wav_files_of_another_shape_and_cut_ones_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    assert write_wav(path, b"\x01\x00" * 100) == path.stat().st_size
    assert read_wav(path) == b"\x01\x00" * 100
    assert list(tmp_path.iterdir()) == [path]
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(ValueError, match="cut"):
        read_wav(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="not a WAV"):
        read_wav(path)
    media.write_wav(path, bytes(100), rate=44_100)
    with pytest.raises(ValueError, match="44100 Hz"):
        read_wav(path)
