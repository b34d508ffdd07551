"""The viewer's commands: python -m tiktok_retrieval viewer COMMAND."""

from __future__ import annotations

import shlex
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from viewer.settings import Settings

DEMO = Path("data/demo")
CONNECTIONS = 1000

Data = Annotated[
    Path | None, typer.Option("--data", envvar="TIKTOK_DATA", help="The raw zone. Default: data, or data/demo.")
]
Warehouse = Annotated[
    Path | None,
    typer.Option("--warehouse", envvar="TIKTOK_WAREHOUSE", help="The database file. Default: in the raw zone."),
]

app = typer.Typer(help="Watch the corpus, search it, and collect test queries.", no_args_is_help=True)


def stop(message: object, code: int) -> typer.Exit:
    """Print one line on standard error and return the exception that ends the command with this code."""
    print(f"viewer: {message}", file=sys.stderr)
    return typer.Exit(code)


def find(data: Path | None, warehouse: Path | None) -> tuple[Path, Path]:
    """Return raw zone and warehouse: what is named, else the project's own, else the demo's if only that is built."""
    if data is None and warehouse is None and not Path("data/published").exists():
        data = DEMO if (DEMO / "published").exists() else None
    data = data or Path("data")
    return data, warehouse or data / "warehouse.duckdb"


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only of a socket that is said to be TCP's does asyncio send each part at once; else the second part of an answer
    # waits until the first is acknowledged, which browsers put off by 40 ms
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(CONNECTIONS)
    except OSError:
        listening.close()
        raise
    return listening


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="Where the files go: a new folder, or that of an earlier export.")],
    data: Data = None,
    warehouse: Warehouse = None,
    delay: Annotated[
        float, typer.Option("--delay", min=0, help="Minutes from the first viewing to the form for queries.")
    ] = 60,
    goal: Annotated[int, typer.Option("--goal", min=1, help="How many queries a participant is asked for.")] = 5,
    with_names: Annotated[
        bool, typer.Option("--with-names", help="Leave names as they are, instead of pseudonyms.")
    ] = False,
    without_media: Annotated[bool, typer.Option("--without-media", help="Leave clips and pictures out.")] = False,
    link_media: Annotated[
        bool, typer.Option("--link-media", help="Link media files instead of copying them, on the same disk.")
    ] = False,
) -> None:
    """Write the viewer as files that any web server can serve; queries leave the browser as a file."""
    data, warehouse = find(data, warehouse)
    settings = Settings(data=data, warehouse=warehouse, delay_minutes=delay, query_goal=goal, with_names=with_names)
    try:
        from viewer import exporting
        from viewer.corpus import CorpusError
    except ImportError as error:
        raise stop(f"{error.name} is missing: install the viewer with pip install -e '.[viewer]'", 3) from error
    from tiktok_retrieval.disguises import ExportError

    try:
        made = exporting.export(settings, folder, with_media=not without_media, link_media=link_media)
    except CorpusError as error:
        raise stop(error, 4) from error
    except ExportError as error:
        raise stop(error, error.code) from error
    print(
        f"{folder}: {made.tiktoks} TikToks, {made.videos} videos, {made.pictures} pictures, {made.megabytes:.1f} MB; "
        f"to try it: python -m http.server --bind 127.0.0.1 --directory {shlex.quote(str(folder))}"
    )
    if with_names:
        print("With names: hand it to no one who may not know them.")
    else:
        print("Pseudonymised, not anonymous: names are replaced, but ids lead to the posts, and faces and voices stay.")


@app.command("serve")
def serve(
    data: Data = None,
    warehouse: Warehouse = None,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")] = 8000,
    delay: Annotated[
        float, typer.Option("--delay", min=0, help="Minutes from the first viewing to the form for queries.")
    ] = 60,
    goal: Annotated[int, typer.Option("--goal", min=1, help="How many queries a participant is asked for.")] = 5,
    with_names: Annotated[
        bool | None,
        typer.Option(
            "--with-names/--pseudonyms", help="Show persons under their names. Default: on this machine only."
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option("--token", envvar="TIKTOK_VIEWER_TOKEN", show_envvar=True, help="Let in who has this token."),
    ] = None,
    research_token: Annotated[
        str | None,
        typer.Option(
            "--research-token",
            envvar="TIKTOK_VIEWER_RESEARCH_TOKEN",
            help="Let who has this token see the researcher's pages.",
        ),
    ] = None,
    allowed_host: Annotated[
        list[str] | None, typer.Option("--allowed-host", help="A host name under which it is reached; repeatable.")
    ] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A reverse proxy on this machine says who asks, and how.")
    ] = False,
    requests: Annotated[int, typer.Option("--requests", min=1, help="Requests a minute for each address.")] = 3000,
    submissions: Annotated[int, typer.Option("--submissions", min=1, help="Of these, posts of queries.")] = 60,
) -> None:
    """Serve the viewer until Ctrl-C."""
    data, warehouse = find(data, warehouse)
    settings = Settings(
        data=data,
        warehouse=warehouse,
        host=host,
        port=port,
        delay_minutes=delay,
        query_goal=goal,
        with_names=with_names,
        token=token or None,
        research_token=research_token or None,
        allowed_hosts=tuple(name.lower() for name in allowed_host or ()),
        behind_proxy=behind_proxy,
        requests_per_minute=requests,
        submissions_per_minute=submissions,
    )
    _serve(settings)


def _serve(settings: Settings) -> None:
    try:
        import uvicorn

        from viewer.app import create_app
        from viewer.corpus import CorpusError
    except ImportError as error:
        raise stop(f"{error.name} is missing: install the viewer with pip install -e '.[viewer]'", 3) from error
    from tiktok_retrieval.disguises import ExportError

    try:
        web_app = create_app(settings)
    except (CorpusError, ExportError) as error:
        raise stop(error, 4) from error
    except OSError as error:
        raise stop(f"the words of withdrawn queries cannot be taken out: {error}: let it write there", 1) from error
    try:
        listening = listen(settings.host, settings.port)
    except OSError as error:
        raise stop(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}: choose another --port", 1
        ) from error
    address = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(f"The viewer is at http://{address}:{listening.getsockname()[1]} (Ctrl-C ends it)", flush=True)
    if not settings.is_local and not settings.token:
        print("Anybody who reaches it can use it: set a token to change that (docs/viewer.md)", file=sys.stderr)
    config = uvicorn.Config(
        web_app,
        log_level="warning",
        access_log=False,  # nothing about a participant is logged
        server_header=False,
        proxy_headers=settings.behind_proxy,
        forwarded_allow_ips="127.0.0.1" if settings.behind_proxy else None,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=5,
        http="h11",  # it refuses what is no HTTP
        ws="none",
    )
    with listening:
        uvicorn.Server(config).run(sockets=[listening])
