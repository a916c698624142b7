// The page: a list of decisions, the chain of the one that is open, and what exists.

import {diagram} from "./chain.js";
import {byId, element} from "./dom.js";
import {AnswerError, ask, follow} from "./feed.js";
import {followKeys} from "./keyboard.js";
import {DecisionList} from "./list.js";
import {showResources} from "./resources.js";

const COPIED_MILLISECONDS = 1500;

const list = new DecisionList();
const place = byId("diagram");
const copy = byId("copy");

/** @type {import("./chain.js").Found|null} */
let open = null;
let loaded = false;

/** The decision in the address, so that a chain can be reloaded, and sent to another user of the machine. */
const addressed = () => location.hash.slice(1);

/** Show the decision in the address, or none. */
async function read() {
  const id = addressed();
  list.mark(id);
  byId("hint").hidden = id !== "";
  if (id === "") {
    draw(null);
    return;
  }
  try {
    const found = await ask(`/_local/decisions/${encodeURIComponent(id)}`);
    if (id === addressed()) draw(found);
  } catch (problem) {
    if (id === addressed()) draw(null, said(id, problem));
  }
}

/**
 * @param {import("./chain.js").Found|null} found
 * @param {string} [instead]
 */
function draw(found, instead = "") {
  open = found;
  copy.hidden = found === null;
  place.replaceChildren(...(found ? diagram(found) : []), ...(instead ? [element("p", {role: "alert"}, instead)] : []));
}

/**
 * @param {string} id
 * @param {unknown} problem
 */
function said(id, problem) {
  if (problem instanceof AnswerError) {
    return `There is no decision ${id}: the oldest are forgotten first, and all of them at a restart.`;
  }
  return `The decision ${id} can't be shown: the local cloud can't be reached.`;
}

/** Show the decision in the address, and go there. */
async function visit() {
  await read();
  if (open === null) return;
  byId("chain").focus();
  place.querySelector(".node.refused")?.scrollIntoView({block: "nearest"});
}

function close() {
  history.pushState(null, "", location.pathname);
  read();
  list.focus();
}

/** @param {import("./feed.js").Decision[]} found */
function concernsTheOpenOne(found) {
  if (open === null || place.contains(document.activeElement)) return false;
  const ids = new Set([...open.chain.slice(-1), ...open.after].map(({id}) => id));
  return found.some(({parent}) => parent !== null && ids.has(parent));
}

window.addEventListener("hashchange", visit);
followKeys({list, close});
copy.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(open?.text ?? "");
    copy.textContent = "Copied";
  } catch (problem) {
    console.warn(problem);
    copy.textContent = "Not copied: see below, as text";
    place.querySelector("details")?.setAttribute("open", "");
  }
  setTimeout(() => { copy.textContent = "Copy as text"; }, COPIED_MILLISECONDS);
});

follow({
  onDecisions(found, restarted) {
    if (restarted) list.clear();
    if (found.length || list.entries.length === 0) list.add(found);
    const {allowed, refused} = list.count();
    byId("summary").textContent = `${allowed} allowed, ${refused} refused`;
    if (restarted || concernsTheOpenOne(found)) read();
  },
  onResources(found) {
    showResources(found);
    // A chain points at what exists, so what exists comes first.
    if (!loaded) read();
    loaded = true;
  },
  onConnection(reached) {
    const words = reached ? "live" : "The local cloud can't be reached; trying again. Is it still running?";
    const connection = byId("connection");
    if (connection.textContent !== words) connection.textContent = words;
    connection.className = reached ? "live" : "lost";
  },
});
