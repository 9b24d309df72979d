// The text of a draft on the page while it is written.
import { allDrafts, draftOf, elementOf, elementsIn } from "./drafts.js";

const PART = 4000; // characters
const painted = new WeakMap(); // element → how much of its draft's text it shows

function targetOf(draft) {
  return draft.status === "generating" ? elementOf(draft.draft_id)?.querySelector("[data-text]") : null;
}

export function paintTexts() {
  for (const draft of allDrafts()) paint(draft);
}

export function paintTextsIn(root) {
  for (const { dataset } of elementsIn(root)) {
    const draft = draftOf(Number(dataset.draft));
    if (draft) paint(draft);
  }
}

function paint(draft) {
  const target = targetOf(draft);
  if (!target) return;
  target.replaceChildren();
  painted.set(target, 0);
  write(target, draft.text ?? "");
}

// The text that has just been added, or all of it where not all before that is there.
export function paintAdded(draft, text) {
  const target = targetOf(draft);
  if (!target) return;
  if (painted.get(target) === draft.text.length - text.length) write(target, text);
  else paint(draft);
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
