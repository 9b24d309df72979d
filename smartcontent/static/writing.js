// While a text is being written: how fast, how far of the usual length, how long still.
import { roughly, serverNow } from "./clock.js";
import { elementOf, unfinished } from "./drafts.js";
import { inWords, sizeOf } from "./sizes.js";

const WINDOW = 6000; // milliseconds over which the pace is taken
const ENOUGH = 1000;
const paces = new Map(); // "draft:attempt" → [[moment, size], …]

// How large such a text usually is, in the unit that this one is counted in.
export function usualSize(draft) {
  const bar = elementOf(draft.draft_id)?.querySelector("progress[data-usual]");
  return bar?.dataset.unit === sizeOf(draft).unit ? Number(bar.dataset.usual) || null : null;
}

function note({ draft_id, attempt }, number) {
  const key = `${draft_id}:${attempt}`;
  const moments = paces.get(key) ?? [];
  const now = performance.now();
  // One before the window stays: a slow model's last word must not be the only one known.
  while (moments.length > 2 && moments[1][0] < now - WINDOW) moments.shift();
  moments.push([now, number]);
  paces.set(key, moments);
  return moments;
}

function perSecond(moments) {
  const [[since, before], [until, after]] = [moments[0], moments.at(-1)];
  return until - since >= ENOUGH && after > before ? (1000 * (after - before)) / (until - since) : null;
}

function sentence(size, usual, pace) {
  const said = [inWords(size)];
  if (pace) said.push(`${pace < 10 ? pace.toFixed(1) : Math.round(pace)} a second`);
  if (pace && usual) said.push(size.number < usual ? `${roughly((usual - size.number) / pace)} left` : "nearly done");
  return said.join(" · ");
}

function paint(draft) {
  const element = elementOf(draft.draft_id);
  const bar = element?.querySelector("progress[data-writing]");
  if (!bar) return;
  const usual = usualSize(draft);
  const size = sizeOf(draft);
  // Longer than usual is not done yet: only its end is the end.
  if (usual) bar.value = Math.min(99, (100 * size.number) / usual);
  if (size.number) element.querySelector(".pace").textContent = sentence(size, usual, perSecond(note(draft, size.number)));
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
