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
