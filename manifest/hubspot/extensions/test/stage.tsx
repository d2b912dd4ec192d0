/** Pages as they run inside HubSpot, with whatever stands in for Holdfast. */
import { hubspot, type HubSpotFetchOptions } from '@hubspot/ui-extensions'
import { createRenderer } from '@hubspot/ui-extensions/testing'
import { onTestFinished } from 'vitest'
import { PUBLIC_URL } from '../place.ts'
import { outline } from './outline.ts'

export interface Asked {
  readonly method: string
  /** Beneath the public address, with its query. */
  readonly path: string
  readonly body: unknown
}

export type Answering = (asked: Asked) => Response | Promise<Response>

export const json = (value: unknown, status = 200): Response => Response.json(value, { status })
/** As the server refuses. */
export const problem = (status: number, detail: string): Response => json({ status, detail }, status)

/** @returns what was asked so far, the first first */
export function answerWith(answer: Answering): readonly Asked[] {
  const all: Asked[] = []
  const before = hubspot.fetch
  hubspot.fetch = async (address: string | URL, options: HubSpotFetchOptions = {}) => {
    const url = String(address)
    if (!url.startsWith(`${PUBLIC_URL}/`)) throw new Error(`HubSpot would not let ${url} be asked.`)
    const asked = { method: options.method ?? 'GET', path: url.slice(PUBLIC_URL.length), body: options.body }
    all.push(asked)
    return answer(asked)
  }
  onTestFinished(() => {
    hubspot.fetch = before
  })
  return all
}

/** An answer that comes when it is let. */
export function held(): { readonly answer: Promise<Response>; readonly give: (response: Response) => void } {
  let give = (_response: Response): void => undefined
  const answer = new Promise<Response>((resolve) => {
    give = resolve
  })
  return { answer, give }
}

/**
 * @example
 * const { at, see } = stage('crm.record.tab')
 * at.render(<RecordCardView …/>)
 * await see('41 %')
 */
export function stage<Place extends Parameters<typeof createRenderer>[0]>(place: Place) {
  const at = createRenderer(place)
  const now = (): string => outline(at.getRootNode())
  /** Waits until the words are there, and gives all of them. */
  const see = async (words: string, timeoutInMs = 3000): Promise<string> => {
    await at.waitFor(
      () => {
        if (!now().includes(words)) throw new Error(`"${words}" is not in:\n${now()}`)
      },
      { timeoutInMs },
    )
    return now()
  }
  return { at, now, see }
}
