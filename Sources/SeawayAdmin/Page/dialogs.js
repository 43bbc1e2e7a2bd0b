// @ts-check
// What is asked before something is destroyed, the token, and the keys.

import { byId, mark, say } from "./dom.js";

/**
 * @param {string} id
 * @returns {HTMLDialogElement}
 */
function dialog(id) {
  return /** @type {HTMLDialogElement} */ (byId(id));
}

/**
 * Opens a dialog and waits until it is closed.
 * @param {HTMLDialogElement} box
 * @returns {Promise<boolean>} whether it was agreed to, and neither cancelled nor closed by Esc
 */
function answer(box) {
  box.returnValue = "";
  if (!box.open) box.showModal();
  return new Promise((resolve) => {
    box.addEventListener("close", () => resolve(box.returnValue === "yes"), { once: true });
  });
}

/**
 * @param {{title: string, text: string, action: string}} question
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, action }) {
  say(byId("confirm-title"), title);
  say(byId("confirm-text"), text);
  say(byId("confirm-yes"), action);
  return answer(dialog("confirm"));
}

/**
 * @param {boolean} wasRefused whether the one that was shown is not known
 * @returns {Promise<string | null>} null when nobody gave one
 */
export async function askToken(wasRefused) {
  const field = /** @type {HTMLInputElement} */ (byId("token-field"));
  field.value = "";
  say(byId("token-error"), wasRefused ? "This token is not known. Is it the one of the token file?" : "");
  mark(field, "aria-invalid", wasRefused ? "true" : null);
  const isGiven = await answer(dialog("token"));
  const token = field.value.trim();
  field.value = "";
  return isGiven && token ? token : null;
}

export function showKeys() {
  dialog("keys").showModal();
}

/** Whether a dialog is open, which has the keys then. */
export function isAsking() {
  return document.querySelector("dialog[open]") !== null;
}

/** Buttons with `value` close the dialog they are in, as does a click beside it. */
export function prepareDialogs() {
  for (const box of document.querySelectorAll("dialog")) {
    for (const button of box.querySelectorAll("button[value]")) {
      button.addEventListener("click", () => box.close(button.getAttribute("value") ?? ""));
    }
    for (const form of box.querySelectorAll("form[data-closes]")) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        box.close("yes");
      });
    }
    box.addEventListener("pointerdown", (event) => {
      if (event.target !== box) return;
      const { left, right, top, bottom } = box.getBoundingClientRect();
      const { clientX: x, clientY: y } = event;
      const isInside = x >= left && x <= right && y >= top && y <= bottom;
      if (!isInside) box.close("");
    });
  }
}
