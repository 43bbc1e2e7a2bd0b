// @ts-check
// A live picture of the last minutes: lines, axes with units, and the values under a pointer or the arrow keys.

import { draw, make, mark, say } from "./dom.js";
import { duration } from "./format.js";
import { axisEnd, binaryEnd, logAxis } from "./rates.js";

/** Seconds from edge to edge. */
export const SPAN = 300;
const WIDTH = 600;
const HEIGHT = 100;

/**
 * @typedef {object} Look
 * @property {string} title
 * @property {string[]} lines their names
 * @property {string} unit as it is read: "per second", "messages"
 * @property {string} [suffix] behind each value: "/s"
 * @property {(value: number | null) => string} format
 * @property {number} least the end of the axis when next to nothing is shown
 * @property {boolean} [isLogarithmic]
 * @property {boolean} [isBinary] its axis ends at a power of two
 * @property {string} [note] what else is to be known, such as over which time
 */

export class Chart {
  /** @param {Look} look */
  constructor(look) {
    this.look = look;
    /** @type {import("./rates.js").History | null} */
    this.history = null;
    /**
     * Seconds before the newest point at which values are read; null: now.
     * @type {number | null}
     */
    this.cursor = null;
    this.axis = { begin: 0, end: look.least };

    this.values = look.lines.map(() => make("dd"));
    this.when = make("p", { class: "when" }, "now");
    const readout = make("dl", { class: "readout" }, ...look.lines.map((line, index) =>
      make("div", {}, make("dt", {}, make("i", { class: `swatch line${index}` }), line), this.values[index])));

    this.area = draw("path", { class: "area" });
    this.paths = look.lines.map((_, index) => draw("path", { class: `line line${index}` }));
    const picture = draw("svg", {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false",
    }, this.area, ...this.paths);
    this.ticks = [1, 0.5, 0].map((share) => make("span", { class: `tick tick${share * 100}` }));
    this.dots = look.lines.map((_, index) => make("i", { class: `dot line${index}` }));
    this.rule = make("div", { class: "rule", hidden: true }, ...this.dots);
    this.plot = make("div", {
      class: "plot", role: "slider", tabindex: 0, "aria-label": `${look.title}, ${look.unit}, the last 5 minutes`,
      "aria-valuemin": -SPAN, "aria-valuemax": 0, "aria-valuenow": 0, "aria-orientation": "horizontal",
    }, picture, this.rule);
    this.element = make("article", { class: "tile" },
      make("header", {}, make("h3", {}, look.title), this.when), readout,
      make("div", { class: "canvas" },
        make("div", { class: "ticks", "aria-hidden": "true" }, ...this.ticks), this.plot),
      make("div", { class: "hours", "aria-hidden": "true" },
        make("span", {}, "5 min ago"), make("span", {}, look.note ?? ""), make("span", {}, "now")));
    this.#listen();
  }

  /** @param {import("./rates.js").History} history */
  show(history) {
    this.history = history;
    const newest = history.points.at(-1)?.time ?? 0;
    const { lowest, highest } = history.bounds;
    const { least, isLogarithmic, isBinary } = this.look;
    this.axis = isLogarithmic ? logAxis(lowest, highest, least)
      : { begin: 0, end: (isBinary ? binaryEnd : axisEnd)(highest, least) };
    this.paths.forEach((path, index) => path.setAttribute("d", this.#path(index, newest, false)));
    // Under a logarithmic line an area would mean nothing.
    if (!this.look.isLogarithmic) this.area.setAttribute("d", this.#path(0, newest, true));
    const { begin, end } = this.axis;
    const middle = isLogarithmic ? Math.sqrt(begin * end) : end / 2;
    [end, middle, begin].forEach((value, index) => say(this.ticks[index], value === 0 ? "0" : this.#text(value)));
    this.#read();
  }

  /**
   * How far from the top a value lies.
   * @param {number} value
   * @returns {number} 0 to 1
   */
  #depth(value) {
    const { begin, end } = this.axis;
    const share = begin > 0 ? Math.log(Math.max(value, begin) / begin) / Math.log(end / begin) : value / end;
    return 1 - Math.min(share, 1);
  }

  /**
   * @param {number} index
   * @param {number} newest
   * @param {boolean} isClosed down to the axis
   */
  #path(index, newest, isClosed) {
    let path = "";
    let begin = "";
    let end = "";
    for (const { time, values } of this.history?.points ?? []) {
      const value = values[index];
      const x = WIDTH * (1 - (newest - time) / SPAN);
      if (value === null || x < 0) {
        if (isClosed && begin) path += `L${end},${HEIGHT}L${begin},${HEIGHT}Z`;
        begin = "";
        continue;
      }
      const y = HEIGHT * this.#depth(value);
      path += `${begin ? "L" : "M"}${x.toFixed(1)},${y.toFixed(2)}`;
      end = x.toFixed(1);
      begin ||= end;
    }
    return isClosed && begin ? `${path}L${end},${HEIGHT}L${begin},${HEIGHT}Z` : path;
  }

  /** @param {number | null} value */
  #text(value) {
    const text = this.look.format(value);
    return value === null ? text : `${text}${this.look.suffix ?? ""}`;
  }

  /** The point that is read: the newest, or the one that is nearest to the cursor. */
  #point() {
    const points = this.history?.points ?? [];
    const newest = points.at(-1);
    if (!newest || this.cursor === null) return { point: newest, ago: 0 };
    const wanted = newest.time - this.cursor;
    let nearest = newest;
    for (const point of points) {
      if (Math.abs(point.time - wanted) < Math.abs(nearest.time - wanted)) nearest = point;
    }
    return { point: nearest, ago: newest.time - nearest.time };
  }

  #read() {
    const { point, ago } = this.#point();
    this.values.forEach((element, index) => say(element, this.#text(point?.values[index] ?? null)));
    const isRead = this.cursor !== null && point !== undefined;
    say(this.when, isRead && ago >= 0.5 ? `${duration(Math.round(ago))} ago` : "now");
    this.element.classList.toggle("is-read", isRead);
    mark(this.rule, "hidden", isRead ? null : "");
    if (!isRead) return;
    this.rule.style.left = `${100 * (1 - ago / SPAN)}%`;
    this.dots.forEach((dot, index) => {
      const value = point.values[index];
      mark(dot, "hidden", value === null ? "" : null);
      if (value !== null) dot.style.top = `${100 * this.#depth(value)}%`;
    });
  }

  /** Tells those who listen what stands at the cursor: only when it was moved, not each second. */
  #announce() {
    const values = this.look.lines.map((line, index) => `${line} ${this.values[index].textContent}`).join(", ");
    mark(this.plot, "aria-valuenow", String(-Math.round(this.cursor ?? 0)));
    mark(this.plot, "aria-valuetext", `${this.when.textContent}: ${values}`);
  }

  /** @param {number | null} seconds before now */
  #move(seconds) {
    const first = this.history?.points[0]?.time ?? 0;
    const newest = this.history?.points.at(-1)?.time ?? 0;
    this.cursor = seconds === null ? null : Math.max(0, Math.min(seconds, newest - first, SPAN));
    this.#read();
    this.#announce();
  }

  #listen() {
    this.plot.addEventListener("pointermove", (event) => {
      const { left, width } = this.plot.getBoundingClientRect();
      this.#move(SPAN * (1 - (event.clientX - left) / width));
    });
    this.plot.addEventListener("pointerleave", () => this.#move(null));
    this.plot.addEventListener("focus", () => this.#announce());
    this.plot.addEventListener("blur", () => this.#move(null));
    this.plot.addEventListener("keydown", (event) => {
      const now = this.cursor ?? 0;
      /** @type {Record<string, number | null>} */
      const moves = {
        ArrowLeft: now + 1, ArrowDown: now + 1, ArrowRight: now - 1, ArrowUp: now - 1,
        PageUp: now - 30, PageDown: now + 30, Home: SPAN, End: 0, Escape: null,
      };
      if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.#move(moves[event.key]);
    });
  }
}

/**
 * The small picture of a channel.
 * @returns {SVGElement}
 */
export function makeSpark() {
  return draw("svg", {
    class: "spark", viewBox: "0 0 60 16", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false",
  }, draw("path", { class: "line line0" }));
}

/**
 * @param {SVGElement} spark
 * @param {(number | null)[]} values the newest last
 * @param {number} limit how many fill it
 */
export function drawSpark(spark, values, limit) {
  const highest = Math.max(1, ...values.map((value) => value ?? 0));
  let path = "";
  let isDrawn = false;
  values.forEach((value, index) => {
    const x = 60 - ((values.length - 1 - index) * 60) / (limit - 1);
    if (value !== null) path += `${isDrawn ? "L" : "M"}${x.toFixed(1)},${(15 - (14 * value) / highest).toFixed(1)}`;
    isDrawn = value !== null;
  });
  mark(/** @type {Element} */ (spark.firstChild), "d", path);
}
