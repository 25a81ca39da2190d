/** The Worker entry point: fetch, queue and scheduled handlers. */
import { createApp } from "./app.ts";
import { handleQueue } from "./jobs/queue.ts";
import { handleSchedule } from "./jobs/schedule.ts";

const app = createApp();

export default {
  fetch: (request, env, execution) => app.fetch(request, env, execution),
  queue: handleQueue,
  scheduled: handleSchedule,
} satisfies ExportedHandler<Cloudflare.Env>;
