/** Pages of a source, fetched while the one before is stored. */
import type { ChangePage } from '../../connectors/connector.ts'

export interface PageAhead {
  readonly page: ChangePage
  /** No page follows. */
  readonly last: boolean
}

/**
 * Yields each page with whether it is the last. A page that came is yielded, and so stored, before an error of the one
 * after it is thrown.
 *
 * @example
 * for await (const { page, last } of pagesAhead(connector.changes(cursor))) …
 */
export async function* pagesAhead(pages: AsyncIterable<ChangePage>): AsyncGenerator<PageAhead> {
  const iterator = pages[Symbol.asyncIterator]()
  try {
    let current = await fetched(iterator)
    let following = ended(current) ? Promise.resolve(current) : fetched(iterator)
    for (;;) {
      if ('error' in current) throw current.error
      if (current.page === null) return
      const next = await following
      // The page after the next is on its way while this one is stored.
      following = ended(next) ? Promise.resolve(next) : fetched(iterator)
      yield { page: current.page, last: 'page' in next && next.page === null }
      current = next
    }
  } finally {
    await iterator.return?.()
  }
}

type Fetched = { readonly page: ChangePage | null } | { readonly error: unknown }

const ended = (fetched: Fetched): boolean => 'error' in fetched || fetched.page === null

async function fetched(iterator: AsyncIterator<ChangePage>): Promise<Fetched> {
  try {
    const { value, done } = await iterator.next()
    return { page: done === true ? null : (value as ChangePage) }
  } catch (error) {
    return { error }
  }
}
