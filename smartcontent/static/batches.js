// The page of a batch: drawn anew when something of it has happened, once a second at most. A row of a
// batch or a series shows its status as it is.
import { drawnIn, read } from "./redrawing.js";

const AGAIN_MS = 1000;
let timer = 0;

async function draw() {
  const old = document.querySelector("[data-batch]");
  const page = await drawnIn(await read(old.dataset.fragment), "[data-batch]");
  if (!page) return;
  const fresh = page.querySelector("[data-batch]");
  // Who is about to press a button keeps it.
  const focused = [...old.querySelectorAll("button, a")].indexOf(document.activeElement);
  old.replaceWith(fresh);
  if (focused >= 0) (fresh.querySelectorAll("button, a")[focused] ?? fresh.querySelector("a")).focus();
}

function drawSoon() {
  timer ||= setTimeout(() => { timer = 0; draw(); }, AGAIN_MS);
}

function showStatus({ detail: { content_id, status, label } }) {
  const badge = document.querySelector(`[data-row="${content_id}"]`);
  if (badge) {
    badge.className = `badge ${status}`;
    badge.textContent = label;
  }
}

// What ended between the drawing of the page and its first event is told by neither.
async function drawRows() {
  if (!document.querySelector("[data-row]")) return;
  const page = await drawnIn(await read(location.href), "[data-row]");
  for (const badge of page?.querySelectorAll("[data-row]") ?? []) {
    document.querySelector(`[data-row="${badge.dataset.row}"]`)?.replaceWith(badge);
  }
}

export function startBatches() {
  document.addEventListener("drafts:became", showStatus);
  document.addEventListener("drafts:snapshot", drawRows);
  if (!document.querySelector("[data-batch]")) return;
  for (const event of ["batch", "snapshot", "became"]) document.addEventListener(`drafts:${event}`, drawSoon);
}
