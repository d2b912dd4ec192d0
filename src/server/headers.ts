/**
 * Security headers, by helmet. They depend on nothing in a request, so helmet is asked once and not thousands of times
 * a second.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import helmet from 'helmet'

export type Headers = Readonly<Record<string, string>>

export interface HeaderSets {
  /** Answers of the API: nothing in them may be run, shown in a frame or kept. */
  readonly api: Headers
  /** Pages: scripts, styles and fonts of our own, no inline ones, no frames. */
  readonly page: Headers
  /** The queue board, whose page has inline styles and a base address. */
  readonly board: Headers
}

/** Of pages. */
const page = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ["'self'"],
  'connect-src': ["'self'"],
  'form-action': ["'self'"],
  'base-uri': ["'none'"],
  'frame-ancestors': ["'none'"],
}

/**
 * The Content-Security-Policy of a page of the app: as that of any page; styles that its scripts make are let in by a word of
 * this one answer, and mails in frames that can do nothing (mail-document.ts).
 */
export function pagePolicy({ styleNonce }: { styleNonce: string }): string {
  const directives = {
    ...page,
    'style-src': [...page['style-src'], `'nonce-${styleNonce}'`],
    'frame-src': ["'self'"],
  }
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join(';')
}

/** @param https whether the world reaches us by https only: it is then told so */
export function securityHeaders(https: boolean): HeaderSets {
  return {
    api: asked(https, { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] }),
    page: asked(https, page),
    board: asked(https, { ...page, 'style-src': ["'self'", "'unsafe-inline'"], 'base-uri': ["'self'"] }),
  }
}

function asked(https: boolean, directives: Record<string, string[]>): Headers {
  const headers: Record<string, string> = { 'Cache-Control': 'no-store' }
  const ask = helmet({
    contentSecurityPolicy: { useDefaults: false, directives },
    strictTransportSecurity: https ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    // With no-referrer, the default, browsers send "Origin: null" with our own forms.
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  })
  const response = {
    setHeader: (name: string, value: string) => void (headers[name] = value),
    removeHeader: () => undefined,
  }
  ask({} as IncomingMessage, response as unknown as ServerResponse, (error?: unknown) => {
    if (error !== undefined) throw error
  })
  return headers
}
