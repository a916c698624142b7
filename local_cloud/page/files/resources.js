// What exists in the local Google now, by kind.

import {byId, element} from "./dom.js";

/**
 * @param {string} title
 * @param {Node[]} entries
 */
function group(title, entries) {
  const list = entries.length ? element("ul", {}, ...entries) : element("p", {class: "nothing"}, "none");
  return element("details", {open: ""}, element("summary", {}, `${title} (${entries.length})`), list);
}

/**
 * @param {string} name
 * @param {[string, string][]} facts
 */
function entry(name, facts = []) {
  const told = facts.filter(([, value]) => value);
  const list = told.flatMap(([label, value]) => [
    element("dt", {}, label),
    element("dd", {}, element("code", {}, value)),
  ]);
  return element("li", {}, element("strong", {}, name), ...(list.length ? [element("dl", {}, ...list)] : []));
}

/** @param {string} name */
const last = (name) => name.slice(name.lastIndexOf("/") + 1);

/** @param {any} found */
function groups(found) {
  const pools = found.pools.map((/** @type {any} */ pool) =>
    entry(last(pool.name), [["state", pool.disabled ? "disabled" : "active"]]),
  );
  const providers = found.providers.map((/** @type {any} */ provider) =>
    entry(last(provider.name), [
      ["state", provider.disabled ? "disabled" : "active"],
      ["account", provider.aws?.accountId ?? ""],
      ["condition", provider.attributeCondition ?? "none"],
      .../** @type {[string, string][]} */ (Object.entries(provider.attributeMapping ?? {})),
    ]),
  );
  const accounts = found.serviceAccounts.map((/** @type {any} */ account) =>
    entry(account.email, account.disabled ? [["state", "disabled"]] : []),
  );
  const bindings = Object.entries(found.policies).flatMap(([resource, policy]) =>
    /** @type {any} */ (policy).bindings.map((/** @type {any} */ binding) =>
      entry(binding.role, [
        ["on", resource],
        ...binding.members.map((/** @type {string} */ member) => ["for", member]),
        ["if", binding.condition?.expression ?? ""],
      ]),
    ),
  );
  const datasets = Object.entries(found.datasets).map(([dataset, access]) =>
    entry(dataset, /** @type {any[]} */ (access).map(({role, ...holder}) => [role ?? "", Object.values(holder).join(" ")])),
  );
  const deleted = [...found.deletedPools, ...found.deletedProviders].map((name) => entry(name));
  const services = found.enabledServices.map((/** @type {string} */ name) => entry(name));
  return [
    group("Pools", pools),
    group("Providers", providers),
    group("Service accounts", accounts),
    group("Bindings", bindings),
    group("Datasets", datasets),
    group("Enabled APIs", services),
    group("Deleted, kept for 30 days", deleted),
    element("p", {class: "tokens"}, `${found.liveTokens} tokens are alive`),
  ];
}

let drawn = "";

/** @param {any} found */
export function showResources(found) {
  const text = JSON.stringify(found);
  if (text === drawn) return;
  drawn = text;
  const place = byId("existing");
  const closed = new Set([...place.querySelectorAll("details:not([open]) > summary")].map((s) => title(s)));
  place.replaceChildren(...groups(found));
  for (const summary of place.querySelectorAll("details > summary")) {
    if (closed.has(title(summary))) summary.parentElement?.removeAttribute("open");
  }
}

/** @param {Element} summary */
const title = (summary) => (summary.textContent ?? "").replace(/ \(\d+\)$/, "");
