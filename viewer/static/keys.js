// The keys. None acts while somebody types, and none takes from a control what is its own.

const TYPING = "input:not([type=range], [type=radio], [type=checkbox]), textarea, select, [contenteditable]";
const OWN_SPACE = "button, summary, a[href], input, [role=tab]";
const OWN_ARROWS = "input, select, [role=tab], meter";

/** Run an action of `actions` for a key. */
export function listenToKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const { target } = event;
    if (document.querySelector("dialog[open]")) return; // it has keys of its own
    if (target.matches(TYPING)) {
      if (event.key === "Escape") {
        event.preventDefault(); // it would empty a search box
        target.blur();
      }
      return;
    }
    const act = chosen(event, target, actions);
    if (act) {
      event.preventDefault();
      act();
    }
  });
}

function chosen(event, target, actions) {
  switch (event.key) {
    case "ArrowUp":
    case "ArrowLeft":
    case "ArrowDown":
    case "ArrowRight": {
      if (target.matches(OWN_ARROWS)) return null;
      const isBack = event.key === "ArrowUp" || event.key === "ArrowLeft";
      if (event.shiftKey) return isBack ? actions.slideBack : actions.slideOn;
      return isBack ? actions.previous : actions.next;
    }
    case " ":
      return target.matches(OWN_SPACE) ? null : actions.toggle;
    case "m":
    case "M":
      return actions.mute;
    case "/":
      return actions.search;
    case "?":
      return actions.help;
    case "Escape":
      return actions.escape;
    case "Enter":
      return target.matches(OWN_SPACE) ? null : actions.runSearch;
    default:
      return null;
  }
}
