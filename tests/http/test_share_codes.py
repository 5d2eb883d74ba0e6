"""The share link as a QR code."""

import zlib

import httpx2
import pytest

from orcheo_adapters.http.share_codes import qr_code
from orcheo_core.domain.actor import Scope
from tests.app_server import TestServer, assert_problem

LINK = "http://127.0.0.1:8700/chat/echo"
CODE = "/api/workflows/echo/share-link"


async def fetched(server: TestServer, form: str) -> httpx2.Response:
    """The QR code as the owner gets it with a service token."""
    return await server.client.get(f"{CODE}.{form}", headers={"authorization": f"Bearer {server.owner_token}"})


def scanned(png: bytes) -> str:
    """What a scanner reads out of a PNG with one bit for each pixel, and the filters 0 and 2 of its format."""
    zxingcpp = pytest.importorskip("zxingcpp", reason="the decoder is not installed")
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    assert png[24:26] in {b"\1\0", b"\1\3"}, "one bit for each pixel"
    start = png.index(b"IDAT")
    rows = zlib.decompress(png[start + 4 : start + 4 + int.from_bytes(png[start - 4 : start], "big")])
    stride = 1 + -(-width // 8)
    pixels, above = bytearray(), bytes(stride - 1)
    for row in range(height):
        line = rows[row * stride : (row + 1) * stride]
        assert line[0] in {0, 2}, "no filter, or that of the line above"
        above = bytes((each + before * (line[0] == 2)) % 256 for each, before in zip(line[1:], above, strict=True))
        bits = "".join(f"{each:08b}" for each in above)[:width]
        pixels += bytes(255 * int(bit) for bit in bits)
    found = zxingcpp.read_barcodes(memoryview(bytes(pixels)).cast("B", (height, width)))
    assert len(found) == 1
    text: str = found[0].text
    return text


async def test_a_scanner_reads_the_share_link(app_server: TestServer) -> None:
    """To the last letter, as the owner sees it."""
    await app_server.publish()
    shown = await app_server.result("workflows.show", ref="echo")
    answer = await fetched(app_server, "png")
    assert answer.headers["content-type"] == "image/png"
    assert scanned(answer.content) == shown["share_url"] == LINK


def test_a_long_link_fits() -> None:
    """A handle has 64 characters at most, a public address rarely more than a hundred."""
    link = f"https://{'sub.' * 25}example.org/chat/{'h' * 64}"
    assert scanned(qr_code(link, "png")) == link


async def test_the_image_is_dark_on_light(app_server: TestServer) -> None:
    """In any scheme, with four light modules around it, and nothing in it that a browser would run or fetch."""
    await app_server.publish()
    answer = await fetched(app_server, "svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"
    text = answer.text
    assert 'fill="#fff"' in text
    assert 'stroke="#000"' in text
    assert 'd="M4 4.5' in text
    assert not any(word in text for word in ("script", "href", "style", "<!"))


async def test_it_is_for_the_owner(app_server: TestServer) -> None:
    """By service token with the scope, or signed in to Canvas on a page of the server's own."""
    await app_server.publish()
    client, own = app_server.client, {"sec-fetch-site": "same-origin"}
    others = {"authorization": f"Bearer {await app_server.owner('bob')}"}
    assert_problem(await client.get(f"{CODE}.svg", headers=others), 404, "workflow_not_found")
    narrow = {"authorization": f"Bearer {await app_server.owner('local', Scope.AUDIT_READ)}"}
    assert_problem(await client.get(f"{CODE}.svg", headers=narrow), 403, "scope_missing")
    await app_server.sign_in()
    assert (await client.get(f"{CODE}.svg", headers=own)).status_code == 200
    elsewhere = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    assert_problem(await client.get(f"{CODE}.svg", headers=elsewhere), 403, "cross_site_request")
    client.cookies.clear()
    assert (await client.get(f"{CODE}.svg")).status_code == 401


async def test_a_private_workflow_has_none(app_server: TestServer) -> None:
    """Its share link opens nothing."""
    await app_server.publish()
    await app_server.result("workflows.unpublish", ref="echo")
    assert_problem(await fetched(app_server, "svg"), 409, "not_published")


@pytest.mark.parametrize("form", ["gif", "SVG", "svg.png"])
async def test_other_forms_are_not_there(app_server: TestServer, form: str) -> None:
    """The address is unknown."""
    await app_server.publish()
    assert (await fetched(app_server, form)).status_code == 404
