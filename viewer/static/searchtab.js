// The tab Search: the warehouse's own ranking, with where it matched and why.

import { cover } from "./cards.js";
import { byId, fill, icon, make, toast } from "./dom.js";
import { keep, load } from "./store.js";
import { creatorName, day, plural } from "./text.js";

const KEY = "search";
const FEW = 10;
const MANY = 50;
const PAUSE = 150; // milliseconds without a key
const FIELDS = {
  creator_username: "User name",
  creator_nickname: "Nickname",
  description: "Description",
  music_title: "Music",
  comments: "Comment",
  speech: "Speech",
  cover_text: "On the cover",
  captions: "Captions",
};
export const fieldName = (field) => FIELDS[field] ?? field;

export class SearchTab {
  #asked = null;
  #shown = "";
  #seen = null;
  #ahead = null;
  #pause = 0;

  constructor({ source, open }) {
    this.source = source;
    this.open = open;
    byId("search-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.run();
    });
    byId("search-box").addEventListener("input", () => this.#askAhead());
    byId("more-results").addEventListener("click", () => this.run(MANY));
    const kept = load(KEY, null);
    if (kept) {
      byId("search-box").value = kept.query;
      byId("search-from").value = kept.filters.posted_from ?? "";
      byId("search-to").value = kept.filters.posted_to ?? "";
      byId("search-creator").value = kept.filters.creator ?? "";
    }
  }

  /** What is typed and chosen. */
  get filters() {
    return {
      posted_from: byId("search-from").value,
      posted_to: byId("search-to").value,
      creator: byId("search-creator").value.trim().replace(/^@/, ""),
    };
  }

  /** Search for a text that was clicked on. */
  runFor(text) {
    byId("search-box").value = text;
    for (const id of ["search-from", "search-to", "search-creator"]) byId(id).value = "";
    return this.run();
  }

  /** Show the kept search again, after a reload. */
  resume() {
    if (byId("search-box").value.trim() && !this.#shown) this.run();
  }

  async run(k = FEW) {
    const query = byId("search-box").value.trim();
    const { filters } = this;
    const note = byId("search-note");
    this.#asked?.abort();
    this.#seen?.disconnect();
    keep(KEY, { query, filters });
    if (!query) {
      this.#shown = "";
      byId("search-results").replaceChildren();
      byId("more-results").hidden = true;
      note.textContent = "Type what you remember: what happened, what was said, what people commented.";
      return;
    }
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    const started = performance.now();
    try {
      const { results, system_id } = await (this.#takeAhead(query, filters, k) ?? this.source.search(query, filters, { k, signal }));
      if (signal.aborted) return;
      this.#shown = query;
      fill(byId("search-results"), results.map((result) => this.#item(query, result)));
      byId("more-results").hidden = results.length < k || k >= MANY;
      const milliseconds = Math.round(performance.now() - started);
      note.textContent =
        results.length === 0
          ? "Nothing found. Other words, or fewer of them, may help."
          : `${plural(results.length, "video")}, best match first · ${milliseconds} ms`;
      note.title = `Ranked by ${system_id}`;
      this.#showSnippets(query, signal);
    } catch (error) {
      if (error.name === "AbortError") return;
      byId("search-results").replaceChildren();
      byId("more-results").hidden = true;
      note.textContent = `The search did not work: ${error.message}.`;
    }
  }

  /** Ask while the last word is being typed, so that the answer is there with the Enter key. */
  #askAhead() {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      const query = byId("search-box").value.trim();
      const { filters } = this;
      if (query.length < 3 || query === this.#shown) return;
      const answer = this.source.search(query, filters, { k: FEW });
      answer.catch(() => (this.#ahead = null));
      this.#ahead = { key: JSON.stringify([query, filters, FEW]), answer };
    }, PAUSE);
  }

  #takeAhead(query, filters, k) {
    clearTimeout(this.#pause);
    const ahead = this.#ahead;
    this.#ahead = null;
    return ahead?.key === JSON.stringify([query, filters, k]) ? ahead.answer : null;
  }

  /** The results are there at once; where they match follows for those that come into sight. */
  #showSnippets(query, signal) {
    let waiting = [];
    const ask = async () => {
      const items = waiting;
      waiting = [];
      try {
        const found = await this.source.snippets(query, items.map((item) => item.dataset.id), signal);
        for (const item of items) {
          const snippets = found[item.dataset.id] ?? [];
          if (snippets.length > 0) fill(item.querySelector(".matches"), snippets.map((snippet) => snippetLine(snippet)));
        }
      } catch (error) {
        // the descriptions stay
      }
    };
    this.#seen = new IntersectionObserver((entries, observer) => {
      const shown = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
      if (shown.length === 0) return;
      shown.forEach((item) => observer.unobserve(item));
      if (waiting.length === 0) setTimeout(ask, 0);
      waiting.push(...shown);
    });
    for (const item of byId("search-results").children) this.#seen.observe(item);
  }

  #item(query, result) {
    const why = make("div", { class: "why", hidden: true });
    const toggle = make("button", { type: "button", class: "small", "aria-expanded": "false", onclick: () => this.#explain(query, result, toggle, why) }, "Why?");
    return make(
      "li",
      { class: "result", "data-id": result.id },
      make(
        "button",
        { type: "button", class: "card-open", onclick: () => this.open(result.id) },
        cover(result),
        make(
          "span",
          { class: "card-words" },
          make("span", { class: "card-name" }, make("span", { class: "rank" }, `${result.rank}. `), creatorName(result)),
          make("span", { class: "matches" }, make("span", { class: "card-text" }, result.description ?? "No description")),
          make("span", { class: "quiet" }, day(result.posted_at)),
        ),
      ),
      make(
        "div",
        { class: "result-tools" },
        toggle,
        make("button", { type: "button", class: "small with-icon", title: result.id, onclick: () => copyId(result.id) }, icon("copy"), "Id"),
      ),
      why,
    );
  }

  async #explain(query, result, toggle, why) {
    why.hidden = !why.hidden;
    toggle.setAttribute("aria-expanded", String(!why.hidden));
    if (why.hidden || why.childElementCount) return;
    why.textContent = "…";
    try {
      const answer = await this.source.explain(query, result.id);
      fill(why, explanation(answer));
    } catch (error) {
      why.textContent = `There is no explanation: ${error.message}.`;
    }
  }
}

async function copyId(id) {
  try {
    await navigator.clipboard.writeText(id);
    toast("Id copied.", null, 3);
  } catch {
    toast(`Id: ${id}`, null, 20);
  }
}

function snippetLine({ field, parts }) {
  return make(
    "span",
    { class: "snippet" },
    make("span", { class: "snippet-field" }, fieldName(field)),
    " ",
    parts.map(({ text, is_match }) => (is_match ? make("mark", {}, text) : text)),
  );
}

/** What each field and each term added to the score. */
function explanation({ terms, score }) {
  const fields = new Map();
  for (const { field, contribution } of terms) fields.set(field, (fields.get(field) ?? 0) + contribution);
  const strongest = Math.max(...fields.values(), 1e-9);
  const rows = [...fields].sort((one, other) => other[1] - one[1]);
  const best = [...terms].sort((one, other) => other.contribution - one.contribution).slice(0, 12);
  return [
    make("p", { class: "quiet" }, `Score ${score.toFixed(3)}: the sum of what each matching piece of a word adds, rare ones more.`),
    make(
      "ul",
      { class: "shares" },
      rows.map(([field, value]) =>
        make(
          "li",
          {},
          make("span", { class: "share-name" }, fieldName(field)),
          make("meter", { min: 0, max: strongest, value: value.toFixed(6), "aria-label": `${fieldName(field)} adds ${value.toFixed(3)}` }),
          make("span", { class: "share-value" }, value.toFixed(2)),
        ),
      ),
    ),
    make(
      "p",
      { class: "terms" },
      best.map((term) => [
        make("span", { class: "term", title: `${fieldName(term.field)}: ${term.term_frequency} times here, in ${plural(term.document_frequency, "video")}` },
          make("code", {}, term.term.replaceAll(" ", "␣")), ` +${term.contribution.toFixed(2)}`),
        " ",
      ]),
    ),
  ];
}
