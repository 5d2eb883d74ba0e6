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
        ({"count": 1e30}, "count: must be a whole number of at most 18 digits"),
        ({"size": 1}, "size: is not known here"),
    ],
)
def test_each_kind_of_field_says_what_it_must_be(document: dict[str, Any], detail: str) -> None:
    """Not only that it is wrong."""
    with pytest.raises(InvalidInput) as caught:
        StrictDecoder(forbid_extra_keys=True).decode(document, Asked)
    assert caught.value.detail == detail


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        ({"names": [1] * 101}, "names: must have valid entries only; of more than 100 they are not named one by one"),
        (
            {"settings": {str(key): 1 for key in range(150_000)}},
            "settings: must have valid entries only; of more than 100 they are not named one by one",
        ),
    ],
)
def test_the_faults_of_a_long_list_are_not_named_one_by_one(document: dict[str, Any], detail: str) -> None:
    """Each would be an exception: a small request made a hundred thousand of them, and an answer of megabytes."""
    with pytest.raises(InvalidInput) as caught:
        StrictDecoder(forbid_extra_keys=True).decode(document, Asked)
    assert caught.value.detail == detail


def test_a_long_list_without_fault_is_decoded() -> None:
    """Beside a field that is wrong it is gone through as well."""
    decoder = StrictDecoder(forbid_extra_keys=True)
    assert decoder.decode({"names": ["a"] * 1_000}, Asked) == Asked(names=["a"] * 1_000)
    with pytest.raises(InvalidInput) as caught:
        decoder.decode({"names": ["a"] * 1_000, "settings": {str(key): "" for key in range(200)}, "count": "1"}, Asked)
    assert caught.value.detail == "count: must be a whole number"


def test_an_error_names_twenty_fields_and_counts_the_rest() -> None:
    """Whatever the request has."""
    with pytest.raises(InvalidInput) as caught:
        StrictDecoder(forbid_extra_keys=True).decode({f"field_{key:03}": 1 for key in range(25)}, Asked)
    assert len(caught.value.fields) == 20
    assert caught.value.detail.startswith("field_000: is not known here; field_001: is not known here; ")
    assert caught.value.detail.endswith("; field_019: is not known here; 5 more")
