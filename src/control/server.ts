/** The server's end of the control socket. */
import { chmod, mkdir, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { Logger } from 'pino'
import { HoldfastError } from '../contracts/errors.ts'
import { controlPath, controlRequestSchema, type ControlAnswer, type Report } from './protocol.ts'

/**
 * Does what a command asks for.
 *
 * @param report tells the person who waits; lost without harm when nobody does any more
 * @param signal aborted when the command line went away or the server ends
 */
export type ControlCommand = (
  options: Readonly<Record<string, unknown>>,
  context: { readonly report: (report: Report) => void; readonly signal: AbortSignal },
) => Promise<Readonly<Record<string, unknown>>>

export interface ControlServer {
  readonly path: string
  close(): Promise<void>
}

/**
 * The caller holds the lock of the folder, so a socket that is there is of a process that died.
 *
 * @example
 * const control = await startControl({ folder: 'data', commands: { sync }, log })
 */
export async function startControl({
  folder,
  commands,
  log,
}: {
  folder: string
  commands: Readonly<Record<string, ControlCommand>>
  log: Logger
}): Promise<ControlServer> {
  const path = controlPath(folder)
  const ending = new AbortController()
  const sockets = new Set<Socket>()
  if (process.platform !== 'win32') {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await rm(path, { force: true })
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // A command line that is gone is noticed by `close`.
    socket.on('error', () => undefined)
    void serve(socket, commands, ending.signal, log)
  })
  await new Promise<void>((done, failed) => {
    server.once('error', failed)
    server.listen(path, done)
  })
  if (process.platform !== 'win32') await chmod(path, 0o600)
  return {
    path,
    close: async () => {
      ending.abort()
      const closed = new Promise((done) => server.close(done))
      for (const socket of sockets) socket.destroySoon()
      await closed
    },
  }
}

async function serve(
  socket: Socket,
  commands: Readonly<Record<string, ControlCommand>>,
  ending: AbortSignal,
  log: Logger,
): Promise<void> {
  const gone = new AbortController()
  socket.on('close', () => gone.abort())
  const say = (answer: ControlAnswer): void => {
    if (socket.writable) socket.write(`${JSON.stringify(answer)}\n`)
  }
  for await (const line of createInterface({ input: socket, crlfDelay: Infinity })) {
    try {
      const { command, options } = controlRequestSchema.parse(JSON.parse(line))
      if (!Object.hasOwn(commands, command))
        throw new HoldfastError('usage', `The server that runs here does not know the command "${command}".`)
      log.info({ command }, 'a command from this machine')
      const result = await commands[command](options, {
        report: (report) => say({ report }),
        signal: AbortSignal.any([gone.signal, ending]),
      })
      say({ result })
    } catch (cause) {
      if (!(cause instanceof HoldfastError)) log.error({ err: cause }, 'a command from this machine failed')
      say({ error: errorOf(cause) })
    }
    socket.end()
    return
  }
}

function errorOf(cause: unknown): { code: string; message: string; retryable: boolean } {
  if (cause instanceof HoldfastError)
    return { code: cause.code, message: cause.message, retryable: cause.retryable }
  const detail = cause instanceof Error ? cause.message : String(cause)
  return { code: 'internal', message: `Something failed inside the server: ${detail}`, retryable: false }
}
