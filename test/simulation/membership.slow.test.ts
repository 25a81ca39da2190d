/**
 * Random joins, leaves, removals and role changes under storage faults. Every request is repeated until it is answered,
 * as a client would; a model that follows the answers must describe the same memberships as the database.
 */
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { sqlAll } from "../support/clients/account.ts";
import { call } from "../support/clients/api.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { findInconsistencies } from "../support/rows/consistency.ts";
import { signIn } from "../support/clients/sessions.ts";
import { parseLink, type Link } from "../support/clients/sharing.ts";
import { insertTenant, insertUser } from "../support/clients/tenants.ts";
import { createRandomSource, type RandomSource } from "./client.ts";

const USERS = 6;
const MAX_TRIES = 50;

interface ModelMember {
  role: string;
  state: "active" | "left" | "removed";
}

interface ModelInvitation extends Link {
  role: string;
  maxJoiners: number;
  joiners: Set<string>;
  isDisabled: boolean;
  /** Users who were removed since the invitation was made. */
  barred: Set<string>;
}

interface User {
  id: string;
  token: string;
}

/** What the acknowledged requests amount to. */
class Model {
  readonly members = new Map<string, ModelMember>();
  readonly invitations: ModelInvitation[] = [];

  join(userId: string, invitation: ModelInvitation): number {
    const member = this.members.get(userId);
    if (member?.state === "active") return 200;
    const isFull = invitation.joiners.size >= invitation.maxJoiners;
    if (invitation.isDisabled || isFull || invitation.barred.has(userId)) return 409;
    invitation.joiners.add(userId);
    this.members.set(userId, { role: invitation.role, state: "active" });
    return 200;
  }

  leave(userId: string): number {
    const member = this.members.get(userId);
    if (member === undefined) return 404;
    if (member.state === "active") member.state = "left";
    return 200;
  }

  remove(userId: string): number {
    const member = this.members.get(userId);
    if (member === undefined) return 404;
    if (member.state !== "removed") for (const { barred } of this.invitations) barred.add(userId);
    member.state = "removed";
    return 200;
  }

  setRole(userId: string, role: string): number {
    const member = this.members.get(userId);
    if (member === undefined) return 404;
    if (member.state !== "active") return 409;
    member.role = role;
    return 200;
  }
}

class Simulation {
  readonly model = new Model();
  readonly statuses = new Map<string, number>();
  private readonly owner: User;
  private readonly libraryId: string;
  private readonly users: User[];
  private readonly random: RandomSource;
  private readonly callsPerFault: number;

  constructor(owner: User, libraryId: string, users: User[], options: { seed: number; callsPerFault: number }) {
    this.owner = owner;
    this.libraryId = libraryId;
    this.users = users;
    this.random = createRandomSource(options.seed);
    this.callsPerFault = options.callsPerFault;
  }

  private pick<T>(items: readonly T[]): T {
    const item = items[this.random.nextInt(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  private bindings(): Partial<Cloudflare.Env> {
    const fail = (): void => {
      if (this.callsPerFault > 0 && this.random.nextInt(this.callsPerFault) === 0)
        throw new Error("D1_ERROR: network connection lost");
    };
    return { DB: countingD1(env.DB, { beforeBatch: fail, afterBatch: fail }).binding };
  }

  /** Repeats a request until it is answered without a 5xx. */
  private async send(user: User, method: string, path: string, json?: unknown): Promise<Response> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const options = { token: user.token, env: this.bindings() };
      const response = await call(method, path, json === undefined ? options : { ...options, json });
      if (response.status < 500) return response;
      await response.arrayBuffer();
    }
    throw new Error(`${method} ${path} was never answered`);
  }

  private async expectStatus(name: string, response: Response, expected: number): Promise<void> {
    const text = await response.text();
    expect(response.status, `${name}: ${text}`).toBe(expected);
    const key = `${name} ${expected}`;
    this.statuses.set(key, (this.statuses.get(key) ?? 0) + 1);
  }

  private async invite(): Promise<void> {
    const role = this.pick(["viewer", "collaborator"]);
    const maxJoiners = 1 + this.random.nextInt(3);
    // Another expiry makes another policy; the millisecond tells it from a removal just before.
    await new Promise((resolve) => setTimeout(resolve, 2));
    const expires = new Date(Date.UTC(2100, 0, 1) + this.model.invitations.length * 1000).toISOString();
    const json = { library_id: this.libraryId, role, max_joiners: maxJoiners, expires_at: expires };
    const response = await this.send(this.owner, "POST", "/api/libraries/invitations", json);
    expect([200, 201]).toContain(response.status);
    const link = parseLink((await response.json<{ url: string }>()).url);
    const invitation = {
      ...link,
      role,
      maxJoiners,
      joiners: new Set<string>(),
      isDisabled: false,
      barred: new Set<string>(),
    };
    this.model.invitations.push(invitation);
    // A removal in the same millisecond as an invitation would bar it too.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }

  private async join(): Promise<void> {
    const [user, invitation] = [this.pick(this.users), this.pick(this.model.invitations)];
    const { id, secret } = invitation;
    const response = await this.send(user, "POST", `/api/libraries/invitations/${id}/join`, { secret });
    await this.expectStatus("join", response, this.model.join(user.id, invitation));
  }

  private async disable(): Promise<void> {
    const invitation = this.pick(this.model.invitations);
    invitation.isDisabled = true;
    const path = `/api/libraries/invitations/${invitation.id}/disable`;
    await this.expectStatus("disable", await this.send(this.owner, "POST", path), 200);
  }

  private async leave(): Promise<void> {
    const user = this.pick(this.users);
    const response = await this.send(user, "POST", `/api/libraries/${this.libraryId}/leave`);
    await this.expectStatus("leave", response, this.model.leave(user.id));
  }

  private async remove(): Promise<void> {
    const { id } = this.pick(this.users);
    const response = await this.send(this.owner, "DELETE", `/api/libraries/${this.libraryId}/members/${id}`);
    await this.expectStatus("remove", response, this.model.remove(id));
  }

  private async setRole(): Promise<void> {
    const [{ id }, role] = [this.pick(this.users), this.pick(["viewer", "collaborator"])];
    const path = `/api/libraries/${this.libraryId}/members/${id}`;
    await this.expectStatus(
      "set role",
      await this.send(this.owner, "PATCH", path, { role }),
      this.model.setRole(id, role),
    );
  }

  /** The role decides the next request: a read, and a change that changes nothing. */
  async expectAccess(): Promise<void> {
    for (const { id, token } of this.users) {
      const member = this.model.members.get(id);
      const role = member?.state === "active" ? member.role : null;
      const read = await call("GET", `/api/albums?library_id=${this.libraryId}`, { token });
      expect(read.status, `read as ${role}`).toBe(role === null ? 404 : 200);
      const path = `/api/assets/trash?library_id=${this.libraryId}`;
      const write = await call("POST", path, { token, json: { ids: ["asset_2222222222222222222222"] } });
      const expected = role === null ? 404 : role === "viewer" ? 403 : 200;
      expect(write.status, `write as ${role}`).toBe(expected);
    }
  }

  async step(): Promise<void> {
    if (this.model.invitations.length === 0) return await this.invite();
    const actions = [
      async () => await this.join(),
      async () => await this.join(),
      async () => await this.join(),
      async () => await this.leave(),
      async () => await this.remove(),
      async () => await this.setRole(),
      async () => await this.invite(),
      async () => await (this.random.nextInt(3) === 0 ? this.disable() : this.join()),
    ];
    await this.pick(actions)();
  }

  async expectSameState(): Promise<void> {
    const rows = await sqlAll(
      "SELECT user_id, role, state FROM library_members WHERE library_id = ? AND role <> 'owner'",
      this.libraryId,
    );
    const stored = rows.map(({ user_id, role, state }) => [user_id, role, state].join(" ")).toSorted();
    const expected = [...this.model.members].map(([id, { role, state }]) => `${id} ${role} ${state}`).toSorted();
    expect(stored).toEqual(expected);
    const invitations = await sqlAll(
      "SELECT id, joiner_count, disabled_at IS NOT NULL AS disabled FROM library_invitations WHERE library_id = ?",
      this.libraryId,
    );
    const counts = invitations
      .map(({ id, joiner_count, disabled }) => [id, joiner_count, disabled].join(" "))
      .toSorted();
    const modelled = this.model.invitations.map((each) => `${each.id} ${each.joiners.size} ${Number(each.isDisabled)}`);
    expect(counts).toEqual(modelled.toSorted());
    expect(await findInconsistencies()).toEqual({});
  }
}

async function createSimulation(options: { seed: number; callsPerFault: number }): Promise<Simulation> {
  const { userId, libraryId } = await insertTenant();
  const toUser = async (id: string): Promise<User> => ({ id, token: (await signIn(id)).token });
  const users = await Promise.all(Array.from({ length: USERS }, async () => await toUser(await insertUser())));
  return new Simulation(await toUser(userId), libraryId, users, options);
}

it.each([
  { seed: 1, callsPerFault: 0 },
  { seed: 2, callsPerFault: 8 },
  { seed: 3, callsPerFault: 5 },
])(
  "memberships are those of the acknowledged requests: %o",
  async (options) => {
    const simulation = await createSimulation(options);
    for (let step = 0; step < 150; step++) {
      await simulation.step();
      if (step % 30 === 29) await simulation.expectAccess();
    }
    await simulation.expectSameState();
    const seen = [...simulation.statuses.keys()];
    for (const each of ["join 200", "join 409", "leave 200", "remove 200", "set role 200", "set role 409"])
      expect(seen, JSON.stringify([...simulation.statuses])).toContain(each);
  },
  120_000,
);
