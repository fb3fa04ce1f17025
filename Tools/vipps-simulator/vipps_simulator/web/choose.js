// Chooses a customer; on /landing?token=... the chosen one opens that payment.
import { ask, h, showHour } from "/web/dom.js";

const token = location.pathname === "/landing" ? new URLSearchParams(location.search).get("token") : null;
const words = {
  manual: "decides by hand", approves: "approves by itself", declines: "declines by itself", slow: "takes a long time",
  "no-card": "has no card", "expired-card": "has an expired card", unknown: "is no user",
  "approves-before-cancel": "approves as the shop cancels", "approves-after-cancel": "approves just too late",
  "processing-before-cancel": "is at the bank as the shop cancels",
};
const countries = { NO: "Norway", DK: "Denmark", FI: "Finland", SE: "Sweden" };

async function open(person) {
  if (token) await ask("POST", `/control/customers/${person.phone}/scan`, { token });
  location.href = `/phone/${person.phone}`;
}

showHour();
if (token) {
  document.getElementById("title").textContent = "Who pays?";
  document.getElementById("hint").textContent = "The chosen customer gets the request on the phone.";
}
const people = (await ask("GET", "/control/customers")).filter((person) => person.behaviour !== "unknown");
document.getElementById("people").replaceChildren(...people.map((person) => h("li", {},
  h("button", { class: "row", onclick: () => open(person) },
    h("span", { class: "face", "aria-hidden": "true" }, person.name.split(" ").map((part) => part[0]).join("").slice(0, 2)),
    h("span", { class: "grow" },
      h("span", { class: "pair" }, h("strong", {}, person.name), h("span", { class: "soft small" }, countries[person.market] ?? person.market)),
      h("span", { class: "soft small number whole" }, `+${person.phone} · ${words[person.behaviour] ?? person.behaviour}`))))));
