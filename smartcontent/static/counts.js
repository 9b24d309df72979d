// How long the text in an editor is, while it is typed. How that stands to the limits of where it is to
// be posted says the server, which counts as each platform does, when typing pauses.
import { say } from "./announcer.js";
import { countsOf, inWords, sizeOf } from "./sizes.js";

const PAUSE_MS = 400;

function sentenceFor(text, readInAMinute) {
  const size = sizeOf(countsOf(text));
  const minutes = Math.max(1, Math.round(size.number / readInAMinute[size.unit]));
  const length = { number: [...text].length, unit: "characters" };
  const said = size.unit === "words" ? [inWords(size), inWords(length)] : [inWords(size)];
  return [...said, `${minutes} min read`].join(" · ");
}

class Counts {
  #timer = 0;
  #asked = 0;
  #over = "";

  constructor(place) {
    this.place = place;
    this.editor = document.getElementById(place.dataset.countsOf);
    this.readInAMinute = JSON.parse(place.dataset.readInAMinute);
    this.limits = place.parentElement.querySelector("[data-limits]");
  }

  listen() {
    for (const change of ["input", "change"]) this.editor.addEventListener(change, () => this.count());
    this.count();
  }

  count() {
    this.place.textContent = sentenceFor(this.editor.value, this.readInAMinute);
    clearTimeout(this.#timer);
    if (this.limits) this.#timer = setTimeout(() => this.hold(), PAUSE_MS);
  }

  async hold() {
    const mine = this.#asked += 1;
    const body = new FormData(this.editor.form);
    const asked = { method: "POST", body: new URLSearchParams(body), redirect: "manual" };
    const answer = await fetch(this.limits.dataset.limits, asked).catch(() => null);
    if (!answer?.ok || mine !== this.#asked) return; // something else was typed meanwhile
    this.limits.innerHTML = await answer.text();
    this.#tell();
  }

  // Who does not see it hears which limit has been passed, once.
  #tell() {
    const over = [...this.limits.querySelectorAll("[data-over]")].map(({ textContent }) => textContent.trim());
    if (over.length && String(over) !== this.#over) say(`Outside its limits: ${over.join(", ")}`);
    this.#over = String(over);
  }
}

// The limits of what is to be written, beside the brief that asks for it.
function showLimitsOf(type) {
  for (const each of type.form.querySelectorAll("[data-limits-of]")) each.hidden = each.dataset.limitsOf !== type.value;
}

export function startCounts() {
  for (const place of document.querySelectorAll("[data-counts-of]")) new Counts(place).listen();
  const type = document.getElementById("content_type");
  type?.addEventListener("change", () => showLimitsOf(type));
  if (type) showLimitsOf(type);
}
