/**
 * Tell: somebody hears of what happened. What is to be told is written in the transaction in which it happens, once for
 * each receiver; telling.ts carries it out, and tries again where a server is away.
 */
import type { CustomerId } from '../contracts/ids.ts'
import type { ToldKind } from '../settings/alerts.ts'
import type { Transaction } from '../store/database.ts'
import { listWebhooks } from '../store/outgoing-webhooks.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { addTold, type NewTold, type ToldLevel } from '../store/told.ts'

export interface Telling {
  readonly kind: ToldKind
  readonly level: ToldLevel
  /** One line. Names nobody: some chats show it to many. */
  readonly subject: string
  /** Plain text: what happened, and what to do. */
  readonly text: string
  /** The same where customers are not to be named; absent: nobody is named in `text`. */
  readonly unnamed?: string
  /** For programs that listen by a signed webhook: ids, never names. */
  readonly data?: Readonly<Record<string, unknown>>
  /** The same event has the same one, however often it is told. */
  readonly dedupKey: string
  /** By e-mail as well, whatever the settings say of the kind. */
  readonly to?: readonly { readonly name: string | null; readonly address: string }[]
  /** Only those of `to`. */
  readonly onlyTo?: boolean
  /** Only this webhook. */
  readonly webhook?: string
  /** The customer that it is about: forgotten with it. */
  readonly customer?: CustomerId
  /** What it is about happened in the sandbox: e-mails of it reach the sandbox inbox alone. */
  readonly rehearsal?: boolean
}

/**
 * @param tx of the tenant, in which it happens
 * @returns how many receivers will hear of it that did not know yet
 * @example
 * await tell(tx, {
 *   kind: 'offers.codes', level: 'warning', dedupKey: 'codes spring 2026-11-21',
 *   subject: 'The pool "spring" has no code left', text: 'Offers of 10 % wait until you import more.',
 * })
 */
export async function tell(tx: Transaction, telling: Telling): Promise<number> {
  const {
    kind,
    level,
    dedupKey,
    to = [],
    onlyTo = false,
    webhook: only,
    data = {},
    rehearsal = false,
  } = telling
  const {
    settings: { alerts },
  } = await currentSettings(tx)
  const words = {
    kind,
    level,
    subject: oneLine(telling.subject),
    body: alerts.names ? telling.text : (telling.unnamed ?? telling.text),
    data,
    dedupKey,
    rehearsal,
    customer: telling.customer ?? null,
  }
  const standing = only === undefined && !onlyTo && alerts.email.kinds.includes(kind) ? alerts.email.to : []
  const people = new Map<string, string | null>()
  for (const address of standing) people.set(address.toLowerCase(), null)
  for (const { name, address } of to) people.set(address.toLowerCase(), name)
  const webhooks = onlyTo ? [] : await listWebhooks(tx)
  const all: NewTold[] = [
    ...[...people].map(([target, targetName]) => ({ ...words, via: 'email' as const, target, targetName })),
    ...webhooks
      .filter(({ id, kinds, status }) =>
        only === undefined ? status === 'active' && kinds.includes(kind) : id === only,
      )
      .map(({ id, name }) => ({ ...words, via: 'webhook' as const, target: id, targetName: name })),
  ]
  return addTold(tx, all)
}

/** What comes from elsewhere breaks no line of a header. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029\s]+/gu, ' ')
    .trim()
    .slice(0, 200)
}
