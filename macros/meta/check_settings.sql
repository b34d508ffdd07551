{# Runs before anything else: a setting that cannot be meant stops the build while the warehouse is as it was. #}
{% macro check_settings() -%}
    {%- if execute %}
        {%- for name in ['kept_depth', 'explained_depth'] %}
            {%- if var(name) is not number or var(name) != var(name) | int or var(name) < 1 %}
                {{- exceptions.raise_compiler_error(
                    "var " ~ name ~ " is '" ~ var(name) ~ "': give a whole number from 1 up, as in --vars '{" ~ name ~ ": 10}'"
                ) }}
            {%- endif %}
        {%- endfor %}
        {%- set comments = var('max_comments') %}
        {%- if comments is not none and (comments is not number or comments != comments | int or comments < 0) %}
            {{- exceptions.raise_compiler_error(
                "var max_comments is '" ~ comments ~ "': give a whole number from 0 up, or null for all comments"
            ) }}
        {%- endif %}
        {%- set freshness = var('freshness_days') %}
        {%- if freshness is not number or freshness != freshness | int or freshness < 1 %}
            {{- exceptions.raise_compiler_error(
                "var freshness_days is '" ~ freshness ~ "': give a whole number of days from 1 up"
            ) }}
        {%- endif %}
        {%- for name in [
            'all_systems', 'keep_incomplete_tiktoks', 'original_study', 'pooled_judgements', 'pseudonymise', 'pseudonymise_ids'
        ] %}
            {%- if var(name, false) is not boolean %}
                {{- exceptions.raise_compiler_error("var " ~ name ~ " is '" ~ var(name) ~ "': give true or false") }}
            {%- endif %}
        {%- endfor %}
        {{- check_raw_zone() }}
        {{- check_pseudonymised() }}
        {{- check_seeds() }}
    {%- endif %}
{%- endmacro %}

{# A raw zone that is not there would build an empty warehouse over a good one. #}
{% macro check_raw_zone() -%}
    {{ return(adapter.dispatch('check_raw_zone')()) }}
{%- endmacro %}

{% macro duckdb__check_raw_zone() -%}
    {%- set folder = env_var('TIKTOK_DATA', 'data') %}
    {%- if not folder.strip() %}
        {{- exceptions.raise_compiler_error("TIKTOK_DATA is empty: set it to the folder of your raw zone, or unset it") }}
    {%- endif %}
    {%- set problem = run_query("select folder_problem('" ~ raw_zone() ~ "')").columns[0].values()[0] %}
    {%- if problem %}
        {{- exceptions.raise_compiler_error(
            "the raw zone " ~ folder ~ " " ~ problem ~ ": set TIKTOK_DATA to the folder of your raw zone"
        ) }}
    {%- endif %}
{%- endmacro %}

{# Names that an earlier build wrote would stay in the file, and the tests of what is in memory need the run that made it. #}
{% macro check_pseudonymised() -%}
    {%- if is_pseudonymised() %}
        {%- set named = run_query(
            "select 1 from information_schema.tables where table_schema = 'staging' and table_catalog = '"
            ~ target.database ~ "' limit 1"
        ).rows %}
        {%- if named | length %}
            {{- exceptions.raise_compiler_error(
                "var pseudonymise is true, but the warehouse holds names from an earlier build: set TIKTOK_WAREHOUSE to a "
                ~ "file that is not there yet"
            ) }}
        {%- endif %}
        {%- if flags.WHICH == 'test' %}
            {{- exceptions.raise_compiler_error(
                "var pseudonymise is true: what the tests compare is in memory only while dbt builds: use dbt build"
            ) }}
        {%- endif %}
    {%- endif %}
{%- endmacro %}

{# A seed that does not keep its own tests would be found out only when half of the warehouse is built: the same tests are
   asked of the files before anything is. #}
{% macro check_seeds() -%}
    {{ return(adapter.dispatch('check_seeds')()) }}
{%- endmacro %}

{% macro duckdb__check_seeds() -%}
    {%- set files = {} %}
    {%- for seed in graph.nodes.values() if seed.resource_type == 'seed' and seed.package_name == project_name %}
        {%- set path = (seed.root_path ~ '/' ~ seed.original_file_path).replace("'", "''") %}
        {%- do files.update({seed.unique_id: {
            'name': seed.original_file_path,
            'rows': "read_csv('" ~ path ~ "', header = true, all_varchar = true)",
        }}) %}
    {%- endfor %}
    {%- for seed in graph.nodes.values() if seed.unique_id in files %}
        {%- for column, type in seed.config.column_types.items() %}
            {%- do refuse_seed_values(
                files[seed.unique_id], column, 'try_cast(' ~ column ~ ' as ' ~ type ~ ') is null', 'give a value of the type ' ~ type
            ) %}
        {%- endfor %}
        {%- if seed.name == 'rankers' %}
            {%- do refuse_seed_values(
                files[seed.unique_id],
                'formula',
                "formula not in ('" ~ ranking_formulas() | join("', '") ~ "')",
                'give one of ' ~ ranking_formulas() | join(', ') ~ ', or add a macro weight_<formula> to macros/ranking'
            ) %}
            {%- do refuse_seed_values(
                files[seed.unique_id],
                'notation',
                "not regexp_full_match(notation, '[nlabL][ntp][ncu][.][nlabL][ntp][ncu]')",
                'give three letters for the document, a dot and three for the query, as in lnc.ltc (macros/ranking/tf_idf.sql)'
            ) %}
            {%- do refuse_seed_values(
                files[seed.unique_id],
                'formula',
                "formula = 'tf_idf' and notation is null",
                'give the notation, too, as in lnc.ltc (macros/ranking/tf_idf.sql)'
            ) %}
            {%- do refuse_seed_values(
                files[seed.unique_id],
                'formula',
                "formula in ('lm_dirichlet', 'lm_jelinek_mercer') and (smoothing is null or cast(smoothing as double) <= 0"
                    ~ " or (formula = 'lm_jelinek_mercer' and cast(smoothing as double) >= 1))",
                'give the smoothing, too: a mu above 0 for Dirichlet, a lambda between 0 and 1 for Jelinek-Mercer'
            ) %}
        {%- elif seed.name == 'tokenizers' %}
            {%- do refuse_seed_values(
                files[seed.unique_id],
                'split_hashtags',
                "cast(split_hashtags as boolean) and (unit = 'ngram' or cleaning not in ('"
                    ~ hashtag_patterns() | join("', '") ~ "'))",
                'give false, or a unit that is made of words and one of the cleanings ' ~ hashtag_patterns() | join(', ')
            ) %}
        {%- elif seed.name == 'indexes' %}
            {%- do refuse_seed_values(
                files[seed.unique_id], 'max_comments', 'cast(max_comments as integer) < 0', 'give a whole number from 0 up'
            ) %}
        {%- elif seed.name == 'fusions' %}
            {%- do refuse_seed_values(
                files[seed.unique_id],
                'formula',
                "formula not in ('" ~ formulas_of_fusion() | join("', '") ~ "')",
                'give one of ' ~ formulas_of_fusion() | join(', ') ~ ', or add a macro fusion_<formula> to macros/ranking'
            ) %}
            {%- do refuse_seed_values(
                files[seed.unique_id],
                'formula',
                "formula = 'reciprocal_rank' and (smoothing is null or cast(smoothing as double) <= 0)",
                'give the smoothing, too: a k above 0, as 60 in the paper'
            ) %}
            {%- do warn_of_unknown_members(files, seed.unique_id) %}
        {%- endif %}
    {%- endfor %}
    {%- for test in graph.nodes.values() if test.attached_node in files and test.test_metadata %}
        {%- set file = files[test.attached_node] %}
        {%- set arguments = test.test_metadata.kwargs %}
        {%- if test.test_metadata.name == 'accepted_values' %}
            {%- do refuse_seed_values(
                file,
                arguments.column_name,
                arguments.column_name ~ " not in ('" ~ arguments['values'] | join("', '") ~ "')",
                'give one of ' ~ arguments['values'] | join(', ')
            ) %}
        {%- elif test.test_metadata.name == 'relationships' %}
            {%- for parent in test.depends_on.nodes if parent != test.attached_node and parent in files %}
                {%- do refuse_seed_values(
                    file,
                    arguments.column_name,
                    arguments.column_name ~ ' not in (select ' ~ arguments.field ~ ' from ' ~ files[parent].rows
                        ~ ' where ' ~ arguments.field ~ ' is not null)',
                    'give one that ' ~ files[parent].name ~ ' has, or add it there'
                ) %}
            {%- endfor %}
        {%- endif %}
    {%- endfor %}
{%- endmacro %}

{# A fusion is not built where a member is missing, as a foreign run may be; a slip of the pen must not go unnoticed. #}
{% macro warn_of_unknown_members(files, fusions) -%}
    {%- set definitions = files[fusions.replace('fusions', 'system_definitions')] %}
    {%- set unknown = run_query(
        'select system_id, member from (select system_id, ' ~ explode(split_text('members', ' ')) ~ ' as member from '
        ~ files[fusions].rows ~ ' where cast(is_default as boolean) or ' ~ var('all_systems', false)
        ~ ') where member not in (select system_id from ' ~ definitions.rows ~ ')'
        ~ " and member not in (select regexp_extract(file, '([^/]+)[.]trec$', 1) from glob('" ~ raw_zone_glob('runs/*.trec') ~ "'))"
    ).rows %}
    {%- for fusion in unknown %}
        {%- do exceptions.warn(
            files[fusions].name ~ ': ' ~ fusion[0] ~ " is not built: its member '" ~ fusion[1]
            ~ "' is neither in " ~ definitions.name ~ ' nor a file in the runs of the raw zone'
        ) %}
    {%- endfor %}
{%- endmacro %}

{# Stop at the first value of a column of a seed's file that is not null and for which the condition holds. #}
{% macro refuse_seed_values(file, column, condition, mend) -%}
    {%- set found = run_query(
        'select ' ~ column ~ ' from ' ~ file.rows ~ ' where ' ~ column ~ ' is not null and ' ~ condition ~ ' limit 1'
    ).rows %}
    {%- if found | length %}
        {{- exceptions.raise_compiler_error(file.name ~ ': ' ~ column ~ " is '" ~ found[0][0] ~ "': " ~ mend) }}
    {%- endif %}
{%- endmacro %}
