"""The widgets that the tests of ``web/`` draw."""

import json
from pathlib import Path

from tests.e2e.widget_workflows import fixtures

_FILE = Path(__file__).resolve().parents[2] / "web" / "test" / "widgets.json"


def test_the_fixtures_are_what_openais_own_classes_give() -> None:
    """After a change: ``python -m tests.e2e.widget_workflows > web/test/widgets.json``."""
    assert json.loads(_FILE.read_text("utf-8")) == json.loads(json.dumps(fixtures()))
