/** Invites users to libraries through the API. */
import { call } from "./api.ts";

export interface InvitationBody {
  id: string;
  library_id: string;
  role: string;
  state: string;
  max_joiners: number;
  joiner_count: number;
  remaining_places: number;
  expires_at: string;
  disabled_at: string | null;
  created_by: { id: string; display_name: string | null };
}

export interface InvitationFields {
  role?: "collaborator" | "viewer";
  max_joiners?: number;
  expires_at?: string;
}

/** The id and the secret of an invitation's link. */
export interface Link {
  id: string;
  secret: string;
}

export function parseLink(url: string): Link {
  const [id = "", secret = ""] = new URL(url).hash.slice(1).split(".");
  return { id, secret };
}

/** Sends the request to create an invitation. */
export async function requestInvitation(
  token: string,
  libraryId: string,
  fields: InvitationFields = {},
): Promise<Response> {
  const json = {
    library_id: libraryId,
    role: "viewer",
    max_joiners: 5,
    expires_at: "2100-01-01T00:00:00Z",
    ...fields,
  };
  return await call("POST", "/api/libraries/invitations", { token, json });
}

export async function invite(token: string, libraryId: string, fields: InvitationFields = {}): Promise<Link> {
  const response = await requestInvitation(token, libraryId, fields);
  if (response.status !== 201) throw new Error(`no invitation: ${response.status} ${await response.text()}`);
  return parseLink((await response.json<{ url: string }>()).url);
}

export async function join(token: string, { id, secret }: Link): Promise<Response> {
  return await call("POST", `/api/libraries/invitations/${id}/join`, { token, json: { secret } });
}

export async function preview(token: string, { id, secret }: Link): Promise<Response> {
  return await call("POST", `/api/libraries/invitations/${id}/preview`, { token, json: { secret } });
}
