/**
 * Whoever did something, as the audit log and the versions of settings name it, in words for people.
 *
 * @param actor `user:<subject>`, `key:<name>`, `crm:<what asked there, in words>`, `cli`, or a part of Holdfast
 * @example
 * actorName('user:ines') // 'ines'
 * actorName('key:billing') // 'the API key “billing”'
 */
export function actorName(actor: string): string {
  const [, kind, name] = /^(user|key|crm):(.*)$/s.exec(actor) ?? []
  if (kind === 'user' || kind === 'crm') return name
  if (kind === 'key') return `the API key “${name}”`
  return actor === 'cli' ? 'the command line' : actor
}
