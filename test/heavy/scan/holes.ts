/** A server with holes on purpose: a scanner that finds nothing in it would find nothing anywhere. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Database } from '../../../src/store/database.ts'

/** One address believes what it is given in the middle of a statement, and shows it as it came. */
export async function startHoles(
  database: Database,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://holes')
    const name = url.searchParams.get('name')
    response.setHeader('Content-Type', 'text/html')
    if (name === null) {
      response.end('<a href="/?name=admin">all</a>')
      return
    }
    database
      .asSystem('a hole', (tx) => tx.query(`select name from tenants where name = '${name}'`))
      .then(
        (rows) => response.end(`<p>${rows.length} for ${name}</p>`),
        (error: Error) => {
          response.statusCode = 500
          response.end(`PostgreSQL query failed: ERROR: ${error.message}`)
        },
      )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
