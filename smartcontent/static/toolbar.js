// The buttons and keys that format the text in an editor. The browser's undo takes back what they did.
import { ACTS } from "./formatting.js";

function replace(editor, { from, to, text, start, end }) {
  editor.focus();
  editor.setSelectionRange(from, to);
  // Typed as if by hand, so that it can be undone; where a browser cannot, it is changed all the same.
  if (!document.execCommand(text ? "insertText" : "delete", false, text)) {
    editor.setRangeText(text, from, to);
    editor.dispatchEvent(new Event("input", { bubbles: true }));
  }
  editor.setSelectionRange(start, end);
}

function act(editor, button) {
  replace(editor, ACTS[button.dataset.format](editor.value, editor.selectionStart, editor.selectionEnd));
}

// By the letter where it is a Latin one, else by where it is on the keyboard.
function keyOf({ key, code, shiftKey }) {
  const name = /^[a-z]$/iu.test(key) ? key.toLowerCase() : code.replace(/^(?:Key|Digit)/u, "").toLowerCase();
  return shiftKey ? `shift+${name}` : name;
}

// One stop of the Tab key for all of them; the arrow keys lead on.
function rove(bar, buttons) {
  const goTo = (button) => {
    for (const each of buttons) each.tabIndex = each === button ? 0 : -1;
    button.focus();
  };
  buttons.forEach((button, index) => { button.tabIndex = index ? -1 : 0; });
  bar.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement);
    const leads = { ArrowRight: at + 1, ArrowLeft: at - 1 + buttons.length, Home: 0, End: -1 };
    if (!(event.key in leads)) return;
    event.preventDefault();
    goTo(buttons.at(leads[event.key] % buttons.length));
  });
}

export function startToolbar() {
  const bar = document.querySelector("[data-toolbar]");
  if (!bar) return;
  const editor = document.getElementById(bar.getAttribute("aria-controls"));
  const buttons = [...bar.querySelectorAll("button")];
  bar.hidden = false;
  rove(bar, buttons);
  bar.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button) act(editor, button);
  });
  editor.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const button = buttons.find(({ dataset }) => dataset.key === keyOf(event));
    if (!button) return;
    event.preventDefault();
    act(editor, button);
  });
}
