// @ts-check
// Numbers, times and strangers' text, as people read them. What is not known is a dash.

export const UNKNOWN = "–";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/**
 * @param {number | null | undefined} value
 * @returns {string} 0, 7, 1,234, 12.3k, 4.56M
 */
export function count(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  if (Math.abs(value) < 9999.5) return whole.format(value);
  return scaled(value, 1000, ["", "k", "M", "G", "T"]);
}

/**
 * A number that need not be whole, such as messages each second.
 * @param {number | null | undefined} value
 * @returns {string} 0, 0.04, 3.2, 48, 1,234, 12.3k
 */
export function rate(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  if (value === 0 || value >= 9.95) return count(value);
  return value >= 0.095 ? trimmed(value, 1) : value >= 0.005 ? trimmed(value, 2) : "<0.01";
}

/**
 * @param {number | null | undefined} seconds
 * @returns {string} 0 ms, 0.45 ms, 38 ms, 1.2 s, 48 s, 3 min 5 s, 2 h 10 min, 4 d 3 h
 */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return UNKNOWN;
  if (seconds < 0.9995) {
    const milliseconds = seconds * 1000;
    if (milliseconds > 0 && milliseconds < 0.005) return "<0.01 ms";
    return `${milliseconds >= 9.95 || milliseconds === 0 ? whole.format(milliseconds) : trimmed(milliseconds, 2)} ms`;
  }
  if (seconds < 9.95) return `${trimmed(seconds, 1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return pair(rounded, 60, "min", 1, "s");
  if (rounded < 86_400) return pair(rounded, 3600, "h", 60, "min");
  return pair(rounded, 86_400, "d", 3600, "h");
}

/**
 * @param {number | null | undefined} value
 * @returns {string} 512 B, 1.5 KiB, 12 MiB
 */
export function bytes(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  return scaled(value, 1024, [" B", " KiB", " MiB", " GiB", " TiB"]);
}

/**
 * @param {number} seconds since 1970
 * @returns {string} 14:03:09.250, in the zone of whoever looks
 */
export function clock(seconds) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return UNKNOWN;
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const milliseconds = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}

/**
 * @param {number | null} number
 * @param {string} one
 * @param {string} [several]
 * @returns {string} 1 reader, 3 readers
 */
export function counted(number, one, several = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : several}`;
}

/**
 * A stranger's text on one line: what would control the line, or turn its direction, is shown as its number.
 * @param {unknown} text
 * @returns {string}
 */
export function printable(text) {
  return String(text ?? "").replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * @param {string} text
 * @param {number} limit characters, at least 1
 * @returns {string} the text, or its beginning and how much more there is
 */
export function shortened(text, limit) {
  if (text.length <= limit) return text;
  // A pair of surrogates stays whole.
  const end = /[\ud800-\udbff]/.test(text[limit - 1]) ? limit - 1 : limit;
  return `${text.slice(0, end)}… (${count(text.length - end)} more characters)`;
}

/**
 * JSON without loss: a whole number that a double cannot hold stays as it was written, where the browser can.
 * @param {string} text
 * @returns {any}
 */
export function parsed(text) {
  /** @type {(key: string, value: unknown, context?: {source?: string}) => unknown} */
  const revive = (_key, value, context) => {
    const isLossy = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
    // @ts-ignore newer than the types that some have
    return isLossy && context?.source && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
  };
  return JSON.parse(text, revive);
}

/**
 * @param {number} value
 * @param {number} base
 * @param {string[]} units
 */
function scaled(value, base, units) {
  let step = 0;
  let rest = value;
  while (Math.abs(rest) >= base * 0.9995 && step < units.length - 1) {
    rest /= base;
    step += 1;
  }
  return `${step === 0 ? whole.format(rest) : trimmed(rest, rest < 9.995 ? 2 : rest < 99.95 ? 1 : 0)}${units[step]}`;
}

/**
 * @param {number} value
 * @param {number} digits
 */
function trimmed(value, digits) {
  return String(Number(value.toFixed(digits)));
}

/**
 * @param {number} seconds
 * @param {number} size
 * @param {string} unit
 * @param {number} lesserSize
 * @param {string} lesser
 */
function pair(seconds, size, unit, lesserSize, lesser) {
  const rest = Math.floor((seconds % size) / lesserSize);
  return `${Math.floor(seconds / size)} ${unit}${rest > 0 ? ` ${rest} ${lesser}` : ""}`;
}
