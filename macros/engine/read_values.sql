{#
    What a page shows, as values. Every macro takes an expression of type text (and what else it names) and gives null for
    what it cannot read: the text stays beside it in staging, and corpus.unparsed_values says so.
#}

{# A text as it was shown; null where it holds nothing but blanks, since missing is null and never ''. #}
{% macro not_blank(shown) -%}
    case when regexp_matches({{ shown }}, '\S') then {{ shown }} end
{%- endmacro %}


{# A count as shown: 3721, 1,234, 22.6K, 2.4M, 1.1B. A bigint; halves that no count can have are refused. #}
{% macro read_count(shown) -%}
    {{ return(adapter.dispatch('read_count')(shown)) }}
{%- endmacro %}

{% macro duckdb__read_count(shown) -%}
    case
        when regexp_full_match(trim({{ shown }}), '[0-9]{1,3}([.,][0-9]{3})+')
            then try_cast(regexp_replace(trim({{ shown }}), '[.,]', '', 'g') as bigint)
        when regexp_full_match(trim({{ shown }}), '[0-9]+([.,]0+)?')
            then try_cast(regexp_extract(trim({{ shown }}), '^[0-9]+') as bigint)
        when regexp_full_match(trim({{ shown }}), '[0-9]{1,9}([.,][0-9]{1,6})?\s*[kKmMbB]')
            then try_cast(
                round(
                    try_cast(replace(regexp_extract(trim({{ shown }}), '^[0-9.,]+'), ',', '.') as decimal(18, 6))
                    * case upper(right(trim({{ shown }}), 1))
                        when 'K' then 1000
                        when 'M' then 1000000
                        else 1000000000
                    end
                ) as bigint
            )
    end
{%- endmacro %}


{# A count of replies: '' is 0; a number; or the words of the button, 'View more replies (12)', 'View 9 more'. #}
{% macro read_reply_count(shown) -%}
    {{ return(adapter.dispatch('read_reply_count')(shown)) }}
{%- endmacro %}

{% macro duckdb__read_reply_count(shown) -%}
    {%- set number = "regexp_extract(" ~ shown ~ ", '([0-9][0-9.,]*\\s*[KMB]?)(?:\\W|$)', 1)" -%}
    case
        when trim({{ shown }}) = '' then 0
        when {{ shown }} ilike '%repl%' or {{ shown }} ilike 'view%' then {{ read_count(number) }}
        else {{ read_count(shown) }}
    end
{%- endmacro %}


{# Seconds (or milliseconds) since 1970, or an ISO date, as a timestamp in UTC. #}
{% macro read_time(written) -%}
    {{ return(adapter.dispatch('read_time')(written)) }}
{%- endmacro %}

{% macro duckdb__read_time(written) -%}
    case
        when try_cast({{ written }} as double) is null
            then try_cast(try_cast({{ written }} as timestamptz) as timestamp)
        when try_cast({{ written }} as double) between 1e8 and 1e11
            then make_timestamp(round(try_cast({{ written }} as double) * 1e6)::bigint)
        when try_cast({{ written }} as double) between 1e11 and 1e14
            then make_timestamp(round(try_cast({{ written }} as double) * 1e3)::bigint)
    end
{%- endmacro %}


{#
    The time an id was given, in UTC: its upper 32 bits are seconds since 1970. Null for an id that is none of TikTok's (a
    time before 2014, or more than a day after `latest`).
#}
{% macro read_id_time(id, latest) -%}
    {{ return(adapter.dispatch('read_id_time')(id, latest)) }}
{%- endmacro %}

{% macro duckdb__read_id_time(id, latest) -%}
    case
        when
            (try_cast({{ id }} as ubigint) >> 32) >= epoch(timestamp '2014-01-01')
            and (try_cast({{ id }} as ubigint) >> 32)
            <= coalesce(epoch({{ latest }}) + 86400, epoch(timestamp '2100-01-01'))
            then make_timestamp((try_cast({{ id }} as ubigint) >> 32)::bigint * 1000000)
    end
{%- endmacro %}


{#
    A date as shown, as a timestamp in UTC: '2021-4-7'; '11-19' (the last such date that is not after the scrape);
    '22m ago', '14h ago', '1d ago', '3w ago' (back from the scrape). Dates are midnights. What needs the time of the scrape is
    null without it.
#}
{% macro read_shown_date(shown, scraped_at) -%}
    {{ return(adapter.dispatch('read_shown_date')(shown, scraped_at)) }}
{%- endmacro %}

{% macro duckdb__read_shown_date(shown, scraped_at) -%}
    {%- set text = 'lower(trim(' ~ shown ~ '))' -%}
    {%- set ago = '^([0-9]{0,4})\\s*(seconds?|secs?|s|minutes?|mins?|months?|mo|m|hours?|hrs?|h|days?|d|weeks?|w|years?|y)\\s+ago$' -%}
    case
        when regexp_full_match({{ text }}, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}')
            then try_cast({{ text }} as date)::timestamp
        when regexp_full_match({{ text }}, '[0-9]{1,2}-[0-9]{1,2}')
            then coalesce(
                {% for years in range(9) -%}
                case
                    when
                        try_cast((year({{ scraped_at }}) - {{ years }}) || '-' || {{ text }} as date)
                        <= {{ scraped_at }}::date
                        then try_cast((year({{ scraped_at }}) - {{ years }}) || '-' || {{ text }} as date)::timestamp
                end{{ ',' if not loop.last }}
                {% endfor -%}
            )
        when {{ text }} = 'just now' then {{ scraped_at }}
        when regexp_matches({{ text }}, '{{ ago }}')
            then {{ scraped_at }} - case
                when regexp_extract({{ text }}, '{{ ago }}', 2) similar to 'mo.*'
                    then to_months(coalesce(try_cast(regexp_extract({{ text }}, '{{ ago }}', 1) as integer), 0))
                when left(regexp_extract({{ text }}, '{{ ago }}', 2), 1) = 'y'
                    then to_years(coalesce(try_cast(regexp_extract({{ text }}, '{{ ago }}', 1) as integer), 0))
                else to_seconds(
                    coalesce(try_cast(regexp_extract({{ text }}, '{{ ago }}', 1) as bigint), 0)
                    * case left(regexp_extract({{ text }}, '{{ ago }}', 2), 1)
                        when 's' then 1
                        when 'm' then 60
                        when 'h' then 3600
                        when 'd' then 86400
                        else 604800
                    end
                )
            end
        when regexp_matches({{ text }}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[t ]')
            then try_cast(try_cast({{ text }} as timestamptz) as timestamp)
    end
{%- endmacro %}


{# How far, in days, a shown date may lie from the true time although both are right: its unit, and a day of time zones. #}
{% macro shown_date_tolerance(shown) -%}
    {{ return(adapter.dispatch('shown_date_tolerance')(shown)) }}
{%- endmacro %}

{% macro duckdb__shown_date_tolerance(shown) -%}
    case
        when regexp_matches(lower({{ shown }}), '[0-9]\s*w[a-z]*\s+ago') then 8
        when regexp_matches(lower({{ shown }}), '[0-9]\s*mo[a-z]*\s+ago') then 32
        when regexp_matches(lower({{ shown }}), '[0-9]\s*y[a-z]*\s+ago') then 367
        else 1
    end
{%- endmacro %}


{# The fields of a JSON object as a struct: names to types, text for 'varchar', anything for 'json'. Never fails. #}
{% macro read_fields(record, fields) -%}
    {{ return(adapter.dispatch('read_fields')(record, fields)) }}
{%- endmacro %}

{% macro duckdb__read_fields(record, fields) -%}
    json_transform(
        {{ record }},
        '{ {%- for name, type in fields.items() %}"{{ name }}": "{{ type | upper }}"{{ ', ' if not loop.last }}{% endfor -%} }'
    )
{%- endmacro %}


{# A JSON list of objects as a list of structs: null for an element that is no object, empty for what is no list. #}
{% macro read_list(value, fields) -%}
    {{ return(adapter.dispatch('read_list')(value, fields)) }}
{%- endmacro %}

{% macro duckdb__read_list(value, fields) -%}
    json_transform(
        {{ value }},
        '[{ {%- for name, type in fields.items() %}"{{ name }}": "{{ type | upper }}"{{ ', ' if not loop.last }}{% endfor -%} }]'
    )
{%- endmacro %}


{# The types of the elements of a JSON list, beside read_list. #}
{% macro read_list_types(value) -%}
    {{ return(adapter.dispatch('read_list_types')(value)) }}
{%- endmacro %}

{% macro duckdb__read_list_types(value) -%}
    json_type({{ value }}, '$[*]')
{%- endmacro %}


{# The elements of a JSON list as a list of JSON values; empty for anything else. #}
{% macro read_items(value) -%}
    {{ return(adapter.dispatch('read_items')(value)) }}
{%- endmacro %}

{% macro duckdb__read_items(value) -%}
    case when json_type({{ value }}) = 'ARRAY' then json_extract({{ value }}, '$[*]') else [] end
{%- endmacro %}


{# The host of a link; 'blob' for a link into the browser's own memory, null for none. #}
{% macro read_host(link) -%}
    {{ return(adapter.dispatch('read_host')(link)) }}
{%- endmacro %}

{% macro duckdb__read_host(link) -%}
    case
        when starts_with(lower({{ link }}), 'blob:') then 'blob'
        else nullif(lower(regexp_extract({{ link }}, '^[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/@?#]*@)?([^/:?#]+)', 1)), '')
    end
{%- endmacro %}


{# When a link of a media host expires, in UTC: expire=, x-expires=, or eight hexadecimal digits in the path. #}
{% macro read_link_expiry(link) -%}
    {{ return(adapter.dispatch('read_link_expiry')(link)) }}
{%- endmacro %}

{% macro duckdb__read_link_expiry(link) -%}
    make_timestamp(
        1000000 * coalesce(
            try_cast(nullif(regexp_extract({{ link }}, '[?&](?:x-expires|expires|expire)=([0-9]{10})(?:&|$)', 1), '') as bigint),
            try_cast(
                '0x' || nullif(regexp_extract({{ link }}, '^https?://[^/]+/[0-9a-f]{32}/([56][0-9a-f]{7})/', 1), '') as bigint
            )
        )
    )
{%- endmacro %}


{#
    The words of captions: a text; a list of texts or of cues {text}, joined by blanks; or a list of tracks {language, text,
    segments}, of which the first that has a text counts, since the others are translations. Null where there are none.
#}
{% macro read_captions(captions) -%}
    {{ return(adapter.dispatch('read_captions')(captions)) }}
{%- endmacro %}

{% macro duckdb__read_captions(captions) -%}
    {%- set texts -%}
        list_filter(
            list_transform(
                {{ read_items(captions) }},
                lambda cue: trim(
                    case when json_type(cue) = 'OBJECT' then cue ->> '$.text' else cue ->> '$' end
                )
            ),
            lambda words: words <> ''
        )
    {%- endset -%}
    case
        when json_type({{ captions }}) = 'VARCHAR' then nullif(trim({{ captions }} ->> '$'), '')
        when json_exists({{ captions }}, '$[0].segments') or json_exists({{ captions }}, '$[0].language')
            then {{ texts }}[1]
        else nullif(list_aggregate({{ texts }}, 'string_agg', ' '), '')
    end
{%- endmacro %}


{# The text at a path of a JSON value ('$.author.uniqueId'), null where there is none. #}
{% macro read_path(value, path) -%}
    {{ return(adapter.dispatch('read_path')(value, path)) }}
{%- endmacro %}

{% macro duckdb__read_path(value, path) -%}
    json_extract_string({{ value }}, '{{ path }}')
{%- endmacro %}


{# The JSON at a path of a JSON value, null where there is none. #}
{% macro read_part(value, path) -%}
    {{ return(adapter.dispatch('read_part')(value, path)) }}
{%- endmacro %}

{% macro duckdb__read_part(value, path) -%}
    json_extract({{ value }}, '{{ path }}')
{%- endmacro %}


{# The words of a WebVTT or SubRip file: without header, numbers and times. #}
{% macro read_subtitles(subtitles) -%}
    {{ return(adapter.dispatch('read_subtitles')(subtitles)) }}
{%- endmacro %}

{% macro duckdb__read_subtitles(subtitles) -%}
    nullif(
        trim(
            regexp_replace(
                regexp_replace(
                    {{ subtitles }}, '(?m)^(WEBVTT.*|NOTE.*|[0-9]+|.*-->.*)\r?$', '', 'g'
                ), '\s+', ' ', 'g'
            )
        ), ''
    )
{%- endmacro %}
