// How a TikTok looks in a list.

import { icon, make } from "./dom.js";
import { creatorName, hue, initial } from "./text.js";

/** A cover, or a coloured tile where there is none. */
export function cover(card, { lazy = true } = {}) {
  const tile = make(
    "span",
    { class: `cover hue-${hue(card.creator.username ?? card.id)}` },
    make("span", { class: "cover-initial", "aria-hidden": "true" }, initial(creatorName(card))),
  );
  if (card.cover) {
    const image = make("img", { src: card.cover, alt: "", loading: lazy ? "lazy" : null, decoding: "async" });
    image.addEventListener("error", () => image.remove());
    tile.append(image);
  }
  if (card.media_type === "photo") tile.append(icon("slides"));
  return tile;
}

export function avatar(name) {
  return make("span", { class: `avatar hue-${hue(name)}`, "aria-hidden": "true" }, initial(name));
}

/** What is kept of a TikTok to show it in a list without asking the server. */
export function cardOf(post) {
  const { id, media_type, creator, description, posted_at, cover: address } = post;
  return { id, media_type, creator, description, posted_at, cover: address };
}
