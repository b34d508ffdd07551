// The tab Info: who, when, what about, and what people said.

import { avatar } from "./cards.js";
import { byId, fill, icon, make, toast } from "./dom.js";
import { count, creatorName, day, liveText, plural } from "./text.js";

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied.`, null, 3);
  } catch {
    toast(`${what}: ${text}`, null, 20); // a page without TLS may not write to the clipboard
  }
}

function commentItem(comment, search, replies = []) {
  const name = comment.name ?? "somebody";
  return make(
    "li",
    { class: "comment" },
    avatar(name),
    make(
      "div",
      {},
      make("p", { class: "comment-name" }, name),
      make("p", { class: "words" }, comment.text === null ? make("em", {}, "no words") : liveText(comment.text, search)),
      make(
        "p",
        { class: "quiet" },
        comment.posted_at && make("span", {}, day(comment.posted_at)),
        comment.like_count !== null && make("span", { class: "likes" }, icon("heart"), make("span", { class: "unseen" }, "likes: "), count(comment.like_count)),
      ),
      replies.length > 0 &&
        make(
          "details",
          { open: replies.length < 3 },
          make("summary", {}, plural(replies.length, "reply", "replies")),
          make("ul", { class: "comments" }, replies.map((reply) => commentItem(reply, search))),
        ),
    ),
  );
}

function threads(comments) {
  const ids = new Set(comments.map((comment) => comment.id));
  const replies = new Map();
  const roots = [];
  for (const comment of comments) {
    if (comment.parent_id !== null && ids.has(comment.parent_id)) {
      replies.set(comment.parent_id, [...(replies.get(comment.parent_id) ?? []), comment]);
    } else roots.push(comment);
  }
  return { roots, replies };
}

export function showInfo(post, search) {
  const name = creatorName(post);
  const username = post.creator.username;
  const { roots, replies } = threads(post.comments);
  const shown = post.comments.length;
  fill(
    byId("panel-info"),
    make(
      "header",
      { class: "creator" },
      avatar(name),
      make(
        "div",
        {},
        make("h2", {}, name),
        make("p", { class: "quiet" }, username && make("span", {}, `@${username}`), make("span", {}, day(post.posted_at))),
      ),
      username && make("button", { type: "button", class: "small", onclick: () => search(username) }, "Search this creator"),
    ),
    post.description
      ? make("p", { class: "words description" }, liveText(post.description, search))
      : make("p", { class: "quiet" }, "No description."),
    post.music_title && make("p", { class: "music" }, icon("music"), make("span", { class: "unseen" }, "Music: "), make("span", {}, post.music_title)),
    make(
      "ul",
      { class: "counts" },
      make("li", {}, icon("heart"), make("strong", {}, count(post.like_count)), " likes"),
      make("li", {}, icon("comment"), make("strong", {}, count(post.comment_count)), " comments"),
      make("li", {}, make("button", { type: "button", class: "small with-icon", onclick: () => copy(linkTo(post.id), "Link") }, icon("link"), "Link")),
      make("li", {}, make("button", { type: "button", class: "small with-icon", onclick: () => copy(post.id, "Id"), title: post.id }, icon("copy"), "Id")),
    ),
    post.caption_text && make("details", { class: "captions-text" }, make("summary", {}, "Captions"), make("p", { class: "words" }, post.caption_text)),
    make("h3", {}, shown ? `Comments` : "No comments were collected"),
    make("ul", { class: "comments" }, roots.map((comment) => commentItem(comment, search, replies.get(comment.id)))),
  );
}

export const linkTo = (id) => new URL(`?video=${id}`, location.href).href;

/** The few words over the video on a phone. */
export function showOverlay(post) {
  fill(
    byId("overlay"),
    make("p", { class: "overlay-name" }, creatorName(post)),
    post.description && make("p", { class: "overlay-words" }, post.description),
  );
}
