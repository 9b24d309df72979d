// An edit that was not saved is not left without a word. The browser asks in its own words.
import { fieldsOf, isChanged } from "./kept.js";

// What came back with an error was typed and is not saved, though the page began with it.
function isUnsaved(form) {
  return !form.dataset.sent && (form.dataset.warnUnsaved === "typed" || fieldsOf(form).some(isChanged));
}

export function startUnsaved() {
  const forms = [...document.querySelectorAll("form[data-warn-unsaved]")];
  if (!forms.length) return; // a page that listens is not kept for the way back
  window.addEventListener("beforeunload", (event) => { if (forms.some(isUnsaved)) event.preventDefault(); });
}
