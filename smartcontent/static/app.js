// What every page does with script: live drafts, countdowns, search as one types, copying.
import { say, startAnnouncer } from "./announcer.js";
import { startAttention } from "./attention.js";
import { startClocks } from "./clock.js";
import { startDueTimes } from "./due_time.js";
import { follow } from "./live.js";
import { startOutlook } from "./outlook.js";
import { startStates } from "./states.js";
import { startWriting } from "./writing.js";

document.documentElement.classList.add("js");

// The server does not know by which name it is reached; the address bar does.
for (const { dataset } of document.querySelectorAll("[data-complete]")) {
  const address = document.querySelector(dataset.complete);
  address.textContent = new URL(address.textContent, location.href).href;
}

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("[data-submit-on-ctrl-enter]");
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

// A second press must not submit twice.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button && !event.defaultPrevented && event.target.method === "post") {
    button.setAttribute("aria-busy", "true");
    window.addEventListener("pageshow", () => button.removeAttribute("aria-busy"), { once: true });
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-text]");
  if (!button) return;
  const said = await copy(button).then(() => "Copied", () => "Not copied: mark the text and press Ctrl+C");
  const label = button.textContent;
  button.textContent = said;
  say(said);
  setTimeout(() => { button.textContent = label; }, 1500);
});

// Rich text for word processors, Markdown for everything else, both at once.
async function copy(button) {
  if (button.dataset.copy) {
    return navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
  }
  let page = document;
  if (!page.querySelector(button.dataset.source)) {
    const answer = await fetch(button.dataset.copyText);
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  }
  const markdown = page.querySelector(button.dataset.source).value;
  const html = page.querySelector(button.dataset.rich).innerHTML;
  return navigator.clipboard.write([new ClipboardItem({
    "text/plain": new Blob([markdown], { type: "text/plain" }),
    "text/html": new Blob([html], { type: "text/html" }),
  })]);
}

const search = document.getElementById("search");
if (search) {
  let timer = 0;
  let latest = 0;
  const find = async () => {
    const asked = [...new FormData(search)].filter(([, value]) => value);
    const query = new URLSearchParams(asked);
    const mine = ++latest;
    const answer = await fetch(`${search.dataset.list}?${query}`);
    if (!answer.ok || mine !== latest) return;
    document.getElementById("list").innerHTML = await answer.text();
    history.replaceState(null, "", asked.length ? `?${query}` : location.pathname);
    document.dispatchEvent(new Event("drafts-changed"));
  };
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(find, 250); });
  search.addEventListener("submit", (event) => { event.preventDefault(); find(); });
}

startClocks();
startDueTimes();
if (document.body.dataset.events) {
  startStates();
  startWriting();
  startAnnouncer();
  startAttention();
  startOutlook();
  follow(document.body.dataset);
}
