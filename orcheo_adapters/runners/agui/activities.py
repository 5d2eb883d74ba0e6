"""AG-UI's activities: structured content beside the conversation, shown where it is a widget."""

from collections.abc import Mapping
from typing import Any

from orcheo_adapters.runners.agui.json_state import PatchFailed, StateUnusable, measure, patched
from orcheo_adapters.runners.agui.wire import Event, Said, text_of
from orcheo_adapters.system.logs import get_logger
from orcheo_core.domain.run import WidgetShown
from orcheo_core.domain.widgets import WIDGET_BYTES_MOST, widget_fault

_LOG = get_logger("runners")
_MOST = 100


class Activities:
    """Those of one run that are not shown yet: a widget is whole, and shown, when something else is said."""

    def __init__(self) -> None:
        """There are none yet."""
        self._contents: dict[str, Any] = {}

    def __bool__(self) -> bool:
        """Whether some wait."""
        return bool(self._contents)

    def snapshot(self, event: Event) -> bool:
        """``ACTIVITY_SNAPSHOT``; whether its content is a widget."""
        activity_id, content = text_of(event, "messageId"), event.get("content")
        if activity_id not in self._contents or event.get("replace") is not False:
            self._keep(activity_id, content)
        return widget_fault(_widget(content)) is None

    def delta(self, event: Event) -> Said:
        """``ACTIVITY_DELTA``; a patch that does not apply leaves the activity as it was."""
        activity_id = text_of(event, "messageId")
        if activity_id in self._contents:
            try:
                changed, _ = patched(self._contents[activity_id], event.get("patch"))
            except (PatchFailed, StateUnusable) as error:
                _LOG.warning("a change of an agent's activity was not applied: %s", error)
            else:
                self._keep(activity_id, changed)
        return iter(())

    def show(self) -> Said:
        """The widgets among them."""
        contents, self._contents = self._contents, {}
        for content in contents.values():
            widget = _widget(content)
            if widget_fault(widget) is None:
                yield WidgetShown(widget=widget)

    def _keep(self, activity_id: str, content: Any) -> None:
        try:
            measure(content, most=WIDGET_BYTES_MOST)
        except StateUnusable as error:
            _LOG.warning("an activity of an agent is left out: %s", error)
            return
        if activity_id in self._contents or len(self._contents) < _MOST:
            self._contents[activity_id] = content


def _widget(content: Any) -> Any:
    """The widget tree in an activity: the content itself, or its ``widget``."""
    return content.get("widget", content) if isinstance(content, Mapping) else content
