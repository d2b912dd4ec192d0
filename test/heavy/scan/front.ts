/**
 * A door in front of the app that shows the scanner's credentials with each request, and keeps it from what would end its
 * session: Debian's wapiti cannot leave addresses out by itself (its patterns do not run on its Python).
 */
import { createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'

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
        answer.writeHead(given.statusCode ?? 502, given.headers)
        given.pipe(answer)
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
