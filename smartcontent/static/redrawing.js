// Cards and lists drawn anew by the server, in the place of those on the page: what is open stays open,
// what was typed stays typed, and the focus stays where it was.
//
// The document hears of it as `drafts:drawn`, with the element.
import { paintClocks } from "./clock.js";
import { draftOf, takeDrawn, tell } from "./drafts.js";
import { isChanged, keepChanged, restore } from "./kept.js";
import { paintTexts, paintTextsIn } from "./live_text.js";

const SHOWING_SOME = [
  "q", "status", "content_type", "tag", "favourite", "model", "voice", "batch", "series", "since", "until", "sort", "trash", "cursor",
];
const TYPED = "input:not([type=checkbox], [type=radio]), textarea, select";
const BOXES = "input:is([type=checkbox], [type=radio])[name]";
const BESIDE = ".suggestion > .text:not(.live)"; // each has a scroll bar; what is being written shows its end
const TICKED_OR_NOT = ["checkbox", "radio"]; // the value of such a field is not typed
const OF_ONE_DRAWING = "[name=key], [name=csrf_token]"; // hidden fields, others each time
let drawnAs = new WeakMap(); // element → its HTML as it came, by which one that comes alike is known
const requests = new WeakMap(); // element → how often it was asked for
const TOGETHER_MS = 100;
const HELD_MS = 10_000; // at most: what is let go outside of the window is not heard of
let letGo = Promise.resolve();
let listTimer = 0;
let listed = location.search; // what the list that is shown was asked for

// What no person asked for is no visit: a page that is left open keeps no session from ending.
export const BY_ITSELF = { "By-Itself": "1" };

// An answer of the server, or null. One that leads to signing in is none: it is not what was asked.
function read(url, headers = BY_ITSELF) {
  return fetch(url, { cache: "no-store", redirect: "manual", headers }).catch(() => null);
}

// The page or part of a page that an answer holds, or null: a network that wants a sign-in first, or a
// proxy, may answer in the server's place, and has nothing of what we look for.
export async function drawnIn(answer, selector) {
  if (![200, 409].includes(answer?.status)) return null;
  const drawn = await answer.text().catch(() => ""); // it may break off
  const page = new DOMParser().parseFromString(drawn, "text/html");
  await allIsLetGo();
  return page.querySelector(selector) && page;
}

// Reads pages that are asked for again and again. Of two answers the older one may come last: it is null.
export function readsInOrder(selector) {
  let asked = 0;
  let drawn = 0;
  return async (url) => {
    const mine = ++asked;
    const page = await drawnIn(await read(url), selector);
    if (!page || mine < drawn) return null;
    drawn = mine;
    return page;
  };
}

// A button that is exchanged between the press and its end is not pressed: whoever presses comes first,
// with a finger or with the space bar, which presses a button and ticks a box when it is let go.
function holdUntil(ends) {
  letGo = new Promise((resolve) => {
    for (const end of ends) addEventListener(end, () => setTimeout(resolve), { once: true });
    setTimeout(resolve, HELD_MS);
  });
}

// Another press may have begun while the end of the last one was told.
async function allIsLetGo() {
  const told = letGo;
  await told;
  if (told !== letGo) await allIsLetGo();
}

addEventListener("pointerdown", () => holdUntil(["pointerup", "pointercancel"]), true);
addEventListener("keydown", ({ key }) => { if (key === " ") holdUntil(["keyup"]); }, true);

const LISTED = "[data-draft], .empty";
const LIST_PARTS = "article, #bulk"; // what of the list is known by an id
const readList = readsInOrder(LISTED);

function addressOfList() {
  return document.getElementById("search").dataset.list;
}

// The list as somebody asks for it, as HTML, or null.
export async function findList(query) {
  const page = await drawnIn(await read(`${addressOfList()}${query}`, {}), LISTED);
  return page?.body.innerHTML ?? null;
}

// Fetch the element as the server draws it now. The newest request wins.
export async function refresh(element) {
  const mine = (requests.get(element) ?? 0) + 1;
  requests.set(element, mine);
  const answer = await read(element.dataset.fragment);
  const page = await drawnIn(answer, "article[data-draft]"); // cut off: the next snapshot has it drawn
  const isKnown = page || answer?.status === 204;
  if (!isKnown || !element.isConnected || requests.get(element) !== mine) return;
  showWhetherThere(element, page !== null);
  if (page) swap(element, document.adoptNode(page.querySelector("article")));
}

// Deleted, or used; the page of a content stays, and says so until it is restored.
function showWhetherThere(element, isThere) {
  const notice = element.matches(".view") && document.getElementById("deleted");
  if (notice) notice.hidden = isThere;
  else if (!isThere) takeAway(element);
}

function takeAway(element) {
  forgetDrawingAround(element);
  moveFocus(document.activeElement, element, null);
  element.remove();
}

// What is drawn alike is left where it is, with all that somebody does in it.
export function swap(old, fresh) {
  const html = htmlOf(fresh);
  if (drawnAs.get(old) === html) return takeTokens(old, fresh);
  drawnAs.set(fresh, html);
  forgetDrawingAround(old);
  const focused = document.activeElement;
  keepChanged();
  const places = new Map([...old.querySelectorAll(BESIDE)].map((text) => [text.parentElement.id, text.scrollTop]));
  old.replaceWith(fresh);
  keepOpen(old, fresh);
  keepTicks(old, fresh);
  takeDrawn(fresh);
  paintTextsIn(fresh);
  paintClocks(fresh);
  tell("drawn", fresh);
  keepForms(old, fresh);
  restoreComing(old, fresh);
  moveFocus(focused, old, fresh);
  for (const text of fresh.querySelectorAll(BESIDE)) text.scrollTop = places.get(text.parentElement.id) ?? 0;
  if (fresh.matches(".view")) refreshStale(); // what stands beside the text may have gone on meanwhile
}

// Who has signed out and in again meanwhile, in another tab, sends them with those of the new session.
function takeTokens(old, fresh) {
  const tokens = fresh.querySelectorAll("[name=csrf_token]");
  old.querySelectorAll("[name=csrf_token]").forEach((field, place) => { field.value = tokens[place].value; });
}

function htmlOf(fresh) {
  const copy = fresh.cloneNode(true);
  for (const field of copy.querySelectorAll(OF_ONE_DRAWING)) field.removeAttribute("value");
  return copy.outerHTML;
}

// A part of it is another by now, or gone.
function forgetDrawingAround(part) {
  drawnAs.delete(part.parentElement?.closest("[data-fragment]"));
}

// A page that the browser's button brings back has keys that were used.
addEventListener("pageshow", ({ persisted }) => { if (persisted) drawnAs = new WeakMap(); });

// What can be opened is known by the first words of its summary: others may count something.
function nameOf(details) {
  return details.querySelector("summary").firstChild.textContent.trim();
}

// From a control of what was, if it had the focus, to the same one. Where there is none any more, not
// to another button: a second press would do what nobody asked for.
function moveFocus(focused, old, fresh) {
  if (!old?.contains(focused)) return;
  const next = fresh && (focused === old ? fresh : counterpart(focused, fresh) ?? besides(focused, fresh));
  (next ?? document.getElementById("main")).focus();
  const [was, is] = [focused.selectionStart, next?.selectionStart]; // a number where a caret can be
  if (typeof was === "number" && typeof is === "number") next.setSelectionRange(was, focused.selectionEnd);
}

// The part it stood in, all that is drawn anew, or what does nothing when it is pressed.
function besides(focused, fresh) {
  const { id } = focused.closest("[id][tabindex]") ?? {};
  const part = fresh.querySelector(`[id="${CSS.escape(id ?? "")}"]`);
  return part ?? (fresh.matches("[tabindex]") ? fresh : controls(fresh).find(isHarmless));
}

function isHarmless(control) {
  return control.tagName !== "BUTTON" && control.getClientRects().length > 0;
}

function keepOpen(old, fresh) {
  const parts = [...fresh.querySelectorAll("details")];
  for (const details of old.querySelectorAll("details[open]")) {
    parts.find((each) => nameOf(each) === nameOf(details))?.setAttribute("open", "");
  }
}

function keepForms(old, fresh) {
  keepOffers(old, fresh);
  keepTyped(old, fresh);
  keepRefused(old, fresh);
  keepSent(old, fresh);
}

// What was put back into a form can still be cleared.
function keepOffers(old, fresh) {
  for (const note of old.querySelectorAll("form[data-keep] > .kept")) {
    const same = sameForm(note.parentElement, fresh);
    if (same) restore(same, false);
  }
}

// A form that went with a part of what was drawn is there again.
function restoreComing(old, fresh) {
  for (const form of fresh.querySelectorAll("form[data-keep]")) if (!sameForm(form, old)) restore(form);
}

function keepTyped(old, fresh) {
  for (const field of controls(old)) {
    if (!field.matches(TYPED) || !isChanged(field)) continue;
    const same = counterpart(field, fresh);
    if (!same) continue;
    same.value = field.value;
    same.dispatchEvent(new Event("input", { bubbles: true })); // to be kept in this form from now on
  }
}

// What was refused is so until it is sent again: as it was typed, and beside it why.
function keepRefused(old, fresh) {
  for (const field of old.querySelectorAll("[aria-invalid=true]")) {
    const same = counterpart(field, fresh);
    if (!same) continue;
    const why = field.getAttribute("aria-describedby") ?? "";
    if (!TICKED_OR_NOT.includes(field.type)) same.value = field.value;
    same.setAttribute("aria-invalid", "true");
    same.setAttribute("aria-describedby", why);
    const note = old.querySelector(`[id="${CSS.escape(why)}"]`);
    if (note) same.form?.append(note);
  }
}

// A page that refuses them has them drawn as they were sent.
function keepTicks(old, fresh) {
  const isTheirs = (box) => isChanged(box) || box.matches("[aria-invalid=true]");
  const changed = [...old.querySelectorAll(BOXES)].filter(isTheirs);
  for (const box of fresh.querySelectorAll(BOXES)) {
    const same = changed.find(({ name, value }) => name === box.name && value === box.value);
    if (same) box.checked = same.checked;
  }
}

// A form that was sent and drawn anew before its answer came is the same form to the server, and is
// sent.
function keepSent(old, fresh) {
  for (const form of [old, ...old.querySelectorAll("form")].filter((each) => each.matches("form[data-sent]"))) {
    const same = sameForm(form, fresh);
    if (!same) continue;
    if (same.elements.key) same.elements.key.value = form.elements.key.value;
    same.dataset.sent = form.dataset.sent;
  }
  for (const pressed of old.querySelectorAll("button[aria-busy]")) counterpart(pressed, fresh)?.setAttribute("aria-busy", "true");
}

// Forms may lead to one place: one without an id is known by its first field or button that the server draws.
function sameForm(form, element) {
  if (form.id) return [element, ...element.querySelectorAll("form")].find(({ id }) => id === form.id);
  return controls(form).map((each) => counterpart(each, element)).find(Boolean)?.form;
}

function counterpart(control, element) {
  return controls(element).find((each) => isSame(each, control));
}

function controls(element) {
  return [...element.querySelectorAll("a, button, summary, input:not([type=hidden]), textarea, select")];
}

// A link is known by where it leads, a field by its name, a box or button by what it stands for, too, and by what
// it says, or said before "Copied".
function isSame(one, other) {
  return String(marksOf(one)) === String(marksOf(other));
}

// Taken off the page, a control belongs no more to the form that its attribute names.
function marksOf(control) {
  const { tagName, name, form, href, type, value } = control;
  const isPressed = tagName === "BUTTON" || TICKED_OR_NOT.includes(type);
  return [tagName, name, control.getAttribute("form") ?? form?.action, href, type, isPressed && value, saidBy(control)];
}

function saidBy(control) {
  if (control.tagName === "SUMMARY") return nameOf(control.parentElement);
  return control.tagName === "BUTTON" && (control.ariaLabel ?? control.dataset.label ?? control.textContent);
}

// A draft the page does not show (a new version of a content it shows, or a new content), or a
// content that is gone or back.
export function reloadCardOf(draft) {
  if (!refreshVersionOf(draft)) reloadList();
}

// Whether the page shows another version of it.
export function refreshVersionOf({ content_id }) {
  const shown = document.getElementById(`content-${content_id}`);
  if (shown) refresh(shown);
  return shown !== null;
}

// Of many events at once one has the list drawn.
export function reloadList() {
  listTimer ||= setTimeout(() => { listTimer = 0; loadList(); }, TOGETHER_MS);
}

// All that the list shows, whatever has become of it: of a search or an older page each for itself.
export function reloadAll() {
  if (!showsSome()) return reloadList();
  for (const card of document.querySelectorAll(".card[data-fragment]")) refresh(card);
}

// On a slow line the next event may come before each answer: all that are newer than what is shown are.
async function loadList() {
  const list = document.getElementById("list");
  if (!list || showsSome()) return;
  const page = await readList(addressOfList() + listed);
  if (page && !showsSome()) drawList(list, page.body); // unless it was searched meanwhile
}

function drawList(list, drawn) {
  const focused = document.activeElement;
  const old = new DocumentFragment();
  old.append(...list.childNodes);
  list.append(...drawn.childNodes);
  const pairs = [...old.querySelectorAll(LIST_PARTS)].map((part) => [part, document.getElementById(part.id)]);
  const staying = pairs.filter(([, fresh]) => fresh);
  for (const pair of staying) { keepOpen(...pair); keepTicks(...pair); }
  takeNewList(list);
  for (const pair of staying) keepForms(...pair);
  // Links around the cards stand in none of these.
  const [part, fresh] = pairs.find(([each]) => each.contains(focused)) ?? [old, list];
  moveFocus(focused, part, fresh);
}

// The list as it is now, whoever put it there.
export function takeNewList(list, query = listed) {
  listed = query;
  takeDrawn(list);
  paintTexts();
  paintClocks();
  tell("drawn", list);
  refreshStale();
}

// A list drawn before an event, and come after it, shows what was.
function refreshStale() {
  for (const element of document.querySelectorAll("[data-draft]")) {
    const known = draftOf(Number(element.dataset.draft));
    if (known && Number(element.dataset.revision) < known.revision) refresh(element);
  }
}

// Whether the list is searched, filtered or an older page: what is new need not belong there.
function showsSome() {
  const asked = new URLSearchParams(listed);
  return SHOWING_SOME.some((name) => asked.get(name));
}
