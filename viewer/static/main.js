// Start the viewer: the queue, the address, the panel, and what leads from one to the other.

import { cardOf } from "./cards.js";
import { announce, byId, fill, make, toast } from "./dom.js";
import { HistoryTab } from "./historytab.js";
import { showInfo, showOverlay } from "./info.js";
import { listenToKeys } from "./keys.js";
import { Participant } from "./participant.js";
import { QueriesTab } from "./queriestab.js";
import { Queue } from "./queue.js";
import { SearchTab } from "./searchtab.js";
import { sourceFor } from "./sources.js";
import { Stage } from "./stage.js";
import { keep, load, onChange } from "./store.js";
import { creatorName } from "./text.js";
import * as watched from "./watched.js";

const TABS = ["info", "history", "search", "queries"];
const ORIGINS = { history: "your history", search: "the search", queries: "your queries", link: "a link" };
const phone = matchMedia("(max-width: 899px)");

const settings = JSON.parse(document.querySelector("meta[name=viewer-settings]").content);
const source = await sourceFor(settings);

let queue = null;
let shown = { id: null, origin: "queue", post: null };
let request = 0;
let history_ = null;
let search = null;
let queries = null;

const stage = new Stage({
  onWatched: (id, seconds) => watched.addSeconds(id, seconds),
  onStarted: (post) => {
    if (shown.isRecorded || shown.post?.id !== post.id) return;
    shown.isRecorded = true;
    watched.record(cardOf(post));
    if (tab() === "history") history_.show();
  },
});

// ------------------------------------------------------------------------------------------------ which video

function addressOf(id, origin) {
  const wanted = new URLSearchParams({ video: id });
  if (origin !== "queue") wanted.set("from", origin);
  return `?${wanted}`;
}

/** Go to a video; the queue keeps its place unless it is the queue's. */
function open(id, origin, { replace = false, play = true } = {}) {
  if (origin === "queue") queue.go(id);
  history[replace ? "replaceState" : "pushState"]({ id, origin }, "", addressOf(id, origin));
  return show(id, origin, { play });
}

async function show(id, origin, { play }) {
  const mine = ++request;
  stage.flush();
  shown = { id, origin, post: null, isRecorded: false };
  showPlace();
  let post = null;
  try {
    post = await source.post(id);
  } catch (error) {
    if (mine !== request) return;
    const isGone = error.status === 404 || error.status === 422;
    showNothing(isGone ? "There is no such video in this collection." : error.message);
    return;
  }
  if (mine !== request) return;
  shown.post = post;
  document.title = `${creatorName(post)} · TikTok Retrieval`;
  stage.show(post, { play });
  showInfo(post, searchFor);
  showOverlay(post);
  const where = origin === "queue" ? `${queue.place + 1} of ${queue.ids.length}` : `from ${ORIGINS[origin]}`;
  announce(`Video by ${creatorName(post)}, ${where}. ${post.description ?? ""}`);
  const next = queue.at(origin === "queue" ? 1 : 0);
  if (next) source.post(next).then((found) => mine === request && stage.preload(found), () => {});
}

function showNothing(text) {
  stage.showMessage(text);
  document.title = "TikTok Retrieval";
  fill(byId("panel-info"), make("p", { class: "quiet" }, text));
  byId("overlay").replaceChildren();
  announce(text);
}

function showPlace() {
  const isAway = shown.origin !== "queue";
  byId("place").textContent = `${queue.place + 1} of ${queue.ids.length}`;
  byId("away").hidden = !isAway;
  if (isAway) byId("away-text").textContent = `Opened from ${ORIGINS[shown.origin]}. Your place in the queue, ${queue.place + 1} of ${queue.ids.length}, is kept.`;
  byId("previous").disabled = !isAway && queue.place === 0;
}

function step(steps) {
  if (shown.origin !== "queue") {
    backToQueue();
    return;
  }
  const id = queue.at(steps);
  if (id === undefined) toast(steps > 0 ? "You have reached the end of the queue." : "This is the first video of the queue.", null, 4);
  else open(id, "queue");
}

function backToQueue() {
  open(queue.current, "queue");
}

/** Read from the address what to show. A video that is not said to be the queue's leaves the queue alone. */
function wanted() {
  const parameters = new URLSearchParams(location.search);
  const id = parameters.get("video");
  if (id === null || id === "") return { id: queue.current, origin: "queue" };
  const from = parameters.get("from");
  if (history.state?.id === id) return { id, origin: history.state.origin };
  if (Object.hasOwn(ORIGINS, from)) return { id, origin: from };
  return { id, origin: id === queue.current ? "queue" : "link" };
}

addEventListener("popstate", () => {
  const { id, origin } = wanted();
  if (origin === "queue" && !queue.go(id)) return void show(id, "link", { play: true });
  if (id !== shown.id || origin !== shown.origin) show(id, origin, { play: true });
});

// -------------------------------------------------------------------------------------------------- the panel

const tab = () => load("tab", "info");
const isSheetOpen = () => document.body.dataset.sheet === "open";

function showTab(name, { focus = false } = {}) {
  keep("tab", name);
  for (const other of TABS) {
    const button = byId(`tab-${other}`);
    const isChosen = other === name;
    button.setAttribute("aria-selected", String(isChosen));
    button.tabIndex = isChosen ? 0 : -1;
    byId(`panel-${other}`).hidden = !isChosen;
    if (isChosen && focus) button.focus();
  }
  if (name === "history") history_.show();
  if (name === "search") search.resume();
  if (name === "queries") queries.show();
}

function openSheet(isOpen) {
  document.body.dataset.sheet = isOpen ? "open" : "closed";
}

function listenToTabs() {
  TABS.forEach((name, index) => {
    const button = byId(`tab-${name}`);
    button.addEventListener("click", () => {
      const closes = phone.matches && isSheetOpen() && tab() === name;
      showTab(name);
      openSheet(!closes);
    });
    button.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const to = event.key === "Home" ? 0 : event.key === "End" ? TABS.length - 1 : steps && (index + steps + TABS.length) % TABS.length;
      if (to === undefined) return;
      event.preventDefault();
      showTab(TABS[to], { focus: true });
    });
  });
  byId("close-sheet").addEventListener("click", () => openSheet(false));
}

function goToSearch() {
  showTab("search");
  openSheet(true);
  byId("search-box").focus();
  byId("search-box").select();
}

function searchFor(text) {
  showTab("search");
  openSheet(true);
  search.runFor(text);
}

function openFrom(origin) {
  return (id) => {
    open(id, origin);
    if (phone.matches) openSheet(false);
  };
}

// --------------------------------------------------------------------------------------------- keys and touch

function listenToTouch() {
  const area = byId("stage");
  let start = null;
  area.addEventListener("pointerdown", (event) => {
    start = event.isPrimary && event.pointerType !== "mouse" && !event.target.closest("input, .topbar, .away") ? { x: event.clientX, y: event.clientY } : null;
  });
  area.addEventListener("pointercancel", () => (start = null));
  area.addEventListener("pointerup", (event) => {
    if (!start || !event.isPrimary) return;
    const [across, down] = [event.clientX - start.x, event.clientY - start.y];
    start = null;
    if (Math.abs(down) > 60 && Math.abs(down) > Math.abs(across)) {
      swallowClick();
      step(down < 0 ? 1 : -1);
    } else if (Math.abs(across) > 40 && stage.turn(across < 0 ? 1 : -1)) swallowClick();
  });
  let grip = null;
  byId("sheet").addEventListener("pointerdown", (event) => (grip = event.target.closest(".grip") ? event.clientY : null));
  byId("sheet").addEventListener("pointerup", (event) => {
    if (grip !== null && event.clientY - grip > 30) openSheet(false);
    grip = null;
  });
}

/** A swipe that ends on a button is no press of it. */
function swallowClick() {
  const swallow = (event) => {
    event.stopPropagation();
    event.preventDefault();
  };
  addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }), 50);
}

function listen() {
  listenToTabs();
  listenToTouch();
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  byId("back-to-queue").addEventListener("click", backToQueue);
  byId("help-button").addEventListener("click", () => byId("help").showModal());
  listenToKeys({
    previous: () => step(-1),
    next: () => step(1),
    slideBack: () => stage.turn(-1),
    slideOn: () => stage.turn(1),
    toggle: () => stage.toggle(),
    mute: () => stage.toggleMute(),
    search: goToSearch,
    runSearch: () => {
      showTab("search");
      openSheet(true);
      search.run();
    },
    help: () => byId("help").showModal(),
    escape: () => {
      if (phone.matches && isSheetOpen()) openSheet(false);
      else if (shown.origin !== "queue") backToQueue();
    },
  });
  // A button that was pressed with the mouse gives the keyboard back to the video
  byId("stage").addEventListener("click", (event) => {
    if (event.detail > 0) event.target.closest("button")?.blur();
  });
  onChange("history", () => tab() === "history" && history_.show());
  onChange("queries", () => queries.refresh());
}

function welcome() {
  if (load("welcomed", false)) return;
  const dialog = byId("welcome");
  const close = (name) => () => {
    dialog.close();
    if (name) {
      showTab(name);
      openSheet(true);
    }
  };
  byId("take-part").onclick = close("queries");
  byId("look-around").onclick = close(null);
  dialog.addEventListener("close", () => {
    keep("welcomed", true);
    // The tab key goes on from the video; whoever was faster than this event keeps the focus
    if (document.activeElement !== document.body && !dialog.contains(document.activeElement)) return;
    byId("play").focus({ preventScroll: true });
    byId("play").blur();
  });
  dialog.showModal();
}

async function start() {
  let listed;
  try {
    listed = await source.queue();
  } catch (error) {
    stage.showMessage(error.message);
    return;
  }
  queue = new Queue(listed.ids);
  const participant = new Participant({ source, settings, onChange: () => queries?.refresh() });
  history_ = new HistoryTab({ open: openFrom("history") });
  search = new SearchTab({ source, open: openFrom("search") });
  queries = new QueriesTab({ participant, source, settings, open: openFrom("queries") });
  queries.onOpen = () => {
    showTab("queries");
    openSheet(true);
  };
  listen();
  showTab(TABS.includes(tab()) ? tab() : "info");
  const { id, origin } = wanted();
  const isOfQueue = origin === "queue" && queue.go(id);
  await open(id, isOfQueue ? "queue" : origin === "queue" ? "link" : origin, { replace: true, play: false });
  document.body.dataset.ready = "true";
  welcome();
  participant.deliver();
}

start();
