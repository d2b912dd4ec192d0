/** A file as the body of a request, told how far it is: `fetch` cannot tell that of what it sends. */
import type { Problem } from '../../server/problem.ts'
import { csrfToken } from './csrf.ts'
import { Refusal, UNREACHABLE, UNREADABLE } from './request.ts'

export interface Upload {
  readonly path: string
  readonly file: Blob
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** @param share of the file that is sent, 0 to 1 */
  onProgress(share: number): void
}

/**
 * @throws Refusal as `ask`; the signal's reason when it was broken off
 * @example
 * const { id } = await upload<TrainingFileAnswer>({ path: '/v1/training/files', file, signal, onProgress })
 */
export function upload<T>({ path, file, headers = {}, signal, onProgress }: Upload): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', path)
    request.setRequestHeader('Accept', 'application/json')
    for (const [name, value] of Object.entries({ ...csrfToken(), ...headers }))
      request.setRequestHeader(name, value)
    request.upload.addEventListener('progress', ({ loaded, total, lengthComputable }) => {
      if (lengthComputable) onProgress(loaded / total)
    })
    request.addEventListener('load', () => {
      const answer = parsed(request.responseText)
      if (answer === undefined) reject(new Refusal({ ...UNREADABLE, status: request.status }))
      else if (request.status < 400) resolve(answer as T)
      else reject(new Refusal(answer as Problem))
    })
    request.addEventListener('error', () => reject(new Refusal(UNREACHABLE)))
    request.addEventListener('abort', () => reject(signal.reason as Error))
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(file)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
