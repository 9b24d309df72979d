// What the page's stream says, and what follows from it.
//
// The stream begins with a snapshot of every unfinished draft; after it come status changes and
// pieces of text with their offsets. Where one does not fit the stream is opened anew, and its
// snapshot says how things are.
//
// The document hears of it as `drafts:snapshot`, `drafts:status`, `drafts:text` (a draft as it is known
// now), `drafts:readiness`, `drafts:batch`, `drafts:bulk` and `drafts:content`.
import { paintClocks, setServerTime } from "./clock.js";
import { draftOf, elementOf, isFinal, takePiece, takeSnapshot, takeStatus, tell } from "./drafts.js";
import { paintAdded, paintTexts } from "./live_text.js";
import { refresh, refreshVersionOf, reloadAll, reloadCardOf, reloadList } from "./redrawing.js";
import { SharedStream } from "./shared_stream.js";

const connection = document.getElementById("connection");
let stream;
let hasGap = false;

const reactions = {
  snapshot: drawSnapshot,
  status: drawStatus,
  text: drawText,
  readiness(found) { tell("readiness", found); },
  batch(progress) { tell("batch", progress); },
  bulk(progress) { tell("bulk", progress); },
  content: drawCard, // into the trash, or out of it
  connection: sayHowItStands,
  gap() { hasGap = true; },
};

export function follow({ events, snapshot, silence, user }) {
  const addresses = { events: `${events}?user=${user}`, snapshot: `${snapshot}?user=${user}`, silence };
  stream = new SharedStream(addresses, `smartcontent:stream:${events}:${user}`, (name, data) => reactions[name](data));
  stream.start();
}

function sayHowItStands(state) {
  for (const note of connection.children) note.hidden = note.dataset.when !== state;
  if (state === "live" && hasGap) reloadAll(); // no snapshot tells of what ended meanwhile
  hasGap = state !== "live";
}

export function isCutOff() {
  return [...connection.children].some(({ hidden, dataset }) => !hidden && dataset.when !== "asking");
}

function drawSnapshot({ server_time, drafts, contents, readiness }) {
  setServerTime(server_time);
  takeSnapshot(drafts);
  for (const draft of drafts) {
    const element = elementOf(draft.draft_id);
    if (!element) refreshVersionOf(draft);
    else if (Number(element.dataset.revision) < draft.revision) refresh(element);
  }
  refreshAllBut(new Set(drafts.map((draft) => draft.draft_id)));
  // Versions may have come and gone since the page was drawn; no snapshot tells of those that ended.
  for (const view of document.querySelectorAll(".view[data-fragment]")) if (isFinal(view.dataset.status)) refresh(view);
  paintTexts();
  paintClocks();
  if (String(contents) !== String(contentsShown())) reloadList();
  tell("snapshot");
  for (const found of readiness) tell("readiness", found);
}

// On the page as unfinished, yet not in the snapshot: it ended while we were away, or is one of
// more than a snapshot holds. The server knows.
function refreshAllBut(ids) {
  for (const element of document.querySelectorAll("[data-draft]")) {
    if (!ids.has(Number(element.dataset.draft)) && !isFinal(element.dataset.status)) refresh(element);
  }
}

function contentsShown() {
  return [...document.querySelectorAll("#list > article")].map(({ id }) => id.replace("content-", ""));
}

function drawStatus(event) {
  if (!takeStatus(event)) return;
  tell("status", event);
  const element = elementOf(event.draft_id);
  if (!element) return reloadCardOf(event);
  const badge = element.querySelector(".badge");
  badge.className = `badge ${event.status}`;
  badge.textContent = event.label;
  refresh(element);
}

function drawCard(content) {
  reloadCardOf(content);
  tell("content", content);
}

function drawText(piece) {
  const added = takePiece(piece);
  if (added === null) return stream.ask();
  const draft = draftOf(piece.draft_id);
  paintAdded(draft, added);
  tell("text", draft);
}
