// @ts-check
// A live tail: what passes through a channel, as it passes. The newest lines are kept, and drawn in batches.

import { Refusal, tail } from "./api.js";
import { byId, make, mark, say } from "./dom.js";
import { bytes, clock, count, printable, shortened } from "./format.js";

/** Lines that are kept. */
export const LINES = 500;
const LINE_LENGTH = 2000;
const BATCH = 150;

export class Tail {
  constructor() {
    this.list = byId("tail-lines");
    this.button = byId("tail-toggle");
    this.note = byId("tail-note");
    /** @type {AbortController | null} */
    this.running = null;
    this.path = "";
    this.state = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {any[]} */
    this.waiting = [];
    this.seen = 0;
    this.missed = 0;
    this.button.addEventListener("click", () => (this.running ? this.stop("Stopped.") : this.start()));
    byId("tail-clear").addEventListener("click", () => this.reset());
  }

  /** @param {string} path of what is to be read from now on; an empty one ends what was read */
  choose(path) {
    this.stop("");
    this.path = path;
    this.reset();
  }

  reset() {
    this.waiting = [];
    this.seen = 0;
    this.missed = 0;
    this.list.replaceChildren();
    this.#tell();
  }

  async start() {
    if (this.running || !this.path) return;
    const running = new AbortController();
    this.running = running;
    this.#look("Connecting…");
    let end = "The stream has ended.";
    try {
      await tail(this.path, running.signal, (name, data) => this.#take(name, data));
    } catch (error) {
      end = error instanceof Refusal ? error.message : "The connection was lost.";
    }
    if (this.running === running) this.stop(end);
  }

  /** @param {string} why */
  stop(why) {
    this.running?.abort();
    this.running = null;
    this.#flush();
    this.#look(why);
  }

  /** @param {string} text */
  #look(text) {
    this.state = text;
    say(this.button, this.running ? "Stop" : "Start");
    mark(this.list, "data-running", this.running ? "yes" : "no");
    this.#tell();
  }

  #tell() {
    const parts = [this.state, this.seen > 0 ? `${count(this.seen)} seen` : ""];
    if (this.seen > LINES) parts.push(`the last ${LINES} are shown`);
    if (this.missed > 0) parts.push(`${count(this.missed)} passed too fast to be shown`);
    const isListening = this.running !== null && this.seen === 0 && !this.state;
    const listening = "Listening. What passes from now on is shown here.";
    say(this.note, isListening ? listening : parts.filter(Boolean).join(" · "));
  }

  /**
   * @param {string} name
   * @param {any} data
   */
  #take(name, data) {
    if (name === "dropped") {
      this.missed += Number(data.count) || 0;
    } else if (name === "interrupted") {
      this.state = `Interrupted: broker ${printable(data.broker)} is away.`;
    } else if (name === "started") {
      this.state = "";
    } else if (name === "refused") {
      this.state = `Refused: ${printable(data.text ?? data.code)}`;
    } else {
      this.seen += 1;
      this.waiting.push(data);
      if (this.waiting.length > LINES) this.waiting.shift();
    }
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => this.#flush(), BATCH);
  }

  #flush() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { list } = this;
    // Whoever has scrolled up to read stays there.
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const lines = this.waiting.map(line);
    this.waiting = [];
    list.append(...lines);
    while (list.childElementCount > LINES) list.firstElementChild?.remove();
    if (isAtEnd) list.scrollTop = list.scrollHeight;
    this.#tell();
  }
}

/** @param {any} message */
function line(message) {
  const size = Number(message.channels) > 1 ? `to ${count(message.channels)}` : bytes(message.size);
  const kind = String(message.kind ?? "sent");
  const body = message.body === undefined || message.body === null ? message.text ?? "" : JSON.stringify(message.body);
  return make("li", {},
    make("time", {}, clock(Number(message.time))),
    make("span", { class: "kind", "data-kind": kind }, printable(kind)),
    make("span", { class: "size" }, size),
    make("bdi", { class: "body" }, shortened(printable(body), LINE_LENGTH)));
}
