// What is found of a model before a draft is due, and the place of drafts that wait in the queue.
import { isCutOff } from "./live.js";
import { refresh } from "./redrawing.js";

const READ_AGAIN = 5000; // milliseconds
const MOST = 5;

function take({ detail: { model, stage, sentence, progress } }) {
  for (const line of document.querySelectorAll(".outlook[data-model]")) {
    if (line.dataset.model !== model) continue;
    const card = line.closest("[data-draft]");
    // Another stage comes with other buttons, and what is wrong is told in its reader's words: the
    // server knows both.
    const isWell = progress !== null || stage === "ready" || stage === "warming";
    if (line.dataset.stage !== stage || !isWell) { refresh(card); continue; }
    line.querySelector(".sentence").textContent = sentence;
    const bar = card.querySelector("progress[data-download]");
    if (bar && progress !== null) bar.value = progress;
  }
}

function isInSight(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}

// A place in the queue changes with other people's drafts, and a finding that nobody renews goes
// stale: no event tells of either.
function isWorthALook(card) {
  const stage = card.querySelector(".outlook")?.dataset.stage;
  return isInSight(card) && (card.dataset.status === "queued" || (stage && stage !== "ready"));
}

function readAgain() {
  if (document.hidden || isCutOff()) return;
  for (const card of [...document.querySelectorAll("[data-draft]")].filter(isWorthALook).slice(0, MOST)) refresh(card);
}

export function startOutlook() {
  document.addEventListener("drafts:readiness", take);
  setInterval(readAgain, READ_AGAIN);
}
