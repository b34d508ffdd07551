"""The viewer's API under made-up requests: every answer is one that its description has, and none is our fault."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from viewers import POST, Zone, make_zone, settings_of
from warehouses import BuildResult

from viewer.app import create_app

EXAMPLES = 25
TOO_LARGE = (413, 414, 431)


@pytest.fixture(scope="module")
def zone(demo_build: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Zone:
    return make_zone(tmp_path_factory.mktemp("viewer"), demo_build)


@pytest.fixture(scope="module")
def described(zone: Zone) -> BaseSchema:
    app = create_app(settings_of(zone, requests_per_minute=10_000_000, submissions_per_minute=10_000_000))
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app, headers={"Host": "127.0.0.1:8000"})
    schema.config.update(base_url="http://127.0.0.1:8000")
    return schema


def test_every_answer_is_as_described(described: BaseSchema) -> None:
    operations = [found.ok() for found in described.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) > 10
    for operation, mode in product(operations, GenerationMode):
        if mode is GenerationMode.NEGATIVE and not (operation.query or operation.path_parameters or operation.body):
            continue  # nothing in it can be wrong

        @seed(1)
        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case[Any]) -> None:
            answer = case.call(headers=POST)
            excluded: list[CheckFunction] = [positive_data_acceptance]  # a date can be too early, a TikTok in no corpus
            if answer.status_code in TOO_LARGE:
                excluded.append(negative_data_rejection)  # refused it is: the tool's list lacks these
            case.validate_response(answer, excluded_checks=excluded, headers=POST)

        ask()
