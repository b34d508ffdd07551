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
