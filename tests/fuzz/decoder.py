"""Whatever is posted to ``/api/chatkit``: it is decoded, or refused with an `OrcheoError`."""

import sys

import atheris
import orjson

with atheris.instrument_imports(include=["orcheo_adapters.wire"]):
    from orcheo_adapters.wire.chatkit_requests import CHATKIT_TYPES, decode_chatkit

from orcheo_core.errors import OrcheoError

NAMES = sorted(CHATKIT_TYPES)


def decode(data: bytes) -> None:
    """As it is, and as the parameters of a request type."""
    bodies = [data]
    if data:
        name = orjson.dumps(NAMES[data[0] % len(NAMES)])
        bodies.append(b'{"type":' + name + b',"params":' + data[1:] + b"}")
    for body in bodies:
        try:
            decode_chatkit(body)
        except OrcheoError:
            continue


if __name__ == "__main__":
    atheris.Setup(sys.argv, decode)
    atheris.Fuzz()
