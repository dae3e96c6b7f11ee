"""`python -m benchmarks.first_frame http://127.0.0.1:8000`: from pressing play to the first picture.

In Chromium, on a running site that has the accounts and films of `bin/demo`. Two ways, each so many times:
"session" is a page that is there (ask for a session, load it, first picture presented), "page" a watch page
from its navigation on, with a cold cache of scripts the first time only. Also what the player itself
tells (`startup_ms`, `manifest_ms`).
"""

import argparse
import statistics
import sys
from typing import Any

from playwright.sync_api import Page, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
HEARD = """document.addEventListener("ott-firstframe", ({ detail }) => {
    window.first = { at: performance.now(), ...detail };
});"""
SIGN_IN = """async ([email, password]) => {
    const { call, keep } = await import("/static/site/api.js");
    keep(await call("POST", "/auth/login", { email, password }));
    const { results } = await call("GET", "/profiles");
    const profile = results.find((one) => !one.has_pin) ?? await call("POST", "/profiles", { name: "Bench" });
    keep(await call("POST", `/profiles/${profile.id}/select`, {}));
}"""
PLAYER = """async () => {
    const style = { rel: "stylesheet", href: "/static/player/player.css" };
    document.head.append(Object.assign(document.createElement("link"), style));
    await import("/static/player/player.js");
    document.body.replaceChildren(document.createElement("ott-player"));
    const pause = () => new Promise((done) => setTimeout(done, 50));
    for (let tries = 0; !window.shaka && tries < 200; tries += 1) await pause();
}"""
SESSION = """async ([title, format]) => {
    const { call } = await import("/static/site/api.js");
    const player = document.querySelector("ott-player");
    const began = performance.now();
    const session = await call("POST", "/playback/sessions", { title, device_id: "bench" });
    const decided = performance.now();
    const first = new Promise((done) => {
        const heard = ({ detail }) => done([performance.now(), detail]);
        player.addEventListener("ott-firstframe", heard, { once: true });
    });
    await player.load(session, { format, startAt: 0 });
    const [shown, { startup_ms, manifest_ms }] = await first;
    await player.unload();
    const headers = { Authorization: `Bearer ${session.playback_token}` };
    await fetch(`/api/v1/playback/sessions/${session.session_id}/stop`, { method: "POST", headers });
    return { all: shown - began, decision: decided - began, startup: startup_ms, manifest: manifest_ms };
}"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_frame", description=__doc__)
    parser.add_argument("site")
    parser.add_argument("--title", default="big-buck-bunny")
    parser.add_argument("--format", choices=("dash", "hls"), default="dash")
    parser.add_argument("--starts", type=int, default=25)
    parser.add_argument("--email", default="premium@demo.example")
    parser.add_argument("--password", default="ottsite-demo")
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(given.site)
        page.evaluate(SIGN_IN, [given.email, given.password])
        page.evaluate(PLAYER)
        runs = [page.evaluate(SESSION, [given.title, given.format]) for _ in range(given.starts)]
        for name in ("all", "decision", "startup", "manifest"):
            tell(f"session, {name}", [one[name] for one in runs])
        pages = watched(page, given)
        if pages:
            tell("page, all", [one["at"] for one in pages])
            tell("page, startup", [one["startup_ms"] for one in pages])
        browser.close()


def watched(page: Page, given: argparse.Namespace) -> list[dict[str, Any]]:
    """First pictures of the watch page, if the site has one."""
    address = f"{given.site.rstrip('/')}/watch/{given.title}?format={given.format}"
    if page.request.get(address).status != 200:
        return []
    page.add_init_script(HEARD)
    found = []
    for _ in range(given.starts):
        page.goto(address, wait_until="commit")
        page.wait_for_function("() => window.first", timeout=30_000)
        found.append(page.evaluate("window.first"))
    return found


def tell(name: str, values: list[float]) -> None:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(len(ordered) * 0.95))]
    sys.stdout.write(
        f"{name:24} p50 {statistics.median(ordered):6.0f} ms   p95 {p95:6.0f} ms   of {len(ordered)}\n"
    )


if __name__ == "__main__":
    main()
