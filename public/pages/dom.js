// Builds elements, and shows progress and errors in a way that screen readers announce.

/** Creates an element. Properties that begin with "on" are listeners; children may be texts, elements or null. */
export function el(tag, properties = {}, ...children) {
  const element = globalThis.document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

let fields = 0;

/** A labelled input, which a form reads by its name. */
export function field(label, name, properties = {}, hint = null) {
  fields += 1;
  const hintId = hint === null ? null : `hint-${fields}`;
  return el(
    "label",
    {},
    el("span", {}, label),
    el("input", { name, autocomplete: "off", "aria-describedby": hintId, ...properties }),
    hint === null ? null : el("span", { id: hintId, class: "quiet" }, hint),
  );
}

/** A link to copy, which is selected when it gets the focus. */
export function linkField(label, url) {
  return el("input", { readonly: true, value: url, "aria-label": label, onfocus: (event) => event.target.select() });
}

export function select(label, name, choices) {
  const options = choices.map(([value, text]) => el("option", { value }, text));
  return el("label", {}, el("span", {}, label), el("select", { name }, ...options));
}

/** Shows a message below the buttons of its surroundings, and announces it. */
export function messageLine() {
  const line = el("p", { role: "status", hidden: true });
  return {
    element: line,
    show(text, isError = false) {
      line.hidden = text === "";
      line.className = isError ? "error" : "";
      line.setAttribute("role", isError ? "alert" : "status");
      line.textContent = text;
    },
  };
}

/** Runs an action with its button disabled. Errors appear in `line`. */
export async function run(button, line, action) {
  line.show("");
  if (button !== null) button.disabled = true;
  try {
    await action();
  } catch (error) {
    line.show(error.message, true);
  } finally {
    if (button !== null) button.disabled = false;
  }
}

/** Starts a page. Errors appear below its heading. */
export function startPage(start) {
  const failure = messageLine();
  globalThis.document.getElementById("page").append(failure.element);
  void run(null, failure, start);
}

export function button(text, line, action, kind = "") {
  const element = el("button", { type: "button", class: kind, onclick: () => run(element, line, action) }, text);
  return element;
}

/** A form with one submit button. `action` gets the values by name. */
export function form(line, submitText, action, children, kind = "primary") {
  const submit = el("button", { type: "submit", class: kind }, submitText);
  return el(
    "form",
    {
      onsubmit: (event) => {
        event.preventDefault();
        const values = Object.fromEntries(new FormData(event.currentTarget));
        void run(submit, line, () => action(values));
      },
    },
    ...children,
    submit,
  );
}

/** Replaces the page's content. The heading gets the focus, so that a screen reader reads on there. */
export function show(title, ...children) {
  const page = globalThis.document.getElementById("page");
  const heading = el("h1", { tabindex: "-1" }, title);
  page.replaceChildren(heading, ...children.flat().filter((child) => child !== null));
  globalThis.document.title = `${title} – Tintype`;
  heading.focus();
}

/** Asks before something that can't be undone. Resolves to whether the person agreed. */
export function confirmed(question, yes) {
  return new Promise((settle) => {
    const onclose = () => {
      dialog.remove();
      settle(dialog.returnValue === "yes");
    };
    const dialog = el(
      "dialog",
      { "aria-label": question, onclose },
      el("p", {}, question),
      el(
        "div",
        { class: "actions" },
        el("button", { type: "button", class: "danger", onclick: () => dialog.close("yes") }, yes),
        el("button", { type: "button", autofocus: true, onclick: () => dialog.close("no") }, "Cancel"),
      ),
    );
    globalThis.document.body.append(dialog);
    dialog.showModal();
  });
}

const dateFormat = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

export function formatDate(iso) {
  return dateFormat.format(new Date(iso));
}

export function formatBytes(bytes) {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

export function fullName(user) {
  return [user.first_name, user.last_name].filter(Boolean).join(" ");
}

/** The user's address; null for one that stands in for an unknown address. */
export function emailOf(user) {
  return user.email === null || user.email.endsWith("@tintype.invalid") ? null : user.email;
}
