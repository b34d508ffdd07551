{# Every normalised text is ASCII and lowercase. #}
select *
from {{ ref('int_texts_normalised') }}
where
    not {{ is_ascii('normalised_text') }}
    or normalised_text <> lower(normalised_text)
