/** Connections in words: what is connected, how it stands, who counts as a customer of it. */
import type { ConnectionAnswer, ConnectionDetail } from '../../server/api/connections.ts'
import { stepDoing, stepWord, type Tone } from './loop.ts'

const OBJECTS: Readonly<Record<string, string>> = { Account: 'accounts', Contact: 'contacts' }
/**
 * Records of a kind, as people call them; what is no kind of a CRM's is called as it is.
 *
 * @example
 * recordsWord('Account') // 'accounts'
 */
export const recordsWord = (object: string | null): string =>
  object === null ? 'records' : (OBJECTS[object] ?? object)

/** What a CRM calls the whole that is connected. */
const PLACES: Readonly<Record<ConnectionAnswer['system'], string>> = {
  HubSpot: 'account',
  Salesforce: 'org',
  File: 'file',
}

/**
 * What it is connected to.
 *
 * @example
 * whatOf(connection) // 'HubSpot account 8451236, companies'
 */
export function whatOf({ system, externalId, object, builtIn, sandbox }: ConnectionAnswer): string {
  const place = PLACES[system]
  if (system === 'File') return sandbox ? 'Sample customers in a file' : 'A file'
  const where = builtIn
    ? `${system} sandbox on this machine`
    : `${system} ${place} ${externalId ?? ''}`.trim()
  const records = object === null ? '' : `, ${recordsWord(object)}`
  return `${where}${records}${sandbox && !builtIn ? `, a test ${place}: nothing is sent` : ''}`
}

export interface Standing {
  readonly tone: Tone
  readonly word: string
  /** More of it, as a sentence; null: the word says it. */
  readonly about: string | null
}

/**
 * The one thing to know about a connection now.
 *
 * @example
 * standingOf(connection).word // 'Up to date'
 */
export function standingOf(connection: ConnectionAnswer): Standing {
  const { status, statusReason, steps, populationStated, problems, freshness, erasure } = connection
  if (status === 'disconnected')
    return {
      tone: erasure !== null && erasure.doneAt === null ? 'busy' : 'still',
      word: 'Disconnected',
      about:
        erasure === null
          ? 'Its customers and their history are kept.'
          : erasure.doneAt === null
            ? 'What was known of its customers is being erased.'
            : 'What was known of its customers was erased.',
    }
  if (status === 'paused') return { tone: 'wait', word: 'Paused', about: statusReason }
  if (status === 'needs_reconnect')
    return { tone: 'bad', word: 'Needs a new sign-in', about: problems[0]?.message ?? statusReason }
  const failed = steps.find(({ error, dueAt, running }) => error !== null && dueAt === null && !running)
  if (failed !== undefined)
    return { tone: 'bad', word: `${stepWord(failed.step)} failed`, about: failed.error?.message ?? null }
  const running = steps.find((one) => one.running)
  if (running !== undefined) return { tone: 'busy', word: stepDoing(running.step), about: null }
  if (!populationStated)
    return { tone: 'wait', word: 'Nobody said who is a customer', about: 'So nobody of it is scored.' }
  if (problems.length > 0)
    return {
      tone: 'wait',
      word: problems.length === 1 ? 'Something is in the way' : `${problems.length} things are in the way`,
      about: problems[0].message,
    }
  if (freshness.state === 'stale')
    return { tone: 'wait', word: 'Late', about: 'The last reading is longer ago than it should be.' }
  if (freshness.state === 'never') return { tone: 'busy', word: 'Not read yet', about: null }
  return { tone: 'good', word: 'Up to date', about: null }
}

type Population = NonNullable<ConnectionDetail['population']>

/**
 * @param labels of properties and values as the CRM shows them, where they are known
 * @example
 * populationWords({ kind: 'property', property: 'lifecyclestage', values: ['customer'] }) // 'lifecyclestage is customer'
 */
export function populationWords(population: Population | null, labels: readonly StageLabels[] = []): string {
  if (population === null) return 'Nobody said yet'
  if (population.kind === 'everyone') return 'Everybody in it'
  if (population.kind === 'condition') return population.condition
  const stage = labels.find(({ property }) => property === population.property)
  const values = population.values.map(
    (value) => stage?.values.find((one) => one.value === value)?.label ?? value,
  )
  return `${stage?.label ?? population.property} is ${listed(values, 'or')}`
}

interface StageLabels {
  readonly property: string
  readonly label: string
  readonly values: readonly { readonly value: string; readonly label: string }[]
}

/** @example listed(['a', 'b', 'c'], 'and') // 'a, b and c' */
export function listed(words: readonly string[], last: 'and' | 'or'): string {
  return words.length < 2
    ? (words[0] ?? '')
    : `${words.slice(0, -1).join(', ')} ${last} ${words[words.length - 1]}`
}

const SIGN_INS: Readonly<Record<string, string>> = {
  private_app: 'By the token of a private app',
  oauth: 'By consent in the browser',
  web: 'By consent in the browser',
  jwt: 'By a key',
  client_credentials: 'By a secret of the app',
}

export const signInWord = (how: string | null): string =>
  how === null ? 'None is needed' : (SIGN_INS[how] ?? how)
