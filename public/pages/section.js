// A part of the account page that loads its content by itself and again after each change.
import { button, el, messageLine, run } from "./dom.js";

/** `load` gets `change`, which runs an action and loads the part again, and returns the part's elements. */
export function section(title, load, isNested = false) {
  const line = messageLine();
  const heading = el(isNested ? "h3" : "h2", { tabindex: "-1" }, title);
  const content = el("div", {}, el("p", { class: "quiet" }, "Loading …"));
  const kind = isNested ? "nested" : "card";
  const element = el("section", { class: kind, "aria-label": title }, heading, content, line.element);

  async function reload() {
    content.replaceChildren(...(await load(change)).filter((child) => child !== null));
  }

  /** A button whose action changes something. The button is gone afterwards, so the heading gets the focus. */
  function change(text, action, kind = "") {
    const changeAndReload = async () => {
      if ((await action()) === false) return;
      await reload();
      heading.focus();
    };
    return button(text, line, changeAndReload, kind);
  }

  change.line = line;
  change.reload = reload;
  void run(null, line, reload);
  return element;
}

/** One row of a list: what it is, and what can be done with it. */
export function row(title, details, ...actions) {
  const texts = details
    .filter((text) => text !== null && text !== "")
    .map((text) => el("div", { class: "quiet" }, text));
  return el(
    "li",
    {},
    el("div", { class: "about" }, el("strong", {}, title), ...texts),
    ...actions.filter((action) => action !== null),
  );
}

export function rows(items, none) {
  return items.length === 0 ? el("p", { class: "quiet" }, none) : el("ul", { class: "rows" }, ...items);
}
