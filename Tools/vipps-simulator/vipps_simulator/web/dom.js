// Small helpers shared by the pages.

/** An element with attributes and children; texts become text nodes, so nothing is ever parsed as HTML. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function svg(path) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  element.setAttribute("viewBox", "0 0 24 24");
  element.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  element.append(line);
  return element;
}

const locales = { NO: "nb-NO", DK: "da-DK", FI: "fi-FI", SE: "sv-SE" };

/** Minor units as the market writes them. */
export function money(value, currency, market = "NO") {
  return new Intl.NumberFormat(locales[market] ?? "en", { style: "currency", currency }).format(value / 100);
}

export function time(seconds, market = "NO") {
  const moment = new Date(seconds * 1000);
  const today = moment.toDateString() === new Date().toDateString();
  const shape = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(locales[market] ?? "en", shape).format(moment);
}

export async function ask(method, path, body) {
  const answer = await fetch(path, {
    method, body: body === undefined ? undefined : JSON.stringify(body), headers: { "Content-Type": "application/json" },
  });
  const result = await answer.json();
  if (!answer.ok) throw new Error(result.error ?? `status ${answer.status}`);
  return result;
}

/** The phone's own clock, in its bar at the top. */
export function showHour() {
  const place = document.getElementById("hour");
  const show = () => { place.textContent = new Intl.DateTimeFormat("nb-NO", { timeStyle: "short" }).format(new Date()); };
  show();
  setInterval(show, 5000);
}
