"""The web bundle over the wire: small, kept by browsers, and nothing beside it."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orcheo_adapters.http.negotiation import preferred_coding, wants_page
from tests.app_server import TestServer, assert_problem, build_app_server

SHOP = "https://shop.example.org"
SCRIPT = b"console.log('hello');" * 20
CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.fixture
async def bundled(tmp_path: Path) -> AsyncIterator[TestServer]:
    """A server with a bundle of one page, one script in three forms, and a picture in one."""
    assets = tmp_path / "static" / "assets"
    assets.mkdir(parents=True)
    (assets / "chat-1a2b.js").write_bytes(SCRIPT)
    (assets / "chat-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT, mtime=0))
    (assets / "chat-1a2b.js.br").write_bytes(b"brotli")
    (assets / "icon-9.svg").write_bytes(b"<svg/>")
    (assets / ".secret.js").write_bytes(b"hidden")
    (assets / "folder.js").mkdir()
    (assets.parent / "chat.html").write_text('<i nonce="__ORCHEO_CSP_NONCE__">' + "page " * 100)
    (assets.parent / "favicon.ico").write_bytes(b"icon")
    (assets.parent / "chatkit.js").write_bytes(b"import('./assets/chat-1a2b.js')")
    (tmp_path / "outside.js").write_text("outside")
    async with build_app_server(static_folder=assets.parent) as app_server:
        yield app_server


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP;Q=0.5", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("br;q=0.2, gzip;q=0.8", "gzip"),
        ("identity, br;q=0.5", "identity"),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("*;q=0", "identity"),
        ("br;q=0, gzip;q=0", "identity"),
        ("br;q=nan, gzip;q=2, *;q=x", "identity"),
        ("deflate", "identity"),
        ("", "identity"),
        (" , ;q=1", "identity"),
    ],
)
def test_the_coding_with_the_highest_weight_is_sent(accepted: str, coding: str) -> None:
    """The smaller of equals; a weight that is not a number from 0 to 1 counts as a refusal."""
    assert preferred_coding(accepted, {"br", "gzip"}) == coding


@pytest.mark.parametrize(
    ("accept", "is_person"),
    [
        (CHROMIUM, True),
        ("text/html;q=0.9, application/json;q=0.5", True),
        ("application/json, text/html;q=0.5", False),
        ("text/html;q=0", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_a_page_is_for_those_who_ask_for_one(accept: str, is_person: bool) -> None:
    """Programs that take anything get a problem document."""
    assert wants_page(accept) is is_person


@pytest.mark.parametrize(
    ("accepted", "coding"), [("gzip, br", "br"), ("gzip", "gzip"), ("identity", None), ("zstd", None)]
)
async def test_an_asset_comes_compressed_and_is_kept_for_good(
    bundled: TestServer, accepted: str, coding: str | None
) -> None:
    """In the form that the build made; caches keep the forms apart."""
    headers = {"accept-encoding": accepted}
    async with bundled.client.stream("GET", "/assets/chat-1a2b.js", headers=headers) as answer:
        body = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == coding
    assert body == {"br": b"brotli", "gzip": gzip.compress(SCRIPT, mtime=0), None: SCRIPT}[coding]
    assert answer.headers["content-length"] == str(len(body))
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_the_build_did_not_compress_comes_as_it_is(bundled: TestServer) -> None:
    """Whatever the browser takes."""
    answer = await bundled.client.get("/assets/icon-9.svg", headers={"accept-encoding": "br, gzip"})
    assert (answer.status_code, answer.content) == (200, b"<svg/>")
    assert "content-encoding" not in answer.headers


async def test_a_known_asset_is_not_sent_again(bundled: TestServer) -> None:
    """By the tag of the form that the browser has; each form has a tag of its own."""
    url = "/assets/chat-1a2b.js"
    tag = (await bundled.client.get(url, headers={"accept-encoding": "gzip"})).headers["etag"]
    for said in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await bundled.client.get(url, headers={"accept-encoding": "gzip", "if-none-match": said})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    other = await bundled.client.get(url, headers={"accept-encoding": "identity", "if-none-match": tag})
    assert other.status_code == 200


async def test_content_that_if_match_does_not_name_is_not_sent(bundled: TestServer) -> None:
    """A client that wants to go on with one version never gets another; weak tags do not count here."""
    url = "/assets/chat-1a2b.js"
    tag = (await bundled.client.get(url)).headers["etag"]
    for wanted in (tag, f'"other", {tag}', "*"):
        assert (await bundled.client.get(url, headers={"if-match": wanted})).status_code == 200
    for wanted in ('"other"', f"W/{tag}"):
        assert_problem(await bundled.client.get(url, headers={"if-match": wanted}), 412, "content_changed")


async def test_head_says_the_same_as_get(bundled: TestServer) -> None:
    """But for the body, which the server leaves out."""
    got = await bundled.client.get("/assets/chat-1a2b.js")
    asked = await bundled.client.head("/assets/chat-1a2b.js")
    names = ("content-length", "content-encoding", "etag", "cache-control", "vary")
    assert {name: asked.headers[name] for name in names} == {name: got.headers[name] for name in names}


async def test_a_range_is_ignored(bundled: TestServer) -> None:
    """Known unit or not: the whole file, as HTTP allows."""
    for wanted in ("bytes=0-3", "bytes=999999-", "lines=1-2"):
        answer = await bundled.client.get("/assets/chat-1a2b.js", headers={"range": wanted})
        assert (answer.status_code, answer.content) == (200, SCRIPT)


@pytest.mark.parametrize(
    "name",
    [
        "..%2Foutside.js",
        "%2e%2e%2foutside.js",
        "..%5Coutside.js",
        "%2Fetc%2Fpasswd",
        ".secret.js",
        "folder.js",
        "chat-1a2b.js.gz",
        "chat-1a2b.js%00.svg",
        "nothing.js",
        "a" * 5_000 + ".js",
        "",
        "sub/chat.js",
    ],
)
async def test_nothing_else_is_served(bundled: TestServer, name: str) -> None:
    """No other folder, nothing hidden, no folder, no compressed file by its own name: a problem like any other."""
    assert_problem(await bundled.client.get(f"/assets/{name}"), 404, "not_found")


async def test_browsers_find_an_icon(bundled: TestServer) -> None:
    """Where they look by themselves; a day later they look again."""
    answer = await bundled.client.get("/favicon.ico")
    assert (answer.content, answer.headers["content-type"]) == (b"icon", "image/x-icon")
    assert answer.headers["cache-control"] == "public, max-age=86400"
    assert_problem(await bundled.client.get("/apple-touch-icon.png"), 404, "not_found")


async def test_search_engines_are_asked_to_stay_away(bundled: TestServer) -> None:
    """Share links are private; one that is posted somewhere is not to be found by everybody."""
    answer = await bundled.client.get("/robots.txt", headers={"accept": "text/html"})
    assert (answer.status_code, answer.text) == (200, "User-agent: *\nDisallow: /\n")
    assert answer.headers["content-type"].startswith("text/plain")


async def test_the_chat_page_comes_compressed_too(bundled: TestServer) -> None:
    """Each time with a nonce of its own, so at the moment it is sent."""
    await bundled.publish()
    small = await bundled.client.get("/chat/echo", headers={"accept-encoding": "gzip"})
    plain = await bundled.client.get("/chat/echo", headers={"accept-encoding": "identity"})
    assert small.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert small.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert int(small.headers["content-length"]) < int(plain.headers["content-length"])
    assert small.text != plain.text
    assert small.text.split('"')[1] in small.headers["content-security-policy"]


async def test_the_chat_page_of_no_chat_has_the_status_404(bundled: TestServer) -> None:
    """Unknown and private ones alike; the page itself is the same and says so in words."""
    await bundled.add()
    for ref in ("echo", "nobody-has-this"):
        answer = await bundled.client.get(f"/chat/{ref}", headers={"accept": CHROMIUM})
        assert answer.status_code == 404
        assert "page page" in answer.text
    await bundled.result("workflows.publish", ref="echo")
    page = await bundled.client.get("/chat/echo")
    assert page.status_code == 200
    assert "microphone=(self)" in page.headers["permissions-policy"]  # for dictation


async def test_the_bare_address_is_a_page_for_people(app_server: TestServer) -> None:
    """It says what this is, what a visitor needs, and what the owner can do."""
    page = await app_server.client.get("/", headers={"accept": CHROMIUM})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for said in ("This is an Orcheo server", "link to a chat", "orcheo workflow list"):
        assert said in page.text
    assert_problem(await app_server.client.get("/"), 404, "not_found")


@pytest.mark.parametrize("path", ["/chat", "/chat/", "/nowhere", "/assets/none.js", "/api/nothing"])
async def test_an_unknown_address_is_a_page_for_people_and_a_problem_for_programs(
    app_server: TestServer, path: str
) -> None:
    """Both say 404."""
    page = await app_server.client.get(path, headers={"accept": CHROMIUM})
    assert (page.status_code, "There is no page here" in page.text) == (404, True)
    assert "script-src" not in page.headers["content-security-policy"]
    assert_problem(await app_server.client.get(path), 404, "not_found")


async def test_an_error_is_a_page_for_people_with_the_words_of_the_problem(app_server: TestServer) -> None:
    """Escaped, with the same status and headers."""
    headers = {"accept": CHROMIUM}
    problem = assert_problem(await app_server.client.get("/api/workflows"), 401, "service_token_invalid")
    page = await app_server.client.get("/api/workflows", headers=headers)
    assert (page.status_code, page.headers["www-authenticate"]) == (401, 'Bearer realm="orcheo"')
    assert problem["detail"] in page.text
    wrong = await app_server.client.get("/api/chatkit", headers=headers)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert "method_not_allowed" in wrong.text
    owner = headers | {"authorization": f"Bearer {app_server.owner_token}"}
    named = await app_server.client.get("/api/workflows/%3Cscript%3E", headers=owner)
    assert named.status_code == 404
    assert "<script>" not in named.text


async def test_a_crash_is_a_page_for_people(app_server: TestServer) -> None:
    """Without its reason."""
    object.__setattr__(app_server.store, "check", None)
    page = await app_server.client.get("/readyz", headers={"accept": CHROMIUM})
    assert (page.status_code, "internal_error" in page.text, "NoneType" in page.text) == (500, True, False)


async def test_any_page_may_name_the_chat_elements_script(bundled: TestServer) -> None:
    """``/chatkit.js`` keeps its name, so browsers ask again after some minutes whether it has changed."""
    answer = await bundled.client.get("/chatkit.js")
    assert answer.content == b"import('./assets/chat-1a2b.js')"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["cache-control"] == "public, max-age=300"
    known = {"if-none-match": answer.headers["etag"]}
    assert (await bundled.client.get("/chatkit.js", headers=known)).status_code == 304


async def test_what_the_script_loads_is_read_by_pages_of_allowed_origins_only(tmp_path: Path) -> None:
    """Browsers ask for modules with the page's origin and want it named in the answer."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "chat-1a2b.js").write_bytes(SCRIPT)
    async with build_app_server(static_folder=tmp_path, environment={"ORCHEO_ALLOWED_ORIGINS": SHOP}) as app_server:
        allowed = await app_server.client.get("/assets/chat-1a2b.js", headers={"origin": SHOP})
        assert allowed.headers["access-control-allow-origin"] == SHOP
        assert "origin" in allowed.headers["vary"]
        stranger = await app_server.client.get("/assets/chat-1a2b.js", headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in stranger.headers
