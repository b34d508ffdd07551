{# One row for each value of the columns: returns the values that occur more than once. Nulls count as a value. #}
{% test grain(model, columns) %}

select
    {% for column in columns %}{{ column }}, {% endfor -%}
    count(*) as occurrences
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
