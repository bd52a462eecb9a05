// Show a reaction as done while it is on its way. The answer replaces the whole form, so whatever was shown here is
// corrected by what the server says; when there is no answer, what stood there before comes back.
const PLAIN = /^\d+$/;

function show(button, pressed) {
  const count = button.querySelector("[data-count]");
  button.setAttribute("aria-pressed", String(pressed));
  if (!count || !PLAIN.test(count.textContent)) return;
  count.textContent = String(Number(count.dataset.count) + (pressed ? 1 : -1));
  count.classList.add("reaction-count-moving");
}

function put(form, markup) {
  const again = document.createElement("template");
  again.innerHTML = markup;
  const before = again.content.firstElementChild;
  form.replaceWith(before);
  window.htmx?.process(before);
}

const before = new WeakMap();

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.target.closest?.("[data-reactions]");
  if (!form) return;
  before.set(form, form.outerHTML);
  show(event.target, event.target.getAttribute("aria-pressed") !== "true");
});

for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    const form = event.target.closest?.("[data-reactions]");
    if (form && before.has(form)) put(form, before.get(form));
  });
}
