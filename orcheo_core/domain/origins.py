"""Origins of other sites, as browsers write them (RFC 6454, section 6.1)."""

import re
from collections.abc import Iterable

from orcheo_core.errors import FieldError, InvalidInput

MOST_ORIGINS = 20
_HOST = r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\]"
_ORIGIN = re.compile(rf"(https?)://({_HOST})(?::([1-9][0-9]{{0,4}}))?")
_USUAL_PORTS = {"https": 443, "http": 80}
_HIGHEST_PORT = 65_535


def exact_origins(path: str, texts: Iterable[str]) -> tuple[str, ...]:
    """These origins, sorted, each once and in the form that browsers give them; :class:`InvalidInput` names the wrong.

    They go into headers as they are, so only letters, digits and the few signs of an origin pass. A trailing slash,
    capital letters and the usual port of the scheme are what people copy from an address bar.
    """
    given = tuple(texts)
    found = [_exact(text) for text in given]
    wrong = [at for at, each in enumerate(found) if each is None]
    if wrong:
        raise InvalidInput(
            *(
                FieldError(f"{path}[{at}]", "must be a scheme, a host and perhaps a port, without path or *")
                for at in wrong
            ),
            hint="For example: https://shop.example.org. A name with other letters is written in its xn-- form.",
        )
    origins = tuple(sorted({each for each in found if each}))
    if len(origins) > MOST_ORIGINS:
        raise InvalidInput(FieldError(path, f"must be at most {MOST_ORIGINS}"))
    return origins


def _exact(text: str) -> str | None:
    parts = _ORIGIN.fullmatch(text.strip().removesuffix("/").lower())
    if parts is None:
        return None
    scheme, host, port = parts.groups()
    number = int(port) if port else _USUAL_PORTS[scheme]
    if number > _HIGHEST_PORT:
        return None
    return f"{scheme}://{host}" if number == _USUAL_PORTS[scheme] else f"{scheme}://{host}:{number}"
