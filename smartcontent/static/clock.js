// Countdowns by the server's clock, and times in the reader's own zone.

let serverAhead = 0; // milliseconds the server's clock is ahead of this one

export function setServerTime(iso) {
  serverAhead = Date.parse(iso) - Date.now();
}

function remaining(due) {
  const seconds = Math.max(0, Math.ceil((Date.parse(due) - Date.now() - serverAhead) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

export function paintClocks(root = document) {
  for (const element of root.querySelectorAll(".countdown[data-due]")) {
    element.textContent = remaining(element.dataset.due);
  }
  for (const element of root.querySelectorAll("time[datetime]:not([data-local])")) {
    const moment = new Date(element.dateTime);
    const today = moment.toDateString() === new Date().toDateString();
    element.dataset.local = "";
    element.textContent = today ? moment.toLocaleTimeString() : moment.toLocaleString();
  }
}

// The page says when it was made; the stream, which comes a moment later, knows better.
export function startClocks() {
  setServerTime(document.body.dataset.now);
  paintClocks();
  setInterval(paintClocks, 250);
}
