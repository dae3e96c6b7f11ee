"""The named endpoints, and how to make their requests."""

import json
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import psycopg

from benchmarks import load

EMAIL, PASSWORD = "free@demo.example", "ottsite-demo"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Catalogue:
    """What is in it: genres, and some titles at random that anybody may see."""

    genres: Sequence[str]
    slugs: Sequence[str]


@dataclass(frozen=True)
class Site:
    port: int
    catalogue: Catalogue


@dataclass(frozen=True)
class Case:
    """A named endpoint: how to make its nth request, and how many at once."""

    name: str
    prepare: Callable[[Site], load.Request]
    connections: int = 16
    most: int = 200_000
    of_catalogue: bool = False


def constant(method: str, path: str, **parts: Any) -> load.Request:
    data = load.request(method, path, **parts)
    return lambda _: data


def signed_in(path: str) -> Callable[[Site], load.Request]:
    return lambda site: constant("GET", path, token=sign_in(site.port))


def wrong_password(site: Site) -> load.Request:
    body = json.dumps({"email": EMAIL, "password": "not the password"}).encode()
    return constant("POST", "/api/v1/auth/login", body=body)


def register(port: int, email: str) -> None:
    """A new account with a profile, and the password of all."""
    body = {"email": email, "password": PASSWORD}
    call(port, "/api/v1/auth/register", body)
    access = call(port, "/api/v1/auth/login", body)["access"]
    call(port, "/api/v1/profiles", {"name": "Somebody"}, access)


def sign_in(port: int, email: str = EMAIL) -> str:
    """An access token with a profile."""
    body = {"email": email, "password": PASSWORD}
    access = call(port, "/api/v1/auth/login", body)["access"]
    profile = call(port, "/api/v1/profiles", None, access)["results"][0]["id"]
    return str(call(port, f"/api/v1/profiles/{profile}/select", {}, access)["access"])


def call(port: int, path: str, body: Any, token: str = "") -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = JSON | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers)
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 loopback
        return json.load(response)


# --- The catalogue -----------------------------------------------------------------------------------


def count_titles(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT count(*) FROM catalog_title").fetchone()
    return int(found[0]) if found else 0


def look_at(database_url: str) -> Catalogue:
    """Every genre, and titles for grown-ups and children that are free to be seen anywhere."""
    genres = "SELECT slug FROM catalog_genre ORDER BY slug"
    slugs = """
        SELECT slug FROM catalog_listing WHERE maturity <= 16 AND EXISTS (
            SELECT 1 FROM catalog_listingwindow WHERE listing_id = title_id AND scope = 'everywhere'
            AND (starts_at IS NULL OR starts_at <= now()) AND (ends_at IS NULL OR ends_at > now())
        ) ORDER BY random() LIMIT 20000"""
    with psycopg.connect(database_url) as connection:
        found = [[row[0] for row in connection.execute(query)] for query in (genres, slugs)]
    return Catalogue(*found)


def list_by_genre(site: Site, token: str = "", *, anew: bool = False) -> load.Request:
    """20 cards of a genre at random. `anew`: no two questions are alike, so none is answered from memory."""
    dice = Random(7)  # noqa: S311 it has to repeat itself
    genres = [dice.choice(site.catalogue.genres) for _ in range(500)]
    paths = [f"/api/v1/titles?genre={genre}&order=popular&page_size=20" for genre in genres]
    if anew:
        return lambda n: load.request("GET", f"{paths[n % 500]}&n={n}", token=token)
    requests = [load.request("GET", path, token=token) for path in paths]
    return lambda n: requests[n % 500]


def newest(site: Site) -> load.Request:
    return lambda n: load.request("GET", f"/api/v1/titles?order=newest&n={n}")


def one_title(site: Site, *, anew: bool = False) -> load.Request:
    """Titles as viewers ask for them: the nth most asked for 1/n as often as the first. `anew`: all alike."""
    dice = Random(7)  # noqa: S311 it has to repeat itself
    requests = [load.request("GET", f"/api/v1/titles/{slug}") for slug in site.catalogue.slugs]
    if not anew:
        weights = [1 / (rank + 1) for rank in range(len(requests))]
        requests = dice.choices(requests, weights, k=50_000)
    return lambda n: requests[n % len(requests)]


CASES = [
    Case("healthz", lambda _: constant("GET", "/healthz")),
    Case("no such route", lambda _: constant("GET", "/api/v1/nowhere")),
    Case("refused (401)", lambda _: constant("GET", "/api/v1/account")),
    Case("profiles", signed_in("/api/v1/profiles")),
    Case("account", signed_in("/api/v1/account")),
    Case("login (bcrypt)", wrong_password, connections=2),
    Case("titles of a genre", list_by_genre, of_catalogue=True),
    Case("titles of a genre, anew", lambda site: list_by_genre(site, anew=True), of_catalogue=True),
    Case("titles, signed in", lambda site: list_by_genre(site, sign_in(site.port)), of_catalogue=True),
    Case("newest titles, anew", newest, of_catalogue=True),
    Case("one title", one_title, of_catalogue=True),
    Case("one title, anew", lambda site: one_title(site, anew=True), of_catalogue=True),
]
