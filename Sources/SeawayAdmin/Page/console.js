// @ts-check
// The page: asks each second, shows what came, and does what is asked of it.

import { get, keepToken, post, Refusal } from "./api.js";
import { askToken, confirmed, isAsking, prepareDialogs, showKeys } from "./dialogs.js";
import { byId, mark, say, tabs, tell } from "./dom.js";
import { count, duration, printable } from "./format.js";
import { channelTable, connectionTable, groupTable } from "./lists.js";
import { Model } from "./model.js";
import { Sheet } from "./sheet.js";
import { showCards, Tiles } from "./tiles.js";
import { isPart, listPath, putIn } from "./whole.js";

const PERIOD = 1000;
const LONGEST_PERIOD = 8000;
/** Until somebody who writes has written. */
const DELAY = 200;
const KINDS = /** @type {("channels" | "groups" | "connections")[]} */ (["channels", "groups", "connections"]);

const model = new Model();
const tiles = new Tiles();
const sheet = new Sheet();
const tables = {
  channels: channelTable((subject) => open(subject), lookAnew),
  groups: groupTable((subject) => open(subject), lookAnew),
  connections: connectionTable(end, lookAnew),
};
const filter = /** @type {HTMLInputElement} */ (byId("filter"));
const chosenBroker = /** @type {HTMLSelectElement} */ (byId("broker"));
const pause = byId("pause");
const inboxes = /** @type {HTMLInputElement} */ (byId("inboxes"));
const shortcuts = /** @type {HTMLInputElement} */ (byId("keys-on"));

let isPaused = false;
let failures = 0;
/** When there was the last answer, by the clock of this page. */
let answeredAt = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let isLooking = false;
let isLocked = false;
/** The list that is shown. */
let chosen = KINDS[0];
/** Something else is wanted of a long list than what was asked for. */
let isStale = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let soon;
/** Brokers that were away when it was last told. */
let away = "";

// MARK: Asking

function isIdle() {
  return isPaused || document.hidden || isLocked;
}

async function look() {
  clearTimeout(timer);
  if (isLooking || isIdle()) return;
  isLooking = true;
  isStale = false;
  const began = performance.now();
  try {
    const state = await get("api/state");
    const rest = await complete(state);
    // Pausing holds what is seen, also before an answer that was on its way.
    if (!isPaused) take(state, rest);
  } catch (error) {
    await fail(error);
  }
  isLooking = false;
  if (isIdle()) return;
  const period = isStale ? 0 : failures === 0 ? PERIOD : Math.min(PERIOD * 2 ** (failures - 1), LONGEST_PERIOD);
  timer = setTimeout(look, Math.max(0, period - (performance.now() - began)));
}

/**
 * Of a list that is longer than what comes with the state, has those come that are wanted.
 * @param {any} state
 * @returns {Promise<import("./model.js").Model["rest"]>}
 */
async function complete(state) {
  if (typeof state?.time !== "number" || !isPart(state, chosen)) return {};
  const kind = chosen;
  try {
    const wish = { ...tables[kind].wish, hidesInboxes: inboxes.checked, broker: brokerChoice() };
    const rest = putIn(state, kind, await get(listPath(kind, wish)));
    return rest ? { [kind]: rest } : {};
  } catch {
    // What came with the state is shown, then.
    return {};
  }
}

function brokerChoice() {
  return chosenBroker.value === "" ? null : Number(chosenBroker.value);
}

/** Another order, filter or list is wanted: what is listed of a long one is asked for again. */
function lookAnew() {
  const { state } = model;
  if (!state || !(model.rest[chosen] || isPart(state, chosen))) return;
  clearTimeout(soon);
  soon = setTimeout(() => {
    isStale = isLooking;
    look();
  }, DELAY);
}

/**
 * @param {any} state
 * @param {import("./model.js").Model["rest"]} [rest]
 */
function take(state, rest) {
  if (typeof state?.time !== "number") throw new Refusal("unavailable", "answers something else than its state", 200);
  if (failures > 0) tell("The connection is back.");
  failures = 0;
  answeredAt = Date.now();
  model.take(state, rest);
  tiles.show(model);
  showCards(model);
  showLists();
  showProcess(state.process ?? {});
  showBrokers();
  sheet.show(model);
  stand("live", "Live", "");
}

/** @param {unknown} error */
async function fail(error) {
  if (error instanceof Refusal && error.status === 401) {
    await unlock();
    return;
  }
  failures += 1;
  const why = error instanceof Error ? error.message : String(error);
  // One answer that is late is no news.
  if (failures < 2 && answeredAt > 0) return;
  const seconds = answeredAt > 0 ? Math.round((Date.now() - answeredAt) / 1000) : 0;
  const since = seconds > 0 ? ` for ${duration(seconds)}` : "";
  stand("lost", "No answer", `No answer from ${location.host}${since} (${why}). Trying again.`);
}

async function unlock() {
  isLocked = true;
  stand("locked", "Locked", "");
  const wasRefused = sessionStorage.getItem("seaway-token") !== null;
  keepToken("");
  const token = await askToken(wasRefused);
  if (token) {
    keepToken(token);
    isLocked = false;
    return;
  }
  stand("locked", "Locked", "A token is needed to look. Reload the page to give one.");
}

/**
 * How it stands with the connection.
 * @param {string} state
 * @param {string} word
 * @param {string} text
 */
function stand(state, word, text) {
  mark(document.documentElement, "data-state", state);
  say(byId("state"), word);
  say(byId("lost"), text);
}

// MARK: Showing

/** @param {{kind?: string, version?: string, commit?: string, uptime?: number, rss?: number}} process */
function showProcess({ kind, version, commit, uptime }) {
  const parts = [kind ? `seaway ${kind}` : "", version ?? "", uptime === undefined ? "" : `up ${duration(uptime)}`];
  say(byId("process"), parts.filter(Boolean).map(printable).join(" · "));
  mark(byId("process"), "title", commit ? `commit ${printable(commit)}` : null);
  document.title = `Seaway · ${location.host}`;
}

function showLists() {
  const broker = brokerChoice();
  const { groups, connections } = model;
  const ofAll = broker === null ? model.channels : model.channels.filter((row) => row.brokers.includes(broker));
  const channels = inboxes.checked ? ofAll.filter((row) => !row.name.includes("!")) : ofAll;
  const rows = {
    channels,
    groups,
    connections: broker === null ? connections : connections.filter((row) => row.broker === broker),
  };
  for (const kind of KINDS) {
    const rest = model.rest[kind] ?? null;
    const isOfOne = broker !== null && kind !== "groups" && !rest;
    // Of what is listed some is hidden; of what is not nobody knows.
    const hidden = kind === "channels" && !rest ? ofAll.length - channels.length : 0;
    const total = isOfOne ? rows[kind].length : model.total(kind) - hidden;
    say(byId(`${kind}-count`), count(total));
    tables[kind].show(/** @type {any} */ (rows[kind]), total,
      rest ?? (hidden > 0 ? { matching: total, hidden, isWhole: true, isSorted: false } : null));
  }
}

function showBrokers() {
  mark(byId("broker-choice"), "hidden", model.brokers.length > 1 ? null : "");
  if (chosenBroker.options.length - 1 !== model.brokers.length) {
    const before = chosenBroker.value;
    chosenBroker.replaceChildren(new Option("All brokers", ""),
      ...model.brokers.map(({ address }, index) => new Option(printable(address), String(index))));
    chosenBroker.value = Number(before) < model.brokers.length ? before : "";
  }
  const now = model.brokers.filter((broker) => !broker.reachable).map((broker) => printable(broker.address)).join(", ");
  if (now !== away) tell(now ? `Not reachable: ${now}.` : "All brokers are reachable again.", now ? "bad" : "good");
  away = now;
}

// MARK: Doing

/** @param {import("./sheet.js").Subject} subject */
function open(subject) {
  sheet.open(subject);
  sheet.show(model);
}

/** @param {import("./model.js").ConnectionRow} row */
async function end(row) {
  const client = printable(row.client) || "A client without a name";
  const isAgreed = await confirmed({
    title: "End this connection?",
    text: `${client}, connection ${printable(row.id)} to ${printable(row.address)}. `
      + "What it had not acknowledged goes to others; most clients connect again at once.",
    action: "End connection",
  });
  if (!isAgreed) return;
  try {
    // With its age, since its number may be another's by now.
    await post("api/connections/end", JSON.stringify({ broker: row.broker, id: row.id, age: row.age ?? 0 }));
    tell(`Connection ${printable(row.id)} was ended.`);
    look();
  } catch (error) {
    tell(`Not ended: ${error instanceof Error ? error.message : error}`, "bad");
  }
}

const chooseList = tabs(byId("list-tabs"), (panel) => {
  // No element has such a name, so that no browser scrolls to it.
  history.replaceState(null, "", `#/${panel}`);
  mark(filter, "placeholder", `Filter ${panel}`);
  mark(byId("inboxes-choice"), "hidden", panel === "channels" ? null : "");
  chosen = KINDS.find((kind) => kind === panel) ?? chosen;
  lookAnew();
});

function togglePause() {
  isPaused = !isPaused;
  mark(pause, "aria-pressed", String(isPaused));
  if (isPaused) stand("paused", "Paused", "");
  else look();
}

/** @param {string} theme auto, light or dark */
function wear(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  mark(byId("theme"), "aria-label", `Theme: ${theme === "auto" ? "as the system" : theme}`);
}

/** First the other of light and dark, then the other again, then what the system has. */
function changeTheme() {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const order = isDark ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
  const theme = order[(order.indexOf(document.documentElement.dataset.theme ?? "auto") + 1) % order.length];
  wear(theme);
  keep("seaway-theme", theme);
  tell(`Theme: ${theme === "auto" ? "as the system" : theme}.`);
}

/**
 * @param {string} key
 * @param {string} value
 */
function keep(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // It holds until the page is closed.
  }
}

/** @param {KeyboardEvent} event */
function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || isAsking()) return;
  const { target } = event;
  if (event.key === "Escape" && target === filter) {
    filter.value = "";
    search();
    filter.blur();
    return;
  }
  const isWriting = target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, select");
  if (isWriting || !shortcuts.checked) return;
  const keys = {
    "/": () => filter.focus(),
    "?": showKeys,
    i: () => inboxes.click(),
    p: togglePause,
    t: changeTheme,
    1: () => chooseList("channels"),
    2: () => chooseList("groups"),
    3: () => chooseList("connections"),
  };
  const action = Object.hasOwn(keys, event.key) ? keys[/** @type {keyof typeof keys} */ (event.key)] : undefined;
  if (!action) return;
  event.preventDefault();
  action();
}

function search() {
  for (const kind of KINDS) tables[kind].search(filter.value);
  lookAnew();
}

function hideInboxes() {
  try {
    sessionStorage.setItem("seaway-inboxes", inboxes.checked ? "hidden" : "shown");
  } catch {
    // It holds until the page is closed.
  }
  showLists();
  lookAnew();
}

// MARK: Beginning

for (const kind of KINDS) byId(kind).append(tables[kind].element);
prepareDialogs();
try {
  wear(document.documentElement.dataset.theme ?? "auto");
  shortcuts.checked = localStorage.getItem("seaway-keys") !== "off";
  inboxes.checked = sessionStorage.getItem("seaway-inboxes") !== "shown";
} catch {
  // What the system wants, then.
}
const wanted = location.hash.slice(2);
chooseList(KINDS.find((kind) => kind === wanted) ?? "channels");
filter.addEventListener("input", search);
chosenBroker.addEventListener("change", () => {
  showLists();
  lookAnew();
});
inboxes.addEventListener("change", hideInboxes);
pause.addEventListener("click", togglePause);
byId("help").addEventListener("click", showKeys);
byId("theme").addEventListener("click", changeTheme);
shortcuts.addEventListener("change", () => keep("seaway-keys", shortcuts.checked ? "on" : "off"));
document.addEventListener("keydown", press);
document.addEventListener("visibilitychange", look);
byId("more").addEventListener("toggle", () => tiles.show(model));
tiles.show(model);
look();
