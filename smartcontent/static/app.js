// What every page does with script: live drafts, countdowns, search as one types, copying.
import { say, startAnnouncer } from "./announcer.js";
import { startAttention } from "./attention.js";
import { startAutosave } from "./autosave.js";
import { startBatches } from "./batches.js";
import { startBeside } from "./beside.js";
import { startBulk } from "./bulk.js";
import { startCalendar } from "./calendar.js";
import { startClocks } from "./clock.js";
import { startCopying } from "./copying.js";
import { startCounts } from "./counts.js";
import { startDrafts } from "./drafts.js";
import { startDueTimes } from "./due_time.js";
import { startFindings } from "./findings.js";
import { startKeeping } from "./kept.js";
import { startKeys } from "./keys.js";
import { startLengths } from "./lengths.js";
import { follow } from "./live.js";
import { startOutlook } from "./outlook.js";
import { offerPassages } from "./passage.js";
import { findList, takeNewList } from "./redrawing.js";
import { startPreviews } from "./preview.js";
import { startToolbar } from "./toolbar.js";
import { startUnsaved } from "./unsaved.js";
import { startWide } from "./wide.js";
import { startWriting } from "./writing.js";

const UNANSWERED_MS = 20_000;
const FIND_AGAIN_MS = 3000;

document.documentElement.classList.add("js");

// The server does not know by which name it is reached; the address bar does.
for (const { dataset } of document.querySelectorAll("[data-complete]")) {
  const address = document.querySelector(dataset.complete);
  address.textContent = new URL(address.textContent, location.href).href;
}

// What was refused is where somebody goes on. After other acts the page itself says where that is: by
// what its address names, or by `autofocus`.
document.querySelector("[aria-invalid=true]")?.focus();

// What is too wide to be shown is scrolled by keyboard, too.
function makeReachable(root) {
  for (const each of root.querySelectorAll(".text :is(table, pre)")) {
    if (each.scrollWidth > each.clientWidth) each.tabIndex = 0;
  }
}
makeReachable(document);
document.addEventListener("drafts:drawn", ({ detail }) => makeReachable(detail));

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("[data-submit-on-ctrl-enter]");
  const isPressed = event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat;
  if (form && isPressed) form.requestSubmit();
});

// Enter on a tick box presses the first button of its form: where there are several, no one has said which.
document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (key !== "Enter" || !target.form || !target.matches("[type=checkbox], [type=radio]")) return;
  if ([...target.form.elements].filter(({ type }) => type === "submit").length > 1) event.preventDefault();
});

// A second press must not submit twice, however slow the line is, and however often the form is drawn
// anew meanwhile. After a while it may: a page that was not answered, and one that the browser's button
// brings back, is as it was left.
let timesSent = 0;
document.addEventListener("submit", (event) => {
  const { target: form, submitter: button } = event;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  if (button?.matches("[data-downloads]")) return; // no page follows that would free the form
  const mine = String(++timesSent);
  form.dataset.sent = mine;
  button?.setAttribute("aria-busy", "true");
  const release = () => {
    for (const same of document.querySelectorAll(`form[data-sent="${mine}"]`)) {
      delete same.dataset.sent;
      for (const each of same.elements) each.removeAttribute("aria-busy");
    }
  };
  window.addEventListener("pageshow", release, { once: true });
  setTimeout(release, UNANSWERED_MS);
});

const search = document.getElementById("search");
if (search) {
  let timer = 0;
  let latest = 0;
  const find = async () => {
    const asked = [...new FormData(search)].filter(([, value]) => value);
    const query = new URLSearchParams(asked);
    const mine = ++latest;
    const found = await findList(`?${query}`);
    if (mine !== latest) return;
    if (found === null) { timer = setTimeout(find, FIND_AGAIN_MS); return; }
    const list = document.getElementById("list");
    list.innerHTML = found;
    // The address of a page that answers a form is not the list's: a reload sends the form again.
    if (location.pathname === new URL(search.action).pathname) history.replaceState(null, "", asked.length ? `?${query}` : search.action);
    takeNewList(list, `?${query}`);
    const isEmpty = list.querySelector(".empty");
    say(list.querySelector("[data-found]")?.textContent ?? (isEmpty ? "Nothing found" : "All are shown"));
  };
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(find, 250); });
  search.addEventListener("submit", (event) => { event.preventDefault(); find(); });
}

startClocks();
startCopying();
startCounts();
startCalendar();
startDueTimes();
startKeeping(document.body.dataset);
startKeys();
startLengths();
startPreviews();
startToolbar();
startWide();
startBeside();
startFindings();
startAutosave();
offerPassages();
startUnsaved();
startAnnouncer();
if (document.body.dataset.events) {
  startDrafts();
  startWriting();
  startAttention();
  startOutlook();
  startBatches();
  startBulk();
  follow(document.body.dataset);
}
