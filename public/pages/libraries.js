// The user's own libraries with members and invitations, and the libraries that others share with the user.
import { api } from "./api.js";
import { confirmed, el, field, form, formatDate, linkField, select } from "./dom.js";
import { row, rows, section } from "./section.js";

const ROLES = [
  ["viewer", "Viewer: sees everything"],
  ["collaborator", "Collaborator: also adds, changes and trashes"],
];
const DAY_MS = 24 * 3600 * 1000;

function memberRow(library, member, change) {
  const name = member.user.display_name ?? member.user.id;
  const path = `/api/libraries/${library.id}/members/${member.user.id}`;
  const other = member.role === "viewer" ? "collaborator" : "viewer";
  const remove = async () => {
    if (!(await confirmed(`${name} will no longer see “${library.name}”.`, "Remove"))) return false;
    await api("DELETE", path);
    return true;
  };
  return row(
    name,
    [`${member.role} since ${formatDate(member.joined_at)}`],
    change(`Make ${other}`, () => api("PATCH", path, { role: other })),
    change("Remove", remove, "danger"),
  );
}

function invitationRow(invitation, change) {
  const shown = el("div", { role: "status" });
  const path = `/api/libraries/invitations/${invitation.id}`;
  const showLink = async () => {
    const { url } = await api("GET", `${path}/link`);
    shown.replaceChildren(linkField("Invitation link", url));
    return false;
  };
  const places = `${invitation.remaining_places} of ${invitation.max_joiners} places left`;
  return row(
    `Invitation as ${invitation.role}`,
    [`${places}, until ${formatDate(invitation.expires_at)}`],
    change("Show the link", showLink),
    change("Disable", () => api("POST", `${path}/disable`), "danger"),
    shown,
  );
}

function inviteForm(library, change, shown) {
  const action = async ({ role, places, days }) => {
    const expiresAt = new Date(Date.now() + Number(days) * DAY_MS).toISOString();
    const { url } = await api("POST", "/api/libraries/invitations", {
      library_id: library.id,
      role,
      max_joiners: Number(places),
      expires_at: expiresAt,
    });
    shown.replaceChildren(el("p", {}, "Send this link to the people you invite:"), linkField("Invitation link", url));
    await change.reload();
  };
  const number = { type: "number", min: 1, required: true };
  const fields = [
    select("They become", "role", ROLES),
    el(
      "div",
      { class: "fields" },
      field("For how many people", "places", { ...number, max: 1000, value: 1 }),
      field("Valid for days", "days", { ...number, max: 365, value: 7 }),
    ),
  ];
  return form(change.line, "Create an invitation link", action, fields);
}

function membersSection(library) {
  // Outside of what is loaded again, so that a new link stays.
  const shown = el("div", { role: "status" });
  return section(
    "Members and invitations",
    async (change) => {
      const query = new URLSearchParams({ library_id: library.id, state: "active", limit: "200" });
      const [members, invitations] = await Promise.all([
        api("GET", `/api/libraries/${library.id}/members?limit=200`),
        api("GET", `/api/libraries/invitations?${query}`),
      ]);
      return [
        rows(
          members.data.map((member) => memberRow(library, member, change)),
          "Nobody but you.",
        ),
        rows(
          invitations.data.map((invitation) => invitationRow(invitation, change)),
          "No open invitation.",
        ),
        inviteForm(library, change, shown),
        shown,
      ];
    },
    true,
  );
}

/** Loads members and invitations when the person opens a library, not before. */
function libraryDetails(library) {
  const place = el("div", {});
  const open = (event) => {
    if (event.target.open && place.childElementCount === 0) place.append(membersSection(library));
  };
  return el("details", { ontoggle: open }, el("summary", { "aria-label": `Share ${library.name}` }, "Share"), place);
}

async function listLibraries(isOwn) {
  const libraries = await api("GET", "/api/libraries");
  return libraries.filter((library) => (library.role === "owner") === isOwn);
}

export function librariesSection() {
  return section("Your libraries", async () => {
    const libraries = await listLibraries(true);
    return libraries.length === 0
      ? [el("p", { class: "quiet" }, "None yet. The first upload makes one.")]
      : libraries.map((library) =>
          el(
            "div",
            {},
            el("h3", {}, library.name),
            el("p", { class: "quiet" }, `${library.asset_count} photos and videos`),
            libraryDetails(library),
          ),
        );
  });
}

export function sharedSection() {
  return section("Shared with you", async (change) => {
    const libraries = await listLibraries(false);
    const leave = async (library) => {
      if (!(await confirmed(`You will no longer see “${library.name}”.`, "Leave"))) return false;
      await api("POST", `/api/libraries/${library.id}/leave`);
      return true;
    };
    const items = libraries.map((library) =>
      row(
        library.name,
        [`of ${library.owner.display_name ?? "somebody else"}; you are a ${library.role}`],
        change("Leave", () => leave(library), "danger"),
      ),
    );
    return [rows(items, "Nothing. An invitation link adds a library here.")];
  });
}
