/** A way between two processes that breaks when a test wants it to: what is sent through it goes on, stands, or is cut. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface Way {
  readonly host: string
  readonly port: number
  /** Cuts all that goes through it now, in both directions and wherever it stands. */
  cut(): void
  /** Refuses whoever comes, and cuts who is there, until it is opened again. */
  close(): void
  open(): void
  /** Lets nothing pass and cuts nothing, until it is let go. */
  hold(): void
  letGo(): void
  /** Whoever comes from now on is led elsewhere. */
  lead(to: { readonly host: string; readonly port: number }): void
  remove(): Promise<void>
}

/**
 * @example
 * const way = await openWay({ host: '127.0.0.1', port: inbox.port })
 * way.cut()
 */
export async function openWay(target: { readonly host: string; readonly port: number }): Promise<Way> {
  let to = target
  let closed = false
  let held = false
  const sockets = new Set<Socket>()
  const add = (socket: Socket): void => {
    sockets.add(socket)
    socket.setNoDelay(true)
    if (held) socket.pause()
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  }
  const cut = (): void => {
    // A reset, as a machine that went away gives one.
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const pass = (from: Socket, into: Socket): void => {
    from.on('data', (chunk) => {
      if (into.write(chunk)) return
      from.pause()
      into.once('drain', () => !held && from.resume())
    })
    from.on('end', () => into.end())
    from.on('close', () => into.destroy())
  }
  const server = createServer((near) => {
    if (closed) {
      near.resetAndDestroy()
      return
    }
    const far = connect({ host: to.host, port: to.port })
    for (const socket of [near, far]) add(socket)
    pass(near, far)
    pass(far, near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    cut,
    close() {
      closed = true
      cut()
    },
    open() {
      closed = false
    },
    hold() {
      held = true
      for (const socket of sockets) socket.pause()
    },
    letGo() {
      held = false
      for (const socket of sockets) socket.resume()
    },
    lead(elsewhere) {
      to = elsewhere
    },
    async remove() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
