// The operator's page: asks each service about its bus, shows the answers, and retries or drops dead letters.
// Runs each time the page is shown, and ends with it.
"use strict";
(() => {
  const page = document.getElementById("operations");
  if (!page || page.dataset.runs) return;
  page.dataset.runs = "yes";
  const everyMilliseconds = 3000, patienceMilliseconds = 5000;
  /** @type {(name: string, from: ParentNode) => HTMLElement} */
  const slot = (name, from) => /** @type {HTMLElement} */ (from.querySelector(`[data-slot="${name}"]`));
  /** @type {(name: string) => HTMLElement} */
  const part = (name) => /** @type {HTMLElement} */ (page.querySelector(name));
  const numbers = new Intl.NumberFormat(document.documentElement.lang);
  const moments = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "medium" });
  /** @type {(template: string, texts: Record<string, string>) => HTMLElement} a row of the template with these texts */
  const row = (template, texts) => {
    const model = /** @type {HTMLTemplateElement} */ (part(template));
    const made = /** @type {HTMLElement} */ (model.content.firstElementChild?.cloneNode(true));
    for (const [name, text] of Object.entries(texts)) slot(name, made).textContent = text;
    return made;
  };
  /** @type {(address: string, method?: string) => Promise<any>} */
  const ask = async (address, method = "GET") => {
    const token = document.querySelector('meta[name="csrf"]')?.getAttribute("content") ?? "";
    const answer = await fetch(address, {
      method, headers: method === "GET" ? {} : { "X-CSRF-Token": token }, signal: AbortSignal.timeout(patienceMilliseconds),
    });
    if (answer.status === 401) location.assign("/pos/app/sign-in");
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({}));
      throw new Error(problem.detail ?? problem.title ?? String(answer.status));
    }
    return answer.status === 204 ? null : answer.json();
  };
  /** @type {(service: HTMLElement, health: any) => void} */
  const showService = (service, health) => {
    slot("asking", service).hidden = true;
    slot("up", service).hidden = !health?.isReady;
    slot("troubled", service).hidden = !health || health.isReady;
    slot("down", service).hidden = !!health;
    slot("troubles", service).textContent = (health?.troubles ?? []).join("; ");
    slot("dead", service).textContent = health ? numbers.format(health.deadLetters) : "–";
    const lag = (health?.streams ?? []).reduce((/** @type {number} */ sum, /** @type {any} */ stream) => sum + stream.lag, 0);
    slot("lag", service).textContent = health ? numbers.format(lag) : "–";
  };
  /** @type {(name: string, stream: any) => HTMLElement} */
  const streamRow = (name, stream) => {
    const made = row("#stream-row", {
      service: name, stream: stream.stream, publisher: stream.publisher, cursor: numbers.format(stream.cursor),
      head: stream.head == null ? "–" : numbers.format(stream.head), lag: numbers.format(stream.lag),
    });
    slot("refused", made).hidden = !stream.refusal;
    if (stream.lastHeardAt) slot("heard", made).dataset.since = stream.lastHeardAt;
    return made;
  };
  /** @type {(service: HTMLElement, letter: any) => HTMLElement} */
  const deadRow = (service, letter) => {
    const made = row("#dead-row", {
      service: service.dataset.service ?? "", type: letter.type, subject: letter.subject, reason: letter.reason,
      died: moments.format(new Date(letter.diedAt)),
    });
    for (const button of made.querySelectorAll("button")) {
      button.dataset.address = `${service.dataset.door}/dead-letters/${letter.id}/${button.dataset.act}`;
      button.setAttribute("aria-label", `${button.textContent} ${letter.type}`);
    }
    return made;
  };
  let shownDead = "";
  const refresh = async () => {
    const services = /** @type {HTMLElement[]} */ ([...page.querySelectorAll("[data-door]")]);
    const answers = await Promise.all(services.map(async (service) => {
      const health = await ask(service.dataset.door ?? "").catch(() => null);
      const list = health?.deadLetters ? await ask(`${service.dataset.door}/dead-letters`).catch(() => null) : null;
      return { service, health, letters: list?.deadLetters ?? [] };
    }));
    for (const { service, health } of answers) showService(service, health);
    part("#streams").replaceChildren(...answers.flatMap(({ service, health }) =>
      (health?.streams ?? []).map((/** @type {any} */ stream) => streamRow(service.dataset.service ?? "", stream))));
    // Only when they have changed, so that nobody's finger or focus loses its button.
    const dead = JSON.stringify(answers.map(({ letters }) => letters));
    if (dead === shownDead) return;
    shownDead = dead;
    const rows = answers.flatMap(({ service, letters }) => letters.map((/** @type {any} */ letter) => deadRow(service, letter)));
    part("#dead tbody").replaceChildren(...rows);
    part("#dead").hidden = rows.length === 0;
    part("#no-dead").hidden = rows.length > 0;
  };
  /** @type {(address: string) => Promise<void>} */
  const act = async (address) => {
    try { await ask(address, "POST"); } catch (error) {
      dispatchEvent(new CustomEvent("toast", { detail: { text: error instanceof Error ? error.message : "", kind: "bad" } }));
    }
    await refresh();
  };
  page.addEventListener("click", async (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const address = button?.dataset.address;
    if (!button || !address) return;
    if (button.dataset.act === "drop") {
      const question = /** @type {HTMLDialogElement} */ (part("#drop-question"));
      question.returnValue = "";
      question.addEventListener("close", () => { if (question.returnValue === "drop") act(address); }, { once: true });
      return question.showModal();
    }
    button.setAttribute("disabled", "");
    await act(address);
    button.removeAttribute("disabled");
  });
  const loop = async () => {
    while (page.isConnected) {
      await refresh();
      await new Promise((done) => setTimeout(done, everyMilliseconds));
    }
  };
  loop();
})();
