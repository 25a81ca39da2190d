/** Three handlers that forward: fetch, queue, scheduled. */
import { createApp } from "./app.ts";
import { handleQueue } from "./jobs/queue.ts";
import { handleSchedule } from "./jobs/schedule.ts";

const app = createApp();

export default {
  fetch: (request, env, context) => app.fetch(request, env, context),
  queue: handleQueue,
  scheduled: handleSchedule,
} satisfies ExportedHandler<Cloudflare.Env>;
