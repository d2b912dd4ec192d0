/** What was asked for before the code of the page came (`scheme.js` of src/server/assets.ts): each answer is taken once. */

declare global {
  interface Window {
    /** By path; without an answer where the server could not be reached. */
    holdfastReads?: Record<string, Promise<Response | undefined>>
  }
}

/** Milliseconds since the page was opened: what is asked later than this wants to know how things are by then. */
const FIRST_MS = 10_000

/**
 * @returns null where it was not asked for, or cannot be taken any more
 * @example
 * const response = (await takeEarly('/v1/overview')) ?? (await fetch('/v1/overview'))
 */
export async function takeEarly(path: string): Promise<Response | null> {
  const early = window.holdfastReads?.[path]
  if (early === undefined) return null
  delete window.holdfastReads![path]
  if (performance.now() > FIRST_MS) return null
  return (await early) ?? null
}
