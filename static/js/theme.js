// Keep every open tab in the theme that was chosen in one of them. The server has rendered the right theme already;
// without this script a tab follows at its next page.
import { newKey } from "./key.js";

const root = document.documentElement;
const KEY = "theme";
const NAMES = { system: "System", light: "Light", dark: "Dark" };

function shown() {
  const { theme, lightTheme, darkTheme, motion } = root.dataset;
  return { mode: theme, light: lightTheme, dark: darkTheme, motion };
}

function show({ mode, light, dark, motion, version }) {
  if (!(mode in NAMES)) return;
  Object.assign(root.dataset, { theme: mode, lightTheme: light, darkTheme: dark, motion });
  for (const form of document.querySelectorAll("form[data-theme-form]")) {
    form.closest("details").querySelector("[data-theme-name]").textContent = NAMES[mode];
    form.closest("details").querySelector("summary [data-theme-sign]").dataset.themeSign = mode;
    if (version) form.elements.version.value = version;
    for (const button of form.querySelectorAll("button[name=mode]")) {
      button.setAttribute("aria-pressed", String(button.value === mode));
    }
  }
}

function tellOthers(theme) {
  try {
    localStorage.setItem(KEY, JSON.stringify(theme));
  } catch {
    // Storage may be refused; the other tabs then follow at their next page.
  }
}

function read(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

async function choose(event) {
  const form = event.target.closest("form[data-theme-form]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  // The page stays, and the next choice is another one.
  form.elements.idempotency_key.value = newKey();
  const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!response.ok || response.redirected) {
    // A stale choice, or nobody signed in any more: the page itself says so.
    location.reload();
    return;
  }
  const theme = await response.json();
  show(theme);
  tellOthers(theme);
  form.closest("details").open = false;
}

document.addEventListener("submit", choose);
window.addEventListener("storage", (event) => {
  if (event.key === KEY && event.newValue) show(read(event.newValue));
});
window.addEventListener("pageshow", (event) => {
  // A page that comes back from the browser's own cache was rendered before the last choice.
  if (event.persisted) show(read(localStorage.getItem(KEY)));
});

const version = document.querySelector("form[data-theme-form]")?.elements.version.value;
tellOthers({ ...shown(), version });
