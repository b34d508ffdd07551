// Build and find elements. Text only ever becomes text: nothing here, or anywhere, parses HTML.

export const byId = (id) => document.getElementById(id);

/** Make an element: make("p", {class: "quiet", onclick: act}, "words", another). null and false children are left out. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, String(value));
  }
  append(element, children);
  return element;
}

export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

/** Put new children in place of the old ones. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

const PATHS = {
  play: "M8 5.5v13l11-6.5z",
  pause: "M8 5v14M16 5v14",
  sound: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 8.8a4.5 4.5 0 0 1 0 6.4M18.2 6a8.5 8.5 0 0 1 0 12",
  silent: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM16 9.5l5 5m0-5-5 5",
  captions: "M4 6h16v12H4zM10.5 10.6a2 2 0 1 0 0 2.8m6-2.8a2 2 0 1 0 0 2.8",
  left: "m15 5-7 7 7 7",
  right: "m9 5 7 7-7 7",
  heart: "M12 19.5S4 14.6 4 9.3A4.2 4.2 0 0 1 12 7.4a4.2 4.2 0 0 1 8 1.9c0 5.3-8 10.2-8 10.2z",
  comment: "M4 5h16v11h-8l-5 4v-4H4z",
  music: "M9 18V5.5l10-2V16M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zm10-2a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
  copy: "M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6L12 7m2 3a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1.5",
  remove: "M6 6l12 12M18 6 6 18",
  slides: "M4 7h12v12H4zM8 7V4h12v12h-4",
};

const SVG = "http://www.w3.org/2000/svg";

/** Make an icon. It says nothing to a screen reader: what it stands for is the label of its button. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon icon-${name}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Tell a screen reader, and nobody else. */
export function announce(text) {
  byId("live").textContent = text;
}

let hideToast = 0;

/** Show a short note at the bottom, with one thing that can be done about it. */
export function toast(text, action = null, seconds = 8) {
  const box = byId("toast");
  byId("toast-text").textContent = text;
  const button = byId("toast-action");
  button.hidden = action === null;
  button.onclick = null;
  if (action) {
    button.textContent = action.label;
    button.onclick = () => {
      box.hidden = true;
      action.run();
    };
  }
  box.hidden = false;
  clearTimeout(hideToast);
  hideToast = setTimeout(() => {
    // Whoever is on its way to the button keeps it
    if (!box.contains(document.activeElement) && !box.matches(":hover")) box.hidden = true;
  }, seconds * 1000);
}

/** Ask, and run what is agreed to. */
export function ask({ title, text, yes }) {
  const dialog = byId("confirm");
  byId("confirm-title").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = yes;
  return new Promise((resolve) => {
    const answer = (value) => () => {
      resolve(value);
      if (dialog.open) dialog.close();
    };
    byId("confirm-yes").onclick = answer(true);
    byId("confirm-no").onclick = answer(false);
    dialog.onclose = answer(false);
    dialog.showModal();
  });
}

/** Hand a text to the user as a file. */
export function save(name, text, type) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const anchor = make("a", { href: address, download: name });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
