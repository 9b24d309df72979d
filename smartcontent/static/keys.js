// Keys 1 to 9 use the version with that number, where it stands beside the text. Who does not want
// that, or types by voice, switches it off; this browser remembers.

const NAME = "smartcontent:keys";
const FIELDS = "input:not([type=checkbox]), textarea, select, [contenteditable]";

function stored() {
  try { return localStorage.getItem(NAME); } catch { return null; } // a browser may forbid it
}

function store(value) {
  try { localStorage.setItem(NAME, value); } catch { /* Then it holds for this page. */ }
}

let isOn = stored() !== "off";

function showSwitch() {
  for (const label of document.querySelectorAll("[data-keys]")) {
    label.hidden = false;
    label.querySelector("input").checked = isOn;
  }
}

function isPlain(event) {
  return !(event.ctrlKey || event.metaKey || event.altKey || event.repeat) && !event.target.closest?.(FIELDS);
}

function press(event) {
  if (!isOn || !/^[1-9]$/.test(event.key) || !isPlain(event)) return;
  document.querySelector(`.suggestion[data-number="${event.key}"] [data-use]`)?.click();
}

export function startKeys() {
  showSwitch();
  document.addEventListener("drafts:drawn", showSwitch);
  document.addEventListener("keydown", press);
  document.addEventListener("change", ({ target }) => {
    if (!target.closest("[data-keys]")) return;
    isOn = target.checked;
    store(isOn ? "on" : "off");
  });
}
