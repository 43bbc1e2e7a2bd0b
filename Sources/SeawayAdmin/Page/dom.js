// @ts-check
// Elements. Text goes in as text: nothing that came from elsewhere is ever read as HTML.

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element ${id}`);
  return element;
}

/**
 * @param {string} name
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes] `class`, `aria-label`…;
 *   false, null and undefined leave one out
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/**
 * @param {string} name
 * @param {Record<string, string>} [attributes]
 * @param {...Node} children
 * @returns {SVGElement}
 */
export function draw(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/**
 * Sets a text only where it is another one, so that nothing is drawn, selected or read aloud anew for nothing.
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string | null} value null removes it
 */
export function mark(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let leaving;

/**
 * News, for the eyes and for those who listen; the next takes its place.
 * @param {string} text
 * @param {"good" | "bad"} [kind]
 */
export function tell(text, kind = "good") {
  const news = byId("news");
  say(news, text);
  news.dataset.kind = kind;
  clearTimeout(leaving);
  leaving = setTimeout(() => say(news, ""), 6000);
}

/**
 * Tabs after the pattern of WAI-ARIA: arrows go from one to the next, of which only the chosen one is in the tab order.
 * @param {HTMLElement} list with the tabs, each of which names its panel in `aria-controls`
 * @param {(panel: string) => void} chosen
 * @returns {(panel: string) => void} chooses one
 */
export function tabs(list, chosen) {
  const all = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[role=tab]")]);
  /** @param {string} panel */
  const choose = (panel) => {
    for (const tab of all) {
      const isChosen = tab.getAttribute("aria-controls") === panel;
      mark(tab, "aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      mark(byId(String(tab.getAttribute("aria-controls"))), "hidden", isChosen ? null : "");
    }
    chosen(panel);
  };
  for (const tab of all) tab.addEventListener("click", () => choose(String(tab.getAttribute("aria-controls"))));
  list.addEventListener("keydown", (event) => {
    const those = all.filter((tab) => !tab.hidden);
    const place = those.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const steps = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: those.length - 1 };
    if (place < 0 || !(event.key in steps)) return;
    event.preventDefault();
    const next = those[(steps[event.key] + those.length) % those.length];
    next.focus();
    next.click();
  });
  return choose;
}
