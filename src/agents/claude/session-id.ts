/** Whether `id` is one that Claude gives its sessions: a UUID, so it means nothing else, neither a title nor a path. */
export function isClaudeSessionId(id: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(id)
}
