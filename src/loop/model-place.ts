/** Where a company's own model lies on this machine: a folder by its hash, written anew where it is missing or damaged. */
import { basename } from 'node:path'
import { readChurnBundle, replaceBundle } from '../../models/onnx/bundle.ts'
import type { Database } from '../store/database.ts'
import { bundleFiles, type BundleFiles } from '../store/model-bundles.ts'
import { HoldfastError } from '../contracts/errors.ts'

/** Where whole bundles are kept, by their hash. */
export interface BundleStore {
  /** @throws HoldfastError `model_missing` */
  load(hash: string): Promise<BundleFiles>
}

/**
 * @example
 * const engines = openEngines({ threads: 2, dataFolder, bundles: storedBundles(database) })
 */
export function storedBundles(database: Pick<Database, 'asSystem'>): BundleStore {
  return { load: (hash) => database.asSystem('a model of a company', (tx) => bundleFiles(tx, hash)) }
}

/**
 * Sees to it that the folder holds the bundle that its name says. What is whole stays as it is; where the store has
 * none either, whoever reads the folder says what is wrong with it.
 *
 * @throws HoldfastError `model_corrupt` when what is stored is not what its hash says, what writing throws
 */
export async function bringBundle(folder: string, bundles: BundleStore): Promise<void> {
  const hash = basename(folder)
  if (!/^[0-9a-f]{64}$/.test(hash)) return
  const found = await readChurnBundle(folder).catch(() => null)
  if (found?.hash === hash) return
  const files = await bundles.load(hash).catch((cause: unknown) => {
    if (cause instanceof HoldfastError && cause.code === 'model_missing') return null
    throw cause
  })
  if (files !== null) await replaceBundle(folder, files, hash)
}
