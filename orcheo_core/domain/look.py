"""How the chat of a workflow looks to visitors: what its owner set, with the rules for it."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from orcheo_core.domain.entries import changed_entries
from orcheo_core.domain.shown_text import check_name, check_shown, plain_blanks
from orcheo_core.errors import FieldError, InvalidInput

if TYPE_CHECKING:
    from orcheo_core.domain.items import InferenceOptions

GREETING_LENGTH = 200
PLACEHOLDER_LENGTH = 100
DISCLAIMER_LENGTH = 500
LABEL_LENGTH = 80
OFFER_ID_LENGTH = 128
PROMPT_LENGTH = 2_000
CONTACT_LENGTH = 300
MOST_PROMPTS = 8
MOST_OFFERS = 20
"""Models, and tools."""
SCHEMES = ("auto", "light", "dark")
"""``auto`` is as the visitor's browser is set."""
FILES = ("off", "on")

_ICON_NAMES = """
    agent analytics atom back-large back-small batch bolt book-clock book-closed book-open bug calendar chart
    chat-temporary check check-circle check-circle-filled chevron-left chevron-right circle-question clock close
    collapse-large collapse-left collapse-right collapse-small compass compose confetti cube dark-mode desktop
    document dot dots-horizontal dots-horizontal-circle dots-vertical dots-vertical-circle double-chevron-left
    double-chevron-right empty-circle expand-large expand-small external-link globe grid hamburger history home
    home-alt images info keys lab lifesaver light-mode lightbulb mail map-pin maps menu menu-inverted mobile name
    notebook notebook-pencil open-left open-right page-blank phone play plus profile profile-card reload search
    settings-cog settings-slider share sidebar-collapse-left sidebar-collapse-right sidebar-floating-left
    sidebar-floating-open-left sidebar-floating-open-right sidebar-floating-right sidebar-left sidebar-open-left
    sidebar-open-left-alt sidebar-open-right sidebar-open-right-alt sidebar-right sparkle sparkle-double
    square-code square-image square-text star star-filled suitcase user wreath write write-alt write-alt2
"""
ICON_NAMES = frozenset(_ICON_NAMES.split())
"""The names that ChatKit's icons have."""

_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_OFFER_ID = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._:/@+-]{{0,{OFFER_ID_LENGTH - 1}}}")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$'*+/=^_`{|}~-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+")
_WEB_ADDRESS = re.compile(
    r"https://(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}(?::[0-9]{1,5})?(?:[/?#](?:(?![\"'<>\\^`{|}])[!-~])*)?"
)
"""A host without a user, and behind it only signs that an address may have (RFC 3986)."""
_READABLE = 4.5
"""Contrast of text at least (WCAG 2.2, 1.4.3)."""
_LIGHT, _DARK = (0xF1, 0xF1, 0xEE), (0x27, 0x29, 0x2B)
"""Of all that stands behind text in the light and in the dark scheme, what is nearest to the text."""
_STEPS = 32


def _shown(longest: int) -> Any:
    def check(_look: object, attribute: Any, text: str) -> None:
        check_shown(attribute.name, text, longest=longest)

    return field(default="", converter=plain_blanks, validator=check)


def _lower(text: str) -> str:
    return text.lower()


def _check_accent(_look: object, _attribute: object, text: str) -> None:
    if text and not _COLOUR.fullmatch(text):
        raise InvalidInput(FieldError("accent", "must be a colour such as #0a7f5a"))


def _check_scheme(_look: object, _attribute: object, scheme: str) -> None:
    if scheme not in SCHEMES:
        raise InvalidInput(FieldError("scheme", f"must be one of {', '.join(SCHEMES)}"))


def _check_files(_look: object, _attribute: object, files: str) -> None:
    if files not in FILES:
        raise InvalidInput(FieldError("files", f"must be one of {', '.join(FILES)}"))


def contact_link(text: str) -> str:
    """An ``https:`` or ``mailto:`` address, also made from a bare e-mail address; :class:`ValueError` for others.

    An e-mail address comes without subject or other fields: the chat page adds its own.
    """
    given = text.strip()
    address = given[len("mailto:") :] if given.lower().startswith("mailto:") else given
    if len(given) <= CONTACT_LENGTH and _ADDRESS.fullmatch(address):
        return f"mailto:{address}"
    if len(given) > CONTACT_LENGTH or not _WEB_ADDRESS.fullmatch(given):
        message = f"must be an e-mail address or an https:// link of at most {CONTACT_LENGTH} characters"
        raise ValueError(message)
    return given


def _contact(text: str) -> str:
    try:
        return contact_link(text) if text.strip() else ""
    except ValueError as error:
        raise InvalidInput(FieldError("contact", str(error))) from None


@frozen(kw_only=True)
class StarterPrompt:
    """A message that a visitor can send with one press: what the button says, what is sent, and an icon."""

    label: str
    prompt: str
    icon: str | None = None


@frozen(kw_only=True)
class Offer:
    """A model or a tool that visitors may choose: its id for the workflow, its name for people, and an icon."""

    id: str
    label: str
    icon: str | None = None


def _check_prompts(_look: object, _attribute: object, prompts: tuple[StarterPrompt, ...]) -> None:
    _check_count("prompts", prompts, MOST_PROMPTS)
    for each in prompts:
        path = _path("prompts", each.label)
        _check_entry(path, "button text", each.label, longest=LABEL_LENGTH)
        _check_entry(path, "message", each.prompt.replace("\n", " "), longest=PROMPT_LENGTH)
        _check_icon(each.label, each.icon)


def _check_offers(_look: object, attribute: Any, offers: tuple[Offer, ...]) -> None:
    _check_count(attribute.name, offers, MOST_OFFERS)
    for each in offers:
        path = _path(attribute.name, each.id)
        if not _OFFER_ID.fullmatch(each.id):
            raise InvalidInput(
                FieldError(path, f"must have an id of up to {OFFER_ID_LENGTH} letters, digits and . _ : / @ + -")
            )
        _check_entry(path, "name", each.label, longest=LABEL_LENGTH)
        _check_icon(each.id, each.icon)


def _path(place: str, name: str) -> str:
    """An entry by the name that the owner gave it, as in ``prompts: Hours``."""
    return f"{place}: {name}" if name.strip() else place


def _check_entry(path: str, what: str, text: str, *, longest: int) -> None:
    """As :func:`check_name`; the error says which part of the entry at ``path`` is wrong."""
    try:
        check_name(path, text, longest=longest)
    except InvalidInput as error:
        raise InvalidInput(FieldError(path, f"the {what} {error.fields[0].message}")) from None


def _check_count(path: str, entries: tuple[object, ...], most: int) -> None:
    if len(entries) > most:
        raise InvalidInput(FieldError(path, f"must be at most {most}"))


def _check_icon(name: str, icon: str | None) -> None:
    """``name`` is by what the owner gives it: a button's text or the id of a tool."""
    if icon is not None and icon not in ICON_NAMES:
        raise InvalidInput(
            FieldError(f"icons: {name}", f"there is no icon named {icon!r}"),
            hint="For example: bolt, book-open, calendar, globe, lightbulb, mail, search, sparkle.",
        )


@frozen(kw_only=True)
class LookChange:
    """What to change of a look; None stays. Entries are changed by name, and an empty value removes one that exists."""

    greeting: str | None = None
    prompts: Mapping[str, str] = field(factory=dict)
    """What is sent, by what the button says."""
    icons: Mapping[str, str] = field(factory=dict)
    """By what a prompt's button says, or by the id of a tool."""
    placeholder: str | None = None
    disclaimer: str | None = None
    accent: str | None = None
    scheme: str | None = None
    contact: str | None = None
    files: str | None = None
    models: Mapping[str, str] = field(factory=dict)
    """Names for people, by id."""
    tools: Mapping[str, str] = field(factory=dict)
    replace: bool = False
    """Whether to begin with an empty look."""

    def without_removals(self) -> "LookChange":
        """Only what it sets, which can be checked before it is known what there is to remove."""
        return evolve(
            self,
            prompts=_set(self.prompts),
            icons=_set(self.icons),
            models=_set(self.models),
            tools=_set(self.tools),
        )


@frozen(kw_only=True)
class Look:
    """What visitors see around a chat, and the models and tools they may choose from. All of it is public."""

    greeting: str = _shown(GREETING_LENGTH)
    prompts: tuple[StarterPrompt, ...] = field(default=(), validator=_check_prompts)
    placeholder: str = _shown(PLACEHOLDER_LENGTH)
    disclaimer: str = _shown(DISCLAIMER_LENGTH)
    accent: str = field(default="", converter=_lower, validator=_check_accent)
    """``#rrggbb`` or ``#rgb`` as the owner gave it; visitors see :attr:`accents`."""
    scheme: str = field(default="auto", validator=_check_scheme)
    contact: str = field(default="", converter=_contact)
    """Where visitors reach the owner: ``mailto:`` or ``https:``."""
    files: str = field(default="off", validator=_check_files)
    """Whether the chat page offers to send files."""
    models: tuple[Offer, ...] = field(default=(), validator=_check_offers)
    tools: tuple[Offer, ...] = field(default=(), validator=_check_offers)

    def changed(self, to: LookChange) -> "Look":
        """With what is named changed; :class:`InvalidInput` names what cannot be."""
        before = Look() if to.replace else self
        pictured = {each.label: each.icon for each in before.prompts} | {each.id: each.icon for each in before.tools}
        icons = changed_entries("icons: ", {name: icon for name, icon in pictured.items() if icon}, to.icons)
        prompts = changed_entries("prompts: ", {each.label: each.prompt for each in before.prompts}, to.prompts)
        tools = changed_entries("tools: ", {each.id: each.label for each in before.tools}, to.tools)
        models = changed_entries("models: ", {each.id: each.label for each in before.models}, to.models)
        if unknown := [name for name, icon in to.icons.items() if icon and name not in {*prompts, *tools}]:
            raise InvalidInput(
                *(FieldError(f"icons: {name}", "is neither a starter prompt nor the id of a tool") for name in unknown)
            )
        texts = {name: getattr(to, name) for name in ("greeting", "placeholder", "disclaimer", "accent", "contact")}
        return evolve(
            before,
            **{name: text for name, text in texts.items() if text is not None},
            scheme=to.scheme or before.scheme,
            files=to.files or before.files,
            prompts=tuple(
                [StarterPrompt(label=name, prompt=text, icon=icons.get(name)) for name, text in prompts.items()]
            ),
            models=tuple([Offer(id=id_, label=label) for id_, label in models.items()]),
            tools=tuple([Offer(id=id_, label=label, icon=icons.get(id_)) for id_, label in tools.items()]),
        )

    @property
    def accents(self) -> tuple[str, str] | None:
        """The accent for the light and for the dark scheme, each as near to the owner's as text in it is readable."""
        if not self.accent:
            return None
        digits = self.accent[1:] if len(self.accent) > len("#rgb") else "".join(each * 2 for each in self.accent[1:])
        red, green, blue = bytes.fromhex(digits)
        given = (red, green, blue)
        return _readable(given, on=_LIGHT, towards=0), _readable(given, on=_DARK, towards=255)

    def check_wishes(self, path: str, wishes: "InferenceOptions") -> None:
        """Raise :class:`InvalidInput` for a model or tool that is not offered, where some are."""
        if self.models and wishes.model is not None:
            _check_offered(f"{path}.model", wishes.model, self.models)
        if self.tools and wishes.tool_id is not None:
            _check_offered(f"{path}.tool_choice.id", wishes.tool_id, self.tools)

    def granted(self, wishes: "InferenceOptions") -> "InferenceOptions":
        """The wishes of an earlier message, as far as they are offered now."""
        if not (self.models or self.tools):
            return wishes
        model = None if self.models and wishes.model not in _ids(self.models) else wishes.model
        tool = None if self.tools and wishes.tool_id not in _ids(self.tools) else wishes.tool_id
        return evolve(wishes, model=model, tool_id=tool)


NO_LOOK = Look()


def _set(entries: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in entries.items() if value}


def _ids(offers: Iterable[Offer]) -> set[str]:
    return {each.id for each in offers}


def _check_offered(path: str, chosen: str, offers: Iterable[Offer]) -> None:
    if chosen not in _ids(offers):
        named = ", ".join(each.id for each in offers)
        raise InvalidInput(FieldError(path, f"is not offered in this chat; offered are: {named}"))


_Colour = tuple[int, int, int]


def _readable(given: _Colour, *, on: _Colour, towards: int) -> str:
    """The colour, moved towards black or white in small steps until text in it can be read on that background."""
    step, colour = 0, given
    while _contrast(colour, on) < _READABLE:
        step += 1
        red, green, blue = (round(each + (towards - each) * step / _STEPS) for each in given)
        colour = (red, green, blue)
    return "#" + bytes(colour).hex()


def _contrast(one: _Colour, other: _Colour) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: _Colour) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    red, green, blue = (_linear(each / 255) for each in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
