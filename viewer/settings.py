"""What one viewer serves, to whom, and within which limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tiktok_retrieval import __version__

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Settings:
    """The settings of one viewer; the defaults are those of a person alone at their own machine."""

    data: Path
    warehouse: Path
    host: str = "127.0.0.1"
    port: int = 8000
    # the form for queries stays closed so long after a participant's first viewing
    delay_minutes: float = 60
    # how many queries a participant is asked for
    query_goal: int = 5
    # None: real names on this machine only
    with_names: bool | None = None
    # whoever has the token gets in; None lets everybody in
    token: str | None = None
    # None: the researcher's pages are open on this machine and closed beyond it
    research_token: str | None = None
    # the names under which a browser may ask for the viewer, beside those of this machine
    allowed_hosts: tuple[str, ...] = ()
    # a reverse proxy on this machine says who asks, and whether by https
    behind_proxy: bool = False
    # for each address; a burst of a quarter of it is free
    requests_per_minute: int = 3000
    submissions_per_minute: int = 60
    app_version: str = __version__

    @property
    def is_local(self) -> bool:
        """Whether nobody but this machine's users can reach it."""
        return self.host in LOOPBACK and not self.behind_proxy

    @property
    def shows_names(self) -> bool:
        """Whether creators and commenters appear under their own names."""
        return self.is_local if self.with_names is None else self.with_names

    @property
    def hosts(self) -> frozenset[str]:
        """The host names that a request may carry; any other one is another site's name for this address."""
        return frozenset({*LOOPBACK, "[::1]", self.host, *self.allowed_hosts})
