"""The researcher's pages: leaderboard, failures, collected queries, and pooled results to be judged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import duckdb
from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import HTMLResponse, PlainTextResponse

from viewer import messages
from viewer.corpus import Card, Corpus, Row, SearchRefusedError
from viewer.judgements import Judgements, agreement
from viewer.media import MediaFolder
from viewer.page import Pages
from viewer.submissions import Submissions

# The measures that can be chosen, with how they read; all but the mean rank are better the higher they are
MEASURES = {
    "reciprocal_rank": ("reciprocal_rank", None, "Reciprocal rank"),
    "success_1": ("success", 1, "Success at 1"),
    "success_3": ("success", 3, "Success at 3"),
    "success_5": ("success", 5, "Success at 5"),
    "success_10": ("success", 10, "Success at 10"),
    "ndcg_10": ("ndcg", 10, "nDCG at 10"),
    "recall_100": ("recall", 100, "Recall at 100"),
    "target_rank": ("target_rank", None, "Rank of the target (lower is better)"),
}
SHOWN = 500
POOLED_RANKS = 5
POOLED_SYSTEMS = 12
FAILURES = {
    "not_in_the_collection": "the target is not in the collection",
    "no_shared_term": "the target has no term of the query",
    "tie_lost": "a tie that the ranking rule gave to another",
    "beaten_by_near_duplicate": "beaten by a near-duplicate",
    "drowned_by_common_terms": "drowned by common terms",
    "target_lacks_terms": "the target lacks terms of the query",
    "long_document": "the length of the documents decides",
    "outweighed": "the rival has the same terms more often",
}


@dataclass(frozen=True)
class Shown:
    """A TikTok on a researcher's page."""

    card: Card
    video: str | None
    cover: str | None
    slides: tuple[str, ...]
    rank: int | None
    score: float | None
    snippets: tuple[Any, ...]
    shares: tuple[tuple[str, float], ...]


class Research:
    """What the researcher's pages ask of the snapshot and of the raw zone."""

    def __init__(self, pages: Pages, media: MediaFolder, submissions: Submissions, judgements: Judgements) -> None:
        """Take what the pages read."""
        self.pages = pages
        self.media = media
        self.submissions = submissions
        self.judgements = judgements

    @property
    def corpus(self) -> Corpus:
        """The newest snapshot."""
        return self.pages.corpus

    def asked(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Run a query of a page; a part of the warehouse that was not built is an answer, not a crash."""
        try:
            return self.corpus.rows(query, parameters or {})
        except duckdb.CatalogException as error:
            reason = str(error).splitlines()[0]
            raise HTTPException(404, f"this snapshot lacks what the page shows: {reason}") from error

    def systems(self, measure: str, kind: str, words: str) -> list[Row]:
        """Return the leaderboard by one measure, with intervals."""
        metric, cutoff, _ = MEASURES[measure]
        rows = self.asked(
            """
            select
                leaderboard.entry_id, leaderboard.entry_kind, leaderboard.evidence, leaderboard.description,
                leaderboard.in_sample_system_id, leaderboard.query_count,
                metrics.value, metrics.ci_low, metrics.ci_high,
                case
                    when $metric = 'reciprocal_rank' then leaderboard.reciprocal_rank_out_of_sample
                    when $metric = 'success' and $cutoff = 1 then leaderboard.success_at_1_out_of_sample
                    when $metric = 'success' and $cutoff = 3 then leaderboard.success_at_3_out_of_sample
                    when $metric = 'success' and $cutoff = 5 then leaderboard.success_at_5_out_of_sample
                    when $metric = 'success' and $cutoff = 10 then leaderboard.success_at_10_out_of_sample
                    when $metric = 'ndcg' then leaderboard.ndcg_at_10_out_of_sample
                    when $metric = 'recall' then leaderboard.recall_at_100_out_of_sample
                    when $metric = 'target_rank' then leaderboard.mean_target_rank_out_of_sample
                end as out_of_sample
            from evaluation.leaderboard
            left join evaluation.system_metrics as metrics
                on
                    leaderboard.in_sample_system_id = metrics.system_id
                    and metrics.metric = $metric
                    and metrics.cutoff is not distinct from $cutoff
            where
                ($kind = '' or leaderboard.entry_kind = $kind)
                and contains(lower(leaderboard.entry_id || ' ' || coalesce(leaderboard.description, '')), lower($words))
            order by
                case when $metric = 'target_rank' then metrics.value else -metrics.value end nulls last,
                leaderboard.position
            """,
            {"metric": metric, "cutoff": cutoff, "kind": kind, "words": words},
        )
        most = max((row["ci_high"] or row["value"] or 0 for row in rows), default=0) if metric == "target_rank" else 1
        return [{**row, "bar": _bar(row, most or 1)} for row in rows]

    def queries(self, system_id: str, category: str) -> list[Row]:
        """Return a system's judged queries, its failures first, the worst on top."""
        self._check_system(system_id)
        rows = self.asked(
            """
            select
                queries.query_id, queries.query_text, queries.author, runs.target_rank, runs.retrieved_count,
                failures.category
            from retrieval.query_runs as runs
            inner join test_collection.queries as queries on runs.query_id = queries.query_id
            left join evaluation.failures as failures
                on runs.system_id = failures.system_id and runs.query_id = failures.query_id
            where
                runs.system_id = $system_id
                and ($category = '' or failures.category = $category)
                and queries.query_id in (select query_id from test_collection.qrels)
            order by runs.target_rank desc nulls first, queries.query_id
            limit $most
            """,
            {"system_id": system_id, "category": category, "most": SHOWN},
        )
        return [self._hidden(row) for row in rows]

    def query(self, query_id: str) -> Row:
        """Return a query with its targets."""
        found = self.asked(
            """
            select
                queries.query_id, queries.query_text, queries.author,
                list(qrels.doc_id order by qrels.doc_id) as targets
            from test_collection.queries as queries
            inner join test_collection.qrels as qrels on queries.query_id = qrels.query_id and qrels.relevance > 0
            where queries.query_id = $query_id
            group by all
            """,
            {"query_id": query_id},
        )
        if not found:
            raise HTTPException(404, "there is no such judged query")
        return self._hidden(found[0])

    def results(self, query_id: str, system_id: str, most: int = 10) -> list[Row]:
        """Return a system's best results for a query of the test collection."""
        self._check_system(system_id)
        return self.asked(
            """
            select doc_id, rank, score from retrieval.runs
            where query_id = $query_id and system_id = $system_id
            and (
                rank <= $most
                or doc_id in (select doc_id from test_collection.qrels where query_id = $query_id and relevance > 0)
            )
            order by rank
            """,
            {"query_id": query_id, "system_id": system_id, "most": most},
        )

    def shown(self, doc_id: str, query: Row, system_id: str, result: Row | None) -> Shown | None:
        """Return a TikTok with where and why it matches; None where the corpus has none, as in a text collection."""
        post = self.corpus.post(doc_id)
        if post is None:
            return None
        media = self.media.of(doc_id, is_photo=post.card.media_type == "photo")
        try:
            snippets = self.corpus.snippets(query["query_text"] or "", [doc_id], system_id)[doc_id]
            found = self.corpus.explain(query["query_text"] or "", doc_id, system_id)
        except SearchRefusedError:  # a system that cannot be searched from SQL
            snippets, found = (), ()
        fields: dict[str, float] = {}
        for share in found:
            fields[share.field or "length"] = fields.get(share.field or "length", 0.0) + share.contribution
        return Shown(
            card=post.card,
            video=f"media/videos/{doc_id}.mp4" if media.video else None,
            cover=f"media/covers/{doc_id}.jpg" if media.cover else None,
            slides=tuple(f"media/slides/{path.stem}.jpg" for path in media.slides),
            rank=result["rank"] if result else None,
            score=result["score"] if result else None,
            snippets=snippets,
            shares=tuple(sorted(fields.items(), key=lambda pair: -pair[1])),
        )

    def card(self, doc_id: str) -> Card | None:
        """Return what a list shows of a TikTok."""
        post = self.corpus.post(doc_id)
        return post.card if post else None

    def collected(self) -> list[Row]:
        """Return the queries that the viewer collected, newest first, with where the best system finds the target."""
        lines = list(self.submissions.ledger.lines())
        withdrawn = {line["withdrawn"] for line in lines if isinstance(line.get("withdrawn"), str)}
        rows: list[Row] = []
        for line in reversed(lines):
            if not isinstance(line.get("query_id"), str):
                continue
            is_withdrawn = line["query_id"] in withdrawn
            if not is_withdrawn and not isinstance(line.get("query_text"), str):
                continue
            target = str(line.get("target_id"))
            rows.append(
                {
                    **dict.fromkeys(("pseudonym", "submitted_at", "delay_seconds", "is_early", "found_by")),
                    **line,
                    "query_text": None if is_withdrawn else line["query_text"],
                    "is_withdrawn": is_withdrawn,
                    "card": self.card(target),
                    "cover": messages.cover_address(self.media, target),
                    "rank": None if is_withdrawn else self._rank(line["query_text"], target),
                }
            )
            if len(rows) == SHOWN:
                break
        return rows

    def _rank(self, text: str, target: str) -> int | None:
        try:
            found = self.corpus.search(text, k=50)
        except SearchRefusedError:
            return None
        return next((result.rank for result in found if result.card.tiktok_id == target), None)

    def pool(self, query_id: str, judge: str) -> list[str]:
        """Return what the best systems have on their first ranks, the targets left out, in an order that tells nothing.

        The order is the judge's own and the same whenever the page is opened; ranks, scores and systems stay hidden.
        """
        rows = self.asked(
            """
            select distinct runs.doc_id
            from retrieval.runs
            inner join retrieval.systems on runs.system_id = systems.system_id
            where
                runs.query_id = $query_id
                and runs.rank <= $ranks
                and runs.system_id in (
                    select entry_id from evaluation.leaderboard
                    where entry_kind = 'system' order by position limit $systems
                )
                and runs.doc_id not in (
                    select doc_id from test_collection.qrels where query_id = $query_id
                    except
                    select doc_id from test_collection.pooled_judgements where query_id = $query_id and reason is null
                )
            """,
            {"query_id": query_id, "ranks": POOLED_RANKS, "systems": POOLED_SYSTEMS},
        )

        def place(doc_id: str) -> bytes:
            return hashlib.sha256(f"{judge} {query_id} {doc_id}".encode()).digest()

        return sorted((row["doc_id"] for row in rows), key=place)

    def judged_queries(self) -> list[Row]:
        """Return all judged queries."""
        rows = self.asked(
            """
            select distinct queries.query_id, queries.query_text, queries.author
            from test_collection.queries as queries
            inner join test_collection.qrels as qrels on queries.query_id = qrels.query_id
            order by queries.query_id
            limit $most
            """,
            {"most": SHOWN},
        )
        return [self._hidden(row) for row in rows]

    def _hidden(self, row: Row) -> Row:
        return {**row, "author": self.corpus.person(row["author"])}

    def _check_system(self, system_id: str) -> None:
        if not self.asked("select 1 from retrieval.systems where system_id = $id", {"id": system_id}):
            raise HTTPException(404, "there is no such system")


def _bar(row: Row, most: float) -> dict[str, float] | None:
    """Return where a value and its interval lie on a line of 200 units."""
    if row["value"] is None:
        return None
    low, high = (row["value"] if row[end] is None else row[end] for end in ("ci_low", "ci_high"))
    return {
        name: round(200 * value / most, 2) for name, value in (("low", low), ("value", row["value"]), ("high", high))
    }


def research_router(research: Research) -> APIRouter:
    """Return the routes of the researcher's pages."""
    router = APIRouter()
    page = research.pages.page

    @router.get("/research", include_in_schema=False)
    def leaderboard(
        measure: Annotated[str, Query(max_length=40)] = "reciprocal_rank",
        kind: Annotated[str, Query(max_length=40)] = "",
        words: Annotated[str, Query(max_length=100)] = "",
    ) -> HTMLResponse:
        if measure not in MEASURES:
            raise HTTPException(404, "there is no such measure")
        return page(
            "leaderboard.html",
            root="",
            here="leaderboard",
            rows=research.systems(measure, kind, words),
            measures={key: name for key, (_, _, name) in MEASURES.items()},
            measure=measure,
            kind=kind,
            words=words,
            version=research.corpus.version,
        )

    @router.get("/research/system", include_in_schema=False)
    def system(
        system_id: Annotated[str, Query(max_length=200)], category: Annotated[str, Query(max_length=40)] = ""
    ) -> HTMLResponse:
        return page(
            "system.html",
            root="../",
            here="leaderboard",
            system_id=system_id,
            rows=research.queries(system_id, category),
            category=category,
            categories=FAILURES,
        )

    @router.get("/research/query", include_in_schema=False)
    def query(
        query_id: Annotated[str, Query(max_length=300)],
        system_id: Annotated[str | None, Query(max_length=200)] = None,
        rival: Annotated[str | None, Query(max_length=200)] = None,
    ) -> HTMLResponse:
        asked = research.query(query_id)
        system_id = system_id or research.corpus.best_system
        results = research.results(query_id, system_id)
        of_doc = {row["doc_id"]: row for row in results}
        rivals = [row["doc_id"] for row in results if row["doc_id"] not in asked["targets"]]
        target = min(asked["targets"], key=lambda doc_id: of_doc.get(doc_id, {"rank": 1_000_000})["rank"])
        against = rival if rival in of_doc else next(iter(rivals), None)
        return page(
            "query.html",
            root="../",
            here="leaderboard",
            query=asked,
            system_id=system_id,
            target=research.shown(target, asked, system_id, of_doc.get(target)),
            rival=research.shown(against, asked, system_id, of_doc[against]) if against else None,
            results=[(row, research.card(row["doc_id"])) for row in results],
            targets=asked["targets"],
            systems=research.systems("reciprocal_rank", "system", ""),
        )

    @router.get("/research/collected", include_in_schema=False)
    def collected() -> HTMLResponse:
        rows = research.collected()
        return page("collected.html", root="../", here="collected", rows=rows)

    @router.get("/research/pool", include_in_schema=False)
    def pool(
        judge: Annotated[str, Query(pattern=messages.JUDGE)] = "",
        query_id: Annotated[str | None, Query(max_length=300)] = None,
    ) -> HTMLResponse:
        answers = research.judgements.answers()
        queries = research.judged_queries()
        asked = None
        cards: list[Any] = []
        if judge and query_id is not None:
            asked = research.query(query_id)
            for doc_id in research.pool(query_id, judge):
                shown = research.shown(doc_id, asked, research.corpus.best_system, None)
                if shown is not None:
                    cards.append((shown, answers.get((query_id, doc_id), {}).get(judge)))
        counts: dict[str, int] = {}
        for (answered, _), given in answers.items():
            counts[answered] = counts.get(answered, 0) + (judge in given)
        return page(
            "pool.html",
            root="../",
            here="pool",
            judge=judge,
            query=asked,
            target=research.shown(asked["targets"][0], asked, research.corpus.best_system, None) if asked else None,
            cards=cards,
            queries=queries,
            counts=counts,
            agreement=agreement(answers.values()),
        )

    @router.get("/api/research/judgements", response_class=PlainTextResponse)
    def qrels() -> PlainTextResponse:
        """Return what most judges said yes or no to, as TREC judgements."""
        lines = []
        for (query_id, doc_id), given in sorted(research.judgements.answers().items()):
            votes = list(given.values())
            if votes.count("yes") != votes.count("no"):
                lines.append(f"{query_id} 0 {doc_id} {int(votes.count('yes') > votes.count('no'))}\n")
        return PlainTextResponse("".join(lines))

    @router.post("/api/judgements", status_code=201)
    def judge(judgement: messages.Judgement) -> messages.Receipt:
        """Keep a judgement."""
        asked = research.query(judgement.query_id)
        if not research.corpus.has(judgement.doc_id):
            raise HTTPException(422, "doc_id: the corpus holds no such TikTok")
        is_new = research.judgements.add(
            judgement.judgement_id,
            judge=judgement.judge,
            query_id=judgement.query_id,
            query_text=asked["query_text"],
            doc_id=judgement.doc_id,
            answer=judgement.answer,
            snapshot_version=research.corpus.version,
        )
        return messages.Receipt(query_id=judgement.query_id, is_new=is_new)

    return router
