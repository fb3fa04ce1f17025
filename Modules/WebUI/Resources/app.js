// The till's own script: what HTML, CSS and htmx cannot do. No framework, nothing evaluated; the set-up
// makes it small.
"use strict";
(() => {
  const root = document.documentElement;
  const on = addEventListener;
  /** @type {(name: string) => string} the content of a meta element of the shell */
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.getAttribute("content") ?? "";
  /** @type {(selector: string, from?: ParentNode) => HTMLElement[]} */
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  /** @type {(id: string) => HTMLElement | null} */
  const byID = (id) => document.getElementById(id);
  /** @type {(element: Element | null) => boolean} whether key presses belong to this element */
  const isTextField = (element) =>
    !!element?.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
  /** @returns {HTMLDialogElement | undefined} the dialog on top, which has keyboard and scanner for itself */
  const topDialog = () => /** @type {any} */ (all("dialog[open]").pop());
  const base = meta("base");

  // ---- Routes: #/new-sale shows <base>/pages/new-sale in <main> ----------------------------------------------------
  let shownRoute = "";
  const route = () => location.hash.replace(/^#\/?/, "") || meta("home");
  /** Shows the page the address names. `again` keeps the scroll position and the focus. */
  const showPage = (again = false) => {
    const main = byID("main");
    if (!main || !base) return;
    root.removeAttribute("data-nav");
    if (!again) { closeDialogs(); window.scrollTo(0, 0); main.scrollTop = 0; }
    shownRoute = route();
    markPlaces();
    htmx.ajax("GET", `${base}/pages/${shownRoute}`, { target: "#main", swap: "innerHTML" });
  };
  const markPlaces = () => {
    const place = shownRoute.split(/[/?]/)[0];
    const owner = byID("main")?.querySelector("[data-place]")?.getAttribute("data-place") ?? place;
    for (const link of all(".places a, .bottombar a")) {
      if (link.getAttribute("data-route") === owner && link.getAttribute("href")?.startsWith(`${base}/`)) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    for (const button of all("[data-nav-toggle]")) button.setAttribute("aria-expanded", String(root.dataset.nav === "open"));
  };
  on("hashchange", () => showPage());

  // ---- Requests: CSRF, command ids, nothing twice, errors in words -------------------------------------------------
  /** A random version 4 UUID; crypto.randomUUID is missing where the till is served without TLS. */
  const newUUID = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64; bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };
  /** @type {WeakMap<Element, string>} the command each form or button is about to send, the same until answered */
  const commands = new WeakMap();
  /** @type {(element: Element) => string} */
  const commandOf = (element) => {
    if (!commands.has(element)) commands.set(element, newUUID());
    return /** @type {string} */ (commands.get(element));
  };
  /** @type {WeakSet<Element>} elements whose change is on its way */
  const busy = new WeakSet();
  /** What had the focus and lost it by being disabled; it, or what took its place, gets it back. */
  let focused = "";
  /** @type {(element: Element, on: boolean) => void} */
  const markBusy = (element, on) => {
    const buttons = element.matches("form") ? all("button:not([type=button])", element) : [element];
    for (const button of buttons) {
      if (!button.matches("button")) continue;
      if (on && button === document.activeElement) focused = button.id;
      if (on && !button.hasAttribute("disabled")) { button.setAttribute("disabled", ""); button.setAttribute("aria-busy", "true"); }
      else if (!on && button.hasAttribute("aria-busy")) { button.removeAttribute("disabled"); button.removeAttribute("aria-busy"); }
    }
  };
  /** @type {(event: any) => boolean} */
  const changes = (event) => (event.detail.requestConfig?.verb ?? event.detail.verb) !== "get";
  on("htmx:configRequest", (/** @type {any} */ event) => {
    event.detail.headers["X-CSRF-Token"] = meta("csrf");
    const stated = event.detail.parameters.commandID;
    if (changes(event)) event.detail.parameters.commandID = stated || commandOf(event.detail.elt);
  });
  /** @type {WeakMap<XMLHttpRequest, number>} when each request was sent */
  const sentAt = new WeakMap();
  /** @type {(event: any) => boolean} whether a hand asked for it, and not a timer or the live connection */
  const isPressed = (event) => /^(click|submit)$/.test((event.detail.requestConfig ?? event.detail).triggeringEvent?.type);
  // A second press before the answer is no second wish; htmx would keep it and ask again afterwards.
  on("htmx:confirm", (/** @type {any} */ event) => {
    if (busy.has(event.detail.elt) && isPressed(event)) event.preventDefault();
  });
  on("htmx:beforeRequest", (/** @type {any} */ event) => {
    sentAt.set(event.detail.xhr, performance.now());
    const element = event.detail.elt;
    if (!changes(event) && !isPressed(event)) return;
    if (busy.has(element)) return event.preventDefault();
    busy.add(element);
    if (changes(event)) markBusy(element, true);
  });
  on("htmx:afterRequest", (/** @type {any} */ event) => {
    const { elt: element, xhr } = event.detail;
    learnServerTime(xhr.getResponseHeader("Date") ?? "");
    setTimeout(sendQueued);
    busy.delete(element);
    if (!changes(event)) return;
    markBusy(element, false);
    // A lost answer or a broken server keeps the command: sent again, it is known. Anything else was a final answer.
    if (xhr.status >= 200 && xhr.status < 500) {
      commands.delete(element);
      for (const input of all("input[data-command-id]", element)) /** @type {any} */ (input).value = newUUID();
    }
    if (focused && document.activeElement === document.body) byID(focused)?.focus();
    focused = "";
    if (event.detail.successful && element.dataset.then) location.assign(element.dataset.then);
  });
  /** Sends what still waits in a queue (hx-sync). htmx stops there when the next in line has left the page meanwhile. */
  const sendQueued = () => {
    for (const owner of all("[hx-sync*=queue]")) {
      const data = /** @type {any} */ (owner)["htmx-internal-data"];
      while (data?.queuedRequests?.length && !data.xhr) data.queuedRequests.shift()();
    }
  };
  /** A page that could not be fetched says so, with a way on. @type {(event: any) => void} */
  const showFailedPage = (event) => {
    const words = /** @type {HTMLTemplateElement | null} */ (byID("page-failed"));
    if (event.detail.target?.id === "main" && words) event.detail.target.replaceChildren(words.content.cloneNode(true));
  };
  /** A live update was nobody's wish: if it fails nobody is told, and it is asked for again. @type {(event: any) => boolean} */
  const isFailedUpdate = (event) => {
    const { requestConfig: { elt: fragment, triggeringEvent: cause }, xhr } = event.detail;
    if (cause?.type !== "live" || xhr.status > 0 && xhr.status < 500) return false;
    setTimeout(() => { if (fragment.isConnected) refetch(fragment); }, 2000);
    return true;
  };
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    on(failure, (event) => {
      if (isFailedUpdate(event)) return;
      showFailedPage(event);
      toast(meta("text-unreachable"), "bad");
    });
  }
  /** What a live update is about to take away: fields somebody types in, whose words go on in the new ones. @type {any[]} */
  let typed = [];
  /** @type {(field: any) => boolean} */
  const isTyped = (field) => isTextField(field) && field.value !== field.defaultValue;
  on("htmx:afterSwap", () => {
    for (const { id, value } of typed.splice(0)) { const field = /** @type {any} */ (byID(id)); if (field) field.value = value; }
  });
  // HTML is swapped in whatever its status below 500 (a form with its errors, a page that says "not found"); JSON never is.
  on("htmx:beforeSwap", (/** @type {any} */ event) => {
    const { xhr } = event.detail;
    const isHTML = /text\/html/.test(xhr.getResponseHeader("Content-Type") ?? "");
    if (xhr.status === 401 || xhr.status >= 500) return;
    event.detail.shouldSwap = isHTML && xhr.status !== 204;
    event.detail.isError = !isHTML && xhr.status >= 400;
    const { elt: fragment, triggeringEvent: cause } = event.detail.requestConfig;
    if (cause?.type === "live" && isInUse(fragment)) {  // Begun while the answer was on its way.
      event.detail.shouldSwap = false;
      postponed.add(fragment);
    }
    typed = event.detail.shouldSwap && cause?.type === "live" ? all("input[id]", event.detail.target).filter(isTyped) : [];
  });
  on("htmx:responseError", (/** @type {any} */ event) => {
    const { xhr, elt: element } = event.detail;
    if (xhr.status === 401) return void location.assign(`${meta("sign-in")}?return=${encodeURIComponent(location.pathname + location.hash)}`);
    if (isFailedUpdate(event)) return;
    showFailedPage(event);
    let problem;
    try { problem = JSON.parse(xhr.responseText); } catch { problem = {}; }
    const left = (problem.fields ?? []).filter((/** @type {any} */ field) => !showFieldError(element.closest("form") ?? element, field));
    if (!problem.fields?.length || left.length) toast(left[0]?.reason ?? problem.detail ?? problem.title ?? meta("text-failed"), "bad");
  });
  /** Puts a field's error beside it. @type {(form: Element, error: {field: string, reason: string}) => boolean} */
  const showFieldError = (form, error) => {
    const slot = form.querySelector(`[data-error-for="${CSS.escape(error.field)}"]`);
    const input = /** @type {HTMLElement | null} */ (form.querySelector(`[name="${CSS.escape(error.field)}"]`));
    if (!slot) return false;
    slot.textContent = error.reason;
    input?.setAttribute("aria-invalid", "true");
    input?.focus();
    return true;
  };
  on("input", (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const wrong = input.name ? all(`[name="${CSS.escape(input.name)}"][aria-invalid=true]`, input.form ?? document) : [];
    if (!wrong.length) return;
    for (const alike of wrong) alike.removeAttribute("aria-invalid");
    for (const slot of all(`[data-error-for="${CSS.escape(input.name)}"]`, input.form ?? document)) slot.textContent = "";
  });
  on("change", (event) => {
    const form = /** @type {Element} */ (event.target).closest?.("form[data-submit-on-change]");
    if (form) /** @type {HTMLFormElement} */ (form).requestSubmit();
  });
  // A button that is drawn anew between finger down and finger up has been pressed all the same; browsers lose such a click.
  /** @type {any} */
  let held = null;
  on("pointerdown", (event) => { held = /** @type {Element} */ (event.target).closest?.("button[id], a[id]"); }, true);
  on("pointerup", (event) => {
    const anew = held && !held.isConnected && byID(held.id);
    if (anew && anew.contains(/** @type {Node} */ (event.target))) anew.click();
    held = null;
  }, true);
  // Plain forms (sign-in, sign-out) are not sent twice either.
  on("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.matches("[hx-post], [hx-put], [hx-delete], [hx-get], [method=dialog]")) return;
    if (busy.has(form)) return event.preventDefault();
    busy.add(form);
    setTimeout(() => busy.delete(form), 4000);
  });

  // ---- What has just been swapped in -------------------------------------------------------------------------------
  let announced = "";
  /** Has a screen reader say it; the same words in a row only if `again`. @type {(words: string, again?: boolean) => void} */
  const announce = (words, again = false) => {
    const region = byID("announcer");
    if (!region || !words || (words === announced && !again)) return;
    announced = words;
    region.textContent = "";
    setTimeout(() => { region.textContent = words; }, 30);
  };
  /** Gives life to new markup, which was asked for at `asked`. @type {(part: HTMLElement, asked?: number) => void} */
  const settle = (part, asked = 0) => {
    const within = (/** @type {string} */ selector) => [...(part.matches(selector) ? [part] : []), ...all(selector, part)];
    for (const input of within("input[data-command-id]")) /** @type {any} */ (input).value ||= newUUID();
    for (const dialog of within("dialog[data-modal]:not([open])")) openDialog(/** @type {any} */ (dialog));
    for (const element of within("[data-announce]")) announce(element.dataset.announce ?? "");
    for (const element of within("[data-go]")) location.hash = element.dataset.go ?? "";
    for (const element of within("[data-scroll-end]")) element.scrollTop = element.scrollHeight;
    const title = part.querySelector("[data-title]") ?? part.closest("[data-title]");
    if (title && part.id === "main") document.title = `${title.getAttribute("data-title")} · ${meta("product")}`;
    if (part.id === "main") markPlaces();
    const wanted = within("[data-autofocus]").find((element) => element.offsetParent || element.closest("dialog[open]"));
    if (wanted && !(topDialog() && !topDialog()?.contains(wanted))) focusOn(wanted);
    else if ((part.id === "main" || part.querySelector("[data-refocus]")) && (document.activeElement === document.body || !document.activeElement)) {
      const heading = part.querySelector("[data-refocus], h1");
      heading?.setAttribute("tabindex", "-1");
      /** @type {any} */ (heading)?.focus({ preventScroll: true });
    }
    followViews(within("[data-live]"), asked);
    tick();
  };
  /** @type {(element: HTMLElement) => void} */
  const focusOn = (element) => {
    element.focus();
    if (element.matches("input:not([type=checkbox], [type=radio])") && !isTyped(element)) /** @type {any} */ (element).select();
  };
  on("htmx:afterSettle", (/** @type {any} */ event) => settle(event.detail.elt, sentAt.get(event.detail.xhr)));

  // ---- Dialogs, menus, toasts --------------------------------------------------------------------------------------
  /** What gets the focus back; kept while a refused form replaces its own dialog. @type {HTMLElement | null} */
  let opener = null;
  /** @type {(dialog: HTMLDialogElement) => void} */
  const openDialog = (dialog) => {
    const active = /** @type {HTMLElement | null} */ (document.activeElement);
    if (active && active !== document.body) opener = active;
    for (const other of all("#dialogs > dialog[open]")) if (other !== dialog) /** @type {any} */ (other).close();
    dialog.addEventListener("close", () => {
      if (dialog.parentElement?.id === "dialogs") dialog.remove();
      if (!topDialog() && opener?.isConnected) opener.focus();
      moveToasts();
    }, { once: true });
    dialog.showModal();
    moveToasts();
    const first = /** @type {HTMLElement | null} */ (dialog.querySelector("[data-autofocus], [aria-invalid=true]"));
    if (first) return focusOn(first);
    const heading = dialog.querySelector("h2");
    heading?.setAttribute("tabindex", "-1");
    heading?.focus();
  };
  const closeDialogs = () => { for (const dialog of all("dialog[open]")) /** @type {any} */ (dialog).close(); };
  /** Toasts stand in the top layer, above an open dialog. */
  const moveToasts = () => {
    const toasts = /** @type {any} */ (byID("toasts"));
    if (!toasts?.showPopover) return;
    if (toasts.matches(":popover-open")) toasts.hidePopover();
    if (toasts.childElementCount) toasts.showPopover();
  };
  /** @type {(words: string, kind?: string) => void} */
  const toast = (words, kind = "") => {
    const toasts = byID("toasts");
    if (!toasts || !words || [...toasts.children].some((other) => other.firstChild?.textContent === words)) return;
    const note = document.createElement("div");
    const text = document.createElement("span");
    note.className = `toast ${kind}`;
    text.textContent = words;
    const close = document.createElement("button");
    close.type = "button"; close.className = "button"; close.textContent = "✕";
    close.setAttribute("aria-label", meta("text-close"));
    const remove = () => { note.remove(); moveToasts(); };
    close.addEventListener("click", remove);
    note.append(text, close);
    toasts.append(note);
    announce(words, true);
    while (toasts.childElementCount > 3) toasts.firstElementChild?.remove();
    moveToasts();
    setTimeout(remove, kind === "bad" ? 12000 : 5000);
  };
  on("toast", (/** @type {any} */ event) => toast(event.detail.text ?? event.detail.value, event.detail.kind));
  on("closeDialog", () => topDialog()?.close());
  on("go", (/** @type {any} */ event) => {
    const wanted = event.detail.route ?? event.detail.value;
    if (route() === wanted) showPage(true); else location.hash = `#/${wanted}`;
  });
  on("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    for (const menu of all("details.menu[open]")) {
      if (!menu.contains(target) || target.closest(".menu-items :is(a, button)")) menu.removeAttribute("open");
    }
    const actor = /** @type {HTMLElement | null} */ (target.closest("[data-close], [data-open], [data-copy], [data-print], [data-theme-set], [data-language-set], [data-nav-toggle], [data-retry], [data-skip], [data-check-all], .places a, .bottombar a"));
    if (target.matches("dialog[data-light-dismiss]")) return /** @type {any} */ (target).close();
    if (!actor) return;
    const data = actor.dataset;
    if ("close" in data) actor.closest("dialog")?.close();
    if (data.open) openDialog(/** @type {any} */ (byID(data.open)));
    if (data.copy) navigator.clipboard?.writeText(data.copy).then(() => toast(meta("text-copied")));
    if ("print" in data) print();
    if ("retry" in data) showPage();
    if (data.checkAll) for (const box of all(`[name="${data.checkAll}"]`, actor.closest("form") ?? document)) /** @type {any} */ (box).checked = true;
    if ("skip" in data) { event.preventDefault(); byID("main")?.focus(); }
    if (data.themeSet) { remember("theme", data.themeSet); root.dataset.theme = data.themeSet; press("[data-theme-set]", actor); }
    if (data.languageSet) { remember("language", data.languageSet); location.reload(); }
    if ("navToggle" in data) { root.dataset.nav = root.dataset.nav === "open" ? "" : "open"; markPlaces(); }
    // The place one is already at: fetch it again.
    if (actor.matches("a") && actor.getAttribute("href") === location.pathname + location.hash) showPage();
  });
  /** @type {(selector: string, pressed: Element) => void} */
  const press = (selector, pressed) => { for (const button of all(selector)) button.setAttribute("aria-pressed", String(button === pressed)); };
  /** @type {(name: string, value: string) => void} */
  const remember = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`; };

  // ---- Keyboard: shortcuts and scanner -----------------------------------------------------------------------------
  /** @type {(event: KeyboardEvent) => string} */
  const keyName = (event) => (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "") + event.key;
  /** @type {(event: KeyboardEvent) => void} */
  const runShortcut = (event) => {
    if (event.repeat || event.isComposing) return;
    const name = keyName(event);
    if (isTextField(document.activeElement) && !/^(F\d+|Escape)$/.test(name)) return;
    const menu = all("details.menu[open]").pop();
    if (name === "Escape" && menu) { menu.removeAttribute("open"); menu.querySelector("summary")?.focus(); return event.preventDefault(); }
    const dialog = topDialog();
    if (dialog && name === "Escape" && !dialog.querySelector('[data-shortcut="Escape"]')) return;  // The browser closes it.
    const target = all("[data-shortcut]", dialog ?? document)
      .find((element) => element.dataset.shortcut === name && element.getClientRects().length && !element.hasAttribute("disabled"));
    if (!target) return;
    event.preventDefault();
    if (isTextField(target)) focusOn(target); else target.click();
  };
  // A keyboard-wedge scanner types faster than any hand and ends with Enter. On a busy machine one of its keys may come
  // late, so the burst is found backwards from Enter and a pause within it is bridged: half a code is never taken for one.
  const scanner = { quick: 50, pauseMax: 600, lengthMin: 4, lengthMax: 400 };
  /** @type {{key: string, at: number, field: any, before: string}[]} the keys since the last that was no character */
  let keys = [];
  /** @type {string[]} scans that wait for their turn */
  const scans = [];
  /** @type {(now: number) => number} where in `keys` a scan ended by Enter begins; -1 if it is a hand that typed */
  const scanStart = (now) => {
    const gap = (/** @type {number} */ n) => (n > 0 && n < keys.length ? keys[n].at - keys[n - 1].at : Infinity);
    const isQuick = (/** @type {number} */ n) => gap(n) <= scanner.quick;
    let start = keys.length - 1, quick = 0;
    while (start > 0) {
      const isAloneBefore = gap(start - 1) > 1000 && gap(start) <= 200;
      if (isQuick(start)) quick += 1;
      else if (!(gap(start) <= scanner.pauseMax && quick > 0 && (isQuick(start - 1) || isAloneBefore))) break;
      start -= 1;
    }
    const length = keys.length - start;
    const isScan = length >= scanner.lengthMin && quick >= 0.6 * (length - 1) && now - keys[keys.length - 1].at <= scanner.pauseMax;
    return isScan ? start : -1;
  };
  /** @type {(event: KeyboardEvent) => void} */
  const collect = (event) => {
    const field = /** @type {any} */ (document.activeElement);
    const isField = isTextField(field) && !field.matches("select");
    keys.push({ key: event.key, at: event.timeStamp, field: isField ? field : null, before: isField ? field.value : "" });
    if (keys.length > scanner.lengthMax) keys.shift();
  };
  on("keydown", (event) => {
    if (event.key === "Enter" && keys.length && scanTarget()) {
      const start = scanStart(event.timeStamp);
      if (start >= 0) {
        const { field, before } = keys[start];
        scans.push(keys.slice(start).map((typed) => typed.key).join(""));
        keys = [];
        event.preventDefault();
        event.stopPropagation();
        if (field?.isConnected) field.value = before;  // What the scanner typed into a field does not belong there.
        return nextScan();
      }
    }
    if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) collect(event);
    else if (event.key !== "Shift" && event.key !== "AltGraph") keys = [];
    runShortcut(event);
  }, true);
  /** @returns {HTMLFormElement | undefined} where a scan goes now */
  const scanTarget = () => /** @type {any} */ (all("form[data-scan-target]", topDialog() ?? document).pop());
  let scanning = false;
  const nextScan = () => {
    const form = scanTarget();
    if (scanning || !form || !scans.length) return;
    const code = scans.shift();
    const input = /** @type {HTMLInputElement | null} */ (form.querySelector("[name=code]"));
    if (!input || code === undefined) return;
    scanning = true;
    input.value = code;
    form.dispatchEvent(new CustomEvent("scan", { bubbles: true, detail: { code } }));
    const done = () => { clearTimeout(limit); form.removeEventListener("htmx:afterRequest", done); scanning = false; setTimeout(nextScan); };
    const limit = setTimeout(done, 5000);
    form.addEventListener("htmx:afterRequest", done);
    form.requestSubmit();
  };

  // ---- Time: elapsed, left, rings; text only, by the server's clock -------------------------------------------------
  let clockAhead = 0;
  /** What was told is old by the time it took to come: less than two seconds are no difference. @type {(instant: string) => void} */
  const learnServerTime = (instant) => {
    const told = Date.parse(instant);
    if (told && Math.abs(told - Date.now() - clockAhead) > 2000) clockAhead = told - Date.now();
  };
  learnServerTime(meta("now"));
  /** @type {(ms: number) => string} 75 s is 1:15 */
  const minutes = (ms) => {
    const seconds = Math.max(0, Math.floor(ms / 1000)), hours = Math.floor(seconds / 3600);
    const rest = `${Math.floor(seconds / 60) % 60}`.padStart(hours ? 2 : 1, "0") + ":" + `${seconds % 60}`.padStart(2, "0");
    return hours ? `${hours}:${rest}` : rest;
  };
  const tick = () => {
    const now = Date.now() + clockAhead;
    for (const element of all("[data-since]")) show(element, minutes(now - Date.parse(element.dataset.since ?? "")));
    for (const element of all("[data-until]")) show(element, minutes(Date.parse(element.dataset.until ?? "") - now + 999));
    for (const ring of all("[data-ring-until]")) {
      const from = Date.parse(ring.dataset.ringFrom ?? ""), until = Date.parse(ring.dataset.ringUntil ?? "");
      const left = Math.min(100, Math.max(0, ((until - now) / (until - from)) * 100));
      /** @type {any} */ (ring.querySelector(".ring-left"))?.style.setProperty("stroke-dasharray", `${left.toFixed(1)} 100`);
    }
  };
  /** @type {(element: HTMLElement, text: string) => void} */
  const show = (element, text) => { if (element.textContent !== text && !text.includes("NaN")) element.textContent = text; };
  setInterval(tick, 1000);

  // ---- Live: one event stream for the page; an event names a view, its fragment is fetched again -------------------
  /** @type {EventSource | null} */
  let stream = null;
  let wasLost = false, retry = 1000;
  /** @type {Set<string>} */
  const heard = new Set();
  /** @type {Set<Element>} fragments that wait until the user has finished typing or choosing in them */
  const postponed = new Set();
  /** @type {(element: Element) => string[]} */
  const viewsOf = (element) => (element.getAttribute("data-live") ?? "").split(/\s+/).filter(Boolean);
  /** @type {(element: Element) => boolean} whether a swap would take away what the user types or chooses from just now */
  const isInUse = (element) => {
    const active = /** @type {any} */ (document.activeElement);
    const isTypedInto = active && element.contains(active) && isTyped(active);
    return isTypedInto || !!(element.hasAttribute("hidden") ? element.parentElement : element)?.querySelector("details.menu[open]");
  };
  /** @type {(element: Element) => void} */
  const refetch = (element) => {
    if (isInUse(element)) postponed.add(element);
    else element.dispatchEvent(new CustomEvent("live"));  // Not bubbling: a fragment around it has views of its own.
  };
  const refetchPostponed = () => setTimeout(() => {
    const waiting = [...postponed];
    postponed.clear();
    for (const element of waiting) if (element.isConnected) refetch(element);
  }, 50);
  on("focusout", refetchPostponed);
  on("toggle", refetchPostponed, true);
  /** @type {(view: string | null) => void} */
  const refresh = (view) => { for (const element of all("[data-live]")) if (view === null || viewsOf(element).includes(view)) refetch(element); };
  /** @type {Map<string, number>} when each view was last told to have changed */
  const toldAt = new Map();
  /** Listens for the views of these fragments. One that may show less than has been told since it was asked for, or whose
   * view nobody listened for until now, is fetched again. @type {(fragments: HTMLElement[], asked: number) => void} */
  const followViews = (fragments, asked) => {
    if (!stream) return;
    for (const fragment of fragments) {
      const views = viewsOf(fragment);
      const unheard = views.filter((view) => !heard.has(view));
      for (const view of unheard) {
        heard.add(view);
        stream.addEventListener(view, () => { toldAt.set(view, performance.now()); refresh(view); });
      }
      const isOpen = stream.readyState === EventSource.OPEN;
      if (isOpen && (unheard.length || views.some((view) => (toldAt.get(view) ?? -1) > asked))) refetch(fragment);
    }
  };
  /** @type {(state: "on" | "off") => void} */
  const showConnection = (state) => {
    for (const element of all(".connection")) element.dataset.state = state;
    for (const element of all("[data-offline]")) element.hidden = state === "on";
    if (state === "off") announce(meta("text-offline")); else if (wasLost) announce(meta("text-online"));
  };
  const connect = () => {
    const address = meta("events");
    if (!address) return;
    stream = new EventSource(address);
    heard.clear();
    followViews(all("[data-live]"), 0);
    stream.addEventListener("reset", () => refresh(null));
    let patience = 0;
    stream.onopen = () => {
      clearTimeout(patience); patience = 0; retry = 1000;
      showConnection("on");
      refresh(null);  // Whatever was missed before: each owner knows.
      wasLost = false;
    };
    stream.onerror = () => {
      patience ||= window.setTimeout(() => { wasLost = true; showConnection("off"); }, 1500);
      if (stream?.readyState !== EventSource.CLOSED) return;
      stream = null; wasLost = true;
      setTimeout(connect, retry);
      retry = Math.min(retry * 2, 15000);
    };
  };
  on("pagehide", () => stream?.close());
  on("pageshow", (event) => { if (event.persisted) { wasLost = true; connect(); } });

  // ---- Start -------------------------------------------------------------------------------------------------------
  on("DOMContentLoaded", () => {
    settle(document.body);
    connect();
    if (byID("main")?.hasAttribute("data-routed")) showPage();
  });
})();
