"""The disk is full, or answers with I/O errors. New work is refused with a clear word, nothing acknowledged is lost, no
message is taken for poison, and all goes on by itself when the disk is well again."""

import random
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from launcher.product import Product
from launcher.waiting import wait_until
from launcher.web import Answer, Client

from .disk import FILE_SYNCS, SYNCS, WRITES, Disks
from .disk.mounted import SmallFileSystem, small_file_system
from .figures import Figures
from .promises import Operator, Promises, WitnessedTill
from .shop import Shop
from .till import PATIENCE, Person, checked, new_id

WHAT = "the disk full, and I/O errors at every n-th write and sync, of one service or of all"

CHECKPOINT_WITHIN = 120
"""Seconds of sales until SQLite's log has become long enough to be copied into the file."""
SPACE_MAX = 60_000
"""Bytes that are left when a disk becomes full: between none and a few commits."""


def add_options(words: ArgumentParser) -> None:
    words.add_argument("--rounds", type=int, default=10, help="how often a disk fills up or fails (10)")
    words.add_argument("--seconds", type=float, default=5, help="how long each time (5)")
    words.add_argument("--at-once", type=int, default=8, help="sales under way at a time (8)")


def run(options: Namespace, figures: Figures) -> None:
    with figures.workplace() as folder, small_file_system(Path(folder) / "state" / "data") as mounted:
        disks = Disks(Path(folder) / "disks")
        with Product(Path(folder) / "state", environment=disks.environment) as product:
            drill = Drill(product, disks, mounted, figures, options)
            kinds = [drill.full, drill.failing, drill.full_at_start, drill.failed_syncs, drill.failed_checkpoint]
            if mounted:
                kinds.insert(1, drill.really_full)
            while figures.rounds < options.rounds and not figures.violations:
                kinds[figures.rounds % len(kinds)]()
                drill.come_to_rest()
                figures.rounds += 1
            drill.shop.close()
            figures.more |= {"small file system": "mounted" if mounted else "only root may mount one",
                             "requests refused": drill.refused.count, "services that ended": drill.ended,
                             **drill.counts()}


class Refusals:
    """Requests that were refused, and those that were refused in a way that tells nobody what to do."""

    def __init__(self) -> None:
        self.count, self.bad = 0, dict[str, str]()
        self._lock = threading.Lock()

    def judge(self, answer: Answer, what: str) -> bool:
        """Whether it was refused. A refusal names the database and says what to do."""
        if answer.status < 500:
            return False
        words = answer.text
        is_clear = (answer.status == 503 and "problem+json" in (answer.headers["Content-Type"] or "")
                    and "database" in words and "pace" in words)
        with self._lock:
            self.count += 1
            if not is_clear:
                self.bad.setdefault(f"{what} was answered with {answer.status}", words[:300])
        return True


class PatientTill(WitnessedTill):
    """A till that repeats the same command while it is refused for want of a disk, as a cashier does."""

    def __init__(self, product: Product, number: int, refusals: Refusals):
        self._refusals = refusals
        super().__init__(product, number)

    def insist(self, path: str, body: dict) -> dict:
        def attempt() -> Answer | None:
            try:
                answer = self.pos.post(path, body)
            except OSError:
                return None
            return None if self._refusals.judge(answer, path) else answer

        return self.remember(checked(wait_until(attempt, PATIENCE * 2, f"pos-service to take {path}")).json())


class Drill:
    def __init__(self, product: Product, disks: Disks, mounted: SmallFileSystem | None, figures: Figures,
                 options: Namespace):
        self.product, self.disks, self.mounted, self.figures = product, disks, mounted, figures
        self.seconds, self.at_once = options.seconds, options.at_once
        self.chance = random.Random(figures.seed)
        self.refused, self.ended = Refusals(), 0
        self.shop = Shop(product, figures.seed, options.at_once)
        self.tills = [PatientTill(product, number, self.refused) for number in (0, 1)]
        self.shop.tills = list(self.tills)
        self.administrator, self.operator = Person(product), Operator(product)

    # What goes wrong

    def full(self) -> None:
        """The file system of one service, or of all, fills up; then somebody makes room."""
        victims = self._victims()
        for name in victims:
            self.disks[name].limit(self.chance.randint(0, SPACE_MAX))
        self._sell_for(self.seconds)
        for name in victims:
            self.disks[name].limit(0)
        for name in victims:
            self._must_say_so(name)
        self._mended(victims)

    def really_full(self) -> None:
        """The file system under all four services is full, in the kernel's own way."""
        self.mounted.fill(self.chance.randint(0, SPACE_MAX))
        self._sell_for(self.seconds)
        for name in ("pos-service", "financial-service"):
            self._must_say_so(name, is_refused=lambda: True)
        self.mounted.make_room()
        self._mended(self.product.services)

    def failing(self) -> None:
        """Every n-th write or sync of one service, or of all, fails."""
        victims = self._victims()
        for name in victims:
            self.disks[name].fail(self.chance.randint(2, 20), self.chance.choice((WRITES, SYNCS, WRITES | SYNCS)))
        self._sell_for(self.seconds)
        self._mended(victims)
        self._sell_for(1)
        self._cut_power(self.chance.choice(victims))

    def full_at_start(self) -> None:
        """A service is started on a full disk: it serves what it can, or ends with words that say why."""
        self._sell_for(1)
        name = self.chance.choice(self.product.services)
        self.product.kill(name)
        self.disks[name].limit(0)
        logged = len(self.product.log(name))
        self.product.start_service(name)
        process = self.product.processes[name]
        wait_until(lambda: not process.alive or self._answers(name), 30, f"{name} to start or to end on a full disk")
        if not process.alive:
            self._must_have_explained(name, self.product.log(name)[logged:])
        self.disks[name].mend()
        if not process.alive:
            self.product.start_service(name)
        self._mended([name])

    def failed_syncs(self) -> None:
        """Syncs fail, and the service is started anew: it reads what is not on the disk. Later the power goes."""
        name = self.chance.choice(self.product.services)
        for every in (3, 1):  # The last commit fails, and nothing is written over it any more.
            self.disks[name].fail(every, SYNCS)
            self._sell_for(self.seconds / 4)
        self.product.kill(name)
        self.disks[name].mend()
        self.product.start_service(name)
        self._mended([name])
        self._sell_for(1)
        self._cut_power(name)

    def failed_checkpoint(self) -> None:
        """The database file cannot be synced: the service ends, and a new one tells the file everything once more."""
        name = self.chance.choice(("pos-service", "vipps-gateway"))  # Those that write most.
        process = self.product.processes[name]
        self.disks[name].fail(1, FILE_SYNCS)
        deadline = time.monotonic() + CHECKPOINT_WITHIN
        while process.alive and time.monotonic() < deadline:
            self._sell_for(0.5)
        if process.alive:
            self.figures.violation(f"{name} goes on for {CHECKPOINT_WITHIN} s with a file that cannot be synced")
        self._mended([name])
        self._sell_for(1)
        self._cut_power(name)

    def _cut_power(self, name: str) -> None:
        """What became of the failures of before? Everything acknowledged must have reached the disk since."""
        self.product.kill(name)
        promises = Promises.of(self.product, [name], self.operator)
        self.disks[name].cut_power(self.product.database_path(name))
        for words in promises.broken(self.product, [name]):
            self.figures.violation(words)
        self.product.start_service(name)
        self._mended([name])

    def _victims(self) -> list[str]:
        services = self.product.services
        return list(services) if self.chance.random() < 0.3 else [self.chance.choice(services)]

    def _sell_for(self, seconds: float) -> None:
        """Sales go on; a service that ends meanwhile stays away."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.shop.in_flight < self.at_once:
                self.shop.sell()
            time.sleep(0.02)

    # What must be said

    def _must_say_so(self, name: str, is_refused: Callable[[], bool] | None = None) -> None:
        """With the disk full, work is refused, and readiness says why. Some work still fits into what there is."""
        is_refused = is_refused or (lambda: self.disks[name].count("refused") > 0)
        answer = None

        def said() -> bool:
            nonlocal answer
            self._write(name)
            if not is_refused():
                return False
            answer = Client(self.product.url(name)).get("/readyz")
            return answer.status == 503 and "database" in answer.text and "full" in answer.text

        try:
            wait_until(said, 20, f"{name} to say that its disk is full", every=0.02)
        except TimeoutError:
            if answer:
                self.figures.violation(f"the disk of {name} is full, and /readyz says {answer.status}: "
                                       f"{answer.text[:300]}")

    def _write(self, name: str) -> None:
        """Something that writes. The gateway and the relay do it for sales alone."""
        match name:
            case "pos-service":
                answer = self.tills[0].pos.post("/pos/api/sales", {"commandID": new_id()})
                self.refused.judge(answer, "a new sale")
            case "financial-service":
                option = {"commandID": new_id(), "name": f"Gift card {self.chance.randrange(10**9)}", "kind": "cash"}
                answer = self.administrator.finance.post("/financial/api/payment-options", option)
                self.refused.judge(answer, "a new payment option")
            case _:
                self._sell_for(0.1)

    def _must_have_explained(self, name: str, words: str) -> None:
        """A service may end for its disk's sake, with words; whoever supervises it starts it again."""
        code = self.product.processes[name].return_code
        if code != 74 or "disk" not in words and "sync" not in words or "Fatal error" in words:
            self.figures.violation(f"{name} ended with {code} and no clear word: {words[-300:]}")
        self.ended += 1

    # What must come right by itself

    def _answers(self, name: str) -> bool:
        try:
            return Client(self.product.url(name)).get("/healthz").status == 200
        except OSError:
            return False

    def _mended(self, victims: list[str]) -> None:
        """Everybody is ready again without help, but for a supervisor's."""
        self.figures.faults += 1
        for name in victims:
            self.disks[name].mend()
        for name in self.product.services:
            if not self.product.processes[name].alive:
                self._must_have_explained(name, self.product.log(name)[-1000:])
                self.product.start_service(name)
        with self.figures.recovery(), ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: self.product.wait_ready(name, seconds=60), self.product.services))

    def come_to_rest(self) -> None:
        with self.figures.recovery():
            self.shop.settle()
            found = self.shop.violations()
        found += [words for till in self.tills for words in till.broken()]
        found += [f"{what}: {words}" for what, words in self.refused.bad.items()]
        for words in found:
            self.figures.violation(words)
        self.shop.fill(self.figures)

    def counts(self) -> dict[str, object]:
        return {f"{what} by the disk": sum(disk.count(what) for disk in self.disks) for what in ("refused", "failed")}
