// Who takes part, what they gave, and how it reaches the server: each query once, also when it has to be sent again.

import { drop, keep, load, randomHex, randomId } from "./store.js";
import * as watched from "./watched.js";

export const CONSENT_VERSION = 1;

const FIRST = ["amber", "brisk", "calm", "clever", "cosy", "dusty", "early", "fuzzy", "gentle", "golden", "hazel", "hidden", "jolly", "keen", "late", "light", "lucky", "mellow", "misty", "noble", "polar", "quick", "quiet", "rapid", "rusty", "silver", "sleepy", "snowy", "sunny", "tidy", "velvet", "wild"];
const SECOND = ["badger", "beaver", "crane", "dolphin", "donkey", "falcon", "ferret", "finch", "gecko", "goose", "hare", "heron", "ibex", "jackal", "koala", "lemur", "lynx", "magpie", "marmot", "moose", "newt", "otter", "owl", "panda", "puffin", "raven", "robin", "seal", "sparrow", "stoat", "toad", "wombat"];

const pick = (list) => list[crypto.getRandomValues(new Uint32Array(1))[0] % list.length];

export const newPseudonym = () => `${pick(FIRST)}-${pick(SECOND)}-${randomHex(2)}`;

export class Participant {
  #retry = 0;
  #wait = 5;

  /** `onChange` is called whenever something became of a query. */
  constructor({ source, settings, onChange }) {
    this.source = source;
    this.settings = settings;
    this.onChange = onChange;
    addEventListener("online", () => this.deliver());
  }

  /** The pseudonym and the secret of whoever agreed to take part; null before. */
  get who() {
    return load("participant", null);
  }

  /** All queries, oldest first. */
  get queries() {
    return load("queries", []);
  }

  get counted() {
    return this.queries.filter((query) => query.status !== "withdrawn" && query.status !== "refused");
  }

  agree(pseudonym) {
    keep("participant", { pseudonym, ownerKey: randomHex(16), agreedAt: Date.now(), consentVersion: CONSENT_VERSION });
  }

  /** Forget who took part, and what they gave, in this browser. */
  async leave() {
    await this.source.leave(this.who.ownerKey);
    drop("participant");
    drop("queries");
    drop("opened-early");
  }

  /** Milliseconds until the form opens; 0 when it is open, null when nothing was watched yet. */
  get waiting() {
    const first = watched.firstViewing();
    if (this.settings.delaySeconds === 0 || load("opened-early", false)) return 0;
    if (first === null) return null;
    return Math.max(0, first + this.settings.delaySeconds * 1000 - Date.now());
  }

  openEarly() {
    keep("opened-early", true);
  }

  /** Keep a query here, and send it. Returns its id. */
  give(text, card, foundBy) {
    const entry = watched.find(card.id);
    const query = {
      id: randomId(),
      text,
      card,
      foundBy,
      submittedAt: Date.now(),
      viewedAt: entry?.firstViewedAt ?? null,
      lastViewedAt: entry?.lastViewedAt ?? null,
      watchedSeconds: entry?.seconds ?? null,
      isEarly: load("opened-early", false),
      status: "waiting",
    };
    keep("queries", [...this.queries, query]);
    this.deliver();
    return query.id;
  }

  /** Take a query back. Raises SourceError where the server does not learn of it. */
  async withdraw(id) {
    const query = this.queries.find((other) => other.id === id);
    // One that waits may have arrived without our knowing
    if (query.status !== "refused") {
      try {
        await this.source.withdraw(id, this.who.ownerKey);
      } catch (error) {
        if (!(error.status === 404 && query.status === "waiting")) throw error;
      }
    }
    this.#mark(id, "withdrawn");
  }

  async withdrawAll() {
    await this.source.withdrawAll(this.who.ownerKey);
    keep(
      "queries",
      this.queries.map((query) => ({ ...query, status: "withdrawn" })),
    );
    this.onChange();
  }

  /** Send what has not arrived yet. */
  async deliver() {
    clearTimeout(this.#retry);
    if (!this.who || this.isDelivering) return;
    this.isDelivering = true;
    try {
      let query;
      while ((query = this.queries.find((other) => other.status === "waiting"))) {
        try {
          await this.source.submit(this.#message(query));
          this.#wait = 5;
          this.#mark(query.id, "kept");
        } catch (error) {
          if (error.isPassing || error.status === 401) {
            this.#retry = setTimeout(() => this.deliver(), this.#wait * 1000);
            this.#wait = Math.min(120, this.#wait * 2);
            this.onChange();
            return;
          }
          this.#mark(query.id, "refused", error.message);
        }
      }
    } finally {
      this.isDelivering = false;
    }
  }

  #mark(id, status, reason = null) {
    keep(
      "queries",
      this.queries.map((query) =>
        // What was withdrawn while it was on its way stays withdrawn
        query.id === id && query.status !== "withdrawn" ? { ...query, status, reason } : query,
      ),
    );
    this.onChange();
  }

  #message(query) {
    const ago = (milliseconds) => (milliseconds === null ? null : Math.max(0, (Date.now() - milliseconds) / 1000));
    return {
      query_id: query.id,
      query_text: query.text,
      target_id: query.card.id,
      pseudonym: this.who.pseudonym,
      owner_key: this.who.ownerKey,
      found_by: query.foundBy,
      submitted_seconds_ago: ago(query.submittedAt),
      viewed_seconds_ago: ago(query.viewedAt),
      last_viewed_seconds_ago: ago(query.lastViewedAt),
      watched_seconds: query.watchedSeconds,
      is_early: query.isEarly,
    };
  }
}

const plain = (text) => text.toLowerCase().replace(/\s+/g, " ").trim();

/** What may be wrong with a query, in sentences; it can be given all the same. */
export function hints(text, card, queries) {
  const typed = plain(text);
  if (!typed) return [];
  const found = [];
  if (typed.length < 6 || !typed.includes(" ")) found.push("That is short: would it find this one video among many?");
  const names = card ? [card.creator.username, card.creator.nickname].filter(Boolean).map((name) => plain(name.replace(/^@/, ""))) : [];
  if (names.includes(typed.replace(/^@/, ""))) found.push("That is the creator's name. What do you remember of the video itself?");
  if (queries.some((query) => query.status !== "withdrawn" && plain(query.text) === typed)) found.push("You have given this query already.");
  return found;
}
