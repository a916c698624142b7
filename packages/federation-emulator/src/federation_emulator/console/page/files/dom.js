// Elements from plain values. Text is always a text node: whatever a caller put in a name stays text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * A text with every character written out that is not seen for what it is, but for line breaks: nothing that a caller
 * put in a name hides or reorders what stands around it.
 *
 * @param {string} text
 * @returns {string}
 */
function printable(text) {
  const hidden = /(?![\n\ufe0f])[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
  return text.replace(hidden, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/**
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node|string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, printable(value));
  made.append(...children.map((child) => (typeof child === "string" ? printable(child) : child)));
  return made;
}

/**
 * A verdict in words; its sign is for the eye alone.
 *
 * @param {boolean} allowed
 */
export function verdictOf(allowed) {
  const sign = element("span", {"aria-hidden": "true"}, allowed ? "✓ " : "✗ ");
  return element("span", {class: "verdict"}, sign, allowed ? "allowed" : "REFUSED");
}

/**
 * An arrow to the right.
 *
 * @returns {SVGElement}
 */
export function arrow() {
  const drawn = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", "M1 8h28m-7 -6l7 6l-7 6");
  drawn.append(line);
  for (const [name, value] of Object.entries({viewBox: "0 0 30 16", class: "arrow", "aria-hidden": "true"})) {
    drawn.setAttribute(name, value);
  }
  return drawn;
}

/**
 * Text that may break after a separator, as ARNs and resource names are read. Copied, it is the text itself.
 *
 * @param {string} text
 * @returns {(Node|string)[]}
 */
export function breakable(text) {
  return text.split(/(?<=[/=,@])(?=[^/\s])/).flatMap((part, place) => (place ? [element("wbr"), part] : [part]));
}

/**
 * @param {string} text
 * @returns {HTMLElement}
 */
export function code(text) {
  return element("code", {}, ...breakable(text));
}

/**
 * Make these the children of a place, and leave alone those that are there already: they keep focus and selection.
 *
 * @param {Element} place
 * @param {Element[]} children
 */
export function arrange(place, children) {
  let next = place.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else place.insertBefore(child, next);
  }
  while (next) {
    const following = next.nextElementSibling;
    next.remove();
    next = following;
  }
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}
