"""What could be published to npm, used by projects that know nothing of this one."""

import gzip
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import ChatTab
from tests.e2e.foreign_site import Site, serve
from tests.e2e.server_process import ROOT, Gates, ServerProcess

pytestmark = pytest.mark.browser

WEB = ROOT / "web"
LINKED = ("react", "react-dom", "scheduler", "@openai")
REACT_HTML = '<!doctype html><div id="root"></div><script type="module" src="./app.jsx"></script>'
REACT_APP = """
import { createRoot } from "react-dom/client";
import { setServer } from "@orcheo/chat";
import { Chat } from "@orcheo/chat/react";

setServer("SERVER");
window.told = [];
const options = {
  api: { getClientSecret: async () => (await (await fetch("/session", { method: "POST" })).json()).client_secret },
  startScreen: { greeting: "From a package", prompts: [{ label: "Start", prompt: "Hello", icon: "star" }] },
};
createRoot(document.getElementById("root")).render(
  <Chat options={options} style={{ height: "100vh" }} onReady={() => told.push("ready")}
    onThreadChange={({ threadId }) => told.push(typeof threadId)} />,
);
"""
TYPED = """
import { type ChatOptions, OrcheoChat, setServer } from "@orcheo/chat";
const chat = new OrcheoChat();
const options: ChatOptions = { api: { url: "/x", domainKey: "" }, theme: "auto" };
chat.setOptions(options);
setServer("https://chat.example.org");
// @ts-expect-error - no such option
chat.setOptions({ api: { url: "/x", domainKey: "" }, header: { enabled: "yes" } });
"""
PLAIN = """<!doctype html><body><script type="module">
import { setServer } from "./node_modules/@orcheo/chat/index.js";
setServer("SERVER");
const chat = document.createElement("openai-chatkit");
const getClientSecret = async () => (await (await fetch("/session", { method: "POST" })).json()).client_secret;
chat.setOptions({ api: { getClientSecret } });
document.body.append(chat);
</script>"""

BUBBLE = """
import { bubble } from "@orcheo/embed";
const chat = bubble({ server: "SERVER", workflow: "packed", greeting: "From a package", position: "start" });
window.told = [];
chat.on("ready", () => told.push("ready"));
"""
BUBBLE_HTML = '<!doctype html><title>Shop</title><body><script type="module" src="./bubble.js"></script>'
PLAIN_BUBBLE = BUBBLE.replace("@orcheo/embed", "./node_modules/@orcheo/embed/index.js")
TYPED_BUBBLE = """
import { type Bubble, type BubbleOptions, bubble, bubbles } from "@orcheo/embed";
const options: BubbleOptions = { server: "https://chat.example.org", workflow: "docs", labels: { chat: "Ask us" } };
const made: Bubble = bubble(options);
const stop: () => void = made.on("error", ({ code }) => code.toUpperCase());
made.identify(async () => "token");
made.open({ focus: false });
stop();
bubbles().length;
// @ts-expect-error - no such event
made.on("opened", () => undefined);
// @ts-expect-error - the server is needed
bubble({ workflow: "docs" });
"""


def run(*words: str, cwd: Path, stderr: int | None = None) -> None:
    """Run a program of Node's."""
    stamp = ROOT / ".stamps" / "node"
    node = f"{stamp.read_text('utf-8').strip()}{os.pathsep}" if stamp.exists() else ""
    subprocess.run(words, cwd=cwd, env={**os.environ, "PATH": node + os.environ["PATH"]}, check=True, stderr=stderr)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh project into which the packed packages are unpacked as npm would."""
    folder = tmp_path_factory.mktemp("project")
    run("node", "scripts/packages.mjs", str(folder / "built"), cwd=WEB)
    for name in ("chat", "embed"):
        into = folder / "node_modules" / "@orcheo" / name
        into.mkdir(parents=True)
        (archive,) = folder.glob(f"built/*-{name}-*.tgz")
        subprocess.run(["tar", "xzf", archive, "-C", into, "--strip-components", "1"], check=True)
    for name in LINKED:
        (folder / "node_modules" / name).symlink_to(WEB / "node_modules" / name)
    return folder


def test_without_the_tools_it_says_how_to_get_them(tmp_path: Path) -> None:
    """A demo's checkout has no compiler."""
    for name in ("package.json", "scripts/packages.mjs"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((WEB / name).read_bytes())
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run("node", "scripts/packages.mjs", cwd=tmp_path, stderr=subprocess.PIPE)
    assert "Run `npm ci` in web/, then try again." in caught.value.stderr.decode()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Where the project's pages are served."""
    with serve(tmp_path / "site") as running:
        yield running


@pytest.fixture
def chat_server(tmp_path: Path, site: Site) -> Iterator[ServerProcess]:
    """A server for the site's pages, whose back end opens chat sessions."""
    settings = {"ORCHEO_ALLOWED_ORIGINS": site.url}
    running = ServerProcess(data_dir=tmp_path / "data", gates=Gates(tmp_path), settings=settings).start()
    token = running.publish("packed", "examples.echo:answer")["publish_token"]

    def open_session() -> dict[str, Any]:
        with running.client(authorization=f"Bearer {token}") as client:
            document: dict[str, Any] = client.post("/api/chat/packed/session", json={"user": "ada"}).json()
        return document

    site.open_session = open_session
    yield running
    running.close()


def test_a_fresh_vite_and_react_project_bundles_the_element(
    project: Path, site: Site, chat_server: ServerProcess, browser: Browser
) -> None:
    """By its wrapper; icons and what is fetched later come along."""
    (project / "index.html").write_text(REACT_HTML)
    (project / "app.jsx").write_text(REACT_APP.replace("SERVER", chat_server.url))
    vite = str(WEB / "node_modules" / "vite" / "bin" / "vite.js")
    config = str(WEB / "test" / "drop-in" / "vite.config.js")
    run("node", vite, "build", "--config", config, "--outDir", str(site.folder), "--emptyOutDir", cwd=project)
    tab = ChatTab.open(browser, chat_server.url)
    tab.page.goto(site.url)
    expect(tab.page.get_by_text("From a package")).to_be_visible()
    tab.page.get_by_role("button", name="Start").click()
    expect(tab.page.locator(".answer .prose")).to_have_text("You said: Hello")
    assert tab.page.evaluate("told") == ["ready", "string"]
    tab.close()
    tab.assert_well_behaved(site.url)


def test_a_plain_page_imports_the_package_as_it_is(
    project: Path, site: Site, chat_server: ServerProcess, browser: Browser
) -> None:
    """Without any build, under ChatKit's name."""
    site.folder.mkdir(exist_ok=True)
    (site.folder / "node_modules").symlink_to(project / "node_modules")
    (site.folder / "plain.html").write_text(PLAIN.replace("SERVER", chat_server.url))
    tab = ChatTab.open(browser, chat_server.url)
    tab.page.goto(f"{site.url}/plain.html")
    tab.page.get_by_label("Message", exact=True).fill("Hi")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator(".answer .prose")).to_have_text("You said: Hi")
    tab.close()
    tab.assert_well_behaved(site.url)


def test_the_package_has_types_and_its_wrapper_is_small(project: Path) -> None:
    """A wrong option does not compile; the React wrapper has at most 2 kB."""
    (project / "typed.ts").write_text(TYPED)
    tsc = str(WEB / "node_modules" / "typescript" / "bin" / "tsc")
    words = ["--noEmit", "--strict", "--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler"]
    run("node", tsc, *words, "--target", "es2023", "--lib", "es2023,dom,dom.iterable", "typed.ts", cwd=project)
    assert (project / "node_modules" / "@orcheo" / "chat" / "react.js").stat().st_size <= 2_000


@pytest.mark.parametrize("built", [True, False], ids=["vite", "plain"])
def test_a_fresh_project_puts_a_bubble_on_its_page(
    project: Path, site: Site, chat_server: ServerProcess, browser: Browser, *, built: bool
) -> None:
    """Bundled by Vite, and by a plain page that imports the module as it is; under a policy with one line for it."""
    chat_server.operation("workflows.edit", ref="packed", allowed_origins=[site.url])
    site.folder.mkdir(exist_ok=True)
    site.headers["content-security-policy"] = f"default-src 'none'; script-src 'self'; frame-src {chat_server.url}"
    if built:
        (project / "bubble.html").write_text(BUBBLE_HTML)
        (project / "bubble.js").write_text(BUBBLE.replace("SERVER", chat_server.url))
        vite = str(WEB / "node_modules" / "vite" / "bin" / "vite.js")
        (project / "vite.bubble.js").write_text(
            "export default { build: { modulePreload: false, rolldownOptions: { input: 'bubble.html' } } };"
        )
        run("node", vite, "build", "--config", "vite.bubble.js", "--outDir", str(site.folder), cwd=project)
    else:
        (site.folder / "node_modules").symlink_to(project / "node_modules")
        (site.folder / "bubble.html").write_text(BUBBLE_HTML)
        (site.folder / "bubble.js").write_text(PLAIN_BUBBLE.replace("SERVER", chat_server.url))
    tab = ChatTab.open(browser, chat_server.url)
    tab.page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    tab.page.goto(f"{site.url}/bubble.html")
    tab.page.get_by_role("button", name="From a package").click()
    chat = tab.page.frame_locator("iframe")
    chat.get_by_label("Message", exact=True).fill("Hi")
    tab.page.keyboard.press("Enter")
    expect(chat.locator(".answer .prose")).to_have_text("You said: Hi")
    assert tab.page.evaluate("told") == ["ready"]
    tab.close()
    tab.assert_well_behaved(site.url)


def test_the_bubbles_package_has_types_needs_nothing_and_is_tiny(project: Path) -> None:
    """Wrong options and events do not compile."""
    (project / "typed-bubble.ts").write_text(TYPED_BUBBLE)
    tsc = str(WEB / "node_modules" / "typescript" / "bin" / "tsc")
    words = ["--noEmit", "--strict", "--module", "esnext", "--moduleResolution", "bundler"]
    run("node", tsc, *words, "--target", "es2023", "--lib", "es2023,dom,dom.iterable", "typed-bubble.ts", cwd=project)
    package = project / "node_modules" / "@orcheo" / "embed"
    assert "dependencies" not in json.loads((package / "package.json").read_text("utf-8"))
    assert len(gzip.compress((package / "index.js").read_bytes())) <= 5_000
