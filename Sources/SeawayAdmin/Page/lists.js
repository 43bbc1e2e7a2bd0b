// @ts-check
// The tables: channels, groups, connections.

import { drawSpark, makeSpark } from "./chart.js";
import { make, mark, say } from "./dom.js";
import { bytes, count, duration, printable, rate, shortened } from "./format.js";
import { SPARK_POINTS } from "./model.js";
import { Table } from "./table.js";

/** @typedef {import("./sheet.js").Subject} Subject */
/** @typedef {import("./model.js").ChannelRow} ChannelRow */
/** @typedef {import("./model.js").GroupRow} GroupRow */
/** @typedef {import("./model.js").ConnectionRow} ConnectionRow */

const NAME_LENGTH = 200;

/**
 * The first cell of a row, which opens what it names.
 * @param {HTMLElement} cell
 * @param {string} name
 * @param {(name: string) => void} open
 */
function opener(cell, name, open) {
  const shown = shortened(printable(name), NAME_LENGTH);
  let button = /** @type {HTMLElement | null} */ (cell.querySelector("button"));
  if (!button) {
    button = make("button", { type: "button", class: "name" }, make("bdi"));
    button.addEventListener("click", () => open(name));
    cell.append(button);
  }
  say(/** @type {Element} */ (button.firstChild), shown);
  mark(button, "title", shown);
}

/**
 * @param {HTMLElement} cell
 * @param {string | null} text
 */
function stranger(cell, text) {
  const shown = text === null || text === "" ? "–" : shortened(printable(text), NAME_LENGTH);
  const inner = cell.firstElementChild ?? cell.appendChild(make("bdi", { class: "clip" }));
  say(inner, shown);
  mark(inner, "title", shown);
}

/**
 * @param {(subject: Subject) => void} open
 * @param {() => void} turned
 * @returns {Table<ChannelRow>}
 */
export function channelTable(open, turned) {
  return new Table({
    turned,
    caption: "Channels", sorted: 1, key: (row) => row.name, words: (row) => [row.name],
    empty: "No channel holds anything or is listened to. One begins with its first message or reader.",
    offer: { text: (name) => `Open channel ${name}`, act: (name) => open({ kind: "channel", name }) },
    columns: [
      {
        title: "Channel", order: "name", value: (row) => row.name,
        fill: (cell, row) => {
          opener(cell, row.name, (name) => open({ kind: "channel", name }));
          const tags = cell.querySelector(".tag") ?? cell.appendChild(make("span", { class: "tag" }));
          say(tags, row.tags.join(", "));
        },
      },
      { title: "Waiting", order: "depth", isNumber: true, value: (row) => row.depth, text: (row) => count(row.depth) },
      {
        title: "Last minute", isUnsorted: true, value: () => null,
        fill: (cell, row) => {
          const spark = /** @type {SVGElement} */ (cell.firstElementChild ?? cell.appendChild(makeSpark()));
          drawSpark(spark, row.spark, SPARK_POINTS);
        },
      },
      {
        title: "Oldest", order: "oldest", isNumber: true, value: (row) => (row.depth ? row.oldest : null),
        text: (row) => duration(row.depth ? row.oldest : null), hint: "How long the oldest message has waited",
      },
      { title: "Size", order: "bytes", isNumber: true, value: (row) => row.bytes, text: (row) => bytes(row.bytes) },
      { title: "Readers", order: "readers", isNumber: true, value: (row) => row.readers, text: (row) => count(row.readers) },
      {
        title: "In hand", order: "in_hand", isNumber: true, value: (row) => row.inHand, text: (row) => count(row.inHand),
        hint: "Given out and not yet acknowledged",
      },
      { title: "Delayed", order: "delayed", isNumber: true, value: (row) => row.delayed, text: (row) => count(row.delayed) },
      { title: "In/s", order: "sent", isNumber: true, value: (row) => row.in, text: (row) => rate(row.in) },
      { title: "Out/s", order: "delivered", isNumber: true, value: (row) => row.out, text: (row) => rate(row.out) },
      { title: "Dropped", order: "dropped", isNumber: true, value: (row) => row.dropped, text: (row) => count(row.dropped) },
    ],
  });
}

/**
 * @param {(subject: Subject) => void} open
 * @param {() => void} turned
 * @returns {Table<GroupRow>}
 */
export function groupTable(open, turned) {
  return new Table({
    turned,
    caption: "Groups", sorted: 1, key: (row) => row.name, words: (row) => [row.name],
    empty: "No group has members.",
    offer: { text: (name) => `Open group ${name}`, act: (name) => open({ kind: "group", name }) },
    columns: [
      {
        title: "Group", order: "name", value: (row) => row.name,
        fill: (cell, row) => opener(cell, row.name, (name) => open({ kind: "group", name })),
      },
      { title: "Members", order: "members", isNumber: true, value: (row) => row.members, text: (row) => count(row.members) },
    ],
  });
}

/**
 * @param {(row: ConnectionRow) => void} end
 * @param {() => void} turned
 * @returns {Table<ConnectionRow>}
 */
export function connectionTable(end, turned) {
  /**
   * What each button would end.
   * @type {WeakMap<Element, ConnectionRow>}
   */
  const rows = new WeakMap();
  return new Table({
    turned,
    caption: "Connections", sorted: 4, key: (row) => row.key,
    words: (row) => [row.client, row.peer ?? "", row.token ?? "", row.language ?? "", row.address, row.id],
    empty: "Nobody is connected.",
    columns: [
      { title: "Client", order: "client", value: (row) => row.client, fill: (cell, row) => stranger(cell, row.client) },
      { title: "Language", order: "language", value: (row) => row.language, fill: (cell, row) => stranger(cell, row.language) },
      { title: "Token", order: "token", value: (row) => row.token, fill: (cell, row) => stranger(cell, row.token) },
      { title: "Address", order: "address", value: (row) => row.peer, fill: (cell, row) => stranger(cell, row.peer) },
      { title: "Age", order: "age", isNumber: true, value: (row) => row.age, text: (row) => duration(row.age) },
      {
        title: "Names", order: "names", isNumber: true, value: (row) => row.names, text: (row) => count(row.names),
        hint: "How many channels it listens to",
      },
      {
        title: "Unread", order: "pending", isNumber: true, value: (row) => row.unread, text: (row) => bytes(row.unread),
        hint: "What it was sent and has not taken",
      },
      { title: "Broker", order: "broker", value: (row) => row.address, fill: (cell, row) => stranger(cell, row.address) },
      {
        title: "Action", isAction: true, isUnsorted: true, value: () => null,
        fill: (cell, row) => {
          let button = cell.firstElementChild;
          if (!button) {
            const made = make("button", { type: "button", class: "small danger" }, "End");
            made.addEventListener("click", () => end(rows.get(made) ?? row));
            button = cell.appendChild(made);
          }
          rows.set(button, row);
          mark(button, "aria-label",
            `End connection ${printable(row.id)} of ${printable(row.client) || "an unnamed client"}`);
        },
      },
    ],
  });
}
