// The customer's phone: shows what /live tells, sends what the customer presses.
import { ask, h, money, showHour, svg, time } from "/web/dom.js";

const phone = location.pathname.split("/")[2];
const control = `/control/customers/${phone}`;
const $ = (id) => document.getElementById(id);
let view = null;
let clockAhead = 0;
let trouble = "";
let codes = [];
let seen = new Set();

const texts = {
  AUTHORIZED: ["Approved", "good"], ABORTED: ["Declined", "bad"], EXPIRED: ["Timed out", "warn"],
  TERMINATED: ["Cancelled by shop", "warn"],
};

function listen() {
  const live = new EventSource(`/phone/${phone}/live`);
  live.onmessage = (event) => {
    view = JSON.parse(event.data);
    clockAhead = view.now - Date.now() / 1000;
    $("offline").hidden = true;
    const arrived = view.pending.some((payment) => !seen.has(payment.reference));
    draw();
    fetchCodes();
    seen = new Set(view.pending.map((payment) => payment.reference));
    if (arrived) show("payments");
  };
  live.onerror = () => {
    $("offline").hidden = false;
    if (live.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
}

function draw() {
  $("name").textContent = view.name;
  $("number").textContent = `+${phone}`;
  $("face").textContent = view.name.split(" ").map((part) => part[0]).join("").slice(0, 2).toUpperCase();
  document.title = `${view.name}'s phone · Vipps simulator`;
  drawPayments();
  drawScan();
  drawCode();
}

function drawPayments() {
  const parts = view.pending.map(request);
  if (parts.length === 0) {
    parts.push(h("div", { class: "calm" },
      svg("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12.5l2.8 2.8L16 9.8"),
      h("h2", {}, "Nothing to pay"),
      h("p", { class: "soft" }, "A request from a shop appears here by itself.")));
  }
  if (view.history.length > 0) {
    parts.push(h("h2", { class: "title" }, "Activity"), h("ul", { class: "list" }, view.history.map(past)));
  }
  $("payments").replaceChildren(...parts);
  tick();
}

function request(payment) {
  const sum = (value) => money(value, payment.currency, view.market);
  return h("article", { class: seen.has(payment.reference) ? "request" : "request new", "aria-label": `Payment request from ${payment.shop}` },
    h("div", { class: "shop" },
      h("span", { class: "mark", "aria-hidden": "true" }, payment.shop[0]), payment.shop,
      h("span", { class: "left number", "data-until": payment.expiresAt })),
    h("div", { class: "sum number" }, sum(payment.amount)),
    h("p", { class: "soft" }, payment.description),
    payment.lines.length > 0 && h("ul", { class: "lines" }, payment.lines.map((line) => h("li", {},
      h("span", {}, line.quantity && line.quantity !== "1" ? `${line.quantity} × ${line.name}` : line.name),
      h("span", { class: "number" }, sum(line.isReturn ? -Math.abs(line.total) : line.total))))),
    payment.cardTrouble && h("p", { class: "note bad", role: "alert" }, `${payment.cardTrouble}. Try again or decline.`),
    payment.processing
      ? h("p", { class: "note warn", role: "status" }, "Your bank is confirming the payment…")
      : h("div", { class: "buttons" },
        h("button", { class: "primary", onclick: (event) => act(event, "approve", payment) }, `Approve ${sum(payment.amount)}`),
        h("button", { class: "quiet", onclick: (event) => act(event, "decline", payment) }, "Decline")),
    trouble && h("p", { class: "note bad", role: "alert" }, trouble));
}

function past(payment) {
  const sum = (value) => money(value, payment.currency, view.market);
  let [text, tone] = texts[payment.state] ?? [payment.state, ""];
  let paid = payment.amount;
  if (payment.state === "AUTHORIZED") {
    if (payment.captured > 0) [text, paid] = ["Paid", payment.captured];
    else if (payment.cancelled > 0) [text, tone] = ["Released", "warn"];
    if (payment.refunded > 0) {
      [text, tone] = [payment.refunded === payment.captured ? "Refunded" : `${sum(payment.refunded)} refunded`, "warn"];
    }
  }
  const nothingTaken = tone !== "good" && payment.captured === payment.refunded;
  return h("li", { class: "row" },
    h("span", { class: "mark", "aria-hidden": "true" }, payment.shop[0]),
    h("span", { class: "grow" },
      h("span", { class: "pair" }, h("strong", {}, payment.shop),
        h("strong", { class: nothingTaken ? "number struck" : "number" }, sum(paid))),
      h("span", { class: "pair" },
        h("span", { class: "soft small" }, time(payment.changedAt, view.market), payment.description && ` · ${payment.description}`),
        h("span", { class: `tag ${tone}` }, text))));
}

async function act(event, what, payment) {
  for (const button of event.target.parentElement.children) button.disabled = true;
  trouble = "";
  try {
    await ask("POST", `${control}/${what}`, { reference: payment.reference, msn: payment.msn });
  } catch (error) {
    trouble = error.message;
    drawPayments();
  }
}

// Scanning

function drawScan() {
  const field = document.activeElement?.id === "content" ? document.activeElement : $("content");
  const typed = field?.value ?? "";
  const focused = document.activeElement?.id === "content";
  $("scan").replaceChildren(
    scanned(),
    h("h2", { class: "title" }, "Codes at the tills"),
    codes.length > 0
      ? h("ul", { class: "list" }, codes.map((code) => h("li", {}, h("button", { class: "row", onclick: () => scan(code.content) },
        h("span", { class: "mark", "aria-hidden": "true" }, code.shop[0]),
        h("span", { class: "grow" }, h("strong", {}, code.place), h("span", { class: "soft small" }, code.shop))))))
      : h("p", { class: "note soft" }, "No till has a code yet. Codes the shop makes appear here."),
    h("h2", { class: "title" }, "Or the content of any code"),
    h("form", { class: "entry", onsubmit: (event) => { event.preventDefault(); scan($("content").value.trim()); } },
      h("input", { id: "content", "aria-label": "Content of a code", placeholder: "https://qr.vipps.no/…", autocomplete: "off", value: typed }),
      h("button", { class: "primary" }, "Scan")));
  if (focused) $("content").focus();
}

function scanned() {
  const last = view.scan;
  const fresh = last && view.now - last.at < 900;
  if (trouble) return h("div", { class: "status bad", role: "alert" }, h("h2", {}, "Not found"), h("p", {}, trouble));
  if (!fresh || last.status === "payment") return h("div", { hidden: true });
  if (last.status === "cannot-connect") {
    return h("div", { class: "status bad", role: "alert" }, h("h2", {}, "Can't connect to store"),
      h("p", {}, "Try scanning again or pay in another way."));
  }
  const waiting = last.status === "waiting";
  return h("div", { class: "status", role: "status" }, h("div", { class: "pulse" }),
    h("h2", {}, waiting ? `You are at ${last.place}` : "Connecting…"),
    h("p", { class: "soft" }, waiting ? `Waiting for ${last.shop} to send the amount.` : last.shop));
}

async function scan(content) {
  if (!content) return;
  trouble = "";
  try {
    const found = await ask("POST", `${control}/scan`, { qrContent: content, wait: false });
    if (found.outcome === "not-found") trouble = `${found.message}.`;
    if (found.outcome === "payment") show("payments");
  } catch (error) {
    trouble = error.message;
  }
  drawScan();
  document.querySelector("main").scrollTo({ top: 0 });
}

async function fetchCodes() {
  if ($("scan").hidden || !view) return;
  const found = await (await fetch("/phone/codes")).json();
  if (JSON.stringify(found) !== JSON.stringify(codes)) {
    codes = found;
    drawScan();
  }
}

// The own code

function drawCode() {
  if ($("code").dataset.shown === view.personalQr) return;
  $("code").dataset.shown = view.personalQr;
  const copied = h("span", {}, "Copy content");
  $("code").replaceChildren(
    h("img", { src: `/phone/${phone}/code.svg`, alt: "Your personal code" }),
    h("p", { class: "soft" }, "Show this to the till's scanner."),
    h("h2", { class: "title" }, "What is in it"), h("code", {}, view.personalQr),
    h("button", { class: "quiet", onclick: async () => {
      await navigator.clipboard.writeText(view.personalQr);
      copied.textContent = "Copied";
      setTimeout(() => { copied.textContent = "Copy content"; }, 1500);
    } }, copied));
}

// Tabs and time

function show(tab) {
  for (const button of document.querySelectorAll("[data-tab]")) {
    button.setAttribute("aria-selected", String(button.dataset.tab === tab));
    $(button.dataset.tab).hidden = button.dataset.tab !== tab;
  }
  history.replaceState(null, "", `#/${tab}`);
  trouble = "";
  if (tab === "scan") fetchCodes();
}

function tick() {
  for (const place of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.round(Number(place.dataset.until) - Date.now() / 1000 - clockAhead));
    place.textContent = left > 3600 ? `${Math.round(left / 3600)} h left`
      : `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left`;
  }
}

for (const button of document.querySelectorAll("[data-tab]")) button.addEventListener("click", () => show(button.dataset.tab));
if (["#/scan", "#/code"].includes(location.hash)) show(location.hash.slice(2));
setInterval(tick, 1000);
showHour();
setInterval(fetchCodes, 2000);
listen();
