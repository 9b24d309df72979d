// The one register of the user's drafts: what this page has heard of each, and its text as far as that
// is written.
//
// The document hears of a change of status once, as `drafts:became`, whether an event brought it or a
// card that the server has just drawn. A piece of text that does not fit shows that something was
// missed: nothing is guessed.
import { countsOf } from "./sizes.js";

// The statuses that stay, as the page has them from models/status.py.
const FINAL = document.documentElement.dataset.final.split(" ");
const drafts = new Map(); // id → {draft_id, content_id, status, revision, attempt, text, length, words, …}

export function tell(what, detail) {
  document.dispatchEvent(new CustomEvent(`drafts:${what}`, { detail }));
}

export function draftOf(id) {
  return drafts.get(id);
}

export function allDrafts() {
  return [...drafts.values()];
}

export function unfinished() {
  return allDrafts().filter((draft) => !isFinal(draft.status));
}

export function isFinal(status) {
  return FINAL.includes(status);
}

export function elementOf(id) {
  return document.querySelector(`[data-draft="${id}"]`);
}

export function titleOf({ draft_id, title }) {
  return elementOf(draft_id)?.querySelector("h1, h2, h3").textContent ?? title ?? "Your text";
}

// What was so before this page heard of it is no news. A text that has ended is the server's to show.
function keep(draft, isNews = true) {
  const before = drafts.get(draft.draft_id)?.status;
  drafts.set(draft.draft_id, isFinal(draft.status) ? { ...draft, ...counted("") } : draft);
  if (isNews && before !== draft.status) tell("became", { ...draft, text: "", before });
}

export function takeSnapshot(found) {
  for (const draft of found) {
    const before = drafts.get(draft.draft_id);
    keep({ ...before, ...draft, ...counted(draft.text) }, before !== undefined);
  }
  // It ended while the page was cut off. If the page shows it, it is drawn anew and says how.
  const ids = new Set(found.map((draft) => draft.draft_id));
  for (const id of drafts.keys()) if (!ids.has(id) && !elementOf(id)) drafts.delete(id);
}

// Whether the event says something new.
export function takeStatus(event) {
  const before = drafts.get(event.draft_id);
  if (before?.revision >= event.revision) return false;
  const text = before?.attempt === event.attempt ? {} : counted("");
  keep({ ...before, ...text, ...event });
  return true;
}

// What the piece adds, or null if something before it was missed. Offsets count characters as Python
// does, not UTF-16 units.
export function takePiece(piece) {
  const draft = attemptOf(piece);
  if (piece.attempt < draft.attempt) return "";
  // What came so far was a thought of the model's.
  if (piece.begins_again) Object.assign(draft, counted(""));
  if (piece.offset > draft.length) return null;
  const text = [...piece.text].slice(draft.length - piece.offset).join("");
  append(draft, text);
  return text;
}

function attemptOf({ draft_id, attempt }) {
  const before = drafts.get(draft_id);
  if (before?.attempt >= attempt) return before;
  keep({ revision: 0, ...before, ...counted(""), draft_id, attempt, status: "generating" });
  return drafts.get(draft_id);
}

// A text with what is asked of it all the time, so that a piece costs no look at the whole.
function counted(text) {
  return { text, length: [...text].length, ...countsOf(text), isMidWord: /\S$/u.test(text) };
}

function append(draft, text) {
  const piece = counted(text);
  draft.words += piece.words - (draft.isMidWord && /^\S/u.test(text) ? 1 : 0);
  draft.characters += piece.characters;
  draft.dense += piece.dense;
  draft.length += piece.length;
  draft.isMidWord = text ? piece.isMidWord : draft.isMidWord;
  draft.text += text;
}

// The element itself, if it shows a draft, and those within: a view shows other versions beside its own.
export function elementsIn(root) {
  return [root, ...root.querySelectorAll("[data-draft]")].filter((element) => element.matches("[data-draft]"));
}

// What the server has drawn, as it stands in these elements.
export function takeDrawn(root) {
  for (const element of elementsIn(root)) {
    const drawn = asDrawn(element);
    const before = drafts.get(drawn.draft_id);
    if (before && before.revision <= drawn.revision) keep({ ...before, ...drawn });
  }
}

function asDrawn(element) {
  const { draft, status, revision } = element.dataset;
  const title = element.querySelector("h1, h2, h3").textContent;
  return { draft_id: Number(draft), status, revision: Number(revision), title };
}

// What the page was drawn with: it may have changed before the stream begins.
export function startDrafts() {
  for (const element of document.querySelectorAll("[data-draft]")) {
    const draft = asDrawn(element);
    if (!isFinal(draft.status)) keep(draft, false);
  }
}
