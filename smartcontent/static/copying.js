// The buttons that copy: rich text for word processors, Markdown for everything else, both at once.
import { say } from "./announcer.js";

const SHOWN_MS = 1500;

export function startCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-copy-text]");
    if (!button) return;
    button.dataset.label ??= button.textContent; // a second press finds "Copied" there
    const said = await copy(button).then(() => "Copied", () => "Not copied: mark the text and press Ctrl+C");
    button.textContent = said;
    say(said);
    setTimeout(() => { button.textContent = button.dataset.label; }, SHOWN_MS);
  });
}

// Where there is no clipboard to write to (plain http from another machine), or a rule of the house or of
// a frame keeps it from pages, the old command may still do.
async function copy(button) {
  const copied = copiedBy(button);
  try {
    await write(copied, button);
  } catch {
    putByCommand(await copied);
  }
}

// Browsers want the clipboard used in the click's own task: what has to be fetched is promised.
function write(copied, button) {
  const { clipboard } = navigator;
  if (!clipboard?.write) throw new Error("no clipboard");
  const blobOf = (kind) => copied.then((texts) => new Blob([texts[kind]], { type: kind }));
  const kinds = button.dataset.copy ? ["text/plain"] : ["text/plain", "text/html"];
  const item = new ClipboardItem(Object.fromEntries(kinds.map((kind) => [kind, blobOf(kind)])));
  return clipboard.write([item]);
}

async function copiedBy({ dataset }) {
  if (dataset.copy) return { "text/plain": document.querySelector(dataset.copy).textContent };
  let page = document;
  if (!page.querySelector(dataset.source)) {
    const answer = await fetch(dataset.copyText, { redirect: "manual" });
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  }
  return {
    "text/plain": page.querySelector(dataset.source).value,
    "text/html": page.querySelector(dataset.rich).innerHTML,
  };
}

function putByCommand(texts) {
  const put = (event) => {
    event.preventDefault();
    for (const [kind, text] of Object.entries(texts)) event.clipboardData.setData(kind, text);
  };
  document.addEventListener("copy", put, { once: true });
  const isDone = document.execCommand("copy");
  document.removeEventListener("copy", put);
  if (!isDone) throw new Error("the browser does not copy");
}
