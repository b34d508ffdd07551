import marimo

__generated_with = "0.25.2"
app = marimo.App(
    app_title="Texts and terms",
    css_file="notebooks.css",
    sql_output="polars",
)

with app.setup(hide_code=True):
    import marimo as mo

    from tiktok_retrieval import notebooks


@app.cell(hide_code=True, expand_output=True)
def _():
    mo.md("""
    # Texts and terms

    What is a document made of, and which words does it have?

    Look for the fields that bring most of the words, for how far few words go, and for the words that set a field or a
    hashtag apart: they are what a query can find it by.
    """)
    return


@app.cell(hide_code=True, expand_output=True)
def _():
    warehouse = notebooks.opened(__file__)
    notebooks.source(warehouse)
    return (warehouse,)


@app.cell(hide_code=True, expand_output=True)
def _(text_sources):
    notebooks.shown("text_sources", text_sources)
    return


@app.cell
def _(warehouse):
    text_sources = mo.sql(
        f"""
        with

        field_statistics as (select * from search_index.field_statistics),

        index_statistics as (select * from search_index.index_statistics),

        -- the first index of every field is of plain words
        plain_words as (
            select
                index_id,
                document_count
            from index_statistics
            order by index_id
            limit 1
        ),

        fields as (
            select
                field_statistics.field,
                field_statistics.document_count as documents,
                field_statistics.document_count / nullif(plain_words.document_count, 0) as share,
                field_statistics.mean_length as mean_words
            from field_statistics
            inner join plain_words on field_statistics.index_id = plain_words.index_id
            where field_statistics.document_count > 0
        )

        select * from fields
        order by documents desc, field asc
        """,
        output=False,
        engine=warehouse,
    )
    return (text_sources,)


@app.cell(hide_code=True, expand_output=True)
def _(zipf):
    notebooks.shown("zipf", zipf)
    return


@app.cell
def _(warehouse):
    zipf = mo.sql(
        f"""
        -- One row for each word on the ranks 1, 2, 5, 10, 20, 50 ... of the frequencies, with the share of all tokens so far.
        -- Under Zipf's law rank x frequency is the same everywhere, and zipf_exponent is 1.
        with

        postings as (
            select *
            from search_index.postings
            where tokenizer_id = 'words'
        ),

        terms as (select * from search_index.int_terms_numbered),

        frequencies as (
            select
                term_id,
                sum(term_frequency) as collection_frequency,
                count(distinct document_number) as document_frequency
            from postings
            group by term_id
        ),

        ranked as (
            select
                terms.term,
                frequencies.collection_frequency,
                frequencies.document_frequency,
                row_number() over (order by frequencies.collection_frequency desc, terms.term asc) as frequency_rank,
                sum(frequencies.collection_frequency) over () as token_count
            from frequencies
            inner join terms on frequencies.term_id = terms.term_id
        ),

        zipf as (
            select
                frequency_rank,
                term,
                cast(collection_frequency as bigint) as collection_frequency,
                document_frequency,
                cast(frequency_rank * collection_frequency as bigint) as rank_times_frequency,
                round(sum(collection_frequency) over (order by frequency_rank) / token_count, 4) as share_so_far,
                round(-regr_slope(ln(collection_frequency), ln(frequency_rank)) over (), 3) as zipf_exponent
            from ranked
        )

        select *
        from zipf
        where
            frequency_rank in (
                1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000
            )
        order by frequency_rank
        """,
        output=False,
        engine=warehouse,
    )
    return (zipf,)


@app.cell(hide_code=True, expand_output=True)
def _(vocabulary_growth):
    notebooks.shown("vocabulary_growth", vocabulary_growth)
    return


@app.cell
def _(warehouse):
    vocabulary_growth = mo.sql(
        f"""
        -- One row for each tokenizer and twentieth of the documents, in the order of their ids (of TikToks: of their upload).
        -- Heaps' law says that the vocabulary grows with a power of the tokens; heaps_exponent is that power.
        with

        postings as (select * from search_index.postings),

        token_counts as (
            select
                tokenizer_id,
                document_number,
                sum(term_frequency) as tokens
            from postings
            group by tokenizer_id, document_number
        ),

        first_occurrences as (
            select
                tokenizer_id,
                term_id,
                min(document_number) as document_number
            from postings
            group by tokenizer_id, term_id
        ),

        new_term_counts as (
            select
                tokenizer_id,
                document_number,
                count(*) as new_terms
            from first_occurrences
            group by tokenizer_id, document_number
        ),

        growth as (
            select
                token_counts.tokenizer_id,
                token_counts.document_number,
                sum(token_counts.tokens) over growing as tokens,
                sum(coalesce(new_term_counts.new_terms, 0)) over growing as vocabulary_size
            from token_counts
            left join new_term_counts
                on
                    token_counts.tokenizer_id = new_term_counts.tokenizer_id
                    and token_counts.document_number = new_term_counts.document_number
            window
                growing as (
                    partition by token_counts.tokenizer_id
                    order by token_counts.document_number
                    rows between unbounded preceding and current row
                )
        ),

        twentieths as (
            select
                growth.*,
                ceil(20.0 * growth.document_number / count(*) over (partition by growth.tokenizer_id)) as twentieth,
                regr_slope(ln(growth.vocabulary_size), ln(growth.tokens)) over (
                    partition by growth.tokenizer_id
                ) as heaps_exponent
            from growth
        ),

        vocabulary_growth as (
            select
                tokenizer_id,
                max(document_number) as documents,
                cast(max(tokens) as bigint) as tokens,
                cast(max(vocabulary_size) as bigint) as vocabulary_size,
                round(max(heaps_exponent), 3) as heaps_exponent
            from twentieths
            group by tokenizer_id, twentieth
        )

        select *
        from vocabulary_growth
        order by tokenizer_id, documents
        """,
        output=False,
        engine=warehouse,
    )
    return (vocabulary_growth,)


@app.cell(hide_code=True, expand_output=True)
def _(distinctive_terms_by_field):
    notebooks.shown(
        "distinctive_terms_by_field",
        distinctive_terms_by_field,
        notebooks.side_by_side(distinctive_terms_by_field, "field"),
    )
    return


@app.cell
def _(warehouse):
    distinctive_terms_by_field = mo.sql(
        f"""
        -- One row for each field and its ten most distinctive words, by the log odds ratio with a prior (Monroe and others,
        -- 2008).
        with

        postings as (
            select *
            from search_index.postings
            where tokenizer_id = 'words'
        ),

        terms as (select * from search_index.int_terms_numbered),

        group_frequencies as (
            select
                field,
                term_id,
                sum(term_frequency) as frequency
            from postings
            group by field, term_id
        ),

        group_totals as (
            select
                field,
                sum(frequency) as total
            from group_frequencies
            group by field
        ),

        collection_frequencies as (
            select
                term_id,
                sum(term_frequency) as frequency
            from postings
            group by term_id
        ),

        collection as (
            select sum(frequency) as total
            from collection_frequencies
        ),

        scored as (
            select
                group_frequencies.field,
                terms.term,
                group_frequencies.frequency,
                collection_frequencies.frequency - group_frequencies.frequency as other_frequency,
                (
                ln((group_frequencies.frequency + (1000.0 * collection_frequencies.frequency / collection.total)) / (group_totals.total + 1000 - group_frequencies.frequency - (1000.0 * collection_frequencies.frequency / collection.total)))
                - ln(
                    ((collection_frequencies.frequency - group_frequencies.frequency) + (1000.0 * collection_frequencies.frequency / collection.total))
                    / ((collection.total - group_totals.total) + 1000 - (collection_frequencies.frequency - group_frequencies.frequency) - (1000.0 * collection_frequencies.frequency / collection.total))
                )
            )
            / sqrt(1 / (group_frequencies.frequency + (1000.0 * collection_frequencies.frequency / collection.total)) + 1 / ((collection_frequencies.frequency - group_frequencies.frequency) + (1000.0 * collection_frequencies.frequency / collection.total))) as z_score
            from group_frequencies
            inner join group_totals on group_frequencies.field = group_totals.field
            inner join collection_frequencies on group_frequencies.term_id = collection_frequencies.term_id
            inner join terms on group_frequencies.term_id = terms.term_id
            cross join collection
            where true
        ),

        ranked as (
            select
                field,
                row_number() over (partition by field order by z_score desc, term asc) as place,
                term,
                cast(frequency as bigint) as frequency,
                cast(other_frequency as bigint) as other_frequency,
                round(z_score, 3) as z_score
            from scored
        ),

        distinctive_terms as (
            select *
            from ranked
            where place <= 10
        )

        select *
        from distinctive_terms
        order by field, place
        """,
        output=False,
        engine=warehouse,
    )
    return (distinctive_terms_by_field,)


@app.cell(hide_code=True, expand_output=True)
def _(distinctive_terms_by_hashtag):
    hashtag = notebooks.choice(distinctive_terms_by_hashtag["hashtag"], "Hashtag")
    mo.vstack(
        [
            notebooks.asked(
                "distinctive_terms_by_hashtag",
                "Words that go with a hashtag",
                "A bar is how many standard deviations a word lies from what chance would bring. Pick another hashtag.",
            ),
            hashtag,
        ]
    )
    return (hashtag,)


@app.cell(hide_code=True, expand_output=True)
def _(distinctive_terms_by_hashtag, hashtag):
    mo.stop(hashtag.value is None, notebooks.note("No hashtag is picked, or there is none."))
    notebooks.bars(
        "The most distinctive words",
        distinctive_terms_by_hashtag.filter(hashtag=hashtag.value),
        name="term",
        value="z_score",
    )
    return


@app.cell
def _(warehouse):
    distinctive_terms_by_hashtag = mo.sql(
        f"""
        -- One row for each of the fifty commonest hashtags and the ten most distinctive words of the TikToks that carry it, by
        -- the log odds ratio with a prior (Monroe and others, 2008). The hashtag itself is left out.
        with

        postings as (
            select *
            from search_index.postings
            where
                tokenizer_id = 'words'
                and field in ('description', 'speech', 'cover_text', 'captions')
        ),

        terms as (select * from search_index.int_terms_numbered),

        document_fields as (select * from search_index.document_fields),

        hashtags as (
            select distinct
                document_number,
                unnest(regexp_extract_all(normalised_text, '#[a-z0-9]+')) as hashtag
            from document_fields
            where
                field = 'description'
                and scheme = 'standard'
        ),

        hashtags_counted as (
            select
                hashtag,
                count(*) as document_count,
                row_number() over (order by count(*) desc, hashtag asc) as place
            from hashtags
            group by hashtag
            having count(*) > 1
        ),

        group_frequencies as (
            select
                hashtags.hashtag,
                postings.term_id,
                sum(postings.term_frequency) as frequency
            from hashtags
            inner join hashtags_counted on hashtags.hashtag = hashtags_counted.hashtag
            inner join postings on hashtags.document_number = postings.document_number
            where hashtags_counted.place <= 50
            group by hashtags.hashtag, postings.term_id
        ),

        group_totals as (
            select
                hashtag,
                sum(frequency) as total
            from group_frequencies
            group by hashtag
        ),

        collection_frequencies as (
            select
                term_id,
                sum(term_frequency) as frequency
            from postings
            group by term_id
        ),

        collection as (
            select sum(frequency) as total
            from collection_frequencies
        ),

        scored as (
            select
                group_frequencies.hashtag,
                terms.term,
                group_frequencies.frequency,
                collection_frequencies.frequency - group_frequencies.frequency as other_frequency,
                (
                ln((group_frequencies.frequency + (1000.0 * collection_frequencies.frequency / collection.total)) / (group_totals.total + 1000 - group_frequencies.frequency - (1000.0 * collection_frequencies.frequency / collection.total)))
                - ln(
                    ((collection_frequencies.frequency - group_frequencies.frequency) + (1000.0 * collection_frequencies.frequency / collection.total))
                    / ((collection.total - group_totals.total) + 1000 - (collection_frequencies.frequency - group_frequencies.frequency) - (1000.0 * collection_frequencies.frequency / collection.total))
                )
            )
            / sqrt(1 / (group_frequencies.frequency + (1000.0 * collection_frequencies.frequency / collection.total)) + 1 / ((collection_frequencies.frequency - group_frequencies.frequency) + (1000.0 * collection_frequencies.frequency / collection.total))) as z_score
            from group_frequencies
            inner join group_totals on group_frequencies.hashtag = group_totals.hashtag
            inner join collection_frequencies on group_frequencies.term_id = collection_frequencies.term_id
            inner join terms on group_frequencies.term_id = terms.term_id
            cross join collection
            where '#' || terms.term <> group_frequencies.hashtag
        ),

        ranked as (
            select
                hashtag,
                row_number() over (partition by hashtag order by z_score desc, term asc) as place,
                term,
                cast(frequency as bigint) as frequency,
                cast(other_frequency as bigint) as other_frequency,
                round(z_score, 3) as z_score
            from scored
        ),

        distinctive_terms as (
            select *
            from ranked
            where place <= 10
        )

        select *
        from distinctive_terms
        order by hashtag, place
        """,
        output=False,
        engine=warehouse,
    )
    return (distinctive_terms_by_hashtag,)


@app.cell(hide_code=True, expand_output=True)
def _():
    notebooks.onward("03_leaderboard.py", "the leaderboard")
    return


if __name__ == "__main__":
    app.run()
