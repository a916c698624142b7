// The list of decisions, newest first: filtered, moved through with the arrow keys, which open what they reach.

import {arrange, breakable, byId, element, verdictOf} from "./dom.js";
import {shortPrincipal, shortResource} from "./names.js";

const SHOWN_AT_ONCE = 200;
const PAGE = 10;

/** As many as the server keeps: older ones can't be opened. */
const KEPT = 2000;

/**
 * @typedef {{decision: import("./feed.js").Decision, text: string, row: HTMLElement|null}} Entry
 *   A decision, the words that a filter looks through, and its row once it was shown.
 */

/** @param {import("./feed.js").Decision} decision */
function words({id, link, allowed, resource, principal, steps, refusal}) {
  const texts = [id, link, allowed ? "allowed" : "refused", resource, principal];
  texts.push(...steps.flatMap(({part, rule, actual}) => [part, rule, actual]));
  if (refusal) texts.push(refusal.part, refusal.rule, refusal.actual, refusal.expected);
  return texts.join("\n").toLowerCase();
}

/** @param {import("./feed.js").Decision} decision */
function row(decision) {
  const verdict = decision.allowed ? "allowed" : "refused";
  const what = `${shortPrincipal(decision)} → ${shortResource(decision.resource)}`;
  const why = decision.refusal ? [element("span", {class: "why"}, ...breakable(decision.refusal.rule))] : [];
  return element(
    "li",
    {},
    element(
      "a",
      {href: `#${decision.id}`, class: `row ${verdict}`, "data-id": decision.id, tabindex: "-1"},
      verdictOf(decision.allowed),
      element("span", {class: "link"}, decision.link),
      element("time", {datetime: decision.time, title: decision.time}, decision.time.slice(11, 19)),
      element("span", {class: "what"}, ...breakable(what)),
      ...why,
    ),
  );
}

export class DecisionList {
  /** @param {{onMove: (id: string) => void}} listeners */
  constructor({onMove}) {
    this.onMove = onMove;
    /** @type {Entry[]} Oldest first. */
    this.entries = [];
    this.limit = SHOWN_AT_ONCE;
    this.open = "";
    this.list = byId("list");
    this.search = /** @type {HTMLInputElement} */ (byId("search"));
    this.choices = ["verdict", "link"].map((id) => /** @type {HTMLSelectElement} */ (byId(id)));
    this.older = byId("older");
    this.list.addEventListener("keydown", (event) => this.move(event));
    this.list.addEventListener("focusin", () => this.mark(this.open));
    this.search.addEventListener("input", () => this.filter());
    for (const choice of this.choices) choice.addEventListener("change", () => this.filter());
    this.search.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "Enter") return;
      event.preventDefault();
      this.links()[0]?.focus();
    });
    this.older.addEventListener("click", () => this.showOlder());
  }

  /** @param {import("./feed.js").Decision[]} found */
  add(found) {
    this.entries.push(...found.map((decision) => ({decision, text: words(decision), row: null})));
    this.entries.splice(0, Math.max(0, this.entries.length - KEPT));
    this.redraw();
  }

  clear() {
    this.entries = [];
  }

  /** @returns {{allowed: number, refused: number}} */
  count() {
    const refused = this.entries.filter(({decision}) => !decision.allowed).length;
    return {allowed: this.entries.length - refused, refused};
  }

  /** The id of the newest refusal, or nothing; whatever the filter. */
  newestRefusal() {
    return this.entries.findLast(({decision}) => !decision.allowed)?.decision.id ?? "";
  }

  filter() {
    this.limit = SHOWN_AT_ONCE;
    this.redraw();
  }

  showOlder() {
    const next = this.links().length;
    this.limit += SHOWN_AT_ONCE;
    this.redraw();
    this.links()[next]?.focus();
  }

  redraw() {
    const [verdict, link] = this.choices.map(({value}) => value);
    const text = this.search.value.trim().toLowerCase();
    const matching = this.entries.filter(
      (entry) =>
        (!verdict || entry.decision.allowed === (verdict === "allowed")) &&
        (!link || entry.decision.link === link) &&
        entry.text.includes(text),
    );
    const shown = matching.slice(-this.limit).reverse();
    arrange(this.list, shown.map((entry) => (entry.row ??= row(entry.decision))));
    const more = matching.length - shown.length;
    this.older.hidden = more === 0;
    this.older.textContent = `Show older (${more} more)`;
    byId("empty").hidden = this.entries.length > 0;
    byId("none").hidden = this.entries.length === 0 || matching.length > 0;
    this.mark(this.open);
  }

  /**
   * Mark the open decision, and let Tab reach one row alone: the one in focus, else the open one, else the first.
   *
   * @param {string} id
   */
  mark(id) {
    this.open = id;
    const links = this.links();
    const reachable =
      links.find((link) => link === document.activeElement) ?? links.find((link) => link.dataset.id === id) ?? links[0];
    for (const link of links) {
      link.tabIndex = link === reachable ? 0 : -1;
      if (link.dataset.id === id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  /** @returns {HTMLElement[]} */
  links() {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll("a"))];
  }

  /**
   * Focus a decision, or the first.
   *
   * @param {string} [id]
   */
  focus(id = this.open) {
    const links = this.links();
    (links.find((link) => link.dataset.id === id) ?? links[0])?.focus();
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const links = this.links();
    const focused = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const at = focused >= 0 ? focused : links.findIndex((link) => link.dataset.id === this.open);
    /** @type {Record<string, number>} */
    const keys = {
      ArrowDown: at + 1, PageDown: at + PAGE, End: links.length - 1,
      ArrowUp: at - 1, PageUp: at - PAGE, Home: 0,
    };
    const to = keys[event.key];
    if (to === undefined || links.length === 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const link = links[Math.max(0, Math.min(to, links.length - 1))];
    link.focus();
    this.onMove(link.dataset.id ?? "");
  }
}
