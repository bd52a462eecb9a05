// A second press of a button, while the first is on its way, is not sent. What gets through all the same is done once
// by the server, which knows a form by its hidden key. A form that comes back from the browser's own cache and is
// sent with other content asks for something new, so it gets a new key. The back button may also show the form anew, with
// another key and the old content: then the history entry remembers what was sent, by a number and never by the content.
import { newKey } from "./key.js";

const FIELD = "idempotency_key";
const PATIENCE_MS = 10_000;
const sent = new WeakMap();

function content(form, submitter) {
  const fields = new FormData(form, submitter);
  fields.delete(FIELD);
  fields.delete("csrfmiddlewaretoken");
  return JSON.stringify(Array.from(fields, ([name, value]) => [name, value.name ?? value, value.size ?? 0]));
}

// A short fingerprint (FNV-1a, 32 bits).
function print(text) {
  let found = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) found = Math.imul(found ^ text.charCodeAt(at), 0x01000193);
  return found >>> 0;
}

// Among forms of the same address: others may have come or gone since.
function place(form) {
  const address = (each) => each.getAttribute("action") ?? "";
  const alike = Array.from(document.forms).filter((each) => address(each) === address(form));
  return `${address(form)} ${alike.indexOf(form)}`;
}

const [arrival] = performance.getEntriesByType("navigation");
const remembered = arrival?.type === "back_forward" || arrival?.type === "reload" ? history.state?.once : null;

// Not of a password: even a number about it stays out of the history.
function remember(form, key, text) {
  if (form.querySelector("input[type=password]")) return;
  const once = { place: place(form), print: print(text), key };
  history.replaceState({ ...history.state, once }, "");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const key = form.elements.namedItem(FIELD);
  if (event.defaultPrevented || !key) return;
  const now = { at: Date.now(), content: content(form, event.submitter) };
  const before = sent.get(form);
  if (before && before.content === now.content && now.at - before.at < PATIENCE_MS) {
    event.preventDefault();
    return;
  }
  if (before && before.content !== now.content) key.value = newKey();
  if (!before && remembered?.place === place(form) && remembered.print === print(now.content)) key.value = remembered.key;
  sent.set(form, now);
  remember(form, key.value, now.content);
});

window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) {
    const before = sent.get(form);
    if (before) before.at = 0;
  }
});
