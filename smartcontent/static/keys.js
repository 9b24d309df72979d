// Keys 1 to 9 use the version with that number, where it stands beside the text; n and p lead through
// the changes from one version to another. Who does not want that, or types by voice, switches it off;
// this browser remembers.
import { say } from "./announcer.js";

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

function use(number) {
  document.querySelector(`.suggestion[data-number="${number}"] [data-use]`)?.click();
}

// Where one is says the address, as after a click on the list of changes.
function step(by) {
  const changes = [...document.querySelectorAll("main > .difference :is(ins, del)")];
  if (!changes.length) return;
  const here = changes.findIndex((each) => each.matches(":target"));
  const next = Math.max(0, here + by);
  if (next >= changes.length) return say("That was the last change.");
  location.replace(`#${changes[next].id}`);
  say(`Change ${next + 1} of ${changes.length}, ${changes[next].textContent.replace(/ end$/u, "")}`);
}

const STEPS = { n: 1, p: -1 };

function press(event) {
  if (!isOn || !isPlain(event)) return;
  if (/^[1-9]$/.test(event.key)) use(event.key);
  else if (event.key in STEPS) step(STEPS[event.key]);
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
