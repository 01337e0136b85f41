// The interface of the container beside CloudKit's, which the key of this page opens.

const key = document.querySelector('meta[name="console-key"]').content;

/** The container has answered with a refusal, or does not answer. */
export class Refusal extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function ask(method, path, body) {
  let reply;
  try {
    reply = await fetch(`/admin/${path}`, { method, body, headers: { authorization: `Bearer ${key}` } });
  } catch {
    throw new Refusal("The container does not answer.", 0);
  }
  if (reply.ok) return reply;
  const answer = await reply.json().catch(() => ({}));
  throw new Refusal(answer.error ?? `The container answers ${reply.status}.`, reply.status);
}

/** A path with parameters; those without a value are left out. */
export function withParameters(path, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const query = new URLSearchParams(given).toString();
  return query ? `${path}?${query}` : path;
}

export async function get(path, parameters = {}) {
  return (await ask("GET", withParameters(path, parameters))).json();
}

export async function getBlob(path, parameters = {}) {
  return (await ask("GET", withParameters(path, parameters))).blob();
}

export async function post(path, body) {
  return (await ask("POST", path, body)).json();
}
