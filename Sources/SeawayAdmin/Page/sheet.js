// @ts-check
// One channel or group: what waits there, what passes, and something to send.

import { get, post } from "./api.js";
import { byId, make, mark, say, tabs, tell } from "./dom.js";
import { bytes, count, counted, duration, printable, rate, shortened } from "./format.js";
import { Tail } from "./tail.js";

const FIRST = 20;
const MOST = 100;
const BODY_LENGTH = 20_000;

/** @typedef {{kind: "channel" | "group", name: string}} Subject */

export class Sheet {
  constructor() {
    this.box = /** @type {HTMLDialogElement} */ (byId("sheet"));
    this.list = byId("messages");
    this.body = /** @type {HTMLTextAreaElement} */ (byId("send-body"));
    this.tail = new Tail();
    this.limit = FIRST;
    /** @type {Subject | null} */
    this.subject = null;
    this.choose = tabs(byId("sheet-tabs"), (panel) => this.#chosen(panel));
    this.box.addEventListener("close", () => this.#closed());
    byId("messages-refresh").addEventListener("click", () => this.#load());
    byId("messages-more").addEventListener("click", () => {
      this.limit = Math.min(this.limit * 2, MOST);
      this.#load();
    });
    byId("send-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.body.addEventListener("input", () => this.#check());
    this.body.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#send();
    });
  }

  /** @param {Subject} subject */
  open(subject) {
    this.subject = subject;
    this.limit = FIRST;
    const isChannel = subject.kind === "channel";
    say(byId("sheet-kind"), isChannel ? "Channel" : "Group");
    say(byId("sheet-title"), printable(subject.name));
    mark(byId("tab-messages"), "hidden", isChannel ? null : "");
    say(byId("send-hint"), isChannel
      ? "A JSON object. One reader gets it." : "A JSON object. Each member of the group gets it.");
    this.list.replaceChildren();
    byId("sheet-facts").replaceChildren();
    this.#complain("");
    this.tail.choose(`api/tail?${subject.kind}=${encodeURIComponent(subject.name)}`);
    this.box.showModal();
    this.choose(isChannel ? "pane-messages" : "pane-tail");
  }

  /** @param {import("./model.js").Model} model */
  show(model) {
    const { subject } = this;
    if (!subject || !this.box.open) return;
    const channel = model.channels.find((row) => subject.kind === "channel" && row.name === subject.name);
    const group = model.groups.find((row) => subject.kind === "group" && row.name === subject.name);
    /** @type {[string, string][]} */
    const isListed = !model.rest[subject.kind === "channel" ? "channels" : "groups"];
    let facts = [["State", isListed ? "Nothing is there now" : "Not among those that are listed"]];
    if (channel) {
      facts = [
        ["Waiting", count(channel.depth)], ["Oldest", duration(channel.depth ? channel.oldest : null)],
        ["Readers", count(channel.readers)], ["In/s", rate(channel.in)], ["Out/s", rate(channel.out)],
      ];
    } else if (group) {
      facts = [["Members", count(group.members)]];
    }
    this.#facts(facts);
  }

  /** @param {[string, string][]} facts */
  #facts(facts) {
    const list = byId("sheet-facts");
    if (list.childElementCount !== facts.length) {
      list.replaceChildren(...facts.map(() => make("div", {}, make("dt"), make("dd"))));
    }
    facts.forEach(([name, value], index) => {
      say(list.children[index].children[0], name);
      say(list.children[index].children[1], value);
    });
  }

  /** @param {string} panel */
  #chosen(panel) {
    if (panel === "pane-messages") this.#load();
    if (panel === "pane-tail") this.tail.start();
  }

  #closed() {
    this.subject = null;
    this.tail.choose("");
    this.list.replaceChildren();
  }

  async #load() {
    const { subject } = this;
    if (!subject || subject.kind !== "channel") return;
    const note = byId("messages-note");
    say(note, "Looking…");
    try {
      const path = `api/channels/${encodeURIComponent(subject.name)}/messages?count=${this.limit}`;
      const { messages, total } = await get(path);
      if (this.subject !== subject) return;
      this.list.replaceChildren(...messages.map(entry));
      const isMore = messages.length >= this.limit && this.limit < MOST;
      mark(byId("messages-more"), "hidden", isMore ? null : "");
      say(note, messages.length === 0 ? "Nothing waits here."
        : total > messages.length ? `The oldest ${messages.length} of ${count(total)}; looking takes none away.`
          : `${counted(messages.length, "message")}, the oldest first; looking takes none away.`);
    } catch (error) {
      if (this.subject === subject) say(note, `Not to be seen: ${messageOf(error)}`);
    }
  }

  /** @returns {string | null} the body as it was written, if it can be sent */
  #check() {
    const text = this.body.value.trim();
    try {
      const value = JSON.parse(text);
      const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
      this.#complain(isObject ? "" : "A message is an object: {…}");
      return isObject ? text : null;
    } catch (error) {
      this.#complain(text === "" ? "Nothing to send." : `Not JSON: ${messageOf(error)}`);
      return null;
    }
  }

  /** @param {string} text */
  #complain(text) {
    say(byId("send-error"), text);
    mark(this.body, "aria-invalid", text ? "true" : null);
  }

  async #send() {
    const { subject } = this;
    const body = this.#check();
    if (!subject || body === null) {
      this.body.focus();
      return;
    }
    const button = /** @type {HTMLButtonElement} */ (byId("send-button"));
    button.disabled = true;
    try {
      const [path, key] = subject.kind === "channel" ? ["api/send", "channel"] : ["api/groups/send", "group"];
      // The body goes as it was written: numbers of any length stay what they are.
      const answer = await post(path, `{"${key}":${JSON.stringify(subject.name)},"body":${body}}`);
      const reached = typeof answer.members === "number" ? ` (${counted(answer.members, "member")})` : "";
      this.#outcome(`Sent to ${printable(subject.name)}${reached}.`, "good");
    } catch (error) {
      this.#outcome(`Not sent: ${messageOf(error)}`, "bad");
    } finally {
      button.disabled = false;
    }
  }

  /**
   * @param {string} text
   * @param {"good" | "bad"} kind
   */
  #outcome(text, kind) {
    const outcome = byId("send-outcome");
    say(outcome, `${text}`);
    outcome.dataset.kind = kind;
    if (!this.box.open) tell(text, kind);
  }
}

/** @param {any} message */
function entry(message) {
  const isLong = message.body === null || message.body === undefined;
  const body = isLong ? message.text ?? "" : JSON.stringify(message.body, null, 2);
  const facts = [
    `${duration(message.age)} old`, bytes(message.size),
    Number(message.times) > 0 ? `delivered ${counted(message.times, "time")}` : "",
    typeof message.left === "number" ? `expires in ${duration(message.left)}` : "",
    message.dead ? `dead letter of ${printable(message.dead)}: ${printable(message.why ?? "no reason told")}` : "",
  ].filter(Boolean).join(" · ");
  return make("li", {}, make("p", { class: "about" }, facts),
    make("pre", {}, body ? shortened(lines(body), BODY_LENGTH) : "(too long to be shown)"));
}

/**
 * A stranger's text over several lines.
 * @param {string} text
 */
function lines(text) {
  return text.split("\n").map(printable).join("\n");
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
