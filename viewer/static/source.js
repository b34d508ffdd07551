// Where posts and results come from, and where queries go: the server.

export class SourceError extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }

  /** Whether the same request may succeed later. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status === 507 || this.status >= 500;
  }
}

/** Fetch JSON. Raises SourceError with a sentence for people. */
export async function fetchJson(address, options = {}) {
  let response;
  try {
    response = await fetch(address, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new SourceError("The viewer does not answer: is it still running?");
  }
  const body = await response.json().catch(() => null);
  if (response.ok) return body;
  if (response.status === 401) location.assign("enter");
  const reason = typeof body?.detail === "string" ? body.detail : `the answer was ${response.status}`;
  throw new SourceError(reason, response.status);
}

function send(address, body) {
  return fetchJson(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Viewer-Request": "1" },
    body: JSON.stringify(body),
  });
}

export class ServerSource {
  words = {
    kept: "kept",
    keeping: null,
    rights: "You can see, save and withdraw everything you gave, here, at any time. A withdrawn query is deleted but for its date and number, and counts for nothing from the next evaluation on.",
    withdrawAll: "All queries that you gave will count for nothing. This cannot be undone.",
    leave: "What you gave stays unless you withdraw it first. This browser forgets your pseudonym, so that afterwards nothing can be withdrawn any more.",
  };

  #posts = new Map();

  queue() {
    return fetchJson("api/queue");
  }

  post(id) {
    if (!this.#posts.has(id)) {
      const asked = fetchJson(`api/posts/${encodeURIComponent(id)}`);
      this.#posts.set(id, asked);
      asked.catch(() => this.#posts.delete(id));
      if (this.#posts.size > 50) this.#posts.delete(this.#posts.keys().next().value);
    }
    return this.#posts.get(id);
  }

  search(query, filters, { k = 10, signal } = {}) {
    const wanted = new URLSearchParams({ query, k });
    for (const [name, value] of Object.entries(filters)) if (value) wanted.set(name, value);
    return fetchJson(`api/search?${wanted}`, { signal });
  }

  /** Where posts match a query, by id. */
  async snippets(query, ids, signal) {
    const wanted = new URLSearchParams({ query });
    for (const id of ids) wanted.append("tiktok_id", id);
    return (await fetchJson(`api/snippets?${wanted}`, { signal })).snippets;
  }

  explain(query, id) {
    return fetchJson(`api/explain?${new URLSearchParams({ query, tiktok_id: id })}`);
  }

  submit(submission) {
    return send("api/queries", submission);
  }

  withdraw(queryId, ownerKey) {
    return send("api/queries/withdraw", { query_id: queryId, owner_key: ownerKey });
  }

  given(ownerKey) {
    return send("api/mine", { owner_key: ownerKey });
  }

  withdrawAll(ownerKey) {
    return send("api/mine/withdraw", { owner_key: ownerKey });
  }

  /** Nothing changes for the server when a browser forgets who it is. */
  async leave() {}
}
