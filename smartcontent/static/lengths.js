// How much a field holds of what fits, on the line of its label once somebody comes to it; and by how
// much it is too long, in the server's words. Nothing is cut.
import { say } from "./announcer.js";

// As the server counts: characters, not UTF-16 units, without blanks around.
function lengthOf(text) {
  return [...text.trim()].length;
}

const written = (number) => Number(number).toLocaleString("en");

function sentenceFor({ value, dataset: { most, label } }) {
  const over = value.length > most ? lengthOf(value) - most : 0;
  if (over <= 0) return "";
  const [amount, limit] = [written(over), written(most)];
  return `${label}: ${amount} ${over === 1 ? "character" : "characters"} too long, at most ${limit} fit.`;
}

function noteOf(field) {
  const id = `${field.id}-length`;
  const there = document.getElementById(id);
  if (there) return there;
  const note = Object.assign(document.createElement("small"), { id, className: "error", hidden: true });
  field.after(note);
  describe(field, id);
  return note;
}

function describe(field, id) {
  field.setAttribute("aria-describedby", `${id} ${field.getAttribute("aria-describedby") ?? ""}`.trim());
}

// What stands in a row of its own has no line for it; an editor says more of its text.
function count(field) {
  const [label] = field.labels;
  if (!label || field.closest(".asked") || document.querySelector(`[data-counts-of="${field.id}"]`)) return;
  const id = `${field.id}-count`;
  const counter = document.getElementById(id) ?? Object.assign(document.createElement("small"), { id, className: "count muted" });
  counter.textContent = `${written(lengthOf(field.value))} of ${written(field.dataset.most)} characters`;
  if (counter.isConnected) return;
  label.before(counter);
  describe(field, id);
}

function check(field) {
  const sentence = sentenceFor(field);
  if (!sentence && !document.getElementById(`${field.id}-length`)) return;
  const note = noteOf(field);
  if (sentence && note.hidden) say(sentence);
  note.textContent = sentence;
  note.hidden = !sentence;
  field.setCustomValidity(sentence); // it is not sent to be refused
  field.toggleAttribute("aria-invalid", Boolean(sentence));
  if (sentence) field.setAttribute("aria-invalid", "true");
}

export function checkLengths(root = document) {
  for (const field of root.querySelectorAll("[data-most]")) check(field);
}

export function startLengths() {
  checkLengths();
  document.addEventListener("input", ({ target }) => "most" in target.dataset && check(target));
  for (const event of ["focusin", "input"]) {
    document.addEventListener(event, ({ target }) => "most" in target.dataset && count(target));
  }
  document.addEventListener("drafts:drawn", () => checkLengths());
  // A field that nobody sees cannot say what is wrong with it.
  document.addEventListener("invalid", ({ target }) => target.closest("details")?.setAttribute("open", ""), { capture: true });
}
