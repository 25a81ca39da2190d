/** Changes of memberships and invitations, each run against a freshly seeded library of the root owner. */
import { call, ROOT_API_KEY } from "../support/clients/api.ts";
import { signIn } from "../support/clients/sessions.ts";
import { invite, type Link } from "../support/clients/sharing.ts";
import { insertMember, insertUser } from "../support/clients/tenants.ts";
import type { Action, Bindings, TestLibrary } from "./actions.ts";

interface Guest {
  userId: string;
  token: string;
  link: Link;
}

/** The user whose membership an action changes. */
const guests = new WeakMap<TestLibrary, Guest>();

async function addGuest(library: TestLibrary): Promise<Guest> {
  const userId = await insertUser();
  const { token } = await signIn(userId);
  const guest = { userId, token, link: await invite(ROOT_API_KEY, library.libraryId) };
  library.idLabels.set(userId, "guest");
  guests.set(library, guest);
  return guest;
}

async function addMember(library: TestLibrary): Promise<void> {
  const { userId } = await addGuest(library);
  await insertMember(library.libraryId, userId);
}

type Call = [method: string, path: string, token: string, json?: unknown];

/** Throws on a 5xx, which a client would retry. */
function request(describe: (library: TestLibrary, guest: Guest) => Call): Action["run"] {
  return async (library: TestLibrary, bindings: Bindings) => {
    const guest = guests.get(library) ?? (await addGuest(library));
    const [method, path, token, json] = describe(library, guest);
    const response = await call(method, path, { token, env: bindings, ...(json === undefined ? {} : { json }) });
    if (response.status >= 500) throw new Error(`${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  };
}

const memberPath = ({ libraryId }: TestLibrary, { userId }: Guest): string =>
  `/api/libraries/${libraryId}/members/${userId}`;

export const memberActions: Action[] = [
  {
    name: "invite to a library",
    setUp: addGuest,
    run: request(({ libraryId }) => [
      "POST",
      "/api/libraries/invitations",
      ROOT_API_KEY,
      { library_id: libraryId, role: "collaborator", max_joiners: 1, expires_at: "2100-01-01T00:00:00Z" },
    ]),
  },
  {
    name: "disable an invitation",
    setUp: addGuest,
    run: request((_, { link }) => ["POST", `/api/libraries/invitations/${link.id}/disable`, ROOT_API_KEY]),
  },
  {
    name: "join a library",
    setUp: addGuest,
    run: request((_, { link, token }) => [
      "POST",
      `/api/libraries/invitations/${link.id}/join`,
      token,
      { secret: link.secret },
    ]),
  },
  {
    name: "leave a library",
    setUp: addMember,
    run: request(({ libraryId }, { token }) => ["POST", `/api/libraries/${libraryId}/leave`, token]),
  },
  {
    name: "remove a member",
    setUp: addMember,
    run: request((library, guest) => ["DELETE", memberPath(library, guest), ROOT_API_KEY]),
  },
  {
    name: "change the role of a member",
    setUp: addMember,
    run: request((library, guest) => ["PATCH", memberPath(library, guest), ROOT_API_KEY, { role: "collaborator" }]),
  },
];
