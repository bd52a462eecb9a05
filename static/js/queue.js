// Work through the queue of moderation by keys: j and k go on and back, and the letter on a button of the item presses it.
// What is settled is left behind, and the next one comes under the hand. Not while somebody types.
const list = document.querySelector("[data-queue]");

function items() {
  return Array.from(list.querySelectorAll("[data-queue-item]"));
}

function here() {
  return document.activeElement?.closest?.("[data-queue-item]");
}

function go(item) {
  item?.focus();
  item?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = items();
  const at = all.indexOf(here());
  go(all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)]);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else here()?.querySelector(`[data-queue-key="${CSS.escape(event.key)}"]`)?.click();
});

list?.addEventListener("htmx:beforeSwap", (event) => {
  const all = items();
  const at = all.indexOf(event.target.closest("[data-queue-item]"));
  const next = all[at + 1] ?? all[at - 1];
  if (next) requestAnimationFrame(() => go(next));
});

if (list) go(items()[0]);
