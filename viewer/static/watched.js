// The view history of this browser.

import { drop, keep, load } from "./store.js";

const KEY = "history";
const FIRST = "first-viewing";
const MOST = 3000;

/** All entries, newest first. */
export function entries() {
  const found = load(KEY, []);
  return Array.isArray(found) ? found : [];
}

export const find = (id) => entries().find((entry) => entry.card.id === id) ?? null;

/** When this browser first showed anything; null for never. Removing history does not change it. */
export const firstViewing = () => load(FIRST, null);

/** Note that a TikTok is being watched. */
export function record(card) {
  const now = Date.now();
  if (firstViewing() === null) keep(FIRST, now);
  const all = entries();
  const old = all.find((entry) => entry.card.id === card.id);
  const entry = {
    card,
    firstViewedAt: old?.firstViewedAt ?? now,
    lastViewedAt: now,
    views: (old?.views ?? 0) + 1,
    seconds: old?.seconds ?? 0,
  };
  keep(KEY, [entry, ...all.filter((other) => other !== old)].slice(0, MOST));
}

export function addSeconds(id, seconds) {
  const all = entries();
  const entry = all.find((other) => other.card.id === id);
  if (!entry) return;
  entry.seconds = Math.round((entry.seconds + seconds) * 10) / 10;
  entry.lastViewedAt = Date.now();
  keep(KEY, all);
}

export function remove(id) {
  keep(
    KEY,
    entries().filter((entry) => entry.card.id !== id),
  );
}

/** Put back what was removed. */
export function restore(list) {
  keep(KEY, list);
}

export function clear() {
  drop(KEY);
}
