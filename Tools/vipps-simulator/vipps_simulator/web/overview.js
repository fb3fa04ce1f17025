// The overview: what stands, what was asked, portal acts and faults.
import { ask, h, money } from "/web/dom.js";

const $ = (id) => document.getElementById(id);
const tones = { AUTHORIZED: "good", ABORTED: "bad", EXPIRED: "warn", TERMINATED: "warn" };
let drawn = "", unitsDrawn = "";

async function attempt(work) {
  try {
    await work();
    $("trouble").hidden = true;
  } catch (error) {
    $("trouble").textContent = error.message;
    $("trouble").hidden = false;
  }
}

const post = (path, body) => attempt(async () => { await ask("POST", `/control/${path}`, body); await refresh(); });

function table(id, heads, rows, empty) {
  const place = $(id);
  if (rows.length === 0) return place.replaceChildren(h("tbody", {}, h("tr", {}, h("td", { class: "soft" }, empty))));
  place.replaceChildren(
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", head.startsWith("=") ? { class: "money" } : {}, head.replace("=", ""))))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, index) =>
      h("td", heads[index].startsWith("=") ? { class: "money" } : {}, cell))))));
}

async function refresh() {
  const [units, books, payments, faults, deliveries, calls, clock] = await Promise.all([
    "sales-units", "books", "payments?limit=60", "faults", "deliveries?limit=12", "requests?limit=15", "clock",
  ].map((path) => ask("GET", `/control/${path}`)));
  $("clock").textContent = clock.now.slice(0, 19).replace("T", " ") + " UTC" + (clock.frozen ? " (stands still)" : "");
  const mark = JSON.stringify([units, books, payments, faults, deliveries, calls]);
  if (mark === drawn) return;
  drawn = mark;
  drawBooks(units, books);
  const mine = JSON.stringify(units);
  if (mine !== unitsDrawn) { unitsDrawn = mine; await drawKeys(units); }
  drawPayments(payments, books);
  table("faults", ["Kind", "Operation", "For", "Used", ""], faults.map((fault) => [
    fault.kind, (fault.operation ?? ["all"]).join(", "), fault.reference ?? fault.event ?? "all",
    `${fault.used} of ${fault.count ?? "∞"}`,
    h("button", { class: "slim danger", onclick: () => attempt(async () => {
      await ask("DELETE", `/control/faults/${fault.id}`); await refresh();
    }) }, "Remove"),
  ]), "None. Everything works.");
  table("deliveries", ["Event", "Reference", "Tries", "State"], deliveries.reverse().map((delivery) => [
    delivery.event.replace("epayments.payment.", "").replace(".v1", ""), h("code", {}, delivery.reference ?? "check-in"),
    String(delivery.attempts.length),
    h("span", { class: `tag ${delivery.state === "delivered" ? "good" : delivery.state === "queued" ? "warn" : "bad"}` }, delivery.state),
  ]), "Nothing was sent yet.");
  table("calls", ["Time", "Operation", "MSN", "Reference", "Key", "Status"], calls.reverse().map((call) => [
    call.time.slice(11, 23), call.operation, call.msn ?? "", h("code", {}, call.reference ?? ""), h("code", {}, call.idempotencyKey ?? ""),
    h("span", { class: `tag ${call.status < 300 ? "good" : "bad"}` },
      `${call.status ?? "…"}${call.replySent === false ? " not sent" : ""}${call.replayed ? " repeat" : ""}`),
  ]), "Nobody has called yet.");
}

function drawBooks(units, books) {
  table("books", ["MSN", "Name", "=Payments", "=Authorized", "=Captured", "=Refunded", "=Cancelled", "Push"], units.map((unit) => {
    const sums = books[unit.msn];
    const sum = (value) => money(value, sums.currency, unit.market);
    return [unit.msn, unit.name, String(sums.payments), sum(sums.authorized), sum(sums.captured), sum(sums.refunded), sum(sums.cancelled),
      h("span", { class: `tag ${unit.pushApproved ? "good" : "bad"}` }, unit.pushApproved ? "approved" : "not approved")];
  }), "None.");
}

function copied(text) {
  return h("button", { class: "copy", title: "Copy", onclick: async (event) => {
    const shown = event.currentTarget;
    await navigator.clipboard.writeText(text);
    shown.textContent = "Copied";
    setTimeout(() => { shown.textContent = text; }, 1200);
  } }, text);
}

async function drawKeys(units) {
  const names = Object.fromEntries(units.map((unit) => [unit.msn, unit.name]));
  table("keys", ["MSN", "client_id", "client_secret", "Ocp-Apim-Subscription-Key"], (await ask("GET", "/portal/keys")).map((keys) => [
    h("span", {}, keys.msns.map((msn) => h("span", { class: "line" }, h("strong", {}, msn), ` ${names[msn] ?? ""}`))),
    copied(keys.clientId), copied(keys.clientSecret), copied(keys.subscriptionKey),
  ]), "None.");
}

function drawPayments(payments, books) {
  $("count").textContent = String(Object.values(books).reduce((sum, row) => sum + row.payments, 0));
  table("payments", ["Reference", "MSN", "Customer", "State", "=Amount", "=Captured", "=Refunded", "=Cancelled", "Portal"],
    payments.reverse().map((payment) => {
      const { capturedAmount, refundedAmount, cancelledAmount, authorizedAmount } = payment.aggregate;
      const sum = (amount) => amount.value === 0 ? "–" : money(amount.value, amount.currency, { DKK: "DK", EUR: "FI" }[amount.currency] ?? "NO");
      const where = { msn: payment.msn, reference: payment.reference };
      const open = authorizedAmount.value - capturedAmount.value - cancelledAmount.value;
      return [h("code", {}, payment.reference), payment.msn, payment.customer ?? "–",
        h("span", { class: `tag ${tones[payment.state] ?? ""}` }, payment.processing ? "at the bank" : payment.state),
        sum(payment.amount), sum(capturedAmount), sum(refundedAmount), sum(cancelledAmount),
        h("span", { class: "actions" },
          capturedAmount.value > refundedAmount.value && h("button", { class: "slim", onclick: () => post("portal/refund", where) }, "Refund"),
          (open > 0 || payment.state === "CREATED") && h("button", { class: "slim danger", onclick: () => post("portal/cancel", where) }, "Cancel"))];
    }), "None yet. A till creates the first one.");
}

const kinds = ["drop-reply", "drop-request", "late-reply", "late-work", "no-reply", "rate-limited", "locked", "error-500", "unavailable",
  "unauthorized", "approve-before-cancel", "approve-after-cancel", "decline-before-cancel", "processing-before-cancel",
  "webhook-lose", "webhook-forge", "webhook-repeat", "webhook-delay", "webhook-shuffle"];
const operations = ["*", "create", "get", "events", "capture", "cancel", "refund", "token"];
$("kinds").replaceChildren(...kinds.map((kind) => h("option", {}, kind)));
$("operations").replaceChildren(...operations.map((name) => h("option", { value: name }, name === "*" ? "all" : name)));
$("fault").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const wish = { kind: form.get("kind"), count: form.get("count") === "" ? null : Number(form.get("count")) };
  if (form.get("reference")) wish.reference = form.get("reference");
  const about = wish.kind.startsWith("webhook") || wish.kind.endsWith("-cancel");
  if (!about) wish.operation = form.get("operation");
  if (["late-reply", "late-work", "webhook-delay"].includes(wish.kind)) wish.seconds = 20;
  post("faults", wish);
});
for (const button of document.querySelectorAll("[data-post]")) {
  button.addEventListener("click", () => post(button.dataset.post, JSON.parse(button.dataset.body)));
}
setInterval(() => { if (!document.hidden) attempt(refresh); }, 1500);
attempt(refresh);
