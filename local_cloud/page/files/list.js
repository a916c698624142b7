// The list of decisions, newest first: filtered, moved through with the arrow keys, opened with Enter.

import {byId, element} from "./dom.js";

const SHOWN_AT_ONCE = 200;

/** @param {string} resource */
function short(resource) {
  return resource
    .replace(/^\/\/iam\.googleapis\.com\/projects\/\d+\/locations\/global\/workloadIdentityPools\//, "…/")
    .replace(/^projects\/[^/]+\/datasets\//, "…/datasets/");
}

/** @param {import("./feed.js").Decision} decision */
function row(decision) {
  const verdict = decision.allowed ? "allowed" : "refused";
  const why = decision.refusal ? [element("span", {class: "why"}, decision.refusal.rule)] : [];
  return element(
    "li",
    {},
    element(
      "a",
      {href: `#${decision.id}`, class: `row ${verdict}`, "data-id": decision.id, tabindex: "-1"},
      element("time", {datetime: decision.time}, decision.time.slice(11, 19)),
      element("span", {class: "verdict"}, decision.allowed ? "✓ allowed" : "✗ refused"),
      element("span", {class: "link"}, decision.link),
      element("span", {class: "resource", title: decision.resource}, short(decision.resource)),
      ...why,
    ),
  );
}

export class DecisionList {
  /** @param {{onOpen: (id: string) => void}} told */
  constructor({onOpen}) {
    /** @type {import("./feed.js").Decision[]} */
    this.decisions = [];
    this.limit = SHOWN_AT_ONCE;
    this.open = "";
    this.list = byId("list");
    this.search = /** @type {HTMLInputElement} */ (byId("search"));
    this.older = byId("older");
    this.onOpen = onOpen;
    this.list.addEventListener("keydown", (event) => this.move(event));
    this.search.addEventListener("input", () => this.redraw());
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "Enter") this.focusFirst(event);
    });
    for (const choice of document.getElementsByName("verdict")) choice.addEventListener("change", () => this.redraw());
    this.older.addEventListener("click", () => {
      this.limit += SHOWN_AT_ONCE;
      this.redraw();
    });
  }

  /** @param {import("./feed.js").Decision[]} found */
  add(found) {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.id : undefined;
    this.decisions.push(...found);
    this.redraw();
    if (focused) this.link(focused)?.focus();
  }

  /** @param {import("./feed.js").Decision} decision */
  matches(decision) {
    const choice = /** @type {HTMLInputElement|null} */ (document.querySelector("input[name=verdict]:checked"));
    const wanted = choice?.value ?? "all";
    if (wanted !== "all" && decision.allowed !== (wanted === "allowed")) return false;
    const text = this.search.value.trim().toLowerCase();
    return text === "" || JSON.stringify(decision).toLowerCase().includes(text);
  }

  redraw() {
    const matching = this.decisions.filter((decision) => this.matches(decision)).reverse();
    this.list.replaceChildren(...matching.slice(0, this.limit).map(row));
    this.older.hidden = matching.length <= this.limit;
    byId("empty").hidden = this.decisions.length > 0;
    byId("none").hidden = this.decisions.length === 0 || matching.length > 0;
    this.mark(this.open);
  }

  /** @param {string} id */
  mark(id) {
    this.open = id;
    const links = this.links();
    for (const link of links) {
      const current = link.dataset.id === id;
      if (current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
      link.tabIndex = -1;
    }
    const reachable = links.find((link) => link.dataset.id === id) ?? links[0];
    if (reachable) reachable.tabIndex = 0;
  }

  /** @returns {HTMLElement[]} */
  links() {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll("a"))];
  }

  /** @param {string} id */
  link(id) {
    return this.links().find((link) => link.dataset.id === id);
  }

  /** @param {Event} event */
  focusFirst(event) {
    event.preventDefault();
    this.links()[0]?.focus();
  }

  focusOpen() {
    (this.link(this.open) ?? this.links()[0])?.focus();
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const links = this.links();
    const at = links.findIndex((link) => link === document.activeElement);
    const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1}[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const next = links[Math.max(0, Math.min(to, links.length - 1))];
    links[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}
