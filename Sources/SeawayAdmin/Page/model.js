// @ts-check
// What is shown, made of what the process answers: pictures, tables and sums. It knows neither document nor clock.

import { History, between, percentile, rate, rateFromAnew, sums, together } from "./rates.js";

/** Points of a picture, one each second. */
export const POINTS = 300;
/** Points of the small picture of a channel. */
export const SPARK_POINTS = 60;
/** Answers over which percentiles are taken, so that few requests do not make them jump. */
export const LATENCY_STEPS = 10;

/** @typedef {Record<string, any>} State what `GET /api/state` answers */
/** @typedef {{name: string, brokers: number[], depth: number | null, oldest: number | null, readers: number | null,
 *   inHand: number | null, delayed: number | null, in: number | null, out: number | null, dropped: number | null,
 *   bytes: number | null, tags: string[], spark: (number | null)[]}} ChannelRow */
/** @typedef {{name: string, members: number | null, sends: number | null}} GroupRow */
/** @typedef {{key: string, broker: number, address: string, id: string, client: string, peer: string | null,
 *   token: string | null, age: number | null, unread: number | null, names: number | null,
 *   isWorker: boolean, language: string | null}} ConnectionRow */
/** @typedef {{reason: string, where: string, count: number, rate: number | null}} DropRow */
/** @typedef {{language: string, workers: number, connections: number}} WorkerRow */
/** @typedef {{address: string, reachable: boolean, reason: string | null, uptime: number | null,
 *   connections: number | null, in: number | null, store: string | null}} BrokerRow */

/** The lines of each picture, in this order. */
const SERIES = {
  requests: 2, latency: 2, queue: 2, sockets: 1, messages: 2, waiting: 1, drops: 1,
  connections: 1, memory: 1, processor: 1,
};

export class Model {
  constructor() {
    /** @type {Record<string, History>} */
    this.series = {};
    for (const name of Object.keys(SERIES)) this.series[name] = new History(POINTS);
    /** @type {State | null} */
    this.state = null;
    /** @type {State | null} */
    this.before = null;
    this.latencies = new Window();
    /**
     * How long messages waited, by broker.
     * @type {Map<string, Window>}
     */
    this.waits = new Map();
    /** @type {Map<string, (number | null)[]>} */
    this.sparks = new Map();
    /** @type {ChannelRow[]} */
    this.channels = [];
    /** @type {BrokerRow[]} */
    this.brokers = [];
    /** @type {DropRow[]} */
    this.drops = [];
    /**
     * Of lists that are longer than what is listed: what is not.
     * @type {Partial<Record<import("./whole.js").Kind, import("./whole.js").Rest>>}
     */
    this.rest = {};
  }

  /**
   * @param {State} state
   * @param {Model["rest"]} rest
   */
  take(state, rest = {}) {
    // The same snapshot once more, as others may have asked for it: there is nothing between the two.
    if (state.time === this.state?.time) return;
    this.rest = rest;
    this.before = this.state;
    this.state = state;
    const seconds = this.before ? state.time - this.before.time : 0;
    this.brokers = list(state.brokers).map((broker) => this.#broker(broker, seconds));
    this.drops = this.#drops(seconds);
    this.channels = this.#channels(this.#channelSeconds(seconds));
    this.#draw(seconds);
  }

  get hasServer() {
    return Boolean(this.state?.server);
  }

  /** @type {GroupRow[]} */
  get groups() {
    return list(this.state?.groups).map(({ name, members, sends }) => ({
      name: String(name), members: known(members), sends: known(sends),
    }));
  }

  /** @type {ConnectionRow[]} */
  get connections() {
    return list(this.state?.connections).map((entry) => ({
      key: `${entry.broker} ${entry.id}`,
      broker: Number(entry.broker),
      address: this.brokers[entry.broker]?.address ?? "",
      id: String(entry.id),
      client: String(entry.client ?? ""),
      peer: text(entry.address),
      token: text(entry.token),
      age: known(entry.age),
      unread: known(entry.pending),
      names: known(entry.names),
      isWorker: isWorker(entry),
      language: text(entry.language),
    }));
  }

  /**
   * Who is connected, and who of them works, by language.
   * @type {WorkerRow[]}
   */
  get workers() {
    /** @type {Map<string, WorkerRow>} */
    const rows = new Map();
    for (const { language, peer, isWorker: works } of this.connections) {
      // What is in the process of the broker comes from nowhere.
      const name = language ?? (peer === null ? "this process" : "not told");
      const row = rows.get(name) ?? { language: name, workers: 0, connections: 0 };
      row.connections += 1;
      if (works) row.workers += 1;
      rows.set(name, row);
    }
    return [...rows.values()].sort((a, b) => b.workers - a.workers || b.connections - a.connections);
  }

  /**
   * How many there are of a kind, which may be more than are listed.
   * @param {"channels" | "groups" | "connections"} kind
   * @returns {number}
   */
  total(kind) {
    return Math.max(known(this.state?.[`${kind}_total`]) ?? 0, list(this.state?.[kind]).length);
  }

  /**
   * @param {any} broker
   * @param {number} seconds
   * @returns {BrokerRow}
   */
  #broker(broker, seconds) {
    const totals = broker.totals ?? {};
    const before = this.#brokerBefore(broker.address)?.totals;
    return {
      address: String(broker.address),
      reachable: broker.reachable !== false,
      reason: text(broker.reason),
      uptime: known(broker.uptime),
      connections: known(totals.connections),
      in: rate(before?.sent, totals.sent, seconds),
      store: text(broker.store?.state),
    };
  }

  /** @param {string} address */
  #brokerBefore(address) {
    return list(this.before?.brokers).find((other) => other.address === address);
  }

  /**
   * @param {number} seconds
   * @returns {DropRow[]}
   */
  #drops(seconds) {
    const places = [
      { where: "broker", now: list(this.state?.brokers), before: list(this.before?.brokers) },
      { where: "server", now: [this.state?.server], before: [this.before?.server] },
    ];
    return places.flatMap(({ where, now, before }) => {
      const counts = sums(now.map((place) => place?.drops));
      const counted = sums(before.map((place) => place?.drops));
      return Object.entries(counts).map(([reason, count]) => ({
        reason, where, count, rate: this.before ? rate(counted[reason] ?? 0, count, seconds) : null,
      }));
    }).sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  }

  /**
   * Rows of long lists were seen at times of their own, the same ones perhaps twice.
   * @param {number} seconds
   */
  #channelSeconds(seconds) {
    const [now, then] = [known(this.state?.channels_at), known(this.before?.channels_at)];
    return now === null && then === null ? seconds : now === null || then === null ? -1 : now - then;
  }

  /**
   * @param {number} seconds 0: they are the same; less: they cannot be compared
   * @returns {ChannelRow[]}
   */
  #channels(seconds) {
    const before = new Map(list(this.before?.channels).map((channel) => [channel.name, channel]));
    const shown = new Map(this.channels.map((row) => [row.name, row]));
    // One that was not among the first may have been there all the same.
    const speed = this.rest.channels ? rate : rateFromAnew;
    const sparks = new Map();
    const rows = list(this.state?.channels).map((channel) => {
      const name = String(channel.name);
      const depth = known(channel.depth);
      const spark = [...(this.sparks.get(name) ?? []), depth].slice(-SPARK_POINTS);
      sparks.set(name, spark);
      const then = before.get(channel.name);
      return {
        name, depth, spark,
        brokers: list(channel.brokers),
        oldest: known(channel.oldest),
        readers: known(channel.readers),
        inHand: known(channel.in_hand),
        delayed: known(channel.delayed),
        in: seconds === 0 ? shown.get(name)?.in ?? null : this.before ? speed(then?.sent, channel.sent, seconds) : null,
        out: seconds === 0 ? shown.get(name)?.out ?? null
          : this.before ? speed(then?.delivered, channel.delivered, seconds) : null,
        dropped: known(channel.dropped),
        bytes: known(channel.bytes),
        tags: ["durable", "paused"].filter((tag) => channel[tag] === true),
      };
    });
    // Of channels that are no more nothing is kept.
    this.sparks = sparks;
    return rows;
  }

  /** @param {number} seconds */
  #draw(seconds) {
    const { state, before } = this;
    if (!state) return;
    const { server } = state;
    const { time } = state;
    /** @param {string} key */
    const total = (key) => sum(list(state.brokers).map((broker) => known(broker.totals?.[key])));
    /** @param {string} key */
    const flow = (key) => sum(list(state.brokers).map((broker) =>
      rate(this.#brokerBefore(broker.address)?.totals?.[key], broker.totals?.[key], seconds)));

    this.series.requests.push(time, [
      rate(before?.server?.requests, server?.requests, seconds),
      // What has not yet happened once is not listed.
      rate(before?.server?.status?.["5xx"] ?? 0, server?.status ? server.status["5xx"] ?? 0 : null, seconds),
    ]);
    this.series.latency.push(time, percentiles(this.latencies.take(server?.latency)));
    this.series.queue.push(time, percentiles(this.#waited()));
    this.series.sockets.push(time, [known(server?.sockets)]);
    this.series.messages.push(time, [flow("sent"), flow("delivered")]);
    this.series.waiting.push(time, [total("messages")]);
    this.series.drops.push(time, [sum(this.drops.map((drop) => drop.rate)) ?? (before ? 0 : null)]);
    this.series.connections.push(time, [total("connections")]);
    this.series.memory.push(time, [known(state.process?.rss)]);
    const share = rate(before?.process?.cpu, state.process?.cpu, seconds);
    this.series.processor.push(time, [share === null ? null : share * 100]);
  }

  /** How long messages waited of late, at all brokers together. */
  #waited() {
    /** @type {Map<string, Window>} */
    const windows = new Map();
    const found = list(this.state?.brokers).map(({ address, waits }) => {
      const window = this.waits.get(address) ?? new Window();
      windows.set(address, window);
      return window.take(waits);
    });
    this.waits = windows;
    return together(found);
  }
}

/** The newest histograms of one place. */
class Window {
  constructor() {
    /** @type {import("./rates.js").Histogram[]} */
    this.kept = [];
  }

  /**
   * @param {import("./rates.js").Histogram | null | undefined} histogram
   * @returns {import("./rates.js").Histogram | null} what came since the oldest that is kept
   */
  take(histogram) {
    const oldest = this.kept[0];
    this.kept = histogram ? [...this.kept, histogram].slice(-LATENCY_STEPS) : [];
    const since = between(oldest, histogram);
    // What began anew is not compared with what was before.
    if (!since && histogram) this.kept = [histogram];
    return since;
  }
}

/**
 * @param {import("./rates.js").Histogram | null} histogram
 * @returns {(number | null)[]} p50 and p99, in seconds
 */
function percentiles(histogram) {
  return [percentile(0.5, histogram), percentile(0.99, histogram)];
}

/**
 * Whether it is an interface server or a bridge, which listen too.
 * @param {any} entry
 */
function isServer(entry) {
  return /^seaway-(serve|up|bridge|admin|top)\b/.test(String(entry.client ?? ""));
}

/**
 * A worker listens to something, and is neither an interface server nor one who looks on.
 * @param {any} entry
 */
function isWorker(entry) {
  if (text(entry.role) !== null) return entry.role === "worker";
  return text(entry.address) !== null && (known(entry.names) ?? 0) > 0 && !isServer(entry);
}

/**
 * @param {unknown} value
 * @returns {any[]}
 */
function list(value) {
  return Array.isArray(value) ? value : [];
}

/**
 * @param {unknown} value
 * @returns {number | null}
 */
function known(value) {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/**
 * @param {unknown} value
 * @returns {string | null}
 */
function text(value) {
  return value === null || value === undefined || value === "" ? null : String(value);
}

/**
 * @param {(number | null)[]} values
 * @returns {number | null} null when none is known
 */
function sum(values) {
  const those = values.filter((value) => value !== null);
  return those.length === 0 ? null : those.reduce((all, value) => Number(all) + Number(value), 0);
}
