// One decision as the chain that led to it: the links on a line, and below each link what it looked at, in order.

import {drawing, element} from "./dom.js";

/** @typedef {{text: string, differs: boolean}} Piece */

const LINKS = ["token exchange", "impersonation", "job creation", "table access"];
const PARTS = ["request", "caller ARN", "attributes", "condition", "principal", "token", "permission"];
const BOX = {width: 150, height: 44, gap: 42};

/**
 * The links as boxes with arrows between them; those that were not reached are dashed.
 *
 * @param {import("./feed.js").Decision[]} decisions
 */
function overview(decisions) {
  const present = decisions.map(({link}) => link);
  const known = LINKS.includes(present[0]);
  // Without a service account a chain has no impersonation, and a table may be read without a job.
  const last = LINKS.indexOf(present[present.length - 1]);
  const names = known ? LINKS.filter((name, place) => present.includes(name) || place > last) : [...new Set(present)];
  const width = names.length * BOX.width + (names.length - 1) * BOX.gap;
  const told = names.map((name) => `${name}: ${verdict(decisions, name)}`).join(", ");
  const shapes = names.flatMap((name, place) => box(name, verdict(decisions, name), place));
  return drawing(
    "svg",
    {viewBox: `-2 -2 ${width + 4} ${BOX.height + 4}`, role: "img", "aria-label": told, class: "overview"},
    ...shapes,
  );
}

/**
 * @param {import("./feed.js").Decision[]} decisions
 * @param {string} link
 */
function verdict(decisions, link) {
  const found = decisions.filter((decision) => decision.link === link);
  if (found.length === 0) return "not reached";
  return found.every(({allowed}) => allowed) ? "allowed" : "refused";
}

/**
 * @param {string} name
 * @param {string} state
 * @param {number} place
 */
function box(name, state, place) {
  const left = place * (BOX.width + BOX.gap);
  const middle = BOX.height / 2;
  const kind = state.replace(" ", "-");
  const mark = {allowed: "✓ ", refused: "✗ "}[state] ?? "";
  const shapes = [
    drawing("rect", {x: left, y: 0, width: BOX.width, height: BOX.height, rx: 8, class: kind}),
    drawing("text", {x: left + BOX.width / 2, y: 18, class: "name"}, name),
    drawing("text", {x: left + BOX.width / 2, y: 35, class: "state"}, mark + state),
  ];
  if (place === 0) return shapes;
  const from = left - BOX.gap;
  const arrow = `M${from + 4} ${middle}H${left - 5}m-7 -5l7 5l-7 5`;
  return [drawing("path", {d: arrow, class: `arrow ${kind}`}), ...shapes];
}

/**
 * A value with the characters marked in which it differs from its counterpart.
 *
 * @param {Piece[]} pieces
 */
function marked(pieces) {
  return element("code", {}, ...pieces.map(({text, differs}) => (differs ? element("mark", {}, text) : text)));
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
function passed({part, rule, saw}) {
  const rules = element("span", {class: "rule"}, `✓ ${rule}`);
  if (part !== "attributes") return node(part, "passed", rules, element("code", {}, saw));
  const values = saw.split(", ").map((value) => element("code", {}, value));
  return node(part, "passed", rules, ...values);
}

/**
 * @param {import("./feed.js").Refusal} refusal
 * @param {{saw: Piece[], wanted: Piece[]}} difference
 */
function refused({part, rule, mend}, {saw, wanted}) {
  const list = element(
    "dl",
    {},
    element("dt", {}, "saw"),
    element("dd", {}, marked(saw)),
    element("dt", {}, "wanted"),
    element("dd", {}, marked(wanted)),
    element("dt", {}, "mend"),
    element("dd", {}, mend),
  );
  return node(part, "refused", element("span", {class: "rule"}, `✗ ${rule}`), list);
}

/**
 * @param {import("./feed.js").Decision} decision
 * @param {{saw: Piece[], wanted: Piece[]}} [difference]
 */
function card(decision, difference) {
  const steps = [...decision.steps].sort((one, other) => PARTS.indexOf(one.part) - PARTS.indexOf(other.part));
  const principal = decision.principal && !steps.some(({part}) => part === "principal");
  const nodes = principal ? [node("principal", "passed", element("code", {}, decision.principal))] : [];
  nodes.push(...steps.map(passed));
  if (decision.refusal && difference) nodes.push(refused(decision.refusal, difference));
  const state = decision.allowed ? "allowed" : "refused";
  return element(
    "section",
    {class: `card ${state}`, "aria-label": `${decision.link}, ${state}`},
    element(
      "h3",
      {},
      element("span", {class: "link"}, decision.link),
      element("span", {class: "verdict"}, decision.allowed ? "✓ allowed" : "✗ refused"),
    ),
    element("p", {class: "resource"}, element("code", {}, decision.resource)),
    element("ol", {class: "nodes"}, ...nodes),
    element("p", {class: "when"}, `${decision.id} at ${decision.time}`),
  );
}

/**
 * @param {{chain: import("./feed.js").Decision[], after: import("./feed.js").Decision[],
 *   differences: Record<string, {saw: Piece[], wanted: Piece[]}>}} found
 * @returns {Node[]}
 */
export function diagram({chain, after, differences}) {
  const inside = after.filter(({parent, link}) => parent === chain[chain.length - 1].id && link === "table access");
  const shown = [...chain, ...inside];
  const drawn = [overview(shown), ...shown.map((decision) => card(decision, differences[decision.id]))];
  const later = after.filter((decision) => !inside.includes(decision));
  if (later.length === 0) return drawn;
  const links = later.map(({id, link, allowed, resource}) =>
    element("li", {}, element("a", {href: `#${id}`}, `${allowed ? "✓" : "✗"} ${link}: ${resource}`)),
  );
  return [...drawn, element("section", {class: "after"}, element("h3", {}, "What came of it"), element("ul", {}, ...links))];
}
