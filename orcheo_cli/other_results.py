"""Pages of service tokens for people."""

from collections.abc import Iterator
from typing import Any

from orcheo_cli.layout import moment, one_line, table_lines


def token_page_lines(result: dict[str, Any], width: int | None) -> Iterator[str]:
    """A page of service tokens."""
    headings = ("ID", "OWNER", "LABEL", "SCOPES", "ENDS")
    yield from table_lines(headings, [_token_row(each) for each in result["service_tokens"]], width)
    if result["next_after"]:
        yield f"There are more: orcheo token list --after {one_line(result['next_after'])}"


def _token_row(each: dict[str, Any]) -> tuple[str, ...]:
    ends = moment(min(filter(None, (each["ended_at"], each["expires_at"])), default=None))
    return (each["id"], each["owner"], each["label"], " ".join(each["scopes"]), ends or "never")
