// The tab's title and icon show what goes on; a notification, if wanted, that it is over.
import { say } from "./announcer.js";
import { remaining, serverNow, shareLeft } from "./clock.js";
import { elementOf, titleOf, unfinished } from "./drafts.js";
import { inWords, sizeOf } from "./sizes.js";
import { usualSize } from "./writing.js";

const SOON = 600_000; // milliseconds: a title that counts down for hours would only disturb
const WANTED = "notify-when-done";
const ENDED = ["completed", "failed"];
const COLOURS = { waiting: "#b45309", writing: "#0f766e", completed: "#15803d", failed: "#b91c1c" };
const SIGNS = { completed: "M9 16.5l5 5 9-11", failed: "M16 8v10M16 23v.5" };

const icon = document.querySelector("link[rel=icon]");
const quiet = { title: document.title, icon: icon.href };
const unseen = []; // the drafts that ended while nobody looked
let canNotify = "Notification" in window;

function writing(drafts) {
  const usual = drafts.length === 1 && usualSize(drafts[0]);
  const share = usual ? Math.min(0.99, sizeOf(drafts[0]).number / usual) : null;
  return { title: share ? `${Math.floor(100 * share)} % written` : "Writing…", kind: "writing", share: share ?? 0.75 };
}

function waiting(draft) {
  const minute = { due: draft.scheduled_for, since: Date.parse(draft.scheduled_for) - 60_000 };
  minute.since = new Date(minute.since).toISOString();
  return { title: remaining(draft.scheduled_for), kind: "waiting", share: shareLeft(minute) };
}

function over() {
  const failed = unseen.filter((draft) => draft.status === "failed").length;
  const done = unseen.length - failed;
  const title = [done && `✓ ${done > 1 ? `${done} done` : "Done"}`, failed && `✗ ${failed > 1 ? `${failed} failed` : "Failed"}`];
  return { title: title.filter(Boolean).join(", "), kind: failed ? "failed" : "completed" };
}

function state() {
  const drafts = unfinished();
  const isSoon = ({ scheduled_for }) => Date.parse(scheduled_for) - serverNow() < SOON;
  const of = (status) => drafts.filter((draft) => draft.status === status);
  if (of("generating").length) return writing(of("generating"));
  if (of("queued").length) return { title: "In the queue", kind: "waiting", share: 0.05 };
  const next = of("pending").filter(isSoon).sort((a, b) => a.scheduled_for < b.scheduled_for ? -1 : 1)[0];
  if (next) return waiting(next);
  return unseen.length ? over() : null;
}

function drawn({ kind, share }) {
  const line = (what) => `${what} fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round"/>`;
  const twentieths = Math.round(20 * share) * 5; // a new icon only where the eye can tell
  const ring = `<circle cx="16" cy="16" r="9" pathLength="100" stroke-dasharray="${twentieths} 100" transform="rotate(-90 16 16)"`;
  const inside = SIGNS[kind] ? line(`<path d="${SIGNS[kind]}"`) : line(ring);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="${COLOURS[kind]}"/>${inside}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

function show() {
  const now = state();
  const title = now ? `${now.title} · ${quiet.title}` : quiet.title;
  const href = now ? drawn(now) : quiet.icon;
  if (document.title !== title) document.title = title;
  if (icon.href !== href) icon.href = href;
}

function takeChange({ detail: draft }) {
  if (ENDED.includes(draft.status) && document.hidden) {
    unseen.push(draft);
    notify(draft);
  }
  offer();
  show();
}

function isWanted() {
  return Notification.permission === "granted" && localStorage.getItem(WANTED) === "yes";
}

// Chrome on Android has the constructor, and throws at whoever uses it. Without leave it shows nothing.
function notification(title, options) {
  try { return new Notification(title, options); } catch { canNotify = false; }
}

function notify(draft) {
  if (!canNotify || !isWanted()) return;
  const done = draft.words ? `Done: ${inWords(sizeOf(draft))}.` : "Done.";
  const body = draft.status === "failed" ? "It failed. Open it to see why." : done;
  // Tabs that have the same to say replace each other's notification.
  const shown = notification(titleOf(draft), { body, tag: `draft-${draft.draft_id}`, icon: quiet.icon });
  shown?.addEventListener("click", () => { window.focus(); shown.close(); lookAt(draft); });
}

function lookAt({ draft_id, content_id }) {
  const shown = elementOf(draft_id);
  if (shown) shown.scrollIntoView();
  else location.assign(`${document.querySelector(".brand").href}contents/${content_id}`);
}

const button = document.getElementById("notify");

// Shown while there is something to wait for.
function offer() {
  if (!button) return;
  button.hidden = !canNotify || !unfinished().length || Notification.permission === "denied";
  if (canNotify) button.textContent = isWanted() ? "Do not notify me" : "Notify me when it is done";
}

async function choose() {
  const isLeaveNeeded = Notification.permission !== "granted";
  if (isWanted()) localStorage.removeItem(WANTED);
  else if (isLeaveNeeded && !notification("")) say("Your browser shows no notifications of pages.");
  else if (await Notification.requestPermission() === "granted") localStorage.setItem(WANTED, "yes");
  else say("Your browser does not let this site notify you. You can change that in its settings.");
  offer();
}

export function startAttention() {
  button?.addEventListener("click", choose);
  document.addEventListener("clock:tick", show);
  document.addEventListener("drafts:became", takeChange);
  document.addEventListener("drafts:snapshot", offer);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) unseen.length = 0;
    show();
  });
}
