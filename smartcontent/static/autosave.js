// What is typed into the editor of a text is kept on the server, too, at most once a second: it is there
// on another device, and after a crash. What was typed elsewhere meanwhile is shown, and stays.
import { keep } from "./kept.js";
import { BY_ITSELF, drawnIn } from "./redrawing.js";

const PAUSE_MS = 1000;
const AGAIN_MS = 10_000;
const ON_LEAVING_MOST = 60_000; // bytes that a browser sends for a page that it leaves
const ANSWER_MS = 30_000; // a long text on a slow line takes most of that
const [FIRST_STAMPS, LAST_STAMPS] = [2, 6]; // the server reads eight
const KEPT = "Kept as you type, not saved yet.";
const NOT_KEPT = "Not kept on the server at the moment: it stays in this tab.";
const RELOAD = "Not kept on the server any more, for your session has changed. What you typed stays in this tab: reload the page.";
const OTHER_SESSION = 400; // the form's token is not of this one

function newStamp() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16).padStart(8, "0")).join("");
}

// The stamps of what the server may have. A line that breaks lets what was sent first through, and no
// answer to it: it has that, what it confirmed before, or one of the last.
function withoutMiddle(stamps) {
  return [...stamps.slice(0, FIRST_STAMPS), ...stamps.slice(FIRST_STAMPS).slice(-LAST_STAMPS)];
}

class Autosave {
  #timer = 0;
  #isSending = false;
  #isStopped = false; // until somebody has chosen between two texts, or reloads

  constructor(form) {
    this.form = form;
    this.seen = form.elements.seen;
    this.place = form.querySelector("[data-elsewhere]");
    this.note = form.querySelector("[data-autosaved]");
  }

  listen() {
    const { form } = this;
    for (const change of ["input", "change"]) form.addEventListener(change, () => this.in(PAUSE_MS));
    form.addEventListener("submit", () => this.#wait());
    document.addEventListener("visibilitychange", () => { if (document.hidden && this.#timer) this.send(); });
    this.place.addEventListener("click", ({ target }) => { if (target.dataset.goOn) this.#goOn(target.dataset.goOn); });
  }

  in(milliseconds, headers = {}) {
    if (!this.#timer && !this.#isStopped) this.#timer = setTimeout(() => this.send(headers), milliseconds);
  }

  async send(headers = {}) {
    this.#wait();
    if (this.#isSending) return this.in(PAUSE_MS);
    this.#isSending = true;
    const stamp = newStamp();
    const body = new URLSearchParams([...new FormData(this.form), ["stamp", stamp]]);
    // An answer may get lost: whether it was kept with the new stamp is not known until it is here.
    this.#see(withoutMiddle([...this.seen.value.split(" "), stamp].filter(Boolean)).join(" "));
    const answer = await this.#post({ body, headers, keepalive: String(body).length < ON_LEAVING_MOST });
    const page = await drawnIn(answer, "[role=alert]");
    this.#isSending = false;
    if (answer?.status === OTHER_SESSION) this.#end();
    else this.#hear(answer?.status === 204 || (page && answer.ok), page && answer.status === 409, stamp);
    if (page) this.#show(page.body.innerHTML);
  }

  #post(what) {
    const signal = AbortSignal.timeout(ANSWER_MS);
    return fetch(this.form.dataset.autosave, { method: "POST", redirect: "manual", signal, ...what }).catch(() => null);
  }

  #hear(isKept, isRefused, stamp) {
    this.note.textContent = isKept ? KEPT : NOT_KEPT;
    if (isKept) this.#see(stamp);
    else if (isRefused) this.#stop();
    else this.in(AGAIN_MS, BY_ITSELF);
  }

  #end() {
    this.note.textContent = RELOAD;
    this.#stop();
  }

  // That the text, or what is typed into it, is another by now; said once.
  #show(notice) {
    if (notice !== this.notice) this.place.innerHTML = this.notice = notice;
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  #see(stamps) {
    this.seen.value = stamps;
    keep(this.form);
  }

  #stop() {
    this.#wait();
    this.#isStopped = true;
  }

  #goOn(stamp) {
    this.#isStopped = false;
    this.#see(stamp);
    this.place.textContent = "";
    this.form.elements.text.focus();
    this.send();
  }
}

export function startAutosave() {
  for (const form of document.querySelectorAll("form[data-autosave]")) new Autosave(form).listen();
}
