"""Hashtags that are split into the collection's words: what is found through them, and that no split is better."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pytest
from test_corpus_faults import identify, lay, tiktok
from warehouses import BuildResult, build

SPLIT, PLAIN = "words_hashtags_bm25_k0.9_b0.4", "words_bm25_k0.9_b0.4"
LONG_WORD = "a" * 94
TEXTS = {
    1: "one one one piece piece piece top top top 10 10 10 dog dog dog cat cat cat " + f"{LONG_WORD} " * 3,
    2: "a straw hat #onepiece",
    3: "one sweet piece",
    4: "#onepiece and again #ONEPIECE",
    5: "#xqzvkw #piece #top10 #dogdogdog #Caf\u00e9Dog",
    6: f"#{LONG_WORD}dogcat #{LONG_WORD}dogdogs #{LONG_WORD}dogtop #{LONG_WORD}dogtop10",
    7: "caf\u00e9 caf\u00e9 caf\u00e9",
    8: "# one, the number # without #",
}
QUERIES = {"#onepiece": 3, "one piece": 2, "xqzvkw": 5, "#hatdog": 2}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """Build a few TikToks and queries up to their rankings."""
    folder = tmp_path_factory.mktemp("hashtags")
    blank = {"creator-username": "x", "creator-nickname": "x", "music-title": "x", "comments": []}
    records = [tiktok(number, description=text, **blank) for number, text in TEXTS.items()]
    queries = [{"text": text, "target": identify(number), "author": "x"} for text, number in QUERIES.items()]
    lay(folder / "raw", {"info/a.json": records, "queries.json": queries})
    result = build(
        folder / "raw",
        folder / "warehouse.duckdb",
        select=["+runs"],
        exclude=["resource_type:test", "resource_type:unit_test"],
        variables={"all_systems": True, "keep_incomplete_tiktoks": True},
    )
    assert result.success, result.messages
    return result


def found(warehouse: BuildResult, system: str, query: str) -> set[int]:
    """Return the numbers of the TikToks that a system finds."""
    rows = warehouse.rows(
        "select doc_id from retrieval.runs inner join test_collection.queries using (query_id) "
        f"where system_id = '{system}' and query_text = '{query}'"
    )
    return {number for number in TEXTS if (identify(number),) in rows}


def test_a_hashtag_finds_its_words_and_words_find_their_hashtag(planted: BuildResult) -> None:
    assert found(planted, SPLIT, "#onepiece") == {1, 2, 3, 4, 5, 8}
    assert found(planted, PLAIN, "#onepiece") == {2, 4}
    assert found(planted, SPLIT, "one piece") == {1, 2, 3, 4, 5, 8}
    assert found(planted, PLAIN, "one piece") == {1, 3, 5, 8}
    assert found(planted, SPLIT, "xqzvkw") == found(planted, PLAIN, "xqzvkw") == {5}


def test_hashtags_are_split_where_words_are_likelier_than_the_whole(planted: BuildResult) -> None:
    assert dict(planted.rows("select hashtag, pieces from search_index.int_hashtag_splits")) == {
        "onepiece": "one piece",
        "xqzvkw": None,
        "piece": None,
        "top10": "top 10",
        "dogdogdog": "dog dog dog",
        "cafedog": "cafe dog",
        f"{LONG_WORD}dogcat": f"{LONG_WORD} dog cat",
        f"{LONG_WORD}dogdogs": None,
        f"{LONG_WORD}dogtop": f"{LONG_WORD} dog top",
        f"{LONG_WORD}dogtop10": None,  # longer than a hashtag can be
        "hatdog": None,  # a hat stands in one text only
    }


def test_a_hashtag_counts_as_itself_and_as_its_words_as_often_as_it_stands(planted: BuildResult) -> None:
    counted = planted.rows(
        "select document_number, term, term_frequency from search_index.postings inner join search_index.terms "
        "using (term_id) where tokenizer_id = 'words_hashtags' and index_id = 10 and field = 'description' "
        "and document_number in (4, 5) order by all"
    )
    assert counted == [
        (4, "again", 1),
        (4, "and", 1),
        (4, "one", 2),
        (4, "onepiece", 2),
        (4, "piece", 2),
        (5, "10", 1),
        (5, "cafe", 1),
        (5, "cafedog", 1),
        (5, "dog", 4),
        (5, "dogdogdog", 1),
        (5, "piece", 1),
        (5, "top", 1),
        (5, "top10", 1),
        (5, "xqzvkw", 1),
    ]


def test_without_hashtags_both_tokenizers_make_the_same_terms(planted: BuildResult) -> None:
    counted = (
        "select field, term, term_frequency from search_index.postings inner join search_index.terms using (term_id) "
        "where tokenizer_id = '{}' and index_id = {} and document_number in (1, 3, 7, 8) order by all"
    )
    assert planted.rows(counted.format("words", 1)) == planted.rows(counted.format("words_hashtags", 10))


def test_every_split_is_the_best_of_all_there_are(planted: BuildResult) -> None:
    """Random words of few letters, so that there are many ways and ties: each is tried here, none in SQL."""
    draw = random.Random(20261125)
    words = sorted({"".join(draw.choices("abc", k=draw.randint(1, 5))) for _ in range(90)})
    frequencies = {word: draw.choice([1, 2, 3, 3, 9, 40]) for word in words} | {"xy": 40, "zz": 40}
    hashtags = {"".join(draw.choices(words, k=draw.randint(1, 4)))[:14] for _ in range(300)}
    hashtags |= {"".join(draw.choices("abcd", k=draw.randint(1, 14))) for _ in range(100)}
    hashtags |= {*frequencies, "xyzz" * 4, "xyzz" * 4 + "xy"}
    total = sum(frequencies.values())
    vocabulary = {
        word: math.log(frequency / total)
        for word, frequency in frequencies.items()
        if frequency >= 3 and frequency / total >= 0.01 / 20 ** (len(word) - 1)
    }
    compiled = planted.warehouse.parent / "warehouse_dbt" / "target" / "compiled"
    made = dict(splits(next(compiled.rglob("int_hashtag_splits.sql")), frequencies, hashtags))
    expected = {hashtag: best_split(hashtag, vocabulary, total) for hashtag in hashtags}
    assert {hashtag: pieces for hashtag, (pieces, _) in made.items()} == {
        hashtag: pieces for hashtag, (pieces, _) in expected.items()
    }
    for hashtag, (_, log_probability) in made.items():
        assert log_probability == pytest.approx(expected[hashtag][1], abs=1e-9), hashtag
    counts = [pieces.count(" ") + 1 if pieces else 1 for pieces, _ in made.values()]
    assert set(counts) == set(range(1, 9))
    assert sum(count > 1 for count in counts) > 100


def splits(
    model: Path, frequencies: Mapping[str, int], hashtags: set[str]
) -> Iterator[tuple[str, tuple[str | None, float]]]:
    """Run the model on one text with such words: hashtag -> its words and their log probability."""
    with duckdb.connect() as connection:
        connection.execute("create table int_indexes_selected as select 1 as cleaning_number, true as split_hashtags")
        connection.execute("create table int_texts_collected as select 1 as content_id, 'description' as field")
        connection.execute(
            "create table int_words_counted (cleaning_number int, content_id int, word text, word_frequency int)"
        )
        connection.executemany(
            "insert into int_words_counted values (1, 1, ?, ?)",
            [*frequencies.items(), *((f"#{hashtag}", 1) for hashtag in sorted(hashtags))],
        )
        query = model.read_text().replace('"warehouse"."search_index".', "")
        for hashtag, pieces, log_probability in connection.execute(
            f"select hashtag, pieces, log_probability from ({query})"
        ).fetchall():
            yield hashtag, (pieces, log_probability)


def best_split(hashtag: str, vocabulary: Mapping[str, float], total: int) -> tuple[str | None, float]:
    """Try every sequence of up to eight words, and the whole."""

    def sequences(rest: str, most: int) -> Iterator[list[str]]:
        if not rest:
            yield []
        elif most:
            for end in range(1, len(rest) + 1):
                if rest[:end] in vocabulary:
                    yield from ([rest[:end], *others] for others in sequences(rest[end:], most - 1))

    whole = vocabulary.get(hashtag, math.log(10 / total) - len(hashtag) * math.log(10))
    ways: list[tuple[float, int, str]] = [
        (-round(sum(vocabulary[piece] for piece in pieces), 9), len(pieces), " ".join(pieces))
        for pieces in sequences(hashtag, 8)
        if len(pieces) > 1
    ]
    score, count, pieces = min([(-round(whole, 9), 1, ""), *ways])
    return (pieces if count > 1 else None), -score
