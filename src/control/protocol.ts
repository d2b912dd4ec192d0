/**
 * How the command line talks to a server on the same machine: one JSON object a line, over a socket beside the data,
 * which only its user can open. Whoever may read the data folder may say anything; nobody else can even connect.
 *
 * The command line sends one {@link ControlRequest}; the server answers with any number of progress lines and one
 * result or error.
 */
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'

export const controlRequestSchema = z.object({
  command: z.string(),
  options: z.record(z.string(), z.unknown()),
})
export type ControlRequest = z.infer<typeof controlRequestSchema>

const reportSchema = z.union([
  /** A line for the person who waits. */
  z.string(),
  /** How far a stage of the work is; total is null where nobody knows it. */
  z.object({ label: z.string(), done: z.number(), total: z.number().nullable() }),
])
export type Report = z.infer<typeof reportSchema>

export const controlAnswerSchema = z.union([
  z.object({ report: reportSchema }),
  z.object({ result: z.record(z.string(), z.unknown()) }),
  z.object({ error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }) }),
])
export type ControlAnswer = z.infer<typeof controlAnswerSchema>

/** Addresses of sockets are short: 104 bytes on macOS, 108 on Linux. */
const LONGEST = 100

/**
 * Where the server of a data folder listens: in the folder, or where its path is too long, in the temporary folder.
 *
 * @example
 * controlPath('/var/lib/holdfast') // '/var/lib/holdfast/control.sock'
 */
export function controlPath(folder: string, platform: NodeJS.Platform = process.platform): string {
  const place = resolve(folder)
  const name = createHash('sha256').update(place).digest('hex').slice(0, 16)
  if (platform === 'win32') return `\\\\.\\pipe\\holdfast-${name}`
  const path = join(place, 'control.sock')
  return Buffer.byteLength(path) <= LONGEST ? path : join(tmpdir(), `holdfast-${name}`, 'control.sock')
}
