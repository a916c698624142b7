// The page: a list of decisions, the chain of the one that is open, and the resources.
//
// The address says what is open: `#ID` a decision, `#list` none. Without either, the page follows the newest refusal,
// until the reader does something.

import {diagram} from "./chain.js";
import {followCopies, resetCopies} from "./copy.js";
import {byId, element} from "./dom.js";
import {AnswerError, ask, follow} from "./feed.js";
import {followKeys} from "./keyboard.js";
import {DecisionList} from "./list.js";
import {showResources} from "./resources.js";

const LIST = "#list";

const list = new DecisionList({onMove: choose});
const place = byId("diagram");
const main = /** @type {HTMLElement} */ (document.querySelector("main"));

/** @type {import("./chain.js").Found|null} */
let open = null;
let loaded = false;
let cameFromList = false;

const isFollowing = () => location.hash === "";

/** The id of the decision to show, or nothing. */
function chosen() {
  if (isFollowing()) return list.newestRefusal();
  return location.hash === LIST ? "" : location.hash.slice(1);
}

/** Show the decision that is chosen, or none. */
async function read() {
  const id = chosen();
  list.mark(id);
  // A narrow window has room for one of the two.
  main.dataset.view = id === "" ? "list" : "decision";
  byId("hint").hidden = id !== "";
  offerNewest();
  if (id === "") {
    draw(null);
    return;
  }
  try {
    const found = await ask(`_local/decisions/${encodeURIComponent(id)}`);
    if (id === chosen()) draw(found);
  } catch (problem) {
    if (id === chosen()) draw(null, said(id, problem));
  }
}

/**
 * @param {import("./chain.js").Found|null} found
 * @param {string} [instead]
 */
function draw(found, instead = "") {
  if (idOf(found) !== idOf(open)) resetCopies();
  open = found;
  byId("copies").hidden = found === null;
  place.replaceChildren(...(found ? diagram(found) : []), ...(instead ? [element("p", {role: "alert"}, instead)] : []));
}

/** @param {import("./chain.js").Found|null} found */
const idOf = (found) => found?.chain.at(-1)?.id ?? "";

/**
 * @param {string} id
 * @param {unknown} problem
 */
function said(id, problem) {
  if (problem instanceof AnswerError) return problem.message;
  return `Decision ${id} can't be shown: the federation emulator can't be reached.`;
}

/** The reason comes first: it is what the page is opened for. */
const showReason = () => place.querySelector(".node.refused")?.scrollIntoView({block: "nearest"});

/** Show the decision in the address, and go there. */
async function visit() {
  const before = list.open;
  await read();
  if (location.hash === LIST) list.focus(before);
  if (open === null) return;
  byId("chain").focus();
  showReason();
}

/**
 * Show a decision, and leave the focus where it is.
 *
 * @param {string} id
 */
async function choose(id) {
  if (!byId("chain").checkVisibility()) return;
  history.replaceState(null, "", `#${id}`);
  await read();
  showReason();
}

/** The reader does something, so what is shown stays. */
function settle() {
  if (!isFollowing() || !loaded || list.entries.length === 0) return;
  history.replaceState(null, "", open ? `#${idOf(open)}` : LIST);
  offerNewest();
}

function offerNewest() {
  byId("newest").hidden = isFollowing() || ["", chosen()].includes(list.newestRefusal());
}

/** Follow the newest refusal again. */
async function close() {
  history.pushState(null, "", location.pathname);
  await read();
  list.focus();
}

/** Go to the list. Where the decision takes its place, that is an address of its own. */
function toList() {
  if (list.list.checkVisibility()) list.focus();
  else byId("back").click();
}

/** Whether the reader is in the midst of the chain: a new drawing would take the focus or the selection away. */
function isHeld() {
  const selection = document.getSelection();
  const isSelected = selection !== null && !selection.isCollapsed && place.contains(selection.anchorNode);
  return isSelected || place.contains(document.activeElement);
}

/** @param {import("./feed.js").Decision[]} found */
function concernsTheOpenOne(found) {
  if (open === null) return false;
  const ids = new Set([...open.chain.slice(-1), ...open.after].map(({id}) => id));
  return found.some(({parent}) => parent !== null && ids.has(parent));
}

/** @param {import("./feed.js").Decision[]} found */
async function redraw(found) {
  if (isHeld()) return;
  const isNewer = isFollowing() && chosen() !== idOf(open);
  if (isNewer || concernsTheOpenOne(found)) await read();
  if (isNewer) showReason();
}

window.addEventListener("hashchange", ({oldURL}) => {
  cameFromList = new URL(oldURL).hash === LIST;
  visit();
});
byId("back").addEventListener("click", (event) => {
  if (!cameFromList) return;
  // As the browser's own way back: the list is not in its history twice.
  event.preventDefault();
  history.back();
});
list.list.addEventListener("click", ({target}) => {
  // The address is that already, so that it doesn't change.
  if (target instanceof Element && target.closest("a")?.hash === location.hash) visit();
});
for (const kind of ["pointerdown", "wheel", "keydown"]) {
  document.addEventListener(kind, settle, {capture: true, passive: true});
}
followKeys({list, toList, close});
followCopies((kind) => {
  if (kind === "link") return new URL(`#${idOf(open)}`, location.href).href;
  return (kind === "report" ? open?.report : open?.text) ?? "";
});

follow({
  onDecisions(found, restarted) {
    if (restarted) list.clear();
    if (found.length || list.entries.length === 0) list.add(found);
    const {allowed, refused} = list.count();
    byId("summary").textContent = `${allowed} allowed, ${refused} refused`;
    if (restarted) read();
    else if (loaded) redraw(found);
    offerNewest();
  },
  async onResources(found) {
    showResources(found);
    if (loaded) return;
    loaded = true;
    // A chain points at what exists, so what exists comes first.
    await read();
    showReason();
  },
  onConnection(reached) {
    const words = reached ? "live" : "The federation emulator can't be reached; trying again. Is it still running?";
    const connection = byId("connection");
    if (connection.textContent !== words) connection.textContent = words;
    connection.className = reached ? "live" : "lost";
  },
});
