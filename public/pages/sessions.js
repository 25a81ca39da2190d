// The devices on which the user is signed in.
import { api } from "./api.js";
import { confirmed, formatDate } from "./dom.js";
import { row, rows, section } from "./section.js";

/** The browser or app of a User-Agent, as far as one can tell. */
function nameOf(label) {
  const browsers = [
    [/Edg\//, "Edge"],
    [/Firefox\//, "Firefox"],
    [/Chrom(e|ium)\//, "Chrome"],
    [/Safari\//, "Safari"],
  ];
  const systems = [
    [/iPhone|iPad/, "iOS"],
    [/Android/, "Android"],
    [/Mac OS/, "macOS"],
    [/Windows/, "Windows"],
    [/Linux/, "Linux"],
  ];
  const find = (names) => names.find(([pattern]) => pattern.test(label))?.[1];
  const browser = label.startsWith("Mozilla/") ? find(browsers) : undefined;
  if (browser === undefined) return label === "" ? "Unknown app" : label;
  const system = find(systems);
  return system === undefined ? browser : `${browser} on ${system}`;
}

async function endOthers() {
  if (!(await confirmed("Every other device and app will be signed out.", "Sign them out"))) return false;
  await api("DELETE", "/api/sessions");
  return true;
}

export function sessionsSection() {
  return section("Where you are signed in", async (change) => {
    const { data } = await api("GET", "/api/sessions");
    const items = data.map((each) =>
      row(
        nameOf(each.label),
        [
          each.is_current ? "this page" : null,
          `since ${formatDate(each.created_at)}, used ${formatDate(each.last_used_at)}`,
        ],
        each.is_current ? null : change("End", () => api("DELETE", `/api/sessions/${each.id}`)),
      ),
    );
    return [rows(items, "Nowhere."), data.length > 1 ? change("End all others", endOthers, "danger") : null];
  });
}
