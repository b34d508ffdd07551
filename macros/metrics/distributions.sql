{#
    Quantile of Student's t distribution with `degrees` degrees of freedom from the normal quantile `normal_quantile` (a
    number): the Cornish-Fisher expansion of Abramowitz and Stegun, 26.7.5. Within 0.5 % from 3 degrees of freedom on.
#}
{% macro student_t_quantile(normal_quantile, degrees) -%}
    {%- set z = normal_quantile -%}
    (
        {{ z }}
        + {{ (z**3 + z) / 4 }} / ({{ degrees }})
        + {{ (5 * z**5 + 16 * z**3 + 3 * z) / 96 }} / power({{ degrees }}, 2)
        + {{ (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384 }} / power({{ degrees }}, 3)
        + {{ (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160 }} / power({{ degrees }}, 4)
    )
{%- endmacro %}

{# Probability that a normal deviate exceeds a value >= 0: Abramowitz and Stegun, 26.2.17, within 7.5e-8. #}
{% macro normal_upper_tail(value) -%}
    (
        exp(-power({{ value }}, 2) / 2) / sqrt(2 * pi())
        * (
            0.319381530 / (1 + 0.2316419 * {{ value }})
            - 0.356563782 / power(1 + 0.2316419 * {{ value }}, 2)
            + 1.781477937 / power(1 + 0.2316419 * {{ value }}, 3)
            - 1.821255978 / power(1 + 0.2316419 * {{ value }}, 4)
            + 1.330274429 / power(1 + 0.2316419 * {{ value }}, 5)
        )
    )
{%- endmacro %}

{# The normal quantile of a two-sided 95 % statement. #}
{% macro normal_quantile_975() -%}
    {{ return(1.959963984540054) }}
{%- endmacro %}

{# The normal quantile of a power of 80 %. #}
{% macro normal_quantile_80() -%}
    {{ return(0.8416212335729143) }}
{%- endmacro %}

{#
    Share of the resampled means below a 95 % percentile interval of `units` resampled units. Plain 2.5 % makes intervals
    of few units too narrow; this is the expanded percentile interval (Hesterberg, "What teachers should know about the
    bootstrap", The American Statistician 2015), which makes up for both the biased variance and the t distribution.
#}
{% macro expanded_percentile(units) -%}
    {{
        normal_upper_tail(
            '(sqrt(' ~ units ~ ' / (' ~ units ~ ' - 1.0)) * '
            ~ student_t_quantile(normal_quantile_975(), units ~ ' - 1.0') ~ ')'
        )
    }}
{%- endmacro %}

{# The place, from 1, of the lower end of that interval among `resamples` means in ascending order. #}
{% macro place_of_lower_end(units, resamples) -%}
    cast(greatest(floor({{ expanded_percentile(units) }} * ({{ resamples }} + 1)), 1) as integer)
{%- endmacro %}
