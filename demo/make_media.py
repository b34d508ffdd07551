"""Draw the covers and slides and make the clips of the demo corpus: `python demo/make_media.py [FOLDER]`.

Needs Pillow, imageio-ffmpeg and the program espeak-ng. The captions are the `cover` and `slides` of corpus_words.py in
white with a black edge, as the app writes them; the clips speak the `speech`. Everything is drawn and counted, nothing
is random: the same versions of the encoders give the same bytes.
"""

from __future__ import annotations

import math
import struct
import subprocess
import sys
import tempfile
import wave
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
from corpus_words import TIKTOKS, TikTok
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 320, 568
FRAMES_PER_SECOND = 12
SILENT_SECONDS = 2.5
SMOOTHING = 2  # drawn twice as large, then halved
RATE = 22_050
VOICES = ("en-us+f2", "en-us+f3", "en-us+f4")  # the deeper ones are beyond any recogniser

Colour = tuple[int, int, int]
# Background above, below; body; detail. All darker than the caption's white, so that a reader can tell them apart.
PALETTES: tuple[tuple[Colour, Colour, Colour, Colour], ...] = (
    ((28, 34, 72), (96, 52, 108), (214, 120, 52), (24, 20, 40)),
    ((14, 70, 84), (30, 122, 110), (196, 74, 66), (10, 38, 48)),
    ((84, 30, 50), (166, 74, 58), (58, 96, 150), (40, 12, 26)),
    ((30, 60, 36), (92, 118, 52), (150, 86, 130), (16, 30, 18)),
    ((44, 44, 56), (98, 92, 110), (60, 140, 120), (22, 20, 30)),
)


class Scene:
    """A canvas of 320 x 568 points with a few shapes; `beat` runs from 0 to 1 over a clip."""

    def __init__(self, slug: str, beat: float) -> None:
        """Paint the background that belongs to the slug."""
        self.above, self.below, self.body, self.detail = PALETTES[sum(slug.encode()) % len(PALETTES)]
        self.beat = beat
        self.image = Image.new("RGB", (WIDTH * SMOOTHING, HEIGHT * SMOOTHING))
        self.draw = ImageDraw.Draw(self.image)
        for line in range(HEIGHT * SMOOTHING):
            share = line / (HEIGHT * SMOOTHING)
            colour = tuple(round(a + (b - a) * share) for a, b in zip(self.above, self.below, strict=True))
            self.draw.line([(0, line), (WIDTH * SMOOTHING, line)], fill=colour)
        self.box(0, 490, WIDTH, HEIGHT, self.detail)

    def swing(self, size: float, times: float = 2) -> float:
        """Return a sway of the given size in points."""
        return size * math.sin(2 * math.pi * times * self.beat)

    def oval(self, x: float, y: float, across: float, down: float, colour: Colour | None = None) -> None:
        """Draw an ellipse around a centre with two radii."""
        self.draw.ellipse([SMOOTHING * v for v in (x - across, y - down, x + across, y + down)], colour or self.body)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour | None = None) -> None:
        """Draw a rectangle with soft corners."""
        self.draw.rounded_rectangle([SMOOTHING * v for v in (left, top, right, bottom)], 8, colour or self.body)

    def shape(self, *points: tuple[float, float], colour: Colour | None = None) -> None:
        """Draw a polygon."""
        self.draw.polygon([(SMOOTHING * x, SMOOTHING * y) for x, y in points], colour or self.body)

    def stroke(self, *points: tuple[float, float], width: float = 6, colour: Colour | None = None) -> None:
        """Draw a line through points."""
        self.draw.line(
            [(SMOOTHING * x, SMOOTHING * y) for x, y in points], colour or self.body, round(SMOOTHING * width), "curve"
        )

    def caption(self, text: str) -> None:
        """Write the text at the top: white, black edge, centred."""
        size = 34.0 * SMOOTHING
        font = ImageFont.load_default(size)
        while max(self.draw.textlength(line, font) for line in text.split("\n")) > (WIDTH - 44) * SMOOTHING:
            size -= 1
            font = ImageFont.load_default(size)
        self.draw.multiline_text(
            (WIDTH * SMOOTHING / 2, 64 * SMOOTHING),
            text,
            "white",
            font,
            "ma",
            spacing=10 * SMOOTHING,
            align="center",
            stroke_width=3 * SMOOTHING,
            stroke_fill="black",
        )

    def finished(self) -> Image.Image:
        """Return the picture at its final size."""
        return self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def cat(scene: Scene, x: float, y: float, size: float = 1) -> None:
    """Draw a sitting cat whose tail swings."""
    tail = scene.swing(18)
    scene.stroke((x + 40 * size, y), (x + 78 * size, y - 30 * size), (x + 80 * size + tail, y - 80 * size), width=12)
    scene.oval(x, y - 45 * size, 46 * size, 62 * size)
    scene.oval(x, y - 122 * size, 42 * size, 36 * size)
    for side in (-1, 1):
        scene.shape(
            (x + side * 40 * size, y - 128 * size),
            (x + side * 34 * size, y - 180 * size),
            (x + side * 6 * size, y - 150 * size),
        )
        scene.oval(x + side * 16 * size, y - 126 * size, 6 * size, 9 * size, scene.detail)
    scene.shape(
        (x - 6 * size, y - 110 * size), (x + 6 * size, y - 110 * size), (x, y - 102 * size), colour=scene.detail
    )


def goose(scene: Scene, x: float, y: float) -> None:
    """Draw a goose that nods."""
    nod = scene.swing(8, 3)
    scene.oval(x, y - 60, 70, 44)
    scene.stroke((x - 50, y - 70), (x - 62, y - 150), (x - 74 + nod, y - 190), width=24)
    scene.oval(x - 78 + nod, y - 194, 24, 19)
    scene.shape((x - 98 + nod, y - 202), (x - 136 + nod, y - 190), (x - 98 + nod, y - 184), colour=(190, 120, 30))
    scene.oval(x - 82 + nod, y - 198, 4, 4, scene.detail)
    for foot in (-14, 18):
        scene.stroke((x + foot, y - 20), (x + foot, y), width=7, colour=(190, 120, 30))


def owl(scene: Scene, x: float, y: float) -> None:
    """Draw an owl on a beam that blinks."""
    scene.box(30, y, 290, y + 16, scene.detail)
    scene.oval(x, y - 66, 54, 70)
    for side in (-1, 1):
        scene.shape((x + side * 50, y - 112), (x + side * 44, y - 160), (x + side * 12, y - 128))
        scene.oval(x + side * 21, y - 96, 19, 19, (180, 168, 120))
        scene.oval(x + side * 21, y - 96, 9, 9 if scene.beat < 0.8 else 2, scene.detail)
    scene.shape((x - 8, y - 82), (x + 8, y - 82), (x, y - 64), colour=(190, 120, 30))


def wheels(scene: Scene, y: float, *places: float, size: float = 20) -> None:
    """Draw wheels at these places."""
    for x in places:
        scene.oval(x, y, size, size, scene.detail)
        scene.oval(x, y, size / 3, size / 3, (150, 150, 150))


def printer(scene: Scene) -> None:
    """Draw a cat that stares at a printer that feeds paper."""
    paper = 30 + 50 * scene.beat
    scene.box(40, 430, 170, 490, scene.detail)
    scene.box(54, 430 - paper, 156, 434, (150, 150, 158))
    cat(scene, 232, 490, 0.85)


def tree(scene: Scene) -> None:
    """Draw a cat beside a tree that leans more and more."""
    lean = 90 * max(0.0, scene.beat - 0.4)
    for row, half in enumerate((70, 54, 36)):
        top = 320 + 50 * (2 - row) - 20
        scene.shape((110 - half, top + 70), (110 + half, top + 70), (110 + lean, top - 10), colour=(30, 92, 56))
    cat(scene, 240, 490, 0.8)


def lasagne(scene: Scene) -> None:
    """Draw a dish behind the round window of a machine."""
    scene.box(60, 280, 260, 490, (70, 76, 92))
    scene.oval(160, 395, 76, 76, scene.detail)
    turn = scene.swing(12, 1)
    for layer in range(4):
        colour = (176, 60, 40) if layer % 2 else (186, 150, 80)
        scene.box(110 + turn, 360 + 18 * layer, 210 + turn, 376 + 18 * layer, colour)


def knight(scene: Scene) -> None:
    """Draw a knight who sits in a bus."""
    jolt = scene.swing(4, 6)
    scene.box(24, 280 + jolt, 296, 470 + jolt)
    scene.box(44, 300 + jolt, 276, 390 + jolt, scene.above)
    scene.oval(160, 344 + jolt, 32, 38, (132, 138, 150))
    scene.box(134, 334 + jolt, 186, 346 + jolt, scene.detail)
    scene.shape((160, 308 + jolt), (196, 284 + jolt), (170, 318 + jolt), colour=(176, 40, 40))
    wheels(scene, 472, 84, 236, size=26)


def model_train(scene: Scene) -> None:
    """Draw a little locomotive that crosses a table."""
    x = -60 + 260 * scene.beat + 60
    scene.box(x, 420, x + 110, 468)
    scene.box(x, 380, x + 44, 424)
    scene.box(x + 84, 392, x + 98, 424, scene.detail)
    for puff in range(3):
        scene.oval(x + 90 - 26 * puff, 370 - 22 * puff, 10 + 5 * puff, 9 + 4 * puff, (150, 150, 160))
    wheels(scene, 474, x + 22, x + 62, x + 94, size=16)


def alarm(scene: Scene) -> None:
    """Draw a bell that swings before a blackboard."""
    scene.box(40, 290, 280, 460, (24, 52, 40))
    swing = scene.swing(24, 4)
    scene.oval(160 + swing, 360, 40, 40, (176, 40, 40))
    scene.box(112 + swing, 360, 208 + swing, 412, (176, 40, 40))
    scene.oval(160 + swing * 1.5, 420, 12, 12, (186, 150, 80))


def jelly(scene: Scene) -> None:
    """Draw a house that wobbles on a jelly."""
    wobble = scene.swing(14, 4)
    scene.shape((50, 490), (270, 490), (240 + wobble, 420), (80 + wobble, 420), colour=(170, 50, 70))
    scene.box(110 + wobble, 340, 210 + wobble, 420)
    scene.shape((96 + wobble, 342), (224 + wobble, 342), (160 + wobble * 1.6, 286), colour=scene.detail)


def vacuum(scene: Scene) -> None:
    """Draw a round vacuum cleaner that circles."""
    x, y = 160 + scene.swing(80, 1), 440 + scene.swing(20, 2)
    scene.oval(x, y, 66, 30, scene.detail)
    scene.oval(x, y - 8, 62, 26)
    scene.oval(x, y - 12, 14, 6, (150, 150, 160))


def fence(scene: Scene) -> None:
    """Draw a fence, half painted."""
    for board in range(8):
        x = 24 + 36 * board
        painted = board / 8 < 0.3 + 0.5 * scene.beat
        scene.shape(
            (x, 490), (x, 340), (x + 14, 322), (x + 28, 340), (x + 28, 490), colour=scene.body if painted else None
        )
        if not painted:
            scene.box(x, 340, x + 28, 490, (110, 84, 60))


def pigeon(scene: Scene) -> None:
    """Draw a pigeon before a chessboard."""
    for row in range(4):
        for column in range(8):
            colour = (120, 104, 84) if (row + column) % 2 else (48, 40, 36)
            scene.box(32 + 32 * column, 420 + 20 * row, 64 + 32 * column, 440 + 20 * row, colour)
    nod = scene.swing(10, 3)
    scene.oval(170, 370, 58, 36, (92, 100, 124))
    scene.shape((216, 360), (284, 392), (214, 390), colour=(72, 80, 102))
    scene.oval(116 - nod, 326, 22, 20, (70, 110, 110))
    scene.stroke((130, 350), (118 - nod, 330), width=26, colour=(70, 110, 110))
    scene.shape((98 - nod, 322), (78 - nod, 330), (98 - nod, 334), colour=(190, 120, 30))
    scene.oval(112 - nod, 322, 4, 4, (180, 80, 30))


def ramen(scene: Scene) -> None:
    """Draw a steaming bowl; its umbrella flies away."""
    x, y = 150 + 150 * scene.beat, 330 - 60 * scene.beat
    scene.shape((x - 60, y), (x + 60, y), (x + 30, y - 44), (x - 30, y - 44), colour=(170, 46, 60))
    scene.stroke((x, y), (x, y + 60), width=4, colour=scene.detail)
    scene.shape((70, 420), (250, 420), (210, 490), (110, 490))
    scene.oval(160, 420, 90, 16, (186, 150, 80))


def trombone(scene: Scene) -> None:
    """Draw a trombone on a table."""
    scene.stroke((60, 400), (230, 400), (250, 420), (230, 440), (90, 440), width=8, colour=(176, 136, 50))
    scene.shape((60, 400), (60, 370), (20, 350), (20, 450), (60, 430), colour=(176, 136, 50))


def wig(scene: Scene) -> None:
    """Draw a wig on a stand."""
    for curl in range(9):
        angle = math.pi * curl / 8
        scene.oval(160 + 66 * math.cos(angle), 400 - 70 * math.sin(angle), 30, 28)
    scene.oval(160, 410, 44, 56, (120, 96, 80))


def shoes(scene: Scene) -> None:
    """Draw six left shoes in two rows."""
    for number in range(6):
        x, y = 50 + 84 * (number % 3), 380 + 70 * (number // 3)
        scene.box(x, y, x + 64, y + 26, (100 + 12 * number, 60, 130 - 12 * number))
        scene.box(x + 36, y - 22, x + 64, y + 8, (100 + 12 * number, 60, 130 - 12 * number))


def snail(scene: Scene, x: float, y: float, colour: Colour) -> None:
    """Draw one snail."""
    scene.box(x - 50, y - 16, x + 54, y, (150, 130, 90))
    scene.stroke((x + 44, y - 10), (x + 58, y - 46), width=6, colour=(150, 130, 90))
    for ring, radius in enumerate((34, 23, 12)):
        scene.oval(x, y - 40, radius, radius, colour if ring % 2 == 0 else scene.detail)


def snails(scene: Scene) -> None:
    """Draw two snails that race."""
    snail(scene, 110 + 40 * scene.beat, 410, (150, 60, 60))
    snail(scene, 190, 490, (60, 90, 150))


def security_goose(scene: Scene) -> None:
    """Draw a goose at the barrier."""
    scene.box(20, 380, 36, 490, scene.detail)
    scene.stroke((28, 390), (28 + 150, 390 - 60 * scene.beat), width=8, colour=(176, 40, 40))
    goose(scene, 220, 490)


def stage(scene: Scene) -> None:
    """Draw something round in a spotlight, for clips that never arrive."""
    scene.shape((160, 250), (40, 490), (280, 490), colour=scene.below)
    scene.oval(160, 440, 50, 50)


def back_owl(scene: Scene) -> None:
    """Draw the owl on its beam, a ladder below."""
    owl(scene, 170, 400)
    for side in (60, 110):
        scene.stroke((side, 410), (side, 490), width=5, colour=(110, 84, 60))
    for rung in (430, 455, 480):
        scene.stroke((60, rung), (110, rung), width=4, colour=(110, 84, 60))


SCENES: dict[str, Callable[[Scene], None]] = {
    "live-cat-printer": printer,
    "live-cat-tree": tree,
    "live-pasta-dishwasher": lasagne,
    "live-knight-bus": knight,
    "live-train-model-flour": model_train,
    "live-teacher-fire-drill": alarm,
    "live-science-jelly": jelly,
    "live-dance-roomba": vacuum,
    "live-owl-return": back_owl,
    "live-fence-paint": fence,
    "live-chess-pigeon": pigeon,
    "live-soup-umbrella": ramen,
    "live-goose-commute": security_goose,
    "live-photo-lost-posters_1": trombone,
    "live-photo-lost-posters_2": wig,
    "live-photo-lost-posters_3": shoes,
    "live-photo-snail-race_1": snails,
    "live-photo-snail-race_2": snails,
}


def picture(name: str, caption: str, beat: float) -> Image.Image:
    """Return one picture: the scene of that name at that beat, with its caption."""
    scene = Scene(name, beat)
    SCENES.get(name, stage)(scene)
    scene.caption(caption)
    return scene.finished()


def save_cover(path: Path, name: str, caption: str) -> None:
    """Write a JPEG of 320 x 568 points."""
    picture(name, caption, 0.35).save(path, "JPEG", quality=82, optimize=True)


def write_sound(path: Path, tiktok: TikTok) -> float:
    """Write what a clip sounds like as a WAV file and return its length in seconds."""
    if tiktok.sound == "voice":
        voice = VOICES[sum(tiktok.slug.encode()) % len(VOICES)]
        command = ["espeak-ng", "-v", voice, "-s", "150", "-w", str(path), tiktok.speech or ""]
        subprocess.run(command, check=True)
        with wave.open(str(path)) as sound:
            return sound.getnframes() / sound.getframerate()
    samples = [0] * int(RATE * SILENT_SECONDS)
    if tiktok.sound == "clacks":
        # Two short clicks for each joint of the rails; anything longer would pass for a voice
        for joint in range(int(SILENT_SECONDS / 0.9) + 1):
            for start in (0.05 + 0.9 * joint, 0.17 + 0.9 * joint):
                for index in range(min(RATE // 100, len(samples) - int(start * RATE))):
                    fading = 6000 * math.exp(-500 * index / RATE)
                    samples[int(start * RATE) + index] = int(fading * math.sin(2 * math.pi * 3000 * index / RATE))
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return SILENT_SECONDS


def save_clip(path: Path, tiktok: TikTok) -> None:
    """Write an MP4 (H.264, AAC unless the clip has no sound track) of the scene in motion."""
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "sound.wav"
        seconds = write_sound(sound, tiktok) + 0.3
        frames = round(seconds * FRAMES_PER_SECOND)
        size = f"{WIDTH}x{HEIGHT}"
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
        command += ["-s", size, "-r", str(FRAMES_PER_SECOND), "-i", "-"]
        if tiktok.sound != "none":
            command += ["-i", str(sound), "-c:a", "aac", "-b:a", "32k", "-ac", "1"]
        command += ["-c:v", "libx264", "-preset", "veryslow", "-crf", "30", "-pix_fmt", "yuv420p", "-threads", "1"]
        command += ["-movflags", "+faststart", "-map_metadata", "-1", "-fflags", "+bitexact"]
        command += ["-flags:v", "+bitexact", "-flags:a", "+bitexact", str(path)]
        raw = b"".join(picture(tiktok.slug, tiktok.cover or "", frame / frames).tobytes() for frame in range(frames))
        subprocess.run(command, input=raw, check=True)


def main(folder: Path) -> None:
    """Make every picture and clip below the folder."""
    covers = folder / "coverphotos"
    for part in ("coverphotos", "videos", "locked"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for tiktok in (t for t in TIKTOKS if t.batch == 4):
        for number, text in enumerate(tiktok.slides, 1):
            save_cover(covers / f"{tiktok.slug}_{number}.jpg", f"{tiktok.slug}_{number}", text)
        if tiktok.slides:
            continue
        save_cover(covers / f"{tiktok.slug}.jpg", tiktok.slug, tiktok.cover or "")
        if tiktok.link in ("live", "locked"):
            save_clip(folder / ("videos" if tiktok.link == "live" else "locked") / f"{tiktok.slug}.mp4", tiktok)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "media")
