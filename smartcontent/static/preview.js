// Shows what the server makes of a form, the prompt of a brief or the text drawn, while somebody looks at
// it: asked for when it is opened, and again when typing pauses.

const PAUSE_MS = 700;
const REFUSED = { 413: "It is too long to be shown here.", 429: "Too often: wait a moment, then type on." };

async function show(details) {
  const form = details.closest("form");
  const place = details.querySelector("div");
  const asked = details.dataset.asked = String(Number(details.dataset.asked ?? 0) + 1);
  place.setAttribute("aria-busy", "true");
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(details.dataset.preview, { method: "POST", body, redirect: "manual" }).catch(() => null);
  if (details.dataset.asked !== asked) return; // something else was typed meanwhile
  place.removeAttribute("aria-busy");
  if (answer?.ok) place.innerHTML = await answer.text();
  else place.textContent = REFUSED[answer?.status] ?? "The server does not answer.";
}

export function startPreviews() {
  for (const details of document.querySelectorAll("[data-preview]")) {
    details.hidden = false;
    let timer = 0;
    details.addEventListener("toggle", () => { if (details.open) show(details); });
    details.closest("form").addEventListener("input", () => {
      clearTimeout(timer);
      if (details.open) timer = setTimeout(show, PAUSE_MS, details);
    });
  }
}
