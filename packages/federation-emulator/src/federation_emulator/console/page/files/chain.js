// One decision as the chain that led to it: the links on a line, and below each link what it looked at, in order.

import {arrow, breakable, code, element, verdictOf} from "./dom.js";
import {exists, nearestBinding, resourceKey, show} from "./resources.js";

/**
 * @typedef {{text: string, differs: boolean}} Piece
 * @typedef {{actual: Piece[], expected: Piece[]}} Difference
 * @typedef {import("./feed.js").Decision} Decision
 * @typedef {{chain: Decision[], after: Decision[], differences: Record<string, Difference>, text: string,
 *   report: string}} Found
 */

const LINKS = ["token exchange", "impersonation", "job creation", "table access"];
const SIGNS = {allowed: "✓ allowed", refused: "✗ REFUSED", "not reached": "not reached"};

/**
 * The links as boxes with arrows between them; those that were not reached are dashed.
 *
 * @param {Map<string, HTMLElement>} cards by link
 * @param {Decision[]} decisions
 */
function overview(cards, decisions) {
  const present = decisions.map(({link}) => link);
  // Without a service account a chain has no impersonation, and a table may be read without a job.
  const last = LINKS.indexOf(present[present.length - 1]);
  const known = LINKS.includes(present[0]);
  const names = known ? LINKS.filter((name, place) => present.includes(name) || place > last) : [...new Set(present)];
  const boxes = names.map((name, place) => {
    const state = verdict(decisions, name);
    const label = [element("strong", {}, name), element("span", {class: "state"}, SIGNS[state])];
    const card = cards.get(name);
    const box = element(card ? "button" : "span", {class: `box ${state.replace(" ", "-")}`}, ...label);
    box.addEventListener("click", () => card?.focus());
    return element("li", {}, ...(place ? [arrow()] : []), box);
  });
  return element("ol", {class: "overview", "aria-label": "Chain"}, ...boxes);
}

/**
 * @param {Decision[]} decisions
 * @param {string} link
 * @returns {"allowed"|"refused"|"not reached"}
 */
function verdict(decisions, link) {
  const found = decisions.filter((decision) => decision.link === link);
  if (found.length === 0) return "not reached";
  return found.every(({allowed}) => allowed) ? "allowed" : "refused";
}

/**
 * A name, which shows what it names among the resources if that exists now.
 *
 * @param {string} text
 * @param {string|null} key
 */
function named(text, key) {
  if (key === null || !exists(key)) return code(text);
  const button = element("button", {class: "named", title: "Show in Resources"}, ...breakable(text));
  button.addEventListener("click", () => show(key));
  return button;
}

/**
 * A value with the characters marked in which it differs from its counterpart.
 *
 * @param {Piece[]} pieces
 */
function marked(pieces) {
  const parts = pieces.flatMap(({text, differs}) => (differs ? [element("mark", {}, text)] : breakable(text)));
  return element("code", {}, ...parts);
}

/**
 * @param {string} part
 * @param {string} kind
 * @param {...(Node|string)} content
 */
function node(part, kind, ...content) {
  return element(
    "li",
    {class: `node ${kind}`},
    element("span", {class: "part"}, part),
    element("div", {class: "content"}, ...content),
  );
}

/** @param {import("./feed.js").Step} step */
function passed({part, rule, actual}) {
  const label = element("span", {class: "rule"}, `✓ ${rule}`);
  // Each attribute on a line of its own; a value may hold a comma itself.
  const values = part === "attributes" ? actual.split(/, (?=(?:google|attribute)\.[a-z0-9_]+=)/) : [actual];
  return node(part, "passed", label, ...values.map((value) => named(value, part === "permission" ? value : null)));
}

/**
 * @param {import("./feed.js").Refusal} refusal
 * @param {Difference} difference
 */
function refused({part, rule, actual, fix}, difference) {
  const near = nearestBinding(actual);
  const list = element(
    "dl",
    {},
    element("dt", {}, "actual"),
    element("dd", {}, marked(difference.actual), ...(near ? [" ", named("show this binding", near)] : [])),
    element("dt", {}, "expected"),
    element("dd", {}, marked(difference.expected)),
    element("dt", {}, "fix"),
    element("dd", {}, fix),
  );
  return node(part, "refused", element("span", {class: "rule"}, "✗ ", ...breakable(rule)), list);
}

/**
 * @param {Decision} decision
 * @param {Difference} [difference]
 */
function card(decision, difference) {
  const {principal, steps} = decision;
  const nodes = steps.map(passed);
  if (principal && !steps.some(({part}) => part === "principal")) {
    nodes.unshift(node("principal", "passed", code(principal)));
  }
  if (decision.refusal && difference) nodes.push(refused(decision.refusal, difference));
  const state = decision.allowed ? "allowed" : "refused";
  return element(
    "section",
    {class: `card ${state}`, "aria-label": `${decision.link}, ${state}`, tabindex: "-1"},
    element(
      "h3",
      {},
      element("span", {class: "link"}, decision.link),
      verdictOf(decision.allowed),
    ),
    element("p", {class: "resource"}, named(decision.resource, resourceKey(decision.resource))),
    element("ol", {class: "nodes"}, ...nodes),
    element("p", {class: "when"}, element("a", {href: `#${decision.id}`}, decision.id), ` at ${decision.time}`),
  );
}

/** @param {Decision[]} decisions */
function following(decisions) {
  const links = decisions.map(({id, link, allowed, resource}) => {
    const heading = `${SIGNS[allowed ? "allowed" : "refused"]} ${link}: `;
    return element("li", {}, element("a", {href: `#${id}`}, heading, ...breakable(resource)));
  });
  return element("section", {class: "after"}, element("h3", {}, "Subsequent decisions"), element("ul", {}, ...links));
}

/**
 * @param {string} title
 * @param {string} text
 */
const folded = (title, text) =>
  element("details", {}, element("summary", {}, title), element("pre", {tabindex: "0", "aria-label": title}, text));

/**
 * @param {Found} found
 * @returns {Node[]}
 */
export function diagram({chain, after, differences, text, report}) {
  // The tables of a job are part of it: one query asks for all of them.
  const inside = after.filter(({parent, link}) => parent === chain[chain.length - 1].id && link === "table access");
  const shown = [...chain, ...inside];
  const drawn = shown.map((decision) => card(decision, differences[decision.id]));
  const cards = new Map(shown.map(({link}, place) => [link, drawn[place]]));
  const later = after.filter((decision) => !inside.includes(decision));
  return [
    overview(cards, shown),
    ...drawn,
    ...(later.length ? [following(later)] : []),
    folded("As text", text),
    folded("As bug report: names are replaced by placeholders", report),
  ];
}
