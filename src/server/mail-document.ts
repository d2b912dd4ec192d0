/** HTML of a mail as a document of its own, which can be shown in a frame and can do nothing there. */
import { securityHeaders } from './headers.ts'
import type { Answer } from './route.ts'

/** Headers of a page that shows a mail in a frame. */
export const WITH_FRAME = {
  'Content-Security-Policy': `${securityHeaders(false).page['Content-Security-Policy']};frame-src 'self'`,
}

/** The frame's document: nothing of it runs, loads, links, submits, or is of our origin. */
export function mailDocument(markup: string): Answer {
  return {
    status: 200,
    html: markup,
    headers: {
      'Content-Security-Policy':
        "default-src 'none';style-src 'unsafe-inline';img-src data:;form-action 'none';base-uri 'none';frame-ancestors 'self';sandbox",
      'X-Frame-Options': 'SAMEORIGIN',
      // A sandboxed document has no origin that it could be kept by.
      'Origin-Agent-Cluster': '?0',
    },
  }
}
