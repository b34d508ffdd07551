// Exchange the token for a cookie. A link may bring it behind a '#', which no server and no log sees.

import { byId } from "./dom.js";

async function enter(token) {
  const response = await fetch("api/enter", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Viewer-Request": "1" },
    body: JSON.stringify({ token }),
  });
  if (response.ok) {
    location.replace("./");
    return;
  }
  const body = await response.json().catch(() => null);
  byId("enter-note").textContent = `That did not work: ${body?.detail ?? response.status}.`;
}

byId("enter-form").addEventListener("submit", (event) => {
  event.preventDefault();
  enter(byId("token").value.trim());
});

function enterByLink() {
  if (location.hash.length < 2) return;
  const token = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", "enter");
  enter(token);
}

addEventListener("hashchange", enterByLink);
enterByLink();
