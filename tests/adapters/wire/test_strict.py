"""What a document is refused with, by the path and in words that say what is right."""

from typing import Any, Literal

import pytest
from attrs import field, frozen

from orcheo_adapters.wire.strict import StrictDecoder
from orcheo_core.errors import InvalidInput


@frozen(kw_only=True)
class Asked:
    """One field of each kind."""

    order: Literal["asc", "desc"] = "asc"
    settings: dict[str, str] = field(factory=dict)
    names: list[str] = field(factory=list)
    count: int = 0


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        ({"order": "sideways"}, "order: must be one of asc, desc"),
        ({"order": ["asc"]}, "order: must be one of asc, desc"),
        ({"settings": []}, "settings: must be an object"),
        ({"settings": "{}"}, "settings: must be an object"),
        ({"names": "a"}, "names: must be a list"),
        ({"count": "1"}, "count: must be a whole number"),
        ({"size": 1}, "size: is not known here"),
    ],
)
def test_each_kind_of_field_says_what_it_must_be(document: dict[str, Any], detail: str) -> None:
    """Not only that it is wrong."""
    with pytest.raises(InvalidInput) as caught:
        StrictDecoder(forbid_extra_keys=True).decode(document, Asked)
    assert caught.value.detail == detail
