"""An MCP server over stdio that needs the standard library only, so that it starts quickly."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SCHEMA = {"type": "object", "properties": {"order": {"type": "string"}}}


def _state(_arguments: dict[str, Any]) -> str:
    """What the process has of the server's."""
    folder = Path("/proc/self/fd")
    files = [each.readlink() for each in folder.iterdir() if each.is_symlink()] if folder.exists() else []
    others = [str(each) for each in files if "pipe:" not in str(each) and "/fd" not in str(each)]
    return json.dumps({"variables": sorted(os.environ), "files": others, "pid": os.getpid(), "sid": os.getsid(0)})


def _die(_arguments: dict[str, Any]) -> str:
    sys.stderr.write("Traceback …\nKeyError: 'TOOLS_KEY'\n")
    sys.stderr.flush()
    os._exit(3)


def _print(_arguments: dict[str, Any]) -> str:
    """Disturb the protocol, as a forgotten ``print`` does."""
    sys.stdout.write("debug: here\n{\n[1]\n")
    return "printed"


def _write_for_ever(_arguments: dict[str, Any]) -> str:
    """One line without an end."""
    while True:
        sys.stdout.write("x" * 2**20)


def _hang(_arguments: dict[str, Any]) -> str:
    """Never answer, and leave a process behind that does not end by itself."""
    with subprocess.Popen(["sleep", "600"]) as child:
        sys.stderr.write(f"waiting for {child.pid}\n")
        sys.stderr.flush()
        child.wait()
    return ""


TOOLS: dict[str, Callable[[dict[str, Any]], str]] = {
    "look_up": lambda arguments: f"Order {arguments.get('order')} was sent.",
    "state": _state,
    "die": _die,
    "print": _print,
    "write_for_ever": _write_for_ever,
    "hang": _hang,
}


def _answer(method: str, given: dict[str, Any]) -> dict[str, Any] | None:
    if method == "initialize":
        info = {"name": "program", "version": "1"}
        return {"protocolVersion": given["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        return {"tools": [{"name": name, "description": name, "inputSchema": _SCHEMA} for name in TOOLS]}
    if method == "tools/call":
        text = TOOLS[given["name"]](given.get("arguments") or {})
        return {"content": [{"type": "text", "text": text}], "isError": False}
    return None


def main() -> None:
    """Answer until the input ends; with an argument, end at once or never answer."""
    if "dies" in sys.argv:
        _die({})
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" not in asked or "is-silent" in sys.argv:
            continue
        result = _answer(asked["method"], asked.get("params") or {})
        said = {"result": result} if result is not None else {"error": {"code": -32601, "message": "unknown"}}
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": asked["id"], **said}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
