/**
 * The Webhooks Journal of HubSpot as it is read: which files there are behind an offset, and what they say.
 *
 * Files lie elsewhere, under addresses that are signed and good for a short while: they are fetched without our token.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/journal-entries/guide
 */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { broken, endOf } from '../network.ts'
import type { HubSpotClient } from './client.ts'
import { failureOf } from './errors.ts'
import { parseJournal, type JournalPage } from './journal-parse.ts'
import { JOURNAL_VERSION } from './version.ts'

/** The variant that is about one account. */
const PATH = `/webhooks-journal/journal-local/${JOURNAL_VERSION}`
/** "query for changes that occurred for your subscriptions over the past 3 days" */
export const JOURNAL_KEPT_MS = 3 * 86_400_000
/** Files that are asked for at once; their addresses are used up well before they run out. */
const FILES = 20
const FILE_TIMEOUT_MS = 30_000
const LARGEST_FILE = 50_000_000

const ref = z.object({ url: z.url(), currentOffset: z.string().min(1) })
export type JournalRef = z.infer<typeof ref>
/** Nothing is said by an empty answer. */
const single = ref.optional()
const batch = z.object({ results: z.array(ref) }).optional()

export interface Journal {
  /** Null: it holds nothing yet. */
  latest(signal: AbortSignal): Promise<JournalRef | null>
  /**
   * Oldest first, as many as are taken at once.
   *
   * @param offset null: from the earliest one that there is
   * @returns `gone` when there is no entry of that offset any more
   */
  after(offset: string | null, signal: AbortSignal): Promise<readonly JournalRef[] | 'gone'>
  /**
   * @throws HoldfastError `connector_unavailable`, retryable when it may be had under another address; not retryable for what
   *   is no file of the journal
   */
  read(ref: JournalRef, signal: AbortSignal): Promise<JournalPage>
}

/**
 * @param client with the token of the app
 * @example
 * const journal = openJournal({ client, portal: '4711', baseUrl: HUBSPOT_API })
 * const refs = await journal.after(null, signal)
 */
export function openJournal({
  client,
  portal,
  baseUrl,
}: {
  readonly client: HubSpotClient
  readonly portal: string
  readonly baseUrl: string
}): Journal {
  const query = { installPortalId: portal }
  const get = async <T>(path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> =>
    (await client.call({ method: 'GET', path: `${PATH}/${path}`, query, schema, signal })).body
  return {
    latest: async (signal) => (await get('latest', single, signal)) ?? null,
    async after(offset, signal) {
      const path =
        offset === null ? `batch/earliest/${FILES}` : `batch/${encodeURIComponent(offset)}/next/${FILES}`
      try {
        return (await get(path, batch, signal))?.results ?? []
      } catch (error) {
        if (offset !== null && failureOf(error)?.status === 404) return 'gone'
        throw error
      }
    },
    read: async ({ url }, signal) => parseJournal(await fetchFile(url, baseUrl, signal), portal),
  }
}

async function fetchFile(url: string, baseUrl: string, signal: AbortSignal): Promise<string> {
  const { protocol, origin } = new URL(url)
  // A sandbox's are where it is itself.
  if (protocol !== 'https:' && origin !== new URL(baseUrl).origin)
    throw unfetched('its address is not one of https', undefined)
  const end = endOf(FILE_TIMEOUT_MS, signal)
  const stop = new AbortController()
  try {
    const answer = await Promise.race([fetch(url, { redirect: 'error', signal: stop.signal }), end.reached])
    if (!answer.ok) throw unfetched(`it is answered with ${answer.status}`, undefined)
    return await Promise.race([textOf(answer), end.reached])
  } catch (cause) {
    stop.abort()
    signal.throwIfAborted()
    if (cause instanceof HoldfastError) throw cause
    throw unfetched(end.isOver() ? 'it did not come in time' : broken(cause).why, cause)
  } finally {
    end.clear()
  }
}

async function textOf(answer: Response): Promise<string> {
  const decoder = new TextDecoder()
  let [text, size] = ['', 0]
  for await (const part of answer.body ?? []) {
    size += (part as Uint8Array).length
    if (size > LARGEST_FILE) throw unfetched(`it has more than ${LARGEST_FILE} bytes`, undefined)
    text += decoder.decode(part as Uint8Array, { stream: true })
  }
  return text + decoder.decode()
}

const unfetched = (why: string, cause: unknown): HoldfastError =>
  new HoldfastError(
    'connector_unavailable',
    `A file of HubSpot's journal of changes could not be fetched: ${why}. It is asked for anew.`,
    { cause, retryable: true },
  )
