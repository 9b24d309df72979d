// The connection to the server: an event stream and, where none comes, a question every few seconds.
//
// A stream may be refused, swallowed by a proxy, or dead though it is open: the machine slept, its
// network changed. So what is not heard in time counts as broken, and the server is asked by an
// ordinary request for what a stream would begin with. And a proxy may pass events on by the block, in
// lumps: each sign of life says when it was given, and where two in a row come late the page asks on.
import { measure, serverNow } from "./clock.js";

const EVENTS = ["snapshot", "status", "text", "readiness", "batch", "bulk", "content", "alive"];
const RENEW_MS = 300;
const RETRY_MS = 2000;
const RETRY_MOST_MS = 30_000;
const OPENING_MS = 4000;
const ASK_MS = 2000;
const ASK_MOST_MS = 15_000;
const ANSWER_MS = 10_000;
const LATE_MS = 5000;
const LATE_MOST = 1; // a machine that was busy, or woke up, hears one late

// The snapshot, or how it stands. A network that wants a sign-in first, or a proxy, answers a question
// for us with a page of its own or sends it there.
async function answerOf(address) {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const answer = await fetch(address, { cache: "no-store", redirect: "manual", signal });
  if (answer.status === 401) return "signed-out";
  if (answer.type === "opaqueredirect") return "diverted";
  if (!answer.ok) return "interrupted";
  const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
  const snapshot = isJson ? await answer.json() : null;
  return snapshot?.drafts ? snapshot : "diverted";
}

export class Connection {
  // `hear` is called with the name and the data of each event, and with "connection" and how it
  // stands: "live", "asking", "interrupted", "diverted" (somebody answers in the server's place) or
  // "signed-out".
  constructor({ events, snapshot, silence }, hear) {
    this.events = events;
    this.snapshot = snapshot;
    this.silence = 1000 * Number(silence);
    this.hear = hear;
    this.tries = this.misses = this.late = 0;
    window.addEventListener("offline", () => this.isWanted && this.stands("interrupted"));
  }

  // Timers of a tab that nobody looks at may run once a minute: what counts is when it should have heard.
  get isLive() {
    return this.state === "live" && performance.now() < this.deadAt;
  }

  open() {
    this.disconnect();
    this.isWanted = this.isOpening = true;
    this.openedAt = performance.now();
    this.source = new EventSource(this.events);
    for (const name of EVENTS) {
      this.source.addEventListener(name, ({ data }) => this.heard(name, JSON.parse(data)));
    }
    this.source.addEventListener("error", () => this.broke());
    this.expectWithin(Math.min(OPENING_MS * 2 ** this.misses, this.silence));
  }

  heard(name, data) {
    if (name === "alive" && this.cameLate(data)) return this.missed();
    this.expectWithin(this.silence);
    if (name === "snapshot") {
      this.isOpening = false;
      this.tries = this.misses = 0;
    }
    if (!this.isOpening && this.late <= LATE_MOST) this.trust(name === "snapshot");
    if (name !== "alive") this.hear(name, data);
  }

  // Where it seems late because the server's clock was set, the next one does not: the time is asked for.
  cameLate({ server_time }) {
    const isLate = serverNow() - Date.parse(server_time) > LATE_MS;
    this.late = isLate ? this.late + 1 : 0;
    if (isLate) measure();
    return isLate;
  }

  trust(isNew) {
    this.stopAsking();
    // A machine that is offline may well reach a server in its own house.
    if (isNew || this.state !== "live") this.stands("live");
  }

  broke() {
    this.isOpening = true;
    if (!["asking", "diverted", "signed-out"].includes(this.state)) this.stands("interrupted");
    // The browser comes again by itself, unless it was refused: signed out, too many, or a proxy.
    if (this.source.readyState === EventSource.CLOSED) this.openLater();
    this.startAsking();
  }

  openLater() {
    clearTimeout(this.patience);
    const wait = Math.min(RETRY_MS * 2 ** this.tries++, RETRY_MOST_MS);
    this.timer = setTimeout(() => this.open(), wait * (0.5 + Math.random()));
  }

  expectWithin(milliseconds) {
    clearTimeout(this.patience);
    this.deadAt = performance.now() + milliseconds;
    this.patience = setTimeout(() => this.missed(), milliseconds);
  }

  // The stream is dead, is held back, or went over a connection that the network has forgotten.
  missed() {
    this.hear("gap");
    this.misses++;
    this.open();
    this.startAsking();
  }

  // Opened just now, it will bring its snapshot anyway; and ten tabs that ask at once need one.
  renew() {
    if (this.isOpening && performance.now() - this.openedAt < OPENING_MS) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), Math.max(0, this.openedAt + RENEW_MS - performance.now()));
    if (this.asked) { this.stopAsking(); this.startAsking(); }
  }

  startAsking() {
    if (this.asked) return;
    this.asked = { answers: 0, pauses: 0 };
    this.ask(this.asked);
  }

  stopAsking() {
    clearTimeout(this.next);
    this.asked = undefined;
  }

  async ask(asked) {
    const answer = await answerOf(this.snapshot).catch(() => "interrupted");
    if (asked !== this.asked) return; // a stream has come, or the page is left
    if (answer === "signed-out") return this.endSignedOut();
    if (answer.drafts) this.take(answer, asked);
    else this.stands(answer);
    asked.hasFailed = !answer.drafts;
    const wait = Math.min(ASK_MS * 1.5 ** asked.pauses++, ASK_MOST_MS);
    this.next = setTimeout(() => this.ask(asked), wait * (0.75 + Math.random() / 2));
  }

  // Where something changes it is asked for again soon. After a cut the stream is mostly back
  // before the second answer: only then is it said that there is none.
  take(snapshot, asked) {
    const told = JSON.stringify({ ...snapshot, server_time: "" });
    if (told !== asked.told) asked.pauses = 0;
    asked.told = told;
    if (asked.answers++) this.stands("asking");
    if (asked.hasFailed) this.open(); // the server is back: a stream may come, too
    this.hear("snapshot", snapshot);
  }

  endSignedOut() {
    this.stopAsking();
    this.disconnect();
    this.isOpening = false;
    this.stands("signed-out");
  }

  stands(state) {
    this.state = state;
    this.hear("connection", state);
  }

  disconnect() {
    clearTimeout(this.timer);
    clearTimeout(this.patience);
    this.source?.close();
  }

  close() {
    this.disconnect();
    this.stopAsking();
    this.isWanted = false;
  }
}
