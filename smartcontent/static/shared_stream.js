// One event stream for all tabs of a user, so that a browser's six connections to a host never run
// out. The tab that holds a lock leads: it has the stream, and says on a channel what it hears.
// When it goes, the browser gives the lock to the next. Where there are no locks (plain http to
// another machine), every new tab leads, and of two that lead the one with the smaller id goes on.
//
// A stream begins with a snapshot. A tab that needs one asks, and the leader opens its stream anew;
// what the tab hears before the snapshot is in it. A leader that does not answer is relieved: a
// phone may have frozen its tab, lock and all. Nor does one answer that is hidden and not live: its
// timers may run once a minute.
import { Connection } from "./connection.js";

const ANSWER_MS = 3000;
const PING_MS = 10000;
const HANDOVER_MS = 1000;
// When the network may be another, or time has passed in which nothing ran.
const MAY_HAVE_MISSED = [[document, "resume"], [document, "clock:jumped"], [window, "online"]];

export class SharedStream {
  // `name` tells one user's stream from another's in the same browser; `react` is called with the
  // name and the data of each event, with "connection" and how it stands, and with "gap" where something
  // may have been missed that no snapshot tells of.
  constructor(addresses, name, react) {
    this.name = name;
    this.react = react;
    this.source = new Connection(addresses, (...event) => { this.hear(...event); this.say(...event); });
    for (const [target, sign] of MAY_HAVE_MISSED) target.addEventListener(sign, () => this.askAfterAll());
    document.addEventListener("visibilitychange", () => document.hidden || this.ask());
    setInterval(() => this.ping(), PING_MS);
    window.addEventListener("pagehide", () => this.stop());
    window.addEventListener("pageshow", (event) => event.persisted && this.startAgain());
  }

  start() {
    this.awaitsSnapshot = true;
    if (!window.BroadcastChannel) return this.source.open();
    this.id = String(Math.random());
    this.channel = new BroadcastChannel(this.name);
    this.channel.addEventListener("message", ({ data }) => this.take(data));
    this.leaving = new AbortController();
    if (navigator.locks) this.waitForLock({ signal: this.leaving.signal });
    else this.lead();
    this.ask();
  }

  startAgain() {
    this.react("gap");
    this.start();
  }

  stop() {
    if (this.leads) this.say("leaves");
    this.stopLeading();
    clearTimeout(this.relief);
    this.leaving?.abort();
    this.channel?.close();
    this.channel = undefined;
    this.source.close();
  }

  askAfterAll() {
    this.react("gap");
    this.ask();
  }

  // Have a snapshot come, for something was missed.
  ask() {
    this.awaitsSnapshot = true;
    if (this.source.isWanted) this.source.renew();
    else this.call("ask");
  }

  // Only a tab that is looked at minds whether its leader lives.
  ping() {
    if (!document.hidden) this.call("ping");
  }

  call(what) {
    if (!this.channel || this.leads) return;
    this.say(what);
    this.relieveIn(ANSWER_MS);
  }

  relieveIn(milliseconds) {
    clearTimeout(this.relief);
    this.relief = setTimeout(() => (navigator.locks ? this.waitForLock({ steal: true }) : this.lead()), milliseconds);
  }

  waitForLock(options) {
    const { leaving } = this;
    navigator.locks.request(this.name, options, () => this.lead()).catch(() => {
      if (leaving.signal.aborted) return;
      this.stopLeading(); // Relieved, for this tab was frozen: stand in line again.
      this.waitForLock({ signal: leaving.signal });
    });
  }

  lead() {
    clearTimeout(this.relief);
    this.leads = true;
    this.say("leads");
    this.source.open();
    return new Promise((release) => { this.release = release; });
  }

  stopLeading() {
    this.leads = false;
    this.source.close();
    this.release?.();
  }

  say(name, data) {
    this.channel?.postMessage({ from: this.id, name, data });
  }

  take({ from, name, data }) {
    if (name === "ask" || name === "ping") return this.leads && this.answer(name);
    if (name === "leaves") return this.follow(from);
    if (name === "leads") this.settleWith(from);
    // One that was relieved may still tell what it heard long ago.
    if (this.leads || (this.leader && from !== this.leader)) return;
    clearTimeout(this.relief);
    if (name !== "leads") this.hear(name, data);
  }

  get serves() {
    return !document.hidden || this.source.isLive;
  }

  // Without locks nobody gives the lead to the next: whoever is first takes it.
  follow(leader) {
    if (!navigator.locks && leader === this.leader) this.relieveIn(HANDOVER_MS * Math.random());
  }

  settleWith(other) {
    this.leader = other;
    if (!this.leads || navigator.locks) return;
    if (this.serves && this.id < other) return this.say("leads");
    this.stopLeading();
    this.ask();
  }

  answer(name) {
    if (!this.serves) return;
    this.say("leads");
    if (name === "ask") this.source.renew();
  }

  hear(name, data) {
    if (name === "snapshot") this.awaitsSnapshot = false;
    if (this.awaitsSnapshot && !["connection", "gap"].includes(name)) return;
    this.react(name, data);
  }
}
