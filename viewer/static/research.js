// The researcher's pages: play the target and the rival together, and send judgements.

import { SourceError, fetchJson } from "./source.js";
import { randomId } from "./store.js";

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

function startBoth(videos) {
  for (const video of videos) {
    video.currentTime = 0;
    video.play().catch(() => {}); // a clip that cannot be played shows its cover
  }
}

const both = document.getElementById("play-both");
if (both) {
  const videos = [...document.querySelectorAll(".pair video")];
  both.hidden = videos.length === 0;
  both.addEventListener("click", () => startBoth(videos));
  if (!reducedMotion.matches) startBoth(videos);
}

async function judge(question, article, button) {
  const buttons = [...article.querySelectorAll(".answers button")];
  const note = document.getElementById("judged");
  const before = buttons.find((other) => other.getAttribute("aria-pressed") === "true");
  const show = (chosen) => buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === chosen)));
  show(button);
  try {
    await fetchJson("../api/judgements", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Viewer-Request": "1" },
      body: JSON.stringify({
        judgement_id: randomId(),
        judge: question.dataset.judge,
        query_id: question.dataset.query,
        doc_id: article.dataset.doc,
        answer: button.value,
      }),
    });
    const open = question.querySelectorAll(".pooled article:not(:has([aria-pressed=true]))").length;
    note.textContent = open ? `Kept. ${open} to go.` : "Kept. All are answered, thank you.";
  } catch (error) {
    show(before);
    note.textContent = `It could not be kept: ${error instanceof SourceError ? error.message : error}.`;
  }
}

const question = document.querySelector(".question");
question?.addEventListener("click", (event) => {
  const button = event.target.closest(".answers button");
  if (button) judge(question, button.closest("article"), button);
});
