// The tab My queries: what it is for, consent, the wait, the form, and what was given.

import { cover } from "./cards.js";
import { announce, ask, byId, fill, icon, make, save, toast } from "./dom.js";
import { matches } from "./historytab.js";
import { hints, newPseudonym } from "./participant.js";
import { ago, creatorName, duration, plural } from "./text.js";
import * as watched from "./watched.js";

const SHOWN = 60;
const STATUS = {
  waiting: "not delivered yet: it is sent again until it arrives",
  refused: "refused",
};

export class QueriesTab {
  #panel = byId("panel-queries");
  #draft = { text: "", card: null, foundBy: null, by: "history", typed: "" };
  #pseudonym = newPseudonym();
  #timer = 0;
  #wasOpen = false;

  constructor({ participant, source, settings, open }) {
    Object.assign(this, { participant, source, settings, open });
    setInterval(() => this.#tick(), 1000);
  }

  show() {
    clearTimeout(this.#timer);
    if (!this.participant.who) fill(this.#panel, this.#introduction(), this.#consent());
    else {
      this.#wasOpen = this.participant.waiting === 0;
      fill(this.#panel, this.#progress(), this.#wasOpen ? this.#form() : this.#wait(), this.#list(), this.#rights());
      if (this.#wasOpen) this.#showTargets();
    }
  }

  /** Show what became of the queries without disturbing what is being typed. */
  refresh() {
    const list = byId("queries-list");
    if (!list) return;
    list.replaceWith(this.#list());
    byId("queries-progress")?.replaceWith(this.#progress());
  }

  #introduction() {
    const minutes = this.settings.delaySeconds / 60;
    return [
      make("h2", {}, "What would you type?"),
      make(
        "p",
        {},
        "People remember a short video and cannot find it again. To learn how well searching works, we need queries from people who really saw the videos, in their own words.",
      ),
      make(
        "ol",
        { class: "steps" },
        make("li", {}, make("strong", {}, "Watch"), " for as long as you like, as you would anywhere else."),
        make("li", {}, make("strong", {}, minutes > 0 ? `Do something else for ${minutes === 60 ? "an hour" : duration(minutes * 60)}.` : "Take a break."), " What you still remember then is what counts."),
        make("li", {}, make("strong", {}, "Think"), " of a few videos that stood out."),
        make("li", {}, make("strong", {}, "Say what you would type"), " to find each of them again, and pick the video."),
      ),
      make("p", {}, "Write for one particular video, not for a trend that many videos follow. The search may not be good: write what comes to mind, not what you think it can handle."),
      make("p", { class: "warning" }, make("strong", {}, "Nobody has checked the videos."), " Some may be crude, upsetting, loud or flashing. Skip them, or stop, at any time."),
    ];
  }

  #consent() {
    const box = make("input", { type: "checkbox", id: "consent-box" });
    const name = make("output", { id: "pseudonym", class: "pseudonym" }, this.#pseudonym);
    const start = make("button", { type: "submit", class: "small strong" }, "Take part");
    const form = make(
      "form",
      { class: "consent" },
      make("h3", {}, "Your consent"),
      make("p", {}, "It is voluntary. With each query is kept: what you type, which video you mean, when you first and last saw it and for how long, when you sent it, and whether you picked it from your history or by searching."),
      make("p", {}, "No name, no address, no account: you appear as ", name, ". ", make("button", { type: "button", class: "small", onclick: () => this.#rename(name) }, "Another one")),
      make("p", {}, this.source.words.rights),
      this.source.words.keeping && make("p", {}, this.source.words.keeping),
      make("label", { class: "check" }, box, make("span", {}, "I am of age, I have read this, and I want to take part.")),
      make("p", { class: "problem", id: "consent-problem", role: "alert" }),
      start,
      make("p", {}, "Thank you!"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!box.checked) {
        byId("consent-problem").textContent = "Tick the box first, if you agree.";
        box.focus();
        return;
      }
      this.participant.agree(this.#pseudonym);
      this.show();
      this.#panel.focus();
      announce("You take part. Watch first; the form for queries opens later.");
    });
    return form;
  }

  #rename(output) {
    this.#pseudonym = newPseudonym();
    output.textContent = this.#pseudonym;
  }

  #progress() {
    const { queryGoal } = this.settings;
    const given = this.participant.counted.length;
    const targets = new Set(this.participant.counted.map((query) => query.card.id)).size;
    return make(
      "header",
      { id: "queries-progress", class: "progress" },
      make("h2", {}, `${given} of ${queryGoal}`),
      make("progress", { max: queryGoal, value: Math.min(given, queryGoal), "aria-label": `${given} of ${queryGoal} queries given` }),
      make(
        "p",
        { class: "quiet" },
        given >= queryGoal ? "Thank you! More are welcome." : given === 0 ? "queries given so far" : `queries for ${plural(targets, "video")}. Several for one video are fine.`,
      ),
    );
  }

  #wait() {
    const count = watched.entries().length;
    return make(
      "section",
      { class: "wait", "aria-label": "The wait" },
      make("ol", { class: "steps" },
        make("li", { class: count ? "done" : "" }, make("strong", {}, "Watch."), count ? ` ${plural(count, "video")} so far.` : " You have not watched anything yet."),
        make("li", {}, make("strong", {}, "Do something else. "), make("span", { id: "wait-left" }, this.#left())),
        make("li", {}, "Come back here and say what you would type. You can close this page: it remembers."),
      ),
      make("button", { type: "button", class: "small", onclick: () => this.#openEarly() }, "Open the form now"),
    );
  }

  #left() {
    const { waiting } = this.participant;
    if (waiting === null) return `The form opens ${duration(this.settings.delaySeconds)} after the first video.`;
    return `The form opens in ${duration(Math.max(1, waiting / 1000))}.`;
  }

  #tick() {
    if (!this.participant.who || this.#wasOpen) return;
    const left = byId("wait-left");
    if (this.participant.waiting === 0) {
      this.#wasOpen = true;
      toast("The form for your queries is open.", { label: "Show it", run: () => this.onOpen() });
      if (left) this.show();
    } else if (left) {
      const words = this.#left();
      if (left.textContent !== words) left.textContent = words;
    }
  }

  async #openEarly() {
    const agreed = await ask({
      title: "Open the form early?",
      text: "Queries are most useful when you have forgotten most of what you saw. That you opened it early is kept with each query.",
      yes: "Open it",
    });
    if (!agreed) return;
    this.participant.openEarly();
    this.show();
    byId("query-text")?.focus();
  }

  #form() {
    const draft = this.#draft;
    const text = make("textarea", { id: "query-text", class: "field", rows: 2, maxlength: this.settings.queryCharacters, autocomplete: "off", autocapitalize: "off", "aria-describedby": "query-hints" });
    text.value = draft.text;
    text.addEventListener("input", () => {
      draft.text = text.value;
      this.#judge();
    });
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        form.requestSubmit();
      }
    });
    const by = (value, words) =>
      make("label", { class: "choice" }, make("input", { type: "radio", name: "found-by", value, checked: draft.by === value, onchange: () => this.#findBy(value) }), make("span", {}, words));
    const form = make(
      "form",
      { class: "query-form", id: "query-form", novalidate: true },
      make("h3", {}, "A query"),
      make("label", { for: "query-text" }, "What would you type to find it?"),
      text,
      make("ul", { id: "query-hints", class: "hints", "aria-live": "polite" }),
      make(
        "fieldset",
        {},
        make("legend", {}, "Which video do you mean?"),
        make("div", { class: "row choices" }, by("history", "From my history"), by("search", "By searching")),
        make("label", { class: "unseen", for: "target-filter" }, "Find the video"),
        make("input", { id: "target-filter", class: "field", type: "search", autocomplete: "off", maxlength: 300, value: draft.typed }),
        make("div", { id: "targets", class: "targets", role: "radiogroup", "aria-label": "Videos" }),
      ),
      make("p", { class: "problem", id: "query-problem", role: "alert" }),
      make("button", { type: "submit", class: "small strong", id: "send-query" }, "Send the query"),
    );
    const filter = form.querySelector("#target-filter");
    filter.addEventListener("input", () => {
      draft.typed = filter.value;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#showTargets(), draft.by === "search" ? 250 : 0);
    });
    filter.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        this.#showTargets();
      }
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    return form;
  }

  #findBy(value) {
    this.#draft.by = value;
    this.#draft.typed = byId("target-filter").value = "";
    this.#showTargets();
  }

  async #showTargets() {
    const draft = this.#draft;
    const { by } = draft;
    const typed = draft.typed.trim();
    const filter = byId("target-filter");
    const box = byId("targets");
    if (!box) return;
    filter.placeholder = by === "history" ? "Narrow your history down" : "Search the whole collection";
    let cards = [];
    let note = "";
    if (by === "history") {
      const all = watched.entries().map((entry) => entry.card);
      cards = typed ? all.filter((card) => matches(card, typed)) : all;
      if (all.length === 0) note = "Your history is empty: watch something first, or search.";
      else if (cards.length === 0) note = "No video of your history has these words.";
    } else if (typed) {
      try {
        cards = (await this.source.search(typed, {})).results;
        if (cards.length === 0) note = "Nothing found.";
      } catch (error) {
        note = `The search did not work: ${error.message}.`;
      }
      if (draft.by !== by || draft.typed.trim() !== typed) return;
    } else note = "Type something to find the video.";
    cards = cards.slice(0, SHOWN);
    if (draft.card && !cards.some((card) => card.id === draft.card.id)) cards = [draft.card, ...cards];
    fill(box, cards.map((card) => this.#target(card)), note && make("p", { class: "quiet" }, note));
    this.#judge();
  }

  #target(card) {
    const draft = this.#draft;
    const radio = make("input", {
      type: "radio",
      name: "target",
      value: card.id,
      checked: draft.card?.id === card.id,
      onchange: () => {
        const { id, media_type, creator, description, posted_at, cover: address } = card;
        draft.card = { id, media_type, creator, description, posted_at, cover: address };
        draft.foundBy = draft.by;
        this.#judge();
      },
    });
    return make(
      "label",
      { class: "target", title: card.description ?? "" },
      radio,
      cover(card),
      make("span", { class: "target-words" }, make("span", { class: "card-name" }, creatorName(card)), make("span", { class: "card-text" }, card.description ?? "")),
    );
  }

  #judge() {
    const { text, card } = this.#draft;
    fill(byId("query-hints"), hints(text, card, this.participant.queries).map((hint) => make("li", {}, hint)));
    byId("query-problem").textContent = "";
  }

  #send() {
    const { text, card, foundBy } = this.#draft;
    const problem = byId("query-problem");
    if (!text.trim()) {
      problem.textContent = "Write what you would type.";
      byId("query-text").focus();
      return;
    }
    if (!card) {
      problem.textContent = "Pick the video that you mean: without it the query cannot be judged.";
      (byId("targets").querySelector("input") ?? byId("target-filter")).focus();
      return;
    }
    const id = this.participant.give(text.trim(), card, foundBy);
    this.#draft = { text: "", card: null, foundBy: null, by: "history", typed: "" };
    this.show();
    byId("query-text").focus();
    toast("Thank you for this query.", { label: "Undo", run: () => this.#withdraw(id, text) });
  }

  async #withdraw(id, text = null) {
    try {
      await this.participant.withdraw(id);
    } catch (error) {
      toast(`It could not be withdrawn: ${error.message}.`);
      return;
    }
    if (text !== null && !this.#draft.text) this.#draft.text = text;
    this.show();
    announce("The query is withdrawn.");
  }

  #list() {
    const queries = [...this.participant.queries].filter((query) => query.status !== "withdrawn").reverse();
    return make(
      "section",
      { id: "queries-list", "aria-label": "Given queries" },
      queries.length > 0 && make("h3", {}, "Given"),
      make(
        "ul",
        { class: "cards" },
        queries.map((query) =>
          make(
            "li",
            { class: "card", "data-id": query.id },
            make("button", { type: "button", class: "card-open", onclick: () => this.open(query.card.id) },
              cover(query.card),
              make(
                "span",
                { class: "card-words" },
                make("span", { class: "card-name" }, `“${query.text}”`),
                make("span", { class: "card-text" }, `${creatorName(query.card)}: ${query.card.description ?? "no description"}`),
                make("span", { class: query.status === "kept" ? "quiet" : "problem" }, `${ago(query.submittedAt)} · ${STATUS[query.status] ?? this.source.words.kept}${query.reason ? `: ${query.reason}` : ""}`),
              ),
            ),
            make("button", { type: "button", class: "plain", "aria-label": `Withdraw “${query.text}”`, onclick: () => this.#withdraw(query.id) }, icon("remove")),
          ),
        ),
      ),
    );
  }

  #rights() {
    return make(
      "section",
      { class: "rights", "aria-label": "Your data" },
      make("h3", {}, "Your data"),
      make("p", { class: "quiet" }, "You take part as ", make("strong", {}, this.participant.who.pseudonym), ". Only this browser can show and withdraw what you gave."),
      this.source.words.keeping && make("p", {}, this.source.words.keeping),
      make(
        "div",
        { class: "row" },
        make("button", { type: "button", class: "small", onclick: () => this.#save() }, "Save all I gave"),
        make("button", { type: "button", class: "small", onclick: () => this.#withdrawAll() }, "Withdraw everything"),
        make("button", { type: "button", class: "small", onclick: () => this.#leave() }, "Stop taking part"),
      ),
    );
  }

  async #save() {
    try {
      const { lines } = await this.source.given(this.participant.who.ownerKey);
      save("queries.ndjson", lines.map((line) => `${JSON.stringify(line)}\n`).join(""), "application/x-ndjson");
    } catch (error) {
      toast(`It could not be saved: ${error.message}.`);
    }
  }

  async #withdrawAll() {
    const agreed = await ask({
      title: "Withdraw everything?",
      text: this.source.words.withdrawAll,
      yes: "Withdraw everything",
    });
    if (!agreed) return;
    try {
      await this.participant.withdrawAll();
      this.show();
      announce("All your queries are withdrawn.");
    } catch (error) {
      toast(`It could not be withdrawn: ${error.message}.`);
    }
  }

  async #leave() {
    const agreed = await ask({
      title: "Stop taking part?",
      text: this.source.words.leave,
      yes: "Stop",
    });
    if (!agreed) return;
    await this.participant.leave();
    this.#pseudonym = newPseudonym();
    this.show();
  }
}
