// The shuffled queue of this browser and the place in it, kept over reloads and new snapshots.

import { keep, load } from "./store.js";

const KEY = "queue";

function shuffled(ids) {
  const result = [...ids];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = crypto.getRandomValues(new Uint32Array(1))[0] % (last + 1);
    [result[last], result[other]] = [result[other], result[last]];
  }
  return result;
}

export class Queue {
  /** Take up the kept queue: what is no longer in the corpus leaves it, what is new follows at its end. */
  constructor(ids) {
    const kept = load(KEY, null) ?? { ids: [], place: 0 };
    const present = new Set(ids);
    const known = new Set(kept.ids);
    const before = kept.ids.slice(0, kept.place).filter((id) => present.has(id));
    const old = kept.ids.filter((id) => present.has(id));
    this.ids = [...old, ...shuffled(ids.filter((id) => !known.has(id)))];
    this.place = Math.min(before.length, this.ids.length - 1);
    this.#keep();
  }

  get current() {
    return this.ids[this.place];
  }

  /** The id so many places on; undefined beyond the ends. */
  at(steps) {
    return this.ids[this.place + steps];
  }

  /** Go to an id; say whether it is in the queue. */
  go(id) {
    const place = this.ids.indexOf(id);
    if (place < 0) return false;
    this.place = place;
    this.#keep();
    return true;
  }

  #keep() {
    keep(KEY, { ids: this.ids, place: this.place });
  }
}
