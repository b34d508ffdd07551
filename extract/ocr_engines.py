"""Recognisers of text in images behind one interface: RGB pixels in, lines of words in reading order out.

Captions on covers are mostly white letters over a photo. Tesseract sees them best as a mask of the bright pixels,
scaled to the width of a phone screen and read as sparse text; a second, stricter mask adds words that the first one
drowns in a bright background, and plain grey is tried only where both masks are silent (coloured or dark letters).
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from extract.steps.common import MissingToolError, UsageError, require_module

if TYPE_CHECKING:
    from PIL.Image import Image

INSTALL_EXTRACT = "pip install -e '.[extract]'"
INSTALL_TESSERACT = "apt-get install tesseract-ocr  (macOS: brew install tesseract)"

ENGINES = ("pytesseract", "rapidocr")

TARGET_WIDTH = 1080
# Three phone screens: a larger scan costs seconds and finds no more caption text
MAX_READ_PIXELS = 7_000_000
MAX_UPSCALING = 4.0
SPARSE_TEXT = 11
MIN_CONFIDENCE = 60.0
SURE_CONFIDENCE = 80.0
READ_SECONDS = 120
# Pixels after scaling: what is lower was a leaf or a hair, no letter
MIN_HEIGHT = 12
# With fewer letters than these in both masks, the text may be coloured or dark
FEW_LETTERS = 6
# A word this short that stands alone must be surer than others
SHORT_LETTERS = 3
SURE_ALONE_CONFIDENCE = 90.0


@dataclass(frozen=True)
class Word:
    """A word with its confidence (0 to 100) and its box in pixels of the original image."""

    text: str
    confidence: float
    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The pixel column after the box."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The pixel row after the box."""
        return self.top + self.height

    def as_json(self) -> dict[str, Any]:
        """Return the word as the journal keeps it: box = [left, top, width, height]."""
        return {
            "text": self.text,
            "confidence": round(self.confidence, 1),
            "box": [self.left, self.top, self.width, self.height],
        }


@dataclass(frozen=True)
class TextLine:
    """Words beside each other, and how they are written together."""

    text: str
    words: Sequence[Word]

    @property
    def left(self) -> int:
        """The first pixel column."""
        return min(word.left for word in self.words)

    @property
    def right(self) -> int:
        """The pixel column after the last one."""
        return max(word.right for word in self.words)

    @property
    def top(self) -> int:
        """The first pixel row."""
        return min(word.top for word in self.words)

    @property
    def bottom(self) -> int:
        """The pixel row after the last one."""
        return max(word.bottom for word in self.words)

    @property
    def height(self) -> int:
        """How tall the line is in pixels."""
        return self.bottom - self.top


class ReadingError(Exception):
    """The engine failed on one image; `fault` is the class for the journal."""

    def __init__(self, fault: str, reason: str) -> None:
        """Name the class and say what happened."""
        super().__init__(reason)
        self.fault = fault


class OcrEngine(Protocol):
    """A recogniser that is ready to read; `settings` belongs to the key of the journal."""

    name: str
    version: str
    settings: str

    def read(self, image: Image) -> list[TextLine]:
        """Return the lines of an RGB image in reading order, [] for no text. Raises ReadingError."""
        ...


@contextlib.contextmanager
def open_ocr_engine(name: str, language: str | None = None) -> Iterator[OcrEngine]:
    """Load an engine for the length of a step.

    Raises MissingToolError with the line that installs what is missing, UsageError for an unknown engine or language.
    """
    require_module("PIL", INSTALL_EXTRACT, "Pillow")
    if name == "pytesseract":
        with _environment(OMP_THREAD_LIMIT="1"):
            yield TesseractEngine(language or "eng")
    elif name == "rapidocr":
        if language is not None:
            raise UsageError("--language: rapidocr's model has its languages built in")
        yield RapidOcrEngine()
    else:
        raise UsageError(f"--engine: {name} is none of {', '.join(ENGINES)}")


class TesseractEngine:
    """Tesseract through pytesseract: one process for each look at an image, so threads run in parallel."""

    name = "pytesseract"

    def __init__(self, language: str = "eng") -> None:
        """Find the program and its language data."""
        require_module("pytesseract", INSTALL_EXTRACT)
        import pytesseract  # type: ignore[import-untyped, unused-ignore]

        if shutil.which(pytesseract.pytesseract.tesseract_cmd) is None:
            raise MissingToolError("tesseract", INSTALL_TESSERACT)
        known = set(pytesseract.get_languages(config=""))
        missing = [part for part in language.split("+") if part not in known]
        if missing:
            packages = " ".join(f"tesseract-ocr-{part.replace('_', '-')}" for part in missing)
            raise MissingToolError(f"Tesseract's data for {', '.join(missing)}", f"apt-get install {packages}")
        self._language = language
        self._pytesseract = pytesseract
        program = str(pytesseract.get_tesseract_version())
        self.version = f"{program} (pytesseract {importlib.metadata.version('pytesseract')})"
        self.settings = (
            f"masks=grey200,white225,plain width={TARGET_WIDTH} psm={SPARSE_TEXT} "
            f"confidence={MIN_CONFIDENCE:.0f},{SURE_CONFIDENCE:.0f} language={language}"
        )

    def read(self, image: Image) -> list[TextLine]:
        """Read the mask of bright pixels, add what the stricter mask is sure of, and grey if both are silent."""
        scaled = scaled_for_reading(image)
        bright, white = self.look([bright_mask(scaled, 200), white_mask(scaled, 225)])
        words = united(_sure(bright, MIN_CONFIDENCE), _sure(white, SURE_CONFIDENCE))
        if sum(len(word.text) for word in words) < FEW_LETTERS:
            [plain] = self.look([scaled.convert("L")])
            words = united(words, _sure(plain, SURE_CONFIDENCE))
        factor = image.width / scaled.width
        rows = [without_specks(row) for row in rows_of(words)]
        return in_reading_order([text_line([_resized(word, factor) for word in row]) for row in rows if row])

    def look(self, images: Sequence[Image]) -> list[list[Word]]:
        """Return the words of each image, from one run of Tesseract: loading its data is half of the time.

        Raises ReadingError.
        """
        pages: list[list[Word]] = [[] for _ in images]
        numbers = [number for number, image in enumerate(images) if not _is_blank(image)]
        if not numbers:
            return pages
        with tempfile.TemporaryDirectory(prefix="tiktok-ocr-") as folder:
            paths = [Path(folder) / f"{number}.png" for number in numbers]
            for path, number in zip(paths, numbers, strict=True):
                images[number].save(path, compress_level=1)
            # Tesseract takes a text file for a list of images
            batch = Path(folder) / "images.txt"
            batch.write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
            table = self._table(batch)
        columns = ("page_num", "text", "conf", "left", "top", "width", "height")
        for page, text, confidence, *box in zip(*(table[column] for column in columns), strict=True):
            if is_wordlike(str(text).strip()):
                pages[numbers[int(page) - 1]].append(Word(str(text).strip(), float(confidence), *map(int, box)))
        return [[word for word in words if word.height >= MIN_HEIGHT] for words in pages]

    def _table(self, batch: Path) -> Mapping[str, list[Any]]:
        try:
            table: Mapping[str, list[Any]] = self._pytesseract.image_to_data(
                str(batch),
                lang=self._language,
                config=f"--psm {SPARSE_TEXT}",
                output_type=self._pytesseract.Output.DICT,
                timeout=READ_SECONDS,
            )
        except self._pytesseract.TesseractNotFoundError as error:
            raise MissingToolError("tesseract", INSTALL_TESSERACT) from error
        except self._pytesseract.TesseractError as error:
            raise ReadingError("engine", f"tesseract: {error.message}".strip()) from error
        except RuntimeError as error:  # pytesseract's way of saying that its time is up
            raise ReadingError("timeout", f"tesseract: {error}") from error
        return table


def _sure(words: Iterable[Word], min_confidence: float) -> list[Word]:
    return [word for word in words if word.confidence >= min_confidence]


class RapidOcrEngine:
    """RapidOCR's small PP-OCR model on onnxruntime; its weights lie in the wheel, nothing is fetched."""

    name = "rapidocr"

    def __init__(self) -> None:
        """Load the models once; onnxruntime uses all cores for one image, so images are read one by one."""
        require_module("rapidocr", INSTALL_EXTRACT)
        require_module("onnxruntime", INSTALL_EXTRACT)
        from rapidocr import RapidOCR

        self._reader = RapidOCR(params={"Global.log_level": "critical", "Global.return_word_box": True})
        self._one_at_a_time = threading.Lock()
        self.version = importlib.metadata.version("rapidocr")
        self.settings = "model=bundled"

    def read(self, image: Image) -> list[TextLine]:
        """Read an image; a word carries the confidence that the model has in it."""
        import numpy as np

        pixels = np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])  # the model was trained on BGR
        try:
            with self._one_at_a_time:
                result: Any = self._reader(pixels)
        except Exception as error:  # the library documents no exceptions; whatever it is, only this image is lost
            raise ReadingError("engine", f"rapidocr: {type(error).__name__}: {error}") from error
        if result.boxes is None or not result.txts:
            return []
        lines = zip(result.txts, result.scores, result.boxes, result.word_results, strict=True)
        return in_reading_order([_rapid_line(text, score, box, words) for text, score, box, words in lines])


def _rapid_line(text: str, score: float, corners: Any, words: Sequence[tuple[str, float, Any]]) -> TextLine:
    """Turn what the model says of a line into ours; a line without boxes for its words counts as one word."""
    boxed = [_word_in_corners(word, confidence, box) for word, confidence, box in words if box is not None]
    return TextLine(text.strip(), boxed or [_word_in_corners(text.strip(), score, corners)])


def _word_in_corners(text: str, score: float, corners: Any) -> Word:
    columns = [round(float(column)) for column, _ in corners]
    rows = [round(float(row)) for _, row in corners]
    left, top = max(0, min(columns)), max(0, min(rows))
    return Word(text, float(score) * 100, left, top, max(columns) - left, max(rows) - top)


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def scaled_for_reading(image: Image) -> Image:
    """Return the image at the width of a phone screen, if it is narrower, and never beyond a bound on its pixels."""
    from PIL.Image import Resampling

    factor = min(MAX_UPSCALING, max(1.0, TARGET_WIDTH / image.width))
    factor = min(factor, (MAX_READ_PIXELS / (image.width * image.height)) ** 0.5)
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    return image if size == image.size else image.resize(size, Resampling.LANCZOS)


def bright_mask(image: Image, threshold: int) -> Image:
    """Return black where the grey value reaches the threshold, white elsewhere: caption letters become black ink."""
    return image.convert("L").point([255] * threshold + [0] * (256 - threshold))


def white_mask(image: Image, threshold: int) -> Image:
    """Return black where red, green and blue all reach the threshold: bright colours are left out as well."""
    from PIL import ImageChops

    red, green, blue = image.split()
    darkest = ImageChops.darker(ImageChops.darker(red, green), blue)
    return darkest.point([255] * threshold + [0] * (256 - threshold))


def _is_blank(image: Image) -> bool:
    darkest, brightest = image.convert("L").getextrema()
    return bool(darkest == brightest)


def is_wordlike(text: str) -> bool:
    """Whether a token may be a word: it has a letter or digit, and lone Latin letters are those that are words."""
    letters = [character for character in text if character.isalnum()]
    if text == "|":  # how Tesseract mostly reads a capital I between words
        return True
    if len(letters) == 1 and letters[0].isascii() and letters[0].isalpha():
        return letters[0] in "aAiIoO"
    return bool(letters)


def united(words: Sequence[Word], others: Iterable[Word]) -> list[Word]:
    """Add the words of another look that lie where nothing was read, or that are surer than the one word there."""
    result = list(words)
    for other in others:
        there = [index for index, word in enumerate(result) if _overlap(word, other) > 0.3]
        if not there:
            result.append(other)
        elif len(there) == 1:
            word = result[there[0]]
            if other.confidence > word.confidence + 1 and len(other.text) >= 0.8 * len(word.text):
                result[there[0]] = other
    return result


def _overlap(one: Word, other: Word) -> float:
    """Return the share of the smaller box that both cover."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    smaller = min(one.width * one.height, other.width * other.height)
    return width * height / smaller if width > 0 and height > 0 and smaller > 0 else 0.0


def rows_of(words: Iterable[Word]) -> list[list[Word]]:
    """Gather words that stand beside each other, from left to right; a wide gap begins another row."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: (word.left, word.top)):
        best: list[Word] | None = None
        best_gap = 0
        for row in rows:
            last = row[-1]
            shared = min(last.bottom, word.bottom) - max(last.top, word.top)
            height = max(last.height, word.height)
            gap = word.left - last.right
            beside = shared >= 0.5 * min(last.height, word.height) and -0.5 * height <= gap <= 1.5 * height
            if beside and (best is None or gap < best_gap):
                best, best_gap = row, gap
        if best is None:
            rows.append([word])
        else:
            best.append(word)
    return rows


def without_specks(row: Sequence[Word]) -> list[Word]:
    """Drop what is only a speck, as leaves and hair look to Tesseract: a short word or lone characters without company.

    An upright bar beside a word is a letter I.
    """
    letters = [sum(character.isalnum() for character in word.text) for word in row]
    if not any(count > 1 for count in letters):
        row = [word for word in row if not word.text.isascii()]
    elif len(row) == 1 and letters[0] <= SHORT_LETTERS and row[0].text.isascii():
        row = [word for word in row if word.confidence >= SURE_ALONE_CONFIDENCE]
    return [replace(word, text="I") if word.text == "|" else word for word in row]


def text_line(row: Sequence[Word]) -> TextLine:
    """Write a row's words with blanks between them."""
    return TextLine(" ".join(word.text for word in row), row)


def in_reading_order(lines: Iterable[TextLine]) -> list[TextLine]:
    """Order lines as a person reads them: block by block from the top, within a block line by line.

    Lines of like height that lie close below each other and share columns make a block, so two captions side by side
    are not read across.
    """
    blocks: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: (line.top, line.left)):
        for block in blocks:
            last = block[-1]
            close = line.top - last.bottom <= max(line.height, last.height)
            shares = min(line.right, last.right) > max(line.left, last.left)
            alike = max(line.height, last.height) <= 2 * min(line.height, last.height)
            if close and shares and alike:
                block.append(line)
                break
        else:
            blocks.append([line])
    return [line for block in sorted(blocks, key=lambda block: (block[0].top, block[0].left)) for line in block]


def _resized(word: Word, factor: float) -> Word:
    return replace(
        word,
        left=round(word.left * factor),
        top=round(word.top * factor),
        width=round(word.width * factor),
        height=round(word.height * factor),
    )
