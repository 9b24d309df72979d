// Times to start at: shown and chosen in the reader's own zone, sent in UTC. Where clocks are put
// forward or back, the browser knows how.
import { serverNow } from "./clock.js";

const MORNING = 9;

function inOwnZone(utc) {
  const moment = new Date(`${utc}Z`);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function morning(days) {
  const today = new Date(serverNow());
  return new Date(today.getFullYear(), today.getMonth(), today.getDate() + days, MORNING);
}

// The server knows the others: they are the same in every zone.
const chosen = {
  tomorrow: () => morning(1),
  monday: () => morning(8 - (new Date(serverNow()).getDay() || 7)),
  at: ({ at }) => (at.value ? new Date(at.value) : null),
};

function paint() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const field of document.querySelectorAll("[data-own-zone-name]")) if (zone) field.value = field.defaultValue = zone;
  for (const form of document.querySelectorAll("form[data-utc]")) {
    const { at } = form.elements;
    for (const name of ["defaultValue", "min", "max"]) if (at?.[name]) at[name] = inOwnZone(at[name]);
    for (const choice of form.querySelectorAll("[data-own-zone]")) choice.textContent = choice.dataset.ownZone;
    for (const said of form.querySelectorAll(".zone")) said.textContent = `(${zone})`;
    form.removeAttribute("data-utc");
    form.dataset.sendsUtc = "";
    shut(form);
  }
}

// A field that is not shown must not keep its form from being sent.
function shut({ elements: { when, at } }) {
  if (when instanceof HTMLSelectElement) at.disabled = when.value !== "at";
}

// What the server says of such a time, too. A browser's own bubble is in its language, and gone when
// one looks away.
function sentence({ rangeUnderflow, rangeOverflow }) {
  if (rangeUnderflow) return "This time is past: choose one from now to a year ahead.";
  if (rangeOverflow) return "This is too far off: choose a time from now to a year ahead.";
  return "Choose a date and a time.";
}

function refuse(event) {
  const field = event.target;
  if (field.name !== "at") return;
  event.preventDefault();
  accept(field);
  const note = document.createElement("small");
  [note.className, note.id, note.textContent] = ["error", `${field.form.action}-at`, sentence(field.validity)];
  note.setAttribute("role", "alert");
  (field.closest(".when") ?? field.form.lastElementChild).after(note);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", note.id);
  field.focus();
}

function accept(field) {
  document.getElementById(field.getAttribute("aria-describedby"))?.remove();
  field.removeAttribute("aria-invalid");
  field.removeAttribute("aria-describedby");
}

export function startDueTimes() {
  paint();
  document.addEventListener("invalid", refuse, { capture: true });
  document.addEventListener("input", ({ target }) => { if (target.name === "at") accept(target); });
  document.addEventListener("drafts:drawn", paint);
  document.addEventListener("change", ({ target: { form } }) => { if (form && "sendsUtc" in form.dataset) shut(form); });
  document.addEventListener("submit", ({ target: form, submitter }) => {
    if (!("sendsUtc" in form.dataset)) return;
    const when = new FormData(form, submitter).get("when");
    form.elements.at_utc.value = chosen[when]?.(form.elements)?.toISOString() ?? "";
  }, { capture: true });
}
