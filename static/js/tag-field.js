// Suggest tags for the name that is being typed, the last after a comma. The pattern is the ARIA Authoring Practices'
// combobox with a list: arrows move, Enter takes, Escape closes. Without this script the browser's own list is there.
const PAUSE_MS = 120;
let fields = 0;

function last(input) {
  return input.value.slice(input.value.lastIndexOf(",") + 1).trim();
}

function combobox(input, address) {
  const id = `tag-options-${(fields += 1)}`;
  const frame = document.createElement("div");
  const list = document.createElement("ul");
  const said = document.createElement("p");
  frame.className = "tag-field";
  list.className = "tag-field-list";
  list.id = id;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggested tags");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  input.removeAttribute("list");
  input.replaceWith(frame);
  frame.append(input, list, said);
  for (const [name, value] of [
    ["role", "combobox"],
    ["aria-autocomplete", "list"],
    ["aria-expanded", "false"],
    ["aria-controls", id],
  ]) {
    input.setAttribute(name, value);
  }
  let chosen = -1;
  let waiting = 0;
  let asked = 0;

  function close() {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(number) {
    const options = [...list.children];
    chosen = (number + options.length) % options.length;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    options[chosen].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[chosen].id);
  }

  function take(option) {
    const before = input.value.slice(0, input.value.lastIndexOf(",") + 1);
    input.value = `${before}${before ? " " : ""}${option.dataset.name}, `;
    close();
    input.focus();
  }

  function show(items) {
    list.replaceChildren(
      ...items.map((item, number) => {
        const option = document.createElement("li");
        const uses = document.createElement("span");
        option.className = "tag-field-option";
        option.id = `${id}-${number}`;
        option.dataset.name = item.name;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        uses.className = "tag-field-uses";
        uses.textContent = item.uses.toLocaleString();
        option.append(item.label, uses);
        return option;
      }),
    );
    chosen = -1;
    list.hidden = items.length === 0;
    input.setAttribute("aria-expanded", String(items.length > 0));
    said.textContent = items.length === 1 ? "1 tag" : `${items.length} tags`;
  }

  async function ask() {
    const turn = (asked += 1);
    const text = last(input);
    if (!text) return close();
    const answer = await fetch(`${address}?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
    // Only the newest question counts, and a sign-in page is no answer.
    if (turn !== asked || !answer.ok || !answer.headers.get("content-type")?.includes("json")) return;
    show((await answer.json()).items);
  }

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => ask().catch(close), PAUSE_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") mark(chosen + 1);
    else if (event.key === "ArrowUp") mark(chosen < 0 ? -1 : chosen - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && chosen >= 0) take(list.children[chosen]);
    else return;
    event.preventDefault();
  });
  // Before the field loses its focus, and with it the list.
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
  input.addEventListener("blur", close);
}

const source = document.querySelector("[data-tag-suggestions]");
if (source) {
  for (const input of document.querySelectorAll("[data-tag-field]")) combobox(input, source.dataset.tagSuggestions);
}
