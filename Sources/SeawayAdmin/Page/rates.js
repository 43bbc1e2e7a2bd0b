// @ts-check
// Rates, percentiles and bounded histories: values in, values out; no clock, no document.

/** Seconds between two answers above which a rate would hide what was between them. */
export const LONGEST_STEP = 5;

/**
 * How fast a counter grew.
 * @param {number | null | undefined} before
 * @param {number | null | undefined} after
 * @param {number} seconds between the two
 * @returns {number | null} per second; null where nothing can be said: a counter is missing, began anew, or the
 *   time between the two is none or too long
 */
export function rate(before, after, seconds) {
  if (!isNumber(before) || !isNumber(after) || !(seconds > 0) || seconds > LONGEST_STEP || after < before) return null;
  return (after - before) / seconds;
}

/**
 * How fast a counter grew that begins anew now and then, as those of a channel that has become empty.
 * @param {number | null | undefined} before null or absent: it was 0
 * @param {number | null | undefined} after
 * @param {number} seconds
 * @returns {number | null} per second, at least
 */
export function rateFromAnew(before, after, seconds) {
  if (!isNumber(after)) return null;
  const start = isNumber(before) && before <= after ? before : 0;
  return rate(start, after, seconds);
}

/**
 * @typedef {object} Histogram
 * @property {number[]} buckets upper bounds in seconds, rising
 * @property {number[]} counts how many were at most that; the last, one more than there are bounds, has all
 */

/**
 * What came between two answers.
 * @param {Histogram | null | undefined} before
 * @param {Histogram | null | undefined} after
 * @returns {Histogram | null} null when one is missing, has other bounds, or the counters began anew
 */
export function between(before, after) {
  if (!before || !after || before.counts.length !== after.counts.length) return null;
  if (before.buckets.some((bound, index) => bound !== after.buckets[index])) return null;
  const counts = after.counts.map((count, index) => count - before.counts[index]);
  return counts.some((count) => count < 0) ? null : { buckets: after.buckets, counts };
}

/**
 * @param {(Histogram | null)[]} histograms
 * @returns {Histogram | null} all that have the bounds of the first, in one
 */
export function together(histograms) {
  const [first, ...others] = histograms.flatMap((histogram) => histogram ?? []);
  if (!first) return null;
  const same = others.filter((other) => other.buckets.join() === first.buckets.join());
  const counts = first.counts.map((count, index) => same.reduce((all, other) => all + other.counts[index], count));
  return { buckets: first.buckets, counts };
}

/**
 * A percentile, as Prometheus reckons it: within its bucket, values are taken to be spread evenly.
 * @param {number} share 0 to 1: 0.99 for p99
 * @param {Histogram | null} histogram
 * @returns {number | null} seconds; the highest bound when it lies above; null when there is nothing to count
 */
export function percentile(share, histogram) {
  const { buckets, counts } = histogram ?? { buckets: [], counts: [] };
  const all = counts.at(-1) ?? 0;
  if (!(all > 0) || buckets.length === 0) return null;
  const rank = share * all;
  const index = counts.findIndex((count) => count >= rank);
  if (index >= buckets.length) return buckets[buckets.length - 1];
  const from = index > 0 ? buckets[index - 1] : 0;
  const below = index > 0 ? counts[index - 1] : 0;
  const inside = counts[index] - below;
  return inside > 0 ? from + ((buckets[index] - from) * (rank - below)) / inside : buckets[index];
}

/** Points in time with values, of which only the newest are kept. */
export class History {
  /** @param {number} limit how many points are kept, at least 1 */
  constructor(limit) {
    this.limit = limit;
    /** @type {{time: number, values: (number | null)[]}[]} */
    this.points = [];
  }

  /**
   * @param {number} time seconds
   * @param {(number | null)[]} values
   */
  push(time, values) {
    const last = this.points.at(-1);
    // A clock that was set back would draw lines backwards.
    if (last && time < last.time) this.points = [];
    // A break in the line, where nothing is known.
    else if (last && time - last.time > LONGEST_STEP) this.append(last.time + LONGEST_STEP / 2, values.map(() => null));
    this.append(time, values);
  }

  /**
   * @param {number} time
   * @param {(number | null)[]} values
   */
  append(time, values) {
    this.points.push({ time, values });
    if (this.points.length > this.limit) this.points.shift();
  }

  /** The lowest and highest value of all points; 0 when there are none. */
  get bounds() {
    const values = this.points.flatMap((point) => point.values.flatMap((value) => value ?? []));
    return { lowest: Math.min(...values, values[0] ?? 0), highest: Math.max(...values, 0) };
  }
}

/**
 * The end of an axis that shows values up to the highest.
 * @param {number} highest
 * @param {number} least the end of an axis on which there is next to nothing
 * @returns {number} 1, 2 or 5 times a power of ten
 */
export function axisEnd(highest, least) {
  const wanted = Math.max(highest, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= wanted * (1 - 1e-9)) ?? 10;
  return step * power;
}

/**
 * The same for bytes, which are counted in powers of two.
 * @param {number} highest
 * @param {number} least
 */
export function binaryEnd(highest, least) {
  return 2 ** Math.ceil(Math.log2(Math.max(highest, least)));
}

/**
 * A logarithmic axis, on which small values are seen beside large ones.
 * @param {number} lowest 0 when nothing is known
 * @param {number} highest
 * @param {number} least the end of an axis on which there is next to nothing
 * @returns {{begin: number, end: number}} powers of ten, an even number of which lie between them
 */
export function logAxis(lowest, highest, least) {
  const end = 10 ** Math.ceil(Math.log10(Math.max(highest, least)) - 1e-9);
  return { begin: lowest > 0 && lowest < end / 100 ? end / 10_000 : end / 100, end };
}

/**
 * Counters under the same name, together.
 * @param {(Record<string, number> | null | undefined)[]} maps
 * @returns {Record<string, number>}
 */
export function sums(maps) {
  /** @type {Record<string, number>} */
  const all = Object.create(null);
  for (const map of maps) {
    for (const [key, value] of Object.entries(map ?? {})) if (isNumber(value)) all[key] = (all[key] ?? 0) + value;
  }
  return all;
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}
