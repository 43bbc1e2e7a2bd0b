// @ts-check
// Lists that are longer than what comes with the state: which rows of all are asked for, and where they go.

/** @typedef {"channels" | "groups" | "connections"} Kind */
/** @typedef {{order: string | undefined, isFalling: boolean, filter: string, hidesInboxes: boolean,
 *   broker: number | null}} Wish */
/** @typedef {{matching: number, hidden: number, isWhole: boolean, isSorted: boolean}} Rest */

/**
 * @param {Record<string, any>} state
 * @param {Kind} kind
 * @returns {boolean} whether not all of the list came with the state
 */
export function isPart(state, kind) {
  const listed = Array.isArray(state[kind]) ? state[kind].length : 0;
  return typeof state[`${kind}_total`] === "number" && state[`${kind}_total`] > listed;
}

/**
 * @param {Kind} kind
 * @param {Wish} wish
 * @returns {string} where those rows are
 */
export function listPath(kind, { order, isFalling, filter, hidesInboxes, broker }) {
  const query = new URLSearchParams({ order: isFalling ? "falling" : "rising" });
  if (order) query.set("sort", order);
  if (filter) query.set("filter", filter);
  if (kind === "channels" && hidesInboxes) query.set("inboxes", "hidden");
  if (kind !== "groups" && broker !== null) query.set("broker", String(broker));
  return `api/lists/${kind}?${query}`;
}

/**
 * Puts the rows that were asked for in the place of those that came with the state.
 * @param {Record<string, any>} state
 * @param {Kind} kind
 * @param {any} answer
 * @returns {Rest | null} what is not among them; null when the answer is none
 */
export function putIn(state, kind, answer) {
  if (!Array.isArray(answer?.rows) || typeof answer.total !== "number") return null;
  state[kind] = answer.rows;
  state[`${kind}_total`] = answer.total;
  if (typeof answer.at === "number") state[`${kind}_at`] = answer.at;
  const [matching, hidden] = [Number(answer.matching), Number(answer.hidden)];
  return { matching, hidden, isWhole: answer.whole === true, isSorted: true };
}
