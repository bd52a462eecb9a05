// Send the files of an upload form in the background, piece by piece, with a bar for each; a piece that breaks off is
// sent again from where the server is. Without this script the form sends one file by itself.
const PIECE = 8 * 1024 * 1024;
const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 15_000];
const TUS = { "Tus-Resumable": "1.0.0" };

class Refused extends Error {}
class Stopped extends Error {}

const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const inUnits = (bytes) => {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let step = 0;
  while (bytes >= 1000 && step < units.length - 1) [bytes, step] = [bytes / 1000, step + 1];
  return `${step && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)} ${units[step]}`;
};

function ask(method, address, { headers, body = null, told = () => {}, line }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    for (const [name, value] of Object.entries({ ...TUS, ...headers })) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => told(event.loaded);
    request.onload = () => resolve(request);
    request.onerror = () => reject(new TypeError("the connection broke"));
    request.onabort = () => reject(new Stopped());
    line.request = request;
    request.send(body);
  });
}

function sentence(answer) {
  try {
    return JSON.parse(answer.responseText).detail;
  } catch {
    return "The hall did not take it. Try again later.";
  }
}

async function whereIs(address, headers, line) {
  const answer = await ask("HEAD", address, { headers, line });
  if (answer.status !== 200) throw new Refused("The upload is over. Begin it again.");
  return Number(answer.getResponseHeader("Upload-Offset"));
}

async function send(file, form, line, show) {
  const headers = { "X-CSRFToken": form.elements.namedItem("csrfmiddlewaretoken").value };
  const pairs = { filename: file.name };
  const folder = form.elements.namedItem("folder");
  if (folder) pairs.folder = folder.value;
  if (form.elements.namedItem("overwrite").checked) pairs.overwrite = "1";
  const metadata = Object.entries(pairs).map(([name, value]) => `${name} ${encode(value)}`).join(",");
  const begun = await ask("POST", form.dataset.upload, {
    headers: { ...headers, "Upload-Length": String(file.size), "Upload-Metadata": metadata },
    line,
  });
  if (begun.status !== 201) throw new Refused(sentence(begun));
  const address = begun.getResponseHeader("Location");
  line.giveUp = () => ask("DELETE", address, { headers, line });
  let offset = 0;
  let failures = 0;
  while (offset < file.size) {
    if (line.stopped) throw new Stopped();
    try {
      const answer = await ask("PATCH", address, {
        headers: { ...headers, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" },
        body: file.slice(offset, offset + PIECE),
        told: (sent) => show(offset + sent),
        line,
      });
      if (answer.status === 204) {
        offset = Number(answer.getResponseHeader("Upload-Offset"));
        failures = 0;
        show(offset);
        continue;
      }
      if (answer.status !== 409 && answer.status !== 429 && answer.status < 500) throw new Refused(sentence(answer));
    } catch (error) {
      if (error instanceof Refused || error instanceof Stopped) throw error;
    }
    if (failures === PAUSES_MS.length) throw new Refused("The connection is gone. Upload it again later.");
    await wait(PAUSES_MS[failures++]);
    offset = await whereIs(address, headers, line).catch((error) => {
      if (error instanceof TypeError) return offset;
      throw error;
    });
  }
}

function newLine(form, file) {
  const list = form.querySelector("[data-upload-list]");
  const element = form.querySelector("[data-upload-line]").content.cloneNode(true).firstElementChild;
  element.querySelector("[data-name]").textContent = file.name;
  const bar = element.querySelector("[data-bar]");
  bar.setAttribute("aria-label", file.name);
  list.hidden = false;
  list.append(element);
  const words = element.querySelector("[data-words]");
  const stop = element.querySelector("[data-stop]");
  const line = { stopped: false };
  stop.addEventListener("click", () => {
    line.stopped = true;
    line.request.abort();
  });
  return {
    line,
    show(sent) {
      bar.value = file.size ? Math.min((sent / file.size) * 100, 100) : 100;
      words.textContent = `${inUnits(Math.min(sent, file.size))} of ${inUnits(file.size)}`;
    },
    end(text, failed) {
      stop.remove();
      words.textContent = text;
      if (failed) bar.classList.add("bar-danger");
    },
  };
}

async function sendAll(form, files) {
  let failed = false;
  for (const file of files) {
    const shown = newLine(form, file);
    shown.show(0);
    try {
      await send(file, form, shown.line, shown.show);
      shown.end("stored", false);
    } catch (error) {
      failed = true;
      if (error instanceof Stopped && shown.line.giveUp) await shown.line.giveUp().catch(() => {});
      shown.end(error instanceof Stopped ? "stopped" : error.message || "It did not work.", true);
    }
  }
  if (!failed) location.assign(location.href);
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  const input = form.elements.namedItem("file");
  input.multiple = true;
  form.querySelector("[data-upload-hint]").hidden = false;
  form.addEventListener("submit", (event) => {
    if (!input.files.length) return;
    event.preventDefault();
    sendAll(form, [...input.files]);
    input.value = "";
  });
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("drop-over");
  });
  form.addEventListener("dragleave", () => form.classList.remove("drop-over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("drop-over");
    sendAll(form, [...event.dataTransfer.files]);
  });
}
