// The video, the slides, or what is left of a post whose media are missing.

import { announce, append, byId, fill, icon, make } from "./dom.js";
import { cover } from "./cards.js";
import { keep, load } from "./store.js";
import { clock, creatorName, hue, plural } from "./text.js";

const TICK = 1; // seconds between two looks at a still post
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

export class Stage {
  #video = null;
  #slides = null;
  #post = null;
  #seconds = 0;
  #last = 0;
  #still = 0;
  #next = null;

  /** `onWatched(id, seconds)` is told how long something was watched; `onStarted(post)` that it is being watched. */
  constructor({ onWatched, onStarted }) {
    this.onWatched = onWatched;
    this.onStarted = onStarted;
    this.isMuted = load("muted", false);
    this.showsCaptions = load("captions", true);
    byId("play").addEventListener("click", () => this.toggle());
    byId("mute").addEventListener("click", () => this.toggleMute());
    byId("captions").addEventListener("click", () => this.toggleCaptions());
    byId("seek").addEventListener("input", (event) => {
      if (this.#video?.duration) this.#video.currentTime = (event.target.value / 1000) * this.#video.duration;
    });
    addEventListener("pagehide", () => this.flush());
    document.addEventListener("visibilitychange", () => this.flush());
    this.#showMute();
  }

  get isPlaying() {
    return this.#video !== null && !this.#video.paused;
  }

  /** Show a post. Without `play` it waits for the first press. */
  show(post, { play }) {
    this.clear();
    this.#post = post;
    this.#backdrop(post);
    if (post.video) this.#showVideo(post, play);
    else if (post.slides.length > 0) this.#showSlides(post);
    else this.#showMissing(post, post.media_type === "photo" ? "The pictures of this post are" : "The video of this post is");
  }

  /** Show a sentence in place of a post. */
  showMessage(text) {
    this.clear();
    this.#backdrop(null);
    fill(byId("frame"), make("div", { class: "missing" }, make("p", {}, text)));
  }

  clear() {
    this.flush();
    clearInterval(this.#still);
    if (this.#video) {
      this.#video.pause();
      this.#video.removeAttribute("src");
      this.#video.load();
    }
    this.#post = this.#video = this.#slides = null;
    byId("frame").replaceChildren();
    byId("controls").hidden = true;
    byId("frame").className = "frame";
  }

  /** Tell how long was watched since the last time. */
  flush() {
    if (this.#post && this.#seconds > 0) this.onWatched(this.#post.id, this.#seconds);
    this.#seconds = 0;
  }

  /** Load the beginning of what comes next. */
  preload(post) {
    if (this.#next?.id === post?.id) return;
    this.#next = null;
    if (post?.video) {
      const element = this.#makeVideo(post);
      element.preload = "auto";
      this.#next = { id: post.id, element };
    }
    for (const address of [post?.cover, ...(post?.slides ?? []).slice(0, 2)]) if (address) new Image().src = address;
  }

  toggle() {
    if (!this.#video) return;
    if (this.#video.paused) this.#play();
    else this.#video.pause();
  }

  toggleMute() {
    this.isMuted = !this.isMuted;
    keep("muted", this.isMuted);
    this.#showMute();
    announce(this.isMuted ? "Sound off" : "Sound on");
  }

  toggleCaptions() {
    this.showsCaptions = !this.showsCaptions;
    keep("captions", this.showsCaptions);
    this.#showCaptions();
    announce(this.showsCaptions ? "Captions on" : "Captions off");
  }

  /** Go to the slide so many further; say whether there are slides. */
  turn(steps) {
    if (!this.#slides) return false;
    const { images, dots, label } = this.#slides;
    const place = Math.max(0, Math.min(images.length - 1, this.#slides.place + steps));
    this.#slides.place = place;
    images.forEach((image, index) => (image.hidden = index !== place));
    dots.forEach((dot, index) => dot.classList.toggle("on", index === place));
    label.textContent = `Slide ${place + 1} of ${images.length}`;
    this.#slides.before.disabled = place === 0;
    this.#slides.after.disabled = place === images.length - 1;
    return true;
  }

  #makeVideo(post) {
    return make("video", {
      src: post.video,
      poster: post.cover,
      playsinline: true,
      loop: true,
      preload: "metadata",
      "aria-label": `Video by ${creatorName(post)}`,
    });
  }

  #showVideo(post, play) {
    const video = this.#next?.id === post.id ? this.#next.element : this.#makeVideo(post);
    this.#next = null;
    this.#video = video;
    video.preload = "auto";
    video.muted = this.isMuted;
    if (post.captions) {
      video.append(make("track", { kind: "captions", label: "Captions", srclang: "en", src: post.captions, default: true }));
    }
    const on = (name, act) => video.addEventListener(name, () => this.#video === video && act());
    on("timeupdate", () => this.#progress());
    on("loadedmetadata", () => {
      byId("frame").classList.toggle("is-wide", video.videoWidth > video.videoHeight);
      this.#progress();
    });
    on("play", () => {
      this.#last = performance.now();
      this.#showPlay();
    });
    on("pause", () => {
      this.#count();
      this.flush();
      this.#showPlay();
    });
    on("error", () => this.#fail(post));
    const press = make("button", { type: "button", class: "press", "aria-label": "Play", onclick: () => this.toggle() }, icon("play"));
    fill(byId("frame"), video, press);
    byId("controls").hidden = false;
    this.#showCaptions();
    this.#showPlay();
    this.#progress();
    // The element may have failed while it was loading ahead
    if (video.error) this.#fail(post);
    else if (play && !reducedMotion.matches) this.#play();
  }

  #fail(post) {
    this.clear();
    this.#post = post;
    this.#showMissing(post, "The video of this post cannot be played, it seems to be", "damaged");
  }

  #showSlides(post) {
    const images = post.slides.map((address, index) =>
      make("img", { src: address, alt: `Slide ${index + 1} of ${post.slides.length}`, class: "slide", hidden: index > 0 }),
    );
    images.forEach((image) =>
      image.addEventListener("error", () => image.replaceWith(make("p", { class: "missing" }, "This slide cannot be shown."))),
    );
    const dots = images.map(() => make("span", { class: "dot" }));
    const turn = (steps, name, words) =>
      make("button", { type: "button", class: `round turn ${name}`, "aria-label": words, onclick: () => this.turn(steps) }, icon(name));
    const before = turn(-1, "left", "Previous slide");
    const after = turn(1, "right", "Next slide");
    const label = make("p", { class: "slide-label", role: "status" });
    this.#slides = { images, dots, label, before, after, place: 0 };
    fill(
      byId("frame"),
      make("div", { class: "slides", role: "group", "aria-label": `Photo post, ${plural(images.length, "slide")}` },
        images, images.length > 1 && [before, after, make("div", { class: "dots", "aria-hidden": "true" }, dots)], label),
    );
    this.turn(0);
    this.#watchStill(post);
  }

  #showMissing(post, subject, what = "missing") {
    const sentence =
      what === "damaged"
        ? `${subject} damaged.`
        : `${subject} not in the collection: ${post.cover ? "only the cover is." : "only the words are."}`;
    byId("frame").classList.add("is-missing");
    fill(
      byId("frame"),
      make(
        "div",
        { class: "missing" },
        cover(post, { lazy: false }),
        post.description && make("p", { class: "missing-words" }, post.description),
        make("p", { class: "missing-note", role: "status" }, sentence),
      ),
    );
    this.#watchStill(post);
  }

  #watchStill(post) {
    this.onStarted(post);
    this.#still = setInterval(() => {
      if (document.visibilityState !== "visible") return;
      this.#seconds += TICK;
      if (this.#seconds >= 5) this.flush();
    }, TICK * 1000);
  }

  async #play() {
    const video = this.#video;
    const playing = video.play();
    // Not by the event: it comes late, and not at all when whoever watches has gone on by then
    if (!video.paused) this.onStarted(this.#post);
    try {
      await playing;
    } catch (error) {
      // A browser may want a press first; then the button is there. Other failures come as an event.
      if (this.#video === video) this.#showPlay();
    }
  }

  #count() {
    const now = performance.now();
    this.#seconds += Math.min(1, Math.max(0, (now - this.#last) / 1000));
    this.#last = now;
  }

  #progress() {
    const video = this.#video;
    if (!video.paused) this.#count();
    if (this.#seconds >= 5) this.flush();
    const total = Number.isFinite(video.duration) ? video.duration : 0;
    const seek = byId("seek");
    seek.value = total ? String((video.currentTime / total) * 1000) : "0";
    seek.setAttribute("aria-valuetext", `${clock(video.currentTime)} of ${clock(total)}`);
    seek.style.setProperty("--done", `${total ? (video.currentTime / total) * 100 : 0}%`);
    byId("clock").textContent = `${clock(video.currentTime)} / ${clock(total)}`;
  }

  #showPlay() {
    const button = byId("play");
    const word = this.isPlaying ? "Pause" : "Play";
    fill(button, icon(this.isPlaying ? "pause" : "play"));
    button.setAttribute("aria-label", word);
    const press = byId("frame").querySelector(".press");
    press?.classList.toggle("is-playing", this.isPlaying);
    press?.setAttribute("aria-label", word);
  }

  #showMute() {
    const button = byId("mute");
    if (this.#video) this.#video.muted = this.isMuted;
    fill(button, icon(this.isMuted ? "silent" : "sound"));
    button.setAttribute("aria-pressed", String(this.isMuted));
  }

  #showCaptions() {
    const button = byId("captions");
    button.hidden = !this.#post?.captions;
    fill(button, icon("captions"));
    button.setAttribute("aria-pressed", String(this.showsCaptions));
    for (const track of this.#video?.textTracks ?? []) track.mode = this.showsCaptions ? "showing" : "hidden";
  }

  #backdrop(post) {
    const box = byId("backdrop");
    box.replaceChildren();
    box.className = `backdrop ${post && !post.cover ? `hue-${hue(post.creator.username ?? post.id)}` : ""}`;
    if (post?.cover) append(box, [make("img", { src: post.cover, alt: "" })]);
  }
}
