// @ts-check
// Which pictures there are, and what stands beside them.

import { Chart } from "./chart.js";
import { byId, make, mark, say } from "./dom.js";
import { bytes, count, counted, duration, printable, rate, UNKNOWN } from "./format.js";

/** @type {Record<string, import("./chart.js").Look>} */
const LOOKS = {
  requests: { title: "Requests", lines: ["all", "5xx"], unit: "per second", suffix: "/s", format: rate, least: 10 },
  latency: {
    title: "Latency", lines: ["p50", "p99"], unit: "time to the answer", format: duration, least: 0.01,
    isLogarithmic: true, note: "over 10 s each",
  },
  queue: {
    title: "Time in queue", lines: ["p50", "p99"], unit: "wait of a message", format: duration, least: 0.01,
    isLogarithmic: true, note: "over 10 s each",
  },
  messages: {
    title: "Messages", lines: ["sent", "delivered"], unit: "per second", suffix: "/s", format: rate, least: 10,
  },
  sockets: { title: "WebSockets", lines: ["open"], unit: "open sockets", format: count, least: 10 },
  waiting: { title: "Waiting", lines: ["messages"], unit: "messages in all channels", format: count, least: 10 },
  drops: { title: "Drops", lines: ["dropped"], unit: "per second", suffix: "/s", format: rate, least: 1 },
  connections: { title: "Connections", lines: ["to the brokers"], unit: "connections", format: count, least: 10 },
  memory: {
    title: "Memory", lines: ["resident"], unit: "of this process", format: bytes, least: 1 << 20, isBinary: true,
  },
  processor: { title: "Processor", lines: ["used"], unit: "percent of a core", suffix: " %", format: rate, least: 10 },
};
const WITH_SERVER = {
  main: ["requests", "latency", "messages", "sockets", "waiting", "drops"], more: ["queue", "memory", "processor"],
};
const WITHOUT_SERVER = {
  main: ["messages", "queue", "waiting", "drops", "connections", "processor"], more: ["memory"],
};

export class Tiles {
  constructor() {
    this.place = byId("tiles");
    this.more = byId("more-tiles");
    this.fold = /** @type {HTMLDetailsElement} */ (byId("more"));
    /** @type {Record<string, Chart>} */
    this.charts = {};
    /** @type {{main: string[], more: string[]} | null} */
    this.shown = null;
  }

  /**
   * Before there is anything, the places are there: nothing jumps when it comes.
   * @param {import("./model.js").Model} model
   */
  show(model) {
    const names = model.state && !model.hasServer ? WITHOUT_SERVER : WITH_SERVER;
    if (this.shown !== names) {
      this.shown = names;
      this.place.replaceChildren(...names.main.map((name) => this.#chart(name).element));
      this.more.replaceChildren(...names.more.map((name) => this.#chart(name).element));
    }
    // What is folded away costs nothing.
    const seen = this.fold.open ? [...names.main, ...names.more] : names.main;
    for (const name of seen) this.charts[name].show(model.series[name]);
  }

  /** @param {string} name */
  #chart(name) {
    return (this.charts[name] ??= new Chart(LOOKS[name]));
  }
}

/**
 * Lists of a few lines: brokers, workers by language, drops by reason.
 * @param {import("./model.js").Model} model
 */
export function showCards(model) {
  fill("brokers", model.brokers, "No broker is known.", (broker) => ({
    title: printable(broker.address),
    about: !broker.reachable ? `not reachable: ${printable(broker.reason ?? "no answer")}`
      : broker.store === "away" ? "its store is away"
        : `${counted(broker.connections, "connection")} · ${duration(broker.uptime)}`,
    value: broker.reachable ? perSecond(broker.in) : "away",
    kind: broker.reachable && broker.store !== "away" ? "good" : "bad",
  }));
  fill("workers", model.workers, "Nobody is connected yet.", (row) => ({
    title: printable(row.language),
    about: counted(row.connections, "connection"),
    value: count(row.workers),
    kind: row.workers > 0 ? "good" : "idle",
  }));
  fill("reasons", model.drops.filter((drop) => drop.count > 0), "Nothing was dropped or refused.", (drop) => ({
    title: printable(drop.reason),
    about: `${drop.where} · ${perSecond(drop.rate)}`,
    value: count(drop.count),
    kind: drop.rate ? "bad" : "idle",
  }));
}

/** @param {number | null} value */
function perSecond(value) {
  return value === null ? UNKNOWN : `${rate(value)}/s`;
}

/** Lines of a list, at most. */
const LINES = 20;

/**
 * @template Row
 * @param {string} id
 * @param {Row[]} rows
 * @param {string} empty
 * @param {(row: Row) => {title: string, about: string, value: string, kind: string}} look
 */
function fill(id, rows, empty, look) {
  const list = byId(id);
  const note = byId(`${id}-note`);
  const shown = rows.slice(0, LINES);
  while (list.childElementCount > shown.length) list.lastElementChild?.remove();
  while (list.childElementCount < shown.length) {
    list.append(make("li", {},
      make("i", { class: "lamp", "aria-hidden": "true" }), make("bdi", { class: "title" }),
      make("span", { class: "about" }), make("span", { class: "value" })));
  }
  shown.forEach((row, index) => {
    const [lamp, title, about, value] = list.children[index].children;
    const line = look(row);
    mark(lamp, "data-kind", line.kind);
    say(title, line.title);
    mark(title, "title", line.title);
    say(about, line.about);
    mark(about, "title", line.about);
    say(value, line.value);
  });
  say(note, rows.length === 0 ? empty : rows.length > LINES ? `${rows.length - LINES} more` : "");
}
