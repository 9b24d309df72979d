// The live drafts of a page: what its stream says, and what each draft is known to be.
//
// The stream begins with a snapshot of every unfinished draft; after it come status changes and
// pieces of text with their offsets. A piece that does not fit shows that something was missed:
// the stream is opened anew, and its snapshot says how things are. Nothing is guessed.
//
// The document hears of it as `drafts:snapshot`, `drafts:status`, `drafts:text` (a draft as it is
// known now), `drafts:drawn` (an element as the server has just drawn it) and `drafts:readiness`.
import { paintClocks, setServerTime } from "./clock.js";
import { SharedStream } from "./shared_stream.js";
import { countsOf, FINAL } from "./states.js";

const drafts = new Map(); // id → {revision, status, attempt, text, length, words, …}
const painted = new WeakMap(); // element → how much of its draft's text it shows
const PART = 4000; // characters
const connection = document.getElementById("connection");
let stream;
let listsAsked = 0;

const reactions = {
  snapshot: takeSnapshot,
  status: takeStatus,
  text(piece) { takeText(piece) || stream.ask(); },
  readiness(found) { tell("readiness", found); },
  content: reloadCardOf, // into the trash, or out of it
  connection: sayHowItStands,
};

export function follow({ events, snapshot, silence, user }) {
  const addresses = { events: `${events}?user=${user}`, snapshot: `${snapshot}?user=${user}`, silence };
  stream = new SharedStream(addresses, `smartcontent:stream:${events}:${user}`, (name, data) => reactions[name](data));
  stream.start();
  document.addEventListener("drafts-changed", () => { paintAll(); refreshStale(); });
}

function tell(what, detail) {
  document.dispatchEvent(new CustomEvent(`drafts:${what}`, { detail }));
}

function sayHowItStands(state) {
  for (const note of connection.children) note.hidden = note.dataset.when !== state;
}

export function isCutOff() {
  return [...connection.children].some(({ hidden, dataset }) => !hidden && dataset.when !== "asking");
}

function takeSnapshot({ server_time, drafts: unfinished, contents, readiness }) {
  setServerTime(server_time);
  const ids = new Set(unfinished.map((draft) => draft.draft_id));
  for (const draft of unfinished) {
    drafts.set(draft.draft_id, { ...draft, ...counted(draft.text) });
    const element = elementOf(draft.draft_id);
    if (element && Number(element.dataset.revision) < draft.revision) refresh(element);
    else if (!element) refreshVersionOf(draft);
  }
  // On the page as unfinished, yet not in the snapshot: it ended while we were away, or is one of
  // more than a snapshot holds. The server knows.
  for (const element of document.querySelectorAll("[data-draft]")) {
    const id = Number(element.dataset.draft);
    if (!ids.has(id) && !FINAL.includes(element.dataset.status)) { drafts.delete(id); refresh(element); }
  }
  paintAll();
  if (String(contents) !== String(contentsShown())) reloadList();
  tell("snapshot", [...drafts.values()].filter((draft) => ids.has(draft.draft_id)));
  for (const found of readiness) tell("readiness", found);
}

function contentsShown() {
  return [...document.querySelectorAll("#list > article")].map(({ id }) => id.replace("content-", ""));
}

function takeStatus(event) {
  const known = drafts.get(event.draft_id);
  if (known && known.revision >= event.revision) return;
  const written = known?.attempt === event.attempt ? known : counted("");
  drafts.set(event.draft_id, { ...written, ...event });
  tell("status", drafts.get(event.draft_id));
  const element = elementOf(event.draft_id);
  if (!element) return reloadCardOf(event);
  const badge = element.querySelector(".badge");
  badge.className = `badge ${event.status}`;
  badge.textContent = event.label;
  refresh(element);
}

// Whether the piece fits. Offsets count characters as Python does, not UTF-16 units.
function takeText(piece) {
  let draft = drafts.get(piece.draft_id);
  if (!draft || piece.attempt > draft.attempt) {
    draft = { ...draft, ...counted(""), draft_id: piece.draft_id, attempt: piece.attempt, revision: draft?.revision ?? 0, status: "generating" };
    drafts.set(piece.draft_id, draft);
  }
  if (piece.attempt < draft.attempt) return true;
  // What came so far was a thought of the model's.
  if (piece.begins_again) { Object.assign(draft, counted("")); paint(draft); }
  if (piece.offset > draft.length) return false;
  append(draft, [...piece.text].slice(draft.length - piece.offset).join(""));
  tell("text", draft);
  return true;
}

// A text with what is asked of it all the time, so that a piece costs no look at the whole.
function counted(text) {
  return { text, length: [...text].length, ...countsOf(text), isMidWord: /\S$/u.test(text) };
}

function append(draft, text) {
  const piece = counted(text);
  const shown = draft.text.length;
  draft.words += piece.words - (draft.isMidWord && /^\S/u.test(text) ? 1 : 0);
  draft.characters += piece.characters;
  draft.dense += piece.dense;
  draft.length += piece.length;
  draft.isMidWord = text ? piece.isMidWord : draft.isMidWord;
  draft.text += text;
  const target = targetOf(draft);
  if (target && painted.get(target) === shown) write(target, text);
  else paint(draft);
}

export function elementOf(id) {
  return document.querySelector(`[data-draft="${id}"]`);
}

function paintAll() {
  for (const draft of drafts.values()) paint(draft);
  paintClocks();
}

function targetOf(draft) {
  return draft.status === "generating" ? elementOf(draft.draft_id)?.querySelector("[data-text]") : null;
}

function paint(draft) {
  const target = targetOf(draft);
  if (!target) return;
  target.replaceChildren();
  painted.set(target, 0);
  write(target, draft.text);
}

// Behind what is there, as text and never as HTML: the model's output is not trusted. In parts that
// end with a line, so that a browser lays out the last one again and not the whole.
function write(target, text) {
  const last = target.lastElementChild;
  const end = last && last.firstChild.length > PART ? text.lastIndexOf("\n") + 1 : 0;
  const [before, after] = end ? [text.slice(0, end), text.slice(end)] : last ? [text, ""] : ["", text];
  if (before) last.firstChild.appendData(before);
  if (after) {
    const part = target.appendChild(document.createElement("span"));
    part.className = "part";
    part.append(after);
  }
  painted.set(target, painted.get(target) + text.length);
  target.scrollTop = target.scrollHeight; // a card shows a few lines: the newest
}

// An answer of the server, or null. One that leads to signing in is none: it is not what was asked.
export function read(url) {
  return fetch(url, { redirect: "manual" }).catch(() => null);
}

// Fetch the element as the server draws it now. The newest request wins.
export async function refresh(element) {
  const url = element.dataset.fragment;
  const mine = (element.dataset.request = String(Number(element.dataset.request ?? 0) + 1));
  const answer = await read(url); // cut off: the next snapshot has it drawn
  if (answer?.status === 204 && element.matches(".card")) takeAway(element); // it is in the trash
  if (answer?.status !== 200 || !element.isConnected || element.dataset.request !== mine) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("article");
  if (!element.isConnected || element.dataset.request !== mine) return;
  swap(element, document.adoptNode(fresh));
}

function takeAway(element) {
  moveFocus(document.activeElement, element, null);
  element.remove();
}

function swap(old, fresh) {
  for (const [index, details] of old.querySelectorAll("details").entries()) {
    const same = fresh.querySelectorAll("details")[index];
    if (same && details.open) same.open = true;
  }
  const focused = document.activeElement;
  old.replaceWith(fresh);
  const draft = drafts.get(Number(fresh.dataset.draft));
  if (draft) paint(draft);
  paintClocks(fresh);
  tell("drawn", fresh);
  keepTyped(old, fresh);
  keepKeys(old, fresh);
  moveFocus(focused, old, fresh);
}

// From a control of what was, if it had the focus, to the same one. Where there is none any more, not
// to another button: a second press would do what nobody asked for.
function moveFocus(focused, old, fresh) {
  if (!old?.contains(focused)) return;
  const next = fresh && (focused === old ? fresh : counterpart(focused, fresh) ?? controls(fresh)[0]);
  (next ?? document.getElementById("main")).focus();
}

function keepTyped(old, fresh) {
  for (const field of controls(old)) {
    if (!("defaultValue" in field) || field.value === field.defaultValue) continue;
    const same = counterpart(field, fresh);
    if (same) same.value = field.value;
  }
}

// A form that was sent and drawn anew before its answer came is the same form to the server.
function keepKeys(old, fresh) {
  for (const { action, elements } of old.querySelectorAll("form[data-sent]")) {
    const same = [...fresh.querySelectorAll("form")].find((form) => form.action === action);
    if (same?.elements.key) same.elements.key.value = elements.key.value;
  }
}

function counterpart(control, element) {
  return controls(element).find((each) => isSame(each, control));
}

function controls(element) {
  return [...element.querySelectorAll("a, button, summary, input:not([type=hidden]), textarea")];
}

// A link is known by where it leads, a field by its name, a button by what it says.
function isSame(one, other) {
  const marks = ({ tagName, name, form, href, type, textContent }) => [
    tagName, name, form?.action, href, type, ["BUTTON", "SUMMARY"].includes(tagName) ? textContent : "",
  ];
  return String(marks(one)) === String(marks(other));
}

// A draft the page does not show (a new version of a content it shows, or a new content), or a
// content that is gone or back.
function reloadCardOf(draft) {
  refreshVersionOf(draft) || reloadList();
}

// Whether the page shows another version of it.
function refreshVersionOf({ content_id }) {
  const shown = document.getElementById(`content-${content_id}`);
  if (shown) refresh(shown);
  return shown !== null;
}

async function reloadList() {
  const list = document.getElementById("list");
  if (!list || showsSome()) return;
  const mine = ++listsAsked;
  const answer = await read(document.getElementById("search").dataset.list);
  if (!answer?.ok) return;
  const fresh = await answer.text();
  if (mine !== listsAsked) return;
  const focused = document.activeElement;
  const old = focused.closest("#list article");
  list.innerHTML = fresh;
  moveFocus(focused, old, old && document.getElementById(old.id));
  paintAll();
  tell("drawn", list);
  refreshStale();
}

// A list drawn before an event, and come after it, shows what was.
function refreshStale() {
  for (const element of document.querySelectorAll("[data-draft]")) {
    const known = drafts.get(Number(element.dataset.draft));
    if (known && Number(element.dataset.revision) < known.revision) refresh(element);
  }
}

// Whether the list is searched, filtered or an older page: what is new need not belong there.
function showsSome() {
  const asked = new URLSearchParams(location.search);
  return ["q", "status", "content_type", "cursor"].some((name) => asked.get(name));
}
