/**
 * A model bundle: a folder with the ONNX file that is served, the model as data (trees with covers, calibrator)
 * for reasons and checks, the feature set, the population and the card, under one hash. Written whole or not
 * at all, and read only when every byte is what its hash says.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type {
  Bundle,
  BundleContents,
  ChurnBundle,
  ChurnContents,
  Named,
  PolicyBundle,
  PolicyContents,
} from './bundle-contents.ts'
import { previousOf, readLimited, replaceFolder } from './bundle-folder.ts'
import {
  bundleHash,
  FILES,
  FORMAT,
  MANIFEST,
  MANIFEST_LIMIT,
  manifestSchema,
  sha256,
} from './bundle-format.ts'
import type { Manifest } from './bundle-format.ts'
import { modelJson, modelWidth } from './bundle-model.ts'
import { damaged, openBundle, parsed, parseJson } from './bundle-open.ts'
import type { Files } from './bundle-open.ts'
import { canonicalJson } from '../canonical-json.ts'

/**
 * Writes a bundle in place of the folder: the same contents give the same bytes and hash. Other files in the
 * folder stay.
 *
 * @throws RangeError or TypeError for contents that make no bundle (NaN in a card, a model of another width)
 * @throws HoldfastError output_full | output_denied | output_failed; the folder is then as it was
 * @example
 * const { hash } = await writeBundle('models/telco', { kind: 'churn', name: 'telco', ... })
 */
export async function writeBundle(dir: string, contents: BundleContents): Promise<{ hash: string }> {
  const files = contents.kind === 'churn' ? await churnFiles(contents) : policyFiles(contents)
  const named = { format: FORMAT, name: contents.name, version: contents.version }
  const listed = Object.fromEntries(
    [...files].map(([name, bytes]) => [name, { sha256: sha256(bytes), bytes: bytes.length }]),
  )
  const manifest: Manifest = manifestSchema.parse(
    contents.kind === 'churn'
      ? {
          ...named,
          kind: 'churn',
          meaning: contents.meaning,
          width: modelWidth(contents.model),
          files: listed,
        }
      : { ...named, kind: 'policy', stateSize: contents.stateSize, actions: contents.actions, files: listed },
  )
  const hash = bundleHash(manifest)
  try {
    openBundle(dir, hash, manifest, files)
  } catch (cause) {
    throw new RangeError('Nothing is written that could not be read back: see the cause.', { cause })
  }
  const text = `${JSON.stringify(JSON.parse(canonicalJson({ ...manifest, hash })), null, 2)}\n`
  await replaceFolder(dir, new Map([...files, [MANIFEST, bytesOf(text)]]), MANIFEST, isBundleFile)
  return { hash }
}

/**
 * Writes the files of a bundle as they were read elsewhere, in place of the folder, once they are what the hash says.
 *
 * @param files with bundle.json among them
 * @throws HoldfastError model_corrupt | model_version; output_full | output_denied | output_failed
 * @example
 * await replaceBundle('models/telco', await bundleFilesIn('elsewhere/telco'), hash)
 */
export async function replaceBundle(
  dir: string,
  files: ReadonlyMap<string, Uint8Array>,
  hash: string,
): Promise<void> {
  const opened = openFiles(dir, files)
  if (opened.hash !== hash) throw damaged(dir, `it is ${opened.hash.slice(0, 12)}, not ${hash.slice(0, 12)}`)
  await replaceFolder(dir, files, MANIFEST, isBundleFile)
}

/**
 * A bundle out of its files, checked as {@link readBundle} does.
 *
 * @param dir for the messages only
 * @throws HoldfastError model_missing | model_corrupt | model_version
 */
export function openFiles(dir: string, files: ReadonlyMap<string, Uint8Array>): Bundle {
  const named = files.get(MANIFEST)
  if (named === undefined)
    throw new HoldfastError('model_missing', `There is no model in ${dir} (no ${MANIFEST}).`)
  const { manifest, hash } = readManifest(dir, named)
  const parts = new Map([...files].filter(([name]) => name !== MANIFEST))
  const wrong = wrongFile(manifest, parts)
  if (wrong !== null) throw damaged(dir, wrong)
  return openBundle(dir, hash, manifest, parts)
}

/**
 * The files of a bundle as they lie in its folder, bundle.json among them.
 *
 * @throws HoldfastError model_missing | model_corrupt
 */
export async function bundleFilesIn(dir: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const { folder, bytes } = await findManifest(dir)
  const { manifest } = readManifest(dir, bytes)
  return new Map([[MANIFEST, bytes], ...(await readFiles(folder, manifest))])
}

/**
 * Reads and checks a bundle: every checksum, every part, and that they fit one another.
 *
 * @throws HoldfastError model_missing | model_corrupt | model_version, saying what to do
 * @example
 * const bundle = await readBundle('models/artefacts/telco')
 */
export async function readBundle(dir: string): Promise<Bundle> {
  for (let attempt = 1; ; attempt++) {
    const found = await findManifest(dir)
    const { manifest, hash } = readManifest(dir, found.bytes)
    const files = await readFiles(found.folder, manifest)
    const wrong = wrongFile(manifest, files)
    if (wrong === null) return openBundle(dir, hash, manifest, files)
    // A new bundle may have been taking the folder's place while its files were read.
    if (attempt === 3) throw damaged(dir, wrong)
  }
}

/** A bundle that must hold a churn model. @throws as {@link readBundle}, and model_corrupt for another kind */
export async function readChurnBundle(dir: string): Promise<ChurnBundle> {
  const bundle = await readBundle(dir)
  if (bundle.kind === 'churn') return bundle
  throw new HoldfastError(
    'model_corrupt',
    `${dir} holds a policy, not a churn model. Name the folder of a model.`,
  )
}

/** A bundle that must hold a policy. @throws as {@link readBundle}, and model_corrupt for another kind */
export async function readPolicyBundle(dir: string): Promise<PolicyBundle> {
  const bundle = await readBundle(dir)
  if (bundle.kind === 'policy') return bundle
  throw new HoldfastError(
    'model_corrupt',
    `${dir} holds a churn model, not a policy. Name the folder of a policy.`,
  )
}

async function churnFiles(contents: ChurnContents): Promise<Files> {
  // Whoever only reads, as `score` does, starts sooner without the encoder.
  const { encodeChurnModel } = await import('./encode.ts')
  const { model, features, population } = contents
  return new Map([
    ['model.onnx', encodeChurnModel(model, modelWidth(model))],
    ['model.json', jsonBytes(modelJson(model))],
    ['features.json', jsonBytes(features)],
    ['population.json', jsonBytes(population)],
    ...cardFiles(contents),
  ])
}

function policyFiles(contents: PolicyContents): Files {
  return new Map([
    ['policy.onnx', contents.onnx],
    ['assumptions.json', jsonBytes(contents.assumptions)],
    ...cardFiles(contents),
  ])
}

function cardFiles(contents: Named): [string, Uint8Array][] {
  return [
    ['card.json', jsonBytes(contents.card)],
    ['card.md', bytesOf(contents.cardText)],
  ]
}

async function findManifest(dir: string): Promise<{ folder: string; bytes: Uint8Array }> {
  for (const folder of [dir, previousOf(dir)]) {
    const bytes = await readPart(dir, join(folder, MANIFEST), MANIFEST_LIMIT)
    if (bytes !== null) return { folder, bytes }
  }
  throw new HoldfastError(
    'model_missing',
    `There is no model in ${dir} (no ${MANIFEST}). Train one with "holdfast train", or name the folder of a model.`,
  )
}

function readManifest(dir: string, bytes: Uint8Array): { manifest: Manifest; hash: string } {
  const json = parsed(dir, MANIFEST, () => parseJson(bytes))
  const format = z.object({ format: z.number() }).safeParse(json)
  if (format.success && format.data.format !== FORMAT) {
    throw new HoldfastError(
      'model_version',
      `The model in ${dir} has format ${format.data.format}; this version of Holdfast reads format ${FORMAT}. ` +
        (format.data.format > FORMAT ? 'Update Holdfast.' : 'Train the model again.'),
    )
  }
  const { hash, ...rest } = parsed(dir, MANIFEST, () => z.looseObject({ hash: z.string() }).parse(json))
  const manifest = parsed(dir, MANIFEST, () => manifestSchema.parse(rest))
  if (bundleHash(manifest) !== hash) throw damaged(dir, `${MANIFEST} is not what its hash says`)
  return { manifest, hash }
}

async function readFiles(folder: string, manifest: Manifest): Promise<Files> {
  const files = new Map<string, Uint8Array>()
  for (const [name, limit] of Object.entries(FILES[manifest.kind])) {
    const bytes = await readPart(folder, join(folder, name), limit)
    if (bytes !== null) files.set(name, bytes)
  }
  return files
}

/** What is wrong with the first file that is not as bundle.json says; null when all are. */
function wrongFile(manifest: Manifest, files: Files): string | null {
  for (const [name, { sha256: expected, bytes: length }] of Object.entries(manifest.files)) {
    const bytes = files.get(name)
    if (bytes === undefined) return `${name} is missing`
    if (bytes.length !== length) return `${name} has ${bytes.length} bytes instead of ${length}`
    if (sha256(bytes) !== expected) return `${name} is not what its checksum says`
  }
  return null
}

async function readPart(dir: string, path: string, limit: number): Promise<Uint8Array | null> {
  try {
    return await readLimited(path, limit)
  } catch (error) {
    throw damaged(dir, error instanceof Error ? error.message : String(error), error)
  }
}

function isBundleFile(name: string): boolean {
  return name === MANIFEST || Object.values(FILES).some((kind) => Object.hasOwn(kind, name))
}

function jsonBytes(value: unknown): Uint8Array {
  return bytesOf(`${canonicalJson(value)}\n`)
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
