/**
 * A door in front of the app that shows the scanner's credentials with each request, and keeps it from what would end its
 * session: Debian's wapiti cannot leave addresses out by itself (its patterns do not run on its Python).
 *
 * What is different in each answer by itself (the request's id, when it was answered) is made the same: a scanner that compares
 * answers took 1,115 refusals for a yes and a no, because no two were alike.
 */
import { createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'

const REQUEST_ID = /"requestId":"[^"]*"/g

export async function startFront(
  url: string,
  { headers, closed }: { readonly headers: Readonly<Record<string, string>>; readonly closed: RegExp },
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { hostname, port } = new URL(url)
  const server = createServer((asked, answer) => {
    if (closed.test(asked.url ?? '')) {
      asked.resume()
      answer.writeHead(404).end()
      return
    }
    const own = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    )
    const passed = send(
      {
        host: hostname === 'localhost' ? '127.0.0.1' : hostname,
        port,
        method: asked.method,
        path: asked.url,
        headers: { ...asked.headers, ...own },
      },
      (given) => {
        if (
          !/json/.test(given.headers['content-type'] ?? '') ||
          given.headers['content-encoding'] !== undefined
        ) {
          answer.writeHead(given.statusCode ?? 502, given.headers)
          given.pipe(answer)
          return
        }
        let text = ''
        given.setEncoding('utf8')
        given.on('data', (more: string) => (text += more))
        given.on('error', () => answer.destroy())
        given.on('end', () => {
          const { 'transfer-encoding': _chunked, ...kept } = given.headers
          const body = Buffer.from(text.replaceAll(REQUEST_ID, '"requestId":""'))
          const steady = { ...kept, 'x-request-id': '', date: '', 'content-length': body.length }
          answer.writeHead(given.statusCode ?? 502, steady)
          answer.end(body)
        })
      },
    )
    passed.on('error', () => answer.destroy())
    asked.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
