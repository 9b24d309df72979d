// What a screen reader hears of a text: that it has begun, is half written, and how it ended.
import { titleOf } from "./drafts.js";
import { inWords, sizeOf } from "./sizes.js";
import { usualSize } from "./writing.js";

const AFTER_LOADING_MS = 300;
const halfSaid = new Set();
const heard = new Set(); // "draft: sentence"

export function say(sentence) {
  document.getElementById("announcer").textContent = sentence;
}

function sentenceFor(draft) {
  const { status, before, label } = draft;
  if (status === "generating") return "writing has begun";
  if (status === "completed") return draft.words ? `done, ${inWords(sizeOf(draft))}` : "done";
  if (status === "pending" && before === "generating") return "it did not work, it is tried again";
  if (["pending", "queued"].includes(status)) return null;
  return label?.toLowerCase() ?? status;
}

// An Ollama out of reach is tried each minute: of these, the first is news.
function isHeard({ draft_id, status }, sentence) {
  const key = `${draft_id}: ${sentence}`;
  const wasHeard = ["generating", "pending"].includes(status) && heard.has(key);
  heard.add(key);
  return wasHeard;
}

function takeChange({ detail: draft }) {
  const sentence = sentenceFor(draft);
  if (sentence && !isHeard(draft, sentence)) say(`${titleOf(draft)}: ${sentence}`);
}

function takeText({ detail: draft }) {
  const key = `${draft.draft_id}:${draft.attempt}`;
  const usual = usualSize(draft);
  if (!usual || halfSaid.has(key) || sizeOf(draft).number < usual / 2) return;
  halfSaid.add(key);
  say(`${titleOf(draft)}: half way`);
}

// What the act before this page came to: a region is heard only when it changes after the page is there.
function sayWhatWasDone() {
  const said = document.querySelectorAll("[data-said], main small.error, main [role=alert][autofocus]");
  if (said.length) setTimeout(say, AFTER_LOADING_MS, [...said].map(({ textContent }) => textContent).join(" "));
}

export function startAnnouncer() {
  sayWhatWasDone();
  document.addEventListener("drafts:became", takeChange);
  document.addEventListener("drafts:text", takeText);
}
