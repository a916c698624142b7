// Keys that work everywhere on the page. Those of the list are in list.js.

import {byId} from "./dom.js";

/**
 * The arrows move through the list as long as nothing has the focus, `/` goes to the filter. Esc goes back: from the
 * filter or the chain to the list, from the list to the newest refusal.
 *
 * @param {{list: import("./list.js").DecisionList, toList: () => void, close: () => void}} used
 */
export function followKeys({list, toList, close}) {
  const search = /** @type {HTMLInputElement} */ (byId("search"));
  byId("skip").addEventListener("click", (event) => {
    // The address is the open decision's: it must not become the chain's.
    event.preventDefault();
    byId("chain").focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    const typing = document.activeElement === search;
    const nowhere = document.activeElement === null || document.activeElement === document.body;
    if (nowhere && ["ArrowDown", "ArrowUp"].includes(event.key) && list.list.checkVisibility()) {
      list.move(event);
    } else if (event.key === "/" && !typing && search.checkVisibility()) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && !(typing && search.value)) {
      // With something in it, the filter empties itself.
      if (list.list.contains(document.activeElement)) close();
      else toList();
    }
  });
}
