// Where posts and results come from, and where queries go, when there is no server: the files of an export, and this
// browser. The search sums what the warehouse says each term adds.

import { SourceError } from "./source.js";
import { snippetOf } from "./snippets.js";
import { keep, load } from "./store.js";
import { isAscii, lower, Tokenizer } from "./terms.js";

const ID = /^[0-9]{1,25}$/;
const GIVEN = "given";
const SNIPPETS = 3;

async function readJson(name) {
  let response;
  try {
    response = await fetch(`data/${name}.json`);
  } catch {
    throw new SourceError("The files of this page cannot be reached");
  }
  const body = response.ok ? await response.json().catch(() => null) : null;
  if (body === null) throw new SourceError(`data/${name}.json cannot be read: the answer was ${response.status}`, response.ok ? 404 : response.status);
  return body;
}

/** Files that were read, the newest `most` of them; one that could not be read is asked for again. */
class Files {
  #read = new Map();

  constructor(most) {
    this.most = most;
  }

  get(name) {
    if (!this.#read.has(name)) {
      const asked = readJson(name);
      this.#read.set(name, asked);
      asked.catch(() => this.#read.delete(name));
      if (this.#read.size > this.most) this.#read.delete(this.#read.keys().next().value);
    }
    return this.#read.get(name);
  }
}

/** In which file a term's postings are: FNV-1a, as viewer/exporting.py has it. */
export function bucketOf(term, count) {
  let hash = 0x811c9dc5;
  for (let place = 0; place < term.length; place += 1) hash = Math.imul(hash ^ term.charCodeAt(place), 0x01000193) >>> 0;
  return hash % count;
}

/** To 9 decimals, halves away from zero, as the warehouse rounds. */
const rounded = (score) => (Math.sign(score) * Math.round(Math.abs(score) * 1e9)) / 1e9;

const withoutAt = (name) => lower(name.trim().replace(/^@+/, ""));

function passes(card, { creator, posted_from: from, posted_to: to }) {
  const posted = card.posted_at?.slice(0, 10);
  return (
    (!creator || lower(card.creator.username ?? "") === withoutAt(creator)) &&
    (!from || (posted !== undefined && posted >= from)) &&
    (!to || (posted !== undefined && posted <= to))
  );
}

/** A moment of this browser's clock as the raw zone writes it; null stays null. */
const time = (milliseconds) => (milliseconds === null ? null : new Date(milliseconds).toISOString());

export class ExportSource {
  words = {
    kept: "in this browser: save the file and hand it over",
    keeping: "What you give stays in this browser. When you are done, save it as a file and send that file to whoever asked you to take part: nobody sees anything before.",
    rights: "You can see, save and withdraw everything you gave, here, at any time. What you withdraw before you save the file is gone; what you withdraw later counts for nothing once you have handed the file over again.",
    withdrawAll: "What you have not saved yet is gone. If you have handed a file over, save it once more and hand that over, too: then all your queries count for nothing.",
    leave: "This browser forgets your pseudonym and your queries. Save the file first if they are to count: afterwards they are gone from here, and nothing can be withdrawn any more.",
  };

  #posts = new Files(50);
  #texts = new Files(200);
  #postings = new Files(400);
  #once = new Files(10);
  #tokenizers = new Map();

  constructor(settings) {
    this.settings = settings;
  }

  async queue() {
    const { ids, snapshot_version } = await this.#once.get("corpus");
    return { ids, snapshot_version };
  }

  async post(id) {
    if (!ID.test(id)) throw new SourceError("the corpus holds no such TikTok", 404);
    return this.#posts.get(`posts/${id}`);
  }

  async search(query, filters, { k = 10 } = {}) {
    const [{ system_id }, cards, terms] = await Promise.all([this.#once.get("corpus"), this.#once.get("cards"), this.#found(query)]);
    const scores = new Map();
    for (const { count, documents, contributions } of terms) {
      documents.forEach((number, place) => scores.set(number, (scores.get(number) ?? 0) + count * contributions[place]));
    }
    const results = [...scores]
      .filter(([number]) => passes(cards[number], filters))
      .map(([number, score]) => ({ number, score: rounded(score) }))
      .sort((one, other) => other.score - one.score || other.number - one.number)
      .slice(0, k)
      .map(({ number, score }, place) => ({ ...cards[number], rank: place + 1, score }));
    return { query, system_id, results };
  }

  /** Where posts match a query, by id. */
  async snippets(query, ids) {
    const { rules } = await this.#once.get("corpus");
    const found = await Promise.all(ids.map(async (id) => [id, await this.#texts.get(`texts/${id}`)]));
    const everything = found.flatMap(([, texts]) => Object.values(texts)).join("");
    const [tokenizer, asked] = await Promise.all([this.#tokenizerFor(everything), this.#tokenizerFor(query)]);
    const wanted = new Set(asked.terms(query));
    const pattern = new RegExp(rules.words_pattern, "gu");
    const snippetsOf = (texts) =>
      Object.entries(texts)
        .map(([field, text]) => ({ field, parts: snippetOf(text, pattern, tokenizer, wanted) }))
        .filter(({ parts }) => parts !== null)
        .map((snippet) => ({ ...snippet, matches: snippet.parts.filter((part) => part.is_match).length }))
        .sort((one, other) => other.matches - one.matches || (one.field < other.field ? -1 : 1))
        .slice(0, SNIPPETS)
        .map(({ field, parts }) => ({ field, parts }));
    return Object.fromEntries(found.map(([id, texts]) => [id, snippetsOf(texts)]));
  }

  /** What each term in each field adds to a post's score. */
  async explain(query, id) {
    const [{ fields }, cards, found] = await Promise.all([this.#once.get("corpus"), this.#once.get("cards"), this.#found(query)]);
    const number = cards.findIndex((card) => card.id === id);
    const terms = found.flatMap(({ term, count, document_frequency, idf, documents, field_numbers, frequencies, contributions }) =>
      documents.flatMap((other, place) =>
        other === number
          ? [{ term, field: fields[field_numbers[place]], term_frequency: frequencies[place], document_frequency, idf, contribution: count * contributions[place] }]
          : [],
      ),
    );
    const order = (one, other) => other.contribution - one.contribution || (`${one.term} ${one.field}` < `${other.term} ${other.field}` ? -1 : 1);
    return { terms: terms.sort(order), score: terms.reduce((sum, term) => sum + term.contribution, 0) };
  }

  async submit(said) {
    const now = Date.now();
    const moment = (secondsAgo) => (secondsAgo === null ? null : now - secondsAgo * 1000);
    const submitted = moment(said.submitted_seconds_ago);
    const viewed = moment(said.viewed_seconds_ago);
    const { snapshot_version } = await this.#once.get("corpus");
    const line = {
      query_id: said.query_id,
      query_text: said.query_text,
      target_id: said.target_id,
      pseudonym: said.pseudonym,
      viewed_at: time(viewed),
      last_viewed_at: time(moment(said.last_viewed_seconds_ago)),
      watched_seconds: said.watched_seconds,
      submitted_at: time(submitted),
      delay_seconds: viewed === null ? null : Math.max(0, Math.round(submitted - viewed) / 1000),
      required_delay_seconds: this.settings.delaySeconds,
      is_early: said.is_early,
      found_by: said.found_by,
      snapshot_version,
      app_version: this.settings.appVersion,
    };
    this.#keep([...this.#kept().filter((other) => other.line.query_id !== said.query_id), { ownerKey: said.owner_key, line, isSaved: false }]);
  }

  async withdraw(queryId, ownerKey) {
    this.#withdraw((kept) => kept.ownerKey === ownerKey && kept.line.query_id === queryId);
  }

  async withdrawAll(ownerKey) {
    this.#withdraw((kept) => kept.ownerKey === ownerKey && kept.line.query_id !== undefined);
  }

  /** The lines of the file; whoever asks takes them away. */
  async given(ownerKey) {
    const isMine = (kept) => kept.ownerKey === ownerKey;
    this.#keep(this.#kept().map((kept) => (isMine(kept) ? { ...kept, isSaved: true } : kept)));
    return { lines: this.#kept().filter(isMine).map(({ line }) => line) };
  }

  async leave(ownerKey) {
    this.#keep(this.#kept().filter((kept) => kept.ownerKey !== ownerKey));
  }

  #kept() {
    return load(GIVEN, []);
  }

  #keep(lines) {
    keep(GIVEN, lines);
  }

  /** What never left goes; of what did only the word that it is withdrawn stays. */
  #withdraw(isMeant) {
    const now = time(Date.now());
    const line = (queryId) => ({ withdrawn: queryId, submitted_at: now, app_version: this.settings.appVersion });
    this.#keep(
      this.#kept().flatMap((kept) => {
        if (!isMeant(kept)) return [kept];
        return kept.isSaved ? [{ ...kept, line: line(kept.line.query_id) }] : [];
      }),
    );
  }

  /** The tokenizer, with the tables of characters where the text needs them. */
  async #tokenizerFor(text) {
    const name = isAscii(text) ? "ascii" : "all";
    if (!this.#tokenizers.has(name)) {
      const { rules } = await this.#once.get("corpus");
      this.#tokenizers.set(name, name === "ascii" ? new Tokenizer(rules) : new Tokenizer(rules, await this.#once.get("forms")));
    }
    return this.#tokenizers.get(name);
  }

  /** The query's terms that are in the index, each with how often the query has it, and its postings. */
  async #found(query) {
    const [{ bucket_count }, tokenizer] = await Promise.all([this.#once.get("corpus"), this.#tokenizerFor(query)]);
    const counts = [...tokenizer.counts(query)];
    const found = await Promise.all(
      counts.map(async ([term, count]) => {
        const bucket = await this.#postings.get(`postings/${bucketOf(term, bucket_count)}`);
        if (!Object.hasOwn(bucket, term)) return [];
        const [document_frequency, idf, documents, field_numbers, frequencies, contributions] = bucket[term];
        return [{ term, count, document_frequency, idf, documents, field_numbers, frequencies, contributions }];
      }),
    );
    return found.flat();
  }
}
