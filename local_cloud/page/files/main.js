// The page: a list of decisions, the chain of the one that is open, and what exists.

import {diagram} from "./chain.js";
import {byId, element} from "./dom.js";
import {ask, follow} from "./feed.js";
import {DecisionList} from "./list.js";
import {showResources} from "./resources.js";

const list = new DecisionList({onOpen: open});
let text = "";

/** @param {string} id */
async function open(id) {
  list.mark(id);
  const place = byId("diagram");
  byId("hint").hidden = id !== "";
  byId("copy").hidden = true;
  if (id === "") return place.replaceChildren();
  try {
    const found = await ask(`_local/decisions/${encodeURIComponent(id)}`);
    if (id !== opened()) return;
    text = found.text;
    byId("copy").hidden = false;
    place.replaceChildren(...diagram(found));
  } catch (problem) {
    console.warn(problem);
    place.replaceChildren(element("p", {role: "alert"}, `The decision ${id} can't be shown: it is no longer kept.`));
  }
}

/** The decision in the address, so that a chain can be reloaded and sent to somebody at the same machine. */
function opened() {
  return decodeURIComponent(location.hash.slice(1)).replace(/^(chain|list)$/, "");
}

function count() {
  const refused = list.decisions.filter(({allowed}) => !allowed).length;
  byId("summary").textContent = `${list.decisions.length - refused} allowed, ${refused} refused`;
}

window.addEventListener("hashchange", () => {
  if (location.hash === "#chain") return;
  open(opened()).then(() => {
    if (!opened()) return;
    byId("chain").focus();
    document.querySelector(".node.refused")?.scrollIntoView({block: "nearest"});
  });
});
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement && event.target.type === "search";
  if (event.key === "/" && !typing) {
    event.preventDefault();
    byId("search").focus();
  } else if (event.key === "Escape" && !typing) {
    list.focusOpen();
  }
});
byId("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(text);
  byId("copy").textContent = "Copied";
  setTimeout(() => { byId("copy").textContent = "Copy as text"; }, 1500);
});

follow({
  onDecisions(found) {
    if (found.length || list.decisions.length === 0) list.add(found);
    count();
  },
  onResources: showResources,
  onConnection(reached) {
    const told = reached ? "live" : "The local cloud can't be reached; trying again…";
    const place = byId("connection");
    if (place.textContent !== told) place.textContent = told;
    place.className = reached ? "live" : "lost";
  },
});
if (opened()) open(opened());
