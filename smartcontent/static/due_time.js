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

export function startDueTimes() {
  paint();
  document.addEventListener("drafts:drawn", paint);
  document.addEventListener("change", ({ target: { form } }) => { if (form && "sendsUtc" in form.dataset) shut(form); });
  document.addEventListener("submit", ({ target: form, submitter }) => {
    if (!("sendsUtc" in form.dataset)) return;
    const when = new FormData(form, submitter).get("when");
    form.elements.at_utc.value = chosen[when]?.(form.elements)?.toISOString() ?? "";
  }, { capture: true });
}
