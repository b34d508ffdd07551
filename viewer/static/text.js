// How things are written.

import { make } from "./dom.js";

const LIVE = /([#@][\p{L}\p{M}\p{N}_](?:[\p{L}\p{M}\p{N}_.]*[\p{L}\p{M}\p{N}_])?)/gu;

/** Return a text's parts, hashtags and mentions as buttons that search for them. */
export function liveText(text, search) {
  return text.split(LIVE).map((part, index) =>
    index % 2 === 0
      ? part
      : make("button", { type: "button", class: "tag", onclick: () => search(part), title: `Search for ${part}` }, part),
  );
}

const COUNT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const MOMENT = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const count = (number) => (number === null || number === undefined ? "–" : COUNT.format(number));
export const day = (time) => (time ? DAY.format(new Date(time)) : "date unknown");
export const moment = (milliseconds) => MOMENT.format(new Date(milliseconds));

export function clock(seconds) {
  const whole = Number.isFinite(seconds) ? Math.floor(seconds) : 0;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** A duration in words: "42 s", "7 min", "2 h 5 min". */
export function duration(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest ? `${Math.floor(minutes / 60)} h ${rest} min` : `${minutes / 60} h`;
}

export function ago(milliseconds) {
  const seconds = (Date.now() - milliseconds) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 36 * 3600) return `${duration(Math.max(60, seconds))} ago`;
  return moment(milliseconds);
}

export const creatorName = (card) => card.creator.nickname ?? card.creator.username ?? "unknown creator";

/** A stable number from 0 to 11 for a name: the colour of its placeholder. */
export function hue(text) {
  let sum = 7;
  for (const character of text) sum = (sum * 31 + character.codePointAt(0)) % 9973;
  return sum % 12;
}

/** The first letter or sign of a name, whole emoji included. */
export const initial = (name) => [...name.trim().replace(/^@/, "")][0]?.toUpperCase() ?? "?";

export const plural = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;
