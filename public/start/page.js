// Fills in this service's address, and shows whether it is healthy and which version runs.
const { origin } = globalThis.location;
const byId = (id) => globalThis.document.getElementById(id);

byId("upload").textContent = `curl ${origin}/api/assets \\
  -H "Authorization: Bearer $KEY" \\
  -F device_asset_id=my-photo -F device_id=my-laptop \\
  -F file_created_at=2026-01-31T12:00:00Z \\
  -F file_modified_at=2026-01-31T12:00:00Z \\
  -F asset_data=@photo.jpg`;
byId("list").textContent = `curl "${origin}/api/assets?include=metadata&limit=5" \\
  -H "Authorization: Bearer $KEY"`;

async function showHealth() {
  const [health, version] = await Promise.all(
    ["health", "version"].map(async (name) => (await fetch(`/api/server/${name}`)).json()),
  );
  const parts = ["database", "storage"].filter((part) => health[part] !== "ok");
  const commit = version.commit ? `, commit ${version.commit.slice(0, 7)}` : "";
  const state = parts.length === 0 ? "The service is healthy" : `Not healthy: ${parts.join(" and ")} failed`;
  byId("health").textContent = `${state}. Version ${version.version}${commit}.`;
  byId("health").dataset.state = health.status;
}

showHealth().catch(() => {
  byId("health").textContent = "Not healthy: the API does not answer.";
  byId("health").dataset.state = "failed";
});
