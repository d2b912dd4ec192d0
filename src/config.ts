/**
 * The environment, read once and here alone: everything else is told what it needs.
 */
import { z } from 'zod'
import { HoldfastError } from './contracts/errors.ts'

const environment = z.object({
  /** Secret that draws and pseudonyms are keyed with; without it draws are reproducible by anybody. */
  HOLDFAST_KEY: z.string().min(16, 'needs at least 16 characters').optional(),
  /** Threads for reading, training and scoring; default: the machine's. */
  HOLDFAST_THREADS: z.coerce.number().int().min(1).max(256).optional(),
})

export interface Config {
  readonly key: string | null
  readonly threads: number | null
}

/**
 * @param env the process's environment unless a test passes its own
 * @throws HoldfastError `usage` naming the variable and what it may be
 * @example
 * readConfig({}) // { key: null, threads: null }
 */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const parsed = environment.safeParse(env)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new HoldfastError(
      'usage',
      `The environment variable ${issue.path.join('.')} cannot be used: ${issue.message}.`,
    )
  }
  return { key: parsed.data.HOLDFAST_KEY ?? null, threads: parsed.data.HOLDFAST_THREADS ?? null }
}

/**
 * ONNX Runtime for Linux and macOS reports to its maker, keeps a device id and leaves files in the temporary
 * folder, unless this is said before it is loaded. Nothing that Holdfast runs on may call out by itself.
 *
 * @see https://github.com/microsoft/onnxruntime/pull/27379
 */
export function declineTelemetry(): void {
  process.env['ORT_DISABLE_TELEMETRY'] = '1'
}
