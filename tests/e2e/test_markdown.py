"""Text that a model writes, as Chromium draws it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import ChatTab
from tests.e2e.server_process import ServerProcess

pytestmark = pytest.mark.browser

NewTab = Callable[..., ChatTab]

WRITTEN = r"""
# Findings

The energy is $E = mc^2$, which costs $5 and not more[^1]. &HilbertSpace;

$$
\int_0^1 x^2\,dx = \frac{1}{3}
$$

```python
def area(radius: float) -> float:
    return 3.14 * radius ** 2  # close enough
```

- [x] measured
- [ ] published

[^1]: At the time of writing.
"""


def test_formulas_code_tasks_and_notes(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """What is loaded on use comes from the same server, under the page's policy."""
    published = shared_server.publish("written", "tests.workflows:echo")
    tab = new_tab().visit(published["share_url"])
    tab.ask(WRITTEN)
    answer = tab.expect_answer(number=0)
    expect(answer.locator("math")).to_have_count(2)
    assert answer.locator("math[display=block] mfrac").count() == 1
    expect(answer.locator("code [data-kind=keyword]")).to_have_text(["def", "return"])
    expect(answer.locator("li.task input")).to_have_count(2)
    assert [box.is_checked() for box in answer.locator("li.task input").all()] == [True, False]
    expect(answer).to_contain_text("costs $5 and not more")
    expect(answer).to_contain_text("ℋ")
    tab.button("Footnote 1").click()
    expect(answer.locator(".notes > li")).to_be_focused()


def test_code_is_copied_and_wrapped(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """The clipboard gets the code as it was written, and a long line can be read without scrolling."""
    published = shared_server.publish("copied", "tests.workflows:echo")
    tab = new_tab(permissions=["clipboard-read", "clipboard-write"]).visit(published["share_url"])
    tab.ask("```js\nlet a = 1;\n\nlet b = '" + "long " * 60 + "';\n```")
    code = tab.expect_answer(number=0).locator("figure.code")
    code.get_by_role("button", name="Copy code").click()
    expect(code.get_by_role("status")).to_have_text("Copied")
    assert tab.page.evaluate("navigator.clipboard.readText()").startswith("let a = 1;\n\nlet b = 'long ")
    overflow = "(pre) => pre.scrollWidth > pre.clientWidth"
    assert code.locator("pre").evaluate(overflow)
    code.get_by_role("button", name="Wrap long lines").click()
    assert not code.locator("pre").evaluate(overflow)


def test_a_formula_cannot_reach_outside(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Links, images and classes in a formula stay its text; so does a formula that cannot be read."""
    published = shared_server.publish("hostile-formulas", "tests.workflows:echo")
    tab = new_tab().visit(published["share_url"])
    tab.ask(r"$\href{javascript:alert(1)}{x}$ $\includegraphics{https://x.org/i.png}$ $\frac{1}$ $\unknown$")
    answer = tab.expect_answer(number=0)
    expect(answer).to_contain_text(r"\unknown")
    assert answer.locator("a, img").count() == 0
