// The field for another due time: shown and taken in the reader's own zone, sent in UTC.

function inOwnZone(utc) {
  const moment = new Date(`${utc}Z`);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function paint() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const form of document.querySelectorAll("form[data-utc]")) {
    form.elements.at.defaultValue = inOwnZone(form.elements.at.defaultValue);
    form.querySelector(".zone").textContent = `(${zone})`;
    form.removeAttribute("data-utc");
    form.dataset.ownZone = "";
  }
}

export function startDueTimes() {
  paint();
  document.addEventListener("drafts:drawn", paint);
  document.addEventListener("drafts-changed", paint);
  document.addEventListener("submit", ({ target }) => {
    if ("ownZone" in target.dataset) target.elements.at_utc.value = new Date(target.elements.at.value).toISOString();
  }, { capture: true });
}
