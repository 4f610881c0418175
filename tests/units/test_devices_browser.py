"""static/js/device.js in a real browser, under the strict policy that our pages have."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from apps.devices.attributes import ATTRIBUTES
from apps.devices.similarity import Thresholds, compare
from apps.devices.submission import read

pytestmark = pytest.mark.browser

STATIC = Path(__file__).parents[2] / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'"
)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title>
<link rel="icon" href="data:,">
{library}<script src="/static/js/device.js" data-url="{url}" defer></script></head>
<body><form><input name="csrfmiddlewaretoken" value="from-the-form" type="hidden"></form>
<noscript>Signing in works without JavaScript, too.</noscript></body></html>"""
LIBRARY = '<script src="/static/vendor/fingerprintjs/fp.umd.min.js" defer></script>'


@dataclass
class Desk:
    """A server that keeps what it is sent."""

    url: str = ""
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def desk() -> Iterator[Desk]:
    kept = Desk()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/static/"):
                content = (STATIC / self.path.removeprefix("/static/")).read_bytes()
                self.answer(200, "text/javascript", content)
            elif self.path in ("/", "/bare", "/broken"):
                page = PAGE.format(
                    library="" if self.path == "/bare" else LIBRARY,
                    url="/nowhere" if self.path == "/broken" else "/devices",
                )
                self.answer(200, "text/html", page.encode())
            else:
                self.answer(404, "text/plain", b"")

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path != "/devices":
                return self.answer(404, "text/plain", b"")
            kept.posts.append((dict(self.headers), content))
            return self.answer(
                200,
                "application/json",
                b"{}",
                cookie="otc_device=secret; Secure; HttpOnly; SameSite=Lax; Path=/",
            )

        def answer(self, status: int, kind: str, content: bytes, cookie: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Security-Policy", POLICY)
            if cookie:
                self.send_header("Set-Cookie", cookie)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    yield kept
    server.shutdown()
    server.server_close()


def visit(browser, desk, path="/", prelude="", **settings):
    """One visit in a fresh profile: what was asked for, what was complained about, the context."""
    context = browser.new_context(**settings)
    context.add_init_script(prelude)
    page = context.new_page()
    asked, complaints = [], []
    context.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(desk.url + path)
    page.wait_for_selector("html[data-device]", state="attached", timeout=15_000)
    outcome = page.locator("html").get_attribute("data-device")
    script_sees = page.evaluate("document.cookie")
    leftovers = page.evaluate("localStorage.length + sessionStorage.length + frames.length")
    cookies = context.cookies()
    context.close()
    return outcome, asked, complaints, cookies, script_sees, leftovers


def test_a_browser_registers_with_nobody_but_us_and_leaves_nothing_behind(browser, desk):
    outcome, asked, complaints, cookies, script_sees, leftovers = visit(browser, desk)
    assert outcome == "registered"
    assert all(url.startswith((desk.url, "about:", "data:image/")) for url in asked), asked
    assert complaints == []
    assert [(c["name"], c["httpOnly"], c["secure"]) for c in cookies] == [
        ("otc_device", True, True)
    ]
    assert script_sees == ""
    assert leftovers == 0


def test_what_it_sends_is_what_the_server_takes(browser, desk):
    visit(browser, desk)
    headers, body = desk.posts[0]
    assert {k.lower(): v for k, v in headers.items()}["x-csrftoken"] == "from-the-form"
    submission = read(body)
    assert submission.platform == "WEB"
    told = submission.attributes
    assert told["browser"] == "CHROME"
    assert {"canvas", "fonts", "audio", "math", "timezone", "cpu_cores"} <= set(told)
    evidence = sum(ATTRIBUTES[name].weight for name in told)
    assert evidence > Thresholds().alike_evidence
    assert len(body) < 2048


def test_no_drawing_font_or_card_leaves_the_browser_in_clear(browser, desk):
    visit(browser, desk)
    _, body = desk.posts[0]
    for word in (b"data:image", b"Arial", b"SwiftShader", b"ANGLE", b"Mozilla", b"Sans"):
        assert word not in body


def test_the_same_browser_without_its_cookie_is_wholly_alike_and_another_setting_is_not(
    browser, desk
):
    visit(browser, desk)
    visit(browser, desk)
    phone = {
        "user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
        "viewport": {"width": 390, "height": 844},
        "screen": {"width": 390, "height": 844},
        "device_scale_factor": 3,
        "has_touch": True,
        "locale": "tl-PH",
        "timezone_id": "Asia/Manila",
    }
    visit(browser, desk, **phone)
    first, again, other = (read(body).attributes for _, body in desk.posts)
    assert compare(first, again).similarity == 1
    assert other["os"] == "IOS"
    assert other["os_major"] == 17
    assert compare(first, other).similarity < Thresholds().same


def test_without_the_library_the_plain_facts_still_arrive(browser, desk):
    outcome, *_ = visit(browser, desk, "/bare")
    assert outcome == "registered"
    told = read(desk.posts[0][1]).attributes
    assert {"os", "browser", "screen_long", "language"} <= set(told)
    assert "canvas" not in told


def test_where_frames_do_not_load_the_rest_is_still_told(browser, desk):
    no_frames = """
        const make = document.createElement.bind(document);
        document.createElement = (tag, ...rest) => make(tag === 'iframe' ? 'p' : tag, ...rest);
    """
    outcome, *_ = visit(browser, desk, prelude=no_frames)
    assert outcome == "registered"
    told = read(desk.posts[0][1]).attributes
    assert {"canvas", "audio", "webgl_extensions"} <= set(told)
    assert "fonts" not in told


def test_a_server_that_refuses_does_not_break_the_page(browser, desk):
    outcome, *_ = visit(browser, desk, "/broken")
    assert outcome == "failed"


def test_a_browser_without_scripts_still_gets_its_page(browser, desk):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(desk.url)
    assert "works without JavaScript" in page.locator("noscript").inner_text()
    context.close()
    assert desk.posts == []


def test_the_vendored_library_is_the_published_file():
    folder = STATIC / "vendor" / "fingerprintjs"
    digest = sha256((folder / "fp.umd.min.js").read_bytes()).hexdigest()
    assert digest in (folder / "VERSION").read_text()
    assert (folder / "LICENSE").read_text().startswith("MIT License")


def test_the_part_of_the_library_that_phones_home_is_never_called():
    ours = (STATIC / "js" / "device.js").read_text()
    assert "library.load(" not in ours
    assert "FingerprintJS.load(" not in ours
    assert "eval(" not in ours
