"""The web application."""

from __future__ import annotations

import hmac
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import date
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import anyio
from fastapi import FastAPI, HTTPException, Query, Request
from fastapi import Path as InPath
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles

from tiktok_retrieval.disguises import load_project_key
from viewer import messages
from viewer.corpus import Corpora, Corpus, Filters, Post, SearchRefusedError
from viewer.judgements import Judgements
from viewer.ledger import IdTakenError, LedgerFullError
from viewer.media import ID, SLIDE, MediaFolder, web_vtt
from viewer.page import Pages, page_settings
from viewer.research import Research, research_router
from viewer.safety import PARTICIPANT_COOKIE, RESEARCHER_COOKIE, Gate, cookie_value
from viewer.settings import Settings
from viewer.submissions import NotYoursError, Submissions

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
STATIC = Path(__file__).parent / "static"
# Media never change under their name
MEDIA_HEADERS = {"Cache-Control": "private, max-age=86400"}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    code: {"model": messages.Problem} for code in (400, 401, 403, 404, 409, 413, 414, 415, 422, 429, 431, 507)
}
QueryInAddress = Annotated[str, Query(min_length=1, max_length=messages.QUERY_CHARACTERS)]
SystemInAddress = Annotated[str | None, Query(max_length=200)]
# A year of four digits, as DuckDB and browsers have them
DateInAddress = Annotated[date | None, Query(ge=date(1900, 1, 1), le=date(2999, 12, 31))]
TikTokIdInPath = Annotated[str, InPath(pattern=ID.pattern, max_length=25)]


def in_turn(
    most: int,
) -> Callable[[Callable[Asked, Answer]], Callable[Asked, Coroutine[Any, Any, Answer]]]:
    """Let at most so many requests be answered at once, in the order in which they came.

    More of them than there are processors would hold one another up, and whoever only wants a cover with them.
    """
    turns = anyio.CapacityLimiter(most)

    def wrap(answer: Callable[Asked, Answer]) -> Callable[Asked, Coroutine[Any, Any, Answer]]:
        @wraps(answer)
        async def wait_and_answer(*arguments: Asked.args, **options: Asked.kwargs) -> Answer:
            return await anyio.to_thread.run_sync(partial(answer, *arguments, **options), limiter=turns)

        return wait_and_answer

    return wrap


class Viewer:
    """What the routes share."""

    def __init__(self, settings: Settings) -> None:
        """Open the snapshot and the raw zone. Raises CorpusError, ExportError."""
        self.settings = settings
        key = None if settings.shows_names else load_project_key(settings.data)
        self.pages = Pages(Corpora(settings.warehouse, key=key))
        self.media = MediaFolder(settings.data)
        self.submissions = Submissions(
            settings.data, delay_minutes=settings.delay_minutes, app_version=settings.app_version
        )
        self.judgements = Judgements(settings.data, app_version=settings.app_version)
        self.submissions.take_out_withdrawn()  # what a kill left
        self.clear_judgements()

    def clear_judgements(self) -> None:
        """Leave the words of withdrawn queries in no judgement either."""
        self.judgements.take_out_words(self.submissions.withdrawn_ids())

    @property
    def corpus(self) -> Corpus:
        """The newest snapshot."""
        return self.pages.corpus

    @property
    def has_research(self) -> bool:
        """Whether the researcher's pages can be reached."""
        return self.settings.is_local or self.settings.research_token is not None

    def post(self, tiktok_id: str) -> Post:
        """Return a TikTok, or answer that there is none."""
        post = self.corpus.post(tiktok_id)
        if post is None:
            raise HTTPException(404, "the corpus holds no such TikTok")
        return post

    def page_settings(self) -> str:
        """Return what the scripts have to know."""
        return page_settings(self.settings, names_are_shown=self.corpus.shows_names, source="server")


def create_app(settings: Settings) -> FastAPI:
    """Return the application. Raises CorpusError, ExportError where there is nothing to serve."""
    viewer = Viewer(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        viewer.submissions.ledger.close()
        viewer.judgements.ledger.close()

    app = FastAPI(
        title="TikTok Retrieval viewer",
        version=settings.app_version,
        lifespan=lifespan,
        docs_url=None,  # they load scripts from another host
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses=PROBLEMS,
    )
    app.add_middleware(Gate, settings=settings)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _add_problems(app, viewer)
    _add_pages(app, viewer)
    _add_media(app, viewer)
    _add_watching(app, viewer)
    _add_search(app, viewer)
    _add_queries(app, viewer)
    app.include_router(research_router(Research(viewer.pages, viewer.media, viewer.submissions, viewer.judgements)))
    return app


def _add_problems(app: FastAPI, viewer: Viewer) -> None:
    @app.exception_handler(HTTPException)
    async def explain(request: Request, error: HTTPException) -> Response:
        if request.url.path.startswith("/research"):
            root = "../" if request.url.path.count("/") > 1 else ""
            return viewer.pages.page("problem.html", error.status_code, root=root, here="", detail=error.detail)
        return JSONResponse({"detail": error.detail}, error.status_code)

    @app.exception_handler(RequestValidationError)
    async def refuse(_: Request, error: RequestValidationError) -> JSONResponse:
        # What was sent is not repeated: it may be long, or no text at all
        found = error.errors()[0]
        where = ".".join(str(part) for part in found["loc"] if isinstance(part, str | int))
        text = f"{where}: {found['msg']}".encode("utf-8", "replace").decode()
        return JSONResponse({"detail": text}, 422)

    @app.exception_handler(SearchRefusedError)
    async def is_refused(_: Request, error: SearchRefusedError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    @app.exception_handler(LedgerFullError)
    async def is_full(_: Request, error: LedgerFullError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 507)

    @app.exception_handler(IdTakenError)
    async def is_taken(_: Request, error: IdTakenError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 409)

    @app.exception_handler(NotYoursError)
    async def is_not_yours(_: Request, error: NotYoursError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 404)


def _add_pages(app: FastAPI, viewer: Viewer) -> None:
    settings = viewer.settings

    @app.get("/", include_in_schema=False)
    def watch() -> HTMLResponse:
        return viewer.pages.page("watch.html", root="", research=viewer.has_research, settings=viewer.page_settings())

    @app.get("/enter", include_in_schema=False)
    def enter_page() -> HTMLResponse:
        return viewer.pages.page("enter.html", root="")

    @app.get("/robots.txt", include_in_schema=False)
    def robots() -> PlainTextResponse:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    @app.post("/api/enter", status_code=204)
    def enter(request: Request, entrance: messages.Entrance) -> Response:
        """Exchange a token for the cookie that lets this browser in."""
        response = Response(status_code=204)
        for token, cookie, role in (
            (settings.token, PARTICIPANT_COOKIE, "participant"),
            (settings.research_token, RESEARCHER_COOKIE, "researcher"),
        ):
            if token is not None and hmac.compare_digest(entrance.token.encode(), token.encode()):
                response.set_cookie(
                    cookie,
                    cookie_value(token, role),
                    max_age=90 * 86400,
                    httponly=True,
                    samesite="strict",
                    secure=request.url.scheme == "https",
                )
        if "set-cookie" not in response.headers:
            raise HTTPException(401, "this is not the token")
        return response


def _add_media(app: FastAPI, viewer: Viewer) -> None:
    """Serve media by id; ranges, HEAD and conditional requests are FileResponse's."""

    def sent(path: Path | None, media_type: str) -> Response:
        if path is None:
            return JSONResponse({"detail": "there is no such file"}, 404)
        return FileResponse(path, media_type=media_type, headers=MEDIA_HEADERS)

    def stem_of(request: Request, ending: str) -> str:
        name: str = request.path_params["name"]
        return name.removesuffix(ending) if name.endswith(ending) else ""

    def video(request: Request) -> Response:
        return sent(viewer.media.video(stem_of(request, ".mp4")), "video/mp4")

    def cover(request: Request) -> Response:
        return sent(viewer.media.cover(stem_of(request, ".jpg")), "image/jpeg")

    def slide(request: Request) -> Response:
        stem = stem_of(request, ".jpg")
        match = SLIDE.fullmatch(stem)
        return sent(viewer.media.slide(stem.partition("_")[0], int(match[1])) if match else None, "image/jpeg")

    def captions(request: Request) -> Response:
        path = viewer.media.captions(stem_of(request, ".vtt"))
        if path is None:
            return sent(None, "text/vtt")
        return PlainTextResponse(web_vtt(path), media_type="text/vtt", headers=MEDIA_HEADERS)

    for folder, endpoint in (("videos", video), ("covers", cover), ("slides", slide), ("captions", captions)):
        app.router.add_route(f"/media/{folder}/{{name}}", endpoint, methods=["GET", "HEAD"])


def _add_watching(app: FastAPI, viewer: Viewer) -> None:
    @app.get("/api/queue")
    def queue() -> messages.QueueMessage:
        """Return the ids of the TikToks to be watched."""
        corpus = viewer.corpus
        return messages.QueueMessage(ids=list(corpus.ids), snapshot_version=corpus.version)

    @app.get("/api/posts/{tiktok_id}")
    def post(tiktok_id: TikTokIdInPath) -> messages.PostMessage:
        """Return a TikTok with its comments."""
        found = viewer.post(tiktok_id)
        return messages.post_message(found, viewer.media.of(tiktok_id, is_photo=found.card.media_type == "photo"))


def _add_search(app: FastAPI, viewer: Viewer) -> None:
    processors = os.cpu_count() or 1
    # What is looked at after a search must not make the next one wait
    few = max(1, processors // 2)

    @app.get("/api/search")
    @in_turn(processors)
    def search(
        query: QueryInAddress,
        creator: Annotated[str | None, Query(max_length=100)] = None,
        posted_from: DateInAddress = None,
        posted_to: DateInAddress = None,
        system: SystemInAddress = None,
        k: Annotated[int, Query(ge=1, le=50)] = 10,
    ) -> messages.Results:
        """Return the best TikToks for a query."""
        filters = Filters(creator or None, _iso(posted_from), _iso(posted_to))
        found = viewer.corpus.search(query, filters, system_id=system, k=k)
        results = [
            messages.ResultMessage(
                **messages.card_message(
                    result.card, messages.cover_address(viewer.media, result.card.tiktok_id)
                ).model_dump(),
                rank=result.rank,
                score=result.score,
            )
            for result in found
        ]
        return messages.Results(query=query, system_id=system or viewer.corpus.best_system, results=results)

    @app.get("/api/snippets")
    @in_turn(few)
    def snippets(
        query: QueryInAddress,
        tiktok_id: Annotated[list[messages.TikTokId], Query(max_length=50)],
        system: SystemInAddress = None,
    ) -> messages.Snippets:
        """Return where TikToks match a query."""
        found = viewer.corpus.snippets(query, tiktok_id, system)
        return messages.Snippets(
            snippets={
                one: [
                    messages.SnippetMessage(
                        field=snippet.field,
                        parts=[messages.PartMessage(text=text, is_match=is_match) for text, is_match in snippet.parts],
                    )
                    for snippet in snippets
                ]
                for one, snippets in found.items()
            }
        )

    @app.get("/api/explain")
    @in_turn(few)
    def explain(
        query: QueryInAddress,
        tiktok_id: Annotated[messages.TikTokId, Query()],
        system: SystemInAddress = None,
    ) -> messages.Explanation:
        """Return what each term in each field adds to a TikTok's score."""
        shares = viewer.corpus.explain(query, tiktok_id, system)
        return messages.Explanation(
            terms=[messages.ShareMessage(**vars(share)) for share in shares],
            score=sum(share.contribution for share in shares),
        )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _add_queries(app: FastAPI, viewer: Viewer) -> None:
    @app.post("/api/queries", status_code=201, responses={200: {"model": messages.Receipt}})
    def submit(submission: messages.Submission, response: Response) -> messages.Receipt:
        """Keep a query; 201 where it is new, 200 where it was kept before."""
        if not viewer.corpus.has(submission.target_id):
            raise HTTPException(422, "target_id: the corpus holds no such TikTok")
        is_new = viewer.submissions.add(submission, snapshot_version=viewer.corpus.version)
        if not is_new:
            response.status_code = 200
        return messages.Receipt(query_id=submission.query_id, is_new=is_new)

    @app.post("/api/queries/withdraw")
    def withdraw(withdrawal: messages.Withdrawal) -> messages.Receipt:
        """Take back a query of one's own."""
        is_new = viewer.submissions.withdraw(withdrawal.query_id, withdrawal.owner_key)
        viewer.clear_judgements()
        return messages.Receipt(query_id=withdrawal.query_id, is_new=is_new)

    @app.post("/api/mine")
    def mine(owner: messages.Owner) -> messages.Given:
        """Return everything that one has given."""
        return messages.Given(lines=viewer.submissions.given(owner.owner_key))

    @app.post("/api/mine/withdraw")
    def withdraw_mine(owner: messages.Owner) -> messages.Receipts:
        """Take back everything that one has given."""
        count = viewer.submissions.withdraw_all(owner.owner_key)
        viewer.clear_judgements()
        return messages.Receipts(withdrawn=count)
