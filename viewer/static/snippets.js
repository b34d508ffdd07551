// Where a text matches a query: the stretch with most of the query in it, as snippets() of the warehouse cuts it.

import { lower } from "./terms.js";

const SHOWN = 40; // words
const BEFORE = 6;

function shareOf(terms, wanted) {
  return terms.length === 0 ? 0 : terms.filter((term) => wanted.has(term)).length / terms.length;
}

/** Which words match: those of whose terms half are the query's, else those that come next to it. */
function matchesOf(words, tokenizer, wanted) {
  const shares = words.map((word) => shareOf(tokenizer.termsOfWord(word), wanted));
  const least = Math.min(0.5, shares.reduce((most, share) => Math.max(most, share), 0));
  return shares.map((share) => share > 0 && share >= least);
}

/** The matching word from which on most different matching words stand, of equal ones the first; null for none. */
function bestOf(words, isMatch) {
  let best = null;
  isMatch.forEach((matches, place) => {
    if (!matches) return;
    const found = words.slice(place, place + SHOWN - BEFORE).filter((_, next) => isMatch[place + next]);
    const different = new Set(found.map(lower)).size;
    if (best === null || different > best.different || (different === best.different && found.length > best.count)) {
      best = { place, different, count: found.length };
    }
  });
  return best;
}

/** The snippet of a text in pieces, each with whether it matches; null where nothing matches; `wanted` is the set of the query's terms. */
export function snippetOf(text, pattern, tokenizer, wanted) {
  const words = text.match(pattern) ?? [];
  const isMatch = matchesOf(words, tokenizer, wanted);
  const best = bestOf(words, isMatch);
  if (best === null) return null;
  const first = Math.max(0, Math.min(best.place - BEFORE, words.length - SHOWN));
  const end = Math.min(words.length, first + SHOWN);
  const parts = [];
  const add = (piece, is_match) => {
    if (parts.at(-1)?.is_match === is_match) parts.at(-1).text += piece;
    else parts.push({ text: piece, is_match });
  };
  if (first > 0) add("…", false);
  for (let place = first; place < end; place += 1) add(words[place], isMatch[place]);
  if (end < words.length) add("…", false);
  return parts;
}
