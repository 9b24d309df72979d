// The acts on many: how far they are, drawn anew twice a second at most; at the end the list as well.
import { readsInOrder, reloadAll, swap } from "./redrawing.js";

const AGAIN_MS = 500;
const readActs = readsInOrder("#bulk-acts");
let timer = 0;
let isOver = false;
let isNew = true; // the page, and no snapshot has come

async function draw() {
  const page = await readActs(document.getElementById("bulk-acts").dataset.fragment);
  if (!page) return;
  const old = document.getElementById("bulk-acts");
  const fresh = page.getElementById("bulk-acts");
  // It may have ended before the stream was open, which says so no more.
  isOver ||= onTheirWay(fresh) < onTheirWay(old);
  swap(old, document.adoptNode(fresh));
}

function onTheirWay(acts) {
  return acts.querySelectorAll("progress").length;
}

async function drawAll() {
  timer = 0;
  await draw();
  if (!isOver) return;
  isOver = false;
  reloadAll();
}

function drawSoon({ detail }) {
  isOver ||= detail?.finished === true;
  timer ||= setTimeout(drawAll, AGAIN_MS);
}

// The first snapshot follows the page at once: it knows more only of an act that was on its way.
function drawIfMissed(event) {
  if (!isNew || onTheirWay(document.getElementById("bulk-acts"))) drawSoon(event);
  isNew = false;
}

export function startBulk() {
  if (!document.getElementById("bulk-acts")) return;
  document.addEventListener("drafts:bulk", drawSoon);
  document.addEventListener("drafts:snapshot", drawIfMissed);
}
