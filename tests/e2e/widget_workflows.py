"""Workflows that show widgets, made by the classes of OpenAI's own Python package."""

import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from chatkit import widgets as kit
from chatkit.actions import ActionConfig

from orcheo_core.domain.component_items import ClientToolCallItem, Step, StepKind, StepState
from orcheo_core.domain.run import (
    ClientToolCalled,
    EffectCaused,
    NoticeGiven,
    RunContext,
    StepNoted,
    TextDelta,
    TitleGiven,
    WidgetChanged,
    WidgetShown,
)

ICON = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def dumped(widget: Any) -> dict[str, Any]:
    """The widget as it goes over the wire."""
    document: dict[str, Any] = widget.model_dump(mode="json", exclude_none=True)
    return document


def order_form() -> dict[str, Any]:
    """A card that is a form, with a field of every kind."""
    options: list[kit.SelectOption] = [{"value": "s", "label": "Small"}, {"value": "l", "label": "Large"}]
    return dumped(
        kit.Card(
            asForm=True,
            status={"text": "New order", "icon": "write"},
            confirm={"label": "Order", "action": ActionConfig(type="order", payload={"shop": 7})},
            cancel={"label": "Never mind", "action": ActionConfig(type="cancel")},
            children=[
                kit.Title(value="Your order", size="lg"),
                kit.Label(value="Name", fieldName="customer.name"),
                kit.Input(name="customer.name", required=True, placeholder="Who orders"),
                kit.Textarea(name="note", placeholder="Anything else", rows=2),
                kit.Select(name="size", options=options, defaultValue="s", placeholder="Size"),
                kit.DatePicker(name="day", defaultValue=datetime(2026, 11, 26, tzinfo=UTC), placeholder="Day"),
                kit.RadioGroup(
                    name="pay",
                    options=[{"label": "Cash", "value": "cash"}, {"label": "Card", "value": "card"}],
                    defaultValue="card",
                    ariaLabel="Payment",
                ),
                kit.Checkbox(name="gift", label="As a gift", defaultChecked=True),
                kit.Text(value="Deliver to the door", editable={"name": "where", "required": True}),
            ],
        )
    )


def everything() -> dict[str, Any]:
    """A card with every component that is no field."""
    return dumped(
        kit.Card(
            size="lg",
            children=[
                kit.Title(value="Weather in Oslo", size="xl", weight="bold"),
                kit.Caption(value="As of noon", size="sm"),
                kit.Row(
                    gap=2,
                    align="center",
                    children=[
                        kit.Icon(name="compass", color="blue-500"),
                        kit.Badge(label="Live", color="success", variant="soft"),
                        kit.Spacer(),
                        kit.Text(value="12 degrees", weight="semibold", color={"light": "#123456", "dark": "#abcdef"}),
                    ],
                ),
                kit.Divider(flush=True),
                kit.Box(
                    padding=3,
                    radius="lg",
                    background="surface-secondary",
                    border=1,
                    children=[kit.Markdown(value="It **rains** a [little](https://example.org).")],
                ),
                kit.Col(gap=1, children=[kit.Text(value="One"), kit.Text(value="Two", lineThrough=True, italic=True)]),
                kit.Image(src=ICON, alt="A dot", size=48, radius="full", fit="cover"),
                kit.Transition(children=kit.Text(value="Now")),
                kit.Chart(
                    data=[
                        {"day": "Mon", "rain": 3, "sun": 5},
                        {"day": "Tue", "rain": 6, "sun": 2},
                        {"day": "Wed", "rain": 1, "sun": 8},
                    ],
                    series=[
                        kit.BarSeries(dataKey="rain", label="Rain", color="blue"),
                        kit.LineSeries(dataKey="sun", label="Sun"),
                    ],
                    xAxis="day",
                    showYAxis=True,
                    height=200,
                ),
                kit.Form(
                    direction="row",
                    onSubmitAction=ActionConfig(type="search"),
                    children=[
                        kit.Input(name="place", placeholder="Place"),
                        kit.Button(label="Look", submit=True, iconStart="search"),
                    ],
                ),
                kit.Button(
                    label="Refresh", onClickAction=ActionConfig(type="refresh", payload={"n": 1}), style="secondary"
                ),
                kit.Button(
                    label="Map", onClickAction=ActionConfig(type="map", handler="client", payload={"at": "Oslo"})
                ),
            ],
        )
    )


def cities() -> dict[str, Any]:
    """A list that is folded, whose rows can be pressed."""
    return dumped(
        kit.ListView(
            limit=2,
            status={"text": "Three cities", "icon": "map-pin"},
            children=[
                kit.ListViewItem(
                    onClickAction=ActionConfig(type="city", payload={"name": name}), children=[kit.Text(value=name)]
                )
                for name in ("Oslo", "Rome", "Bern")
            ],
        )
    )


async def shows(text: str, context: RunContext) -> AsyncIterator[WidgetShown | WidgetChanged | TextDelta]:
    """The widget that the message names; after an action what it was, in words or in a changed widget."""
    cause = context.cause
    if cause is not None and getattr(cause, "type", None) == "refresh":
        yield WidgetChanged(widget=dumped(kit.Card(children=[kit.Text(value="Refreshed")])))
    elif cause is not None:
        yield TextDelta(f"{cause.type} {json.dumps(cause.payload, sort_keys=True)}")  # type: ignore[union-attr] # actions only
    else:
        made = {"form": order_form, "all": everything, "list": cities}[text]()
        yield WidgetShown(widget=made, copy_text=f"A widget: {text}")


async def talks(text: str, context: RunContext) -> AsyncIterator[Any]:
    """Everything a workflow can say besides text and widgets."""
    if isinstance(context.cause, ClientToolCallItem):
        yield TextDelta(f"The page said {json.dumps(context.cause.output)}")
        return
    if text == "tool":
        yield ClientToolCalled(name="where_am_i", arguments={"exact": True})
        return
    if text == "what was sent":
        yield TextDelta(
            json.dumps(
                {
                    "quoted": context.quoted_text,
                    "model": context.inference_options.model,
                    "tool": context.inference_options.tool_id,
                    "files": [each.name for each in context.attachments],
                }
            )
        )
        return
    yield TitleGiven("A talk")
    yield StepNoted(
        index=0,
        step=Step(kind=StepKind.WEB_SEARCH, title="Looking it up", queries=("weather oslo",), state=StepState.LOADING),
    )
    yield StepNoted(
        index=0,
        step=Step(kind=StepKind.WEB_SEARCH, title="Looked it up", queries=("weather oslo",), state=StepState.COMPLETE),
    )
    yield EffectCaused(name="highlight", data={"id": 3})
    yield NoticeGiven(message="The source is **slow** today.", level="warning", title="Mind")
    yield TextDelta(f"Answer to {text}")


def fixtures() -> dict[str, Any]:
    """The widgets for the tests of ``web/``, as a document."""
    return {"form": order_form(), "all": everything(), "list": cities()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(fixtures(), indent=2, sort_keys=True) + "\n")
