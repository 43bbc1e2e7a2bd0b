// The theme that was chosen, before anything is drawn: loaded in the head, and not as a module.
"use strict";
{
  let theme = "auto";
  try {
    theme = localStorage.getItem("seaway-theme") ?? "auto";
  } catch {
    // A browser may keep nothing; the theme is the system's then.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}
