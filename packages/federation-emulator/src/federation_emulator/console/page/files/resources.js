// The resources that exist in the local Google now, by kind; and finding there what a chain names.

import {breakable, byId, code, element} from "./dom.js";
import {shortResource} from "./names.js";

const SHOWN_MILLISECONDS = 2500;

/**
 * @typedef {{role: string, members: string[], condition?: {expression: string}}} Binding
 * @typedef {{resource: string, role: string, member: string, condition: string}} Grant one member of one binding
 * @typedef {{email: string, name: string, uniqueId: string, disabled?: boolean}} Account
 */

let drawn = "";

/** @type {Grant[]} */
let bindings = [];

/** @type {Map<string, Element>} by the name under which a chain may look for it */
let places = new Map();

/**
 * @param {string} title
 * @param {Element[]} entries
 */
function group(title, entries) {
  const list = entries.length ? element("ul", {}, ...entries) : element("p", {class: "nothing"}, "none");
  return element("details", {open: ""}, element("summary", {}, `${title} (${entries.length})`), list);
}

/**
 * @param {string} name
 * @param {[string, string, string?][]} [facts] label, value, and the name under which a chain may look for it
 * @param {string} [key] the same for the whole entry
 */
function entry(name, facts = [], key = name) {
  const list = facts
    .filter(([, value]) => value)
    .flatMap(([label, value, sought]) => {
      const shown = element("dd", {tabindex: "-1"}, code(value));
      if (sought) places.set(sought, shown);
      return [element("dt", {}, label), shown];
    });
  const details = list.length ? [element("dl", {}, ...list)] : [];
  const made = element("li", {tabindex: "-1"}, element("strong", {}, ...breakable(name)), ...details);
  places.set(key, made);
  return made;
}

/** @param {{disabled?: boolean}} resource */
const state = ({disabled}) => (disabled ? "disabled" : "active");

/** @param {{projectId: string, projectNumber: string, enabledServices: string[]}} project */
function projectEntry({projectId, projectNumber, enabledServices}) {
  /** @type {[string, string][]} */
  const apis = enabledServices.map((service, place) => [place ? "" : "enabled", service]);
  return entry(projectId, [["number", projectNumber], ...apis], `project ${projectId}`);
}

/** @param {any} provider */
function providerEntry(provider) {
  const mapping = Object.entries(provider.attributeMapping ?? {});
  return entry(
    shortResource(provider.name),
    [
      ["state", state(provider)],
      ["display name", provider.displayName ?? ""],
      ["AWS account", provider.aws?.accountId ?? ""],
      ["issuer", provider.oidc?.issuerUri ?? ""],
      ["audiences", (provider.oidc?.allowedAudiences ?? []).join(", ")],
      ["condition", provider.attributeCondition ?? `none: any identity of the ${provider.aws ? "account" : "issuer"}`],
      .../** @type {[string, string][]} */ (mapping.length ? mapping : [["mapping", "Google's default for AWS"]]),
    ],
    provider.name,
  );
}

/**
 * @param {string} resource
 * @param {Binding[]} policy
 */
function policyEntry(resource, policy) {
  const facts = policy.flatMap(({role, members, condition}) =>
    members.map((member) => {
      const grant = {resource, role, member, condition: condition ? `, where ${condition.expression}` : ""};
      bindings.push(grant);
      return /** @type {[string, string, string]} */ ([role, member + grant.condition, sentence(grant)]);
    }),
  );
  return entry(`on ${shortResource(resource)}`, facts, `policy of ${resource}`);
}

/** @param {any} found */
function groups(found) {
  const accounts = /** @type {Account[]} */ (found.serviceAccounts);
  const names = new Map(accounts.map(({uniqueId, name}) => [`serviceAccounts/${uniqueId}`, name]));
  const policies = /** @type {[string, {bindings: Binding[]}][]} */ (Object.entries(found.policies));
  const datasets = /** @type {[string, any[]][]} */ (Object.entries(found.datasets));
  const deleted = [...found.deletedPools, ...found.deletedProviders, ...found.deletedServiceAccounts];
  return [
    group("Workload identity pools", found.pools.map((/** @type {any} */ pool) =>
      entry(shortResource(pool.name), [["state", state(pool)], ["display name", pool.displayName ?? ""]], pool.name))),
    group("Providers", found.providers.map(providerEntry)),
    group("Service accounts", accounts.map((account) =>
      entry(account.email, [["state", state(account)]], `serviceAccount:${account.email}`))),
    group("Allow policies", policies.map(([key, {bindings: policy}]) => policyEntry(names.get(key) ?? key, policy))),
    group("Datasets", datasets.map(([dataset, access]) =>
      entry(dataset, access.map(({role, ...holder}) => [role ?? "view", holderOf(holder)]), `dataset ${dataset}`))),
    group("Views", found.views.map((/** @type {string} */ view) => entry(view))),
    group("Projects and enabled APIs", found.projects.map(projectEntry)),
    group("Deleted in the last 30 days", deleted.map((name) => entry(shortResource(name), [], `deleted ${name}`))),
    element("p", {}, `Valid tokens: ${found.liveTokens}`),
  ];
}

/**
 * Who an entry of an access list means; a view or a routine is an object of its own.
 *
 * @param {Record<string, any>} holder
 */
const holderOf = (holder) =>
  Object.values(holder)
    .map((value) => (typeof value === "string" ? value : JSON.stringify(value)))
    .join(" ");

/** @param {any} found */
export function showResources(found) {
  const text = JSON.stringify(found);
  if (text === drawn) return;
  drawn = text;
  const place = byId("existing");
  const closed = new Set([...place.querySelectorAll("details:not([open]) > summary")].map(title));
  const focused = place.contains(document.activeElement) ? title(/** @type {Element} */ (document.activeElement)) : "";
  bindings = [];
  places = new Map();
  place.replaceChildren(...groups(found));
  for (const summary of /** @type {NodeListOf<HTMLElement>} */ (place.querySelectorAll("details > summary"))) {
    if (closed.has(title(summary))) summary.parentElement?.removeAttribute("open");
    if (focused === title(summary)) summary.focus();
  }
}

/** @param {Element} summary */
const title = (summary) => (summary.textContent ?? "").replace(/ \(\d+\)$/, "");

/**
 * The sentence in which a chain names a binding: see `Grant.sentence` in `permissions.py`.
 *
 * @param {Grant} grant
 */
const sentence = ({role, member, resource, condition}) => `${role} for ${member} on ${resource}${condition}`;

/**
 * What a link's resource is called here: an audience is its provider, a project is its policy.
 *
 * @param {string} resource
 */
export function resourceKey(resource) {
  const name = resource.replace(/^\/\/iam\.googleapis\.com\//, "");
  return places.has(name) ? name : `policy of ${name}`;
}

/**
 * The binding that a near miss names, if it still exists: `binding names VALUE, principal … (ROLE on RESOURCE)`.
 *
 * @param {string} actual
 * @returns {string|null}
 */
export function nearestBinding(actual) {
  const found = bindings.find(({resource, role, member}) => {
    const value = member.replace(/^principalSet:.+?\/attribute\.([a-z0-9_]+)\//, "attribute.$1 = ");
    return actual.endsWith(`(${role} on ${resource})`) && actual.startsWith(`binding names ${value},`);
  });
  return found ? sentence(found) : null;
}

/** @param {string} key */
export const exists = (key) => places.has(key);

/** @param {string} key */
export function show(key) {
  const place = places.get(key);
  if (!(place instanceof HTMLElement)) return;
  place.closest("details")?.setAttribute("open", "");
  place.classList.add("shown");
  setTimeout(() => place.classList.remove("shown"), SHOWN_MILLISECONDS);
  place.scrollIntoView({block: "center"});
  place.focus({preventScroll: true});
}
