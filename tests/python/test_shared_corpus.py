"""The acceptance figures of the real corpus, which lies beside the project where it may be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from warehouses import PROJECT, BuildResult, build

SHARED = Path(os.environ.get("TIKTOK_SHARED", PROJECT.parent / "shared"))
DATA = SHARED / "data" / "tiktok"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """Build staging and the corpus from the real files."""
    warehouse = tmp_path_factory.mktemp("shared") / "warehouse.duckdb"
    return build(DATA, warehouse, select=["+path:models/corpus"])


def test_the_corpus_is_that_of_the_original(shared: BuildResult) -> None:
    """3,100 scraped, 1,462 kept, 1,638 excluded for reasons that add up."""
    assert shared.success, shared.messages
    reasons = dict(shared.rows("select reason, count(*) from corpus.excluded_tiktoks group by reason"))
    assert shared.rows("select count(*) from corpus.tiktoks") == [(1462,)]
    assert reasons == {"cover_failed": 9, "cover_not_read": 108, "speech_failed": 1520, "speech_not_transcribed": 1}
    assert sum(reasons.values()) == 1638
    assert shared.rows("select sum(tiktoks) from corpus.funnel where stage = 'scrape'") == [(3100,)]


def test_every_shown_value_is_parsed(shared: BuildResult) -> None:
    """No count and no date is left, of 3,100 TikToks and 55,453 comments, and nothing is quarantined."""
    assert shared.rows("select count(*) from corpus.unparsed_values") == [(0,)]
    assert shared.rows("select count(*) from corpus.quarantined_records") == [(0,)]
    assert shared.rows(
        "select count(like_count), count(comment_count), count(posted_at_shown_as) from staging.stg_scraper__tiktoks"
    ) == [(3100, 3100, 3100)]
    assert shared.rows(
        "select count(like_count), count(reply_count), count(posted_at) from staging.stg_scraper__comments"
    ) == [(55453, 55453, 55453)]


def test_the_times_in_the_ids_agree_with_the_shown_dates(shared: BuildResult) -> None:
    """Within a day, in all but three of 3,100."""
    assert dict(
        shared.rows("select posted_at_check, count(*) from staging.stg_scraper__tiktoks group by posted_at_check")
    ) == {"agreed": 3097, "disagreed": 3}


def test_the_funnel_shows_the_host_that_never_yields_a_transcript(shared: BuildResult) -> None:
    """All 1,528 null transcripts are the videos of one host."""
    assert shared.rows(
        "select count(*), sum(tiktoks) from corpus.funnel where stage = 'speech' and outcome = 'failed'"
    ) == [(1, 1528)]


def test_comments_are_those_of_the_kept_tiktoks(shared: BuildResult) -> None:
    """Scraped once each, so nothing is united away."""
    assert shared.rows("select count(*), count(distinct comment_id) from corpus.comments") == [(26379, 26379)]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """Rebuild the original study from the real files."""
    warehouse = tmp_path_factory.mktemp("study") / "warehouse.duckdb"
    result = build(
        DATA,
        warehouse,
        select=["+original_study_indexes", "+original_study_ranks"],
        variables={"original_study": True},
    )
    assert result.success, result.messages
    return result


def test_vocabulary_sizes_are_those_that_the_original_published(study: BuildResult) -> None:
    """80 of 80 within .05 %."""
    assert study.rows(
        "select count(*), count(*) filter (abs(vocabulary_size / published_vocabulary_size - 1) <= 0.0005)"
        " from evaluation.original_study_indexes"
    ) == [(80, 80)]


def test_published_ranks_lie_within_the_intervals_of_equal_scores(study: BuildResult) -> None:
    """At least 99.8 % of the cells without a normaliser, also of those whose interval is one rank wide."""
    within = "coalesce(published_rank between rank_low and rank_high, rank_low is null and published_rank is null)"
    (cells, share, narrow_share), *_ = study.rows(
        f"select count(*), avg({within}::int), avg({within}::int) filter (rank_low = rank_high)"
        " from evaluation.original_study_ranks join seeds.original_study_experiments using (experiment_id)"
        " where normaliser = 'x' and is_published"
    )
    assert (cells, share >= 0.998, narrow_share >= 0.998) == (20640, True, True), (cells, share, narrow_share)


def test_the_original_published_its_binary_cosine_as_if_it_had_none(study: BuildResult) -> None:
    """Of its 480 cosine experiments the 80 on binary weights are cell by cell those without a normaliser."""
    assert study.rows("""
        select count(*), count(*) filter (cosine.published_rank is not distinct from plain.published_rank)
        from evaluation.original_study_ranks as cosine
        join evaluation.original_study_ranks as plain
            on cosine.query_id = plain.query_id and cosine.experiment_id = plain.experiment_id + 6
        where cosine.experiment_id % 12 = 7 and cosine.is_published
    """) == [(3440, 3440)]
