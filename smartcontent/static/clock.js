// Countdowns by the server's clock, and times in the reader's own zone.
//
// The server's time is counted on from performance.now(), which does not move when somebody sets
// this machine's clock. While the machine sleeps it may stand still: then the server is asked.

const TICK = 250; // milliseconds
const ASK_AGAIN = 300_000;
const AFTER_FAILURE = 2000;
const TOO_SLOW = 1000;
const JUMP = 1000;
const [HOUR, DAY] = [3600, 86_400]; // seconds

let ahead = 0; // milliseconds from performance.now() to the server's time
let wallAhead = 0; // the same to this machine's clock
let measuredAt = 0;
let paintedOn = ""; // which day

export function serverNow() {
  return performance.now() + ahead;
}

// What has just come was said a moment ago: the server's clock shows at least this.
export function setServerTime(iso) {
  ahead = Math.max(ahead, Date.parse(iso) - performance.now());
}

// Somewhere between question and answer the server looked at its clock: most likely in the middle.
function measured(iso, asked, answered) {
  ahead = Date.parse(iso) - (asked + answered) / 2;
  measuredAt = performance.now();
}

export async function measure() {
  measuredAt = performance.now();
  const asked = performance.now();
  const said = await fetch(document.body.dataset.clock, { redirect: "manual" }).then((answer) => answer.json()).catch(() => null);
  const answered = performance.now();
  if (!said?.server_time || answered - asked > TOO_SLOW) {
    measuredAt += AFTER_FAILURE - ASK_AGAIN;
    return;
  }
  measured(said.server_time, asked, answered);
  paintClocks();
}

export function paintClocks(root = document) {
  for (const element of root.querySelectorAll(".countdown[data-due]")) {
    write(element, remaining(element.dataset.due));
  }
  for (const ring of root.querySelectorAll(".ring .left[data-due]")) {
    ring.setAttribute("stroke-dashoffset", 100 - 100 * shareLeft(ring.dataset));
  }
  for (const element of root.querySelectorAll("[data-done-at]")) {
    write(element, roughly((Date.parse(element.dataset.doneAt) - serverNow()) / 1000));
  }
  paintTimes(root);
}

// A time of today has no date, until the day is over.
function paintTimes(root) {
  const today = new Date(serverNow()).toDateString();
  if (today !== paintedOn) for (const element of document.querySelectorAll("time[data-local]")) delete element.dataset.local;
  paintedOn = today;
  for (const element of root.querySelectorAll("time[datetime]:not([data-local])")) {
    const moment = new Date(element.dateTime);
    element.dataset.local = "";
    element.textContent = moment.toDateString() === today ? moment.toLocaleTimeString() : moment.toLocaleString();
  }
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function remaining(due) {
  const seconds = Math.max(0, Math.ceil((Date.parse(due) - serverNow()) / 1000));
  const [days, hours] = [Math.floor(seconds / DAY), Math.floor(seconds / HOUR) % 24];
  if (days) return hours ? `${counted(days)} ${hours} h` : counted(days);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest.replace(/^0/, "");
}

function two(number) {
  return String(number).padStart(2, "0");
}

// Of the time from `since` to `due`, what is left: 1 at the beginning, 0 at the end.
export function shareLeft({ due, since }) {
  const whole = Date.parse(due) - Date.parse(since);
  const left = Date.parse(due) - serverNow();
  return whole > 0 ? Math.min(1, Math.max(0, left / whole)) : 0;
}

// A time that is only guessed must not look exact, nor change with every look.
export function roughly(seconds) {
  if (seconds < 3) return "a moment";
  if (seconds < 20) return `about ${Math.round(seconds)} s`;
  if (seconds < 90) return `about ${Math.round(seconds / 5) * 5} s`;
  if (seconds < 1.5 * HOUR) return `about ${Math.round(seconds / 60)} min`;
  if (seconds < 1.5 * DAY) return `about ${Math.round(seconds / HOUR)} h`;
  return `about ${counted(Math.round(seconds / DAY))}`;
}

function counted(days) {
  return days === 1 ? "1 day" : `${days} days`;
}

// A countdown changes when its second is over, in all tabs at once.
function untilNextTick() {
  const moment = serverNow();
  const waits = [...document.querySelectorAll(".countdown[data-due]")]
    .map((element) => Date.parse(element.dataset.due) - moment)
    .filter((left) => left > 0)
    .map((left) => (left % 1000) + 1);
  return Math.min(TICK, ...waits);
}

function tick() {
  const wall = Date.now() - performance.now();
  const jumped = Math.abs(wall - wallAhead) > JUMP; // somebody set the clock, or the machine slept
  wallAhead = wall;
  const isOld = performance.now() - measuredAt > ASK_AGAIN && !document.hidden;
  if (jumped || isOld) measure();
  if (jumped) document.dispatchEvent(new Event("clock:jumped"));
  paintClocks();
  document.dispatchEvent(new Event("clock:tick"));
  setTimeout(tick, untilNextTick());
}

export function startClocks() {
  const [page] = performance.getEntriesByType("navigation");
  measured(document.body.dataset.now, page.requestStart, page.responseStart);
  if (page.responseStart - page.requestStart > TICK) measure();
  wallAhead = Date.now() - performance.now();
  document.addEventListener("visibilitychange", () => paintClocks());
  tick();
}
