// Keep what somebody types in a form with `data-draft` in this browser until it was taken, so that a closed tab or a lost
// connection costs no words. The attribute names the person: another one at the same browser finds none of it.
const DAYS = 7;
const DAY_MS = 24 * 60 * 60 * 1000;

function name(form) {
  return `draft ${form.dataset.draft} ${form.getAttribute("action")} ${form.id}`;
}

function field(form) {
  return form.querySelector("textarea");
}

function read(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key));
    return kept && Date.now() - kept.at < DAYS * DAY_MS ? kept.text : "";
  } catch {
    return "";
  }
}

function keep(form) {
  try {
    const text = field(form).value;
    if (text) localStorage.setItem(name(form), JSON.stringify({ text, at: Date.now() }));
    else localStorage.removeItem(name(form));
  } catch {
    // No room, or storage is off: then nothing is kept.
  }
}

// Words that are there already (a quote, a form that was refused) stay.
function bringBack(root) {
  for (const form of root.querySelectorAll?.("form[data-draft]") ?? []) {
    if (!field(form).value) field(form).value = read(name(form));
  }
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-draft]");
  if (form) keep(form);
});

document.addEventListener("comment-taken", (event) => {
  const form = event.target.closest?.("form[data-draft]");
  if (form) localStorage.removeItem(name(form));
});

document.addEventListener("htmx:load", (event) => bringBack(event.target.parentElement ?? document));
bringBack(document);
