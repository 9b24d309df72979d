// While a text is being written: how fast, how far of the usual length, how long still.
import { roughly, serverNow } from "./clock.js";
import { unfinished } from "./states.js";

const WINDOW = 6000; // milliseconds over which the pace is taken
const ENOUGH = 1000;
const paces = new Map(); // "draft:attempt" → [[moment, words], …]

export function usualWords(draftId) {
  const bar = document.querySelector(`[data-draft="${draftId}"] progress[data-words]`);
  return Number(bar?.dataset.words) || null;
}

function note({ draft_id, attempt, words }) {
  const key = `${draft_id}:${attempt}`;
  const moments = paces.get(key) ?? [];
  const now = performance.now();
  // One before the window stays: a slow model's last word must not be the only one known.
  while (moments.length > 2 && moments[1][0] < now - WINDOW) moments.shift();
  moments.push([now, words]);
  paces.set(key, moments);
  return moments;
}

function wordsPerSecond(moments) {
  const [[since, before], [until, after]] = [moments[0], moments.at(-1)];
  return until - since >= ENOUGH && after > before ? (1000 * (after - before)) / (until - since) : null;
}

function sentence(words, usual, pace) {
  const said = [`${words} ${words === 1 ? "word" : "words"}`];
  if (pace) said.push(`${pace < 10 ? pace.toFixed(1) : Math.round(pace)} a second`);
  if (pace && usual) said.push(words < usual ? `${roughly((usual - words) / pace)} left` : "nearly done");
  return said.join(" · ");
}

function paint(draft) {
  const element = document.querySelector(`[data-draft="${draft.draft_id}"]`);
  const bar = element?.querySelector("progress[data-writing]");
  if (!bar) return;
  const usual = usualWords(draft.draft_id);
  const { words } = draft;
  // Longer than usual is not done yet: only its end is the end.
  if (usual) bar.value = Math.min(99, (100 * words) / usual);
  if (words) element.querySelector(".pace").textContent = sentence(words, usual, wordsPerSecond(note(draft)));
}

let paintedAt = 0;
function paintAll() {
  if (serverNow() - paintedAt < 500) return;
  paintedAt = serverNow();
  const now = unfinished().filter((draft) => draft.status === "generating");
  for (const draft of now) paint(draft);
  if (!now.length) paces.clear();
}

export function startWriting() {
  document.addEventListener("clock:tick", paintAll);
  document.addEventListener("drafts:drawn", () => { paintedAt = 0; paintAll(); });
}
