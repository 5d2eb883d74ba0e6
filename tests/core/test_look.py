"""How a chat looks: what its owner may set, what visitors may choose."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orcheo_core.domain.items import InferenceOptions, TextInput
from orcheo_core.domain.look import (
    ICON_NAMES,
    MOST_OFFERS,
    MOST_PROMPTS,
    NO_LOOK,
    Look,
    LookChange,
    Offer,
    StarterPrompt,
    contact_link,
)
from orcheo_core.errors import InvalidInput
from orcheo_core.services.visitors.chatting import VisitorInput
from tests.core.harness import ADA, CoreHarness

GREETED = Look(
    greeting="Hello",
    prompts=(StarterPrompt(label="Hours", prompt="When are you open?", icon="clock"),),
    models=(Offer(id="fast", label="Fast"),),
    tools=(Offer(id="search", label="Search", icon="globe"),),
)


def test_what_is_not_named_stays() -> None:
    """Texts are replaced, entries come on top."""
    look = GREETED.changed(LookChange(placeholder="Ask", files="on", prompts={"Returns": "How do I return it?"}))
    assert (look.greeting, look.placeholder, look.files) == ("Hello", "Ask", "on")
    assert look.changed(LookChange(greeting="Hi")).files == "on"
    assert [(each.label, each.icon) for each in look.prompts] == [("Hours", "clock"), ("Returns", None)]


def test_an_empty_value_removes() -> None:
    """A text, an entry by its name, an icon."""
    look = GREETED.changed(LookChange(greeting="", prompts={"Hours": ""}, models={"fast": ""}, icons={"search": ""}))
    assert look == Look(tools=(Offer(id="search", label="Search"),))


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"prompts": {"Returns": ""}}, "prompts: Returns: is not set, so it cannot be removed; there are: Hours"),
        ({"models": {"fats": ""}}, "models: fats: is not set, so it cannot be removed; there are: fast"),
        ({"tools": {"fast": ""}}, "tools: fast: is not set, so it cannot be removed; there are: search"),
        ({"icons": {"fast": ""}}, "icons: fast: is not set, so it cannot be removed; there are: Hours, search"),
        ({"models": {"fast": ""}, "replace": True}, "models: fast: is not set, so it cannot be removed"),
    ],
)
def test_only_an_entry_that_exists_can_be_removed(change: dict[str, Any], wrong: str) -> None:
    """A slip of the pen would pass for a removal; the refusal says what there is."""
    with pytest.raises(InvalidInput) as refused:
        GREETED.changed(LookChange(**change))
    assert list(map(str, refused.value.fields)) == [wrong]


def test_an_icon_goes_with_its_prompt() -> None:
    """Also when both are named; a new prompt of the same name has none."""
    look = GREETED.changed(LookChange(prompts={"Hours": ""}, icons={"Hours": ""}))
    assert look.changed(LookChange(prompts={"Hours": "Open?"})).prompts == (
        StarterPrompt(label="Hours", prompt="Open?"),
    )


def test_an_entry_that_changes_keeps_its_place_and_icon() -> None:
    """Only the text is another."""
    look = GREETED.changed(LookChange(prompts={"Next": "And?", "Hours": "Are you open?"}))
    assert look.prompts[0] == StarterPrompt(label="Hours", prompt="Are you open?", icon="clock")


def test_a_look_can_be_replaced() -> None:
    """Nothing of the present one is left."""
    assert GREETED.changed(LookChange(scheme="dark", replace=True)) == Look(scheme="dark")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"greeting": "x" * 201}, "greeting"),
        ({"greeting": "a\u202eb"}, "greeting"),
        ({"placeholder": "a\nb"}, "placeholder"),
        ({"disclaimer": "\x1b[2J"}, "disclaimer"),
        ({"accent": "red"}, "accent"),
        ({"accent": "#12345"}, "accent"),
        ({"accent": "#fff;background:url(//evil)"}, "accent"),
        ({"scheme": "sepia"}, "scheme"),
        ({"contact": "http://example.org"}, "contact"),
        ({"files": "yes"}, "files"),
        ({"prompts": {"\u200d": "x"}}, "prompts: \u200d"),
        ({"prompts": {"x" * 81: "x"}}, f"prompts: {'x' * 81}"),
        ({"prompts": {"a": "\u2066x"}}, "prompts: a"),
        ({"prompts": {"a": "x" * 2_001}}, "prompts: a"),
        ({"prompts": {"a": "x"}, "icons": {"a": "skull"}}, "icons: a"),
        ({"prompts": {str(at): "x" for at in range(MOST_PROMPTS + 1)}}, "prompts"),
        ({"icons": {"nothing": "bolt"}}, "icons: nothing"),
        ({"models": {"a b": "A"}}, "models: a b"),
        ({"models": {"": "A"}}, "models"),
        ({"models": {"m": "\u200b"}}, "models: m"),
        ({"tools": {"t": "T"}, "icons": {"t": "../x"}}, "icons: t"),
        ({"tools": {f"t{at}": "T" for at in range(MOST_OFFERS + 1)}}, "tools"),
    ],
)
def test_what_no_page_could_show_is_refused_by_its_place(change: dict[str, Any], path: str) -> None:
    """Before anything is stored."""
    with pytest.raises(InvalidInput) as refused:
        NO_LOOK.changed(LookChange(**change))
    assert [each.path for each in refused.value.fields] == [path]


def test_a_prompt_may_have_several_lines() -> None:
    """As a visitor's own message may."""
    look = NO_LOOK.changed(LookChange(prompts={"Plan": "Plan a trip.\nTwo days."}))
    assert look.prompts[0].prompt == "Plan a trip.\nTwo days."


@pytest.mark.parametrize(
    ("given_contact", "link"),
    [
        ("ada@example.org", "mailto:ada@example.org"),
        (" MAILTO:ada@example.org ", "mailto:ada@example.org"),
        ("https://example.org/help?topic=chat#form", "https://example.org/help?topic=chat#form"),
        ("https://example.org:8443/", "https://example.org:8443/"),
    ],
)
def test_a_contact_is_an_address_or_a_link(given_contact: str, link: str) -> None:
    """And stays what it is when it is taken again."""
    assert contact_link(given_contact) == link == contact_link(link)


@pytest.mark.parametrize(
    "wrong",
    [
        "http://example.org",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        "https://user@example.org",
        "https://example.org/ x",
        'https://example.org/"x',
        "https://example.org/\u202e",
        "https://example.org:port/",
        "https://[::1",
        "mailto:ada@example.org?bcc=eve@example.org",
        "mailto:ada@example.org,eve@example.org",
        "ada@localhost",
        "mailto:",
        "//example.org",
        "https://example.org/" + "x" * 300,
        "x" * 300 + "@example.org",
    ],
)
def test_other_contacts_are_refused(wrong: str) -> None:
    """Nothing that runs, nothing with fields of its own."""
    with pytest.raises(ValueError, match="must be an e-mail address or an https:// link"):
        contact_link(wrong)


def _luminance(text: str) -> float:
    parts = [int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@given(st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}"))
def test_an_accent_can_be_read_in_both_schemes(accent: str) -> None:
    """On every background of the chat, and the text on it as well."""
    accents = Look(accent=accent).accents
    assert accents is not None
    light, dark = accents
    assert min(_contrast(light, each) for each in ("#ffffff", "#fcfcfb", "#f1f1ee")) >= 4.5
    assert min(_contrast(dark, each) for each in ("#161718", "#1f2022", "#27292b")) >= 4.5


def test_a_readable_accent_stays_as_it_is() -> None:
    """In the scheme where it can be read; a short one is the same colour."""
    assert (Look(accent="#1F5F5B").accents or ("",))[0] == "#1f5f5b"
    assert (Look(accent="#005").accents or ("",))[0] == "#000055"
    assert (Look(accent="#ff0").accents or ("", ""))[1] == "#ffff00"
    assert NO_LOOK.accents is None


def test_the_names_of_icons_are_those_of_the_web_bundle() -> None:
    """The build draws each of them."""
    written = Path("web/icon-names.ts").read_text(encoding="utf-8")
    same = re.findall(r'SAME =\s+"([^"]+)"', written)[0].split()
    other = re.findall(r'^ {2}"?([a-z0-9-]+)"?: "', written, re.MULTILINE)
    assert {*same, *other} == ICON_NAMES


def said(**wishes: str) -> VisitorInput:
    return VisitorInput(content=(TextInput(text="Hi"),), inference_options=InferenceOptions(**wishes))


async def offering(harness: CoreHarness, **change: Any) -> Any:
    """A visit to a workflow with this look."""
    token = await harness.publish()
    await harness.core.registering.edit(ADA, "echo", {}, look=LookChange(**change))
    return await harness.core.admitting.visit_by_publish_token(token)


async def test_what_a_visitor_chose_reaches_the_workflow(harness: CoreHarness) -> None:
    """A model and a tool that are offered."""
    visit = await offering(harness, models={"fast": "Fast"}, tools={"search": "Search"})
    await harness.core.chatting.create_thread(visit, said(model="fast", tool_id="search"))
    await harness.background.run_all()
    request = harness.runners.runs[-1].request
    assert request.context.inference_options == InferenceOptions(model="fast", tool_id="search")
    assert request.model == "fast"


@pytest.mark.parametrize(
    ("wishes", "path"),
    [
        ({"model": "huge"}, "input.inference_options.model"),
        ({"tool_id": "shell"}, "input.inference_options.tool_choice.id"),
    ],
)
async def test_what_is_not_offered_is_refused(harness: CoreHarness, wishes: dict[str, str], path: str) -> None:
    """By the place of the wish, with what is offered; no turn begins."""
    visit = await offering(harness, models={"fast": "Fast"}, tools={"search": "Search"})
    with pytest.raises(InvalidInput, match=r"offered are: (fast|search)") as refused:
        await harness.core.chatting.create_thread(visit, said(**wishes))
    assert [each.path for each in refused.value.fields] == [path]
    assert not harness.runners.runs


async def test_where_nothing_is_offered_the_wishes_of_an_app_pass(harness: CoreHarness) -> None:
    """Pages with an element of their own name models and tools themselves."""
    visit = await harness.visit()
    await harness.core.chatting.create_thread(visit, said(model="own", tool_id="theirs"))
    await harness.background.run_all()
    request = harness.runners.runs[-1].request
    assert request.context.inference_options.model == "own"
    assert request.model is None


@pytest.mark.parametrize(
    ("look", "granted"),
    [
        (NO_LOOK, ("fast", "search")),
        (Look(models=(Offer(id="slow", label="Slow"),)), (None, "search")),
        (Look(tools=(Offer(id="shell", label="Shell"),)), ("fast", None)),
        (GREETED, ("fast", "search")),
    ],
)
def test_an_earlier_message_gets_what_is_still_offered(look: Look, granted: tuple[str | None, str | None]) -> None:
    """When it is answered again."""
    wishes = look.granted(InferenceOptions(model="fast", tool_id="search"))
    assert (wishes.model, wishes.tool_id) == granted
