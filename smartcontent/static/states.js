// What the user's drafts are, as far as this page has heard: each change is told once.
//
// The document hears of it as `drafts:became`, whether an event brought the change or the page
// found it after it had been cut off.

// The statuses that stay, as the page has them from models/status.py.
export const FINAL = document.documentElement.dataset.final.split(" ");
const known = new Map(); // draft id → {draft_id, content_id, status, words, scheduled_for, title}

export function unfinished() {
  return [...known.values()].filter((draft) => !FINAL.includes(draft.status));
}

function take(draft, isNews = true) {
  const before = known.get(draft.draft_id);
  const after = { ...before, ...draft };
  known.set(draft.draft_id, after);
  if (isNews && before?.status !== after.status) {
    document.dispatchEvent(new CustomEvent("drafts:became", { detail: { ...after, before: before?.status } }));
  }
}

function takeElement(element) {
  const { draft, status } = element.dataset;
  const title = element.querySelector("h1, h3").textContent;
  if (known.has(Number(draft))) take({ draft_id: Number(draft), status, title });
}

// What the page was drawn with: it may have changed before the stream begins.
function takePage() {
  for (const { dataset: { draft, status } } of document.querySelectorAll("[data-draft]")) {
    if (!FINAL.includes(status)) known.set(Number(draft), { draft_id: Number(draft), status });
  }
}

export function startStates() {
  takePage();
  document.addEventListener("drafts:status", ({ detail }) => take(detail));
  document.addEventListener("drafts:text", ({ detail }) => take(detail));
  document.addEventListener("drafts:drawn", ({ detail }) => "draft" in detail.dataset && takeElement(detail));
  document.addEventListener("drafts:snapshot", ({ detail }) => {
    for (const draft of detail) take(draft, known.has(draft.draft_id));
    // It ended while the page was cut off. If the page shows it, it is drawn anew and says how.
    const ids = new Set(detail.map((draft) => draft.draft_id));
    for (const id of known.keys()) {
      if (!ids.has(id) && !document.querySelector(`[data-draft="${id}"]`)) known.delete(id);
    }
  });
}

export function titleOf({ draft_id, title }) {
  return document.querySelector(`[data-draft="${draft_id}"]`)?.querySelector("h1, h3").textContent ?? title ?? "Your text";
}

// Letters of scripts without blanks between words; the server (counting.py) has them, too.
const DENSE = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/gu;
const howMany = (text, what) => text.match(what)?.length ?? 0;

export function countsOf(text) {
  return { words: howMany(text, /\S+/gu), characters: howMany(text, /\S/gu), dense: howMany(text, DENSE) };
}

// A text's size as its readers count: in characters where most are of a script without blanks.
export function sizeOf({ words = 0, characters = 0, dense = 0 }) {
  return 2 * dense > characters ? { number: characters, unit: "characters" } : { number: words, unit: "words" };
}

export function inWords({ number, unit }) {
  return `${number} ${number === 1 ? unit.slice(0, -1) : unit}`;
}
