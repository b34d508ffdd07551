// The tab View History.

import { cover } from "./cards.js";
import { ask, byId, fill, icon, make, toast } from "./dom.js";
import { ago, creatorName, duration, plural } from "./text.js";
import * as watched from "./watched.js";

const SHOWN = 300;

/** Whether a TikTok's own words hold every word that was typed. */
export function matches(card, typed) {
  const text = [card.creator.username, card.creator.nickname, card.description].join(" ").toLowerCase();
  return typed.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

export class HistoryTab {
  constructor({ open }) {
    this.open = open;
    byId("history-filter").addEventListener("input", () => this.show());
    byId("clear-history").addEventListener("click", () => this.#clear());
  }

  show() {
    const typed = byId("history-filter").value.trim();
    const all = watched.entries();
    const found = typed ? all.filter((entry) => matches(entry.card, typed)) : all;
    byId("clear-history").disabled = all.length === 0;
    byId("history-note").textContent =
      all.length === 0
        ? "What you watch appears here, and only in this browser."
        : typed
          ? `${plural(found.length, "video")} of ${all.length}`
          : plural(found.length, "video");
    fill(byId("history-list"), found.slice(0, SHOWN).map((entry) => this.#item(entry)));
  }

  #item(entry) {
    const { card } = entry;
    const name = creatorName(card);
    return make(
      "li",
      { class: "card", "data-id": card.id },
      make(
        "button",
        { type: "button", class: "card-open", onclick: () => this.open(card.id) },
        cover(card),
        make(
          "span",
          { class: "card-words" },
          make("span", { class: "card-name" }, name),
          make("span", { class: "card-text" }, card.description ?? "No description"),
          make("span", { class: "quiet" }, `${ago(entry.lastViewedAt)} · watched ${duration(entry.seconds)}`),
        ),
      ),
      make("button", { type: "button", class: "plain", "aria-label": `Remove the video by ${name} from the history`, onclick: () => this.#remove(card.id) }, icon("remove")),
    );
  }

  #remove(id) {
    const before = watched.entries();
    watched.remove(id);
    this.show();
    byId("history-filter").focus();
    toast("Removed from your history.", { label: "Undo", run: () => this.#restore(before) });
  }

  async #clear() {
    const before = watched.entries();
    const agreed = await ask({
      title: "Clear your history?",
      text: `${plural(before.length, "video")} will no longer be listed here. Your place in the queue and your queries stay.`,
      yes: "Clear it",
    });
    if (!agreed) return;
    watched.clear();
    this.show();
    toast("Your history is empty.", { label: "Undo", run: () => this.#restore(before) });
  }

  #restore(list) {
    watched.restore(list);
    this.show();
  }
}
