"""A tab of a real Chromium with the chat page in it, and what it complained about."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import define, evolve, field
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    FrameLocator,
    Locator,
    Page,
    Request,
    Response,
    expect,
)

from tests.e2e.server_process import ROOT

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP orcheo.test 127.0.0.1",
]
DEADLINE_MS = 30_000.0

_REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (violation) => {
  console.error("CSP violation", violation.violatedDirective, violation.blockedURI, violation.sample);
});
"""
_REFUSED = tuple(f"Failed to load resource: the server responded with a status of {status}" for status in (400, 404))
"""What Chromium itself logs; a page that asks for a chat which is closed, or is an error itself, cannot avoid it."""

expect.set_options(timeout=DEADLINE_MS)


def find_chromium() -> Path:
    """What ``ORCHEO_CHROMIUM`` names, or what ``tools/browser.py`` finds."""
    named = os.environ.get("ORCHEO_CHROMIUM")
    if named:
        return Path(named)
    stamp = ROOT / ".stamps" / "node"
    node = f"{stamp.read_text('utf-8').strip()}{os.pathsep}" if stamp.exists() else ""
    environment = {**os.environ, "PATH": node + os.environ["PATH"]}
    tool = [sys.executable, str(ROOT / "tools" / "browser.py")]
    return Path(subprocess.run(tool, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout.strip())


def expect_turn_over(chat: Page | FrameLocator) -> None:
    """Wait until the turn has ended in the chat's own view, once something of it is there.

    The last words of an answer come before that; until then Escape and Enter mean something else.
    """
    expect(chat.get_by_role("log")).to_have_attribute("aria-busy", "false")


def is_judgement(answer: Response) -> bool:
    """Whether the server answers that it has what a visitor thinks of an answer; their own page shows it earlier."""
    return "items.feedback" in (answer.request.post_data or "")


@define(kw_only=True, slots=False)  # Playwright sets attributes on its listeners
class ChatTab:
    """One visitor's tab; what it must not do is collected on the way."""

    page: Page
    origin: str
    _context: BrowserContext = field(repr=False)
    complaints: list[str] = field(factory=list)
    foreign_requests: list[str] = field(factory=list)

    @classmethod
    def open(cls, browser: Browser, origin: str, **profile: Any) -> "ChatTab":
        """A tab in a profile of its own: no cookies, nothing stored; ``profile`` as Playwright's contexts take it."""
        context = browser.new_context(**profile)
        context.set_default_timeout(DEADLINE_MS)
        context.add_init_script(_REPORT_VIOLATIONS)
        return cls(page=context.new_page(), origin=origin, context=context)._watched()

    def beside(self) -> "ChatTab":
        """Another tab of the same visitor."""
        return evolve(self, page=self._context.new_page())._watched()

    @property
    def message_field(self) -> Locator:
        """Where a message is written."""
        return self.page.get_by_label("Message", exact=True)

    @property
    def questions(self) -> Locator:
        """What the visitor said, oldest first."""
        return self.page.locator("[data-role=user] > p")

    @property
    def answers(self) -> Locator:
        """The workflow's answers, oldest first."""
        return self.page.locator("[data-role=assistant]")

    @property
    def answer_texts(self) -> Locator:
        """What the workflow said, without headings and sources."""
        return self.answers.locator(".prose")

    def button(self, name: str) -> Locator:
        """A button by what it is called."""
        return self.page.get_by_role("button", name=name, exact=True)

    def visit(self, share_url: str) -> "ChatTab":
        """Open a share link and wait until one can write."""
        self.page.goto(share_url)
        expect(self.message_field).to_be_editable()
        return self

    def ask(self, text: str) -> None:
        """Write a message and send it."""
        self.message_field.fill(text)
        self.button("Send").click()

    def expect_answer(self, *, number: int, status: str = "done") -> Locator:
        """The answer of this number, counted from 0, once it has this status; if it is done, once its turn is over."""
        answer = self.answers.nth(number)
        expect(answer).to_have_attribute("data-status", status)
        if status == "done":
            expect_turn_over(self.page)
        return answer

    def assert_complained_of(self, *expected: str) -> None:
        """The browser complained of each of these, by how it begins, and of nothing else; all is then forgotten."""
        unheard = [each for each in expected if not any(said.startswith(each) for said in self.complaints)]
        assert unheard == []
        assert [said for said in self.complaints if not said.startswith(expected)] == []
        self.complaints.clear()

    def assert_refused_once(self, status: int) -> None:
        """The browser complained of one answer with this status and of nothing else, which is then forgotten."""
        (complaint,) = self.complaints
        assert complaint.startswith(f"Failed to load resource: the server responded with a status of {status} ")
        self.complaints.clear()

    def assert_well_behaved(self, *hosts: str) -> None:
        """No error on the console, no break of the content security policy, no request beyond these origins."""
        assert self.complaints == []
        assert [url for url in self.foreign_requests if not url.startswith(hosts)] == []

    def close(self) -> None:
        """End the profile."""
        self._context.close()

    def _watched(self) -> "ChatTab":
        self.page.on("console", self._heard)
        self.page.on("pageerror", self._failed)
        self.page.on("request", self._requested)
        return self

    def _failed(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_REFUSED):
            self.complaints.append(message.text)

    def _requested(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in {"data", "blob"} and f"{url.scheme}://{url.netloc}" != self.origin:
            self.foreign_requests.append(request.url)
