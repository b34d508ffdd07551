{#
    How much more a group says a word than others do: the logarithm of the odds ratio, shrunk towards what is usual (a
    Dirichlet prior) and divided by its standard deviation. Monroe, Colaresi, Quinn: Fightin' words (Political Analysis
    2008), equations 16, 20 and 22. `prior` is what the word would occur in `prior_total` usual words. About 2 is
    noticeable, 0 is usual, below 0 rarer.
#}
{% macro distinctiveness(frequency, total, other_frequency, other_total, prior, prior_total) -%}
    (
        ln(({{ frequency }} + {{ prior }}) / ({{ total }} + {{ prior_total }} - {{ frequency }} - {{ prior }}))
        - ln(
            ({{ other_frequency }} + {{ prior }})
            / ({{ other_total }} + {{ prior_total }} - {{ other_frequency }} - {{ prior }})
        )
    )
    / sqrt(1 / ({{ frequency }} + {{ prior }}) + 1 / ({{ other_frequency }} + {{ prior }}))
{%- endmacro %}

{#
    The most distinctive terms of each group, as the common table expressions from `group_totals` to `distinctive_terms`:
    the query that calls it has `postings` (of one tokenizer), `terms` and `group_frequencies` (group, term_id,
    frequency). A term that every group says at its usual rate is the prior, as if in 1,000 words.
#}
{% macro distinctive_terms(group, condition='true', kept=10, prior_total=1000) -%}
group_totals as (
    select
        {{ group }},
        sum(frequency) as total
    from group_frequencies
    group by {{ group }}
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
        group_frequencies.{{ group }},
        terms.term,
        group_frequencies.frequency,
        collection_frequencies.frequency - group_frequencies.frequency as other_frequency,
        {{ distinctiveness(
            'group_frequencies.frequency',
            'group_totals.total',
            '(collection_frequencies.frequency - group_frequencies.frequency)',
            '(collection.total - group_totals.total)',
            '(' ~ prior_total ~ '.0 * collection_frequencies.frequency / collection.total)',
            prior_total,
        ) }} as z_score
    from group_frequencies
    inner join group_totals on group_frequencies.{{ group }} = group_totals.{{ group }}
    inner join collection_frequencies on group_frequencies.term_id = collection_frequencies.term_id
    inner join terms on group_frequencies.term_id = terms.term_id
    cross join collection
    where {{ condition }}
),

ranked as (
    select
        {{ group }},
        row_number() over (partition by {{ group }} order by z_score desc, term asc) as place,
        term,
        cast(frequency as bigint) as frequency,
        cast(other_frequency as bigint) as other_frequency,
        round(z_score, 3) as z_score
    from scored
),

distinctive_terms as (
    select *
    from ranked
    where place <= {{ kept }}
)
{%- endmacro %}
