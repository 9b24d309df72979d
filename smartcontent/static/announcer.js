// What a screen reader hears of a text: that it has begun, is half written, and how it ended.
import { titleOf } from "./states.js";
import { usualWords } from "./writing.js";

const halfSaid = new Set();

export function say(sentence) {
  document.getElementById("announcer").textContent = sentence;
}

function sentenceFor({ status, before, words, label }) {
  if (status === "generating") return "writing has begun";
  if (status === "completed") return words ? `done, ${words} words` : "done";
  if (status === "pending" && before === "generating") return "it did not work, it is tried again";
  if (["pending", "queued"].includes(status)) return null;
  return label?.toLowerCase() ?? status;
}

function takeChange({ detail: draft }) {
  const sentence = sentenceFor(draft);
  if (sentence) say(`${titleOf(draft)}: ${sentence}`);
}

function takeText({ detail: draft }) {
  const key = `${draft.draft_id}:${draft.attempt}`;
  const usual = usualWords(draft.draft_id);
  if (!usual || halfSaid.has(key) || draft.words < usual / 2) return;
  halfSaid.add(key);
  say(`${titleOf(draft)}: half way`);
}

export function startAnnouncer() {
  document.addEventListener("drafts:became", takeChange);
  document.addEventListener("drafts:text", takeText);
}
