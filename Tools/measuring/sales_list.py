"""How long the page of processed sales takes with few sales and with many, through the real pos-service."""

import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from launcher import demo
from launcher.product import Product
from launcher.web import Client

from .archive import Archive

FEW = 1_000
ROUNDS = 200
ROWS = "/pos/pages/processed-sales/rows"


@dataclass(frozen=True)
class Figures:
    median: float
    p99: float


def measure(folder: Path, many: int, binaries: Path, tell: Callable[[str], None] = print) -> None:
    """Prints median and 99th percentile in milliseconds of every look at the list, with `FEW` and with `many` sales.

    The file is filled twice by the same rule; the service is started anew for each, and every look is taken once before it
    is timed."""
    with Product(folder, services=["pos-service"], with_simulator=False, with_mail_sink=False, with_front_door=False,
                 binaries=binaries) as product:
        found = {count: looked_at(product, count) for count in (FEW, many)}
        size = product.database_path("pos-service").stat().st_size / 1e9
    tell(f"{'milliseconds':44} {FEW:>10,} sales   {many:>10,} sales   ratio of medians ({size:.1f} GB)")
    for what, few in found[FEW].items():
        much = found[many][what]
        tell(f"{what:44} p50 {few.median:5.1f} p99 {few.p99:5.1f}   p50 {much.median:5.1f} p99 {much.p99:5.1f}   "
             f"{much.median / few.median:5.2f}")


def looked_at(product: Product, count: int) -> dict[str, Figures]:
    file = product.database_path("pos-service")
    product.stop_service("pos-service")
    with sqlite3.connect(file) as database:
        database.executescript("DELETE FROM sale_payment; DELETE FROM sale;")
    database.close()
    Archive().write(file, count)
    product.start_service("pos-service")
    product.wait_ready("pos-service")
    client = Client(product.url("pos-service"))
    answer = client.post("/pos/api/session", demo.sign_in(demo.tenants()[0]["id"], "kari"))
    assert answer.status < 300, answer.text
    return {what: timed(client, pages) for what, pages in looks(file).items()}


def looks(file: Path) -> dict[str, list[tuple[str, str]]]:
    """Addresses by what they show, each with words its answer must have."""
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)

    def rows(sql: str) -> list[tuple]:
        return database.execute(sql).fetchall()

    spread = rows("SELECT id, identifier, started_at FROM sale WHERE rowid % max(1, (SELECT count(*) FROM sale) / 97) = 0")
    references = [text for text, in rows("SELECT reference FROM sale_payment WHERE reference IS NOT NULL LIMIT 40")]
    oldest = rows("SELECT id, identifier, started_at FROM sale ORDER BY started_at, id LIMIT 26")
    till = demo.tenants()[0]["agentInstances"][0]["id"]
    database.close()
    days = sorted({time.strftime("%Y-%m-%d", time.gmtime(at / 1000)) for _, _, at in spread})
    more = [(f"{ROWS}?cursor={at}.{identity}", "<tr>") for identity, _, at in spread[3:]]
    return {
        "first page": [("/pos/pages/processed-sales", "<tr>")],
        "next page, anywhere": more,
        "last page": [(f"{ROWS}?cursor={oldest[-1][2]}.{oldest[-1][0]}", oldest[0][1])],
        "search: number of a sale": [(f"{ROWS}?search={number}", number) for _, number, _ in spread],
        "search: digits alone": [(f"{ROWS}?search={number.split('-')[1]}", number) for _, number, _ in spread],
        "search: first digits": [(f"{ROWS}?search=OSL-10", "<tr>"), (f"{ROWS}?search=1000", "<tr>")],
        "search: payment reference": [(f"{ROWS}?search={text}", text[:11]) for text in references],
        "search: nothing found": [(f"{ROWS}?search=OSL-999999999", "empty"), (f"{ROWS}?search=XYZ", "empty")],
        "day": [(f"{ROWS}?day={day}", "rows") for day in days],
        "state: completed": [(f"{ROWS}?state=completed", "<tr>")],
        "state: parked": [(f"{ROWS}?state=parked", "<tr>")],
        "state: aborted": [(f"{ROWS}?state=abandoned", "<tr>")],
        "till": [(f"{ROWS}?till={till}", "<tr>")],
        "paid with Vipps": [(f"{ROWS}?kind=vipps-epayment", "<tr>")],
        "paid in cash": [(f"{ROWS}?kind=cash", "<tr>")],
        "needs attention": [(f"{ROWS}?attention=yes", "rows")],
        "needs attention, of one till, in cash": [(f"{ROWS}?attention=yes&till={till}&kind=cash", "rows")],
        "parked, of one till": [(f"{ROWS}?state=parked&till={till}", "rows")],
        "aborted, paid with Vipps: there is none": [(f"{ROWS}?state=abandoned&kind=vipps-epayment", "empty")],
        "a day, of one till, paid with Vipps": [(f"{ROWS}?day={day}&till={till}&kind=vipps-epayment", "rows") for day in days],
        "View sale": [(f"/pos/pages/sales/{identity}", number) for identity, number, _ in spread],
    }


def timed(client: Client, pages: list[tuple[str, str]]) -> Figures:
    for path, words in pages:
        answer = client.get(path)
        assert answer.status == 200 and words in answer.text, f"{path}: {answer.status}, without {words}"
    milliseconds = sorted(one_by_one(client, pages))
    return Figures(statistics.median(milliseconds), milliseconds[int(len(milliseconds) * 0.99)])


def one_by_one(client: Client, pages: list[tuple[str, str]]) -> Iterator[float]:
    for _, (path, _) in zip(range(ROUNDS), cycle(pages), strict=False):
        start = time.perf_counter()
        client.get(path)
        yield (time.perf_counter() - start) * 1000
