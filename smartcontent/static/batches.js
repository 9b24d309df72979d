// The pages of a batch, of a series and of the calendar: drawn anew when something of theirs has happened,
// once a second at most. A row of them shows its status at once.
import { readsInOrder, swap } from "./redrawing.js";

const AGAIN_MS = 1000;
const readBatch = readsInOrder("[data-batch]");
const readParts = readsInOrder("[data-part]");

async function draw() {
  const page = await readBatch(document.querySelector("[data-batch]").dataset.fragment);
  if (page) swap(document.querySelector("[data-batch]"), document.adoptNode(page.querySelector("[data-batch]")));
}

function showStatus({ detail: { content_id, status, label } }) {
  const badge = document.querySelector(`[data-row="${content_id}"]`);
  if (badge) {
    badge.className = `badge ${status}`;
    badge.textContent = label;
  }
}

// A series has made another text, or a due time is another: the parts of the page that say so are read
// again. And what ended between the drawing of the page and its first event is told by neither.
async function drawParts() {
  const page = await readParts(location.href);
  for (const fresh of page?.querySelectorAll("[data-part]") ?? []) {
    const old = document.getElementById(fresh.id);
    if (old) swap(old, document.adoptNode(fresh));
  }
}

function soon(draws) {
  let timer = 0;
  return () => { timer ||= setTimeout(() => { timer = 0; draws(); }, AGAIN_MS); };
}

function on(events, react) {
  for (const event of events) document.addEventListener(`drafts:${event}`, react);
}

export function startBatches() {
  on(["became"], showStatus);
  if (document.querySelector("[data-part]")) on(["snapshot", "status", "content"], soon(drawParts));
  if (document.querySelector("[data-batch]")) on(["batch", "snapshot", "became"], soon(draw));
}
