// @ts-check
// A table that is sorted, filtered, kept up to date and bounded.

import { make, mark, say } from "./dom.js";
import { count } from "./format.js";

/** Rows that are shown at once, and by which more are. */
export const PAGE = 50;

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} title
 * @property {(row: Row) => string | number | null} value what is sorted by; null comes last
 * @property {(row: Row) => string} [text] what is shown, unless `fill` does it
 * @property {(cell: HTMLElement, row: Row) => void} [fill] writes the cell again and again
 * @property {string} [order] what a process calls it that has more rows than are listed
 * @property {boolean} [isNumber] stands right, and is sorted from the highest first
 * @property {string} [hint] what the title means
 * @property {boolean} [isAction] has buttons, which need no title
 * @property {boolean} [isUnsorted] cannot be sorted by
 */

/**
 * @template Row
 */
export class Table {
  /**
   * @param {object} options
   * @param {string} options.caption what is in it, for those who listen
   * @param {Column<Row>[]} options.columns
   * @param {(row: Row) => string} options.key
   * @param {(row: Row) => string[]} options.words what the filter looks at
   * @param {string} options.empty what is said when there is nothing
   * @param {number} options.sorted the column that is sorted by at first
   * @param {{text: (name: string) => string, act: (name: string) => void}} [options.offer] what can be done with a name
   *   that is filtered by and not listed
   * @param {() => void} [options.turned] is told that another order is wanted
   */
  constructor({ caption, columns, key, words, empty, sorted, offer, turned }) {
    this.columns = columns;
    this.key = key;
    this.words = words;
    this.empty = empty;
    this.sorted = sorted;
    this.isFalling = columns[sorted].isNumber === true;
    this.limit = PAGE;
    /** @type {Row[]} */
    this.rows = [];
    this.total = 0;
    this.filter = "";
    this.offer = offer;
    this.turned = turned;
    /** @type {import("./whole.js").Rest | null} */
    this.beyond = null;
    /** @type {Map<string, {element: HTMLElement, cells: HTMLElement[]}>} */
    this.drawn = new Map();
    /** @type {string[]} the order that stays while somebody points at a row */
    this.order = [];

    this.heads = columns.map((column, index) => this.#head(column, index));
    this.body = make("tbody");
    this.note = make("p", { class: "empty" });
    this.offered = make("button", { type: "button", class: "more offer" });
    this.offered.addEventListener("click", () => this.offer?.act(this.filter));
    this.more = make("button", { type: "button", class: "more" });
    this.rest = make("p", { class: "rest" });
    this.element = make("div", {},
      make("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": caption },
        make("table", {}, make("caption", { class: "unseen" }, caption),
          make("thead", {}, make("tr", {}, ...this.heads)), this.body)),
      this.note, this.offered, this.more, this.rest);
    this.more.addEventListener("click", () => {
      this.limit += PAGE;
      this.#draw(false);
    });
  }

  /** What is wanted of a list that is longer than what is listed. */
  get wish() {
    return { order: this.columns[this.sorted].order, isFalling: this.isFalling, filter: this.filter };
  }

  /**
   * @param {Row[]} rows
   * @param {number} total how many there are, listed or not
   * @param {import("./whole.js").Rest | null} beyond what is not listed, where these are the first in their order
   */
  show(rows, total, beyond = null) {
    this.rows = rows;
    this.total = total;
    this.beyond = beyond;
    this.#draw(this.#isLookedAt());
  }

  /** @param {string} text */
  search(text) {
    this.filter = text.trim();
    this.limit = PAGE;
    this.#draw(false);
  }

  /** Rows do not change places under a pointer, nor under the one who works with the keyboard. */
  #isLookedAt() {
    return this.body.matches(":hover") || this.body.contains(document.activeElement);
  }

  /**
   * @param {Column<Row>} column
   * @param {number} index
   */
  #head(column, index) {
    const head = make("th", { scope: "col", class: column.isNumber ? "number" : "", title: column.hint });
    if (column.isUnsorted) {
      head.append(make("span", { class: column.isAction ? "unseen" : "title" }, column.title));
      return head;
    }
    const button = make("button", { type: "button" }, column.title);
    button.addEventListener("click", () => {
      this.isFalling = this.sorted === index ? !this.isFalling : column.isNumber === true;
      this.sorted = index;
      this.#draw(false);
      this.turned?.();
    });
    head.append(button);
    return head;
  }

  #matching() {
    if (!this.filter) return this.rows;
    const wanted = this.filter.toLowerCase();
    return this.rows.filter((row) => this.words(row).some((word) => word.toLowerCase().includes(wanted)));
  }

  /** @param {Row[]} rows */
  #inOrder(rows) {
    const { value } = this.columns[this.sorted];
    const sign = this.isFalling ? -1 : 1;
    return rows
      .map((row) => ({ row, value: value(row), key: this.key(row) }))
      .sort((a, b) => compare(a.value, b.value, sign) || compare(a.key, b.key, 1))
      .map(({ row }) => row);
  }

  /** @param {boolean} isKept whether rows that are shown stay where they are */
  #draw(isKept) {
    this.heads.forEach((head, index) => {
      if (this.columns[index].isUnsorted) return;
      mark(head, "aria-sort", index !== this.sorted ? "none" : this.isFalling ? "descending" : "ascending");
    });
    const matching = this.#matching();
    let rows = this.#inOrder(matching);
    if (isKept) {
      const places = new Map(this.order.map((key, index) => [key, index]));
      const place = (/** @type {Row} */ row) => places.get(this.key(row)) ?? Infinity;
      // Those that are new come behind, in their order, since sorting is stable.
      rows = rows.sort((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
    }
    const shown = rows.slice(0, this.limit);
    this.#fill(shown);
    this.order = shown.map(this.key);
    this.#foot(matching.length, shown.length);
  }

  /** @param {Row[]} shown */
  #fill(shown) {
    const keys = new Set(shown.map(this.key));
    for (const [key, { element }] of this.drawn) {
      if (keys.has(key)) continue;
      element.remove();
      this.drawn.delete(key);
    }
    shown.forEach((row, index) => {
      const key = this.key(row);
      const { element, cells } = this.drawn.get(key) ?? this.#row(key);
      this.columns.forEach((column, place) => {
        if (column.fill) column.fill(cells[place], row);
        else say(cells[place], column.text ? column.text(row) : String(column.value(row)));
      });
      if (this.body.children[index] !== element) this.body.insertBefore(element, this.body.children[index] ?? null);
    });
  }

  /** @param {string} key */
  #row(key) {
    const cells = this.columns.map((column, index) =>
      make(index === 0 ? "th" : "td", { scope: index === 0 ? "row" : null, class: column.isNumber ? "number" : null }));
    const drawn = { element: make("tr", {}, ...cells), cells };
    this.drawn.set(key, drawn);
    return drawn;
  }

  /**
   * @param {number} matching
   * @param {number} shown
   */
  #foot(matching, shown) {
    const left = matching - shown;
    mark(this.more, "hidden", left > 0 ? null : "");
    say(this.more, `Show ${Math.min(left, PAGE)} of ${count(left)} more`);
    const isEmpty = matching === 0;
    mark(this.note, "hidden", isEmpty ? null : "");
    mark(/** @type {Element} */ (this.element.firstElementChild), "hidden", isEmpty ? "" : null);
    say(this.note, this.filter && this.rows.length > 0 ? `Nothing here matches “${this.filter}”.` : this.empty);
    const canOffer = isEmpty && this.filter !== "" && this.offer !== undefined;
    mark(this.offered, "hidden", canOffer ? null : "");
    if (canOffer) say(this.offered, this.offer?.text(this.filter) ?? "");
    const rest = this.#rest();
    mark(this.rest, "hidden", rest ? null : "");
    say(this.rest, rest);
  }

  /** What is not listed. */
  #rest() {
    const { beyond } = this;
    const isFiltered = beyond?.isSorted === true && this.filter !== "";
    const all = isFiltered ? `${count(beyond.matching)} match` : `${count(this.total)} in all`;
    const isShort = (isFiltered ? beyond.matching : this.total) > this.rows.length;
    const order = beyond?.isSorted ? this.columns[this.sorted].title.toLowerCase() : "name";
    return [
      isShort ? `${all}; the first ${count(this.rows.length)} by ${order} are listed here.` : "",
      beyond && !beyond.isWhole ? "There was no time to look at all of them." : "",
      beyond && beyond.hidden > 0 ? `${count(beyond.hidden)} inbox${beyond.hidden === 1 ? " is" : "es are"} hidden.` : "",
    ].filter(Boolean).join(" ");
  }
}

/**
 * @param {string | number | null} a
 * @param {string | number | null} b
 * @param {1 | -1} sign
 */
function compare(a, b, sign) {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -sign : sign;
}
