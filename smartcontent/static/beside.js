// Where there is room, what was found stands open beside the text, unless somebody closed it.

const ROOM = window.matchMedia("(min-width: 64rem)"); // as in style.css
const CARD = "details[data-open-beside]";
let wasClosed = false;

function open() {
  if (!ROOM.matches || wasClosed) return;
  for (const card of document.querySelectorAll(CARD)) card.open = true;
}

export function startBeside() {
  open();
  ROOM.addEventListener("change", open);
  document.addEventListener("drafts:drawn", open);
  // It is clicked by keyboard, too, and before it opens or closes.
  document.addEventListener("click", ({ target }) => {
    const summary = target.closest?.("summary");
    if (summary?.parentElement.matches(CARD)) wasClosed = summary.parentElement.open;
  });
}
