// The users of the service, for its owner: storage limits, deactivation, one-time links.
import { api } from "./api.js";
import { confirmed, el, emailOf, field, form, formatBytes, formatDate, fullName, linkField } from "./dom.js";
import { row, rows, section } from "./section.js";

const GIGABYTE = 1e9;

function nameOf(user) {
  return fullName(user) || emailOf(user) || (user.is_superuser ? "Owner" : user.id);
}

async function setActive(user, isActive) {
  const question = `${nameOf(user)} will be signed out everywhere. The libraries stay.`;
  if (!isActive && !(await confirmed(question, "Deactivate"))) return false;
  await api("PATCH", `/api/users/${user.id}`, { is_active: isActive });
  return true;
}

function limitForm(user, change) {
  const action = async ({ gigabytes }) => {
    await api("PATCH", `/api/users/${user.id}`, { storage_limit_bytes: Math.round(Number(gigabytes) * GIGABYTE) });
    await change.reload();
  };
  const value = String(Math.round((user.storage_limit_bytes / GIGABYTE) * 1000) / 1000);
  const input = field("Storage limit in GB", "gigabytes", {
    type: "number",
    min: 0,
    step: "any",
    value,
    required: true,
  });
  return form(change.line, "Save the limit", action, [input], "");
}

/** Shows the link once: the service stores only its hash. */
async function showLink(user, shown) {
  const { url, expires_at: expiresAt } = await api("POST", "/api/sign-in/links", { user_id: user.id });
  shown.replaceChildren(
    el("p", {}, `Send this link to ${nameOf(user)}. It signs in once, until ${formatDate(expiresAt)}:`),
    linkField("One-time link", url),
  );
}

function linkButton(user, shown, change) {
  return change("Create a one-time link", async () => {
    await showLink(user, shown);
    return false;
  });
}

function addForm(change, shown) {
  const action = async ({ name, email }) => {
    const user = await api("POST", "/api/users", { first_name: name, email: email === "" ? null : email });
    await showLink(user, shown);
    await change.reload();
  };
  const fields = [
    field("Name", "name", { required: true, maxlength: 100 }),
    field("E-mail (not needed)", "email", { type: "email", maxlength: 200 }),
  ];
  return el(
    "details",
    {},
    el("summary", {}, "Add a person"),
    form(change.line, "Add and create a one-time link", action, [el("div", { class: "fields" }, ...fields)]),
  );
}

function describe(user, me, change) {
  const shown = el("div", { role: "status" });
  const storage = `${formatBytes(user.storage_used_bytes)} of ${formatBytes(user.storage_limit_bytes)}`;
  const isOwner = user.id === me.id;
  const state = user.is_active ? null : "deactivated";
  return row(
    nameOf(user),
    [emailOf(user) === nameOf(user) ? null : emailOf(user), storage, isOwner ? "you, the owner" : state],
    el(
      "details",
      {},
      el("summary", { "aria-label": `Manage ${nameOf(user)}` }, "Manage"),
      limitForm(user, change),
      el(
        "div",
        { class: "actions" },
        user.is_active ? linkButton(user, shown, change) : null,
        isOwner
          ? null
          : user.is_active
            ? change("Deactivate", () => setActive(user, false), "danger")
            : change("Activate again", () => setActive(user, true)),
      ),
      shown,
    ),
  );
}

async function listUsers() {
  const users = [];
  for (let hasMore = true, query = ""; hasMore; query = `&starting_after_id=${users.at(-1).id}`) {
    const page = await api("GET", `/api/users?limit=200${query}`);
    users.push(...page.data);
    hasMore = page.has_more;
  }
  return users;
}

export function usersSection(me) {
  // Outside of what is loaded again, so that the new person's link stays.
  const shown = el("div", { role: "status" });
  return section("Users of this service", async (change) => {
    const users = await listUsers();
    const list = users.map((user) => describe(user, me, change));
    return [rows(list, "None."), addForm(change, shown), shown];
  });
}
