"""Looking at a page as it stands: what axe-core finds, what scrolls sideways, what a finger would miss. Every look is taken
wide and narrow, light and dark."""

from dataclasses import dataclass, field

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from till import Till

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
AXE = {"resultTypes": ["violations"], "preload": False, "selectors": False}
WCAG = {**AXE, "rules": {"target-size": {"enabled": True}},
        "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLOURS = {**AXE, "runOnly": {"type": "rule", "values": ["color-contrast"]}}
"""All that the other theme changes."""

SIDEWAYS = """() => {
    const right = element => element.getBoundingClientRect().right;
    const widest = part => [...part.querySelectorAll("*")]
        .filter(child => child.checkVisibility() && !child.closest(".hidden"))
        .reduce((most, child) => right(child) >= right(most) ? child : most, part.firstElementChild);
    return [document.scrollingElement, ...document.querySelectorAll("#main, .card, dialog[open], .dialog-body, .display")]
        .filter(part => part.scrollWidth > part.clientWidth + 1)
        .map(part => `${part.tagName}.${part.className} is ${part.scrollWidth - part.clientWidth} px too wide by `
            + widest(part).outerHTML.slice(0, 100));
}"""

# A target is what a finger hits: the element, its label, and whatever else leads to it. Links within a sentence are exempt,
# as in WCAG's own rule; they are as high as their line.
TARGETS = """() => {
    const scope = [...document.querySelectorAll("dialog[open], .menu[open] .menu-items")].pop() ?? document;
    const side = 48, slack = 0.5;
    const shown = element => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
        && element.getBoundingClientRect().width > 1 && !element.closest(".hidden, .skip, [inert]");
    const inSentence = element => element.matches("a") && getComputedStyle(element).display === "inline"
        && element.parentElement.innerText.trim().length > element.innerText.trim().length;
    const boxOf = element => (element.matches("[type=checkbox], [type=radio]") && element.closest("label") || element).getBoundingClientRect();
    const isHit = element => {
        element.scrollIntoView({ block: "center", inline: "nearest" });
        const box = boxOf(element), x = box.x + box.width / 2, y = box.y + box.height / 2, reach = side / 2 - 1;
        const owner = element.closest("label") ?? element;
        return [[x - reach, y], [x + reach, y], [x, y - reach], [x, y + reach]].every(([left, top]) => {
            const hit = document.elementFromPoint(left, top);
            return hit && (owner.contains(hit) || hit.control === element);
        });
    };
    const told = element => {
        const box = boxOf(element);
        return `${element.outerHTML.replace(/\\s+/g, " ").slice(0, 120)} is ${Math.round(box.width)} x ${Math.round(box.height)}`;
    };
    const controls = [...scope.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
        .filter(element => shown(element) && !element.disabled && !inSentence(element));
    const small = controls.filter(element => {
        const box = boxOf(element);
        return Math.min(box.width, box.height) < side - slack && !isHit(element);
    }).map(told);
    const gap = (a, b) => Math.max(a.left - b.right, b.left - a.right, a.top - b.bottom, b.top - a.bottom);
    const beside = [];
    for (const danger of controls.filter(element => element.matches(".danger")))
        for (const primary of controls.filter(element => element.matches(".primary")))
            if (gap(danger.getBoundingClientRect(), primary.getBoundingClientRect()) < 32)
                beside.push(`${danger.innerText} stands beside ${primary.innerText}`);
    return [...small, ...beside];
}"""


@dataclass
class Looks:
    """Takes looks at one browser's pages and keeps what is wrong, so that one walk tells all of it."""

    till: Till
    with_axe: bool = True
    with_targets: bool = False
    found: list[str] = field(default_factory=list)

    def look(self, name: str, page: Page | None = None) -> None:
        page = page or self.till.page
        for width, size in (("narrow", NARROW), ("wide", WIDE)):
            page.set_viewport_size(size)
            self._keep(name, width, page.evaluate(SIDEWAYS))
            if self.with_targets:
                self._keep(name, width, page.evaluate(TARGETS))
            for theme, rules in (("dark", COLOURS), ("light", WCAG)):
                page.emulate_media(color_scheme=theme)
                if self.with_axe:
                    self._keep(name, f"{width} {theme}", violations(page, rules))

    def _keep(self, name: str, how: str, faults: list[str]) -> None:
        self.found += [f"{name}, {how}: {fault}" for fault in faults]

    def report(self) -> None:
        """Fails with everything that was found on the way."""
        assert not self.found, f"{len(self.found)} findings:\n" + "\n".join(self.found)


# axe-core calls a target too small while a bar that stays in sight covers half of it; what scrolls out from under the
# bar is asked again where it stands free.
RUN_AXE = """async rules => {
    const scope = [...document.querySelectorAll("dialog[open], .menu[open] .menu-items")].pop() ?? document;
    const { violations } = await axe.run(scope, { ...rules, elementRef: true });
    const isCovered = async node => {
        node.element.scrollIntoView({ block: "center" });
        const again = await axe.run(node.element, { runOnly: { type: "rule", values: ["target-size"] } });
        return again.violations.length === 0;
    };
    const told = [];
    for (const { id, help, nodes } of violations) for (const node of nodes) {
        if (id === "target-size" && await isCovered(node)) continue;
        const why = [...node.any, ...node.all, ...node.none].map(check => check.message).join(" ");
        told.push(`${id}: ${help}: ${node.html.slice(0, 160)} ${why}`);
    }
    return told;
}"""


def violations(page: Page, rules: dict = WCAG) -> list[str]:
    """What axe-core has against the page as it stands, or against the dialog or menu that lies over it: WCAG 2.2 A and AA.
    Its source is given to the page by the debugger, so the Content-Security-Policy stays as strict as it is."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(RUN_AXE, rules)
