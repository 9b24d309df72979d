// What is typed into a brief or a text is kept in this tab until the server has taken it: a reload,
// a session that has ended or a broken line loses nothing of it.
//
// It is kept by user, form and the key in the form, which the server names when it has taken it. Once its
// user is signed out, which the next page says, and when somebody else signs in, it is forgotten; but what is
// sent from a tab that was left open then is kept for its user, who has to sign in again: from then on the
// tab keeps what is typed. Who has no account is a user, too.
import { say } from "./announcer.js";
import { checkLengths } from "./lengths.js";

const PREFIX = "smartcontent:typed:";
const SAVE_AFTER_MS = 300;
// A form filled with an example or a brief that was taken back is another one than the empty form.
const FILLED_WITH = ["example", "again", "template"];
const NOT_TYPED = ["hidden", "submit", "button", "file", "password"];
const SIGNED_OUT = "signed out";
const IS_OVER = "[data-when=signed-out]:not([hidden])"; // the session, as the page was told
const RESTORED = "What you had typed is here again.";

const asked = new URLSearchParams(location.search);
const changed = new Set(); // forms that are not stored as they are
const sentAs = new Map(); // refused form → the name it was sent under: the page it came on has another address
let mine; // how the names of all that this user typed begin
let timer = 0;
let isForgotten = false;

function storage() {
  try { return window.sessionStorage; } catch { return null; } // a browser may forbid it
}

// A form is kept by where it leads, or by what it is about, where that stays though it leads elsewhere.
function nameOf(form) {
  if (sentAs.has(form)) return sentAs.get(form);
  const { pathname, searchParams } = new URL(form.action);
  const filledWith = (name) => searchParams.get(name) ?? asked.get(name) ?? "";
  return [mine + (form.dataset.keepAs ?? pathname), ...FILLED_WITH.map(filledWith)].join(":");
}

const templateOf = (name) => name.split(":").pop(); // or ""

// And what belongs to that which was typed: which text it was typed into, say.
export function fieldsOf(form) {
  const isTyped = ({ type, dataset }) => "kept" in dataset || !NOT_TYPED.includes(type);
  return [...form.elements].filter((field) => field.name && isTyped(field));
}

const isTicked = ({ type }) => type === "checkbox" || type === "radio";
const valueOf = (field) => (isTicked(field) ? field.checked : field.value);
// Boxes share a name; what each stands for is its value.
const nameIn = (field) => (isTicked(field) ? `${field.name}=${field.value}` : field.name);

export function isChanged(field) {
  if (isTicked(field)) return field.checked !== field.defaultChecked;
  if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
  const options = [...field.options];
  return (options.find((option) => option.defaultSelected) ?? options[0]) !== field.selectedOptions[0];
}

const isRefused = ({ dataset }) => dataset.keep === "refused";
const keptAs = (name) => JSON.parse(storage().getItem(name));

// The keys under which it was refused: a page that refused it sends the same again when it is reloaded.
function refusedKeys(form, name) {
  const before = keptAs(name)?.refused ?? [];
  return isRefused(form) ? [...new Set([...before, form.elements.key.dataset.sent])] : before;
}

// The keys under which the very same was refused: what is taken under one of them is taken.
function alikeTo(values, name) {
  const before = keptAs(name);
  return JSON.stringify(before?.values) === JSON.stringify(values) ? before.alike : [];
}

function store(form, name, values, alike = alikeTo(values, name)) {
  const kept = { key: form.elements.key.value, refused: refusedKeys(form, name), alike, values };
  try {
    storage().setItem(name, JSON.stringify(kept));
  } catch { /* There is no more room: it stays in the form. */ }
}

function valuesOf(fields) {
  return Object.fromEntries(fields.map((field) => [nameIn(field), valueOf(field)]));
}

export function keep(form, isSent = false) {
  if (!mine || (isForgotten && !isSent)) return;
  const fields = fieldsOf(form);
  // What was refused stands in its form as if it had been drawn with it; what is sent may be refused.
  const name = nameOf(form);
  if (!isSent && !isRefused(form) && !fields.some(isChanged)) return storage().removeItem(name);
  store(form, name, valuesOf(fields));
}

// Call it before forms are taken off the page, too.
export function keepChanged() {
  clearTimeout(timer);
  if (!isForgotten) for (const form of changed) if (form.isConnected) keep(form);
  changed.clear();
}

function keepSent({ target }) {
  if (!target.matches("form[data-keep]")) return keepChanged();
  changed.delete(target);
  keep(target, true);
}

function take({ target }) {
  const form = target.closest?.("form[data-keep]");
  if (!form) return;
  changed.add(form);
  clearTimeout(timer);
  timer = setTimeout(keepChanged, SAVE_AFTER_MS);
}

function fill(field, value) {
  if (valueOf(field) === value) return;
  field[isTicked(field) ? "checked" : "value"] = value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

// Of a form that is drawn anew nothing is said: it was there before.
export function restore(form, isNew = true) {
  const kept = mine && keptAs(nameOf(form));
  if (!kept) return;
  const key = form.elements.key;
  const fresh = key.value;
  const before = fieldsOf(form).map((field) => [field, valueOf(field)]);
  const isOther = ([field, value]) => field.type !== "hidden" && (kept.values[nameIn(field)] ?? value) !== value;
  const differing = before.filter(isOther);
  key.value = kept.key;
  if (!differing.length) return;
  for (const [field, value] of before) fill(field, kept.values[nameIn(field)] ?? value);
  if (isNew) {
    for (const [field] of differing) field.closest("details")?.setAttribute("open", "");
    say(RESTORED);
  }
  offerToClear(form, () => {
    // What the server has of it stays known to the page.
    for (const [field, value] of before) if (field.dataset.kept !== "for good") fill(field, value);
    key.value = fresh;
    keep(form);
    checkLengths(form);
    differing[0][0].focus();
  });
}

function offerToClear(form, clear) {
  const note = document.createElement("p");
  note.className = "kept muted";
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "link", textContent: "Clear" });
  button.addEventListener("click", () => { clear(); note.remove(); });
  note.append(RESTORED, " ", button);
  form.prepend(note);
}

function forget(isForgettable) {
  const names = Object.keys(storage());
  for (const name of names) if (name.startsWith(PREFIX) && isForgettable(name)) storage().removeItem(name);
}

function forgetAll() {
  isForgotten = true;
  forget((name) => name.startsWith(mine));
}

// Who has signed out in another tab has signed in again there.
function goOn() {
  if (!isForgotten) return;
  isForgotten = false;
  for (const form of document.querySelectorAll("form[data-keep]")) keep(form);
}

function isOf(key, name) {
  return name.startsWith(mine) && keptAs(name).key === key;
}

function isTakenAs(key, name) {
  return isOf(key, name) || (name.startsWith(mine) && keptAs(name).alike?.includes(key));
}

// What stands in its place and is not what was sent was typed since, or belongs to another form: it stays.
function keepRefused(form) {
  const key = form.elements.key.dataset.sent;
  const wasSentAs = (name) => isOf(key, name) || (name.startsWith(mine) && keptAs(name).refused?.includes(key));
  const name = Object.keys(storage()).find(wasSentAs);
  if (name) sentAs.set(form, name);
  const kept = keptAs(nameOf(form));
  if (kept && kept.key !== key) restore(form);
  else store(form, nameOf(form), valuesOf(fieldsOf(form)), [...(kept?.alike ?? []), key]);
}

// The server has taken it, and says so in the address. With a brief go the blanks it was made of.
function forgetTaken() {
  const key = asked.get("sent");
  if (!key) return;
  const templates = Object.keys(storage()).filter((name) => isTakenAs(key, name)).map(templateOf).filter(Boolean);
  const isOther = (name) => name.startsWith(`${mine}filled-`); // a brief that the same blanks make, filled otherwise
  const isBlanks = (name) => name.startsWith(mine) && !isOther(name) && templates.includes(templateOf(name));
  forget((name) => isTakenAs(key, name) || isBlanks(name));
  asked.delete("sent");
  const rest = String(asked);
  history.replaceState(history.state, "", location.pathname + (rest && `?${rest}`) + location.hash);
}

// Other tabs have storages of their own.
function tabsOf(here) {
  return window.BroadcastChannel && new BroadcastChannel(`${here}tabs`);
}

// A page that comes for a user shows that they are signed in.
function followOtherTabs(here, user) {
  const others = tabsOf(here);
  others?.addEventListener("message", ({ data }) => {
    if (data === SIGNED_OUT) forgetAll();
    else if (data === user) goOn();
  });
  others?.postMessage(user);
  document.querySelector("form[data-signs-out]")?.addEventListener("submit", () => {
    if (!document.querySelector(IS_OVER)) return;
    forgetAll(); // where the cookie has ended, too, no page will say so
    others?.postMessage(SIGNED_OUT);
  });
}

function forgetSignedOut({ signedOut: events }) {
  const here = `${PREFIX}${events}:`;
  forget((name) => name.startsWith(here));
  tabsOf(here)?.postMessage(SIGNED_OUT);
}

export function startKeeping({ events = "", user = "" }) {
  if (!storage()) return;
  const here = `${PREFIX}${events}:`;
  mine = `${here}${user}:`;
  const ended = document.querySelector("[data-signed-out]");
  if (ended) forgetSignedOut(ended.dataset);
  if (user) forget((name) => name.startsWith(here) && !name.startsWith(mine));
  forgetTaken();
  for (const form of document.querySelectorAll("form[data-keep]")) {
    // The browser, which fills in what was typed when one goes back, knows of no users.
    form.autocomplete = "off";
    if (isRefused(form)) keepRefused(form);
    else restore(form);
  }
  document.addEventListener("input", take);
  document.addEventListener("submit", keepSent);
  document.addEventListener("visibilitychange", keepChanged);
  window.addEventListener("pagehide", keepChanged);
  followOtherTabs(here, user);
}
