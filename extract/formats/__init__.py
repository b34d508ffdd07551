"""The input formats: how each is recognised by its content, where it is filed, and what can be downloaded from it.

Files are filed verbatim; everything but ids and links is read by the staging models.
"""

from extract.formats.base import Format, Post, Sample
from extract.formats.console import CONSOLE
from extract.formats.original import MASTER, OCR, QUERIES, SPEECH, TIKTOKS_DB
from extract.formats.personal_export import PERSONAL_EXPORT
from extract.formats.research_api import RESEARCH_API
from extract.formats.viewer import VIEWER
from extract.formats.yt_dlp import YT_DLP
from extract.formats.zeeschuimer import ZEESCHUIMER

# The most specific first: the first that recognises a file files it
FORMATS: tuple[Format, ...] = (
    TIKTOKS_DB,
    CONSOLE,
    YT_DLP,
    ZEESCHUIMER,
    RESEARCH_API,
    PERSONAL_EXPORT,
    VIEWER,
    QUERIES,
    MASTER,
    OCR,
    SPEECH,
)

__all__ = ["FORMATS", "Format", "Post", "Sample"]
