/** What an app's server does with OpenAI's client: the address and the key come from the environment, as always. */

import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
const { sessions, threads } = client.beta.chatkit;
const [step, ...words] = process.argv.slice(2);

async function all(pages) {
  const found = [];
  for await (const each of pages) found.push(each);
  return found;
}

const steps = {
  create: (user, options) => sessions.create({ user, workflow: { id: "echo" }, ...JSON.parse(options ?? "{}") }),
  cancel: (id) => sessions.cancel(id),
  read: async (user) => {
    const listed = await all(threads.list({ user, limit: 1, order: "asc" }));
    const items = await all(threads.listItems(listed[0].id, { limit: 1, order: "asc" }));
    const first = await threads.retrieve(listed[0].id);
    return { listed, items, first, deleted: await threads.delete(first.id) };
  },
};

try {
  console.log(JSON.stringify(await steps[step](...words)));
} catch (error) {
  if (!(error instanceof OpenAI.APIError)) throw error;
  const { name, status, code, param, type } = error;
  console.log(JSON.stringify({ error: { class: error.constructor.name, name, status, code, param, type } }));
}
