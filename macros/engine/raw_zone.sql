{#
    The text of <raw zone>/<path>, safe between single quotes. The raw zone is the folder named by TIKTOK_DATA.
#}
{% macro raw_zone(path='') -%}
    {{- (env_var('TIKTOK_DATA', 'data').rstrip('/') ~ '/' ~ path).replace("'", "''") -}}
{%- endmacro %}


{# The same as a glob pattern: brackets, stars and question marks of the folder's own name lose their meaning. #}
{% macro raw_zone_glob(pattern) -%}
    {%- set folder = env_var('TIKTOK_DATA', 'data').rstrip('/') -%}
    {%- set folder = folder.replace('[', '[[]').replace('*', '[*]').replace('?', '[?]') -%}
    {{- (folder ~ '/' ~ pattern).replace("'", "''") -}}
{%- endmacro %}


{# A list of glob patterns below the raw zone as a SQL list of texts. #}
{% macro raw_zone_globs(patterns) -%}
    [{% for pattern in patterns %}'{{ raw_zone_glob(pattern) }}'{{ ', ' if not loop.last }}{% endfor %}]
{%- endmacro %}
