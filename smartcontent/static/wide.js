// Of several versions side by side one is wide, to be read; the others are cards, each in its place and
// under its number. One is made wide by its button, by a click, or by a key that leads into it.

let chosen; // the id of its draft

function apply() {
  for (const row of document.querySelectorAll(".suggestions")) {
    const cards = [...row.querySelectorAll(".suggestion")];
    const wide = cards.find(({ dataset }) => dataset.draft === chosen) ?? cards[0];
    for (const card of cards) {
      card.classList.toggle("is-wide", card === wide);
      card.querySelector("[data-widen]").setAttribute("aria-pressed", String(card === wide));
    }
  }
}

function widen({ target }) {
  const card = target.closest?.(".suggestion");
  if (!card || card.matches(".is-wide") || String(getSelection())) return;
  chosen = card.dataset.draft;
  apply();
}

export function startWide() {
  apply();
  document.addEventListener("drafts:drawn", apply);
  document.addEventListener("click", widen);
  // What is pressed with a mouse must not move before it is let go.
  document.addEventListener("focusin", (event) => { if (event.target.matches(":focus-visible")) widen(event); });
}
