// @ts-check
// What the process answers. Paths are relative, so that the page works behind a prefix too.

import { parsed } from "./format.js";

const PATIENCE = 5000;
const TOKEN = "seaway-token";
/** Characters of one event above which the stream is not what it should be. */
const LONGEST_EVENT = 4 << 20;

/** Why something was not done. `status` is 0 when there was no answer at all. */
export class Refusal extends Error {
  /**
   * @param {string} code
   * @param {string} text
   * @param {number} status
   */
  constructor(code, text, status) {
    super(text);
    this.code = code;
    this.status = status;
  }
}

/** @param {string} token kept for this tab alone; empty forgets it */
export function keepToken(token) {
  if (token) sessionStorage.setItem(TOKEN, token);
  else sessionStorage.removeItem(TOKEN);
}

/**
 * @param {string} path
 * @param {RequestInit} options
 * @returns {Promise<Response>}
 */
async function ask(path, options) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: "no-store", credentials: "same-origin" });
  } catch (error) {
    throw noAnswer(error);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

/** @param {unknown} error */
function noAnswer(error) {
  const isLate = error instanceof DOMException && error.name === "TimeoutError";
  return new Refusal("unavailable", isLate ? "no answer in 5 seconds" : "cannot be reached", 0);
}

/** @param {Response} response */
async function refusal(response) {
  try {
    const { error } = await response.json();
    return new Refusal(String(error.code), String(error.text), response.status);
  } catch {
    return new Refusal("unavailable", `answers ${response.status}`, response.status);
  }
}

/**
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function get(path) {
  const response = await ask(path, { signal: AbortSignal.timeout(PATIENCE) });
  return read(response);
}

/**
 * @param {string} path
 * @param {string} body JSON
 * @returns {Promise<any>}
 */
export async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return read(await ask(path, { method: "POST", body, headers, signal: AbortSignal.timeout(PATIENCE) }));
}

/** @param {Response} response */
async function read(response) {
  let text;
  try {
    text = await response.text();
  } catch (error) {
    throw noAnswer(error);
  }
  try {
    return parsed(text);
  } catch {
    throw new Refusal("unavailable", "answers something that is not JSON", response.status);
  }
}

/** Finds the events of a stream (WHATWG HTML, "Server-sent events"), however it was cut. */
export class EventParser {
  constructor() {
    this.rest = "";
  }

  /**
   * @param {string} text
   * @returns {{name: string, data: string}[]} what has come whole
   */
  feed(text) {
    const blocks = (this.rest + text).replaceAll("\r\n", "\n").split("\n\n");
    this.rest = blocks.pop() ?? "";
    if (this.rest.length > LONGEST_EVENT) throw new Refusal("unavailable", "an event without an end", 200);
    return blocks.map(EventParser.event).filter((event) => event.data !== "");
  }

  /** @param {string} block */
  static event(block) {
    let name = "message";
    const data = [];
    for (const line of block.split("\n")) {
      const [, field, value] = /^([^:]*): ?(.*)$/.exec(line) ?? ["", line, ""];
      if (field === "event") name = value;
      else if (field === "data") data.push(value);
    }
    return { name, data: data.join("\n") };
  }
}

/**
 * Reads a tail until it ends or is ended.
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {(name: string, data: any) => void} take
 */
export async function tail(path, signal, take) {
  const response = await ask(path, { signal, headers: { Accept: "text/event-stream" } });
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new EventParser();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const event of parser.feed(value)) take(event.name, parsed(event.data));
  }
}
