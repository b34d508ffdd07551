// How the warehouse makes terms of a text, by the rules and tables that an export holds of it.

const ASCII = /^[\x00-\x7F]*$/;
const RUNS = /[\x00-\x7F]+|[^\x00-\x7F]+/g;
const UNSEEN = /[\uFE0F\u{1F3FB}-\u{1F3FF}]/gu;
const ALONE = /\p{Surrogate}/gu; // no text in the warehouse has one

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

export const isAscii = (text) => ASCII.test(text);

/** Lowercase each character for itself, whatever stands beside it. */
export const lower = (text) => Array.from(text, (character) => character.toLowerCase()).join("");

export class Tokenizer {
  #known = new Map();

  /** `rules` are the system's; `forms` its scheme's clusters and characters, which only texts beyond ASCII need. */
  constructor(rules, forms = { clusters: {}, characters: {} }) {
    this.rules = rules;
    this.clusters = new Map(Object.entries(forms.clusters));
    this.characters = new Map(Object.entries(forms.characters));
    this.parting = new RegExp(rules.parting_pattern, "g");
    this.vanishing = new RegExp(rules.vanishing_pattern, "g");
  }

  /** The terms of a text in their order, repetitions included. */
  terms(text) {
    const { rules } = this;
    const cleaned = this.#normalise(text).replace(this.parting, " ").replace(this.vanishing, "");
    const parts = rules.is_split ? cleaned.split(" ") : [cleaned];
    return parts.filter((part) => part.length >= rules.least_length).flatMap((part) => this.#pieces(rules.edge + part + rules.edge));
  }

  /** The terms of a word, kept: words repeat. */
  termsOfWord(word) {
    if (!this.#known.has(word)) {
      if (this.#known.size > 50_000) this.#known.clear();
      this.#known.set(word, this.terms(this.rules.is_split ? word : ` ${word} `));
    }
    return this.#known.get(word);
  }

  /** Each term of a text with how often it stands there. */
  counts(text) {
    const found = new Map();
    for (const term of this.terms(text)) found.set(term, (found.get(term) ?? 0) + 1);
    return found;
  }

  #pieces(part) {
    const size = this.rules.term_size;
    return Array.from({ length: Math.max(part.length - size + 1, 1) }, (_, start) => part.slice(start, start + size));
  }

  #normalise(text) {
    if (isAscii(text)) return text.toLowerCase();
    const runs = text.replace(ALONE, "\uFFFD").match(RUNS);
    return runs.map((run) => (isAscii(run) ? run.toLowerCase() : this.#replaced(run))).join("");
  }

  #replaced(run) {
    let replaced = "";
    for (const { segment } of segmenter.segment(run)) {
      const cluster = this.rules.scheme === "standard" ? segment.replace(UNSEEN, "") : segment;
      replaced += this.clusters.get(cluster) ?? Array.from(cluster, (character) => this.characters.get(character) ?? "").join("");
    }
    return replaced;
  }
}
