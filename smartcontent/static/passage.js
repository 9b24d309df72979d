// Which part of the text in an editor is marked, so that this part alone is rewritten.
//
// Places are counted as Python does, in characters and not in UTF-16 units. They are those of the
// saved text: what was changed since has to be saved first.

export function offerPassages() {
  const form = document.getElementById("passage");
  const editor = document.getElementById("text");
  if (!form || !editor) return;
  const fieldset = form.querySelector("fieldset");
  const saved = "typed" in editor.dataset ? null : editor.defaultValue;
  form.hidden = false;
  document.addEventListener("selectionchange", () => {
    const [start, end] = [editor.selectionStart, editor.selectionEnd];
    const isMarked = document.activeElement === editor && editor.value.slice(start, end).trim() !== "";
    if (document.activeElement === editor || fieldset.disabled) fieldset.disabled = !isMarked || editor.value !== saved;
    if (!isMarked) return;
    form.elements.start.value = [...editor.value.slice(0, start)].length;
    form.elements.end.value = [...editor.value.slice(0, end)].length;
  });
  editor.addEventListener("input", () => { fieldset.disabled = true; });
}
