// The tab Search: the warehouse's own ranking, with where it matched and why.

import { cover } from "./cards.js";
import { byId, fill, icon, make, toast } from "./dom.js";
import { keep, load } from "./store.js";
import { creatorName, day, plural } from "./text.js";

const KEY = "search";
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

  constructor({ source, open }) {
    this.source = source;
    this.open = open;
    byId("search-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.run();
    });
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

  async run() {
    const query = byId("search-box").value.trim();
    const { filters } = this;
    const note = byId("search-note");
    this.#asked?.abort();
    keep(KEY, { query, filters });
    if (!query) {
      this.#shown = "";
      byId("search-results").replaceChildren();
      note.textContent = "Type what you remember: what happened, what was said, what people commented.";
      return;
    }
    this.#asked = new AbortController();
    const started = performance.now();
    try {
      const answer = await this.source.search(query, filters, this.#asked.signal);
      this.#shown = query;
      fill(byId("search-results"), answer.results.map((result) => this.#item(query, result)));
      byId("search-results").scrollTop = 0;
      const milliseconds = Math.round(performance.now() - started);
      note.textContent =
        answer.results.length === 0
          ? "Nothing found. Other words, or fewer of them, may help."
          : `${plural(answer.results.length, "video")}, best match first · ${milliseconds} ms`;
      note.title = `Ranked by ${answer.system_id}`;
      await this.#showSnippets(query, answer.results, this.#asked.signal);
    } catch (error) {
      if (error.name === "AbortError") return;
      byId("search-results").replaceChildren();
      note.textContent = `The search did not work: ${error.message}.`;
    }
  }

  /** The results are there at once; where they match follows. */
  async #showSnippets(query, results, signal) {
    if (results.length === 0) return;
    let found = {};
    try {
      found = await this.source.snippets(query, results.map((result) => result.id), signal);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      return; // the descriptions stay
    }
    for (const item of byId("search-results").children) {
      const snippets = found[item.dataset.id] ?? [];
      const words = item.querySelector(".matches");
      if (snippets.length > 0 && words) fill(words, snippets.map((snippet) => snippetLine(snippet)));
    }
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
