/** A model that somebody brings: unpacked, checked to the last byte, and tried in a process of its own before it is kept. */
import { mkdir, rm } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { openFiles, replaceBundle } from '../../models/onnx/bundle.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import { recordAudit } from '../store/audit.ts'
import type { Database } from '../store/database.ts'
import { saveBundle } from '../store/model-bundles.ts'
import { doApart } from './apart.ts'
import { filesOfTar } from './tar.ts'

/** Bytes of the archive. */
export const UPLOAD_LIMIT = 64 * 2 ** 20
const UNPACKED = 256 * 2 ** 20
const MOST_FILES = 20
const LONGEST_MS = 60_000

export interface ModelUpload {
  readonly tenant: TenantId
  /** As the audit log names them. */
  readonly by: { readonly actor: string; readonly requestId: string }
  readonly archive: Uint8Array
  /** Where it is unpacked to be tried. */
  readonly work: string
  readonly signal: AbortSignal
}

/**
 * Nothing is put in charge. The same bundle twice is one.
 *
 * @returns its hash, and those that made room for it
 * @throws HoldfastError `input_format`, `model_corrupt`, `model_version`
 */
export async function takeModel(
  database: Database,
  { tenant, by, archive, work, signal }: ModelUpload,
): Promise<{ readonly hash: string; readonly gone: readonly string[] }> {
  const files = filesOfTar(archive, { bytes: UNPACKED, files: MOST_FILES })
  const bundle = refusing(() => openFiles('the archive', files))
  if (bundle.kind !== 'churn')
    throw new HoldfastError(
      'input_format',
      'The archive holds a policy, not a churn model. A policy is solved here, from your settings.',
    )
  const { hash, name, version, meaning } = bundle
  const own = join(work, `upload-${randomUUID()}`)
  await mkdir(own, { recursive: true, mode: 0o700 })
  try {
    const folder = join(own, 'model')
    const whole = new Map([...files].filter(([file]) => OF_A_BUNDLE.has(file)))
    await replaceBundle(folder, whole, hash)
    await doApart({ kind: 'try', folder }, { signal, longestMs: LONGEST_MS }).catch((cause: unknown) => {
      throw refused(cause)
    })
    const { trainedOn: _marks, ...card } = (bundle.card ?? {}) as Record<string, unknown>
    const gone = await database.withTenant(tenant, async (tx) => {
      const gone = await saveBundle(tx, {
        hash,
        name,
        version,
        meaning,
        card,
        files: whole,
        origin: 'uploaded',
        run: null,
        by: by.actor,
        evaluation: null,
        comparisons: [],
      })
      await recordAudit(tx, { ...by, action: 'model.upload', object: hash, detail: { name, version } })
      return gone
    })
    return { hash, gone }
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}

const OF_A_BUNDLE: ReadonlySet<string> = new Set([
  'bundle.json',
  'model.onnx',
  'model.json',
  'features.json',
  'population.json',
  'card.json',
  'card.md',
])

function refusing<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw refused(cause)
  }
}

/** What is wrong is wrong with what was sent, not with this installation. */
function refused(cause: unknown): unknown {
  if (!(cause instanceof HoldfastError)) return cause
  if (cause.code !== 'model_corrupt' && cause.code !== 'model_missing' && cause.code !== 'internal')
    return cause
  return new HoldfastError('input_format', `${cause.message} Nothing was kept.`, { cause })
}
