// Where in the text the findings of the check are: marked while the check is open, and one press away.
//
// A finding quotes the text as it was written, and is looked for in the text as it is drawn: it is marked
// wherever it stands by itself. The text is not touched by it, so that what is copied is the text alone.
import { say } from "./announcer.js";

const [MARKED, SHOWN] = ["found", "shown"]; // as in style.css
const PLACES_MOST = 50; // of one finding
const AROUND = 40; // characters that are read out on each side
const CASED = /\p{LC}/u;
const DIGIT = /\p{Nd}/u;
const shown = new WeakMap(); // button → which of its places is shown next

// The text as it is read, and of each piece of it the node and where that begins.
function readText(element) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const pieces = [];
  let text = "";
  while (walker.nextNode()) {
    pieces.push({ node: walker.currentNode, start: text.length });
    text += walker.currentNode.data;
  }
  return { text, pieces };
}

// Whether what was found is but a part of a word, or of a number.
function isPart(text, start, end) {
  const [before, first, last, after] = [text[start - 1] ?? "", text[start], text[end - 1], text[end] ?? ""];
  const isInWord = (one, other) => [CASED, DIGIT].some((kind) => kind.test(one) && kind.test(other));
  if (isInWord(before, first) || isInWord(last, after)) return true;
  const isInNumber = DIGIT.test(first) && /\d[.,]$/.test(text.slice(0, start).slice(-2));
  return isInNumber || (DIGIT.test(last) && /^[.,]\d/.test(text.slice(end, end + 2)));
}

function placesOf(quote, text) {
  const places = [];
  for (let at = text.indexOf(quote); at >= 0 && places.length < PLACES_MOST; at = text.indexOf(quote, at + 1)) {
    if (!isPart(text, at, at + quote.length)) places.push(at);
  }
  return places;
}

function rangeOf(pieces, start, end) {
  const range = document.createRange();
  const at = (place) => pieces.findLast((piece) => piece.start < place);
  const [first, last] = [at(start + 1), at(end)];
  range.setStart(first.node, start - first.start);
  range.setEnd(last.node, end - last.start);
  return range;
}

// A browser that cannot has the list alone, and what is selected.
function paint(name, ranges) {
  if (!CSS.highlights) return;
  const highlight = new Highlight(...ranges);
  if (name === SHOWN) highlight.priority = 1;
  CSS.highlights.set(name, highlight);
}

function mark() {
  const ranges = [];
  for (const card of document.querySelectorAll(".view .quality")) {
    const { text, pieces } = readText(card.closest(".view").querySelector(":scope > .text"));
    const alike = new Map(); // quote → how many findings have had it
    for (const finding of card.querySelectorAll("[data-found]")) {
      const [quote, button] = [finding.dataset.found, finding.querySelector("[data-show]")];
      const [places, before] = [placesOf(quote, text), alike.get(quote) ?? 0];
      button.hidden = !places.length;
      shown.set(button, before);
      alike.set(quote, before + 1);
      if (card.open && !before) ranges.push(...places.map((at) => rangeOf(pieces, at, at + quote.length)));
    }
  }
  paint(MARKED, ranges);
  paint(SHOWN, []);
}

// Its next place; after the last one the first again. Of findings alike each begins with its own.
function show({ target }) {
  const button = target.closest?.("[data-show]");
  if (!button) return;
  const quote = button.closest("[data-found]").dataset.found;
  const { text, pieces } = readText(button.closest(".view").querySelector(":scope > .text"));
  const places = placesOf(quote, text);
  const place = places[shown.get(button) % places.length];
  shown.set(button, shown.get(button) + 1);
  const range = rangeOf(pieces, place, place + quote.length);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  paint(SHOWN, [range]);
  range.startContainer.parentElement.scrollIntoView({ block: "center" });
  say(text.slice(Math.max(0, place - AROUND), place + quote.length + AROUND).trim());
}

export function startFindings() {
  mark();
  document.addEventListener("drafts:drawn", mark);
  document.addEventListener("toggle", ({ target }) => { if (target.matches(".quality")) mark(); }, { capture: true });
  document.addEventListener("click", show);
}
