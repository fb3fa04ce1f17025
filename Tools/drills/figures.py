"""What a drill came to: one line of JSON for machines, one row of a table for people."""

import dataclasses
import json
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

from launcher.screen import say, table


@dataclass
class Figures:
    """The figures of one drill. `violations` are sentences that say what was broken; there must be none."""

    drill: str
    seed: int
    rounds: int = 0
    faults: int = 0
    """Kills, faults, attacks: what was done to the product."""
    sales: int = 0
    payments: int = 0
    moved: int = 0
    """Minor units that Vipps captured or refunded, whatever the currency."""
    slowest_recovery: float = 0
    """Seconds from the end of a fault until everything it held up had happened."""
    seconds: float = 0
    violations: list[str] = field(default_factory=list)
    more: dict[str, object] = field(default_factory=dict)
    """Figures of this drill alone, by name."""
    keep: bool = False
    """Whether logs and files are kept where something was violated."""

    @property
    def is_good(self) -> bool:
        return not self.violations and self.rounds > 0

    def violation(self, words: str) -> None:
        """Notes what must not have happened, and says it at once."""
        self.violations.append(words)
        say(f"  VIOLATION: {words}")

    def tell(self) -> None:
        """Says how far it is, for whoever waits for a long run."""
        say(f"  round {self.rounds}: {self.faults} faults, {self.sales} sales, {len(self.violations)} violations, "
            f"slowest recovery {self.slowest_recovery:.1f} s")

    @contextmanager
    def workplace(self):
        """A folder for the product's logs and files."""
        folder = tempfile.mkdtemp(prefix="drill-")
        is_whole = False
        try:
            yield folder
            is_whole = not self.violations
        finally:
            if self.keep and not is_whole:
                say(f"  Logs and files are kept in {folder}")
            else:
                shutil.rmtree(folder, ignore_errors=True)

    def recovered(self, seconds: float) -> None:
        self.slowest_recovery = max(self.slowest_recovery, seconds)

    @contextmanager
    def recovery(self):
        """Times the body as one recovery."""
        started = time.monotonic()
        yield
        self.recovered(time.monotonic() - started)

    def json(self) -> str:
        words = dataclasses.asdict(self)
        del words["keep"]
        words["seconds"], words["slowest_recovery"] = round(self.seconds, 1), round(self.slowest_recovery, 2)
        return json.dumps(words, ensure_ascii=False)


HEAD = ("drill", "seed", "rounds", "faults", "sales", "payments", "moved", "violations", "slowest recovery", "seconds")


def row(figures: Figures) -> tuple[str, ...]:
    return (figures.drill, str(figures.seed), str(figures.rounds), str(figures.faults), str(figures.sales),
            str(figures.payments), f"{figures.moved / 100:,.2f}".replace(",", " "), str(len(figures.violations)),
            f"{figures.slowest_recovery:.1f} s", f"{figures.seconds:.0f}")


def report(*all_figures: Figures) -> None:
    for figures in all_figures:
        say(figures.json())
    say(table([HEAD, *(row(figures) for figures in all_figures)]))
    for figures in all_figures:
        for name, value in figures.more.items():
            say(f"{figures.drill}: {name}: {value}")
