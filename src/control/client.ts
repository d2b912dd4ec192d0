/** The command line's end of the control socket. */
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { HoldfastError, isErrorCode } from '../contracts/errors.ts'
import { controlAnswerSchema, controlPath, type Report } from './protocol.ts'

/**
 * Has the server of a data folder do something.
 *
 * @returns what the command gave; null when no server runs there
 * @throws HoldfastError what the server said; `server_unreachable` when it went away before it answered
 * @example
 * await askServer('data', 'sync', {}, (line) => terminal.note(line))
 */
export async function askServer(
  folder: string,
  command: string,
  options: Readonly<Record<string, unknown>>,
  report: (report: Report) => void = () => undefined,
): Promise<Readonly<Record<string, unknown>> | null> {
  const socket = connect(controlPath(folder))
  const open = await new Promise<boolean>((done) => {
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
  if (!open) return null
  socket.on('error', () => undefined)
  socket.write(`${JSON.stringify({ command, options })}\n`)
  for await (const line of createInterface({ input: socket, crlfDelay: Infinity })) {
    const answer = controlAnswerSchema.parse(JSON.parse(line))
    if ('report' in answer) report(answer.report)
    else if ('result' in answer) return answer.result
    else {
      const { code, message, retryable } = answer.error
      throw new HoldfastError(isErrorCode(code) ? code : 'internal', message, { retryable })
    }
  }
  throw new HoldfastError(
    'server_unreachable',
    'The server ended before it answered. What it had begun goes on when it is started again.',
    { retryable: true },
  )
}
