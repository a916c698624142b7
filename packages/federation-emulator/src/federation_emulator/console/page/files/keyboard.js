// Keys that work everywhere on the page. Those of the list are in list.js.

import {byId} from "./dom.js";

/**
 * `/` goes to the filter. Esc goes back: from the filter or the chain to the list, from the list to no decision at all.
 *
 * @param {{list: import("./list.js").DecisionList, close: () => void}} used
 */
export function followKeys({list, close}) {
  const search = /** @type {HTMLInputElement} */ (byId("search"));
  byId("skip").addEventListener("click", (event) => {
    // The address is the open decision's: it must not become the chain's.
    event.preventDefault();
    byId("chain").focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    const typing = document.activeElement === search;
    if (event.key === "/" && !typing) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && !(typing && search.value)) {
      // With something in it, the filter empties itself.
      if (list.list.contains(document.activeElement)) close();
      else list.focus();
    }
  });
}
