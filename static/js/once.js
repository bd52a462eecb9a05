// A second press of a button, while the first is on its way, is not sent. What gets through all the same is done once
// by the server, which knows a form by its hidden key. A form that comes back from the browser's own cache and is
// sent with other content asks for something new, so it gets a new key.
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
  sent.set(form, now);
});

window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) {
    const before = sent.get(form);
    if (before) before.at = 0;
  }
});
