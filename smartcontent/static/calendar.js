// The calendar: by the reader's clocks; arrow keys go from day to day; what waits is dragged to another.

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

function askInOwnZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || !document.querySelector("[data-wants-zone]")) return;
  const here = new URL(location.href);
  here.searchParams.set("zone", zone);
  location.replace(here);
}

function step(event) {
  const days = [...document.querySelectorAll(".month .day")];
  const next = days[days.indexOf(event.target) + STEPS[event.key]];
  if (!days.includes(event.target) || !next) return;
  event.preventDefault();
  next.focus();
}

function move(event) {
  const cell = event.target.closest("[data-day]");
  const address = event.dataTransfer.getData("application/x-move");
  // What is dragged may come from any page; the form has this one's token.
  const isOurs = [...document.querySelectorAll("[data-move]")].some(({ dataset }) => dataset.move === address);
  if (!cell || !isOurs) return;
  event.preventDefault();
  const form = document.getElementById("move");
  form.action = address;
  form.elements.day.value = cell.dataset.day;
  form.requestSubmit();
}

export function startCalendar() {
  if (!document.querySelector(".month")) return;
  askInOwnZone();
  // The month itself is drawn anew.
  document.addEventListener("keydown", step);
  document.addEventListener("dragstart", ({ target, dataTransfer }) => {
    if (target.dataset?.move) dataTransfer.setData("application/x-move", target.dataset.move);
  });
  document.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("application/x-move")) event.preventDefault();
  });
  document.addEventListener("drop", move);
}
